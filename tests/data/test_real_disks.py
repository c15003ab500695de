"""Folders as they are on practitioners' disks: what can't be read is named, and nothing of it becomes silence."""

import errno
import os
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import anuralib as al
from anuralib.data import folders, reading

ONE, TWO = "POND1_20240101_200000", "POND1_20240101_210000"
RNG = np.random.default_rng(0)


def sound(path, seconds=6.0, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (round(seconds * 22050), channels) if channels > 1 else round(seconds * 22050)
    al.write_audio(path, RNG.uniform(-0.1, 0.1, shape), 22050)
    return path


@pytest.fixture
def root(tmp_path):
    """Two recordings with two labels each."""
    for name in (ONE, TWO):
        sound(tmp_path / f"{name}.wav")
        (tmp_path / f"{name}.txt").write_text("0.5\t1\tBOAFAB_M\n4\t5\tPHYCUV_M\n")
    return tmp_path


def skipping(root, match):
    with pytest.warns(UserWarning, match=match):
        return al.load_dataset(root, on_error="skip")


def windows_of(data, **options):
    table = al.window_labels(data.strong_labels, data.recordings, data.species, **options)
    return table.groupby("fname").size().to_dict(), table


# ---------------------------------------------------------------- what could not be read is no silence


def test_windows_of_a_label_that_could_not_be_understood_are_left_out(root):
    (root / f"{ONE}.txt").write_text("0.5\t1\tBOAFAB_M\n4.5\t5\t\n")
    with pytest.warns(UserWarning, match="line 2: the label has no text"):
        data = al.load_dataset(root)
    assert data.recordings.set_index("recording").loc[ONE, "unread_s"] == ((4.5, 5.0),)
    with pytest.warns(UserWarning, match=f"2 window.*{ONE}.*keep_unread=True"):
        counts, table = windows_of(data)
    assert counts == {ONE: 2, TWO: 4}
    assert table.loc[table["fname"] == ONE, "min_t"].tolist() == [0, 1]
    assert windows_of(data, keep_unread=True)[0] == {ONE: 4, TWO: 4}
    assert ONE in data.check().set_index("problem").loc[
        "labels that could not be read: no windows are made of their time", "where"]  # fmt: skip


@pytest.mark.parametrize("content", [b"0.5\tx\tBOAFAB_M\n1\t2\tPHYCUV_M\n", b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_a_recording_whose_labels_have_no_known_time_gives_no_windows(root, content, tmp_path):
    (root / f"{ONE}.txt").write_bytes(content)
    data = skipping(root, ONE)
    assert data.recordings.set_index("recording").loc[ONE, "unread_s"] == ((0.0, np.inf),)
    with pytest.warns(UserWarning, match=ONE):
        assert windows_of(data)[0] == {TWO: 4}
    with pytest.warns(UserWarning, match=ONE):
        path = al.build_windows(data, tmp_path / "out", n_jobs=1, progress=False, on_error="skip")
    report = pd.read_csv(path.with_name("report.csv")).set_index("recording")
    assert report.loc[ONE].tolist() == [0, "labels could not be read"]


def test_labels_of_another_species_and_those_to_be_ignored_are_no_unread_time(tmp_path):
    sound(tmp_path / "raw_data" / "INCT4" / "INCT4_20200101_000000.wav")
    labels = tmp_path / "strong_labels" / "INCT4" / "INCT4_20200101_000000.txt"
    labels.parent.mkdir(parents=True)
    labels.write_text("0\t1\tBOAFAB_M\n1\t2\tBOAFAB_LALSE\n2\t3\tRHIORN_M\n3\t4\tBOAFAB_M\t\n")
    (tmp_path / "species.csv").write_text("FAMILY,SPECIES,CODE\na,b,BOAFAB\n")
    with pytest.warns(UserWarning, match="(?s)line 2: .*ignored.*line 3: species RHIORN"):
        data = al.load_dataset("anuraset", root=tmp_path)
    assert data.strong_labels["start_s"].tolist() == [0, 3] and windows_of(data)[0] == {"INCT4_20200101_000000": 4}


# ---------------------------------------------------------------- one bad file costs that file


def test_a_table_that_is_no_label_file_is_named_and_the_labels_are_read(root):
    (root / f"{ONE}.csv").write_text("latitude,longitude\n-23.5,-46.6\n")
    with pytest.raises(ValueError, match=rf"{ONE}\.csv: no label file.*skip"):
        al.load_dataset(root)
    data = skipping(root, rf"{ONE}\.csv")
    assert len(data.strong_labels) == 4 and windows_of(data)[0] == {ONE: 4, TWO: 4}


def test_of_two_label_files_none_is_guessed(root):
    (root / f"{ONE}.csv").write_text("start_s,end_s,label\n1,2,BOAFAB_H\n")
    with pytest.raises(ValueError, match="second label file"):
        al.load_dataset(root)
    data = skipping(root, "second label file")
    assert set(data.strong_labels["recording"]) == {TWO}
    with pytest.warns(UserWarning, match=ONE):
        assert windows_of(data)[0] == {TWO: 4}


def test_what_a_person_saved_goes_before_what_a_program_did(root):
    (root / f"{ONE}.BirdNET.results.csv").write_text("Start (s),End (s),Scientific name,Common name,Confidence\n")
    data = al.load_dataset(root)
    assert len(data.strong_labels) == 4
    assert "BirdNET" in str(data.findings["where"].tolist())


def test_windows_1252_and_utf_16_are_read(root):
    (root / f"{ONE}.txt").write_bytes("1\t2\tSapo-ferreiro, fêmea\n".encode("cp1252"))
    (root / f"{TWO}.txt").write_bytes("1\t2\tSapo-ferreiro, fêmea\n".encode("utf-16"))
    assert al.load_dataset(root).species == ["Sapo-ferreiro, fêmea"]


def test_equal_names_on_two_cards_are_two_recordings(tmp_path):
    for card in ("moth1", "moth2"):
        sound(tmp_path / card / "5D0B1F2C.WAV")
        (tmp_path / card / "5D0B1F2C.txt").write_text("1\t2\tBOAFAB_M\n")
    data = al.load_dataset(tmp_path, time_zone="America/Sao_Paulo")
    assert data.recordings["site"].tolist() == ["moth1", "moth2"] and data.recordings["annotated"].all()
    assert data.recordings["datetime"].astype(str).tolist() == ["2019-06-20 02:52:44"] * 2
    assert al.load_dataset(tmp_path).recordings["datetime"].isna().all()


@pytest.mark.parametrize("reader", ["parse_labels", "audio_info"])
def test_a_disk_that_fails_is_no_bad_file(root, monkeypatch, reader):
    def broken(path, *args):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(reading, reader, broken)
    with pytest.raises(OSError, match="(?i)input/output error") as caught:
        al.load_dataset(root, on_error="skip")
    assert caught.value.errno == errno.EIO


@pytest.mark.parametrize("name", [f"{ONE}.csv", "season.csv"])
def test_a_disk_that_fails_is_no_file_of_another_kind(root, monkeypatch, name):
    """Which of two files has the labels, and whether a table names recordings, can't be seen then."""
    (root / name).write_text("start_s,end_s,label\n")

    def broken(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path)) if path.name == name else ValueError(path)

    monkeypatch.setattr(folders, "parse_labels", broken)
    with pytest.raises(OSError, match="(?i)input/output error") as caught:
        al.load_dataset(root, on_error="skip")
    assert caught.value.errno == errno.EIO


# ---------------------------------------------------------------- rows of other recordings


def test_a_table_of_a_season_is_read_once(root, monkeypatch):
    asked = Counter()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (asked.update([path.name]), read(path))[1])
    for name in (ONE, TWO):
        (root / f"{name}.txt").unlink()
    (root / "season.csv").write_text(f"start_s,end_s,label,file\n1,2,BOAFAB,{ONE}.wav\n3,4,PHYCUV,{TWO}.wav\n")
    assert al.load_dataset(root).strong_labels["recording"].tolist() == [ONE, TWO]
    assert asked["season.csv"] == 1


def test_rows_go_to_the_recording_that_they_name(root):
    for name in (ONE, TWO):
        (root / f"{name}.txt").unlink()
    rows = [(1, f"{ONE}.wav"), (2, f"{TWO}.wav"), (3, "elsewhere.wav")]
    table = "".join(f"{n}\t{n}\t{n + 0.5}\tBOAFAB\t{file}\n" for n, file in rows)
    header = "Selection\tBegin Time (s)\tEnd Time (s)\tAnnotation\tBegin File\n"
    (root / f"{ONE}.Table.1.selections.txt").write_text(header + table)
    with pytest.warns(UserWarning, match="line 4: it names elsewhere.wav"):
        data = al.load_dataset(root)
    found = data.strong_labels
    assert list(zip(found["recording"], found["start_s"], strict=True)) == [(ONE, 1.0), (TWO, 2.0)]
    assert data.recordings["annotated"].all()


# ---------------------------------------------------------------- nothing is passed over without a word


def test_what_is_not_read_is_named(root):
    for name in ("a.m4a", "b.WAC", f"{TWO}.TextGrid"):
        (root / name).write_bytes(b"x")
    (root / f"{TWO}.txt").unlink()
    found = al.load_dataset(root).check().set_index("problem")
    where = found["where"]
    assert [os.path.basename(p) for p in where["recording in a form that is not read"]] == ["a.m4a", "b.WAC"]
    assert where["annotations in a form that is not read"][0].endswith("TextGrid")
    # Nobody is told to add an empty label file where annotations are.
    assert "recording without a label file: not annotated" not in found.index


def test_links_are_followed_once_and_dead_ones_named(root, tmp_path_factory):
    far = tmp_path_factory.mktemp("far")
    sound(far / "POND2_20240101_200000.wav")
    (root / "disk").symlink_to(far)
    (far / "back").symlink_to(root)
    assert len(al.load_dataset(root).recordings) == 3
    (root / "POND3_20240101_200000.wav").symlink_to(far / "gone.wav")
    with pytest.raises(OSError, match="POND3_.*not there"):
        al.load_dataset(root)
    assert len(skipping(root, "POND3").recordings) == 3


def test_deleted_files_stay_deleted_and_a_file_without_suffix_is_a_label_file(root):
    sound(root / "$RECYCLE.BIN" / "S-1-5" / "$RA1B2C3.wav")
    os.rename(root / f"{ONE}.txt", root / ONE)
    data = al.load_dataset(root)
    assert data.recordings["recording"].tolist() == [ONE, TWO] and data.recordings["annotated"].all()


def test_accents_in_one_form_or_two_are_the_same_name(tmp_path):
    name = "Sítio_20240101_200000"
    sound(tmp_path / (unicodedata.normalize("NFD", name) + ".wav"))
    (tmp_path / (unicodedata.normalize("NFC", name) + ".txt")).write_text("1\t2\tBOAFAB_M\n")
    data = al.load_dataset(tmp_path)
    assert data.recordings["annotated"].tolist() == [True] and data.recordings["site"].tolist() == ["Sítio"]


# ---------------------------------------------------------------- silent, doubled, never set, spelled otherwise


def test_check_hears_a_dead_channel_and_sees_copies_clocks_and_spellings(tmp_path):
    path = tmp_path / "POND1_19700101_000300.wav"
    soundfile.write(path, np.stack([np.zeros(66150), RNG.uniform(-0.1, 0.1, 66150)], axis=1), 22050)
    copy = sound(tmp_path / "a" / "POND2_20240101_200000.wav")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "POND3_20240101_200000.wav").write_bytes(copy.read_bytes())
    copy.with_suffix(".txt").write_text("1\t2\tBOAFAB M\n2\t3\tboafab_m\n3\t4\tHyla sp.\n4\t5\thyla sp\n")
    data = al.load_dataset(tmp_path)
    assert data.species == ["BOAFAB", "Hyla sp.", "hyla sp"]
    where = data.check().set_index("problem")["where"]
    assert where["the first channel is silent from beginning to end"] == ["POND1_19700101_000300"]
    assert where["the same sound in several files"] == ["POND2_20240101_200000 = POND3_20240101_200000"]
    assert where["the recorder's clock was never set"] == ["POND1_19700101_000300"]
    assert where["species that look like one in several spellings"] == ["Hyla sp. = hyla sp"]


