"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("ecology.1", 200, "square root"),
    ("ecology.1", 814, "in all"),
    ("ecology.1", 0.9 * 0.1 * (1.96 / 0.04) ** 2, "half the width"),
    ("ecology.1", 2401, "one half"),
    ("ecology.1", 225, "1.96"),
    ("ecology.2", lambda clips: clips.groupby("low")["present"].mean().mean(), "Each bin counts the same"),
    ("ecology.2", lambda clips: clips["present"].mean(), "reviewed more often"),
    ("ecology.2", lambda clips: (clips["present"] * clips["stands_for"]).sum(), "divide by all"),
    ("ecology.2", lambda clips: np.average(clips["present"], weights=1 / clips["stands_for"]), "upside down"),
    ("ecology.3", 0.4 + 0.6 * 0.5, "don't add up"),
    ("ecology.3", 0.4 + 0.6 * 0.05, "one night"),
    ("ecology.3", 1 - 0.95**10, "at one pond"),
    ("ecology.3", 0.4, "where it does not"),
]
