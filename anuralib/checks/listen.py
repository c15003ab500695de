"""Checks of the exercises in the part *Listen*."""

from anuralib.datasets import load_dataset
from anuralib.exercises import exercise, expect_number


@exercise("pond.1")
def _silent(answer):
    weak = load_dataset("pond").weak_labels
    highest = weak.groupby("recording")["calling_index"].max()
    cells = int((weak["calling_index"] == 0).sum())
    hints = {
        cells: "that counts pairs of recording and species; group by recording first",
        int((highest > 0).sum()): "that is the number of recordings in which something calls",
    }
    return expect_number(answer, int((highest == 0).sum()), hints=hints)


@exercise("pond.2")
def _loss(answer):
    value = float(answer(10.0, 40.0))
    if abs(value - 6.0206) < 0.01:
        return "energy falls by 10 log10 of the ratio of areas; for the ratio of distances it is 20 log10"
    if value < 0:
        return "a loss is positive here: divide the far distance by the near one"
    return expect_number(value, 12.0412, tol=0.01) or expect_number(answer(5.0, 10.0), 6.0206, tol=0.01)


@exercise("pond.3")
def _gregarious(answer):
    weak = load_dataset("pond").weak_labels
    counts = weak[weak["calling_index"] == 3]["species"].value_counts()
    if answer in counts[counts == counts.max()].index:
        return None
    if answer in set(weak["species"]):
        return f"{answer} has {counts.get(answer, 0)} full choruses, and another type has more"
    return "answer with the code of a call type, six capital letters"
