"""calibration: numbers by hand, and sure models that are wrong."""

import numpy as np
import pandas as pd
import pytest

from anuralib.score import calibration


def test_by_hand():
    truth = np.array([[0], [1], [1], [1]])
    prob = np.array([[0.1], [0.1], [0.9], [0.7]])
    # bin 0-0.5: mean 0.1, half positive; bin 0.5-1: mean 0.8, all positive
    error = calibration.calibration_error(truth, prob, n_bins=2)
    assert error[0] == pytest.approx(0.5 * 0.4 + 0.5 * 0.2)
    table = calibration.reliability(truth, prob, n_bins=2)
    assert table.to_numpy().tolist() == [[0, 0.5, 2, 0.1, 0.5], [0.5, 1, 2, 0.8, 1]]


def test_honest_probabilities_have_little_error_and_sure_ones_much():
    rng = np.random.default_rng(0)
    honest = rng.random((20_000, 2))
    truth = rng.random(honest.shape) < honest
    sure = np.clip((honest - 0.5) * 3 + 0.5, 0, 1)
    assert (calibration.calibration_error(truth, honest) < 0.02).all()
    assert (calibration.calibration_error(truth, sure) > 0.1).all()
    table = calibration.reliability(truth, honest)
    assert (table["mean_probability"] - table["share_positive"]).abs().max() < 0.03
    assert table["n"].sum() == truth.size


def test_edges_empty_bins_names_and_refusals():
    truth = pd.DataFrame({"A": [0, 0, 1], "B": [0, 0, 0]})
    prob = np.array([[0.0, 0.5], [0.5, 0.5], [1.0, 0.5]])
    error = calibration.calibration_error(truth, prob)
    assert error["A"] == pytest.approx(0.5 / 3) and error["B"] == 0.5  # B never calls: each 0.5 is too much
    table = calibration.reliability(truth, prob, species=["A"])
    assert table["n"].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    assert np.isnan(table["share_positive"][1])
    with pytest.raises(ValueError, match="n_bins"):
        calibration.reliability(truth, prob, n_bins=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration.calibration_error(truth, prob * 2)
