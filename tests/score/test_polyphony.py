"""polyphony: counts that can be made by hand."""

import numpy as np
import pytest

import anuralib as al

TRUTH = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
YES = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 1]])


def test_scores_by_hand():
    table = al.scores_by_polyphony(TRUTH, YES, most=3)
    assert table.index.tolist() == [0, 1, 2, 3] and table["windows"].tolist() == [1, 1, 1, 2]
    np.testing.assert_allclose(table["recall"], [np.nan, 1, 0.5, 6 / 7])
    np.testing.assert_allclose(table["false_alarms"], [2, 1, 0, 0.5])
    np.testing.assert_allclose(table["f1"], [np.nan, 2 / 3, 2 / 3, 12 / 14])
    np.testing.assert_allclose(table["f1_always_yes"], [np.nan, 2 / 5, 2 / 3, 2 * 0.875 / 1.875])
    always = al.scores_by_polyphony(TRUTH, np.ones_like(TRUTH), most=3)
    np.testing.assert_allclose(always["f1"], always["f1_always_yes"])


def test_threshold_gives_so_many_alarms_and_no_more():
    rng = np.random.default_rng(0)
    truth, prob = rng.random((50, 6)) < 0.2, rng.random((50, 6))
    for alarms in (0, 0.1, 0.2, 1.0):
        limit = al.threshold_for_alarms(truth, prob, alarms)
        assert ((prob >= limit) & ~truth).sum() == round(alarms * 50)
    assert al.threshold_for_alarms(truth, prob, alarms=6) == 0
    tied = np.full((4, 2), 0.5)
    assert al.threshold_for_alarms(np.zeros((4, 2)), tied, 0.5) > 0.5  # two of eight equal ones can't be allowed
    assert al.threshold_for_alarms(np.zeros((4, 2)), np.ones((4, 2)), 0) > 1


def test_what_is_refused():
    with pytest.raises(ValueError, match="alarms"):
        al.threshold_for_alarms(TRUTH, YES, -1)
    with pytest.raises(ValueError, match="most"):
        al.scores_by_polyphony(TRUTH, YES, most=0)
    with pytest.raises(ValueError, match="both be"):
        al.scores_by_polyphony(TRUTH, YES[:2])
