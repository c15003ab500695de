"""Checks of the exercises in the part *Baseline*."""

import numpy as np

from anuralib.exercises import exercise, expect_number


@exercise("features.1")
def _bin(answer):
    hints = {
        22050 / 1024: "that is the distance for 1024 samples, or from 0 Hz to half the rate over 1024",
        2048 / 22050: "that is the length of the window in seconds: its inverse is asked for",
        11025 / 2048: "the bins of n samples are the rate over n apart, not half the rate",
    }
    return expect_number(answer, 22050 / 2048, tol=0.01, hints=hints)


@exercise("features.2")
def _both(answer):
    hints = {
        -120: "levels in decibels are logarithms: go back to powers, add those, and take the logarithm again",
        -60: "two callers are louder than one",
        -60 + 20 * np.log10(2): "that adds amplitudes; of callers that don't know each other's phase the powers add",
    }
    equal = expect_number(answer(-60.0, -60.0), -60 + 10 * np.log10(2), tol=1e-6, hints=hints)
    return equal or expect_number(answer(-40.0, -60.0), 10 * np.log10(1e-4 + 1e-6), tol=1e-6)


@exercise("features.3")
def _most_bands(answer):
    hints = {
        128: "none of 128 is empty, but there can be more",
        200: "of 200 some are empty; count for each number of bands",
        184: "almost: a triangle holds the bins between its first and its third corner",
    }
    return expect_number(answer, 185, hints=hints)


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


@exercise("benchmark.1")
def _ceiling(answer):
    hints = {
        1.0: "the four that can't be found count 0 and are among the 42",
        36 / 42: "that is for six species; here there are four",
        4 / 42: "that is what is lost",
        90.47619047619048: "give a share between 0 and 1",
    }
    return expect_number(answer, 38 / 42, tol=1e-3, hints=hints)


@exercise("benchmark.2")
def _all_batches(answer):
    each = [16 / 18, 0.0, 2 / 5]
    hints = {
        sum(each) / 3: "that is the mean of the three batches: add up the counts first",
        9 / 12: "that is the precision",
        9 / 14: "that is the recall",
    }
    return expect_number(answer, 18 / 26, tol=1e-3, hints=hints)


@exercise("benchmark.3")
def _subset(answer):
    hints = {
        "train": "on train the network is surer than it will ever be again; what other subset has known answers?",
        "test": "then the answers were known when the thresholds were chosen",
    }
    if not isinstance(answer, str):
        return 'answer with a word: "train", "validation" or "test"'
    word = answer.strip().lower()
    return None if word in ("validation", "valid") else hints.get(word, "one of the three subsets is asked for")
