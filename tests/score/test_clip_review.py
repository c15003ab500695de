"""Clips drawn by score, and what their review says of all: the truth is in the interval as often as is promised."""

import doctest

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

import anuralib as al
from anuralib.score import review


def season(seed, n=4000, share=0.08):
    """Scores and truth of the clips of a season: calls lie three units higher than all else."""
    rng = np.random.default_rng(seed)
    present = rng.random(n) < share
    names = [f"clip {k}" for k in range(n)]
    return pd.Series(rng.normal(3 * present - 2, 1.5), index=names), pd.Series(present, index=names)


def reviewed(scores, present, **draw):
    clips = al.draw_clips(scores, **draw)
    return clips.assign(present=present[clips.index])


def holds(told, truth):
    return told["low"] <= truth <= told["high"]


def test_the_examples_say_what_comes_out():
    assert doctest.testmod(review, extraglobs={"al": al, "pd": pd, "np": np}).failed == 0


def test_bins_are_the_lower_half_and_the_upper_one_halved_again_and_again():
    clips = al.draw_clips(season(0)[0], bins=4, per_bin=10)
    assert clips.groupby("low")["stands_for"].sum().tolist() == [2000, 1000, 500, 500]
    assert ((clips["low"] <= clips["score"]) & (clips["score"] < clips["high"])).all()
    assert clips.groupby("low").size().tolist() == [10] * 4


def test_a_larger_draw_holds_the_smaller_and_the_order_hides_the_score():
    scores = season(1)[0]
    few, many = (al.draw_clips(scores, per_bin=n, seed=3) for n in (10, 40))
    assert set(few.index) < set(many.index)
    assert set(few.index) != set(al.draw_clips(scores, per_bin=10, seed=4).index)
    assert abs(np.corrcoef(np.arange(len(many)), many["score"])[0, 1]) < 0.25


@settings(max_examples=30)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.9, 1.0]), min_size=1, max_size=60), st.integers(1, 8), st.integers(1, 9))
def test_every_clip_is_stood_for_once_however_many_scores_are_equal(scores, bins, per_bin):
    clips = al.draw_clips(pd.Series(scores), bins, per_bin)
    assert clips["stands_for"].sum() == pytest.approx(len(scores))
    assert clips.index.is_unique and (clips["stands_for"] >= 1).all()


def test_when_all_was_reviewed_nothing_is_left_open():
    scores, present = season(2, n=300)
    clips = reviewed(scores, present, per_bin=300)
    for told, truth in ((al.call_density(scores, clips), present.mean()),
                        (al.precision_at(scores, clips, 0.3), present[scores >= 0.3].mean())):  # fmt: skip
        assert told["estimate"] == told["low"] == told["high"] == pytest.approx(truth)
    assert told["n_reviewed"] == told["n_clips"] == (scores >= 0.3).sum()


def test_one_bin_gives_the_share_and_the_interval_of_a_beta_distribution():
    scores = pd.Series(np.arange(100_000.0))
    clips = al.draw_clips(scores, bins=1, per_bin=50)
    clips["present"] = [1] * 20 + [0] * 30
    told = al.call_density(scores, clips)
    assert told["estimate"] == 0.4
    assert [told["low"], told["high"]] == pytest.approx(beta.ppf([0.025, 0.975], 20.5, 30.5), abs=0.01)


def test_intervals_hold_the_truth_of_most_seasons():
    held = {"density": [], "precision": [], "off": []}
    for seed in range(200):
        scores, present = season(seed, n=2000)
        clips = reviewed(scores, present, seed=seed)
        density, precision = al.call_density(scores, clips), al.precision_at(scores, clips, 0.5)
        held["density"].append(holds(density, present.mean()))
        held["precision"].append(holds(precision, present[scores >= 0.5].mean()))
        held["off"].append(density["estimate"] - present.mean())
    assert 0.9 <= np.mean(held["density"]) <= 0.98
    assert 0.9 <= np.mean(held["precision"]) <= 0.985
    assert abs(np.mean(held["off"])) < 3 * np.std(held["off"]) / 200**0.5  # no bias beyond that of chance


def test_a_clip_without_an_answer_is_not_counted():
    scores, present = season(3)
    clips = reviewed(scores, present).astype({"present": float})
    clips.loc[clips.index[::3], "present"] = np.nan
    told = al.call_density(scores, clips)
    assert told["n_reviewed"] == clips["present"].notna().sum() and holds(told, present.mean())


def test_a_review_survives_a_file(tmp_path):
    scores, present = season(4)
    clips = reviewed(scores, present)
    clips.to_csv(tmp_path / "review.csv")
    again = pd.read_csv(tmp_path / "review.csv", index_col="clip")
    assert al.call_density(scores, again) == al.call_density(scores, clips)


def test_the_curve_goes_through_the_shares_whatever_was_reviewed():
    scores, present = season(5, n=20_000, share=0.2)
    at = np.array([-2.0, 0.0, 2.0])
    curves = [al.score_curve(reviewed(scores, present, bins=bins, per_bin=n), at)
              for bins, n in ((4, 2000), (1, 8000))]  # fmt: skip
    for curve in curves:
        assert (curve["low"] < curve["probability"]).all() and (curve["probability"] < curve["high"]).all()
        for score in at:
            near = (scores - score).abs() < 0.25
            assert curve.loc[score, "probability"] == pytest.approx(present[near].mean(), abs=0.05)
    assert (curves[0]["probability"] - curves[1]["probability"]).abs().max() < 0.03


def test_the_curve_is_finite_where_one_score_parts_all():
    clips = pd.DataFrame({"score": [0.0, 1, 2, 3], "present": [0, 0, 1, 1]})
    assert np.isfinite(al.score_curve(clips)).all(axis=None)


def bad_reviews():
    scores, present = season(6)
    clips = reviewed(scores, present)
    return [
        (scores, clips.drop(columns="present"), "no column present"),
        (scores, clips.assign(present=2), "must be 1 or 0"),
        (scores, clips.assign(present=np.nan), "at least one clip"),
        (scores[:100], clips, "don't belong together"),
        (scores, clips[clips["low"] > 0], "don't belong together"),
        (scores.to_numpy(), clips, "must be a Series"),
        (scores.replace(scores.iloc[0], np.nan), clips, "no NaN"),
        (pd.concat([scores, scores]), clips, "stands in two rows"),
    ]


@pytest.mark.parametrize(("scores", "clips", "message"), bad_reviews())
def test_what_cant_be_used_is_named(scores, clips, message):
    with pytest.raises(ValueError, match=message):
        al.call_density(scores, clips)


def test_thresholds_without_clips_are_named():
    scores, present = season(7)
    clips = reviewed(scores, present, per_bin=2)
    with pytest.raises(ValueError, match="no clip has a score"):
        al.precision_at(scores, clips, 99)
    with pytest.raises(ValueError, match="no reviewed clip of the bin"):
        al.precision_at(scores, clips, scores.max())
    with pytest.raises(ValueError, match="all of the"):
        al.score_curve(clips.assign(present=1))


@pytest.mark.parametrize("bins", [0, True, [1, 1], [2, 1], [np.nan], "four"])
def test_impossible_bins_are_named(bins):
    with pytest.raises(ValueError, match="bins must be|could not convert"):
        al.draw_clips(season(8)[0], bins=bins)
