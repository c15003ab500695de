"""mil: pooling between mean and maximum, and windows found from labels of whole recordings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

torch = pytest.importorskip("torch")

from anuralib.challenges.embeddings import probe_probabilities
from anuralib.challenges.multiple_instance import POOLINGS, fit_weak, pool, weak_table
from anuralib.score.metrics import average_precision


@settings(max_examples=100)
@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 3)), elements=st.floats(0, 1)),
       st.sampled_from(POOLINGS), st.randoms(use_true_random=False))  # fmt: skip
def test_pooled_lies_between_and_order_does_not_matter(prob, how, random):
    out = pool(prob, how)
    assert (out >= prob.min(0) - 1e-9).all()
    assert (out <= prob.max(0) + 1e-9).all()
    order = list(range(len(prob)))
    random.shuffle(order)
    np.testing.assert_allclose(pool(prob[order], how), out, atol=1e-9)


def test_limits_and_values_by_hand():
    prob = np.array([0.1, 0.2, 0.9])
    assert pool(prob, "auto", alpha=0) == pytest.approx(0.4)
    assert pool(prob, "auto", alpha=1000) == pytest.approx(0.9)
    assert pool(prob, "linear_softmax") == pytest.approx((0.01 + 0.04 + 0.81) / 1.2)
    given = torch.tensor(prob, requires_grad=True)
    for how in POOLINGS:
        assert torch.autograd.gradcheck(lambda p, how=how: pool(p, how), given)
    with pytest.raises(ValueError, match="unknown pooling"):
        pool(prob, "median")
    with pytest.raises(ValueError, match="no windows"):
        pool(prob[:0])


def test_whole_numbers_and_nan():
    assert pool(np.array([0, 1, 1]), "auto", alpha=0) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="NaN"):
        pool(np.array([0.5, np.nan]))


def bags(n_bags=60, n_windows=40, event=3, seed=0):
    """Bags in half of which `event` windows are different; the second species never calls."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_bags * n_windows, 8))
    truth = np.zeros((len(x), 2), dtype=int)
    names = np.repeat([f"R{k:02d}" for k in range(n_bags)], n_windows)
    weak = pd.DataFrame(0, index=[f"R{k:02d}" for k in range(n_bags)], columns=["CALLER", "NEVERC"])
    for k in range(0, n_bags, 2):
        rows = k * n_windows + rng.choice(n_windows, event, replace=False)
        truth[rows, 0] = 1
        x[rows, 0] += 3
        weak.iloc[k, 0] = 1
    return x, names, weak, truth


def test_windows_are_found_from_labels_of_recordings():
    x, names, weak, truth = bags()
    found = {}
    for how in ("max", "mean", "linear_softmax", "auto"):
        probe = fit_weak(x, names, weak, how)
        prob = probe_probabilities(probe, x)
        found[how] = average_precision(truth, prob)[0]
        assert np.isfinite(prob).all() and prob[:, 1].max() < 0.2
    # A random ranking has the share of positives, 0.04. The mean asks all windows of a bag to be positive. The maximum
    # teaches one window a bag, at the beginning any: it finds them or not, by its seed, and is not judged here.
    assert found["linear_softmax"] > 0.6
    assert found["linear_softmax"] > found["auto"] > found["mean"] > 3 * truth[:, 0].mean()


def test_same_seed_same_numbers_whatever_the_order_of_the_table():
    x, names, weak, _ = bags(10)
    one = fit_weak(x, names, weak, epochs=5)
    two = fit_weak(x, names, weak.sample(frac=1, random_state=0), epochs=5)
    np.testing.assert_array_equal(one.weights, two.weights)


def test_the_table_of_a_data_set():
    weak = pd.DataFrame({"recording": ["A", "A", "B"], "species": ["X", "Y", "X"], "calling_index": [2, 0, 0]})
    table = weak_table(weak, ["B", "A"], ["X", "Y"])
    assert table.to_numpy().tolist() == [[0, 0], [1, 0]] and list(table.index) == ["B", "A"]
    with pytest.raises(ValueError, match="C"):
        weak_table(weak, ["A", "C"], ["X"])


def test_what_is_refused():
    x, names, weak, _ = bags(4)
    for call, message in [
        (lambda: fit_weak(x, names, weak.iloc[1:]), "R00"),
        (lambda: fit_weak(x, names, weak * 2), "only 0 and 1"),
        (lambda: fit_weak(x * np.nan, names, weak), "NaN"),
        (lambda: fit_weak(x, names[:3], weak), "N recordings"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
