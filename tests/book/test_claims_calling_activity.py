"""What the chapter on calling activity says of its long run is so in the committed table."""

import pytest
from _results import read_results
from bench_calling_activity import facts

BASE, ADDED, CORRECTED = "count, cut points", "four numbers, ordinal, summed", "count, cut points, adjusted"


@pytest.fixture(scope="module")
def long():
    return read_results("bench_calling_activity")


@pytest.fixture(scope="module")
def said(long):
    """What the chapter says, without the front of the keys."""
    return {key.removeprefix("activity_"): value for key, value in facts(long).items()}


def line(long, part, method, group, level=None):
    rows = long[(long["part"] == part) & (long["method"] == method) & (long["group"] == group)]
    return rows[rows["level"] == level].iloc[0] if level else rows.iloc[0]


@pytest.mark.parametrize("method", ["four numbers, regression", "four numbers, ordinal"])
def test_by_error_and_kappa_the_three_are_nearly_level(long, method):
    error, kappa = (line(long, "score", method, measure) for measure in ("error", "kappa"))
    assert -0.0035 < error["difference"] < 0 and abs(error["high"]) < (1e-4 if "regression" in method else 0.01)
    assert error["high"] > 0 or "regression" in method
    assert kappa["low"] < 0 < kappa["high"]


def test_by_level_cut_points_are_best(long, said):
    by_level = {key: value for key, value in said.items() if key.startswith("error_by_level")}
    assert min(by_level, key=by_level.get) == "error_by_level_count_cut_points"
    others = long[(long["part"] == "score") & (long["group"] == "error_by_level") & (long["method"] != BASE)]
    assert len(others) == 5 and (others["low"] > 0).all()


def test_the_count_alone_serves_the_ordinal_model_worst(long):
    scores = long[long["part"] == "score"]
    for measure in ("error", "kappa"):
        values = scores[scores["group"] == measure].set_index("method")["value"]
        assert (values.idxmin() if measure == "kappa" else values.idxmax()) == "count, ordinal"


def test_rare_and_far_types_are_missed_more_and_rain_makes_no_difference(long):
    for method in (BASE, "four numbers, ordinal"):
        missed = {group: line(long, "missed", method, group) for group in long.loc[long["part"] == "missed", "group"]}
        assert missed["in 20 recordings or more"]["high"] < missed["in 5 to 19"]["low"]
        assert missed["in 5 to 19"]["high"] < missed["in 1 to 4"]["low"]
        assert missed["nearest below 15 m"]["high"] < missed["15 to 40 m"]["low"]
        assert missed["nearest below 15 m"]["high"] < missed["beyond 40 m"]["low"]
        assert missed["dry night"]["low"] < missed["rainy night"]["high"]
        assert missed["rainy night"]["low"] < missed["dry night"]["high"]
        too_low = line(long, "too low", method, "dry night")["value"]
        assert missed["dry night"]["value"] > 0.7 * too_low


def test_counting_finds_too_few_and_most_at_the_peak(long, said):
    assert said["share_all_counted"] < said["share_all_truth"]
    off = {hour: line(long, "hour", BASE, hour, 1)["difference"] for hour in ("17-20", "20-23", "23-2", "2-6")}
    assert line(long, "all", BASE, "all", 1)["high"] < 0 and min(off, key=off.get) == "20-23"


def test_added_chances_are_right_in_all_and_too_flat(long):
    whole = line(long, "all", ADDED, "all", 1)
    assert whole["low"] < 0 < whole["high"]
    assert line(long, "hour", ADDED, "20-23", 1)["high"] < 0 < line(long, "hour", ADDED, "2-6", 1)["low"]


def test_the_correction_takes_the_bias_away_for_a_wider_interval(long):
    for part, groups in (("all", ["all"]), ("hour", ["17-20", "20-23", "23-2", "2-6"])):
        for group in groups:
            corrected, counted = (line(long, part, method, group, 1) for method in (CORRECTED, BASE))
            assert corrected["low"] < 0 < corrected["high"]
            assert corrected["high"] - corrected["low"] > counted["high"] - counted["low"]


def test_at_index_2_the_correction_goes_below_nought(long):
    quiet = line(long, "hour", CORRECTED, "2-6", 2)
    assert quiet["value"] < 0 and quiet["high"] < 0
