"""What `leak_report` says of a split, against cases worked out by hand and against counting one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anuralib as al


def table(rows):
    """A table of windows of 3 s from (fname, min_t, site, date, subset)."""
    windows = pd.DataFrame(rows, columns=["fname", "min_t", "site", "date", "subset"])
    return windows.assign(max_t=windows["min_t"] + 3, AAAAAA=1)


def counts(windows):
    return al.leak_report(windows).set_index("shared")["n_leaked"].to_dict()


def test_by_hand():
    windows = table([
        ("a", 0, "P", "2020-01-01 20:00:00", "train"),
        ("a", 2, "P", "2020-01-01 20:00:00", "test"),  # hears a second of the one above
        ("a", 6, "P", "2020-01-01 20:00:00", "test"),  # only its recording
        ("b", 0, "P", "2020-01-02 03:00:00", "test"),  # the same night, after midnight
        ("c", 0, "P", "2020-01-02 20:00:00", "test"),  # the next night, the same site
        ("d", 0, "Q", "2020-01-01 20:00:00", "test"),  # the same evening elsewhere
    ])  # fmt: skip
    report = al.leak_report(windows)
    assert report["shared"].tolist() == ["sound", "recording", "night", "site"]
    assert report["n_test"].tolist() == [5] * 4
    assert report["n_leaked"].tolist() == [1, 2, 3, 4]
    assert report["share"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize(("start", "shares"), [(3, 0), (2.9, 1), (-3, 0), (-2.9, 1), (0, 1)])
def test_windows_that_only_touch_share_no_sound(start, shares):
    windows = table([("a", 3.0, "P", "", "train"), ("a", 3 + start, "P", "", "test")])
    assert counts(windows)["sound"] == shares


def test_the_same_times_in_another_recording_are_no_leak():
    assert counts(table([("a", 0, "P", "", "train"), ("b", 0, "Q", "", "test")])) == {
        "sound": 0, "recording": 0, "night": pytest.approx(np.nan, nan_ok=True), "site": 0}  # fmt: skip


def test_valid_and_empty_belong_to_no_side():
    rows = [("a", 0, "P", "", "valid"), ("a", 1, "P", "", ""), ("b", 0, "Q", "", "train"), ("a", 2, "P", "", "test")]
    report = al.leak_report(table(rows)).set_index("shared")
    assert report.loc[["sound", "recording", "site"], "n_leaked"].tolist() == [0, 0, 0]
    assert report["n_test"].tolist() == [1] * 4


@pytest.mark.parametrize("subset", ["train", "test", ""])
def test_a_side_without_windows_is_refused(subset):
    with pytest.raises(ValueError, match="split first"):
        al.leak_report(table([("a", 0, "P", "", subset)]))


def test_a_table_of_something_else_is_refused():
    with pytest.raises(ValueError, match="no column"):
        al.leak_report(pd.DataFrame({"fname": ["a"], "subset": ["test"]}))


@st.composite
def split_tables(draw):
    """Windows of a few recordings on two sites and three nights, with a subset each that may leak."""
    n = draw(st.integers(2, 6))
    place = [(draw(st.sampled_from("PQ")), draw(st.integers(1, 3))) for _ in range(n)]
    rows = []
    for k, (site, day) in enumerate(place):
        for start in draw(st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True)):
            subset = draw(st.sampled_from(["train", "test", "valid"]))
            rows.append((f"{site}_{k}", start / 2, site, f"2020-01-0{day} 21:00:00", subset))
    windows = table(rows)
    order = draw(st.permutations(range(len(windows))))
    windows = windows.iloc[list(order)]
    if not {"train", "test"} <= set(windows["subset"]):
        windows = pd.concat([windows, table([("P_x", 0, "P", "2020-01-09 21:00:00", "train"),
                                             ("Q_x", 0, "Q", "2020-01-09 21:00:00", "test")])])  # fmt: skip
    return windows


@given(split_tables())
@settings(max_examples=60)
def test_counting_pair_by_pair_gives_the_same(windows):
    train = windows[windows["subset"] == "train"].to_dict("records")
    test = windows[windows["subset"] == "test"].to_dict("records")
    same = {
        "sound": lambda a, b: a["fname"] == b["fname"] and min(a["max_t"], b["max_t"]) > max(a["min_t"], b["min_t"]),
        "recording": lambda a, b: a["fname"] == b["fname"],
        "night": lambda a, b: (a["site"], a["date"][:10]) == (b["site"], b["date"][:10]),
        "site": lambda a, b: a["site"] == b["site"],
    }
    expected = {name: sum(any(rule(a, b) for b in train) for a in test) for name, rule in same.items()}
    assert counts(windows) == expected
    report = al.leak_report(windows)
    assert (report["share"] == report["n_leaked"] / len(test)).all()
    assert report["n_leaked"].is_monotonic_increasing  # shared sound is a shared recording, and so on


@given(split_tables(), st.sampled_from(["fname", "night", "site"]), st.integers(0, 3))
@settings(max_examples=30)
def test_a_split_that_keeps_groups_together_leaks_none_of_them(windows, group, seed):
    keys = al.nights(windows) if group == "night" else windows[group]
    if keys.nunique() < 2:
        with pytest.raises(ValueError, match="one group"):
            al.stratified_split(windows, group=group)
        return
    windows = windows.reset_index(drop=True)
    found = counts(al.stratified_split(windows, group=group, seed=seed, candidates=20))
    below = {"fname": ["sound", "recording"], "night": ["sound", "recording", "night"], "site": list(found)}[group]
    assert [found[name] for name in below] == [0] * len(below)


def test_the_public_excerpt_of_anuraset_shares_nights_and_sites_but_no_recording(shared_data):
    with pytest.warns(UserWarning, match="species_number"):
        windows = al.read_metadata(shared_data / "anuraset_metadata_sample.csv")
    report = al.leak_report(windows).set_index("shared")
    # The numbers that the chapter on leakage tells.
    assert len(windows) == 343 and windows["fname"].nunique() == 35
    assert report["n_test"].eq(73).all()
    assert report["n_leaked"].to_dict() == {"sound": 0, "recording": 0, "night": 13, "site": 73}
