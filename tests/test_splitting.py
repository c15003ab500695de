import itertools

import numpy as np
import pandas as pd
import pytest
from bench_split import long_tail
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib import splitting
from anuralib._stratify import best_share
from anuralib.metadata import METADATA_COLUMNS


def make_windows(counts, n_windows=58, sites=4):
    """A table of windows in which recording g holds counts[g, s] windows of species s."""
    counts = np.asarray(counts)
    n, s = counts.shape
    step = np.tile(np.arange(n_windows), n)
    owner = np.repeat(np.arange(n), n_windows)
    names = np.array([f"S{g % sites}_20200101_{g:06d}" for g in range(n)], dtype=object)
    species = [f"AAA{a}{b}{c}" for a, b, c in itertools.product("ABC", "ABCDE", "ABCDE")][:s]
    front = pd.DataFrame({
        "sample_name": [f"{names[g]}_{t}_{t + 3}.wav" for g, t in zip(owner, step, strict=True)],
        "fname": names[owner], "min_t": step, "max_t": step + 3,
        "site": [f"S{g % sites}" for g in owner], "date": "2020-01-01 00:00:00",
        "species_number": 0, "subset": ""})
    labels = pd.DataFrame((step[:, None] < counts[owner]).astype("int8"), columns=species)
    assert list(front) == list(METADATA_COLUMNS)
    return pd.concat([front, labels], axis=1)


count_tables = st.integers(2, 12).flatmap(lambda n: st.integers(1, 4).flatmap(
    lambda s: st.lists(st.lists(st.integers(0, 6), min_size=s, max_size=s),
                       min_size=n, max_size=n)))


@settings(deadline=None, max_examples=60)
@given(count_tables, st.sampled_from([0.1, 0.3, 0.5]), st.integers(0, 3))
def test_no_recording_ever_in_both(counts, share, seed):
    windows = make_windows(counts, n_windows=6)
    split = splitting.stratified_split(windows, share, seed=seed, candidates=20)
    assert splitting.leaked_recordings(split) == []
    assert set(split["subset"]) == {"train", "test"}
    pd.testing.assert_frame_equal(split.drop(columns="subset"), windows.drop(columns="subset"))
    in_test = split.drop_duplicates("fname")["subset"].eq("test").sum()
    assert abs(in_test - share * len(counts)) < 1 or in_test == 1


def test_long_tail_like_anurasets_is_met():
    windows = make_windows(long_tail(1612, 42, 0))
    split = splitting.stratified_split(windows)
    report = splitting.split_report(split)
    assert (report["missing_in"] == "").all()
    assert (report["deviation"] - report["best_deviation"]).max() < 0.02
    assert report["deviation"].mean() < report["best_deviation"].mean() + 0.001
    shares = split.drop_duplicates("fname")["subset"].eq("test").mean()
    assert abs(shares - 0.3) <= 0.01


def test_close_to_the_best_of_all_splits():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 20, (10, 3)) * (rng.random((10, 3)) < 0.6)
    total = counts.sum(axis=0)
    best = min(
        sum((counts[list(c)].sum(axis=0) / total - 0.3) ** 2)
        for c in itertools.combinations(range(10), 3)
        if (counts[list(c)] > 0).any(axis=0).all())
    report = splitting.split_report(splitting.stratified_split(make_windows(counts, 20)))
    assert (report["deviation"] ** 2).sum() == pytest.approx(best, abs=0.003)


def test_same_seed_same_split_whatever_the_order():
    windows = make_windows(long_tail(90, 12, 1), 20)
    one = splitting.stratified_split(windows, seed=5, candidates=50)
    two = splitting.stratified_split(windows.sample(frac=1, random_state=0), seed=5, candidates=50)
    pd.testing.assert_frame_equal(one, two.sort_index())
    other = splitting.stratified_split(windows, seed=6, candidates=50)
    assert (one["subset"] != other["subset"]).any()


def test_species_that_cannot_be_on_both_sides_are_reported():
    counts = np.zeros((20, 3), dtype=int)
    counts[:, 0] = 5
    counts[0, 1] = 7  # in one recording only
    counts[[1, 2], 2] = (9, 1)
    split = splitting.stratified_split(make_windows(counts, 10))
    report = splitting.split_report(split).set_index("species")
    assert report["n_recordings"].tolist() == [20, 1, 2]
    assert report["missing_in"].tolist()[1] in ("train", "test")
    assert report["missing_in"].tolist()[::2] == ["", ""]
    assert report["best_deviation"].tolist() == pytest.approx([0, 0.3, 0.2])
    assert report["n_test"].tolist() == [30, report["n_test"].iloc[1], 1]


