"""ordinal: the proportional-odds model against statsmodels, by hand and where data are poor."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from anuralib.challenges import ordinal


def drawn(n=400, seed=0, cuts=(-1.0, 0.5, 2.0)):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    score = x @ [1.5, -0.7] + rng.logistic(size=n)
    return x, np.searchsorted(cuts, score)


def test_parameters_are_found_again():
    x, y = drawn(6000)
    model = ordinal.fit_ordinal(x, y, penalty=1e-6)
    np.testing.assert_allclose(model.weights / model.std, [1.5, -0.7], atol=0.1)
    shift = (model.mean / model.std) @ model.weights  # cuts are those of the standardised score
    np.testing.assert_allclose(model.cuts + shift, [-1, 0.5, 2], atol=0.15)


def test_statsmodels_agrees():
    peer = pytest.importorskip("statsmodels.miscmodels.ordinal_model")
    x, y = drawn(200)
    model = ordinal.fit_ordinal(x, y, penalty=1e-9)
    mine = np.log(ordinal.ordinal_probabilities(model, x)[np.arange(len(y)), y]).sum()
    theirs = peer.OrderedModel(y, x, distr="logit").fit(method="bfgs", disp=False)
    assert mine == pytest.approx(theirs.llf, abs=1e-3)


def test_the_gradient_is_that_of_the_value():
    x, y = drawn(50)
    for seed in range(5):
        params = np.random.default_rng(seed).normal(size=5)
        error = check_grad(lambda p: ordinal._objective(p, x, y, 3, 0.7)[0],
                           lambda p: ordinal._objective(p, x, y, 3, 0.7)[1], params)  # fmt: skip
        assert error < 1e-3


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-3, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_probabilities_are_probabilities_whatever_levels_occur(rows):
    x, y = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    if len(set(y)) < 2:
        with pytest.raises(ValueError, match="nothing to learn"):
            ordinal.fit_ordinal(x, y)
        return
    model = ordinal.fit_ordinal(x, y)
    prob = ordinal.ordinal_probabilities(model, x)
    assert prob.shape == (len(x), 4) and (prob >= 0).all()
    np.testing.assert_allclose(prob.sum(axis=1), 1)
    absent = sorted({0, 1, 2, 3} - set(y.tolist()))
    assert (prob[:, absent] == 0).all()
    assert set(ordinal.likely_index(prob).tolist()) <= set(y.tolist())


def test_perfect_separation_stays_finite_and_is_right():
    x = np.repeat(np.arange(4.0), 10)
    model = ordinal.fit_ordinal(x, x.astype(int), penalty=0.1)
    assert np.isfinite(model.weights).all()
    assert (ordinal.likely_index(ordinal.ordinal_probabilities(model, x)) == x).all()


def test_the_median_is_the_answer():
    prob = np.array([[0.4, 0.0, 0.3, 0.3], [0.5, 0.5, 0, 0], [0, 0, 0, 1.0]])
    assert ordinal.likely_index(prob).tolist() == [2, 0, 3]  # in the first the likeliest level is 0


def test_windows_are_summed_up_by_recording():
    prob = np.array([[0.5, 0.0], [0.9, 0.5], [0.1, 1.0], [0.5, 0.2]])
    four = ordinal.summarise_windows(prob, ["b", "a", "b", "a"])
    assert four.shape == (2, 2, 4)
    np.testing.assert_allclose(four[0, 0], [1, 0.7, np.log(9) / 2, np.log(9)])
    np.testing.assert_allclose(four[1, 0], [0.5, 0.3, -np.log(9) / 2, 0], atol=1e-12)
    np.testing.assert_allclose(four[1, 1], [0.5, 0.5, 0, np.log(1e6)], rtol=1e-5, atol=1e-9)
    assert ordinal.summarise_windows(prob, ["b", "a", "b", "a"], threshold=0.6)[0, 0, 0] == 0.5


def test_cut_points_by_hand():
    score = np.array([0.0, 0.1, 0.1, 0.4, 0.6, 0.8, 1.0, 1.0])
    index = np.array([0, 0, 1, 1, 1, 2, 3, 2])
    cuts = ordinal.cut_points(score, index)
    np.testing.assert_allclose(cuts, [0.05, 0.7, 0.9])  # of equally good cuts the lowest
    assert np.searchsorted(cuts, score, side="right").tolist() == [0, 1, 1, 1, 1, 2, 3, 3]
    assert ordinal.cut_points([0.3, 0.2], [3, 3]).tolist() == [-np.inf] * 3
    assert ordinal.cut_points([0.3, 0.2], [0, 0]).tolist() == [np.inf] * 3


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=12))
def test_no_other_cuts_have_a_smaller_error(rows):
    x, y = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    cuts = ordinal.cut_points(x, y)
    assert (np.diff(np.nan_to_num(cuts, posinf=99, neginf=-99)) >= 0).all()
    every = itertools.combinations_with_replacement(np.arange(-0.5, 6), 3)
    best = min(np.abs(np.searchsorted(c, x, side="right") - y).sum() for c in every)
    assert np.abs(np.searchsorted(cuts, x, side="right") - y).sum() == best


def test_scores_by_hand_and_beside_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    true, estimate = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 1, 1, 2, 2, 3])
    scores = ordinal.index_scores(true, estimate)
    assert scores["exact"] == pytest.approx(4 / 6) and scores["mae"] == pytest.approx(2 / 6)
    assert scores["bias"] == 0
    peer = cohen_kappa_score(true, estimate, weights="quadratic", labels=range(4))
    assert scores["weighted_kappa"] == pytest.approx(peer)
    alike = ordinal.index_scores(np.zeros(3, int), np.zeros(3, int))
    assert np.isnan(alike["weighted_kappa"]) and alike["exact"] == 1
    assert ordinal.index_scores(true, np.minimum(true, 1))["bias"] < 0


def test_what_is_refused():
    x, y = drawn(20)
    for call, message in [
        (lambda: ordinal.fit_ordinal(x[:5], y), "index must be 5"),
        (lambda: ordinal.fit_ordinal(x, y + 1), "0 to 3"),
        (lambda: ordinal.fit_ordinal(x * np.nan, y), "NaN"),
        (lambda: ordinal.fit_ordinal(x, y, penalty=0), "penalty"),
        (lambda: ordinal.ordinal_probabilities(ordinal.fit_ordinal(x, y), x[:, :1]), "1 features"),
        (lambda: ordinal.index_scores([], []), "equally long"),
        (lambda: ordinal.summarise_windows(np.full((2, 1), 0.5), ["a"]), "N recordings"),
        (lambda: ordinal.summarise_windows(np.array([[np.nan]]), ["a"]), "between 0 and 1"),
        (lambda: ordinal.cut_points(x, y), "one score"),
        (lambda: ordinal.cut_points([0.5, np.nan], [0, 1]), "NaN"),
        (lambda: ordinal.cut_points([0.5], [4]), "0 to 3"),
        (lambda: ordinal.index_scores([4], [1]), "0 to 3"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
