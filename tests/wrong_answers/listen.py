"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("pond.1", 2826, "pairs|too high"),
    ("pond.1", 91, "something calls|too high"),
    ("pond.2", lambda near, far: 10 * np.log10(far / near), "ratio of areas"),
    ("pond.2", lambda near, far: 20 * np.log10(near / far), "positive"),
    ("pond.3", "GLAPIN", "another type has more"),
    ("pond.3", "frog", "six capital letters"),
    ("sound.1", 12.4 / 22050, "multiply"),
    ("sound.1", 273421, "number 0"),
    ("sound.2", [128, 512], "11 ms"),
    ("sound.2", [2048], "smears time"),
    ("sound.3", lambda x, rate, band: 6300.0, "within the band"),
    ("sound.3", lambda x, rate, band: 900 / 11025, "not the number of the bin"),
]  # fmt: skip
