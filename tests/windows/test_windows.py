import errno
import itertools
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib.data.load import load_dataset
from anuralib.data.species import ANURASET_CODES
from anuralib.sound import audio
from anuralib.sound.bandpass import preprocess, preprocess_windows
from anuralib.windows import build as windows
from anuralib.windows.grid import stretches, window_labels, window_starts
from anuralib.windows.table import METADATA_COLUMNS, read_metadata, species_columns, window_path

RATE = 22050
SPECIES = ["BOALUN", "AAAAAA", "PHYCUV"]


def recordings(*lengths):
    names = [f"INCT4_20200101_{i:02d}0000" for i in range(len(lengths))]
    return pd.DataFrame({"recording": pd.Series(names, dtype="str"), "duration_s": lengths})


def labels(*rows):
    table = pd.DataFrame(rows, columns=["recording", "start_s", "end_s", "species"])
    return table.astype({"start_s": float, "end_s": float})


def quiet_windows(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return window_labels(*args, **kwargs)


# --- starts


@pytest.mark.parametrize(("duration_s", "n"), [
    (60.0, 58), (59.4, 57), (3.0, 1), (2.9, 0), (0.0, 0), (60 - 1 / RATE, 57)])
def test_number_of_windows(duration_s, n):
    starts = window_starts(duration_s)
    assert starts.tolist() == list(range(n))


@pytest.mark.parametrize("hop_s", [0.1, 0.2, 0.3, 0.7, 1 / 3])
def test_floating_point_does_not_eat_windows(hop_s):
    for k in range(200):
        starts = window_starts(3 + k * hop_s, 3.0, hop_s)
        assert len(starts) == k + 1
        assert starts[-1] == pytest.approx(k * hop_s, abs=1e-8)
    assert 0.3 in window_starts(4, 3.0, 0.1)


@pytest.mark.parametrize("args", [(-1,), (np.nan,), (np.inf,), (60, 0), (60, 3, 0), (60, 3, -1)])
def test_impossible_grids(args):
    with pytest.raises(ValueError, match="must be"):
        window_starts(*args)


# --- labels


def test_columns_are_those_of_anuraset(shared_data):
    path = shared_data / "anuraset_metadata_sample.csv"
    table = window_labels(labels(), recordings(60.0, 59.4), ANURASET_CODES)
    real = pd.read_csv(path)
    assert list(table) == list(real)
    assert table["min_t"].dtype == real["min_t"].dtype == np.int64
    assert len(table) == 58 + 57
    row = table.iloc[1]
    assert row[list(METADATA_COLUMNS)].tolist() == [
        "INCT4_20200101_000000_1_4.wav", "INCT4_20200101_000000", 1, 4, "INCT4",
        "2020-01-01 00:00:00", 0, ""]


def test_half_open_rule():
    name = recordings(10.0)["recording"][0]
    table = window_labels(
        labels((name, 3.0, 4.0, "BOALUN"), (name, 3.0, 3.0, "AAAAAA")), recordings(10.0), SPECIES)
    # [0, 3) ends where the call begins; [4, 7) begins where it ends.
    assert table["min_t"][table["BOALUN"] == 1].tolist() == [1, 2, 3]
    assert table["min_t"][table["AAAAAA"] == 1].tolist() == [1, 2, 3]
    assert table["species_number"].tolist() == [0, 2, 2, 2, 0, 0, 0, 0]
    assert list(table.columns[8:]) == SPECIES


hops = st.sampled_from([(3.0, 1.0), (3.0, 0.5), (1.0, 0.1), (2.5, 0.7)])
calls = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 100), st.integers(0, 60),
                           st.sampled_from(SPECIES)), max_size=12)


@settings(max_examples=50)
@given(hops, st.lists(st.integers(0, 120), min_size=3, max_size=3), calls)
def test_labels_against_the_definition(grid, tenths, made):
    """Times on a grid of tenths, so that labels meet the edges of windows often."""
    window_s, hop_s = grid
    table = recordings(*[t / 10 for t in tenths])
    strong = labels(*[(table["recording"][r], s / 10, (s + n) / 10, code)
                      for r, s, n, code in made if s <= tenths[r]])
    got = quiet_windows(strong, table.sample(frac=1, random_state=0), SPECIES, window_s, hop_s)
    expected = []
    for row in table.itertuples():
        for t in window_starts(row.duration_s, window_s, hop_s):
            end = round(t + window_s, 9)
            present = [0] * len(SPECIES)
            for call in strong[strong["recording"] == row.recording].itertuples():
                s, e = call.start_s, call.end_s
                if (t <= s < end) if s == e else (s < end and e > t):
                    present[SPECIES.index(call.species)] = 1
            expected.append([row.recording, t, end, *present, sum(present)])
    columns = ["fname", "min_t", "max_t", *SPECIES, "species_number"]
    assert got[columns].to_numpy(dtype=object).tolist() == expected


