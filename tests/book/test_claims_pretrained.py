"""What is said of pretrained networks is true of the committed table, direction by direction."""

import pytest
from _results import read_results

EVERY = 83
BUDGETS = (1, 2, 5, 10, 20, EVERY)


@pytest.fixture(scope="module")
def table():
    return read_results("bench_pretrained").fillna({"head": ""})


@pytest.fixture(scope="module")
def labelled(table):
    part = table[table["part"] == "labelled"]
    return part.set_index(["input", "head", "recordings", "types", "measure"]).sort_index()


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


def test_the_gain_over_the_network_is_largest_for_rare_types(labelled):
    ahead = {types: labelled.loc[("BirdNET", "logistic", EVERY, types, "AP"), "diff"] for types in
             ("common", "frequent", "rare")}  # fmt: skip
    assert ahead["rare"] > 4 * max(ahead["common"], 0) and ahead["rare"] > 2 * ahead["frequent"]


def test_prototypes_are_further_behind_with_all_recordings_than_with_five(labelled):
    behind = {n: labelled.loc[("BirdNET", "prototypes", n, "all", "AP")] for n in (5, EVERY)}
    assert behind[EVERY]["d_high"] < behind[5]["d_low"] < 0


def test_a_head_learns_sooner_than_the_network_and_embedding_takes_longer_than_either(table):
    seconds = table[table["part"] == "seconds"].set_index(["input", "head", "recordings"])["value"]
    head, network = seconds["BirdNET", "logistic", EVERY], seconds["network", "", EVERY]
    assert head < network < 2400 * table.set_index("measure")["value"]["core seconds a window"]


def test_the_toad_is_named_first_in_one_window_and_another_name_scores_higher(table):
    heard = table[table["part"] == "toad"].set_index(["measure", "head"])["value"]
    scores = heard["highest score"]
    assert scores.idxmax() == "Dryophytes femoralis" and scores.max() > 2 * scores["Anaxyrus cognatus"]
    assert heard["windows named first", "Anaxyrus cognatus"] == 1 and heard["windows"].iloc[0] == 14
