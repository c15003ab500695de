"""Checks of the exercises in the part *Baseline*."""

import numpy as np

from anuralib.exercises import exercise, expect_number


@exercise("train.1")
def _frames(answer):
    hints = {129: "the frame that is centred on sample 0 counts as well", 43: "that is the number in one second"}
    return expect_number(answer, 130, hints=hints)


@exercise("train.2")
def _loss(answer):
    y, p = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.2])
    right = -(2 * np.log(0.5) + np.log(0.8)) / 3
    hints = {
        3 * right: "take the mean over the species, not the sum",
        -right: "the logarithms are negative: mind the minus in front",
        -np.log(0.5) / 3: "the species that are absent count too: add (1 - y) log(1 - p)",
    }
    return expect_number(answer(y, p), right, tol=1e-6, hints=hints)


@exercise("train.3")
def _stops(answer):
    runs = (([0.1, 0.3, 0.2, 0.25, 0.4], 2, 4), ([0.1, 0.2, 0.3], 2, 3), ([0.5, 0.5, 0.5], 2, 3))
    for scores, patience, right in runs:
        hints = {right - 1: "epochs count from 1, and the best must be `patience` epochs old"}
        hint = expect_number(answer(scores, patience), right, hints=hints)
        if hint is not None:
            return f"for {scores} and patience {patience}: {hint}"
    return None


@exercise("evaluate.1")
def _f1(answer):
    value = float(answer(6, 2, 4))
    hints = {
        0.75: "that is the precision, 6 / (6 + 2)",
        0.6: "that is the recall, 6 / (6 + 4)",
        0.675: "that is the mean of precision and recall; F1 is their harmonic mean",
    }
    return expect_number(value, 2 / 3, tol=1e-6, hints=hints)


@exercise("evaluate.2")
def _always_yes(answer):
    if abs(float(answer(0.1)) - 0.1) < 1e-9:
        return "that is the precision of always saying yes; its recall is 1"
    return expect_number(answer(0.1), 0.2 / 1.1, tol=1e-6) or expect_number(answer(0.5), 2 / 3, tol=1e-6)


@exercise("evaluate.3")
def _macro(answer):
    value = float(answer([0.9, 0.5, float("nan")]))
    if np.isnan(value):
        return "a species without positives has no F1 (NaN): leave it out of the mean"
    hints = {1.4 / 3: "a species without positives has no F1; counting it as 0 blames the model for the data"}
    return expect_number(value, 0.7, tol=1e-6, hints=hints)