def test_short_recordings_give_one_warning_that_names_them():
    table = recordings(2.9, 60.0, 1.0)
    with pytest.warns(UserWarning, match="000000.*020000") as told:
        got = window_labels(labels(), table, SPECIES)
    assert len(told) == 1
    assert set(got["fname"]) == {"INCT4_20200101_010000"}
    with pytest.warns(UserWarning, match="shorter"):
        empty = window_labels(labels(), recordings(2.9), SPECIES)
    assert len(empty) == 0
    assert list(empty.columns[8:]) == SPECIES


NAME = "INCT4_20200101_000000"


@pytest.mark.parametrize(("row", "text"), [
    ((NAME, 1, 2, "XXXXXX"), "unknown species XXXXXX"),
    (("elsewhere", 1, 2, "BOALUN"), "unknown recording elsewhere"),
    ((NAME, 11, 12, "BOALUN"), "after the end"),
    ((NAME, -1, 2, "BOALUN"), "before 0 s"),
    ((NAME, 2, 1, "BOALUN"), "ends before"),
    ((NAME, np.nan, 1, "BOALUN"), "not a number"),
])
def test_impossible_labels(row, text):
    with pytest.raises(ValueError, match=text):
        window_labels(labels(row), recordings(10.0), SPECIES)


def test_impossible_tables():
    for table, species, text in (
        (recordings(np.nan), SPECIES, f"duration_s of {NAME}"),
        (pd.concat([recordings(5.0)] * 2), SPECIES, "twice"),
        (recordings(5.0).drop(columns="duration_s"), SPECIES, "no column duration_s"),
        (recordings(5.0), ["BOALUN", "BOALUN"], "distinct"),
        (recordings(5.0), ["site"], "distinct"),
        (recordings(5.0), [], "distinct"),
    ):
        with pytest.raises(ValueError, match=text):
            window_labels(labels(), table, species)


def test_a_label_over_the_end_is_cut_off():
    table = window_labels(labels((NAME, 9, 99, "BOALUN")), recordings(10.0), SPECIES)
    assert table["min_t"][table["BOALUN"] == 1].tolist() == [7]


# --- sound


def test_same_numbers_as_scikit_maad():
    sound = pytest.importorskip("maad.sound")
    signal = np.random.default_rng(0).normal(0, 0.1, 3 * RATE) + 0.2
    filtered = sound.select_bandwidth(signal, RATE, (1, 10000), 5)
    np.testing.assert_allclose(preprocess(signal, RATE), sound.normalize(filtered), atol=1e-12)  # its default peak
    theirs = sound.normalize(filtered, max_db=-6)
    np.testing.assert_allclose(preprocess(signal, RATE, peak_dbfs=-6), theirs, atol=1e-12)


def test_the_peak_is_an_amplitude_or_decibels_and_not_both():
    signal = np.random.default_rng(0).normal(0, 0.1, RATE)
    for options, peak in (({}, 0.7), ({"peak": 1}, 1), ({"peak_dbfs": -6}, 10 ** -0.3), ({"peak_dbfs": 0}, 1)):
        assert np.abs(preprocess(signal, RATE, **options)).max() == pytest.approx(peak)
    assert np.abs(preprocess(signal, RATE, peak=None)).max() == pytest.approx(np.abs(signal).max(), rel=0.1)
    with pytest.raises(ValueError, match="not both"):
        preprocess(signal, RATE, peak=0.5, peak_dbfs=-6)
    with pytest.raises(ValueError, match="not both"):
        preprocess(signal, RATE, peak=None, peak_dbfs=-6)


