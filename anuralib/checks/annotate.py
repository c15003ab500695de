"""Checks of the exercises in the part *Annotate*."""

import numpy as np

from anuralib.datasets import load_dataset
from anuralib.exercises import exercise, expect_number


@exercise("strong-labels.1")
def _seconds(answer):
    strong = load_dataset("pond").strong_labels
    mine = strong[strong["species"] == "BARWHI"]
    hints = {
        float(len(mine)): "that is the number of bouts; add up their lengths",
        float((strong["end_s"] - strong["start_s"]).sum()): "that is for all types; keep BARWHI only",
    }
    return expect_number(answer, float((mine["end_s"] - mine["start_s"]).sum()), tol=0.01, hints=hints)


@exercise("strong-labels.2")
def _kappa(answer):
    a = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    b = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    hints = {
        0.8: "that is the plain agreement; take away what chance gives",
        1 / 3: "that is Jaccard's index, the time both marked over the time either did",
        0.8 - 0.68: "divide by what is left to gain, 1 minus the agreement by chance",
        (0.8 - 0.04) / 0.96: "chance agreement has two parts: both say yes, and both say no",
    }
    hint = expect_number(answer(a, b), (0.8 - 0.68) / 0.32, tol=1e-6, hints=hints)
    return hint or expect_number(answer(a, a), 1.0, tol=1e-6)


@exercise("strong-labels.3")
def _heard(answer):
    pond = load_dataset("pond")
    weak = pond.weak_labels
    heard = set(weak.loc[weak["calling_index"] > 0, "recording"])
    boxed = set(pond.strong_labels["recording"])
    if answer in heard - boxed:
        return None
    if answer in boxed:
        return "that recording has strong labels"
    if answer in set(weak["recording"]):
        return "nothing is heard in that recording: its weak labels are all 0"
    return "answer with the name of one recording, as text"
