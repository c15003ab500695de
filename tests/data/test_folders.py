"""A reader's own folder, a data set of windows, and what `check` says of them and of AnuraSet's traps."""

import shutil

import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.data.species import ANURASET_CODES


def sound(path, seconds=4.0, rate_hz=22050):
    al.write_audio(path, np.random.default_rng(0).uniform(-0.1, 0.1, round(seconds * rate_hz)), rate_hz)


@pytest.fixture
def own(tmp_path):
    root = tmp_path / "my pond"
    sound(root / "POND1_20240101_200000.wav")
    (root / "POND1_20240101_200000.txt").write_text("0.5\t1\tPHYCUV_M\n\\\t500\t900\n2\t3\tPhysalaemus cuvieri\n")
    sound(root / "moth 2" / "20240102_010000.WAV", 3.5)  # a recorder that writes the time only
    (root / "moth 2" / "20240102_010000.csv").write_text("start_time,end_time,annotation\n1,2,BOALUN_H\n")
    sound(root / "moth3" / "20240102_010000.WAV", 3.0)
    (root / "moth3" / "20240102_010000.txt").write_text("")  # listened to, nothing there
    sound(root / "some day.wav", 5.0, 16000)
    (root / "._some day.txt").write_bytes(b"\x00")
    return root


def test_ones_own_folder(own):
    data = al.load_dataset(own)
    rec = data.recordings.set_index("recording")
    assert list(rec.index) == ["POND1_20240101_200000", "moth3_20240102_010000", "moth_2_20240102_010000", "some_day"]
    assert rec["site"].tolist() == ["POND1", "moth3", "moth_2", "my_pond"]
    assert rec["annotated"].tolist() == [True, True, True, False]
    assert rec["datetime"].isna().tolist() == [False, False, False, True]
    assert data.species == ["BOALUN", "PHYCUV", "Physalaemus cuvieri"]
    first = data.strong_labels.iloc[0]
    assert first[["species", "quality", "low_hz", "high_hz"]].tolist() == ["PHYCUV", "M", 500, 900]
    assert data.strong_labels["quality"].isna().sum() == 1
    assert data.weak_labels.empty
    with pytest.warns(UserWarning, match="some_day"):
        windows = al.window_labels(data.strong_labels, data.recordings, data.species)
    assert windows.groupby("fname").size().to_dict() == {
        "POND1_20240101_200000": 2, "moth3_20240102_010000": 1, "moth_2_20240102_010000": 1}  # fmt: skip
    assert windows["BOALUN"].sum() == 1


def test_own_folder_becomes_windows_and_is_read_again(own, tmp_path):
    data = al.load_dataset(own)
    with pytest.warns(UserWarning, match="some_day"):
        path = al.build_windows(data, tmp_path / "out", n_jobs=1, progress=False)
    report = pd.read_csv(tmp_path / "out" / "report.csv", keep_default_na=False).set_index("recording")
    assert report.loc["some_day", "problem"] == "not annotated"
    again = al.load_dataset(tmp_path / "out")
    assert again.window_root == path.parent
    assert again.species == data.species
    assert len(again.windows) == 4
    assert again.recordings["duration_s"].tolist() == [4, 3, 3]
    assert again.check()["level"].isin(["note"]).all()
    next((tmp_path / "out" / "audio").rglob("*.wav")).unlink()
    assert "window without its sound" in again.check()["problem"].tolist()
    with pytest.raises(FileNotFoundError, match="window_labels"):
        _ = data.windows


