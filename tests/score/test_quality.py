"""The letter and the ratio of each pair of window and species, and recall by them, against cases by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import anuralib as al

WINDOWS = pd.DataFrame({"fname": ["r", "r", "r", "s"], "min_t": [0, 1, 2, 0], "max_t": [3, 4, 5, 3]})
STRONG = pd.DataFrame([
    ("r", 0.0, 1.0, "A", "L"), ("r", 0.5, 0.7, "A", "H"), ("r", 4.0, 4.5, "B", "M"), ("r", 3.0, 3.0, "A", "M"),
], columns=["recording", "start_s", "end_s", "species", "quality"])  # fmt: skip
TRUTH = STRONG.assign(snr_db=[3.0, 20.0, 9.0, -1.0])
DATA = SimpleNamespace(name="hand", species=["A", "B"], strong_labels=STRONG, truth=TRUTH)


def test_a_pair_has_the_letter_of_its_clearest_bout():
    # The first window ends where the point label lies, the second begins where two bouts end.
    assert al.pair_quality(DATA, WINDOWS).tolist() == [["H", ""], ["M", ""], ["M", "M"], ["", ""]]


def test_a_pair_has_the_ratio_of_its_loudest_call():
    expected = [[20, np.nan], [-1, np.nan], [-1, 9], [np.nan, np.nan]]
    assert np.array_equal(al.pair_snr(DATA, WINDOWS), expected, equal_nan=True)
    with pytest.raises(ValueError, match="has no truth"):
        al.pair_snr(SimpleNamespace(name="real", truth=None), WINDOWS)


def test_a_pair_has_the_longest_piece_of_a_call():
    # In the first window two calls of A begin and end, the second holds a half of one of them and the point label.
    expected = [[1, np.nan], [0, np.nan], [0, 0.5], [np.nan, np.nan]]
    assert np.allclose(al.pair_overlap(DATA, WINDOWS), expected, equal_nan=True)
    cut = SimpleNamespace(species=["A"], truth=TRUTH.assign(species="A", start_s=1.5, end_s=6.0))
    assert al.pair_overlap(cut, WINDOWS)[:3, 0].tolist() == [1.5, 2.5, 3.0]
    with pytest.raises(ValueError, match="has no truth"):
        al.pair_overlap(SimpleNamespace(name="real", truth=None), WINDOWS)


def test_pairs_with_a_letter_are_the_labels_of_windows():
    pond = al.load_dataset("pond", size="tiny")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species).iloc[::2]
    labels = windows[pond.species].to_numpy() > 0
    assert np.array_equal(al.pair_quality(pond, windows) != "", labels)
    snr_db = al.pair_snr(pond, windows)
    assert (np.isfinite(snr_db) >= labels).mean() > 0.99  # edges of boxes lie outside the call
    for edge in (2, 15):
        loud = al.window_labels(pond.truth[pond.truth["snr_db"] >= edge], pond.recordings, pond.species).iloc[::2]
        assert np.array_equal(np.nan_to_num(snr_db, nan=-99) >= edge, loud[pond.species].to_numpy() > 0)


def test_scores_by_class_by_hand():
    truth = np.array([[1, 0], [1, 1], [1, 0], [0, 0]])
    prob = np.array([[0.9, 0.6], [0.2, 0.5], [0.8, 0.1], [0.1, 0.7]])
    table = al.scores_by([["H", ""], ["L", "H"], ["L", "H"], ["", ""]], truth, prob, list("rrss"), order="HML")
    assert table["pairs"].tolist() == [2, 0, 2]  # the H without a positive label is none
    assert table["recall"].tolist() == pytest.approx([1, np.nan, 0.5], nan_ok=True)
    # Two false alarms: H has 2 hits of 2, L 1 of 2.
    assert table["f1"].tolist() == pytest.approx([2 * 2 / (2 + 2 + 2), np.nan, 2 / (1 + 2 + 2)], nan_ok=True)
    assert (table["low"].dropna() <= table["recall"].dropna()).all()
    found = al.scores_by([["H", ""], ["L", "H"], ["L", ""], ["", ""]], truth, prob, list("rrss"))
    assert found.index.tolist() == ["H", "L"]
    with pytest.raises(ValueError, match="a class for each label"):
        al.scores_by(["H"], truth, prob, list("rrss"))
