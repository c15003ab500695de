import dataclasses
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anuralib as al
from anuralib.data import anuraset as layouts
from anuralib.data.reading import STRONG_COLUMNS
from anuralib.data.species import ANURASET_CODES
from anuralib.sound import audio
from anuralib.windows.grid import window_labels
from anuralib.windows.table import METADATA_COLUMNS, window_path, window_sound

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


@settings(max_examples=300)
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


# ---------------------------------------------------------------- oddities of the published record

ODD, SHORT = "INCT20955_20191123_041500_000", "INCT20955_20191201_000000"


@pytest.fixture
def odd(tmp_path):
    """All 42 species, and what is odd in the record: a name, a short recording, 41 rows, labels to be ignored."""
    root = tmp_path / "anuraset"
    strong = {ODD: "0.5\t1.5\tSPHSUR_H\t\n3\t4\tSPHSUR_LALSE\n", SHORT: "27\t28\tSCIALT_L\n",
              ONE: "0\t5\tBOAFAB_M\n\n", THREE: "1\t2\tPHYALB_M\nlost\n", TWO: ""}  # fmt: skip
    for name, seconds in {ODD: 6, SHORT: 28.4, ONE: 5, THREE: 5, TWO: 5}.items():
        site = name.split("_")[0]
        audio.write_audio(root / "raw_data" / site / f"{name}.wav", np.zeros((round(seconds * 8000), 2)), 8000)
        path = root / "strong_labels" / "strong_labels" / site / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(strong[name])
    pd.DataFrame({"FAMILY": "x", "SPECIES": "y", "CODE": [c for c in ANURASET_CODES if c != "SCIALT"]}).to_csv(
        root / "species.csv", index=False)  # fmt: skip
    weak = pd.DataFrame(0, index=range(5), columns=[f"SPECIES_{code}" for code in ANURASET_CODES])
    weak.insert(0, "AUDIO_FILE_ID", [ODD, SHORT, ONE, THREE, TWO])
    weak.insert(0, "MONITORING_SITE", ["INCT20955", "INCT20955", "INCT04", "INCT17", "INCT04"])
    for row, code in enumerate(["SPHSUR", "SCIALT", "BOAFAB", "PHYALB", "BOALUN"]):
        weak.loc[row, f"SPECIES_{code}"] = 1
    weak.to_csv(root / "weak_labels.csv", index=False)
    return root


def load_odd(root):
    with pytest.warns(UserWarning, match="2 label line"):
        return al.load_dataset("anuraset", root=root)


def test_all_42_species_though_species_csv_has_41_rows(odd):
    data = load_odd(odd)
    assert tuple(data.species) == ANURASET_CODES
    assert data.strong_labels.set_index("recording").loc[SHORT, "species"] == "SCIALT"
    found = data.check().set_index("problem")
    assert found.loc["species that weak_labels.csv rates and species.csv does not name", "where"][0].endswith("SCIALT")


def test_a_further_part_of_the_name_is_the_recordings_and_its_windows(odd):
    data = load_odd(odd)
    row = data.recordings.set_index("recording").loc[ODD]
    assert (row["site"], str(row["datetime"])) == ("INCT20955", "2019-11-23 04:15:00")
    windows = al.window_labels(data.strong_labels[data.strong_labels["recording"] == ODD],
                               data.recordings[data.recordings["recording"] == ODD], data.species)  # fmt: skip
    assert windows["sample_name"].tolist()[0] == f"{ODD}_0_3.wav"
    assert windows["SPHSUR"].tolist() == [1, 1, 0, 0]
    assert window_path(windows.iloc[0], "x").as_posix() == f"x/audio/INCT20955/{ODD}_0_3.wav"


def test_labels_to_be_ignored_and_lines_with_too_many_or_few_tabs(odd):
    with pytest.warns(UserWarning, match="2 label line") as told:
        data = al.load_dataset("anuraset", root=odd)
    text = str(told[0].message)
    assert f"{ODD}.txt, line 2: " in text and "LALSE" in text and f"{THREE}.txt, line 2: 1 field" in text
    assert data.strong_labels.groupby("recording").size().to_dict() == {ODD: 1, SHORT: 1, ONE: 1, THREE: 1}
    # Of the line with one field nobody knows the time; of the one to be ignored nothing is unknown.
    with pytest.warns(UserWarning, match=f"3 window.s. of 1 recording.*{THREE}"):
        windows = al.window_labels(data.strong_labels, data.recordings, data.species)
    assert windows.groupby("fname").size().to_dict() == {ODD: 4, SHORT: 26, ONE: 3, TWO: 3}
    assert windows.groupby("fname")["species_number"].sum()[TWO] == 0  # listened to, nothing there
    weak_only = data.check().set_index("problem").loc["weak label without any strong one: the label file is empty"]
    assert weak_only["where"] == [f"{TWO}: BOALUN"]


