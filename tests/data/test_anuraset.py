import dataclasses
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib.data import anuraset as layouts
from anuralib.data.reading import STRONG_COLUMNS
from anuralib.data.species import ANURASET_CODES
from anuralib.sound import audio
from anuralib.windows.grid import window_labels

CODES = ["BOALUN", "PHYCUV", "AAAAAA"]
ONE, TWO, THREE = "INCT4_20200101_000000", "INCT4_20200101_010000", "INCT17_20200101_000001"


@pytest.fixture
def record(tmp_path):
    """A folder like AnuraSet's record, with its traps."""
    root = tmp_path / "record"
    for name, seconds in ((ONE, 5.0), (TWO, 4.5), (THREE, 3.0)):
        folder = root / "raw_data" / name.split("_")[0]
        audio.write_audio(folder / f"{name}.wav", np.zeros((round(seconds * 22050), 2)), 22050)
    strong = root / "strong_labels" / "strong_labels"  # nested, as the archive unpacks
    for folder in ("INCT4", "INCT17"):
        (strong / folder).mkdir(parents=True)
    (strong / "INCT4" / f"{ONE}.txt").write_text("2\t3\tPHYCUV_H\n0.5\t1\tBOALUN_M\n")
    (strong / "INCT4" / f"{TWO}.txt").write_text("")  # listened to, nothing there
    (strong / "INCT4" / f"._{ONE}.txt").write_bytes(b"\x00\x05\x16\x07")  # macOS leaves these
    # INCT17's recording has no file: not annotated.
    pd.DataFrame({"FAMILY": "x", "SPECIES": "y", "CODE": CODES}).to_csv(
        root / "species.csv", index=False)
    pd.DataFrame({
        "MONITORING_SITE": ["INCT17", "INCT04", "INCT04"], "AUDIO_FILE_ID": [THREE, ONE, TWO],
        "SPECIES_AAAAAA": [0, 0, 1], "SPECIES_BOALUN": [0, 1, 0], "SPECIES_PHYCUV": [0, 3, 0],
    }).to_csv(root / "weak_labels.csv", index=False)
    return root


def strong_file(root, name=ONE):
    return next(p for p in (root / "strong_labels").rglob(f"{name}.txt"))


def test_the_record(record):
    data = layouts.read_anuraset_layout(record, name="small")
    assert (data.name, data.species) == ("small", CODES)
    rec = data.recordings.set_index("recording")
    assert rec.index.tolist() == sorted([ONE, TWO, THREE])
    assert rec.loc[ONE, ["site", "duration_s", "sample_rate_hz"]].tolist() == ["INCT4", 5, 22050]
    assert rec.loc[THREE, "datetime"] == pd.Timestamp("2020-01-01 00:00:01")
    assert rec["annotated"].to_dict() == {ONE: True, TWO: True, THREE: False}
    assert audio.read_audio(rec.loc[TWO, "path"]).shape == (round(4.5 * 22050),)
    assert list(data.strong_labels) == list(STRONG_COLUMNS)
    assert data.strong_labels["species"].tolist() == ["BOALUN", "PHYCUV"]
    assert data.strong_labels["quality"].tolist() == ["M", "H"]
    assert data.strong_labels["low_hz"].isna().all()
    assert list(data.weak_labels) == ["recording", "species", "calling_index"]
    assert len(data.weak_labels) == 9
    one = data.weak_labels[data.weak_labels["recording"] == ONE]
    assert one[["species", "calling_index"]].to_numpy().tolist() == [
        ["BOALUN", 1], ["PHYCUV", 3], ["AAAAAA", 0]]
    with pytest.warns(UserWarning, match=f"without a label file.*{THREE}"):
        windows = window_labels(data.strong_labels, data.recordings, data.species)
    assert windows.groupby("fname").size().to_dict() == {ONE: 3, TWO: 2}
    # Silence is known of the recording with an empty file, and of the other nothing is: it may only be predicted on.
    assert windows.loc[windows["fname"] == TWO, "species_number"].tolist() == [0, 0]
    windows = window_labels(data.strong_labels, data.recordings, data.species, keep_unannotated=True)
    assert windows.groupby("fname").size().to_dict() == {ONE: 3, TWO: 2, THREE: 1}


def test_flat_and_nested_label_folders_are_the_same(record):
    nested = layouts.read_anuraset_layout(record)
    folder = record / "strong_labels"
    for site in list((folder / "strong_labels").iterdir()):
        shutil.move(site, folder / site.name)
    (folder / "strong_labels").rmdir()
    flat = layouts.read_anuraset_layout(record)
    pd.testing.assert_frame_equal(flat.strong_labels, nested.strong_labels)


def test_anurasets_own_order_of_species(tmp_path):
    pd.DataFrame({"FAMILY": "x", "SPECIES": "y", "CODE": sorted(ANURASET_CODES)}).to_csv(
        tmp_path / "species.csv", index=False)
    (tmp_path / "strong_labels").mkdir()
    (tmp_path / "strong_labels" / f"{ONE}.txt").write_text("1\t2\tBOALUN_M\n")
    data = layouts.read_anuraset_layout(tmp_path)
    assert tuple(data.species) == ANURASET_CODES
    # Without any sound the labelled recordings are listed, of unknown length.
    assert data.recordings["recording"].tolist() == [ONE]
    assert data.recordings["duration_s"].isna().all()
    assert len(data.weak_labels) == 0


