"""Recordings made at the animal are what the course says of them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import anuralib as al

SETTINGS = {"species": ["BARWHI", "LONTRI", "HIGPEE"], "n_each": 2, "duration_s": 6}


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    return al.simulate_focal(tmp_path_factory.mktemp("focal") / "near", **SETTINGS, n_jobs=1)


def test_one_individual_of_one_type_in_each(near):
    assert len(near.recordings) == 6 and near.recordings["site"].is_unique
    calls = near.truth.groupby("recording")[["species", "caller"]].nunique()
    assert len(calls) == 6 and (calls == 1).all(axis=None)
    assert near.truth.groupby("species")["recording"].nunique().eq(2).all()
    assert set(near.strong_labels["recording"]) == set(near.recordings["recording"])


def test_they_are_near_loud_and_begin_with_the_animal(near):
    truth = near.truth
    assert truth["distance_m"].between(0.5, 4).all()
    assert truth["snr_db"].min() > 20 and set(near.strong_labels["quality"]) == {"H"}
    assert truth.groupby("recording")["start_s"].min().between(0.1, 1).all()
    for path in near.recordings["path"]:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.duration) == (22050, 1, 6.0)
        assert -12.1 < 20 * np.log10(np.abs(al.read_audio(path)).max()) < -2.9


def test_a_recorder_left_alone_hears_less_of_a_call_and_more_types(near, book_pond):
    heard = book_pond.truth.groupby("recording")["species"].nunique()
    assert heard.mean() > 2
    assert near.truth["snr_db"].median() > book_pond.truth["snr_db"].median() + 20


def test_calls_have_the_level_that_the_truth_says(near):
    path = near.recordings.set_index("recording")["path"]
    row = near.truth[near.truth["species"] == "LONTRI"].iloc[0]  # one note, without gaps
    call = al.read_audio(path[row["recording"]], start_s=row["start_s"], duration_s=row["end_s"] - row["start_s"])
    assert 20 * np.log10(np.sqrt(np.mean(call**2))) == pytest.approx(row["level_db"], abs=1.5)


def test_same_seed_same_bytes_whatever_the_number_of_jobs(processes, near, tmp_path):
    again = al.simulate_focal(tmp_path / "again", **SETTINGS, n_jobs=2)
    other = al.simulate_focal(tmp_path / "other", **SETTINGS, seed=1, n_jobs=1)
    for mine, theirs in zip(near.recordings["path"], again.recordings["path"], strict=True):
        assert Path(mine).read_bytes() == Path(theirs).read_bytes()
    assert set(near.recordings["recording"]).isdisjoint(other.recordings["recording"])


def test_of_the_same_settings_nothing_is_written_again(tmp_path):
    first = al.simulate_focal(tmp_path / "near", ["BARWHI"], 1, 3, n_jobs=1)
    before = Path(first.recordings["path"].iloc[0]).stat().st_mtime_ns
    second = al.simulate_focal(tmp_path / "near", ["BARWHI"], 1, 3, n_jobs=1)
    assert Path(second.recordings["path"].iloc[0]).stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="holds something else"):
        al.simulate_focal(tmp_path / "near", ["BARWHI"], 2, 3, n_jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["near"]


@pytest.mark.parametrize(("wrong", "told"), [
    ({"species": ["FROG"]}, "al.call_types"), ({"species": ["BARWHI", "BARWHI"]}, "each once"),
    ({"species": []}, "al.call_types"), ({"n_each": 0}, "at least 1"), ({"n_each": 1.5}, "whole number"),
    ({"duration_s": 1}, "3 to 600"),
])  # fmt: skip
def test_what_makes_no_sense_is_said(wrong, told, tmp_path):
    with pytest.raises(ValueError, match=told):
        al.simulate_focal(tmp_path / "near", **wrong)
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def broken(*given):
        raise OSError("disk full")

    monkeypatch.setattr("anuralib.pond.focal.write_audio", broken)
    with pytest.raises(OSError, match="disk full"):
        al.simulate_focal(tmp_path / "near", ["BARWHI"], 1, 3, n_jobs=1)
    assert not list(tmp_path.iterdir())
