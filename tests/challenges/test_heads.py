"""heads: scikit-learn's rules, several species at once, and what each promises."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import anuralib as al
from anuralib.challenges import heads

HEADS = [heads.LogisticHead(), heads.DiscriminantHead(), heads.PrototypeHead(), heads.PrototypeHead(3),
         heads.NeighbourHead()]  # fmt: skip
each_head = pytest.mark.parametrize("head", HEADS, ids=lambda head: f"{type(head).__name__}{head.get_params()}"[:32])


def unlike(head):
    return {"check_supervised_y_2d": "a column of labels is one species here, not a list of answers"}


@parametrize_with_checks(HEADS, expected_failed_checks=unlike)
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


def clouds(n=240, seed=0, size=10):
    """Four species, the third never there and the fourth always, in recordings of six windows."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((n, 4)) < [0.5, 0.2, 0, 1]).astype(int)
    x = rng.normal(0, 1, (n, size)) + 4 * labels @ np.eye(4, size) + 3
    return x, pd.DataFrame(labels, columns=["a", "b", "c", "d"]), np.repeat(np.arange(n // 6), 6)


@each_head
def test_few_examples_are_enough_for_clouds_that_lie_apart(head):
    x, labels, groups = clouds()
    head = clone(head).fit(x[:60], labels[:60], groups=groups[:60])
    prob = head.predict_proba(x[60:])
    assert list(head.classes_) == ["a", "b", "c", "d"]
    assert prob.shape == (180, 4) and prob.min() >= 0 and prob.max() <= 1
    assert (al.average_precision(labels[60:], prob)[["a", "b"]] > 0.85).all()
    # never there, always there: their share, half a window added to either side
    np.testing.assert_allclose(prob[:, 2], 0.5 / 61)
    np.testing.assert_allclose(prob[:, 3], 60.5 / 61)
    np.testing.assert_array_equal(head.predict(x[60:]), prob >= 0.5)
    assert al.tune_thresholds(labels[60:], prob).between(0, 1).all()
    assert al.calibration_error(labels[60:], prob).between(0, 1).all()


@each_head
def test_one_recording_with_fewer_windows_than_numbers(head):
    x, labels, groups = clouds(size=50)
    prob = clone(head).fit(x[:6], labels[:6], groups=groups[:6]).predict_proba(x[6:])
    assert np.isfinite(prob).all()
    assert al.average_precision(labels[6:], prob)["a"] > labels["a"][6:].mean() + 0.1


@each_head
def test_scale_and_origin_of_the_embeddings_do_not_matter(head):
    x, labels, groups = clouds()
    plain, moved = (clone(head).fit(z[:90], labels[:90], groups=groups[:90]).predict_proba(z[90:])
                    for z in (x, x * np.geomspace(1e-3, 1e3, 10) - 7))  # fmt: skip
    np.testing.assert_allclose(plain, moved, atol=1e-3)


@each_head
def test_heads_work_in_searches_pipelines_and_cross_validation(head):
    x, labels, groups = clouds(120)
    prob = cross_val_predict(clone(head), x, labels.to_numpy(), groups=groups, cv=GroupKFold(3), method="predict_proba")
    assert prob.shape == (120, 4) and al.average_precision(labels, prob)["a"] > 0.85
    pipe = make_pipeline(FunctionTransformer(np.tanh), clone(head)).fit(x, labels)
    assert pipe.predict_proba(x).shape == (120, 4)


def test_a_search_over_neighbours():
    x, labels, _ = clouds(120)
    found = GridSearchCV(heads.NeighbourHead(), {"n_neighbours": [1, 120]}, cv=3).fit(x, labels.to_numpy())
    assert found.best_params_ == {"n_neighbours": 1}


def test_the_penalty_is_chosen_over_recordings():
    """Every recording has a sound of its own: by windows a weak penalty looks best, by recordings a strong one."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 8)
    calls = rng.random(30) < 0.5
    own = rng.normal(0, 3, (30, 60))[groups]
    x = np.hstack([own + rng.normal(0, 0.01, own.shape), (calls[groups] + rng.normal(0, 1, 240))[:, None]])
    y = calls[groups, None].astype(int)
    by_window = heads.LogisticHead((0.01, 100000.0)).fit(x, y)
    by_recording = heads.LogisticHead((0.01, 100000.0)).fit(x, y, groups=groups)
    assert by_window.scores_.max() > 0.99 > by_recording.scores_.max() + 0.1
    assert by_recording.scores_.shape == (2,)
    alone = heads.LogisticHead((1.0, 10.0, 100.0)).fit(x[:8], np.arange(8)[:, None] % 2, groups=groups[:8])
    assert alone.penalty_ == 10 and np.isnan(alone.scores_).all()


def test_a_penalty_of_one_is_the_linear_probe():
    x, labels, _ = clouds(40, size=60)
    head = heads.LogisticHead((1.0,)).fit(x, labels)
    expected = al.probe_probabilities(al.linear_probe(x, labels, 1.0), x)
    np.testing.assert_allclose(head.predict_proba(x), expected, atol=2e-3)
    odds = np.log(head.predict_proba(x) / (1 - head.predict_proba(x)))
    np.testing.assert_allclose(head.decision_function(x), odds)


def test_the_discriminant_is_scikit_learn_s_where_a_species_is_rare():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(0)
    y = (np.arange(2000) % 20 == 0).astype(int)
    x = rng.normal(size=(2000, 5)) @ rng.normal(size=(5, 5)) + 0.5 * y[:, None]
    head = heads.DiscriminantHead(0.0).fit(x, y[:, None])
    peer = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y)
    np.testing.assert_allclose(head.predict_proba(x)[:, 0], peer.predict_proba(x)[:, 1], atol=0.1)
    turn = head.coef_[0] / head.std_
    assert turn @ peer.coef_[0] / np.linalg.norm(turn) / np.linalg.norm(peer.coef_[0]) > 0.999
    assert 0 < heads.DiscriminantHead().fit(x[:30], y[:30, None]).shrinkage_ < 1


def test_several_prototypes_find_a_species_with_two_calls():
    rng = np.random.default_rng(0)
    place = rng.integers(0, 3, 300)
    x = rng.normal(0, 0.3, (300, 1)) + np.array([[-4], [0], [4]])[place]
    y = (place != 1)[:, None].astype(int)  # two calls, and silence in the middle
    one, several = (heads.PrototypeHead(n).fit(x[:150], y[:150]).predict(x[150:]) for n in (1, 3))
    assert (several == y[150:]).mean() > 0.99 and (one == y[150:]).mean() < 0.9


def test_what_is_refused():
    x, labels, groups = clouds(30)
    for call, message in [
        (lambda: heads.LogisticHead(()).fit(x, labels), "penalties must be"),
        (lambda: heads.LogisticHead((0.0, 1.0)).fit(x, labels), "penalties must be"),
        (lambda: heads.PrototypeHead(0).fit(x, labels), "n_prototypes"),
        (lambda: heads.NeighbourHead(0).fit(x, labels), "n_neighbours"),
        (lambda: heads.NeighbourHead().fit(x, labels[:5]), "labels of 5 windows"),
        (lambda: heads.NeighbourHead().fit(x, labels * 2), "only 0 and 1"),
        (lambda: heads.NeighbourHead().fit(x, labels.where(labels > 0)), "only 0 and 1"),
        (lambda: heads.NeighbourHead().fit(x, labels, groups=groups[:5]), "groups"),
        (lambda: heads.NeighbourHead().fit(x, np.arange(30) % 3), "Only binary"),
        (lambda: heads.NeighbourHead().fit(x * np.nan, labels), "NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
