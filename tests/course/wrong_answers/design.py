"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("design.1", 90 * 24 * 3600 / 5 * 48_000 * 2 / 1e9, "two times two"),
    ("design.1", 90 * 24 * 3600 / 5 * 48_000 * 16 * 2 / 1e9, "gigabits"),
    ("design.1", 90 * 24 * 3600 * 48_000 * 4 / 1e9, "never stops"),
    ("design.1", 90 * 24 * 60 / 5 * 48_000 * 4 / 1e9, "60 seconds"),
    ("design.2", lambda sample: sample["heard"].mean(), "weight by stands_for"),
    ("design.2", lambda sample: np.average(sample["heard"], weights=1 / sample["stands_for"]), "upside down"),
    ("design.2", lambda sample: (sample["heard"] * sample["stands_for"]).sum(), "divide by all"),
    ("design.2", lambda sample: (sample["heard"] * sample["stands_for"]).mean(), "sum of the weights"),
    ("design.3", 0.8 * 0.5 / (0.8 * 0.5 + 0.02 * 0.5), "where half"),
    ("design.3", 0.8, "That is the recall"),
    ("design.3", 0.8 / 200, "divide by all detections"),
]
