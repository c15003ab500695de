"""What the chapter on one example says is true of the committed table, direction by direction."""

import pytest
from _results import read_results


@pytest.fixture(scope="module")
def table():
    return read_results("bench_agile")


@pytest.fixture(scope="module")
def curve(table):
    return table[table["part"] == "curve"].set_index(["method", "clips"]).sort_index()


def test_every_curve_has_its_rows_intervals_and_seeds(curve):
    for method in ("random", "highest", "unsure", "mixed", "mixed, tired"):
        for clips in range(10, 101, 10):
            found = curve.loc[(method, clips)]
            assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1 and found["seed_sd"] > 0


def test_mixed_clips_are_ahead_of_random_ones_from_the_second_turn_on(curve):
    assert all(curve.loc[("mixed", clips), "d_low"] > 0 for clips in range(20, 101, 10))
    assert curve.loc[("mixed", 10), "d_low"] < 0


def test_a_hundred_mixed_clips_are_worth_about_eight_hundred_random_ones(curve):
    mixed = curve.loc[("mixed", 100), "value"]
    assert abs(mixed - curve.loc[("random", 800), "value"]) < 0.02
    assert mixed > curve.loc[("random", 400), "value"] + 0.03


def test_choices_differ_in_what_they_find_and_teach(curve):
    at = {method: curve.loc[(method, 100)] for method in ("random", "highest", "unsure", "mixed")}
    assert at["highest"]["found"] > at["mixed"]["found"] > at["unsure"]["found"] > 5 * at["random"]["found"]
    assert abs(at["unsure"]["value"] - at["mixed"]["value"]) < 0.02
    assert at["random"]["value"] < at["highest"]["value"] < at["mixed"]["value"] - 0.03
    assert all(curve.loc[("highest", clips), "d_high"] < 0 for clips in (10, 20))
    assert curve.loc[("highest", 10), "share"] > 0.75


def test_rare_calls_gain_most(table):
    kinds = table[table["part"] == "type"].pivot(index="type", columns="method", values=["value", "share", "found"])
    gain = kinds["value", "mixed"] - kinds["value", "random"]
    assert gain.min() > 0 and gain["LOWWHI"] == gain.max() and gain["BARWHI"] == gain.min()
    assert gain.corr(kinds["share", "mixed"], method="spearman") < -0.5


def test_one_wrong_answer_in_ten_costs_all_that_is_gained(curve):
    assert curve.loc[("mixed, tired", 100), "d_high"] < 0


def test_the_answers_are_no_sample(curve, table):
    assert curve.loc[("mixed", 100), "share"] > 5 * table.set_index("part").loc["truth", "share"]


def test_a_patient_rule_loses_less(table):
    stop = table[table["part"] == "stop"].set_index("method")
    assert stop["clips"].is_monotonic_increasing and stop["diff"].is_monotonic_increasing
    assert stop.loc["kappa 0.9", "diff"] < -0.1 and -0.06 < stop.loc["kappa 0.99", "diff"] < 0
