"""Activity by group: shares, and intervals that know that recordings of a night are alike."""

import doctest

import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.field import activity as module


def nights_of(seed, n_nights=40, each=12, by_night=1.0):
    """Recordings whose chance differs from night to night; half of each night belongs to either hour."""
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-rng.normal(0, 2 * by_night, n_nights)))
    night = np.repeat(np.arange(n_nights), each)
    hour = np.tile(np.repeat([20, 23], each // 2), n_nights)
    return (rng.random(len(night)) < chance[night]).astype(int), hour, night


def test_the_examples_say_what_comes_out():
    assert doctest.testmod(module, extraglobs={"al": al}).failed == 0


def test_shares_are_those_of_the_recordings():
    heard, hour, night = nights_of(0)
    table = al.activity(heard, hour, night)
    assert table["share"].to_dict() == pd.Series(heard).groupby(hour).mean().to_dict()
    assert table["n"].tolist() == [240, 240] and table["n_nights"].tolist() == [40, 40]
    assert (table["low"] < table["share"]).all() and (table["share"] < table["high"]).all()


def test_intervals_over_nights_hold_the_truth_and_those_over_recordings_do_not():
    over_nights, over_recordings = [], []
    for seed in range(100):
        heard, hour, night = nights_of(seed)
        for unit, held in ((night, over_nights), (np.arange(len(night)), over_recordings)):
            row = al.activity(heard, hour, unit, n_boot=100, seed=seed).loc[20]
            held.append(row["low"] <= 0.5 <= row["high"])
    assert 0.88 <= np.mean(over_nights) <= 0.98
    assert np.mean(over_recordings) < 0.75


def test_a_group_of_few_nights_is_there_and_one_without_a_name_is_not():
    heard, hour, night = nights_of(1, n_nights=10)
    group = pd.Series(hour).astype(str)
    group[0], group[12] = "rare", None
    table = al.activity(heard, group, night)
    assert table.loc["rare", ["n", "n_nights"]].tolist() == [1, 1] and table["n"].sum() == len(heard) - 1
    assert np.isfinite(table).all(axis=None)


def test_a_categorical_group_keeps_its_order():
    heard, hour, night = nights_of(2)
    order = pd.Categorical(np.where(hour == 20, "late", "early"), ["late", "early"], ordered=True)
    assert al.activity(heard, pd.Series(order), night).index.tolist() == ["late", "early"]


@pytest.mark.parametrize(("change", "message"), [
    ({"heard": [2, 0]}, "between 0 and 1"), ({"nights": ["a", None]}, "needs a night"), ({"by": [1]}, "one group"),
    ({"level": 95}, "level"), ({"heard": [np.nan, 0]}, "between 0 and 1"),
])  # fmt: skip
def test_what_cant_be_used_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        al.activity(**{"heard": [1, 0], "by": [20, 23], "nights": ["a", "b"], **change})