def test_a_header_that_lies_is_told(root):
    path = root / f"{TWO}.wav"
    path.write_bytes(path.read_bytes()[:150_000])
    found = al.load_dataset(root).check().set_index("problem")
    assert TWO in found.loc["header and sound do not fit", "where"][0]


# ---------------------------------------------------------------- AnuraSet's own


def test_anurasets_name_with_a_further_part_its_mirror_and_its_weak_columns(tmp_path):
    name = "INCT20955_20191123_041500_000"
    sound(tmp_path / "AnuraSet_v2.0.0_raw" / "INCT20955" / "2019-11-23" / f"{name}.wav")
    (tmp_path / "species.csv").write_text("FAMILY,SPECIES,CODE\na,b,BOAFAB\n")
    (tmp_path / "weak_labels.csv").write_text(
        f"MONITORING_SITE,AUDIO_FILE_ID,SPECIES_BOAFAB,SPECIES_RHISCI\nINCT20955,{name},1,3\n")  # fmt: skip
    data = al.load_dataset("anuraset", root=tmp_path)
    assert data.recordings[["site", "datetime"]].astype(str).iloc[0].tolist() == ["INCT20955", "2019-11-23 04:15:00"]
    assert data.species == ["BOAFAB", "RHISCI"] and data.weak_labels["calling_index"].tolist() == [1, 3]
    assert "RHISCI" in data.check().set_index("problem").loc[
        "species that weak_labels.csv rates and species.csv does not name", "where"][0]  # fmt: skip


