"""Checks of the exercises of the chapter "do-it-yourself"."""

import tempfile
from pathlib import Path

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import Hint, exercise, expect_number
from anuralib.data.load import load_dataset
from anuralib.data.reading import read_annotator
from anuralib.labels.agreement import agreement, match_bouts
from anuralib.labels.bouts import split_label
from anuralib.labels.formats import read_audacity_labels
from anuralib.pond.calls import call_types

PIECE_S, ENOUGH = 15.0, 0.4


def _piece(recording, start_s):
    """The careful annotator's bouts in a piece of a recording, in seconds from its start."""
    labels = load_dataset("pond").strong_labels
    if not isinstance(recording, str) or recording not in set(labels["recording"]):
        raise Hint(_("begin with the variables name and start_s, as in the stub"))
    if isinstance(start_s, bool) or not isinstance(start_s, int | float | np.number) or not 0 <= start_s <= 45:
        raise Hint(_("the second is start_s, the variable with the start of the piece in seconds"))
    labels = labels[labels["recording"] == recording]
    inside = labels[(labels["end_s"] > start_s) & (labels["start_s"] < start_s + PIECE_S)]
    if inside.empty:
        raise Hint(_("nothing calls in that piece: use name and start_s as they are"))
    edges = {edge: (inside[edge] - start_s).clip(0, PIECE_S) for edge in ("start_s", "end_s")}
    return inside.assign(**edges)


def _three(answer, form):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Hint(_("answer with {form}, as in the stub", form=form))
    return answer


@exercise("do-it-yourself.1")
def _heard(answer):
    recording, start_s, heard = _three(answer, "(name, start_s, heard)")
    present = set(_piece(recording, start_s)["species"])
    if isinstance(heard, str):
        heard = [heard]
    if not isinstance(heard, set | frozenset | list | tuple) or not heard:
        return _("give the codes as a set, as in the stub")
    kinds = call_types()
    for code in heard:
        if not isinstance(code, str) or code.strip().upper() not in kinds.index:
            return _("{code} is no code of a call type; choose from candidates", code=repr(code))
    heard = {code.strip().upper() for code in heard}
    if heard - present:
        return _("{codes} does not call here: play its example and the piece once more",
                 codes=", ".join(sorted(heard - present)))
    missing = sorted(present - heard)
    if missing:
        khz = f"{kinds['pitch_hz'][missing[0]] / 1000:.1f}"
        return _("something is missing: listen again, and look near {khz} kHz", khz=khz)
    return None


@exercise("do-it-yourself.2")
def _boxes(answer):
    recording, start_s, pasted = _three(answer, "(name, start_s, text)")
    expert = _piece(recording, start_s)
    if not isinstance(pasted, str):
        return _("text is the label file as text, lines of start, end and label with tabs between")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pasted.txt"
        path.write_text(pasted.strip("\n") + "\n", encoding="utf-8")
        try:
            labels = read_audacity_labels(path)
        except ValueError as error:
            problem = str(error).partition("pasted.txt")[2].lstrip(":, ")
            return _("the text is no label file: {problem}", problem=problem)
    if labels.empty:
        return _("no box is in the text: draw some, and paste the lines of the label file")
    labels["species"] = [split_label(label)[0] for label in labels["label"]]
    if (labels["end_s"] <= start_s).all() or (labels["start_s"] >= start_s + PIECE_S).all():
        return _("your times lie outside of the piece: they count from the recording's start, so from {s} s on",
                 s=f"{start_s:g}")
    edges = {edge: (labels[edge] - start_s).clip(0, PIECE_S) for edge in ("start_s", "end_s")}
    table = agreement(labels.assign(**edges), expert, PIECE_S).set_index("species")
    lost = sorted(table.index[(table["n_a"] == 0)])
    if lost:
        return _("no box of {codes}: it calls here as well", codes=", ".join(lost))
    strange = sorted(table.index[(table["n_b"] == 0)])
    if strange:
        return _("{codes} does not call here; is it one of the others?", codes=", ".join(strange))
    if table["jaccard"].mean() < ENOUGH:
        mean, lowest = f"{table['jaccard'].mean():.2f}", f"{table['jaccard'].min():.2f}"
        return _("a mean Jaccard index of {mean}; lowest for {code}, {lowest}: compare with the expert, and mind "
                 "the rule of one second", mean=mean, code=table["jaccard"].idxmin(), lowest=lowest)
    print(_("Jaccard index {mean} as a mean over {n} types.", mean=f"{table['jaccard'].mean():.2f}", n=len(table)))
    return None


@exercise("do-it-yourself.3")
def _differences(answer):
    recording, left_out, renamed = _three(answer, "(name, left_out, renamed)")
    pond = load_dataset("pond")
    _piece(recording, 0) if recording not in set(pond.strong_labels["recording"]) else None
    both = [labels[labels["recording"] == recording] for labels in (pond.strong_labels, read_annotator(pond))]
    counts = match_bouts(*both)["verdict"].value_counts()
    alone, other, invented = (int(counts.get(key, 0)) for key in ("only a", "other species", "only b"))
    lost = alone + other
    for what, given, right, hints in (
        ("left out", left_out, alone, {
            lost: _("renamed bouts are not left out: they have a partner of another name"),
            invented: _("'only b' are bouts of the careless one alone; take 'only a'"),
        }),
        ("renamed", renamed, other, {2 * other: _("each pair is one row: count rows")}),
    ):  # fmt: skip
        hints = {value: hint for value, hint in hints.items() if value != right}
        hint = expect_number(given, right, tol=0.1, hints=hints)
        if hint:
            return _("{what}: {hint}", what=what, hint=hint)
    return None


@exercise("do-it-yourself.4")
def _error(answer):
    pond = load_dataset("pond")
    pairs = match_bouts(pond.strong_labels, read_annotator(pond))
    onset = pairs.loc[pairs["verdict"] == "same", "onset_s"]
    right = float(onset.abs().mean())
    return expect_number(answer, right, tol=0.01 * right, hints={
        float(onset.mean()): _("that is the mean with its sign: too early and too late cancel"),
        abs(float(onset.mean())): _("first the absolute value of each, then the mean, not the reverse"),
        float(pairs["offset_s"][pairs["verdict"] == "same"].abs().mean()): _("those are the ends; take the starts"),
        float((onset**2).mean() ** 0.5): _("that is the root of the mean square, which counts the large ones more"),
    })  # fmt: skip
