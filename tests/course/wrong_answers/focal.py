"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("focal.1", 16.02, "that of powers"),
    ("focal.1", -32.04, "positive number"),
    ("focal.1", 40, "not a level"),
    ("focal.2", 0.5, "a lower limit will do"),
    ("focal.2", 0.05, "15 of 16"),
    ("focal.2", 0.02, "18 of 20"),
    ("focal.3", 0.1091, "weigh it"),
    ("focal.3", 0.8034, "other way round"),
    ("focal.3", 0.06, "add log odds"),
    ("focal.4", 0.325, "last window of A"),
    ("focal.4", 0.125, "missing neighbour"),
]
