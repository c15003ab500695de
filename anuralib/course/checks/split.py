"""Checks of the exercises of the part "split"."""

from functools import cache

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib.split.reports import leak_report


def _table(rows):
    return pd.DataFrame(rows, columns=["fname", "subset", "AAAAAA", "BBBBBB", "CCCCCC"])


@exercise("leakage.1")
def _leakage_1(answer):
    return expect_number(answer, 4, hints={
        2: _("Those are the neighbours on one side only, or only the nearest on each side; count every window that "
             "shares some time, before and after."),
        5: _("The window itself is not its neighbour."),
        6: _("Windows three seconds apart only touch: [0, 3) and [3, 6) share no time."),
    })


@exercise("leakage.2")
def _leakage_2(answer):
    table = _table([("a", "train", 1, 0, 0), ("a", "test", 1, 0, 0), ("a", "test", 1, 0, 0),
                    ("b", "train", 0, 0, 0), ("c", "test", 0, 0, 0)])
    got = float(run_function(answer, table))
    if abs(got - 1) < 1e-9:
        return _("That divides by the wrong number or looks at train; one of three test windows is safe here.")
    hint = expect_number(got, 2 / 3, hints={
        1 / 3: _("That is the share of recordings, or of safe windows; the share of leaking test windows is asked for. "
                 "Look at the windows of test, one by one: is its recording in train?"),
        3 / 5: _("That is over all windows; keep those of test."),
        2 / 5: _("That divides by all windows; divide by the windows in test."),
        2: _("That is a number of windows; divide by the windows in test."),
        0: _("Recording a stands in train and in test, so the share is not 0."),
    })
    if hint is not None:
        return hint
    honest = float(run_function(answer, table[table["fname"] != "a"]))
    if honest != 0:
        return _("A split without a shared recording should give 0.")
    other = _table([("b", "train", 0, 0, 0), ("d", "valid", 1, 0, 0), ("d", "test", 1, 0, 0), ("e", "", 0, 1, 0),
                    ("e", "test", 0, 1, 0)])
    if float(run_function(answer, other)) != 0:
        return _("A recording of test that is also in valid, or in no subset in part, is not in train: ask whether "
                 "train has it, not whether it has two subsets.")
    return None


@exercise("stratify.4")
def _stratify_4(answer):
    table = _table([("a", "", 1, 1, 0), ("a", "", 1, 0, 0), ("b", "", 0, 1, 0)])
    got = run_function(answer, table, ["AAAAAA", "BBBBBB", "CCCCCC"])
    if isinstance(got, str) or not all(isinstance(name, str) for name in got):
        return _("Return a list of species codes, as text.")
    got = sorted(got)
    if got == ["AAAAAA"]:
        return None
    if got == ["AAAAAA", "CCCCCC"]:
        return _("CCCCCC has no recording at all: it is absent, not unsplittable. Ask for exactly one.")
    if "BBBBBB" in got:
        return _("BBBBBB is in two recordings. Count recordings, not windows.")
    return _("AAAAAA has two windows but one recording, so it can't be on both sides. Count recordings, not windows.")


@cache
def _pond():
    from anuralib.data.load import load_dataset
    from anuralib.windows.grid import window_labels

    pond = load_dataset("pond")
    return window_labels(pond.strong_labels, pond.recordings, pond.species)


