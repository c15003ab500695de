"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("long-tail.1", 25, "square root"),
    ("long-tail.1", 0.2, "Upside down"),
    ("long-tail.1", 1, "below 5 %"),
    ("long-tail.2", lambda present, share, bound: np.sqrt(bound / share[present == 1]).max(), "at least 1"),
    ("long-tail.2", lambda present, share, bound: np.maximum(1, np.sqrt(bound / share)).max(), "too high"),
    ("long-tail.2", lambda present, share, bound: np.maximum(1, np.sqrt(bound / share[present == 1])).min(), "rarer"),
    ("long-tail.2", lambda present, share, bound: np.maximum(1, np.sqrt(bound / share[present == 1])).mean(), "mean"),
    ("long-tail.2", lambda present, share, bound: max(np.maximum(1, np.sqrt(bound / share)) * present), "not never"),
    ("long-tail.3", ("F1", 0.3), "largest change"),
    ("long-tail.3", ("AUROC", 0.0), "one of"),
    ("long-tail.3", "F1", "pair"),
    ("long-tail.4", 1.0, "not 1"),
    ("long-tail.4", 1e6, "too high"),
    ("long-tail.4", 0.0, "too low"),
    ("long-tail.5", 0.64, "half of it"),
    ("long-tail.5", 0.35, "the theorem"),
    ("long-tail.5", 4 / 11.3, "the theorem|too high"),
    ("long-tail.5", 0.5, "share of right answers"),
]