@pytest.fixture
def published(tmp_path):
    """A table of windows with 50 columns like the published one, and its sound in `audio/`."""
    table = pd.DataFrame(0, index=range(4), columns=[*METADATA_COLUMNS, *ANURASET_CODES]).astype(object)
    for row, (name, start) in enumerate([(ODD, 0), (ODD, 1), (ONE, 0), (ONE, 55)]):
        site, when = al.parse_recording_name(name)
        table.iloc[row, :8] = [f"SAMPLE_{row:05d}.wav", name, start, start + 3, site, str(when), 0, "train"]
        audio.write_audio(tmp_path / "audio" / site / f"{name}_{start}_{start + 3}.wav", np.zeros(24), 8000)
    table.loc[[0, 1, 3], ["SCIALT", "BOAFAB"]] = 1
    species = table[list(ANURASET_CODES)].astype(int)
    table["species_number"] = 2 * species.sum(axis=1) - species["SCIALT"]  # as in the published rows
    table.to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*species_number differs")
def test_the_published_windows(published):
    data = al.load_dataset("anuraset", root=published)
    with pytest.warns(UserWarning, match="species_number differs .* in 3 of 4 rows"):
        windows = data.windows
    assert windows.shape == (4, 50) and tuple(data.species) == ANURASET_CODES
    assert windows["species_number"].tolist() == [2, 2, 0, 2]
    assert all(window_sound(row, data.window_root).is_file() for row in windows.itertuples())
    assert data.recordings.set_index("recording")["duration_s"].to_dict() == {ONE: 58, ODD: 4}
    found = data.check().set_index("problem")["n"]
    assert found["sample_name is not the name of the window's file"] == 4
    assert "window without its sound" not in found


@pytest.mark.filterwarnings("ignore:.*species_number differs")
@pytest.mark.parametrize("place", ["INCT{n}/{day}", "audio/INCT{n}/{compact}", "INCT{n}", "train"])
def test_windows_in_the_folders_of_mirrors(published, place):
    data = al.load_dataset("anuraset", root=published)
    windows = data.windows
    for row in windows.itertuples():
        day = row.date[:10]
        folder = published / place.format(n=row.site[4:], day=day, compact=day.replace("-", ""))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(window_path(row, published), folder)
    assert all(window_sound(row, published).is_file() for row in windows.itertuples())
    assert "window without its sound" not in data.check()["problem"].tolist()


def test_a_competitions_table_of_file_names(published):
    with pytest.warns(UserWarning, match="species_number"):
        expected = al.read_metadata(published / "metadata.csv")
    (published / "train").mkdir()
    for row in expected.itertuples():
        shutil.move(window_path(row, published), published / "train")
    names = [window_path(row, published).name for row in expected.itertuples()]
    expected[list(ANURASET_CODES)].assign(filename=names).to_csv(published / "train.csv", index=False)
    (published / "metadata.csv").unlink()
    data = al.load_dataset("anuraset", root=published)
    pd.testing.assert_frame_equal(data.windows, expected.assign(sample_name=names))
    assert all(window_sound(row, data.window_root).is_file() for row in data.windows.itertuples())
    assert not data.check()["level"].eq("error").any()
    edit(published / "train.csv", names[1], "frog.wav")
    with pytest.raises(ValueError, match=r"train\.csv, line 3, column filename: 'frog.wav'"):
        al.read_metadata(published / "train.csv")


@pytest.mark.parametrize("place", ["AnuraSet_v2.0.0_raw/{site}", "AnuraSet_v2.0.0_raw/{site}/{day}", "{site}/{day}"])
@pytest.mark.parametrize("labels", [True, False])
def test_sound_in_the_folders_of_mirrors(odd, place, labels):
    for path in sorted((odd / "raw_data").rglob("*.wav")):
        site, day = path.stem.split("_")[:2]
        folder = odd / place.format(site=site, day=f"{day[:4]}-{day[4:6]}-{day[6:]}")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(path, folder)
    shutil.rmtree(odd / "raw_data")
    if labels:
        data = load_odd(odd)
        assert data.recordings["annotated"].all() and len(data.strong_labels) == 4
    else:
        shutil.rmtree(odd / "strong_labels")
        (odd / "weak_labels.csv").unlink()
        (odd / "species.csv").unlink()
        data = al.load_dataset("anuraset", root=odd)
        assert not data.recordings["annotated"].any()
    assert tuple(data.species) == ANURASET_CODES
    assert data.recordings["recording"].tolist() == sorted([ODD, SHORT, ONE, THREE, TWO])
    assert data.recordings["site"].tolist() == ["INCT17", "INCT20955", "INCT20955", "INCT4", "INCT4"]


def test_archives_that_nobody_unpacked_are_told(odd):
    shutil.rmtree(odd / "strong_labels")
    (odd / "strong_labels.zip").write_bytes(b"x")
    with pytest.warns(UserWarning, match=r"strong_labels\.zip: it has to be unpacked"):
        data = al.load_dataset("anuraset", root=odd)
    assert not data.recordings["annotated"].any()


def test_a_table_that_only_has_the_name_is_no_table_of_windows(odd):
    (odd / "metadata.csv").write_text("file_name,site,split\na.wav,INCT4,train\n")
    assert load_odd(odd).window_root is None