def test_lines_that_cannot_be_used_are_named_and_the_rest_kept(record):
    strong_file(record).write_text(
        "0.5\t1\tBOALUN_M\n1\t2\tBOALUN_M\textra\nlost\n1\t2\tBOALUN\n1\t2\tZZZZZZ_M\n"
        "2\t3\tPHYCUV_L\n")
    with pytest.warns(UserWarning, match="4 label") as told:
        data = layouts.read_anuraset_layout(record)
    assert len(told) == 1
    for line in (2, 3, 4, 5):
        assert f"{ONE}.txt, line {line}: " in str(told[0].message)
    assert data.strong_labels["species"].tolist() == ["BOALUN", "PHYCUV"]


def test_labels_without_sound_are_left_out_with_a_warning(record):
    (record / "raw_data" / "INCT4" / f"{ONE}.wav").unlink()
    with pytest.warns(UserWarning, match=f"1 labelled.*{ONE}"):
        data = layouts.read_anuraset_layout(record)
    for table in (data.recordings, data.strong_labels, data.weak_labels):
        assert ONE not in set(table["recording"])


def edit(path, old, new):
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(("change", "error", "text"), [
    (lambda r: (r / "species.csv").unlink(), FileNotFoundError, r"species\.csv"),
    (lambda r: edit(r / "species.csv", "PHYCUV", "phycuv"), ValueError, r"species\.csv, line 3"),
    (lambda r: edit(r / "species.csv", "PHYCUV", "BOALUN"), ValueError, r"species\.csv, line 3"),
    (lambda r: edit(r / "species.csv", "CODE", "KODE"), ValueError, "no column CODE"),
    (lambda r: edit(r / "weak_labels.csv", "0,1,3", "0,1,4"), ValueError,
     r"weak_labels\.csv, line 3, column SPECIES_PHYCUV"),
    (lambda r: edit(r / "weak_labels.csv", "SPECIES_AAAAAA", "X"), ValueError, "SPECIES_AAAAAA"),
    (lambda r: edit(r / "weak_labels.csv", TWO, ONE), ValueError, "line 4.*twice"),
    (lambda r: (r / "weak_labels.csv").write_text(""), ValueError, r"weak_labels\.csv"),
    (lambda r: edit(r / "weak_labels.csv", "0,1,3", "0,1,3,2"), ValueError, r"weak_labels\.csv: not a CSV"),
    (lambda r: edit(r / "weak_labels.csv", "0,1,3", "0,,3"), ValueError, r"weak_labels\.csv, line 3, column"),
    (lambda r: (r / "species.csv").write_bytes(b"CODE\n\xff\xfe\n"), ValueError, r"species\.csv"),
    (lambda r: (r / "raw_data" / "notes.wav").write_bytes(b"x"), ValueError, r"notes\.wav"),
    (lambda r: (r / "raw_data" / "INCT4" / f"{ONE}.wav").write_bytes(b"x"), ValueError,
     rf"{ONE}\.wav"),
    (lambda r: shutil.copy(strong_file(r), r / "strong_labels"), ValueError, "same name"),
    (shutil.rmtree, FileNotFoundError, "no such folder"),
    (lambda r: [shutil.rmtree(r / d) for d in ("raw_data", "strong_labels")]
     and (r / "weak_labels.csv").unlink(), FileNotFoundError, "neither"),
])
def test_faults_are_named(record, change, error, text):
    change(record)
    with pytest.raises(error, match=text):
        layouts.read_anuraset_layout(record)


def test_truth_is_for_ponds(record):
    data = layouts.read_anuraset_layout(record)
    with pytest.raises(FileNotFoundError, match="simulated"):
        _ = data.truth
    (record / "truth.csv").write_text("recording,species\na,b\n")
    assert data.truth.to_numpy().tolist() == [["a", "b"]]
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"


cell = st.sampled_from(["0", "1", "3", "4", "", "x", '"', "1.0", "nan", "INCT4_20200101_000000", "AAAAAA", "a\nb"])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(cell, min_size=1, max_size=4), max_size=4), st.binary(max_size=2))
def test_any_weak_labels_give_rows_or_an_error_that_names_the_file(tmp_path_factory, rows, tail):
    root = tmp_path_factory.getbasetemp() / "weak"
    root.mkdir(exist_ok=True)
    (root / "species.csv").write_text("CODE\nAAAAAA\nBBBBBB\n")
    lines = ["AUDIO_FILE_ID,SPECIES_AAAAAA,SPECIES_BBBBBB", f"{THREE},0,1", *map(",".join, rows)]
    (root / "weak_labels.csv").write_bytes("\n".join(lines).encode() + tail)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            data = layouts.read_anuraset_layout(root, on_error="skip")
    except ValueError as error:
        assert "weak_labels.csv" in str(error)
    else:
        named = [row for row in rows if any(row)]
        assert len(data.weak_labels) <= 2 * (1 + len(named))
        assert data.weak_labels.loc[data.weak_labels["recording"] == THREE, "calling_index"].tolist() == [0, 1]
