"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("strong-labels.1", 75_000, "too high"),
    ("strong-labels.1", 1.0, "too low"),
    ("strong-labels.2", lambda a, b: np.mean(a == b), "plain agreement"),
    ("strong-labels.2", lambda a, b: np.sum(a & b) / np.sum(a | b), "Jaccard"),
    ("strong-labels.3", "SIM9", "the name of one recording"),
    ("strong-labels.3", 7, "the name of one recording"),
]  # fmt: skip
