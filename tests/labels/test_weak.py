import pandas as pd
import pytest

import anuralib as al

RECORDINGS = pd.DataFrame({"recording": ["a", "b", "c", "d"], "annotated": [True, True, True, False]})
STRONG = pd.DataFrame(
    [("a", 0.0, 2.0, "AAAAAA"), ("a", 1.0, 3.0, "AAAAAA"), ("a", 1.5, 2.0, "AAAAAA"), ("b", 5.0, 6.0, "BBBBBB")],
    columns=["recording", "start_s", "end_s", "species"],
)
WEAK = pd.DataFrame(
    [("a", "AAAAAA", 2), ("a", "BBBBBB", 0), ("b", "AAAAAA", 0), ("b", "BBBBBB", 0), ("c", "AAAAAA", 1),
     ("c", "BBBBBB", 0), ("d", "AAAAAA", 3), ("d", "BBBBBB", 0)],
    columns=["recording", "species", "calling_index"],
)  # fmt: skip


def test_presence_from_boxes():
    got = al.weak_from_strong(STRONG, RECORDINGS, ["BBBBBB", "AAAAAA"])
    assert got["recording"].tolist() == ["a", "a", "b", "b", "c", "c"]  # nobody listened to d
    assert got["present"].tolist() == [0, 1, 1, 0, 0, 0]
    assert got["n_labels"].tolist() == [0, 3, 1, 0, 0, 0]
    assert got["labelled_s"].tolist() == [0, 3, 1, 0, 0, 0]  # overlaps once
    with pytest.raises(ValueError, match="unknown species BBBBBB"):
        al.weak_from_strong(STRONG, RECORDINGS, ["AAAAAA"])


def test_strong_against_weak():
    got = al.strong_to_weak(STRONG, WEAK, RECORDINGS).set_index(["recording", "species"])
    assert got["verdict"].to_dict() == {
        ("a", "AAAAAA"): "both", ("b", "BBBBBB"): "strong only", ("c", "AAAAAA"): "weak only"}  # fmt: skip
    assert got["calling_index"].tolist() == [2, 0, 1]
    assert ("d", "AAAAAA") in al.strong_to_weak(STRONG, WEAK).set_index(["recording", "species"]).index
    with pytest.raises(ValueError, match="calling_index"):
        al.strong_to_weak(STRONG, WEAK.drop(columns="calling_index"))


def test_index_from_the_truth_is_the_ponds():
    pond = al.load_dataset("pond", size="tiny")
    got = al.weak_from_truth(pond.truth, pond.recordings, pond.species)
    pd.testing.assert_frame_equal(got.drop(columns="n_callers"), pond.weak_labels, check_dtype=False)
    assert (got["n_callers"].eq(0) == got["calling_index"].eq(0)).all()
