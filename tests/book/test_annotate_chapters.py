"""The exercises in which labels are made: the right ones pass, and each kind of fault gets its hint."""

import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.course.checks import annotate
from anuralib.course.checks.annotate import CLIP_S, compare_boxes


def said(capsys, name, answer):
    passed = al.check(name, answer)
    return passed, capsys.readouterr().out


def test_examples_of_calls_are_labelled_one_after_the_other():
    codes = ["HIGPEE", "LONTRI", "BARWHI"]
    sound, labels = al.call_examples(codes)
    again, _ = al.call_examples(codes)
    assert labels["species"].tolist() == codes and np.array_equal(sound, again)
    assert (labels["end_s"] > labels["start_s"]).all() and labels["start_s"].is_monotonic_increasing
    assert labels["start_s"].iloc[0] == 0 and labels["end_s"].iloc[-1] <= len(sound) / 22050
    for row in labels.itertuples():
        part = sound[round(row.start_s * 22050) : round(row.end_s * 22050)]
        assert part.any() and np.isfinite(part).all()
    with pytest.raises(ValueError, match="XXXXXX"):
        al.call_examples(["XXXXXX"])
    with pytest.raises(ValueError, match="no call type"):
        al.call_examples([])


@pytest.fixture(scope="module")
def pond():
    return al.load_dataset("pond")


def rated(pond, recording):
    rows = pond.weak_labels[(pond.weak_labels["recording"] == recording) & (pond.weak_labels["calling_index"] > 0)]
    return dict(zip(rows["species"], rows["calling_index"], strict=True))


@pytest.fixture(scope="module")
def lively(pond):
    """A recording with three types or more, of which one is at index 1 and one at 3."""
    present = pond.weak_labels[pond.weak_labels["calling_index"] > 0]
    table = present.groupby("recording")["calling_index"].agg(["size", "min", "max"])
    return table[(table["size"] >= 3) & (table["min"] == 1) & (table["max"] == 3)].index[0]


def test_right_weak_labels_pass_in_every_recording(pond, capsys):
    for recording in pond.recordings["recording"][:8]:
        right = rated(pond, recording)
        passed, text = said(capsys, "weak-labels.4", (recording, right))
        assert passed == bool(right), text
        assert said(capsys, "weak-labels.4", (recording, right | {"barwhi": right.get("BARWHI", 0)}))[0] == bool(right)


def test_wrong_weak_labels_get_their_hint(pond, lively, capsys):
    right = rated(pond, lively)
    low = next(code for code, index in right.items() if index == 1)
    absent = next(code for code in pond.species if code not in right)
    for wrong, hint in [
        ({code: index for code, index in right.items() if code != low}, "something is missing"),
        (right | {absent: 1}, f"{absent} does not call here"),
        (right | {low: 3}, "too full"),
        (dict.fromkeys(right, 2), "the types are right"),
        (right | {low: 4}, "not a calling index"),
        (right | {low: "1"}, "not a calling index"),
        (right | {low: ...}, "replace the ..."),
        (right | {"XXXXXX": 1}, "no call type"),
        (dict.fromkeys(pond.species, 1), "does not call here"),
    ]:
        passed, text = said(capsys, "weak-labels.4", (lively, wrong))
        assert not passed and hint in text, (wrong, text)
    passed, text = said(capsys, "weak-labels.4", (lively, right | {low: 2}))
    assert passed and "one step off" in text
    assert "nothing calls" in said(capsys, "weak-labels.4", (silent(pond), {low: 1}))[1]


def silent(pond):
    highest = pond.weak_labels.groupby("recording")["calling_index"].max()
    return highest[highest == 0].index[0]


def boxes_of(pond, recording, start_s):
    rows = pond.strong_labels[pond.strong_labels["recording"] == recording]
    rows = rows[(rows["end_s"] > start_s) & (rows["start_s"] < start_s + CLIP_S)]
    return [(r.start_s, r.end_s, f"{r.species}_{r.quality}") for r in rows.itertuples()]


