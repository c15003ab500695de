"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np


def _rounded_down(is_there, score, wanted):
    from_the_top = np.sort(score[is_there])[::-1]
    return from_the_top[int(wanted * len(from_the_top)) - 1]


WRONG = [
    ("first-classifier.1", (0.6, 0.75), "changed places"),
    ("first-classifier.1", (9 / 109, 0.6), "rightly left alone"),
    ("first-classifier.1", (0.75, 9 / 6), "can't be above 1"),
    ("first-classifier.1", 0.75, "the pair"),
    ("first-classifier.2", ("both", "both"), "circles alone"),
    ("first-classifier.2", ("rise or stay", "fall or stay"), "is a circle"),
    ("first-classifier.2", "both", "the pair"),
    ("first-classifier.3", lambda is_there, score, wanted: score[is_there].min(), "finds all of them"),
    ("first-classifier.3", _rounded_down, "round the number"),
    ("first-classifier.3", lambda is_there, score, wanted: np.quantile(score, 1 - wanted), "too|3"),
]
