"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

import anuralib as al


class WithSilence:
    """What `al.agreement` gives for HIGPEE over all recordings, computed when the check asks for the number."""

    def __init__(self, column):
        self.column = column

    def __float__(self):
        pond = al.load_dataset("pond")
        lengths = dict(zip(pond.recordings["recording"], pond.recordings["duration_s"], strict=True))
        table = al.agreement(pond.strong_labels, al.read_annotator(pond), lengths).set_index("species")
        return float(table.loc["HIGPEE", self.column])


def _only_yes(a, b):
    chance = np.mean(a) * np.mean(b)
    return (np.mean(a == b) - chance) / (1 - chance)


WRONG = [
    ("agreement.1", 0.94, "plain agreement"),
    ("agreement.1", 0.4, "Jaccard"),
    ("agreement.1", 0.0702, "left to gain"),
    ("agreement.1", 0.9397, "plain agreement|two parts"),
    ("agreement.2", ("lower", WithSilence("kappa")), "silent recordings"),
    ("agreement.2", ("higher", WithSilence("jaccard")), "column kappa"),
    ("agreement.2", ("rises", 0.9), "one of"),
    ("agreement.2", 0.9, "pair"),
    ("agreement.3", lambda a, b: np.mean(a == b), "plain agreement"),
    ("agreement.3", lambda a, b: np.sum(a & b) / np.sum(a | b), "Jaccard"),
    ("agreement.3", lambda a, b: (np.mean(a == b) - 0.5) / 0.5, "one half"),
    ("agreement.3", _only_yes, "two parts"),
    ("agreement.3", lambda a, b: np.zeros(3), "one number"),
    ("agreement.4", ["BARWHI"], "pairs"),
    ("agreement.4", [], "empty; compare pairs"),
    ("agreement.4", al.call_types()["code"].tolist(), "too many"),
    ("agreement.4", "ASCWHI", "a list"),
    ("agreement.4", ["ASCWHI"], "missing"),
    ("agreement.5", "faint calls", "share of hits"),
    ("agreement.5", "few recordings", "scatter"),
]  # fmt: skip
