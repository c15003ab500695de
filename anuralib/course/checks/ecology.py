"""Checks of the exercises of the chapter "practice/ecology"."""

import pandas as pd

from anuralib.course.exercises import exercise, expect_number, run_function
from anuralib.course.language import text as _


@exercise("ecology.1")
def _ecology_1(answer):
    def clips(half, share=0.9):
        return share * (1 - share) * (1.96 / half) ** 2

    return expect_number(answer, clips(0.02), tol=4, hints={
        200: _("A quarter of the width needs more than four times the clips: the width falls with the square root of "
               "n."),
        clips(0.02) - 50: _("The 50 that you have are among them: asked is how many in all."),
        clips(0.04): _("2 points are half the width here; the whole interval is 4 points wide."),
        clips(0.02, 0.5): _("That is for a share of one half; here 0.9 of the detections are right."),
        clips(2): _("A point is a hundredth: 2 points are 0.02."),
        0.9 * 0.1 / 0.02**2: _("An interval of 95 % reaches 1.96 standard errors to either side, not one."),
        0.9 * 0.1 * 1.96 / 0.02: _("Square the last factor: n stands under a root."),
    })  # fmt: skip


@exercise("ecology.2")
def _ecology_2(answer):
    # Of 90 clips with low scores 3 were reviewed, of 10 with high scores 5.
    clips = pd.DataFrame({"score": [-3.0, -2, -1, 1, 2, 3, 4, 5], "low": [-9.0] * 3 + [0.0] * 5,
                          "high": [0.0] * 3 + [9.0] * 5, "stands_for": [30.0] * 3 + [2.0] * 5,
                          "present": [False, False, True, False, True, True, True, True]})  # fmt: skip
    hint = expect_number(run_function(answer, clips), 0.38, tol=1e-9, hints={
        (1 / 3 + 4 / 5) / 2: _("Each bin counts the same, though there are nine times as many clips with low scores: "
                               "weight by stands_for."),
        5 / 8: _("Each reviewed clip counts the same, and high scores were reviewed more often: weight by stands_for."),
        38: _("That is how many clips hold a call; divide by all that the reviewed ones stand for."),
        38 / 8: _("Divide by the sum of stands_for, not by the number of reviewed clips."),
        (1 / 30 + 4 / 2) / (3 / 30 + 5 / 2): _("The weights are upside down: a clip that stands for many counts more, "
                                               "not less."),
    })  # fmt: skip
    return hint or expect_number(run_function(answer, clips[3:]), 0.8, tol=1e-9)


@exercise("ecology.3")
def _ecology_3(answer):
    right = 0.4 + 0.6 * (1 - 0.95**10)
    return expect_number(answer, right, tol=1e-3, hints={
        0.4: _("That is the share where it lives. False alarms add ponds where it does not."),
        0.45: _("A false alarm in one night of twenty; but there are ten nights, and one alarm is enough."),
        0.4 + 0.6 * 0.05: _("That is for one night; there are ten, and one alarm is enough."),
        0.4 + 0.6 * 0.5: _("Chances of ten nights don't add up: some ponds have two false alarms. Take one minus the "
                           "chance of none in ten nights."),
        1 - 0.95**10: _("That is the chance at one pond where it does not live; there are 60 of these, and 40 others."),
        0.6 * (1 - 0.95**10): _("Those are the ponds with nothing but false alarms; add those where it lives."),
        0.4 + 0.6 * 0.95**10: _("0.95 to the power of ten is the chance of no alarm at all."),
        0.4 + 1 - 0.95**10: _("False alarms count only where it does not live: at 60 of the 100."),
        100 * right: _("Asked is a share, between 0 and 1."),
    })  # fmt: skip