@pytest.mark.parametrize("rate", [8000, 16000, 20000, 22050, 44100, 96000])
def test_peak_band_and_phase(rate):
    t = np.arange(3 * rate) / rate
    click = np.zeros_like(t)
    click[rate] = 1.0
    signal = 0.1 * np.sin(2 * np.pi * 1000 * t) + 0.3
    out = preprocess(signal, rate)
    assert np.abs(out).max() == pytest.approx(0.7)
    assert np.abs(out.mean()) < 0.01
    assert np.abs(preprocess(click, rate)).argmax() == rate
    if rate > 40000:  # Butterworth of order 5 at twice its edge, twice: 1 / (1 + 2^10)
        tone = np.sin(2 * np.pi * 20000 * t)
        left = np.abs(np.fft.rfft(preprocess(tone, rate, peak=None)))
        assert left[60000] < 0.01 * np.abs(np.fft.rfft(tone))[60000]


def test_silence_stays_silence():
    for signal in (np.zeros(RATE), np.full(RATE, 0.5), np.full(RATE, 0.5, dtype=np.float32)):
        assert not preprocess(signal, RATE).any()


@given(st.integers(1, 200), st.sampled_from([np.float32, np.float64, np.int16]))
def test_any_length_and_kind(n, kind):
    signal = (np.random.default_rng(n).normal(size=n) * 100).astype(kind)
    out = preprocess(signal, RATE)
    assert out.shape == (n,)
    assert out.dtype == (np.float32 if kind == np.float32 else np.float64)
    assert np.isfinite(out).all()


@pytest.mark.parametrize(("signal", "options"), [
    ([], {}), ([[0.1, 0.2]], {}), ([0.1, np.nan], {}), ([0.1, np.inf], {}),
    (np.ones(9), {"band_hz": (500, 100)}), (np.ones(9), {"band_hz": (20000, 30000)}),
    (np.ones(9), {"band_hz": (-1, 100)}), (np.ones(9), {"order": 0}),
    (np.ones(9), {"peak_dbfs": 0.7}), (np.ones(9), {"peak": 1.5}), (np.ones(9), {"peak": 0}),
    (np.ones(9), {"peak": np.nan})])
def test_impossible_signals_and_settings(signal, options):
    with pytest.raises(ValueError, match="signal|filter|clip|amplitude"):
        preprocess(np.array(signal), RATE, **options)


def test_real_sound_keeps_its_energy_where_it_was(shared_data):
    for name, low, high in (("great_plains_toad.wav", 2000, 2400),
                            ("soundshape_cuvieri.wav", 500, 1400)):
        out = preprocess(audio.read_audio(shared_data / name), RATE)
        power = np.abs(np.fft.rfft(out)) ** 2
        hz = np.fft.rfftfreq(len(out), 1 / RATE)
        assert low < hz[power.argmax()] < high
        assert np.abs(out).max() == pytest.approx(0.7, abs=1e-4)


def test_cut_windows():
    signal = np.arange(10 * 100)
    cuts = windows.cut_windows(signal, 100, [0, 0.5, 7.0])
    assert cuts.shape == (3, 300)
    assert cuts[:, 0].tolist() == [0, 50, 700]
    with pytest.raises(ValueError, match="not wholly inside"):
        windows.cut_windows(signal, 100, [7.01])


# --- on disk


@pytest.fixture
def small(tmp_path):
    rng = np.random.default_rng(1)
    names = ["INCT4_20200101_000000", "INCT17_20200101_000001"]
    rows = []
    for name, seconds in zip(names, (5.0, 4.4), strict=True):
        path = tmp_path / "raw_data" / name.split("_")[0] / f"{name}.wav"
        audio.write_audio(path, rng.normal(0, 0.05, (round(seconds * RATE), 2)), RATE)
        rows.append((name, str(path), name.split("_")[0], pd.Timestamp("2020-01-01"), seconds))
    table = pd.DataFrame(rows, columns=["recording", "path", "site", "datetime", "duration_s"])
    strong = labels((names[0], 1, 2, "BOALUN"), (names[1], 4, 4.4, "PHYCUV"))
    return SimpleNamespace(name="small", species=SPECIES, recordings=table, strong_labels=strong)


