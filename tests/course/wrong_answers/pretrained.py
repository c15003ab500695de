"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np
import pandas as pd

WRONG = [
    ("pretrained.1", ([0, 1, 1], [0, 1, 0]), "any shared time"),
    ("pretrained.1", ([1, 1, 1], [1, 1, 1]), "are 1.5 s"),
    ("pretrained.1", ([1, 1, 1], [0, 0, 0]), "all of its 3 s"),
    ("pretrained.1", ([1, 1, 1], [0, 1, 1]), "at least half must be shared"),
    ("pretrained.1", [1, 1, 1], "two lists"),
    ("pretrained.2", lambda fname: np.arange(len(fname)) % 5, "must not be divided"),
    ("pretrained.2", lambda fname: np.arange(len(fname)) * 5 // len(fname), "must not be divided"),
    ("pretrained.2", lambda fname: np.zeros(len(fname)), "only 1 folds"),
    ("pretrained.2", lambda fname: pd.factorize(np.asarray(fname))[0], "0 to 4"),
    ("pretrained.3", 0.45, "the score"),
    ("pretrained.3", 0.01, "not all 300"),
    ("pretrained.4", "five", "more examples"),
    ("pretrained.4", "both", "answer with one of"),
]
