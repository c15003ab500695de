"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("windows.1", 90, "past the end"),
    ("windows.1", 87, "starts at 0"),
    ("windows.1", "88 windows", "a number is asked"),
    ("windows.2", [True, True, True, True, False, True, True], "row 2"),
    ("windows.2", [1, 1, 0, 0, 0, 0, 0], "the start is closed"),
    ("windows.2", [True, False, False, False, False, True, False], "any portion"),
    ("windows.2", [True, True, False], "the shape is"),
    ("windows.3", ("larger", 58.0), "too high"),
    ("windows.3", ("bigger", 0.5), "one of"),
    ("windows.3", ("larger", float("nan")), "NaN"),
    ("windows.3", 0.5, "the pair"),
    ("windows.4", "3 s", "step down"),
    ("windows.4", "10 s", "near 0"),
    ("windows.4", 3, "answer with one of"),
    ("windows.5", 354 / 1612, "share of recordings"),
    ("windows.5", 354 * 60 / 93_378, "not 60"),
    ("windows.5", 354 * 58, "divide"),
    ("windows.5", 42.5, "too high"),
]  # fmt: skip
