"""What the chapter on ecology says of its long run is so in the committed table."""

import pytest
from _results import read_results
from bench_ecology import GUIDED, MACHINE, facts, recommended


@pytest.fixture(scope="module")
def long():
    return read_results("bench_ecology")


@pytest.fixture(scope="module")
def row(long):
    """Row of a quantity and method."""
    table = long.set_index(["what", "method"])
    return lambda what, method: table.loc[(what, method)]


def within_chance(line):
    return abs(line["bias"]) < 3 * line["bias_error"]


def test_there_are_as_many_seasons_as_were_asked_for(long):
    assert (long["seasons"] >= 195).all() and long["seasons"].max() == 200


def test_the_recommended_intervals_hold_as_often_as_they_should(long):
    table = recommended(long)
    assert len(table) == 14 and table["what"].nunique() == 5
    assert table["coverage"].between(0.9, 0.98).all()


def test_a_stratified_review_is_unbiased_and_narrower_with_more_clips(row):
    for what in ("precision", "density"):
        lines = [row(what, f"4 bins, {n} clips") for n in (48, 100, 200, 400)]
        assert all(abs(line["bias"]) < 0.015 for line in lines)
        widths = [line["width"] for line in lines]
        assert sorted(widths, reverse=True) == widths and widths[0] > 2 * widths[-1]
    assert row("precision", "100 detections")["width"] < row("precision", "4 bins, 200 clips")["width"]


def test_a_count_above_a_threshold_is_biased_and_so_is_a_density_lent_to_a_site(row):
    for line in (row("density", "counted above 0"), row("density SIM1", "bins of all sites")):
        assert abs(line["bias"]) > 10 * line["bias_error"] and abs(line["bias"]) > 0.01
    assert row("density", "counted above 0")["bias"] < 0 < row("density SIM1", "bins of all sites")["bias"]
    assert row("density SIM1", "its own 100 clips")["estimate"] == 0


def test_false_alarms_deceive_the_ordinary_model_and_a_higher_threshold_is_no_cure(row):
    for method, most in ((MACHINE, 0.2), ("machine above 2, ordinary", 0.5)):
        line = row("occupancy", method)
        assert line["bias"] > 0.15 and line["coverage"] < most


def test_guided_listening_is_unbiased_and_sharper_than_random_listening(row):
    guided, chance = row("occupancy", GUIDED), row("occupancy", "random clip of a night, ordinary")
    assert within_chance(guided) and abs(guided["bias"]) < 0.03 and guided["coverage"] >= 0.9
    assert row("occupancy", "best clip of a night, naive")["bias"] < 0
    assert chance["width"] > 1.5 * guided["width"] and chance["clips"] > 1.5 * guided["clips"]


def test_models_of_false_detections_depend_on_the_threshold_and_are_wider(row):
    for method in ("machine above {}, Royle & Link", "machine above {}, 1 in 4 verified, Miller"):
        low, high = (row("occupancy", method.format(threshold)) for threshold in (0, 2))
        assert low["bias"] > high["bias"] + 0.05 and high["bias"] > 3 * high["bias_error"]
        assert min(low["width"], high["width"]) > 1.2 * row("occupancy", GUIDED)["width"]


def test_counted_activity_misses_the_peak_and_its_interval_does_not_know(row):
    counted = row("activity 20-23", "counted above 0")
    assert counted["bias"] < -0.03 and counted["coverage"] < 0.9
    nights, minutes = (row("activity 20-23", f"truth, over {unit}") for unit in ("nights", "minutes"))
    assert nights["coverage"] > 0.98 and nights["width"] > minutes["width"]


def test_a_new_recorder_changes_the_count_and_its_own_review_puts_it_right(row):
    old, new = (row("recorder", f"{name}, counted above 0") for name in ("old", "new"))
    assert new["estimate"] < 0.8 * old["estimate"]
    assert row("recorder", "new, curve of the old")["bias"] < -0.02
    for name in ("old", "new"):
        assert abs(row("recorder", f"{name}, its own 100 clips")["bias"]) < 0.01


def test_the_chapter_gives_these_numbers(long):
    said = facts(long)
    assert said["ecology_seasons"] == 200 and said["ecology_cover_low"] < said["ecology_cover_high"]