def test_what_own_folders_get_wrong(own, tmp_path):
    table = own / "POND1_20240101_200000.Table.1.selections.txt"
    table.write_text("Selection\tBegin Time (s)\tEnd Time (s)\n")
    with pytest.raises(ValueError, match="second label file beside|label file beside"):
        al.load_dataset(own)
    table.unlink()
    (own / "lost.txt").write_text("1\t2\tPHYCUV_M\n")
    (own / "POND1_20240101_200000.txt").write_text("1\t2\t\nx\t2\tA\n1\t2\tsubset\n2\t3\tPHYCUV_M\n")
    with pytest.warns(UserWarning, match=r"3 label line.*line 1: .*no text.*line 2: .*line 3: "):
        data = al.load_dataset(own)
    found = data.check().set_index("problem")
    assert found.loc["label line left out", "n"] == 3
    assert found.loc["label file without its recording", "where"][0].endswith("lost.txt")
    (own / "moth3" / "20240102_010000.WAV").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"moth3.*20240102_010000\.WAV"):
        al.load_dataset(own)
    with pytest.warns(UserWarning, match="moth3"):
        data = al.load_dataset(own, on_error="skip")
    assert "moth3_20240102_010000" not in set(data.recordings["recording"])
    assert "recording can't be read and is left out" in set(data.check()["problem"])
    shutil.copytree(own / "moth 2", own / "sub" / "moth 2")
    with pytest.raises(ValueError, match="same name"):
        al.load_dataset(own)
    with pytest.raises(FileNotFoundError, match="no recordings here"):
        al.load_dataset(empty(tmp_path))
    with pytest.raises(ValueError, match="on_error"):
        al.load_dataset(own, on_error="ignore")


def empty(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_species_of_a_folder(own):
    (own / "species.csv").write_text("FAMILY,SPECIES,CODE\nx,y,PHYCUV\nx,y,BOALUN\n")
    with pytest.warns(UserWarning, match="Physalaemus cuvieri is not in species.csv"):
        data = al.load_dataset(own)
    assert data.species == ["PHYCUV", "BOALUN"]


def test_real_recordings_with_their_label_files(shared_data, tmp_path):
    for path in [*shared_data.glob("*.wav"), *shared_data.glob("*.txt")]:
        shutil.copy(path, tmp_path)
    with pytest.raises(ValueError, match="no column for the label.*skip"):  # Raven's table has none
        al.load_dataset(tmp_path)
    with pytest.warns(UserWarning, match="no column for the label"):
        data = al.load_dataset(tmp_path, on_error="skip")
    assert data.strong_labels["species"].value_counts().to_dict() == {"SP": 14, "CRER": 4}
    assert set(data.recordings["sample_rate_hz"]) == {44100}
    found = data.check().set_index("problem")
    assert found.loc["recording shorter than a window of 3 s", "where"] == ["soundshape_cuvieri"]
    assert found.loc["recording without a label file: not annotated", "where"] == ["great_plains_toad"]


def test_anurasets_own_rows(shared_data, tmp_path):
    folder = tmp_path / "anuraset"
    folder.mkdir()
    shutil.copy(shared_data / "anuraset_metadata_sample.csv", folder / "metadata.csv")
    with pytest.warns(UserWarning, match="species_number"):
        data = al.load_dataset("anuraset", root=tmp_path)
    assert tuple(data.species) == ANURASET_CODES
    assert (data.name, data.window_root, len(data.recordings)) == ("anuraset", folder, 35)
    found = data.check().set_index("problem")
    assert found.loc["species_number is not the number of species in the row", "n"] == 343
    assert found.loc["window without its sound", "n"] == 343
    assert found.loc["sample_name is not the name of the window's file", "n"] == 343


@pytest.fixture
def traps(tmp_path):
    """Each fact about the record that is easy to stumble over, once."""
    root = tmp_path / "record"
    names = {"INCT4_20200101_000000": 60, "INCT4_20200101_001500": 58.7, "INCT17_20200101_000001": 60,
             "INCT41_20200101_000000": 2.5, "INCT41_20200101_010000": 60}  # fmt: skip
    for name, seconds in names.items():
        sound(root / "raw_data" / name.split("_")[0] / f"{name}.wav", seconds)
    strong = {
        "INCT4_20200101_000000": "0.5\t61\tBOALUN_M\n2\t3\tPHYCUV_C\n2\t3\tPHYCUV_C\n1\t2\tBOALUN_M\tx\nlost\n\t\n",
        "INCT4_20200101_001500": "",
        "INCT17_20200101_000001": "70\t71\tBOALUN_F\n",
        "INCT41_20200101_000000": "",
    }
    for name, text in strong.items():
        path = root / "strong_labels" / "strong_labels" / name.split("_")[0] / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "species.csv").write_text("FAMILY,SPECIES,CODE\na,b,BOALUN\na,b,PHYCUV\na,b,LEPFLA\n")
    (root / "weak_labels.csv").write_text(
        "MONITORING_SITE,AUDIO_FILE_ID,SPECIES_BOALUN,SPECIES_PHYCUV,SPECIES_LEPFLA\n"
        "INCT04,INCT4_20200101_000000,2,0,0\nINCT04,INCT4_20200101_001500,1,0,0\n"
        "INCT17,INCT17_20200101_000001,1,0,0\nINCT41,INCT41_20200101_000000,0,0,0\n")  # fmt: skip
    return root


