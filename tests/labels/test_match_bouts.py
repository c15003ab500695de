"""Reading a second annotator, and laying the bouts of two beside each other."""

import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.pond.calls import call_types


def _bouts(*rows):
    return pd.DataFrame(rows, columns=["recording", "start_s", "end_s", "species", "quality"])


def test_the_second_annotator_is_read_as_the_first_is():
    pond = al.load_dataset("pond", size="tiny")
    again = al.read_annotator(pond, "strong_labels")
    pd.testing.assert_frame_equal(again, pond.strong_labels)
    second = al.read_annotator(pond)
    assert list(second.columns) == list(pond.strong_labels.columns) and 0 < len(second) < len(again)
    pd.testing.assert_frame_equal(al.read_annotator(pond, pond.root / "second_annotator"), second)


def test_a_missing_folder_and_a_broken_line_are_told(tmp_path):
    pond = al.load_dataset("pond", size="tiny")
    with pytest.raises(FileNotFoundError, match="no label file here"):
        al.read_annotator(pond, "third_annotator")
    name = pond.recordings["recording"][0]
    (tmp_path / f"{name}.txt").write_text("1\t2\tBARWHI_M\n3\t2\tBARWHI_M\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a label file\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="line 2"):
        labels = al.read_annotator(pond, tmp_path)
    assert labels["species"].tolist() == ["BARWHI"]


def test_match_by_hand():
    a = _bouts(("r", 0, 2, "AAAAAA", "H"), ("r", 5, 6, "AAAAAA", "L"), ("r", 10, 12, "BBBBBB", "M"),
               ("s", 0, 1, "AAAAAA", "M"))  # fmt: skip
    b = _bouts(("r", 0.5, 2.5, "AAAAAA", "M"), ("r", 10.2, 11.9, "CCCCCC", "L"), ("s", 30, 31, "AAAAAA", "M"))
    table = al.match_bouts(a, b)
    assert table["verdict"].tolist() == ["same", "only a", "other species", "only a", "only b"]
    assert table["recording"].tolist() == ["r", "r", "r", "s", "s"]
    assert table["start_s"].tolist() == [0, 5, 10, 0, 30]
    assert table["onset_s"][0] == 0.5 and table["offset_s"][0] == 0.5 and np.isnan(table["onset_s"][1])
    assert (table["species_a"][2], table["species_b"][2]) == ("BBBBBB", "CCCCCC")
    assert (table["quality_a"][0], table["quality_b"][0]) == ("H", "M")
    assert pd.isna(table["species_b"][1]) and pd.isna(table["species_a"][4])


def test_the_same_name_goes_first_and_nobody_is_taken_twice():
    a = _bouts(("r", 0, 4, "AAAAAA", "H"), ("r", 0, 4, "BBBBBB", "H"))
    b = _bouts(("r", 0, 4, "BBBBBB", "H"), ("r", 1, 2, "AAAAAA", "H"), ("r", 2, 4, "AAAAAA", "H"))
    table = al.match_bouts(a, b)
    assert table["verdict"].value_counts().to_dict() == {"same": 2, "only b": 1}
    assert table.loc[table["species_a"] == "AAAAAA", "onset_s"].tolist() == [2]  # the one that shares more


def test_short_bouts_may_lie_beside_each_other_up_to_the_collar():
    a, b = _bouts(("r", 1.0, 1.2, "AAAAAA", "H")), _bouts(("r", 1.5, 1.7, "AAAAAA", "H"))
    assert al.match_bouts(a, b)["verdict"].tolist() == ["same"]
    assert al.match_bouts(a, b, collar_s=0.2)["verdict"].tolist() == ["only a", "only b"]
    far = _bouts(("r", 1.0, 4.0, "BBBBBB", "H"))
    assert al.match_bouts(a, far)["verdict"].tolist() == ["only a", "only b"]  # another length: not one bout


def test_empty_tables_and_tables_without_quality():
    a = _bouts(("r", 1.0, 2.0, "AAAAAA", "H")).drop(columns="quality")
    none = a.iloc[:0]
    assert al.match_bouts(a, none)["verdict"].tolist() == ["only a"]
    assert al.match_bouts(none, a)["verdict"].tolist() == ["only b"]
    assert al.match_bouts(none, none).empty
    with pytest.raises(ValueError, match="labels_b has no column recording"):
        al.match_bouts(a, a.drop(columns="recording"))
    with pytest.raises(ValueError, match="collar_s"):
        al.match_bouts(a, a, collar_s=-1)


def test_on_the_pond_every_bout_is_counted_once_and_other_names_are_look_alikes():
    pond = al.load_dataset("pond", size="tiny")
    second = al.read_annotator(pond)
    table = al.match_bouts(pond.strong_labels, second)
    assert table["species_a"].notna().sum() == len(pond.strong_labels)
    assert table["species_b"].notna().sum() == len(second)
    other = table[table["verdict"] == "other species"]
    assert len(other) and (other["species_a"].map(call_types()["lookalike"]) == other["species_b"]).mean() > 0.5
    swapped = al.match_bouts(second, pond.strong_labels)["verdict"].replace({"only b": "only a", "only a": "only b"})
    assert swapped.value_counts().to_dict() == table["verdict"].value_counts().to_dict()
