"""What the chapter on new sites says in words is true of the table that it shows."""

import pytest
from _results import read_results
from bench_new_sites import facts, facts_alike, facts_alike_birdnet, facts_embeddings

SITES = ("SIM1", "SIM2", "SIM3", "SIM4")


@pytest.fixture(scope="module")
def table():
    return read_results("bench_new_sites")


@pytest.fixture(scope="module")
def said(table):
    """What the chapter says, without the front of the keys."""
    return {key.removeprefix("new_sites_"): value for key, value in facts(table).items()}


@pytest.fixture(scope="module")
def methods(table):
    return table[table["part"] == "method"].set_index(["method", "site", "measure"])


@pytest.fixture(scope="module")
def cells(table):
    return table[table["part"] == "cell"].pivot(index=["site", "code"], columns="measure", values="value")


@pytest.fixture(scope="module")
def pairs(table):
    part = table[table["part"].isin(["look-alikes", "other pairs"])]
    return part.pivot(index=["part", "code"], columns="method", values="value")


def interval(methods, *key):
    return methods.loc[key, "low"], methods.loc[key, "high"]


def holds_zero(methods, *key):
    low, high = interval(methods, *key)
    return low <= 0 <= high


def test_a_known_site_is_better_at_every_site_but_for_f1_at_one(methods):
    for site in (*SITES, "all"):
        assert interval(methods, "known", site, "AP")[0] > 0
        assert (interval(methods, "known", site, "F1, tuned")[0] > 0) == (site != "SIM1")
    lost = [methods.loc[("known", site, "AP"), "difference"] for site in SITES]
    assert max(lost) == lost[2] and min(lost) == lost[0]


def test_most_pairs_lose_little_and_one_falls_to_chance(cells):
    lost = cells["AP, known"] - cells["AP, nothing"]
    assert len(cells) == 12 and (lost < 0.06).sum() >= 9
    worst = cells.loc["SIM2", "SHOTRI"]
    assert worst["AP, nothing"] < worst["prevalence"] + 0.05 and worst["AUROC, nothing"] < 0.5
    assert (cells["AUROC, nothing"] < 0.5).sum() == 1


def test_silence_tells_the_site_and_most_homes(table, said):
    assert said["silence_dB"] > 0.6 and abs(said["silence_recording"] - 0.25) < 0.05
    home = table[table["part"] == "home from silence"].set_index("code")["value"]
    assert (home > 0.6).sum() == 4 and said["home_SHOTRI"] == home.max() > 0.9 and said["home_ASCWHI"] < 0.5


def test_thresholds_and_probabilities_stay_at_home(cells, said):
    mean = cells.mean()
    assert said["gap_new"] > 1.5 * said["gap_known"]
    assert mean["calibration error, nothing"] > 1.2 * mean["calibration error, known"]
    assert said["best_SIM4"] > 3 * said["best_SIM3"]


def test_one_ranking_is_not_the_mean_of_sites(table, said):
    pooled = table[table["part"] == "pooled"].pivot(index="code", columns="measure", values="value")
    assert said["pooled"] < said["mean"] - 0.1 and said["way_pooled"] < said["way_mean"] - 0.1
    at_home = pooled.loc["ASCWHI", "pooled, its sites"]
    assert abs(at_home - said["mean"]) < 0.02  # so it is the other sites that cost


def test_five_labelled_minutes_help(methods):
    assert all(interval(methods, "5 labelled", "all", measure)[0] > 0 for measure in ("AP", "F1, tuned"))
    others = {method for method in methods.index.unique("method")} - {"known", "nothing", "5 labelled"}
    assert len(others) == 9  # ten remedies in all
    best = max(methods.loc[(method, "all", "AP"), "difference"] for method in others)
    assert methods.loc[("5 labelled", "all", "AP"), "difference"] > best


def test_of_five_more_remedies_none_gains_what_can_be_trusted(methods):
    for method in ("penalty 10", "penalty 100", "PCEN"):  # at a threshold nothing of it is left
        assert holds_zero(methods, method, "all", "F1, tuned")
    for method in ("site median", "spectral gate", "mix, training silence"):
        assert methods.loc[(method, "all", "AP"), "difference"] < 0
    assert interval(methods, "penalty 10", "all", "AP")[0] > 0
    assert holds_zero(methods, "penalty 10", "all", "F1, tuned")
    assert all(holds_zero(methods, "penalty 100", "all", measure) for measure in ("AP", "F1, tuned"))


def test_what_does_nothing_and_what_harms(methods):
    for method in ("PCEN", "mix, new silence"):
        assert all(holds_zero(methods, method, "all", measure) for measure in ("AP", "F1, tuned"))
    harmful = ("recording median", "site median", "spectral gate", "mix, training silence", "mix, new sound")
    for method in harmful:
        assert interval(methods, method, "all", "AP")[1] < 0
    loss = [methods.loc[(method, "all", "AP"), "difference"] for method in harmful]
    assert min(loss) == loss[0] < -0.2 and loss[2] < loss[3] > -0.04 and loss[4] < loss[3]


@pytest.fixture(scope="module")
def embeddings():
    return read_results("bench_new_sites_birdnet")


def test_embeddings_at_a_new_site_are_ahead_of_spectra_at_a_known_one(embeddings, said):
    told = {key.removeprefix("new_sites_birdnet_"): value for key, value in facts_embeddings(embeddings).items()}
    for measure in ("AP", "F1"):
        assert told[f"nothing_{measure}"] > said[f"known_{measure}"]
        assert told[f"nothing_{measure}"] < told[f"known_{measure}"]  # not immune
    both = embeddings[embeddings["part"] == "method"].set_index(["method", "site", "measure"])
    for name in ("known", "5 labelled"):
        assert holds_zero(both, name, "all", "AP") and interval(both, name, "all", "F1, tuned")[0] > 0


def test_look_alikes_are_hidden_by_scores_against_all_and_helped_by_the_place(table, pairs):
    told = {key.removeprefix("fine_grained_"): value for key, value in facts_alike(table).items()}
    assert told["against"] > 0.95 and told["same"] < 0.9 and told["macro"] > told["same"]
    assert told["any"] > told["same"] + 0.04
    assert pairs.loc["look-alikes"]["same site"].idxmin() == "SHOTRI PULPEE"
    assert pairs.loc["look-alikes"]["same site"].notna().sum() == 9


def test_embeddings_tell_look_alikes_apart(table, embeddings):
    spectra, birdnet = facts_alike(table), facts_alike_birdnet(embeddings)
    assert birdnet["fine_grained_birdnet_same"] > spectra["fine_grained_same"] + 0.05
    assert birdnet["fine_grained_birdnet_mean"] > spectra["fine_grained_mean"]
    assert birdnet["fine_grained_birdnet_hardest"] > spectra["fine_grained_hardest"]
    same = [frame[(frame["part"] == "look-alikes") & (frame["method"] == "same site")].set_index("code")["value"]
            for frame in (table, embeddings)]  # fmt: skip
    lost = same[0] - same[1]
    assert (lost > 0.002).sum() == 2 and lost.max() < 0.025 and same[0][lost > 0.002].min() > 0.97


def test_the_hardest_pairs_are_not_the_look_alikes(table, pairs):
    other = pairs.loc["other pairs"]["same site"]
    assert other.idxmin() == "SHOTRI CLICLU" and other.min() < 0.6
    assert (other < pairs.loc["look-alikes"]["same site"].min()).sum() >= 5
    against = table[(table["part"] == "one against all") & (table["measure"] == "AUROC")].set_index("code")["value"]
    assert against["CLICLU"] < 0.5
