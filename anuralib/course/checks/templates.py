"""Checks of the exercises of the chapter "baseline/templates"."""

import numpy as np

from anuralib.course.exercises import exercise, expect_number, run_function
from anuralib.course.language import N_
from anuralib.course.language import text as _

PLACES = {
    "A": (1.0, N_("Take the mean off both: what is left of the place is what is left of the template.")),
    "B": (1.0, N_("Half as much contrast, the same shape: a factor does not change a correlation.")),
    "C": (-1.0, N_("Where the template is loud this place is soft: the two are opposite.")),
}


@exercise("templates.1")
def _templates_1(answer):
    if not isinstance(answer, dict) or set(answer) != set(PLACES):
        return _("Answer with a dictionary of A, B and C.")
    for place, (right, seen) in PLACES.items():
        hint = expect_number(answer[place], right, tol=1e-6, hints={
            value: _(seen) for value in (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0) if value != right})  # fmt: skip
        if hint is not None:
            return f"{place}: {hint}"
    return None


@exercise("templates.2")
def _templates_2(answer):
    low, high = 30 * 1.03**-8, 30 * 1.03**4
    try:
        pair = [float(value) for value in answer]
    except (TypeError, ValueError):
        pair = []
    if len(pair) != 2:
        return _("Answer with two rates, the lower one first.")
    if pair[0] > pair[1]:
        return _("The lower rate comes first; it belongs to the colder night.")
    linear = _("Three per cent of the rate as it is at each degree, not each time three per cent of 30: powers, not "
               "products.")  # fmt: skip
    hint = expect_number(pair[0], low, tol=0.05, hints={
        30 * (1 - 0.03 * 8): linear,
        30.0: _("30 pulses per second belong to 23 °C; the coldest night has 15 °C."),
        30 * 1.03**-15: _("Count the degrees from 23 °C, where the rate is known, not from 0 °C."),
    })  # fmt: skip
    return hint or expect_number(pair[1], high, tol=0.05, hints={
        30 * (1 + 0.03 * 4): linear,
        30.0: _("30 pulses per second belong to 23 °C; the warmest night has 27 °C."),
        30 * 1.03**27: _("Count the degrees from 23 °C, where the rate is known, not from 0 °C."),
    })  # fmt: skip


@exercise("templates.3")
def _templates_3(answer):
    cases = [
        ({"a": 1.0, "b": 0.5, "c": 0.6, "d": 0.4}, "a", 0.5,
         _("The recording that the template was cut from is still in: there the call meets itself.")),
        ({"a": 0.3, "b": 1.0, "c": 0.7}, "b", 0.5,
         _("Leave out the recording that is named in `source`, wherever it stands.")),
        ({"a": 1.0, "b": 0.4, "c": 1.0}, "a", 0.7,
         _("A score of 1 in another recording counts: leave out by name, not by score.")),
    ]  # fmt: skip
    for best, source, right, hint in cases:
        said = run_function(answer, best, source)
        if not np.isscalar(said) or not np.isclose(said, right):
            return hint
    return None
