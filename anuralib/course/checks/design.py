"""Checks of the exercises of the chapter "survey/design"."""

import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_number, run_function


@exercise("design.1")
def _design_1(answer):
    right = 90 * 24 * 3600 / 5 * 48_000 * 2 * 2 / 1e9
    return expect_number(answer, right, tol=0.05, hints={
        right / 2: _("There are two channels, and a sample has two bytes: two times two."),
        right / 4: _("There are two channels, and a sample has two bytes: two times two."),
        right * 8: _("That is in gigabits; 16 bit are 2 bytes."),
        right * 5: _("That is for a recorder that never stops; this one takes 1 minute in 5."),
        right / 60: _("A minute has 60 seconds, and the rate is in samples per second."),
        right / 90: _("That is one day; the recorder stays for 90."),
        right * 1e9 / 2**30: _("A gigabyte is 10**9 bytes here, not 2**30."),
        right * 1e9: _("That is in bytes; divide by 10**9."),
    })  # fmt: skip


@exercise("design.2")
def _design_2(answer):
    # Two recordings of each stratum: of 10 in March, of 90 in December.
    sample = pd.DataFrame({"month": ["03", "03", "12", "12"], "heard": [True, True, True, False],
                           "stands_for": [5.0, 5.0, 45.0, 45.0]})  # fmt: skip
    hint = expect_number(run_function(answer, sample), 0.55, tol=1e-9, hints={
        0.75: _("Every row counts the same, though a minute of December stands for nine times as many: weight by "
                "stands_for."),
        0.95: _("The weights are upside down: a minute that stands for many counts more, not less."),
        55: _("That is how many minutes are heard; divide by all that the sample stands for."),
        13.75: _("Divide by the sum of the weights, not by the number of rows."),
    })  # fmt: skip
    return hint or expect_number(run_function(answer, sample[2:]), 0.5, tol=1e-9)


@exercise("design.3")
def _design_3(answer):
    right = 0.8 * 0.005 / (0.8 * 0.005 + 0.02 * 0.995)
    return expect_number(answer, right, tol=1e-4, hints={
        0.4 / 0.41: _("That is the precision in the sample, where half of the windows have the species."),
        0.8: _("That is the recall: the share of the calls that are found. Asked for is the share of the detections "
               "that are right."),
        0.004: _("Those are the right detections, as a share of all windows; divide by all detections."),
        0.98: _("That is the share of silent windows in which it raises no alarm."),
        0.004 / 0.0199: _("Divide by all detections: the right ones and the wrong ones."),
        1 - right: _("That is the share of the detections that are wrong."),
        0.004 / 0.024: _("The false alarms are 2 % of the windows without the species, 199 in 200, not of all."),
    })  # fmt: skip