def test_check_names_every_trap(traps):
    with pytest.warns(UserWarning, match="2 label line") as told:
        data = al.load_dataset("anuraset", root=traps)
    for line in (4, 5):
        assert f"INCT4_20200101_000000.txt, line {line}: " in str(told[0].message)
    found = data.check().set_index("problem")
    where = found["where"].to_dict()
    assert found["level"].tolist() == sorted(found["level"], key=["error", "warning", "note"].index)
    assert found["advice"].str.len().min() > 5
    assert found.loc["label line left out", ["level", "n"]].tolist() == ["error", 2]
    assert where["label begins after the end of the recording"] == ["INCT17_20200101_000001 at 70.0 s, BOALUN"]
    assert where["label hangs over the end of the recording"] == ["INCT4_20200101_000000 at 0.5 s, BOALUN"]
    assert where["label stands twice"] == ["INCT4_20200101_000000 at 2.0 s, PHYCUV"]
    assert where["recording without a label file: not annotated"] == ["INCT41_20200101_010000"]
    assert where["weak label without any strong one: the label file is empty"] == ["INCT4_20200101_001500: BOALUN"]
    assert where["strong label of a species whose calling index is 0"] == ["INCT4_20200101_000000: PHYCUV"]
    assert where["recording shorter than a window of 3 s"] == ["INCT41_20200101_000000"]
    assert where["recording shorter than most"] == ["INCT4_20200101_001500"]
    assert where["species without any strong label"] == ["LEPFLA"]
    assert where["species in one recording only"] == ["PHYCUV"]
    assert where["the site in weak_labels.csv is not that of the recording's name"][0].endswith("INCT04 for INCT4")
    assert data.recordings.set_index("recording").loc["INCT17_20200101_000001", "site"] == "INCT17"
    assert data.strong_labels["quality"].tolist()[-2:] == ["H", "H"]  # C of the protocol


def test_a_clean_pond_has_only_its_planned_faults():
    pond = al.load_dataset("pond", size="tiny")
    assert not pond.check()["level"].eq("error").any()
    assert list(pond.check()) == ["level", "problem", "n", "where", "advice"]


def test_copies_and_odd_rates_are_noticed(own):
    shutil.copy(own / "POND1_20240101_200000.wav", own / "POND1_20240101_200001.wav")
    found = al.load_dataset(own).check().set_index("problem")
    assert found.loc["begins before the one before it at its site ends", "where"] == ["POND1_20240101_200001"]
    assert found.loc["the same sound in several files", "where"] == ["POND1_20240101_200000 = POND1_20240101_200001"]
    assert found.loc["sample rate is not the usual one", "where"] == ["some_day"]
    assert "some_day" in found.loc["no date and time known from the name", "where"]