def contents(folder: Path) -> dict:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("filter_per", ["recording", "window"])
def test_build_resumes_and_reads_back(small, tmp_path, filter_per):
    path = windows.build_windows(small, tmp_path / "a", n_jobs=1, filter_per=filter_per)
    made = contents(tmp_path / "a")
    table = read_metadata(path)
    assert len(table) == 5
    assert len(made) == 5 + 3
    for row in table.itertuples():
        signal = audio.read_audio(window_path(row, path.parent))
        assert len(signal) == 3 * RATE
    # As if killed: one file is missing, one is cut short, and the table was never written.
    sounds = sorted((tmp_path / "a").rglob("*.wav"))
    sounds[0].unlink()
    sounds[1].write_bytes(sounds[1].read_bytes()[:1000])
    path.unlink()
    kept = sounds[2].stat().st_mtime_ns
    windows.build_windows(small, tmp_path / "a", n_jobs=1, filter_per=filter_per)
    assert contents(tmp_path / "a") == made
    assert sounds[2].stat().st_mtime_ns == kept


def test_build_in_parallel_is_the_same(processes, small, tmp_path):
    windows.build_windows(small, tmp_path / "a", n_jobs=1)
    windows.build_windows(small, tmp_path / "b", n_jobs=2)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_build_per_window_is_the_papers_loop(small, tmp_path):
    path = windows.build_windows(small, tmp_path / "a", n_jobs=1, filter_per="window")
    source, _ = soundfile.read(small.recordings["path"][0])
    expected = preprocess(source[RATE:4 * RATE, 0], RATE)
    file = path.parent / "audio" / "INCT4" / "INCT4_20200101_000000_1_4.wav"
    assert np.abs(soundfile.read(file, dtype="int16")[0] - np.trunc(32767 * expected)).max() <= 1


@pytest.mark.parametrize("column", ["site", "recording"])
@pytest.mark.parametrize("name", ["../../x", "..", "/x", "a\\b", "C:x", "nul"])
def test_names_of_a_table_can_not_lead_out_of_the_folder(small, tmp_path, column, name):
    small.recordings.loc[1, column] = name
    small.strong_labels["recording"] = small.strong_labels["recording"].replace("INCT17_20200101_000001",
                                                                                small.recordings["recording"][1])
    before, out = contents(tmp_path), tmp_path / "deep" / "out"
    with pytest.raises(ValueError, match=rf"row \d: {column} .*can't be part of a file's name.*another name"):
        windows.build_windows(small, out, n_jobs=1)
    assert contents(tmp_path) == before
    with pytest.warns(UserWarning, match="can't be part"):
        table = read_metadata(windows.build_windows(small, out, n_jobs=1, on_error="skip"))
    assert set(table["fname"]) == {"INCT4_20200101_000000"}
    new = contents(tmp_path).keys() - before.keys()
    assert len(new) == 3 + 3 and all(path.startswith("deep/out/") for path in new)
    assert "can't be part" in pd.read_csv(out / "report.csv")["problem"][1]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=6), st.integers(40, 900), st.floats(-0.5, 0.5))
def test_overlapping_windows_filtered_together_are_as_if_alone(first, size, offset):
    from scipy.signal import sosfiltfilt

    from anuralib.sound import bandpass as _filtering

    signal = np.random.default_rng(0).uniform(-0.4, 0.4, 4000) + offset
    first = np.array(first)
    for band in ((1, 10_000), (200, 30_000), (0, 3000)):
        sos = _filtering.design(5, band, 22050)
        got = _filtering.filter_windows(signal, first, size, 5, band, 22050)
        for row, k in zip(got, first, strict=True):
            np.testing.assert_allclose(row, sosfiltfilt(sos, signal[k : k + size]), atol=1e-8)


def test_a_silent_window_beside_a_loud_one_stays_silent():
    signal = np.zeros(6 * 22050)
    signal[: 2 * 22050] = np.random.default_rng(0).uniform(-1, 1, 2 * 22050)
    got = preprocess_windows(signal, np.array([0, 22050, 3 * 22050]), 3 * 22050)
    assert np.abs(got[:2]).max(axis=1) == pytest.approx(0.7)
    assert not got[2].any()
    with pytest.raises(ValueError, match="NaN"):
        preprocess_windows(np.full(70000, np.nan), np.array([0]), 66150)