def test_report_by_hand():
    windows = make_windows([[3, 0, 0], [1, 2, 0]], 4)
    windows["subset"] = np.where(windows["fname"] == windows["fname"][0], "train", "test")
    report = splitting.split_report(windows)
    assert report["n_train"].tolist() == [3, 0, 0]
    assert report["n_test"].tolist() == [1, 2, 0]
    assert report["test_share"].tolist()[:2] == [0.25, 1]
    assert report["deviation"].tolist()[:2] == pytest.approx([0.05, 0.7])
    assert report["missing_in"].tolist() == ["", "train", "train, test"]
    assert report.loc[2, ["test_share", "deviation", "best_deviation"]].isna().all()
    with pytest.raises(ValueError, match="subset"):
        splitting.split_report(make_windows([[1], [1]], 4))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.sampled_from([0.1, 0.3, 0.5]))
def test_best_share_against_all_subsets(counts, share):
    total = sum(counts)
    sums = {sum(c) for k in range(len(counts) + 1) for c in itertools.combinations(counts, k)}
    if len(counts) > 1:
        sums -= {0, total}
    best = min(abs(k / total - share) for k in sums)
    assert abs(best_share(counts, share) - share) == pytest.approx(best)


def test_random_split_by_window_leaks_and_ours_does_not():
    windows = make_windows(long_tail(60, 5, 0))
    random = np.random.default_rng(0).random(len(windows)) < 0.3
    by_window = windows.assign(subset=np.where(random, "test", "train"))
    assert len(splitting.leaked_recordings(by_window)) == 60
    assert splitting.leaked_recordings(splitting.stratified_split(windows, candidates=5)) == []


def test_validation_is_taken_from_train_by_recording():
    split = splitting.stratified_split(make_windows(long_tail(100, 6, 0), 20), candidates=50)
    three = splitting.add_validation(split, valid_size=0.2, seed=1)
    assert splitting.leaked_recordings(three) == []
    assert (three["subset"].eq("test") == split["subset"].eq("test")).all()
    by_recording = three.drop_duplicates("fname")["subset"].value_counts()
    assert by_recording.to_dict() == {"train": 56, "valid": 14, "test": 30}
    assert "n_valid" in splitting.split_report(three)
    pd.testing.assert_frame_equal(splitting.add_validation(three, 0.2, seed=1), three)
    with pytest.raises(ValueError, match="train"):
        splitting.add_validation(make_windows([[1], [1]], 4))


def test_holdout_of_sites():
    windows = make_windows(long_tail(40, 5, 0), 10)
    split = splitting.holdout_split(windows, test=["S1", "S3"])
    assert set(split.loc[split["subset"] == "test", "site"]) == {"S1", "S3"}
    assert set(split.loc[split["subset"] == "train", "site"]) == {"S0", "S2"}
    for wrong in ([], ["S9"], ["S0", "S1", "S2", "S3"]):
        with pytest.raises(ValueError, match="must name"):
            splitting.holdout_split(windows, test=wrong)
    with pytest.raises(ValueError, match="divides recordings"):
        splitting.holdout_split(windows, by="min_t", test=[0])


def test_groups_of_recordings():
    windows = make_windows(long_tail(60, 5, 0), 10, sites=12)
    split = splitting.stratified_split(windows, group="site", candidates=50)
    assert splitting.leaked_recordings(split, group="site") == []
    assert split.drop_duplicates("site")["subset"].eq("test").sum() == 4
    with pytest.raises(ValueError, match="divides recordings"):
        splitting.stratified_split(windows, group="min_t")


def test_what_cannot_be_split():
    windows = make_windows([[1], [2]], 4)
    for table, options, text in (
        (windows[windows["fname"] == windows["fname"][0]], {}, "two recordings"),
        (windows.iloc[:0], {}, "no rows"),
        (windows.iloc[:, :8], {}, "species"),
        (windows.drop(columns="fname"), {}, "fname"),
        (windows.assign(AAAAAA=2), {}, "not 0 or 1"),
        (windows.assign(AAAAAA=np.nan), {}, "not 0 or 1"),
        (windows, {"test_size": 0}, "test_size"),
        (windows, {"test_size": 1.0}, "test_size"),
        (windows, {"group": "species"}, "species"), (windows.drop(columns="site"), {"group": "night"}, "site"),
    ):
        with pytest.raises(ValueError, match=text):
            splitting.stratified_split(table, **options)
    for table in (windows, make_windows([[0], [0], [0]], 4)):
        assert set(splitting.stratified_split(table)["subset"]) == {"train", "test"}
