"""What the chapter on noise claims of its long run is true of the committed table; and of the pond's weather."""

import pandas as pd
import pytest
from _results import read_results
from bench_noise import facts_network, facts_probe

import anuralib as al

REMEDIES = ("band-pass", "spectral gate", "PCEN", "mix_background")
PLACES = ("as recorded", "wind", "rain", "insects")


@pytest.fixture(scope="module")
def table():
    return read_results("bench_noise").set_index(["method", "place", "measure"])


@pytest.fixture(scope="module")
def network():
    return read_results("bench_noise_network").set_index(["method", "place", "measure"])


def interval(table, *key):
    return table.loc[key, "low"], table.loc[key, "high"]


def test_the_tables_are_whole(table, network):
    assert list(table.index) == list(network.index) and network["value"].notna().all()
    assert set(table.index.get_level_values("method")) == {"dB", *REMEDIES}
    assert set(table.index.get_level_values("place")) == set(PLACES)
    assert table["value"].notna().all() and table.index.is_unique


@pytest.mark.parametrize("method", REMEDIES)
@pytest.mark.parametrize("place", ["as recorded", "wind"])
def test_no_remedy_beats_decibels_as_recorded_or_in_wind(table, method, place):
    low, high = interval(table, method, place, "macro F1")
    assert low < 0 < high


def test_rain_takes_about_half_or_more_of_every_score(table):
    for method in ("dB", *REMEDIES):
        as_recorded, rain = (table.loc[(method, place, "macro F1"), "value"] for place in ("as recorded", "rain"))
        assert rain < 0.55 * as_recorded
        if method != "dB":
            assert interval(table, method, "rain", "macro F1")[0] < 0


def test_pcen_is_worse_in_rain(table):
    assert interval(table, "PCEN", "rain", "macro F1")[1] < 0


def test_only_mixed_in_noise_is_better_and_only_among_insects(table):
    above = [(method, place) for method in REMEDIES for place in PLACES
             if interval(table, method, place, "macro F1")[0] > 0]  # fmt: skip
    assert above == [("mix_background", "insects")]


def test_mixed_in_noise_costs_false_alarms_and_ranks_no_better(table):
    assert interval(table, "mix_background", "as recorded", "false alarms")[0] > 0
    ours, base = (table.loc[(method, "as recorded", "macro AP"), "value"] for method in ("mix_background", "dB"))
    assert ours < base


def test_the_gate_adds_alarms_in_rain_and_among_insects(table):
    for place in ("rain", "insects"):
        assert interval(table, "spectral gate", place, "false alarms")[0] > 0


def test_rain_silences_and_insects_mislead_the_probe_as_they_do_the_network(table):
    alarms = {place: table.loc[("dB", place, "false alarms"), "value"] for place in PLACES}
    assert alarms["rain"] < alarms["as recorded"] / 2 and alarms["insects"] > 1.2 * alarms["as recorded"]
    for letter in "HML":
        lost = [table.loc[("dB", place, f"recall {letter}"), "value"] for place in ("as recorded", "rain")]
        assert lost[1] < lost[0] - 0.1


def test_recall_falls_from_h_to_l_for_every_method(table):
    for method in ("dB", *REMEDIES):
        recall = [table.loc[(method, "as recorded", f"recall {letter}"), "value"] for letter in "HML"]
        assert recall == sorted(recall, reverse=True)


def test_rain_does_not_fall_everywhere_alike_in_the_pond():
    plan, _ = al.timetable.plan_recordings(120, 0)
    share = plan["rain_db"].notna().groupby(plan["site"]).mean()
    assert share.max() > 0.4 and share.min() < 0.1


def test_calls_lie_between_the_edges_of_the_band_pass(book_pond):
    truth = book_pond.truth
    within = pd.Series((truth["low_hz"] > 299) & (truth["high_hz"] < 7000))
    assert within.mean() > 0.999


def test_the_gate_helps_the_network_and_mixed_in_noise_and_pcen_only_among_insects(network):
    above = {(method, place) for method in REMEDIES for place in PLACES
             if interval(network, method, place, "macro F1")[0] > 0}  # fmt: skip
    assert above == {("spectral gate", place) for place in PLACES if place != "wind"} | {
        ("mix_background", "insects"), ("PCEN", "insects")}  # fmt: skip
    low, high = interval(network, "spectral gate", "wind", "macro F1")
    assert low < 0 < high


def test_the_best_network_is_below_the_plain_probe():
    said = facts_probe(read_results("bench_noise")) | facts_network(read_results("bench_noise_network"))
    assert said["noise_network_db"] < said["noise_network_best"] < said["noise_probe_db"]


def test_what_holds_for_both_classifiers(table, network):
    for run in (table, network):
        for place in PLACES:
            low, high = interval(run, "band-pass", place, "macro F1")
            assert low < 0 < high
        for method in ("dB", *REMEDIES):
            rain = run.loc[(method, "rain", "macro F1"), "value"]
            assert rain < 0.62 * run.loc[(method, "as recorded", "macro F1"), "value"]
            assert rain < 0.95 * run.loc[("dB", "as recorded", "macro F1"), "value"]
        for place in ("rain", "insects"):
            assert interval(run, "spectral gate", place, "false alarms")[0] > 0


def test_behind_the_gate_the_network_ranks_better(network):
    values = network["value"].xs(("as recorded", "macro AP"), level=("place", "measure"))
    assert values["spectral gate"] > values["dB"] + 0.05
