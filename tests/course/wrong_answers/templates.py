"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

RIGHT = {"A": 1, "B": 1, "C": -1}

WRONG = [
    ("templates.1", RIGHT | {"A": 0}, "mean off both"),
    ("templates.1", RIGHT | {"B": 0.5}, "Half as much contrast"),
    ("templates.1", RIGHT | {"C": 0}, "opposite"),
    ("templates.1", [1, 1, -1], "dictionary"),
    ("templates.2", (22.8, 33.6), "powers"),
    ("templates.2", (30 * 1.03**4, 30 * 1.03**-8), "comes first"),
    ("templates.2", (30 * 1.03**-15, 30 * 1.03**27), "from 23"),
    ("templates.2", (30, 30 * 1.03**4), "coldest night"),
    ("templates.3", lambda best, source: np.median(list(best.values())), "still in"),
    ("templates.3", lambda best, source: np.median(list(best.values())[1:]), "wherever it stands"),
    ("templates.3", lambda best, source: np.median([v for v in best.values() if v < 1]), "by name"),
]