def test_the_recorders_note_gives_the_time_that_the_name_does_not(tmp_path):
    guano = b"GUANO|Version: 1.0\nTimestamp: 2024-01-01T20:00:00-03:00\n"
    for name in ("some evening", "POND1_20240101_201234"):
        path = sound(tmp_path / f"{name}.wav")
        path.write_bytes(path.read_bytes() + b"guan" + len(guano).to_bytes(4, "little") + guano)
    data = al.load_dataset(tmp_path)
    times = data.recordings.set_index("recording")["datetime"].astype(str)
    assert times.to_dict() == {"some_evening": "2024-01-01 20:00:00", "POND1_20240101_201234": "2024-01-01 20:12:34"}
    assert "POND1_20240101_201234" in data.check().set_index("problem").loc[
        "name and recorder's note tell different times", "where"][0]  # fmt: skip


def test_one_table_of_a_whole_season(root):
    for name in (ONE, TWO):
        (root / f"{name}.txt").unlink()
    (root / "season.csv").write_text(
        f"file,start_time,end_time,annotation\n{ONE}.wav,1,2,boafab_m\ncards/{TWO}.WAV,3,4,BOAFAB_H\n,5,6,BOAFAB_H\n")
    with pytest.warns(UserWarning, match=r"season\.csv, line 4: it names no file"):
        data = al.load_dataset(root)
    found = data.strong_labels
    assert list(zip(found["recording"], found["start_s"], found["species"], strict=True)) == [
        (ONE, 1.0, "BOAFAB"), (TWO, 3.0, "BOAFAB")]  # fmt: skip
    assert data.recordings["annotated"].all()
