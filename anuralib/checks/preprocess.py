"""Checks of the exercises in the part *Preprocess*."""

import numpy as np

from anuralib.annotation import merge_calls
from anuralib.datasets import load_dataset
from anuralib.exercises import exercise, expect_array, expect_choice, expect_number, run_function
from anuralib.window_table import window_labels


@exercise("windows.1")
def _count(answer):
    hints = {
        90: "a window that starts in the last 3 s would reach past the end",
        87: "the window that starts at 0 s counts as well",
        30: "that is for windows side by side; here one begins every second",
        89: "one too many: the last window begins 3 s before the end",
        58: "that is for 60 s",
    }
    return expect_number(answer, 88, hints=hints)


@exercise("windows.2")
def _positive(answer):
    rows = [
        (True, "row 0: a call inside the window is in it"),
        (True, "row 1: a call that begins before the window and ends after it fills it; any portion is enough"),
        (False, "row 2: a call that begins at the window's end is outside: the end is open"),
        (False, "row 3: a call that ends where the window begins is outside: its end is open"),
        (False, "row 4: a call after the window is outside: both conditions must hold"),
        (True, "row 5: a point label at the window's start is in it: the start is closed"),
        (False, "row 6: a point label at the window's end is outside: the end is open"),
    ]
    right = np.array([value for value, _ in rows])
    wrong_form = expect_array(answer, right)
    if wrong_form is None or "values are wrong" not in wrong_form:
        return wrong_form
    got = np.asarray(answer, dtype=float)
    return next(hint for value, (expected, hint) in zip(got, rows, strict=True) if value != expected)


def _median_filled(pond, spans, window_s):
    """The median share of a positive window that is filled by the spans of its species."""
    table = window_labels(pond.strong_labels, pond.recordings, pond.species, window_s)
    positive = table.melt(["fname", "min_t", "max_t"], pond.species, "species").query("value == 1")
    pairs = positive.merge(merge_calls(spans, max_gap_s=0), left_on=["fname", "species"],
                           right_on=["recording", "species"])  # fmt: skip
    begin, end = pairs[["min_t", "start_s"]].max(axis=1), pairs[["max_t", "end_s"]].min(axis=1)
    inside = (end - begin).clip(lower=0) / window_s
    return float(inside.groupby([pairs["fname"], pairs["min_t"], pairs["species"]]).sum().median())


@exercise("windows.3")
def _shorter(answer):
    hint = _guess_and_measured(answer, ("smaller", "same", "larger"))
    if hint is not None:
        return hint
    pond = load_dataset("pond")
    right = _median_filled(pond, pond.truth, 1.0)
    hint = expect_number(answer[1], right, tol=1e-6, hints={
        _median_filled(pond, pond.strong_labels, 1.0): "that is filled by the annotator's bouts; take the calls, pond.truth",
        _median_filled(pond, pond.truth, 3.0): "that is with windows of 3 s; give window_s=1 to al.window_labels",
        100 * right: "give a share between 0 and 1, not a percentage",
    })  # fmt: skip
    if hint is None and answer[0] != "larger":
        print(f"Your guess was {answer[0]!r}; it is larger, because a call has less room to be lost in.")
    return hint


def _guess_and_measured(answer, choices):
    """A hint unless the answer is a pair of which the first is one of the choices."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "answer with the pair (guess, measured)"
    hint = expect_choice(answer[0], choices, choices)
    return None if hint is None else f"the guess: {hint}"


@exercise("windows.4")
def _independent(answer):
    return expect_choice(answer, "never", ("1 s", "3 s", "10 s", "never"), {
        "1 s": "these windows share two of three seconds, and their labels agree most of all",
        "3 s": "from here on they share no sound, but look at the curve: it does not step down",
        "10 s": "read the height of the curve there: is it near 0?",
    })


@exercise("windows.5")
def _share(answer):
    hints = {
        354 / 1612: "that is the share of recordings; count windows, 58 of a whole minute, among the 93,378",
        354 * 60 / 93_378: "a minute gives 58 windows, not 60",
        354 * 58: "that is a number of windows; divide by all of them",
        100 * 354 * 58 / 93_378: "give a share between 0 and 1, not a percentage",
        0.425: "that is the README's; compute your own",
    }
    return expect_number(answer, 354 * 58 / 93_378, tol=1e-4, hints=hints)
