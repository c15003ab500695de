"""Checks of the exercises of the part "split"."""

import pandas as pd

from anuralib.exercises import exercise, expect_number


def _table(rows):
    return pd.DataFrame(rows, columns=["fname", "subset", "AAAAAA", "BBBBBB", "CCCCCC"])


@exercise("stratify.1")
def _(answer):
    return expect_number(answer, 4, hints={
        2: "Those are the neighbours on one side only, or only the nearest on each side; count every window that "
           "shares some time, before and after.",
        5: "The window itself is not its neighbour.",
        6: "Windows three seconds apart only touch: [0, 3) and [3, 6) share no time.",
    })


@exercise("stratify.2")
def _(answer):
    table = _table([("a", "train", 1, 0, 0), ("a", "test", 1, 0, 0), ("a", "test", 1, 0, 0),
                    ("b", "train", 0, 0, 0), ("c", "test", 0, 0, 0)])
    got = float(answer(table.copy()))
    if abs(got - 1) < 1e-9:
        return "That divides by the wrong number or looks at train; one of three test windows is safe here."
    hint = expect_number(got, 2 / 3, hints={
        1 / 3: "That is the share of recordings, or of safe windows; the share of leaking test windows is asked for.",
        2 / 5: "That divides by all windows; divide by the windows in test.",
        2: "That is a number of windows; divide by the windows in test.",
        0: "Recording a stands in train and in test, so the share is not 0.",
    })
    if hint is not None:
        return hint
    honest = float(answer(table[table["fname"] != "a"].copy()))
    return None if honest == 0 else "A split without a shared recording should give 0."


@exercise("stratify.3")
def _(answer):
    table = _table([("a", "", 1, 1, 0), ("a", "", 1, 0, 0), ("b", "", 0, 1, 0)])
    got = sorted(answer(table.copy(), ["AAAAAA", "BBBBBB", "CCCCCC"]))
    if got == ["AAAAAA"]:
        return None
    if got == ["AAAAAA", "CCCCCC"]:
        return "CCCCCC has no recording at all: it is absent, not unsplittable. Ask for exactly one."
    if "BBBBBB" in got:
        return "BBBBBB is in two recordings. Count recordings, not windows."
    return "AAAAAA has two windows but one recording, so it can't be on both sides. Count recordings, not windows."
