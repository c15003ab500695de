"""Checks of the exercises of the chapter "baseline/first-classifier"."""

import numpy as np

from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib.course.language import text as _


def _pair(answer):
    return isinstance(answer, tuple | list) and len(answer) == 2


@exercise("first-classifier.1")
def _two_shares(answer):
    if not _pair(answer):
        return _("Answer with the pair (precision, recall).")
    if answer[0] == 0.6 and answer[1] == 0.75:
        return _("The two have changed places: precision looks at what the program says, recall at what is there.")
    hint = expect_number(answer[0], 0.75, hints={
        0.6: _("That is the recall: of the windows with the frog, how many were found."),
        9 / 109: _("Windows that are rightly left alone are not in the precision: divide by the number of its yes."),
        9 / 118: _("Divide by the number of its yes, not by all windows."),
        9 / 21: _("Divide by the number of its yes: the 12 hold the right ones already."),
        3 / 12: _("That is the share of its yes that are wrong."),
    })  # fmt: skip
    if hint:
        return _("Precision: {hint}", hint=hint)
    hint = expect_number(answer[1], 0.6, hints={
        0.75: _("That is the precision: of its yes, how many are right."),
        9 / 6: _("A share can't be above 1: divide by all windows with the frog, found and missed."),
        6 / 15: _("That is the share that it missed."),
        9 / 18: _("That counts the false alarms as if the frog were there."),
        109 / 118: _("That is the share of right answers, yes and no; the hundred are not in the recall."),
    })  # fmt: skip
    return _("Recall: {hint}", hint=hint) if hint else None


@exercise("first-classifier.2")
def _a_little_to_the_left(answer):
    if not _pair(answer):
        return _("Answer with the pair (recall_may, precision_may).")
    words = ("rise or stay", "fall or stay", "both")
    hint = expect_choice(answer[0], "rise or stay", words, {
        "fall or stay": _("Lower, not higher: can a found window be lost when the program says yes more often?"),
        "both": _("Recall looks at the circles alone. Can one of them leave the box when the line moves to the left?"),
    })  # fmt: skip
    if hint:
        return _("Recall: {hint}", hint=hint)
    hint = expect_choice(answer[1], "both", words, {
        "rise or stay": _("What happens when the next window that gets a yes is a square?"),
        "fall or stay": _("In most steps it falls. But what happens when the next window that gets a yes is a circle?"),
    })  # fmt: skip
    return _("Precision: {hint}", hint=hint) if hint else None


@exercise("first-classifier.3")
def _nearly_all(answer):
    is_there = np.array([True, False, True, True, False, True, True])
    score = np.array([9.0, 8.0, 3.0, 7.0, 6.0, 1.0, 5.0])  # of those with the frog: 9, 7, 5, 3, 1
    hint = expect_number(run_function(answer, is_there, score, 0.7), 3.0, hints={
        1.0: _("That finds all of them, recall 1; a higher threshold finds enough."),
        5.0: _("At 5 it finds 3 of 5, which is 0.6: round the number that is needed up."),
        7.0: _("Sort the scores of the windows with the frog from the highest down, and count from there."),
        6.0: _("Take the windows with the frog alone: the score 6 is that of another one."),
    })  # fmt: skip
    if hint is None:
        hint = expect_number(run_function(answer, is_there, score, 1.0), 1.0)
    return hint or expect_number(run_function(answer, is_there, score, 0.6), 5.0)