@exercise("leakage.3")
def _leakage_3(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (guess, measured)")
    guess, measured = answer
    choices = ("none", "a third", "two thirds", "all")
    hint = expect_choice(guess, choices, choices)
    if hint is not None:
        return _("the guess: {hint}", hint=_(hint))
    coin = np.random.default_rng(0).random(len(_pond())) < 0.3
    table = _pond().assign(subset=np.where(coin, "test", "train"))
    ends = leak_report(table.groupby("fname").nth([0, -1])).set_index("shared")
    right = float(ends["share"]["recording"])
    wrong = {
        0: _("that is the share of shared sound; take the row 'recording'"),
        1: _("that is the share of shared nights, or of all windows: keep the first and last of each recording, and "
             "take the row 'recording'"),
        100 * right: _("give a share between 0 and 1"),
        1 - right: _("that is the share that does not leak"),
        float(ends["n_leaked"]["recording"]): _("that is a number of windows; take the share"),
    }  # fmt: skip
    hint = expect_number(measured, right, tol=5e-3, hints=wrong)
    number = isinstance(measured, int | float | np.number)
    if hint is not None and hint not in wrong.values() and number and abs(measured - right) < 0.06:
        return _("nearly: give the share as measured by al.leak_report, not rounded")
    if hint is None and guess.strip().lower() != "two thirds":
        print(_("You guessed {guess!r}, and measured {right:.0%}. Of each test window's recording one other window was "
                "kept, and the coin puts it into train 7 times out of 10.", guess=guess, right=right))
    return hint


@exercise("leakage.4")
def _leakage_4(answer):
    rows = ("windows", "windows side by side", "recordings", "recordings, stratified", "nights, stratified",
            "site SIM3")  # fmt: skip
    right = {"A": "site SIM3", "B": "nights, stratified", "C": "windows side by side"}
    in_table = {"sites": "site SIM3", "site": "site SIM3", "nights": "nights, stratified"}  # of claims, not of splits
    known = _("Here each recording is known in part, and will be when it is used.")
    hints = {
        "A": dict.fromkeys(rows, _("They will never have heard a window of those ponds: the whole pond must be new."))
             | {"nights, stratified": _("New nights at known ponds are easier than a pond never heard.")},
        "B": dict.fromkeys(rows, _("Next year's recordings share neither recording nor night with this year's."))
             | {"site SIM3": _("That would answer a harder question: this pond is known, only the nights are new.")},
        "C": dict.fromkeys(rows, known)
             | {"windows": _("Known recordings, yes; but there the very sound of test is in train, and what is yet to "
                             "be labelled is not.")},
    }  # fmt: skip
    if not isinstance(answer, dict) or set(answer) != set(right):
        return _("Answer with a dictionary of A, B and C.")
    for project, row in right.items():
        named = answer[project]
        named = in_table.get(named.strip().lower(), named) if isinstance(named, str) else named
        hint = expect_choice(named, row, rows, hints[project])
        if hint is not None:
            return f"{project}: {_(hint)}"
    return None


@exercise("stratify.1")
def _stratify_1(answer):
    return expect_number(answer, 0.25, tol=1e-3, hints={
        0.5: _("0.5 can be had, but 0.25 is nearer: 10 of 40 windows."),
        0.3: _("Not with whole recordings: 12 of 40 windows would cut one in two."),
        1 / 3: _("That is a share of recordings; count windows."),
        10: _("Divide by all windows of the species."),
        25: _("Give a share between 0 and 1."),
    })


@cache
def _stratified():
    from anuralib.split.splitting import stratified_split

    return stratified_split(_pond(), test_size=0.3, seed=0)


@exercise("stratify.2")
def _stratify_2(answer):
    table = _stratified()
    in_test, has = table["subset"] == "test", table["HIGPEE"] == 1
    return expect_number(answer, in_test[has].mean(), tol=1e-4, hints={
        in_test.mean(): _("that is the share of all windows; keep those that hold HIGPEE (column HIGPEE is 1)"),
        (in_test & has).mean(): _("divide by the windows that hold HIGPEE, not by all"),
        has[in_test].mean(): _("that is the share of test windows that hold HIGPEE; it is the other way round"),
        (~in_test)[has].mean(): _("that is the share in train"),
        float((in_test & has).sum()): _("that is a number of windows; divide by all windows that hold HIGPEE"),
    })  # fmt: skip


@exercise("stratify.3")
def _stratify_3(answer):
    return expect_choice(answer, "could be divided", ("one recording", "could be divided", "too few windows"), {
        "one recording": _("With one recording the circle, too, would be at 0 or at 1."),
        "too few windows": _("The circle stands for the same windows, and is at neither end."),
    })
