"""metrics: agreement with scikit-learn, and NaN wherever a number would be a lie."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from anuralib.score import metrics

SCORES = ["precision", "recall", "f1", "average_precision", "auroc"]


@st.composite
def scored(draw):
    """Labels and probabilities with ties, empty and full columns, single windows."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 5)))
    truth = draw(arrays(np.int8, shape, elements=st.integers(0, 1)))
    prob = draw(arrays(np.float64, shape, elements=st.sampled_from([0, 0.1, 0.3, 0.5, 0.7, 1])))
    return truth, prob


def peer_scores(truth, prob, threshold):
    """One species with scikit-learn, and the rule for what is undefined."""
    chosen = prob >= threshold
    some, all_ = truth.any(), truth.all()
    return {
        "precision": sk.precision_score(truth, chosen) if chosen.any() else np.nan,
        "recall": sk.recall_score(truth, chosen) if some else np.nan,
        "f1": sk.f1_score(truth, chosen) if some else np.nan,
        "average_precision": sk.average_precision_score(truth, prob) if some else np.nan,
        "auroc": sk.roc_auc_score(truth, prob) if some and not all_ else np.nan,
    }


@settings(max_examples=150)
@given(scored(), st.sampled_from([0.2, 0.5, 0.7]))
def test_evaluate_agrees_with_scikit_learn(case, threshold):
    truth, prob = case
    table = metrics.evaluate(truth, prob, threshold=threshold)
    rows, macro = table.iloc[:-1], table.iloc[-1]
    peer = pd.DataFrame(
        [peer_scores(t, p, threshold) for t, p in zip(truth.T, prob.T, strict=True)]
    )
    np.testing.assert_allclose(rows[SCORES].to_numpy(float), peer.to_numpy(float))
    np.testing.assert_allclose(macro[SCORES].to_numpy(float), peer.mean().to_numpy(float))
    assert macro["species"] == "macro (all)"
    assert macro["n_species"] == truth.any(0).sum()
    assert (rows["support"] == truth.sum(0)).all() and macro["support"] == truth.sum()
    assert (rows["n_predicted"] == (prob >= threshold).sum(0)).all()
    np.testing.assert_allclose(metrics.f1_per_species(truth, prob, threshold), rows["f1"])
    np.testing.assert_allclose(metrics.average_precision(truth, prob), rows["average_precision"])


def test_what_is_undefined_is_nan_and_left_out():
    #                  never there, never found, perfect, always there
    truth = np.array([[0, 1, 1, 1], [0, 0, 0, 1], [0, 1, 0, 1]])
    prob = np.array([[0.9, 0.1, 0.9, 0.9], [0.1, 0.2, 0.1, 0.9], [0.1, 0.1, 0.1, 0.9]])
    table = metrics.evaluate(truth, prob, species=["NIL", "LOST", "GOOD", "FULL"])
    table = table.set_index("species")
    assert table.loc["NIL", ["recall", "f1", "average_precision", "auroc"]].isna().all()
    assert table.loc["NIL", "precision"] == 0 and table.loc["NIL", "n_predicted"] == 1
    assert np.isnan(table.loc["LOST", "precision"]) and table.loc["LOST", "f1"] == 0
    assert (table.loc["GOOD", SCORES] == 1).all()
    assert np.isnan(table.loc["FULL", "auroc"]) and table.loc["FULL", "average_precision"] == 1
    macro = table.loc["macro (all)"]
    assert macro["n_species"] == 3
    assert macro["f1"] == pytest.approx(2 / 3)
    assert macro["precision"] == pytest.approx(2 / 3)  # of NIL, GOOD and FULL
    assert np.isnan(macro["threshold"])


def test_groups_make_macro_rows_in_the_paper_s_order():
    rng = np.random.default_rng(0)
    truth, prob = rng.integers(0, 2, (50, 4)), rng.random((50, 4))
    names = ["A", "B", "C", "D"]
    groups = {"A": "rare", "B": "common", "C": "rare", "D": "frequent"}
    table = metrics.evaluate(truth, prob, groups=groups, species=names)
    assert list(table["species"][4:]) == [
        "macro (common)", "macro (frequent)", "macro (rare)", "macro (all)",
    ]  # fmt: skip
    assert list(table["n_species"][4:]) == [1, 1, 2, 4]
    table = table.set_index("species")
    assert table.loc["macro (rare)", "f1"] == pytest.approx(table.loc[["A", "C"], "f1"].mean())
    assert table.loc["macro (rare)", "support"] == table.loc[["A", "C"], "support"].sum()
    as_series = metrics.evaluate(truth, prob, groups=pd.Series(groups), species=names)
    pd.testing.assert_frame_equal(as_series.set_index("species"), table)
    with pytest.raises(ValueError, match="groups has no entry.*D"):
        metrics.evaluate(truth, prob, groups={"A": "x", "B": "x", "C": "x"}, species=names)


def test_a_frame_brings_its_names_and_species_selects_and_orders():
    rng = np.random.default_rng(0)
    truth = pd.DataFrame(rng.integers(0, 2, (30, 3)), columns=["A", "B", "C"])
    prob = rng.random((30, 3))
    full = metrics.evaluate(truth, prob).set_index("species")
    part = metrics.evaluate(truth, prob, species=["C", "A"]).set_index("species")
    assert list(part.index) == ["C", "A", "macro (all)"]
    pd.testing.assert_frame_equal(part.loc[["C", "A"]], full.loc[["C", "A"]])
    # A frame of probabilities is matched by name, never by position.
    shuffled = pd.DataFrame(prob, columns=["A", "B", "C"])[["B", "C", "A"]]
    pd.testing.assert_frame_equal(metrics.evaluate(truth, shuffled).set_index("species"), full)
    with pytest.raises(ValueError, match="columns of y_true.*Z"):
        metrics.evaluate(truth, prob, species=["Z"])
    with pytest.raises(ValueError, match="columns of y_prob.*A"):
        metrics.evaluate(truth, shuffled.drop(columns="A"))


