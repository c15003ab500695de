"""Checks of the exercises in the part *Listen*."""

import numpy as np

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


@exercise("sound.1")
def _sample(answer):
    hints = {
        12.4 / 22050: "multiply by the samples a second",
        273421: "the first sample is number 0, so there is nothing to add",
        12.4 * 44100: "that is for 44,100 samples a second",
    }
    return expect_number(answer, 273420, tol=0.5, hints=hints)


@exercise("sound.2")
def _windows(answer):
    chosen = {int(n) for n in np.ravel(answer)}
    if not chosen <= {128, 512, 2048}:
        return "choose from 128, 512 and 2048 samples"
    if 2048 in chosen and 128 not in chosen:
        return "a longer window smears time more"
    if 512 in chosen:
        return "512 samples are 23 ms, and the pulses are 11 ms apart"
    return None if chosen == {128} else "a window of 2048 samples is 93 ms long: eight pulses fall into one column"


@exercise("sound.3")
def _dominant_in_band(answer):
    time_s = np.arange(22050) / 22050
    signal = np.sin(2 * np.pi * 6300 * time_s) + 0.2 * np.sin(2 * np.pi * 900 * time_s)
    hints = {6300: "that is the loudest of all: look only at frequencies within the band",
             900 / 11025: "give hertz, not the number of the bin"}  # fmt: skip
    first = expect_number(answer(signal, 22050, (300, 1500)), 900, tol=2, hints=hints)
    return first or expect_number(answer(signal[::2], 11025, (300, 1500)), 900, tol=4,
                                  hints={1800: "mind the sample rate that is given"})  # fmt: skip
