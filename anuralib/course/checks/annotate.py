"""Checks of the exercises in the part *Annotate*: weak labels and strong labels."""

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import Hint, exercise, expect_choice, expect_number, run_function
from anuralib.data.load import load_dataset
from anuralib.labels.bouts import merge_calls, split_label
from anuralib.pond.calls import call_types

TOLERANCE_S, CLIP_S, _STEP_S = 0.5, 12.0, 0.01
FAINT_DB = 8.0  # below it the annotator gives the quality L


@exercise("weak-labels.1")
def _share(answer):
    pond = load_dataset("pond")
    weak = pond.weak_labels[pond.weak_labels["species"] == "BARWHI"]
    here = weak[weak["recording"].str.startswith("SIM2_")]["calling_index"]
    hints = {
        float((here > 0).sum()): _("that is a number of recordings; divide by the recordings of SIM2"),
        float(here.mean()): _("that is the mean index, and an index has no mean; take the share of recordings above 0"),
        float((weak["calling_index"] > 0).mean()): _("that is for all sites; keep the recordings of SIM2"),
        float((here > 0).sum() / (weak["calling_index"] > 0).sum()): _(
            "that is the share of its recordings that come from SIM2; asked for is the share of SIM2's recordings that "
            "have it"),
        float(100 * (here > 0).mean()): _("give a share between 0 and 1, not a percentage"),
    }
    return expect_number(answer, float((here > 0).mean()), tol=2e-3, hints=hints)


@exercise("weak-labels.2")
def _chance(answer):
    hints = {
        0.8: _("chances don't add: with more recordings the sum would pass 1. Multiply the chances of hearing nothing"),
        0.01: _("that is the chance to hear it in every one of the recordings"),
        0.36: _("that is the chance to hear it in none; what is left of 1?"),
        0.99: _("that is the chance to miss it at least once; the chance to miss once is 1 - p, not p"),
        1 - (1 - 0.8 / 3) ** 3: _("that takes the mean of the chances for each of them; multiply the three as they "
                                  "are"),
        0.5: _("that is the chance in the best recording alone; the others help"),
    }  # fmt: skip
    hint = expect_number(run_function(answer, np.array([0.2, 0.5, 0.1])), 0.64, tol=1e-6, hints=hints)
    return hint or expect_number(run_function(answer, np.array([0.5])), 0.5, tol=1e-9)


@exercise("weak-labels.3")
def _overlap(answer):
    alone = _("With one or two callers nothing overlaps: all circles lie on zero.")
    return expect_choice(answer, "2 or 3", ("1", "2", "3", "1 or 2", "2 or 3", "1, 2 or 3"), {
        "1": alone,
        "1 or 2": alone,
        "1, 2 or 3": alone,
        "2": _("There are squares at that height, and something else as well."),
        "3": _("There are triangles at that height, and something else as well."),
    })


def _callers_in(recording):
    """Code to index of what calls in a recording of the pond; a hint if there is no such recording."""
    weak = load_dataset("pond").weak_labels
    if not isinstance(recording, str) or recording not in set(weak["recording"]):
        raise Hint(_("begin with the name of a recording of the pond, as in the variable practice"))
    rows = weak[(weak["recording"] == recording) & (weak["calling_index"] > 0)]
    return dict(zip(rows["species"], rows["calling_index"].astype(int), strict=True))


def _check_code(code, kinds):
    if not isinstance(code, str) or code.strip().upper() not in kinds.index:
        raise Hint(_("{code!r} is no call type of the pond; the codes are in al.call_types()", code=code))
    return code.strip().upper()