def test_the_annotators_boxes_pass_in_every_clip(pond, capsys, monkeypatch):
    monkeypatch.setattr(annotate, "load_dataset", lambda name: pond)  # each check opens it anew
    rng = np.random.default_rng(0)
    for recording, length in zip(pond.recordings["recording"][:8], pond.recordings["duration_s"][:8], strict=True):
        for start_s in (0, length - CLIP_S):
            boxes = boxes_of(pond, recording, start_s)
            shifted = [(b + rng.uniform(-0.2, 0), e + rng.uniform(0, 0.2), text) for b, e, text in boxes]
            for answer in (boxes, shifted):
                passed, text = said(capsys, "strong-labels.5", (recording, start_s, answer))
                assert passed == bool(boxes), (recording, start_s, answer, text)


TRUTH = [(12.0, 13.0, "ASCWHI_H"), (15.0, 19.0, "ASCWHI_H"), (17.0, 17.6, "HIGPEE_M")]


def hint(*boxes, clear=None):
    drawn, truth = (pd.DataFrame([(b, e, *t.split("_")) for b, e, t in rows],
                                 columns=["start_s", "end_s", "species", "quality"]) for rows in (boxes, TRUTH))
    return compare_boxes(drawn, truth, 10.0, al.call_types()["lookalike"], clear)


def test_boxes_are_judged_with_half_a_second_of_tolerance():
    first, second, third = TRUTH
    assert hint(*TRUTH) is None
    assert hint((11.6, 13.4, "ASCWHI_M"), (15.4, 18.6, "ASCWHI_H"), (17.2, 17.5, "HIGPEE_L")) is None
    assert "missed: near 17 s" in hint(first, second)
    assert "invented" in hint(*TRUTH, (21.0, 21.5, "HIGPEE_M"))
    assert "its look-alike" in hint(first, second, (17.0, 17.6, "METTIN_M"))
    assert "another type" in hint(first, second, (17.0, 17.6, "BARWHI_M"))
    assert "outside your boxes" in hint(first, (16.0, 19.0, "ASCWHI_H"), third)
    assert "your box goes on" in hint(first, (15.0, 20.0, "ASCWHI_H"), third)
    assert "your box goes on" in hint((12.0, 19.0, "ASCWHI_H"), third)
    assert "one bout" in hint(first, (15.0, 16.0, "ASCWHI_H"), (16.3, 19.0, "ASCWHI_H"), third)
    assert "quality" in hint((12.0, 13.0, "ASCWHI_L"), second, third)


def test_a_faint_call_that_fills_a_silence_may_be_left_out():
    first, second, third = TRUTH
    parts = ((15.0, 16.0, "ASCWHI_H"), (18.0, 19.0, "ASCWHI_H"))
    assert "outside your boxes" in hint(first, *parts, third)
    calls = [(12.0, 13.0), (15.0, 15.4), (15.6, 16.0), (18.0, 19.0)]
    clear = pd.DataFrame(calls, columns=["start_s", "end_s"]).assign(recording="one", species="ASCWHI")
    assert hint(*TRUTH, clear=clear) is None and hint(first, *parts, third, clear=clear) is None
    assert "outside your boxes" in hint(first, parts[0], third, clear=clear)
    assert "missed: near 17 s" in hint(first, *parts, clear=clear)
    assert "missed" in hint(second, third, clear=clear[1:])


def test_boxes_that_cannot_be_read_get_a_hint(pond, capsys):
    name = next(n for n in pond.recordings["recording"] if boxes_of(pond, n, 0))
    for boxes, part in [
        ([(0.0, 1.0, "BARWHI")], "lacks the quality"),
        ([(0.0, 1.0, "BARWHI_X")], "is not a label like"),
        ([(0.0, 1.0)], "is not a box"),
        ([(..., ..., "..._H")], "replace each ..."),
        ([(1.0, 0.5, "BARWHI_H")], "ends before it begins"),
        ([(float("nan"), 0.5, "BARWHI_H")], "NaN"),
        ([(100.0, 101.0, "BARWHI_H")], "outside the clip"),
        ([(0.0, 1.0, "XXXXXX_H")], "no call type"),
        ([("a", 1.0, "BARWHI_H")], "could not convert"),
        ([(0.0, 12.0, f"{code}_H") for code in pond.species], "invented"),
        ([], "list of"),
        ("BARWHI_H", "list of"),
    ]:
        passed, text = said(capsys, "strong-labels.5", (name, 0, boxes))
        assert not passed and part in text, (boxes, text)
    assert "another" in said(capsys, "strong-labels.5", (silent(pond), 0, [(0.0, 1.0, "BARWHI_H")]))[1]