def test_build_refuses_to_mix_settings(small, tmp_path):
    windows.build_windows(small, tmp_path / "a", n_jobs=1)
    with pytest.raises(ValueError, match="other settings"):
        windows.build_windows(small, tmp_path / "a", n_jobs=1, filter_per="window")
    note = tmp_path / "a" / "build.json"  # as of a version whose peak was another
    note.write_text(note.read_text().replace('"peak": 0.7', '"peak": 0.9226'))
    with pytest.raises(ValueError, match="other settings"):
        windows.build_windows(small, tmp_path / "a", n_jobs=1)
    with pytest.raises(ValueError, match="filter_per"):
        windows.build_windows(small, tmp_path / "b", filter_per="day")
    Path(small.recordings["path"][1]).unlink()
    with pytest.raises(FileNotFoundError, match="INCT17_20200101_000001"):
        windows.build_windows(small, tmp_path / "c", n_jobs=1)
    assert not (tmp_path / "c" / "metadata.csv").exists()


def test_a_broken_recording_is_named_and_skipped_only_when_asked(small, tmp_path):
    Path(small.recordings["path"][1]).write_bytes(b"RIFF, but then nothing")
    with pytest.raises(ValueError, match="INCT17_20200101_000001"):
        windows.build_windows(small, tmp_path / "a", n_jobs=2)
    assert not (tmp_path / "a" / "metadata.csv").exists()
    with pytest.warns(UserWarning, match="INCT17_20200101_000001"):
        path = windows.build_windows(small, tmp_path / "a", n_jobs=1, on_error="skip")
    assert set(read_metadata(path)["fname"]) == {"INCT4_20200101_000000"}
    report = pd.read_csv(tmp_path / "a" / "report.csv", keep_default_na=False)
    assert report["n_windows"].tolist() == [3, 0]
    assert report["problem"][0] == "" and "INCT17_20200101_000001.wav" in report["problem"][1]


def test_a_recording_that_ends_before_a_label_is_named_and_skipped_only_when_asked(small, tmp_path):
    late = pd.DataFrame({"recording": ["INCT17_20200101_000001"], "species": [small.species[0]], "quality": ["H"],
                         "start_s": [50.0], "end_s": [51.0]})  # fmt: skip
    cut = SimpleNamespace(**vars(small) | {"strong_labels": pd.concat([small.strong_labels, late], ignore_index=True)})
    with pytest.raises(ValueError, match="INCT17_20200101_000001.*begins after the end"):
        windows.build_windows(cut, tmp_path / "a", n_jobs=1)
    with pytest.warns(UserWarning, match="INCT17_20200101_000001 ends at .* a label begins at 50 s"):
        path = windows.build_windows(cut, tmp_path / "b", n_jobs=1, on_error="skip")
    assert set(read_metadata(path)["fname"]) == {"INCT4_20200101_000000"}
    assert pd.read_csv(tmp_path / "b" / "report.csv", keep_default_na=False)["n_windows"].tolist() == [3, 0]


def test_windows_of_a_replaced_recording_are_cut_anew(small, tmp_path):
    windows.build_windows(small, tmp_path / "a", n_jobs=1)
    before = contents(tmp_path / "a")
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.wav")}
    path, other = small.recordings["path"]
    Path(other).unlink()  # one that is gone can't be compared
    windows.build_windows(small, tmp_path / "a", n_jobs=1)
    assert contents(tmp_path / "a") == before
    audio.write_audio(path, np.random.default_rng(2).normal(0, 0.05, (4 * RATE, 2)), RATE)
    small.recordings.loc[0, "duration_s"] = 4.0
    table = read_metadata(windows.build_windows(small, tmp_path / "a", n_jobs=1))
    assert (table["fname"] == small.recordings["recording"][0]).sum() == 2
    here = sorted((tmp_path / "a").rglob("*.wav"))
    assert len(here) == 4 and here == sorted(window_path(row, tmp_path / "a") for row in table.itertuples())
    assert [p.stem.split("_")[0] for p in here if p.stat().st_mtime_ns == kept[p]] == ["INCT17"] * 2
    for row in table[table["site"] == "INCT4"].itertuples():
        now = (tmp_path / "a" / "audio" / "INCT4" / row.sample_name).read_bytes()
        assert now != before[f"audio/INCT4/{row.sample_name}"]


def test_windows_of_nobody_knows_what_are_neither_believed_nor_removed(small, tmp_path):
    windows.build_windows(small, tmp_path / "a", n_jobs=1)
    note = tmp_path / "a" / "build.json"
    note.write_text("{")
    with pytest.raises(ValueError, match="build.json: damaged"):
        windows.build_windows(small, tmp_path / "a", n_jobs=1)
    note.unlink()
    before = contents(tmp_path / "a")
    with pytest.raises(ValueError, match="not build.json"):
        windows.build_windows(small, tmp_path / "a", n_jobs=1)
    assert contents(tmp_path / "a") == before


