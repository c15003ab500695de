"""Checks of the exercises in the part *Preprocess*."""

from anuralib.exercises import exercise, expect_number, run_function


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
    cases = [
        ((0, 3, 1.0, 2.0), True, "a call inside the window is in it"),
        ((0, 3, 2.9, 9.0), True, "any portion is enough: the call need not end in the window"),
        ((5, 8, 1.0, 9.0), True, "a call that begins before the window and ends after it fills it"),
        ((0, 3, 3.0, 3.4), False, "a call that begins at the window's end is outside: the end is open"),
        ((3, 6, 1.0, 3.0), False, "a call that ends where the window begins is outside"),
        ((3, 6, 8.0, 9.0), False, "a call after the window is outside: both conditions must hold"),
        ((3, 6, 0.0, 1.0), False, "a call before the window is outside: both conditions must hold"),
        ((3, 6, 3.0, 3.0), True, "a point label at the window's start is in it: the start is closed"),
        ((3, 6, 6.0, 6.0), False, "a point label at the window's end is outside: the end is open"),
    ]
    for times, expected, hint in cases:
        result = run_function(answer, *times)
        if bool(result) is not expected:
            return f"window {times[:2]}, call {times[2:]}: {hint}"
    return None


@exercise("windows.3")
def _ratio(answer):
    hints = {
        3.0: "nearly, but the last windows need room: count both",
        20 / 58: "the other way round",
        58.0: "that is the number of windows; divide",
    }
    return expect_number(answer, 58 / 20, hints=hints)
