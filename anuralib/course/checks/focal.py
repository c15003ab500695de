"""Checks of the exercises in the chapter *Focal recordings*."""

from math import log10

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_number


@exercise("focal.1")
def _fainter(answer):
    right = 20 * log10(60 / 1.5)
    return expect_number(answer, right, tol=0.01, hints={
        right / 2: _("the factor 10 is that of powers; an amplitude falls with the distance, and has 20"),
        -right: _("how many decibels fainter is asked for, a positive number"),
        right / 20: _("that is the logarithm of the ratio; multiply it by 20"),
        40: _("that is the ratio of the distances, not a level"),
    })  # fmt: skip


@exercise("focal.2")
def _lowest(answer):
    return expect_number(answer, 0.1, tol=1e-9, hints={
        0.5: _("all of these are right, but a lower limit will do, and finds more"),
        0.2: _("all of these are right, but a lower limit will do, and finds more"),
        0.05: _("15 of 16 are right there, which is less than 95 %"),
        0.02: _("18 of 20 are right there"),
    })  # fmt: skip


@exercise("focal.3")
def _after(answer):
    return expect_number(answer, 0.3551, tol=0.001, hints={
        0.1091: _("that is with the whole difference; weigh it with 0.4"),
        0.8034: _("the other way round: where a type is rarer than elsewhere, its score falls"),
        0.06: _("add log odds; don't multiply the probability with a ratio of shares"),
        0.2402: _("take the log odds of all recordings from those of the site"),
        -0.5967: _("those are log odds; turn them into a probability"),
    })  # fmt: skip


@exercise("focal.4")
def _border(answer):
    return expect_number(answer, 0.15, tol=1e-9, hints={
        0.325: _("the last window of A is still in it; smooth each recording by itself"),
        0.125: _("at the edge the window itself stands for the missing neighbour"),
        0.1: _("that is the window before smoothing"),
    })  # fmt: skip
