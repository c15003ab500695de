"""active: undecided first, or far from what is known, or both; never what is known, whatever the order of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib.challenges import active

GROUPS = np.repeat(["A", "B", "C", "D"], 6)


def case(seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((24, 3)), rng.normal(size=(24, 5))


def test_uncertainty_by_hand():
    prob = np.zeros((24, 2))
    prob[:6] = 0.5  # A: undecided throughout; B: one window; C: sure of a yes; D: sure of a no
    prob[6] = 0.5
    prob[12:18] = 1
    bits = active.uncertainty(prob, GROUPS, top=5)
    assert bits.to_dict() == pytest.approx({"A": 2.0, "B": 2.0 / 5, "C": 0.0, "D": 0.0})
    assert active.uncertainty(prob, GROUPS, top=1)["B"] == 2.0
    assert active.choose_recordings(GROUPS, 2, "uncertainty", prob) == ["A", "B"]


def test_diversity_goes_where_nobody_was():
    place = {"A": [0, 0], "B": [0.1, 0], "C": [5, 0], "D": [0, 3]}
    x = np.array([place[name] for name in GROUPS], dtype=float)
    chosen = active.choose_recordings(GROUPS, 3, "diversity", embeddings=x, known=["A"])
    assert set(chosen[:2]) == {"C", "D"} and chosen[2] == "B"


def test_both_leaves_out_the_certain_and_the_copies():
    place = {"A": [0, 0], "B": [0.01, 0], "C": [1, 0], "D": [0, 1]}
    sure = {"A": 0.5, "B": 0.5, "C": 0.4, "D": 0.0}
    x = np.array([place[name] for name in GROUPS], dtype=float)
    prob = np.array([[sure[name]] for name in GROUPS])
    first = active.choose_recordings(GROUPS, 2, "both", prob, x)
    assert first[0] in "AB" and first[1] == "C"


@settings(max_examples=40)
@given(st.sampled_from(active.METHODS), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(method, seed, random):
    prob, x = case()
    order = list(range(24))
    random.shuffle(order)
    options = {"method": method, "known": ["B"], "seed": seed}
    one = active.choose_recordings(GROUPS, 3, probabilities=prob, embeddings=x, **options)
    two = active.choose_recordings(GROUPS[order], 3, probabilities=prob[order], embeddings=x[order], **options)
    assert one == two and sorted(one) == ["A", "C", "D"]


@settings(max_examples=60)
@given(st.integers(0, 999), st.sampled_from(["diversity", "both"]))
def test_nor_where_many_recordings_are_equally_far(seed, method):
    rng = np.random.default_rng(seed)
    names, x = np.repeat(list("ABCDEFGH"), 3), rng.integers(0, 3, (24, 3)) * 0.1
    prob, order = np.full((24, 1), 0.5), rng.permutation(24)
    one = active.choose_recordings(names, 6, method, prob, x, seed=1)
    assert one == active.choose_recordings(names[order], 6, method, prob, x[order], seed=1)


def test_chance_decides_between_equals():
    prob = np.full((24, 1), 0.5)
    firsts = {active.choose_recordings(GROUPS, 1, "uncertainty", prob, seed=seed)[0] for seed in range(40)}
    assert firsts == {"A", "B", "C", "D"}


def test_what_is_refused():
    prob, x = case()
    for options, message in [
        ({"n": 1, "method": "best"}, "unknown method"),
        ({"n": 4, "method": "random", "known": ["A"]}, "3 are not yet"),
        ({"n": 0, "method": "random"}, "n=0"),
        ({"n": 1, "method": "uncertainty"}, "needs probabilities"),
        ({"n": 1, "method": "diversity"}, "needs embeddings"),
        ({"n": 1, "method": "both", "probabilities": prob}, "needs embeddings"),
        ({"n": 1, "method": "uncertainty", "probabilities": prob * 3}, "between 0 and 1"),
        ({"n": 1, "method": "diversity", "embeddings": x * np.nan}, "NaN"),
        ({"n": 1, "method": "uncertainty", "probabilities": prob[:5]}, "groups"),
    ]:
        with pytest.raises(ValueError, match=message):
            active.choose_recordings(GROUPS, **options)