@pytest.mark.parametrize("step", ["read_audio", "write_audio"])
def test_a_disk_that_is_full_or_fails_is_no_bad_recording(small, tmp_path, monkeypatch, step):
    def fails(*given, **more):
        raise OSError(errno.ENOSPC if step == "write_audio" else errno.EIO, "as the system says", "here")

    monkeypatch.setattr(audio, step, fails)
    with pytest.raises(OSError, match="the disk .*run the same again"):
        windows.build_windows(small, tmp_path / "a", n_jobs=1, on_error="skip")
    assert not (tmp_path / "a" / "metadata.csv").exists()
    monkeypatch.undo()
    assert len(read_metadata(windows.build_windows(small, tmp_path / "a", n_jobs=1))) == 5


def test_channels_are_chosen(small, tmp_path):
    files = []
    for channel in (0, 1, "mix"):
        path = windows.build_windows(small, tmp_path / str(channel), n_jobs=1, channel=channel)
        files.append(soundfile.read(path.parent / "audio" / "INCT4" / "INCT4_20200101_000000_1_4.wav")[0])
    assert all(np.abs(a - b).max() > 0.1 for a, b in itertools.combinations(files, 2))


def test_killed_at_any_moment_it_is_taken_up_again(tmp_path):
    """Two real kills of a process that builds windows of a tiny pond, then it is let finish."""
    code = ("import sys, anuralib as al; d = al.load_dataset('pond', size='tiny'); print('begun', flush=True); "
            "al.build_windows(d, sys.argv[1], n_jobs=1, progress=False); print('done', flush=True)")
    simulated = load_dataset("pond", size="tiny")
    out = tmp_path / "killed"
    command = [sys.executable, "-c", code, str(out)]
    windows.build_windows(simulated, tmp_path / "whole", n_jobs=1, progress=False)
    expected = contents(tmp_path / "whole")
    killed = 0
    for wanted in (1, len(expected) // 2):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        # The moment is told by what is on disk, not by a clock: after so many files.
        while process.poll() is None and len(list(out.rglob("*.wav"))) < wanted:
            time.sleep(0.01)
        killed += process.poll() is None
        process.kill()
        process.communicate()
        assert all(name in expected or Path(name).name.startswith(".") for name in contents(out))
    assert killed
    windows.build_windows(simulated, out, n_jobs=1, progress=False)
    assert contents(out) == expected


# --- the table


def test_real_rows(shared_data):
    path = shared_data / "anuraset_metadata_sample.csv"
    with pytest.warns(UserWarning, match="species_number differs.* 343 of 343") as told:
        table = read_metadata(path)
    assert len(told) == 1
    assert tuple(species_columns(table)) == ANURASET_CODES
    raw = pd.read_csv(path)
    counts = raw[list(ANURASET_CODES)].to_numpy().sum(axis=1)
    np.testing.assert_array_equal(table["species_number"], counts)
    others = [c for c in raw if c != "species_number"]
    pd.testing.assert_frame_equal(table[others], raw[others], check_dtype=False)
    row = table.iloc[0]
    assert row["sample_name"] == "SAMPLE_00000.wav"
    assert window_path(row, "x") == Path(
        "x/audio/INCT20955/INCT20955_20190904_003000_0_3.wav")


def test_table_goes_to_disk_and_back(tmp_path):
    table = window_labels(labels((NAME, 1, 2, "BOALUN")), recordings(9.0), SPECIES, 3, 0.5)
    table.to_csv(tmp_path / "m.csv", index=False)
    pd.testing.assert_frame_equal(read_metadata(tmp_path / "m.csv"), table)


HEADER = ",".join([*METADATA_COLUMNS, "BOALUN", "PHYCUV"])
GOOD = ["x.wav", "INCT4_20200101_000000", "0", "3", "INCT4", "2020-01-01 00:00:00", "1", "train",
        "1", "0"]


@pytest.mark.parametrize(("column", "value", "text"), [
    ("min_t", "one", "a time"), ("min_t", "-1", "0 s or later"), ("max_t", "1", "later than min_t"),
    ("max_t", "", "a time"), ("date", "2020-13-01 00:00:00", "a date"),
    ("subset", "tset", "one of"), ("sample_name", '"a\nb"', "one line"),
    ("species_number", "x", "a number"), ("BOALUN", "2", "0 or 1"), ("BOALUN", "", "0 or 1"),
    ("PHYCUV", "0.5", "0 or 1"), ("PHYCUV", "yes", "0 or 1"), ("fname", "", "a name"),
    ("fname", "INCT4_20200101_000000.wav", "extension"), ("site", "../..", "a name"),
    ("fname", "..", "a name"), ("max_t", "inf", "a time"), ("site", "C:x", "':' in it"), ("fname", "nul", "device"),
])
def test_bad_cells_are_named(tmp_path, column, value, text):
    bad = list(GOOD)
    bad[HEADER.split(",").index(column)] = value
    bad[2:4] = [str(int(x) + 1) if x in ("0", "3") else x for x in bad[2:4]]
    path = tmp_path / "metadata.csv"
    path.write_text("\n".join([HEADER, ",".join(GOOD), ",".join(bad)]) + "\n")
    where = rf"metadata\.csv, line 3, column {column}: .*{text}"
    with pytest.raises(ValueError, match=where):
        read_metadata(path)


@pytest.mark.parametrize(("content", "text"), [
    ("", "no column sample_name"), ("a,b\n1,2\n", "no column"), (HEADER + ",BOALUN\n", "BOALUN"),
    (HEADER + "\n" + ",".join(GOOD) + ",1\n", "do not fit|cells"),
    (HEADER + "\n" + ",".join(GOOD) + "\n" + ",".join(GOOD) + ",1\n", "do not fit"),
    (HEADER + "\n" + ",".join(GOOD[:5]) + "\n", "line 2"),
    (HEADER + "\n" + ",".join(GOOD) + "\n" + ",".join(GOOD) + "\n", "line 3.*twice"),
    (",".join(METADATA_COLUMNS) + "\n", "no species columns"),
])
def test_bad_tables(tmp_path, content, text):
    path = tmp_path / "metadata.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"metadata\.csv.*({text})"):
        read_metadata(path)


def test_missing_or_foreign_table(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_metadata(tmp_path / "nowhere.csv")
    (tmp_path / "m.csv").write_bytes((HEADER + "\n").encode() + b"\xe3")
    with pytest.raises(ValueError, match=r"m\.csv"):
        read_metadata(tmp_path / "m.csv")


cells = st.sampled_from(
    ["0", "1", "3", "", "x", "-1", "train", "nan", "a b", '"', "0.5", "é", "a\nb", '"a\nb"', "1e999"])
good_rows = st.lists(st.sampled_from(["train", "test", ""]), max_size=4).map(
    lambda subsets: [[*GOOD[:2], str(k), str(k + 3), *GOOD[4:7], x, *GOOD[8:]] for k, x in enumerate(subsets, 5)])


@settings(max_examples=200)
@given(good_rows, st.lists(st.lists(cells, min_size=8, max_size=12), max_size=3), st.binary(max_size=2))
def test_any_table_gives_rows_or_an_error_with_its_line(tmp_path_factory, good, odd, tail):
    path = tmp_path_factory.getbasetemp() / "m.csv"
    rows = [GOOD, *good, *odd]
    path.write_bytes("\n".join([HEADER, *map(",".join, rows)]).encode() + b"\n" + tail)
    try:
        table = quiet_read(path)
    except ValueError as error:
        assert re.search(r"m\.csv, line \d+", str(error))
    else:
        assert len(table) == len(rows)


def quiet_read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return read_metadata(path)


def test_stretches_hold_every_window_once_and_no_more_sound_than_needed():
    starts = window_starts(200.0, 3.0, 1.0)
    parts = list(stretches(starts, 200.0, 3.0, block_s=60.0))
    assert np.concatenate([part for part, *_ in parts]).tolist() == starts.tolist()
    for part, begin_s, length_s in parts:
        assert begin_s == part[0] and begin_s + length_s == part[-1] + 3 and length_s < 70
    assert [rest for _, *rest in stretches(starts[:5], 7.0, 3.0)] == [[0.0, None]]
    assert list(stretches(starts[:0], 2.0, 3.0)) == []
