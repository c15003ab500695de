import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from bench_split import RARE, joint_bound, long_tail, own_bound
from hypothesis import example, given, settings
from hypothesis import strategies as st

import anuralib as al
from anuralib.split import splitting, stratify
from anuralib.split.stratify import best_share, choose_folds, choose_test
from anuralib.windows.table import METADATA_COLUMNS


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


@settings(max_examples=60)
@given(count_tables, st.sampled_from([0.1, 0.3, 0.5]), st.integers(0, 3))
@example([[0, 1], [0, 1], [1, 0], [1, 0]], 0.1, 0)  # for each species on both sides test would need two of four
def test_no_recording_ever_in_both(counts, share, seed):
    windows = make_windows(counts, n_windows=6)
    split = splitting.stratified_split(windows, share, seed=seed, candidates=20)
    assert al.leaked_recordings(split) == []
    assert set(split["subset"]) == {"train", "test"}
    pd.testing.assert_frame_equal(split.drop(columns="subset"), windows.drop(columns="subset"))
    in_test = split.drop_duplicates("fname")["subset"].eq("test").sum()
    assert abs(in_test - share * len(counts)) < 1 or in_test == 1


@pytest.mark.parametrize("table", range(2))
def test_long_tails_like_anurasets_are_met(table):
    counts = long_tail(1612, 42, table)
    own, (joint, rare) = own_bound(counts), joint_bound(counts)
    assert rare.size and (counts[:, rare] > 0).sum(axis=0).max() <= RARE
    for seed in range(3):
        test = choose_test(counts, 0.3, seed, 3000)
        share = counts[test].sum(axis=0) / counts.sum(axis=0)
        assert ((share > 0) & (share < 1)).all()
        over = np.abs(share - 0.3) - own
        # What rare species that share recordings forbid each other, an integer program says.
        unavoidable = (joint - own[rare]).max(initial=0)
        assert over.max() < 0.01 + unavoidable
        assert over.mean() < 0.001 + max(0, (joint - own[rare]).sum()) / 42
        assert abs(test.mean() - 0.3) <= 0.01


def test_the_split_of_a_table_is_that_of_its_counts():
    counts = long_tail(200, 8, 0)
    windows = make_windows(counts)
    split = splitting.stratified_split(windows, candidates=300)
    report = al.split_report(split)
    assert (report["missing_in"] == "").all()
    in_test = split.drop_duplicates("fname")["subset"].eq("test").to_numpy()
    got = counts[in_test].sum(axis=0) / counts.sum(axis=0)
    np.testing.assert_allclose(report["test_share"], got)
    np.testing.assert_allclose(report["best_deviation"], own_bound(counts))


def test_close_to_the_best_of_all_splits():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 20, (10, 3)) * (rng.random((10, 3)) < 0.6)
    total = counts.sum(axis=0)
    best = min(
        sum((counts[list(c)].sum(axis=0) / total - 0.3) ** 2)
        for c in itertools.combinations(range(10), 3)
        if (counts[list(c)] > 0).any(axis=0).all())
    report = al.split_report(splitting.stratified_split(make_windows(counts, 20)))
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
    report = al.split_report(split).set_index("species")
    assert report["n_recordings"].tolist() == [20, 1, 2]
    assert report["missing_in"].tolist()[1] in ("train", "test")
    assert report["missing_in"].tolist()[::2] == ["", ""]
    assert report["best_deviation"].tolist() == pytest.approx([0, 0.3, 0.2])
    assert report["n_test"].tolist() == [30, report["n_test"].iloc[1], 1]


def test_report_by_hand():
    windows = make_windows([[3, 0, 0], [1, 2, 0]], 4)
    windows["subset"] = np.where(windows["fname"] == windows["fname"][0], "train", "test")
    report = al.split_report(windows)
    assert report["n_train"].tolist() == [3, 0, 0]
    assert report["n_test"].tolist() == [1, 2, 0]
    assert report["test_share"].tolist()[:2] == [0.25, 1]
    assert report["deviation"].tolist()[:2] == pytest.approx([0.05, 0.7])
    assert report["missing_in"].tolist() == ["", "train", "train, test"]
    assert report.loc[2, ["test_share", "deviation", "best_deviation"]].isna().all()
    with pytest.raises(ValueError, match="subset"):
        al.split_report(make_windows([[1], [1]], 4))


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
    assert len(al.leaked_recordings(by_window)) == 60
    assert al.leaked_recordings(splitting.stratified_split(windows, candidates=5)) == []


def test_validation_is_taken_from_train_by_recording():
    split = splitting.stratified_split(make_windows(long_tail(100, 6, 0), 20), candidates=50)
    three = splitting.add_validation(split, valid_size=0.2, seed=1)
    assert al.leaked_recordings(three) == []
    assert (three["subset"].eq("test") == split["subset"].eq("test")).all()
    by_recording = three.drop_duplicates("fname")["subset"].value_counts()
    assert by_recording.to_dict() == {"train": 56, "valid": 14, "test": 30}
    assert "n_valid" in al.split_report(three)
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
    assert al.leaked_recordings(split, group="site") == []
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


def dated(windows, hours):
    """Recording g begins so many hours after the noon of the first day."""
    number = windows["fname"].str[-6:].astype(int)
    when = pd.Timestamp("2020-01-01 12:00:00") + pd.to_timedelta(number.map(dict(enumerate(hours))), unit="h")
    return windows.assign(date=when.dt.strftime("%Y-%m-%d %H:%M:%S"))


