"""Checks of the exercises of the chapter "calling-activity"."""

import numpy as np

import anuralib as al
from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function


@exercise("calling-activity.1")
def _calling_activity_1(answer):
    return expect_number(answer, 1.5, tol=1e-3, hints={
        0.6: _("That is the plain mean over ten pairs, in which the zeros outvote the rest. Take the mean at each true "
               "index first, then the mean of the four."),
        6: _("That is the sum of the errors; take the mean at each true index, then the mean of the four."),
        2: _("That leaves out index 0. Its error is 0, and it is one of the four."),
        0: _("Always 0 is right for index 0 only."),
    })


@exercise("calling-activity.2")
def _calling_activity_2(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (guess, measured).")
    guess, measured = answer
    words = ("nearly all", "about half", "few")
    hint = expect_choice(guess, words, words)
    if hint is not None:
        return _("The guess: {hint}", hint=_(hint))
    right, among_said, all_exact = _perfect_count()
    hints = {among_said: _("That is the share among those rated 2; take those whose true index is 2."),
             all_exact: _("That is the share of all pairs; take those whose true index is 2.")}  # fmt: skip
    hint = expect_number(measured, right, tol=1e-3, hints=hints)
    if hint is not None:
        return hint
    best = words[0] if right > 0.75 else words[1] if right > 0.35 else words[2]
    if guess.strip().lower() != best:
        print(_("Your guess was {guess!r}, and {right:.0%} it is: few or many callers, windows look alike to a "
                "count.", guess=guess, right=right))
    return None


def _perfect_count():
    """Of pairs at index 2, of pairs rated 2, and of all pairs: the share rated rightly by cuts on labelled windows."""
    pond = al.load_dataset("pond")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    share = windows.groupby("fname")[pond.species].mean().to_numpy().ravel()
    index = pond.weak_labels.pivot_table(index="recording", columns="species", values="calling_index")
    index = index[pond.species].to_numpy().astype(int).ravel()
    rated = np.searchsorted(al.cut_points(share, index), share, side="right")
    exact = rated == index
    return exact[index == 2].mean(), exact[rated == 2].mean() if (rated == 2).any() else -1, exact.mean()


@exercise("calling-activity.3")
def _calling_activity_3(answer):
    return expect_number(answer, 0.25, tol=1e-3, hints={
        0: _("No recording has index 2 or 3 as its likeliest, and so none is counted. Add up what each gives to 2 and "
             "3."),
        1.0: _("That is a sum; divide by the four recordings."),
        0.175: _("That is index 2 alone; 2 or more means 2 and 3."),
        0.5375: _("That is index 1 or more."),
        0.8625: _("That is a mean of the index, and its steps are not equal. Add up the chances of 2 and 3."),
    })


@exercise("calling-activity.4")
def _calling_activity_4(answer):
    hint = expect_number(run_function(answer, 0.34, 0.6, 0.9), 0.48, hints={
        0.34 / 0.6: _("That corrects the misses and forgets the false alarms."),
        0.24: _("That takes the false alarms off and forgets the misses: divide, too."),
        0.24 / 0.6: _("Divide by what a true recording adds over an empty one: sensitivity + specificity - 1."),
        0.6 * 0.34 + 0.1 * 0.66: _("That is the way from truth to what is counted; turn the equation round."),
    })
    if hint is not None:
        return hint
    if float(run_function(answer, 0.05, 0.6, 0.9)) < 0:
        return _("For a share below the rate of false alarms it gives a negative share: not below 0.")
    if float(run_function(answer, 0.9, 0.6, 0.9)) > 1:
        return _("For a large share it gives more than all recordings: not above 1.")
    return expect_number(run_function(answer, 0.3, 1.0, 1.0), 0.3)


@exercise("calling-activity.5")
def _calling_activity_5(answer):
    return expect_number(answer, 0.0466, tol=2e-4, hints={
        0.01: _("That is the truth; what does the program report?"),
        0.007: _("Those are the hits. Silent recordings give false alarms, too, and there are many of them."),
        0.04: _("Of all recordings, 99 in 100 are silent: count the false alarms among those."),
        0.0396: _("Those are the false alarms; add the hits."),
        0.047: _("Of 100 recordings 99 are silent: the false alarms are 0.04 of those, not of 100."),
        4.66: _("Give a share between 0 and 1."),
    })


@exercise("calling-activity.6")
def _calling_activity_6(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (least, greatest).")
    if list(answer) == [12, 2]:
        return _("The other way round: the fewest males are those that call fastest.")
    for got, right, name in zip(answer, (2, 12), (_("The least: {hint}"), _("The greatest: {hint}")), strict=True):
        hint = expect_number(got, right, tol=1e-3, hints={
            60 / 17.5: _("That is for a male of middling pace; here the two limits are asked for."),
            1: _("One male calls 30 times at most, and you counted 60."),
            60: _("A male calls at least 5 times, so 60 males would give 300 calls or more."),
            30: _("That is a number of calls; divide the calls that you counted by it."),
            5: _("That is a number of calls; divide the calls that you counted by it."),
        })
        if hint is not None:
            return name.format(hint=_(hint))
    return None
