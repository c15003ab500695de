"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("windows.1", 90, "past the end"),
    ("windows.1", 87, "starts at 0"),
    ("windows.2", lambda t, u, s, e: s >= t and e <= u, "any portion"),
    ("windows.2", lambda t, u, s, e: s <= u and e >= t, "the end is open"),
    ("windows.3", 3.0, "need room"),
    ("windows.3", 20 / 58, "other way round"),
]  # fmt: skip