@pytest.mark.parametrize(
    ("truth", "prob", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 3)), "both be"),
        (np.zeros(3), np.zeros(3), "both be"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no windows"),
        (np.full((3, 2), 2), np.zeros((3, 2)), "only 0 and 1"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "only 0 and 1"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "without NaN"),
        (np.zeros((3, 2)), np.full((3, 2), -1.5), "logits"),
        (pd.DataFrame({"fname": ["x"], "A": [1]}), np.zeros((1, 2)), "species columns"),
    ],
)
def test_bad_input_is_refused(truth, prob, message):
    for function in (metrics.evaluate, metrics.f1_per_species, metrics.tune_thresholds):
        with pytest.raises(ValueError, match=message):
            function(truth, prob)


def test_names_and_thresholds_must_fit():
    truth, prob = np.eye(3, dtype=int), np.eye(3)
    with pytest.raises(ValueError, match="2 species named"):
        metrics.evaluate(truth, prob, species=["A", "B"])
    with pytest.raises(ValueError, match="twice"):
        metrics.evaluate(truth, prob, species=["A", "B", "B"])
    with pytest.raises(ValueError, match="threshold"):
        metrics.evaluate(truth, prob, threshold=[0.5, 0.5])
    with pytest.raises(ValueError, match="no entry for.*C"):
        metrics.evaluate(truth, prob, threshold={"A": 0.5, "B": 0.1}, species=list("ABC"))
    named = metrics.evaluate(truth, 0.3 * prob, {"C": 0.2, "B": 0.5, "A": 0.5}, species=list("ABC"))
    assert list(named["f1"][:3]) == [0, 0, 1]
    assert list(named["threshold"][:3]) == [0.5, 0.5, 0.2]


def test_a_random_guesser_scores_the_no_skill_baseline():
    rng = np.random.default_rng(0)
    shares = np.array([0.4, 0.1, 0.02])
    truth = (rng.random((200_000, 3)) < shares).astype(int)
    table = metrics.no_skill(truth, groups={0: "common", 1: "rare", 2: "rare"}).set_index("species")
    always = metrics.evaluate(truth, np.ones_like(truth, dtype=float))
    at_random = metrics.evaluate(truth, (rng.random(truth.shape) < shares).astype(float))
    ranking = metrics.evaluate(truth, rng.random(truth.shape))
    rows = table.iloc[:3]
    np.testing.assert_allclose(rows["f1_always_yes"], always["f1"][:3])
    np.testing.assert_allclose(rows["f1_random"], at_random["f1"][:3], atol=0.01)
    np.testing.assert_allclose(
        rows["average_precision"], ranking["average_precision"][:3], atol=0.01
    )
    np.testing.assert_allclose(rows["auroc"], ranking["auroc"][:3], atol=0.02)
    assert table.loc["macro (rare)", "f1_random"] == pytest.approx(rows["f1_random"][1:].mean())
    empty = metrics.no_skill(np.array([[0, 1], [0, 1]]))
    assert np.isnan(empty["f1_always_yes"][0]) and np.isnan(empty["auroc"][1])
    assert empty["n_species"].iloc[-1] == 1


def test_frequency_groups_of_the_paper_and_scaled():
    counts = {"A": 10_001, "B": 10_000, "C": 5_000, "D": 4_999, "E": 0}
    windows = pd.DataFrame({code: np.arange(93_378) < n for code, n in counts.items()})
    windows.insert(0, "fname", "X")
    windows.insert(1, "subset", "train")
    groups = metrics.frequency_groups(windows.astype({code: "int8" for code in counts}))
    assert groups.to_dict() == {
        "A": "common", "B": "frequent", "C": "frequent", "D": "rare", "E": "rare",
    }  # fmt: skip
    small = pd.DataFrame({"A": np.arange(6960) < 746, "B": np.arange(6960) < 745})
    assert metrics.frequency_groups(small, ["B", "A"]).to_dict() == {"B": "frequent", "A": "common"}
    with pytest.raises(ValueError, match="no rows"):
        metrics.frequency_groups(small.iloc[:0])
    with pytest.raises(ValueError, match="Z"):
        metrics.frequency_groups(small, ["Z"])


@settings(max_examples=100)
@given(scored())
def test_no_threshold_beats_the_tuned_one(case):
    truth, prob = case
    tuned = metrics.tune_thresholds(truth, prob)
    assert (tuned[~truth.any(0)] == 0.5).all()
    best = metrics.f1_per_species(truth, prob, tuned)
    for threshold in (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1):
        other = metrics.f1_per_species(truth, prob, threshold)
        assert (best.isna() & other.isna() | (best >= other - 1e-9)).all()


def test_of_equal_thresholds_the_nearest_to_one_half():
    truth = np.array([[0], [0], [1], [1]])
    assert metrics.tune_thresholds(truth, truth * 0.8 + 0.1)[0] == pytest.approx(0.5)
    assert metrics.tune_thresholds(truth, truth * 0.1 + 0.1)[0] == pytest.approx(0.15)