@exercise("weak-labels.4")
def _listened(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2 or not isinstance(answer[1], dict):
        return _("answer with the pair (practice, rated): a recording's name, and a dictionary of code and index")
    kinds, there, heard = call_types(), _callers_in(answer[0]), {}
    if not there:
        return _("nothing calls in that recording: choose one with at least one type")
    for code, index in answer[1].items():
        if index is ... or index is None:
            return _("{code}: replace the ... by an index from 0 to 3", code=code)
        if isinstance(index, bool) or not isinstance(index, int | float | np.number) or index not in (0, 1, 2, 3):
            return _("{code}: {index!r} is not a calling index 0, 1, 2 or 3", code=code, index=index)
        if index:
            heard[_check_code(code, kinds)] = int(index)
    missed = [code for code in there if code not in heard]
    for code in heard:
        if code not in there:
            mistaken = [m for m in missed if code == kinds["lookalike"][m] or m == kinds["lookalike"][code]]
            more = _(" Its look-alike does: play both examples again.") if mistaken else ""
            return _("{code} does not call here.{more}", code=code, more=more)
    if missed:
        pitch = " and ".join(f"{kinds['pitch_hz'][code] / 1000:.1f} kHz" for code in missed)
        return _("something is missing: listen again, and look near {pitch}", pitch=pitch)
    off = {code: heard[code] - index for code, index in there.items() if heard[code] != index}
    for code, step in off.items():
        if abs(step) > 1 or len(off) > 1:
            what = (_("it sounds fuller than that: while it calls, do its calls overlap?") if step < 0
                    else _("that is too full: can you count the callers, do their calls overlap?"))  # fmt: skip
            return _("the types are right; {code} is not at {index}: {what}",
                     code=code, index=heard[code], what=_(what))
    for code in off:
        print(_("{code} has index {index} by the number of callers; one type one step off passes.",
                code=code, index=there[code]))
    return None


@exercise("weak-labels.5")
def _nights(answer):
    hints = {
        13: _("13 nights stay just below: try 1 - 0.8**13, and round up"),
        5: _("5 times 0.2 is 1, but chances don't add: 1 - 0.8**5 is far from 0.95"),
        4.75: _("chances don't add; solve 1 - 0.8**n = 0.95 for n"),
        1: _("one night gives 0.2"),
        2: _("that is for p = 0.8: a night without it has the chance 0.8"),
    }
    if isinstance(answer, float) and 13.2 < answer < 13.6:
        return _("right so far; nights are whole, so round up")
    return expect_number(answer, 14, hints=hints)


@exercise("strong-labels.1")
def _seconds(answer):
    strong = load_dataset("pond").strong_labels
    mine = strong[strong["species"] == "BARWHI"]
    calls = load_dataset("pond").truth.query("species == 'BARWHI'")
    hints = {
        float((calls["end_s"] - calls["start_s"]).sum()): _("those are calls, one by one, from the truth; add up the "
                                                            "bouts in strong"),
        float(len(mine)): _("that is the number of bouts; add up their lengths"),
        float((strong["end_s"] - strong["start_s"]).sum()): _("that is for all types; keep BARWHI only"),
        float((mine["end_s"] - mine["start_s"]).mean()): _("that is the mean length of a bout; add them up"),
    }
    return expect_number(answer, float((mine["end_s"] - mine["start_s"]).sum()), tol=0.01, hints=hints)


@exercise("strong-labels.2")
def _bouts(answer):
    start_s, end_s = np.array([0.0, 0.8, 1.6, 6.0, 7.5]), np.array([0.3, 1.1, 5.5, 6.2, 7.6])
    hints = {
        5: _("that counts a bout for each call; calls less than a second apart are one bout"),
        4: _("that counts the short silences; a new bout begins after a long one"),
        3: _("measure the silence, from the end of a call to the start of the next; a long call is not a silence"),
        1: _("one silence is longer than a second; and the first call begins a bout, too"),
    }
    hint = expect_number(run_function(answer, start_s, end_s), 2, hints=hints)
    if hint is not None:
        return hint
    apart = expect_number(run_function(answer, np.array([0.0, 3.0, 5.0]), np.array([0.5, 3.2, 5.9])), 3, hints={
        1: _("a silence longer than a second should begin a new bout"),
        2: _("here are two long silences, so three bouts"),
    })
    return apart or expect_number(run_function(answer, np.array([1.0]), np.array([2.0])), 1)


@exercise("strong-labels.3")
def _heard(answer):
    if isinstance(answer, bool | str):
        return _("answer with a number, a share of the recordings")
    pond = load_dataset("pond")
    weak, boxed = pond.weak_labels, set(pond.strong_labels["recording"])
    names = set(pond.recordings["recording"])
    heard = set(weak.loc[weak["calling_index"] > 0, "recording"])
    share = len(names - boxed) / len(names)
    hints = {
        1 - share: _("that is the share of the recordings that have a box"),
        1 - len(heard) / len(names): _("in those nothing is heard; look for those in which nothing is boxed"),
        len(heard) / len(names): _("in those something is heard; look for those in which nothing is boxed"),
        len(names - boxed): _("that is a number of recordings; divide by all of them, in pond.recordings"),
        0: _("strong has no row for an empty file; ask which of pond.recordings are not in it"),
        100 * share: _("give a share between 0 and 1, not a percentage"),
    }
    return expect_number(answer, share, tol=1e-3, hints=hints)


@exercise("strong-labels.4")
def _single(answer):
    return expect_choice(answer, "LONTRI", ("HIGPEE", "BARWHI", "LONTRI"), {
        "HIGPEE": _("Look at how high its diamonds lie at that length."),
        "BARWHI": _("Look at how high its squares lie at that length."),
    })


def _spans(table, start_s):
    """Spans within the clip, in steps of it: True where labelled."""
    steps = np.zeros(round(CLIP_S / _STEP_S), bool)
    for begin, end in table:
        first, last = np.clip(np.round((np.array([begin, end]) - start_s) / _STEP_S), 0, len(steps)).astype(int)
        steps[first:last] = True
    return steps


def _wider(steps):
    """Each span longer by the tolerance at both ends."""
    n = round(TOLERANCE_S / _STEP_S)
    return np.convolve(np.pad(steps, n), np.ones(2 * n + 1), mode="valid") > 0.5


def _read_boxes(boxes, start_s):
    """A table of what the learner drew; a hint names the first box that can't be read."""
    if isinstance(boxes, pd.DataFrame) or not isinstance(boxes, list | tuple) or not boxes:
        raise Hint(_("give the boxes as a list of (start_s, end_s, text), such as [(1.0, 2.5, 'BARWHI_H')]"))
    rows, kinds = [], call_types()
    for box in boxes:
        if not isinstance(box, list | tuple) or len(box) != 3:
            raise Hint(_("{box!r} is not a box (start_s, end_s, text)", box=box))
        if ... in box:
            raise Hint(_("a part of a box is missing: replace each ... by a time"))
        if isinstance(box[2], str) and box[2].strip().upper() in kinds.index:
            raise Hint(_("{label!r} lacks the quality: write {code}_H, _M or _L",
                         label=box[2], code=box[2].strip().upper()))
        try:
            begin, end = float(box[0]), float(box[1])
            code, quality = split_label(str(box[2]).strip().upper())
        except (TypeError, ValueError) as error:
            raise Hint(f"{box!r}: {error}") from error
        if not begin < end:
            raise Hint(_("{box!r} ends before it begins, or is NaN", box=box))
        if end < start_s - TOLERANCE_S or begin > start_s + CLIP_S + TOLERANCE_S:
            raise Hint(_("{box!r} lies outside the clip, {start_s:g} to {end_s:g} s of the recording: read the "
                         "times from the axis, which counts from the recording's start",
                         box=box, start_s=start_s, end_s=start_s + CLIP_S))
        rows.append((begin, end, _check_code(code, kinds), quality))
    return pd.DataFrame(rows, columns=["start_s", "end_s", "species", "quality"])


def _clear_parts(bouts, calls, start_s):
    """The bouts without their edges and bridges of faint calls; a bout that is all faint stays whole."""
    loud, steps = _spans(merge_calls(calls)[["start_s", "end_s"]].to_numpy(), start_s), False
    for bout in bouts.itertuples():
        span = _spans([(bout.start_s, bout.end_s)], start_s)
        steps = steps | (span & loud if (span & loud).any() else span)
    return steps | np.zeros_like(loud)


def compare_boxes(drawn, truth, start_s, lookalike, clear=None):
    """The gravest difference between two tables of boxes in a clip, as a hint; None if there is none.

    Faint calls may bridge the silences between the others or not: with the calls that are `clear`, a box that leaves
    out the faint parts of a bout passes as well.

    Each may lie half a second beside the other, and a bout that only just reaches into the clip may be left out. Told
    are wholly missed bouts, wholly invented boxes, edges further off, a bout in parts, a quality wrong by two letters.
    """
    seen = np.minimum(truth["end_s"], start_s + CLIP_S) - np.maximum(truth["start_s"], start_s)
    needed = truth[(seen > TOLERANCE_S) | (seen >= truth["end_s"] - truth["start_s"])]
    codes = list(dict.fromkeys([*truth["species"], *drawn["species"]]))
    spans = {code: [_spans(t.loc[t["species"] == code, ["start_s", "end_s"]].to_numpy(), start_s)
                    for t in (drawn, truth, needed)] for code in codes}  # fmt: skip
    missed = [row for row in needed.itertuples()
              if not (_spans([(row.start_s, row.end_s)], start_s) & _wider(spans[row.species][0])).any()]
    for row in drawn.itertuples():
        inside = _spans([(row.start_s, row.end_s)], start_s)
        if inside.any() and not (inside & _wider(spans[row.species][1])).any():
            other = [m for m in missed if m.start_s < row.end_s and m.end_s > row.start_s]
            alike = any(row.species == lookalike[m.species] or m.species == lookalike[row.species] for m in other)
            more = ""
            if other:
                more = _("; what does is its look-alike") if alike else _("; what does is another type")
            return _("invented: no {code} calls at {start_s:g} to {end_s:g} s{more}",
                     code=row.species, start_s=row.start_s, end_s=row.end_s, more=more)
    if missed:
        return _("missed: near {near_s:.0f} s something calls that has no box",
                 near_s=max(missed[0].start_s, start_s))
    for code in codes:
        mine, right, must = spans[code]
        if clear is not None:
            must = _clear_parts(needed[needed["species"] == code], clear[clear["species"] == code], start_s)
        late, over = must & ~_wider(mine), mine & ~_wider(right)
        if late.any():
            return _("edges: {code} also calls near {near_s:.1f} s, outside your boxes",
                     code=code, near_s=start_s + late.argmax() * _STEP_S)
        if over.any():
            return _("edges: at {near_s:.1f} s {code} is silent, for more than a second or beyond its bout, and "
                     "your box goes on", near_s=start_s + over.argmax() * _STEP_S, code=code)
        own = drawn[drawn["species"] == code].sort_values("start_s")
        gaps = own["start_s"].to_numpy()[1:] - own["end_s"].to_numpy()[:-1]
        if (gaps < 0.5).any():
            return _("bouts: two boxes of {code} are less than half a second apart; calls so close are one bout",
                     code=code)
    rank = {"L": 0, "M": 1, "H": 2}
    for row in drawn.itertuples():
        same = truth[(truth["species"] == row.species) & (truth["start_s"] < row.end_s + TOLERANCE_S)
                     & (truth["end_s"] > row.start_s - TOLERANCE_S)]  # fmt: skip
        if len(same) and min(abs(rank[q] - rank[row.quality]) for q in same["quality"]) > 1:
            return _("quality: the annotator gave {code} at {start_s:g} s another letter than {quality}",
                     code=row.species, start_s=row.start_s, quality=row.quality)
    return None


@exercise("strong-labels.5")
def _boxed(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        return _("answer with the three (practice, clip_s, boxes): the recording, the clip's start, the list of boxes")
    recording, start_s, boxes = answer
    _callers_in(recording)
    start_s = float(start_s)
    drawn = _read_boxes(boxes, start_s)
    truth = load_dataset("pond").strong_labels.query("recording == @recording")
    truth = truth[(truth["end_s"] > start_s) & (truth["start_s"] < start_s + CLIP_S)]
    if truth.empty:
        return _("the annotator has no box in that clip: choose another")
    clear = load_dataset("pond").truth.query("recording == @recording and snr_db >= @FAINT_DB")
    return compare_boxes(drawn, truth, start_s, call_types()["lookalike"], clear)
