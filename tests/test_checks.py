"""Typical wrong answers of each exercise fail, with the hint that names the misconception."""

import numpy as np
import pytest

import anuralib as al

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
    ("stratify.1", 2, "one side"),
    ("stratify.1", 6, "share no time"),
    ("stratify.2", lambda table: 2 / 5, "divide"),
    ("stratify.2", lambda table: 1 / 3, "leaking"),
    ("stratify.3", lambda table, species: ["AAAAAA", "CCCCCC"], "absent"),
    ("stratify.3", lambda table, species: ["AAAAAA", "BBBBBB"], "not windows"),
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
    ("windows.1", 90, "past the end"),
    ("windows.1", 87, "starts at 0"),
    ("windows.2", lambda t, u, s, e: s >= t and e <= u, "any portion"),
    ("windows.2", lambda t, u, s, e: s <= u and e >= t, "the end is open"),
    ("windows.3", 3.0, "need room"),
    ("windows.3", 20 / 58, "other way round"),
    ("strong-labels.1", 75_000, "too high"),
    ("strong-labels.1", 1.0, "too low"),
    ("strong-labels.2", lambda a, b: np.mean(a == b), "plain agreement"),
    ("strong-labels.2", lambda a, b: np.sum(a & b) / np.sum(a | b), "Jaccard"),
    ("strong-labels.3", "SIM9", "the name of one recording"),
    ("strong-labels.3", 7, "the name of one recording"),
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _pond_is_there():
    al.load_dataset("pond")


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answers_get_their_hint(name, answer, hint, capsys):
    assert not al.check(name, answer)
    said = capsys.readouterr().out
    assert any(part in said for part in hint.split("|")), said
