"""Search by example and the choice of clips: near is near however loud, and nobody hears a clip twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anuralib as al


def test_the_example_is_nearest_and_loudness_counts_little():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 16))
    x[1] = x.mean(axis=0) + 3 * (x[0] - x.mean(axis=0))  # the same direction, farther away
    near = al.similarity(x, x[0])
    assert near.shape == (200,) and np.abs(near).max() <= 1 + 1e-9
    assert set(np.argsort(-near)[:2]) == {0, 1} and near[0] == pytest.approx(1)


def test_of_several_examples_the_nearest_counts_and_scales_of_numbers_do_not():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 8))
    each = [al.similarity(x, x[row]) for row in (3, 4)]
    np.testing.assert_allclose(al.similarity(x, x[[3, 4]]), np.maximum(*each))
    scale, shift = rng.uniform(0.1, 100, 8), rng.normal(size=8)
    np.testing.assert_allclose(al.similarity(x * scale + shift, x[3] * scale + shift), each[0])


def test_choices_by_hand():
    scores = [0.1, 0.9, 0.45, 0.8, 0.6]
    assert al.choose_clips(scores, 2, "highest").tolist() == [1, 3]
    assert al.choose_clips(scores, 2, "unsure").tolist() == [2, 4]
    assert al.choose_clips(scores, 2, "unsure", threshold=0.9, known=[1]).tolist() == [3, 4]
    assert set(al.choose_clips(scores, 3, "mixed")[:2]) == {1, 2}  # the highest and the least sure come first


@given(st.integers(2, 40), st.integers(0, 10**6), st.sampled_from(["highest", "unsure", "random", "mixed"]), st.data())
def test_what_was_heard_is_not_asked_again_and_nothing_twice(n, seed, how, data):
    scores = np.random.default_rng(seed).random(n).round(1)
    known = data.draw(st.sets(st.integers(0, n - 1), max_size=n - 1))
    wanted = data.draw(st.integers(1, n - len(known)))
    rows = al.choose_clips(scores, wanted, how, known=known, seed=seed)
    assert len(set(rows.tolist())) == len(rows) == wanted and not known & set(rows.tolist())
    assert rows.tolist() == al.choose_clips(scores, wanted, how, known=known, seed=seed).tolist()


def test_a_third_of_the_mixed_clips_is_by_chance():
    """With scores that never fall on row 500, chance finds it about as often as it should."""
    scores = np.r_[np.ones(300), np.full(300, 0.5), np.zeros(400)]
    low = [(al.choose_clips(scores, 30, seed=seed) >= 600).sum() for seed in range(40)]
    assert np.mean(low) == pytest.approx(4, abs=1.0)  # 4 in 10 of a third


@pytest.mark.parametrize(("change", "said"), [
    ({"how": "best"}, "unknown choice 'best'"), ({"n": 0}, "n=0 clips wanted, but 2 are left"),
    ({"n": 3}, "but 2 are left"), ({"scores": [0.1, np.nan, 0.3]}, "without NaN"), ({"known": [3]}, "from 0 to 2"),
    ({"scores": [[0.1, 0.2]]}, "shape"),
])  # fmt: skip
def test_bad_input_is_named(change, said):
    with pytest.raises(ValueError, match=said):
        al.choose_clips(**{"scores": [0.1, 0.2, 0.3], "n": 1, "known": [0]} | change)


def test_bad_examples_are_named():
    x = np.eye(4)
    with pytest.raises(ValueError, match="examples of 3 numbers, embeddings of 4"):
        al.similarity(x, np.ones(3))
    with pytest.raises(ValueError, match="NaN"):
        al.similarity(x, np.full(4, np.nan))
