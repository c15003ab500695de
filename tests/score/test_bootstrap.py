"""resampling: recordings are drawn, not windows, and two models are drawn together."""

import numpy as np
import pytest

from anuralib.score import bootstrap as resampling
from anuralib.score import metrics


def test_bootstrap_draws_recordings_not_windows():
    rng = np.random.default_rng(0)
    # Twenty windows of a recording are right or wrong together: there are 30 cases, not 600.
    right = rng.random(30) < 0.7
    groups = np.repeat([f"R{k}" for k in range(30)], 20)
    truth = np.tile([0, 1], 300)[:, None]
    prob = np.where(np.repeat(right, 20)[:, None], truth, 1 - truth).astype(float)
    by_recording = resampling.bootstrap_ci(truth, prob, groups, n_boot=300)
    by_window = resampling.bootstrap_ci(truth, prob, np.arange(600), n_boot=300)
    assert by_recording["low"] < by_recording["estimate"] < by_recording["high"]
    assert by_recording["estimate"] == pytest.approx(metrics.macro_f1(truth, prob))
    width = by_recording["high"] - by_recording["low"]
    assert width > 2.5 * (by_window["high"] - by_window["low"])  # sqrt(20) = 4.5 in theory
    assert by_recording == resampling.bootstrap_ci(truth, prob, groups, n_boot=300)
    assert by_recording["n_recordings"] == 30 and by_recording["n_boot"] == 300


def test_bootstrap_refuses_and_survives_degenerate_input():
    truth, prob = np.eye(3, dtype=int), np.eye(3)
    with pytest.raises(ValueError, match="recording for each of the 3"):
        resampling.bootstrap_ci(truth, prob, ["a", "b"])
    with pytest.raises(ValueError, match="level"):
        resampling.bootstrap_ci(truth, prob, ["a", "b", "c"], level=95)
    nothing = resampling.bootstrap_ci(np.zeros((3, 1)), np.zeros((3, 1)), ["a", "b", "c"], n_boot=5)
    assert np.isnan(nothing["estimate"]) and np.isnan(nothing["low"]) and nothing["n_boot"] == 0


def two_models(n_recordings=40, n_windows=10, seed=0):
    """A model and a slightly better one; what is hard for the first is hard for the second."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n_recordings)
    truth = (rng.random((n_recordings * n_windows, 3)) < 0.3).astype(int)
    groups = np.repeat([f"R{k}" for k in range(n_recordings)], n_windows)
    noise = rng.normal(0, 0.25, truth.shape)
    level = 0.8 * np.repeat(hard, n_windows)[:, None]
    prob_a = np.clip(0.5 + (0.5 - level) * (2 * truth - 1) + noise, 0, 1)
    prob_b = np.clip(0.5 + (0.58 - level) * (2 * truth - 1) + noise, 0, 1)
    return truth, prob_a, prob_b, groups


def test_a_paired_comparison_is_sharper_than_two_intervals():
    truth, prob_a, prob_b, groups = two_models()
    pair = resampling.paired_bootstrap(truth, prob_a, prob_b, groups, n_boot=300)
    alone = [resampling.bootstrap_ci(truth, prob, groups, n_boot=300) for prob in (prob_a, prob_b)]
    assert pair["difference"] == pytest.approx(alone[1]["estimate"] - alone[0]["estimate"])
    assert 0 < pair["low"] < pair["difference"] < pair["high"]
    assert pair["high"] - pair["low"] < min(one["high"] - one["low"] for one in alone)
    assert alone[0]["high"] > alone[1]["low"]  # they overlap, and yet b is better
    assert pair["share_above_zero"] > 0.975 and pair["n_recordings"] == 40
    back = resampling.paired_bootstrap(truth, prob_b, prob_a, groups, n_boot=300)
    assert back["difference"] == -pair["difference"] and back["low"] == pytest.approx(-pair["high"])


def test_the_same_model_differs_by_nothing():
    truth, prob, _, groups = two_models()
    pair = resampling.paired_bootstrap(truth, prob, prob, groups, n_boot=20)
    assert (pair["difference"], pair["low"], pair["high"], pair["share_above_zero"]) == (0, 0, 0, 0)


def test_several_seeds_are_averaged():
    truth, prob_a, prob_b, groups = two_models()
    one = resampling.paired_bootstrap(truth, prob_a, prob_b, groups, n_boot=20)
    many = resampling.paired_bootstrap(truth, [prob_a, prob_a], [prob_b] * 3, groups, n_boot=20)
    assert many == pytest.approx(one)
    mixed = resampling.paired_bootstrap(truth, prob_a, [prob_a, prob_b], groups, n_boot=20)
    assert mixed["difference"] == pytest.approx(one["difference"] / 2)


def test_a_pair_names_what_is_wrong():
    truth, prob_a, prob_b, groups = two_models()
    with pytest.raises(ValueError, match="at least one"):
        resampling.paired_bootstrap(truth, [], prob_b, groups)
    with pytest.raises(ValueError, match="both be"):
        resampling.paired_bootstrap(truth, prob_a, prob_b[:5], groups)
    with pytest.raises(ValueError, match="recording for each"):
        resampling.paired_bootstrap(truth, prob_a, prob_b, groups[:5])


def test_any_metric_can_be_drawn():
    truth, prob_a, prob_b, groups = two_models()

    def mean_ap(y_true, y_prob):
        return metrics.average_precision(y_true, y_prob).mean()

    assert resampling.paired_bootstrap(truth, prob_a, prob_b, groups, metric=mean_ap, n_boot=20)["low"] > 0
