"""What is said of pretrained networks is true of the committed table, direction by direction."""

import math

import pytest
from _results import read_results
from bench_pretrained import facts

EVERY = 83
BUDGETS = (1, 2, 5, 10, 20, EVERY)


@pytest.fixture(scope="module")
def table():
    return read_results("bench_pretrained").fillna({"head": ""})


@pytest.fixture(scope="module")
def labelled(table):
    part = table[table["part"] == "labelled"]
    return part.set_index(["input", "head", "recordings", "types", "measure"]).sort_index()


def test_facts_are_plain_and_finite():
    told = facts(read_results("bench_pretrained"))
    assert len(told) > 40 and all(type(value) is float and math.isfinite(value) for value in told.values())


def test_every_comparison_has_its_rows_and_intervals(labelled):
    for n in BUDGETS:
        for key in (("BirdNET", "logistic"), ("spectra", "logistic"), ("network", "")):
            for measure in ("AP", "F1"):
                found = labelled.loc[(*key, n, "often", measure)]
                assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_birdnet_is_ahead_of_spectra_throughout_and_of_the_network_from_two_recordings_on(labelled):
    for n in BUDGETS:
        assert labelled.loc[("spectra", "logistic", n, "all", "AP"), "d_high"] < 0
        ahead = labelled.loc[("BirdNET", "logistic", n, "all", "AP")]
        assert ahead["against"] == "network" and (ahead["d_low"] > 0) == (n > 1)
    for measure in ("AP", "F1"):
        assert labelled.loc[("BirdNET", "logistic", EVERY, "rare", measure), "d_low"] > 0


def test_twenty_recordings_with_birdnet_are_worth_all_with_spectra_where_types_are_often(labelled):
    value = labelled["value"]
    twenty = value["BirdNET", "logistic", 20, "often", "AP"]
    assert abs(twenty - value["spectra", "logistic", EVERY, "often", "AP"]) < 0.02
    assert twenty < value["network", "", EVERY, "often", "AP"] - 0.05
    # Over all types they are not: most have no call in twenty recordings.
    assert value["BirdNET", "logistic", 20, "all", "AP"] < value["spectra", "logistic", EVERY, "all", "AP"] - 0.1


def test_two_heads_are_alike_and_two_fall_behind(labelled):
    same = labelled.loc[("BirdNET", "discriminant", EVERY, "all", "AP")]
    assert same["d_low"] < 0 < same["d_high"]
    for head in ("prototypes", "prototypes, 3", "neighbours"):
        assert labelled.loc[("BirdNET", head, EVERY, "all", "AP"), "d_high"] < -0.1
        assert labelled.loc[("BirdNET", head, 1, "all", "AP"), "diff"] > -0.02


def test_a_new_site_costs_less_with_birdnet(table):
    site = table[table["part"] == "site"].set_index(["input", "head"])
    cost = {kind: site.loc[(kind, "new site"), "diff"] for kind in ("BirdNET", "spectra")}
    assert site.loc[("BirdNET", "new site"), "d_high"] < 0 and site.loc[("spectra", "new site"), "d_high"] < 0
    assert cost["BirdNET"] > 0.4 * cost["spectra"]
    assert site.loc[("BirdNET", "new site"), "low"] > site.loc[("spectra", "known site"), "high"]