def test_a_night_goes_on_after_midnight():
    windows = dated(make_windows(long_tail(40, 4, 0), 10, sites=2), [2.0 * g for g in range(40)])
    night = splitting.nights(windows)
    first = windows.assign(night=night).drop_duplicates("fname").iloc[:12]
    assert first["date"].iloc[[5, 6, 11]].tolist() == [
        "2020-01-01 22:00:00", "2020-01-02 00:00:00", "2020-01-02 10:00:00"]
    assert set(first["night"]) == {"S0 2020-01-01", "S1 2020-01-01"}
    split = splitting.stratified_split(windows, group="night", candidates=50)
    assert al.leaked_recordings(split, group="night") == []
    assert al.split_report(split, group="night")["n_recordings"].max() <= night.nunique()
    by_hand = splitting.stratified_split(windows, group=night.to_numpy(), candidates=50)
    pd.testing.assert_frame_equal(by_hand, split)
    valid = splitting.add_validation(split, 0.3, group="night")
    assert al.leaked_recordings(valid, group="night") == []
    with pytest.raises(ValueError, match="has no date"):
        splitting.nights(windows.assign(date=""))
    with pytest.raises(ValueError, match="3 values for"):
        splitting.stratified_split(windows, group=[1, 2, 3])
    with pytest.raises(ValueError, match="divides recordings"):
        splitting.stratified_split(windows, group=np.arange(len(windows)))


def test_holdout_of_dates_and_nights():
    windows = dated(make_windows(long_tail(40, 4, 0), 10, sites=2), [24.0 * g for g in range(40)])
    split = splitting.holdout_split(windows, by="date", test=["2020-01"])
    months = split["date"].str[:7]
    assert set(split.loc[months == "2020-01", "subset"]) == {"test"}
    assert set(split.loc[months == "2020-02", "subset"]) == {"train"}
    day = splitting.holdout_split(windows, by="date", test="2020-01-03")
    assert set(day.loc[day["subset"] == "test", "fname"]) == {"S0_20200101_000002"}
    night = splitting.holdout_split(windows, by="night", test=["S0 2020-01-03"])
    assert (night["subset"] == day["subset"]).all()
    for wrong in (["2021"], ["2020"], [""]):
        with pytest.raises(ValueError, match="must name"):
            splitting.holdout_split(windows, by="date", test=wrong)


@settings(max_examples=20)
@given(count_tables, st.integers(2, 5), st.integers(0, 2))
@example([[0, 0], [0, 1], [0, 1], [1, 0], [1, 0]], 5, 0)  # a fold that took two would leave none for the last
def test_folds_hold_every_recording_once(counts, n_folds, seed):
    windows = make_windows(counts, n_windows=6)
    if n_folds > len(counts):
        with pytest.raises(ValueError, match="n_folds"):
            splitting.kfold_split(windows, n_folds, seed=seed, candidates=10)
        return
    folds = splitting.kfold_split(windows, n_folds, seed=seed, candidates=10)
    assert set(folds) == set(range(n_folds))
    assert len(set(zip(windows["fname"], folds, strict=True))) == len(counts)
    again = splitting.kfold_split(windows.iloc[::-1], n_folds, seed=seed, candidates=10)
    pd.testing.assert_series_equal(again.sort_index(), folds)


@settings(max_examples=20)
@given(count_tables, st.sampled_from([0.2, 0.3, 0.5]))
def test_what_the_search_remembers_changes_no_split(counts, share):
    with pytest.MonkeyPatch.context() as patch:
        counts = np.array(counts, dtype=float)
        fast = choose_test(counts, share, 0, 30)
        patch.setattr(stratify._Search, "_known", property(lambda self: {}, lambda self, value: None), raising=False)
        np.testing.assert_array_equal(choose_test(counts, share, 0, 30), fast)


def test_folds_are_balanced_better_than_the_peers():
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    counts = long_tail(300, 20, 1)
    fold = choose_folds(counts, 5, 0, 300)
    theirs = np.zeros(len(counts), dtype=int)
    splitter = MultilabelStratifiedKFold(5, shuffle=True, random_state=0)
    for k, (_, test) in enumerate(splitter.split(counts, (counts > 0).astype(int))):
        theirs[test] = k
    enough = (counts > 0).sum(axis=0) >= 10

    def off(folds):
        share = np.array([counts[folds == k].sum(axis=0) for k in range(5)]) / counts.sum(axis=0)
        return np.abs(share - 0.2)

    assert (off(fold)[:, (counts > 0).sum(axis=0) >= 5] < 0.2).all()  # none is missing where that can be had
    assert off(fold)[:, enough].mean() < off(theirs)[:, enough].mean() / 2
    assert np.ptp(np.bincount(fold)) <= 0.02 * len(counts)


SCALE = """
import sys

import numpy as np
import pandas as pd

import anuralib as al

n = int(sys.argv[1])
rng = np.random.default_rng(0)
recordings = pd.DataFrame({"recording": [f"S{g % 4}_20200101_{g // 3600:02d}{g // 60 % 60:02d}{g % 60:02d}" for g in
                                         range(n)], "duration_s": 60.0})
start = rng.uniform(0, 55, 10 * n)
tail = np.geomspace(1, 200, 42)
species = [f"AAAA{a}{b}" for a in "ABCDEF" for b in "ABCDEFG"]
labels = pd.DataFrame({"recording": rng.choice(recordings["recording"], 10 * n), "start_s": start,
                       "end_s": start + rng.uniform(0, 5, 10 * n),
                       "species": rng.choice(species, 10 * n, p=tail / tail.sum())})
windows = al.stratified_split(al.window_labels(labels, recordings, species))
assert len(windows) == 58 * n and al.leaked_recordings(windows) == []
# Not ru_maxrss, which a process takes over from the one that started it.
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1e6)
"""


def test_ten_thousand_recordings_fit_into_two_gigabytes():
    if sys.platform != "linux":
        pytest.skip("the peak of memory is told by Linux")
    done = subprocess.run([sys.executable, "-c", SCALE, "10000"], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2
