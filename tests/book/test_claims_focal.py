"""What the chapter on recordings made at the animal says in words is true of the table that it shows."""

import pytest
from _results import read_results
from bench_focal import facts


@pytest.fixture(scope="module")
def table():
    return read_results("bench_focal").set_index(["measure", "method"])


@pytest.fixture(scope="module")
def said():
    """What the chapter says, without the front of the keys."""
    return {key.removeprefix("focal_"): value for key, value in facts(read_results("bench_focal")).items()}


def gains(table, measure, method, against):
    row = table.loc[(measure, method)]
    assert row["against"] == against
    return row["d_low"] > 0


def test_the_gap(said):
    assert said["home"] > 0.95 and said["focal_ap"] < 0.75 and said["focal_f1"] < 0.45
    assert said["all_ap"] > said["focal_ap"] + 0.05 and said["all_f1"] > said["focal_f1"] + 0.2


def test_copies_into_silence_raise_f1_and_lower_the_ranking(table):
    assert gains(table, "F1", "into silence", "focal")
    assert table.loc[("AP", "into silence"), "d_high"] < 0
    assert abs(table.loc[("AP", "two into silence"), "diff"]) < 0.04  # two callers change little


def test_pseudo_labels_from_one_half_are_right_and_harm(table, said):
    assert said["half_precision"] > 95 and said["half_recall"] < 25
    assert all(table.loc[(measure, "pseudo-labels from 0.5"), "d_high"] < 0 for measure in ("AP", "F1"))


def test_reviewed_pseudo_labels_help_and_both_help_most_of_what_needs_no_labels(table, said):
    assert said["limit_high"] <= 0.1 and said["reviewed_precision"] > 90
    assert said["reviewed_recall"] > 2 * said["half_recall"]
    assert gains(table, "F1", "reviewed pseudo-labels", "focal") and gains(table, "F1", "both", "focal")
    assert gains(table, "AP", "both", "focal")
    others = ("focal", "into silence", "two into silence", "into any sound", "pseudo-labels from 0.5",
              "reviewed pseudo-labels")  # fmt: skip
    for measure in ("AP", "F1"):
        assert table.loc[(measure, "both"), "value"] > table.loc[(measure, list(others)), "value"].max()


def test_a_second_round_gives_nothing_and_ten_minutes_alone_are_few(table, said):
    assert abs(table.loc[("AP", "both, second round"), "diff"]) < 0.01
    assert said["ten_ap"] < said["focal_ap"] - 0.1
    assert gains(table, "AP", "both + 10 labelled", "both")


def test_smoothing_and_priors_help_the_ranking(table, said):
    for name in ("smoothed", "prior", "own prior", "smoothed + prior"):
        assert gains(table, "AP", f"both + {name}", "both")
    assert table.loc[("F1", "both + smoothed"), "diff"] < 0
    assert said["together_ap"] > said["all_ap"] - 0.03 and said["together_f1"] > said["all_f1"] - 0.05


def test_a_leak_gains_more_than_the_prior(table, said):
    assert gains(table, "AP", "both + leaked prior", "both + prior")
    assert said["leak_gain"] > said["prior_gain"]
    assert said["new_unlisted"] < said["new_listed"]
