"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("features.1", 22050 / 1024, "1024 samples"),
    ("features.1", 2048 / 22050, "inverse"),
    ("features.2", lambda a, b: a + b, "go back to powers"),
    ("features.2", max, "louder than one"),
    ("features.2", lambda a, b: 20 * np.log10(10 ** (a / 20) + 10 ** (b / 20)), "amplitudes"),
    ("features.3", 128, "there can be more"),
    ("features.3", 200, "some are empty"),
    ("train.1", 129, "sample 0"),
    ("train.1", 43, "one second"),
    ("train.2", lambda y, p: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)), "the mean"),
    ("train.2", lambda y, p: -np.mean(y * np.log(p)), "absent count too"),
    ("train.3", lambda scores, patience: int(np.argmax(scores)) + 1, "for "),
    ("train.3", lambda scores, patience: len(scores), "for "),
    ("evaluate.1", lambda tp, fp, fn: tp / (tp + fp), "precision"),
    ("evaluate.1", lambda tp, fp, fn: tp / (tp + fn), "recall"),
    ("evaluate.2", lambda prevalence: prevalence, "recall is 1"),
    ("evaluate.2", lambda prevalence: 2 * prevalence, "too high"),
    ("evaluate.3", np.mean, "leave it out"),
    ("evaluate.3", lambda scores: np.nansum(scores) / len(scores), "blames the model"),
    ("benchmark.1", 1.0, "count 0"),
    ("benchmark.1", 36 / 42, "there are four"),
    ("benchmark.2", (16 / 18 + 2 / 5) / 3, "add up the counts"),
    ("benchmark.2", 0.75, "precision"),
    ("benchmark.3", "test", "answers were known"),
    ("benchmark.3", "train", "surer"),
]  # fmt: skip
