"""Checks of the exercises in the chapter *Agile modeling: how do you get from one example to a detector?*."""

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_number, run_function


@exercise("agile.1")
def _agile_1(answer):
    # 30 calls at 0.5 % are 6,000 clips, at 6 s each.
    return expect_number(answer, 10.0, hints={
        36_000.0: _("These are seconds; give hours."),
        600.0: _("These are minutes; give hours."),
        6000.0: _("That many clips, right; how many hours is that, with 6 s for each?"),
        5.0: _("A clip costs 6 s, because you also have to decide; 3 s is its sound alone."),
        0.1: _("0.5 % is 0.005 of the clips, and not 0.5."),
        0.05: _("30 clips are enough only if each of them holds the call."),
        1000.0: _("0.5 % is 0.005 of the clips; you have divided by 0.00005, or taken percents twice."),
    })  # fmt: skip


@exercise("agile.2")
def _agile_2(answer):
    given = np.array([1.0, np.nan, 0.0, np.nan, 0.0, 1.0, np.nan])
    rows, labels = _pair(run_function(answer, given.copy()))
    if rows is None:
        return _("Return a pair: the rows to learn from, and their labels.")
    if len(rows) != len(labels):
        return _("There are {n} rows but {m} labels; each row needs one.", n=len(rows), m=len(labels))
    if len(rows) == len(given):
        return _("All rows are still there: what nobody answered, or answered with don't know, is learnt as a no. "
                 "Leave these rows out.")
    if set(rows.tolist()) == {0, 5}:
        return _("Only the clips with a yes are left; a head also needs those with a no.")
    if np.isnan(labels.astype(float)).any() or set(rows.tolist()) & {1, 3, 6}:
        return _("There is a row without an answer among them; np.isnan finds these.")
    if sorted(rows.tolist()) != [0, 2, 4, 5]:
        return _("Of seven rows, four were answered with yes or no: 0, 2, 4 and 5. Return the numbers of these rows.")
    if not np.array_equal(labels.astype(float), given[rows]):
        return _("The labels must stand in the order of the rows that they belong to.")
    every = np.array([0.0, 1.0])
    rows, labels = _pair(run_function(answer, every.copy()))
    if rows is None or rows.tolist() != [0, 1] or labels.tolist() != [0, 1]:
        return _("Where every clip was answered, all of them should be learnt from.")
    return None


def _pair(given):
    if not isinstance(given, tuple | list) or len(given) != 2:
        return None, None
    return np.atleast_1d(np.asarray(given[0])), np.atleast_1d(np.asarray(given[1]))


@exercise("agile.3")
def _agile_3(answer):
    rising = [0.2, 0.95, 0.5, 0.85, 0.92, 0.93, 0.99]  # the last three of the sixth round have the mean 0.9
    found = run_function(answer, list(rising), 0.9)
    hints = {
        2: _("One value above the level may be chance: take the mean of the last three rounds."),
        5: _("The third of the last three rounds is not complete in round 5: there the mean is 0.76."),
        7: _("A mean of exactly the level is enough; and rounds are counted from 1."),
        0: _("In round 6 the mean of 0.85, 0.92 and 0.93 is 0.9, which is enough."),
    }
    if found != 6:
        return hints.get(found) or _("For {values} the answer is 6, but yours is {found}.", values=rising, found=found)
    if run_function(answer, [0.9, 0.2, 0.3, 0.4], 0.9) != 0:
        return _("Where agreement never gets there, return 0: nobody has said that you may stop.")
    if run_function(answer, [0.95, 0.99], 0.9) != 0:
        return _("Two rounds are too few for a mean of three; return 0.")
    if run_function(answer, [0.95, 0.95, 0.95, 0.1, 0.95], 0.9) != 3:
        return _("The first round that satisfies the rule is asked for, and not the last.")
    if run_function(answer, [0.95, 0.95, 0.95, 0.99, 0.99, 0.99], 0.99) != 6:
        return _("The level is an argument: with 0.99 the rule is more patient than with 0.9.")
    return None


@exercise("agile.4")
def _agile_4(answer):
    return expect_number(answer, 3 / 34 * 2000, hints={
        49 / 100 * 2000: _("That takes all answers for a sample. Two thirds of the clips were chosen because they are "
                           "likely to hold the call."),
        49: _("These are the calls that were found; how many are there among 2,000 clips?"),
        30 / 33 * 2000: _("Those are the highest-scored clips, the least typical of all."),
        16 / 33 * 2000: _("Those are the clips about which the head is unsure. Which third is like the pool?"),
        3 / 100 * 2000: _("Only 34 of the 100 clips were chosen by chance; divide by their number."),
        3: _("That is among 34 random clips; how many are that among 2,000?"),
    })  # fmt: skip
