"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("weak-labels.1", 40, "number of recordings|too high"),
    ("weak-labels.1", -1.0, "too low"),
    ("weak-labels.2", lambda p: p.sum(), "don't add"),
    ("weak-labels.2", lambda p: p.prod(), "every one"),
    ("weak-labels.2", lambda p: (1 - p).prod(), "hear it in none"),
    ("weak-labels.2", lambda p: 1 - (1 - p.mean()) ** len(p), "as they are"),
    ("weak-labels.3", "2", "triangles|something else"),
    ("weak-labels.3", "1, 2 or 3", "nothing overlaps"),
    ("weak-labels.4", {"BARWHI": 1}, "the pair"),
    ("weak-labels.4", ("SIM9_20200101_000000", {"BARWHI": 1}), "name of a recording"),
    ("weak-labels.5", 5, "don't add"),
    ("weak-labels.5", np.log(0.05) / np.log(0.8), "round up"),
    ("weak-labels.5", 13, "just below"),
    ("strong-labels.1", 75_000, "too high"),
    ("strong-labels.1", 1.0, "too low"),
    ("strong-labels.1", 1297, "those are calls|too high"),
    ("strong-labels.2", lambda start_s, end_s: 1 + np.sum(np.diff(start_s) > 1), "not a silence"),
    ("strong-labels.2", lambda start_s, end_s: np.sum(start_s[1:] - end_s[:-1] > 1), "first call"),
    ("strong-labels.2", lambda start_s, end_s: len(start_s), "for each call"),
    ("strong-labels.3", 500, "too high"),
    ("strong-labels.3", 0.75, "that have a box|something is heard"),
    ("strong-labels.3", 0, "no row for an empty file"),
    ("strong-labels.3", "SIM1_20200910_191500", "a number"),
    ("strong-labels.4", "HIGPEE", "diamonds"),
    ("strong-labels.4", "BARWHI", "how high"),
    ("strong-labels.5", [(0.0, 1.0, "BARWHI_H")], "the three"),
    ("strong-labels.5", ("SIM9", 0, [(0.0, 1.0, "BARWHI_H")]), "name of a recording"),
]  # fmt: skip
