"""Answers to clips: what is read is what was answered, beside the windows that were asked about and no others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anuralib as al

WINDOWS = pd.DataFrame({"recording": ["A", "A", "B"], "start_s": [0.0, 3.0, 0.0], "end_s": [3.0, 6.0, 3.0]})
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1)
HEAD = "recording,start_s,end_s,species,answer\n"


def answers(*rows):
    return pd.DataFrame(rows, columns=["recording", "start_s", "end_s", "species", "answer"])


def test_answers_stand_beside_their_windows_and_silence_is_not_assumed():
    first, second = WINDOWS.to_numpy()[:2].tolist()
    given_ = answers(("B", 0.0, 3.0, "AAAAAA", "yes"), (*second, "AAAAAA", "no"), (*first, "BBBBBB", "unsure"))
    joined = al.join_answers(WINDOWS.set_axis([7, 8, 9]), given_)
    assert list(joined) == ["AAAAAA", "BBBBBB"] and joined.index.tolist() == [7, 8, 9]
    np.testing.assert_array_equal(joined["AAAAAA"], [np.nan, 0, 1])
    assert joined["BBBBBB"].isna().all()
    frame = WINDOWS.set_axis(["fname", "min_t", "max_t"], axis=1)
    pd.testing.assert_frame_equal(al.join_answers(frame, given_, ["AAAAAA"]), joined[["AAAAAA"]].reset_index(drop=True))


def test_the_later_answer_to_a_clip_counts():
    changed = answers(("A", 0.0, 3.0, "AAAAAA", "yes"), ("A", 0.0, 3.0, "AAAAAA", "unsure"))
    assert al.join_answers(WINDOWS, changed)["AAAAAA"].isna().all()
    assert al.join_answers(WINDOWS, changed[::-1])["AAAAAA"][0] == 1


def test_a_clip_that_is_no_window_is_named():
    with pytest.raises(ValueError, match="B, 1 to 4 s: answered, but none of the windows"):
        al.join_answers(WINDOWS, answers(("B", 1.0, 4.0, "AAAAAA", "yes")))
    with pytest.raises(ValueError, match="there are \\['maybe'\\]"):
        al.join_answers(WINDOWS, answers(("A", 0.0, 3.0, "AAAAAA", "maybe")))
    with pytest.raises(ValueError, match="answers have no column answer"):
        al.join_answers(WINDOWS, WINDOWS.assign(species="AAAAAA"))


@settings(max_examples=30)
@given(st.lists(st.tuples(NAMES, st.floats(0, 1e5), NAMES, st.sampled_from(["yes", "no", "unsure"])), max_size=5))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("answers") / "answers.csv"
    table = answers(*((name, start, start + 3.0, code, answer) for name, start, code, answer in rows))
    al.write_answers(table, path)
    read = al.read_answers(path)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)


def test_a_file_of_answers_read_as_labels_gives_only_what_was_answered_with_yes(tmp_path):
    path = tmp_path / "answers.csv"
    text = f"{HEAD}A,0,3,AAAAAA,yes\nA,3,6,AAAAAA,no\nB,0,3,AAAAAA,unsure\n"
    path.write_text(text, encoding="utf-8")
    labels = al.read_labels(path)
    assert labels[["start_s", "end_s", "label"]].to_numpy().tolist() == [[0.0, 3.0, "AAAAAA"]]


@pytest.mark.parametrize(("text", "said"), [
    ("", "line 1: no column recording"), ("recording,start_s,end_s,species\n", "no column answer"),
    (f"{HEAD}A,0,3,X,maybe\n", "line 2: answer 'maybe' is none of yes, no, unsure"),
    (f"{HEAD}A,0,3,X,yes\nA,5,3,X,yes\n", "line 3: end 3 s lies before start 5 s"),
    (f"{HEAD}A,x,3,X,yes\n", "line 2: start 'x' is not a number"), (f"{HEAD}A,0,3\n", "the species is empty"),
])  # fmt: skip
def test_bad_files_are_named_with_the_line(tmp_path, text, said):
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"answers.csv.*{said}"):
        al.read_answers(path)


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    with pytest.raises(ValueError, match="row 0: answer 'perhaps'"):
        al.write_answers(answers(("A", 0.0, 3.0, "X", "perhaps")), tmp_path / "answers.csv")
    with pytest.raises(ValueError, match="no column species, answer"):
        al.write_answers(WINDOWS, tmp_path / "answers.csv")
    assert not list(tmp_path.iterdir())
