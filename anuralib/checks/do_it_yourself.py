"""Checks of the exercises of the chapter "do-it-yourself"."""

import tempfile
from pathlib import Path

import numpy as np

from anuralib.annotation import agreement, split_label
from anuralib.annotators import match_bouts, read_annotator
from anuralib.calls import call_types
from anuralib.datasets import load_dataset
from anuralib.exercises import Hint, exercise, expect_number
from anuralib.label_files import read_audacity_labels

PIECE_S, ENOUGH = 15.0, 0.4


def _piece(recording, start_s):
    """The careful annotator's bouts in a piece of a recording, in seconds from its start."""
    labels = load_dataset("pond").strong_labels
    if not isinstance(recording, str) or recording not in set(labels["recording"]):
        raise Hint("begin with the variables name and start_s, as in the stub")
    if isinstance(start_s, bool) or not isinstance(start_s, int | float | np.number) or not 0 <= start_s <= 45:
        raise Hint("the second is start_s, the variable with the start of the piece in seconds")
    labels = labels[labels["recording"] == recording]
    inside = labels[(labels["end_s"] > start_s) & (labels["start_s"] < start_s + PIECE_S)]
    if inside.empty:
        raise Hint("nothing calls in that piece: use name and start_s as they are")
    edges = {edge: (inside[edge] - start_s).clip(0, PIECE_S) for edge in ("start_s", "end_s")}
    return inside.assign(**edges)


def _three(answer, last):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise Hint(f"answer with (name, start_s, {last}), as in the stub")
    return answer


@exercise("do-it-yourself.1")
def _heard(answer):
    recording, start_s, heard = _three(answer, "heard")
    present = set(_piece(recording, start_s)["species"])
    if isinstance(heard, str):
        heard = [heard]
    if not isinstance(heard, set | frozenset | list | tuple) or not heard:
        return "give the codes as a set, such as {'BARWHI', 'HIGPEE'}"
    kinds = call_types()
    for code in heard:
        if not isinstance(code, str) or code.strip().upper() not in kinds.index:
            return f"{code!r} is no code of a call type; choose from candidates"
    heard = {code.strip().upper() for code in heard}
    if heard - present:
        return f"{' and '.join(sorted(heard - present))} does not call here: play its example and the piece once more"
    missing = sorted(present - heard)
    if missing:
        pitch = " and ".join(f"{kinds['pitch_hz'][code] / 1000:.1f} kHz" for code in missing)
        return f"one is missing: listen again, and look near {pitch}" if len(missing) == 1 else "more of them call here"
    return None


@exercise("do-it-yourself.2")
def _boxes(answer):
    recording, start_s, text = _three(answer, "text")
    expert = _piece(recording, start_s)
    if not isinstance(text, str):
        return "text is the label file as text, lines of start, end and label with tabs between"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pasted.txt"
        path.write_text(text.strip("\n") + "\n", encoding="utf-8")
        try:
            labels = read_audacity_labels(path)
        except ValueError as error:
            return f"the text is no label file: {str(error).partition('pasted.txt')[2].lstrip(':, ')}"
    if labels.empty:
        return "no box is in the text: draw some, and paste the lines of 'The label file as text'"
    labels["species"] = [split_label(label)[0] for label in labels["label"]]
    if (labels["end_s"] <= start_s).all() or (labels["start_s"] >= start_s + PIECE_S).all():
        return f"your times lie outside of the piece: they count from the recording's start, so from {start_s:g} s on"
    edges = {edge: (labels[edge] - start_s).clip(0, PIECE_S) for edge in ("start_s", "end_s")}
    table = agreement(labels.assign(**edges), expert, PIECE_S).set_index("species")
    lost = sorted(table.index[(table["n_a"] == 0)])
    if lost:
        return f"no box of {' and '.join(lost)}: it calls here as well"
    strange = sorted(table.index[(table["n_b"] == 0)])
    if strange:
        return f"{' and '.join(strange)} does not call here; is it one of the others?"
    if table["jaccard"].mean() < ENOUGH:
        mean, lowest = table["jaccard"].mean(), table["jaccard"].min()
        return (f"a mean Jaccard index of {mean:.2f}; lowest for {table['jaccard'].idxmin()}, {lowest:.2f}: "
                "compare with the expert, and mind the rule of one second")  # fmt: skip
    print(f"Jaccard index {table['jaccard'].mean():.2f} as a mean over {len(table)} types.")
    return None


@exercise("do-it-yourself.3")
def _differences(answer):
    recording, left_out, renamed = _three(answer, "...")
    pond = load_dataset("pond")
    _piece(recording, 0) if recording not in set(pond.strong_labels["recording"]) else None
    both = [labels[labels["recording"] == recording] for labels in (pond.strong_labels, read_annotator(pond))]
    counts = match_bouts(*both)["verdict"].value_counts()
    alone, other, invented = (int(counts.get(key, 0)) for key in ("only a", "other species", "only b"))
    lost = alone + other
    for what, given, right, hints in (
        ("left out", left_out, alone, {lost: "renamed bouts are not left out: they have a partner of another name",
                                       invented: "'only b' are bouts of the careless one alone; take 'only a'"}),
        ("renamed", renamed, other, {2 * other: "each pair is one row: count rows"}),
    ):  # fmt: skip
        hints = {value: hint for value, hint in hints.items() if value != right}
        hint = expect_number(given, right, tol=0.1, hints=hints)
        if hint:
            return f"{what}: {hint}"
    return None


@exercise("do-it-yourself.4")
def _error(answer):
    pond = load_dataset("pond")
    pairs = match_bouts(pond.strong_labels, read_annotator(pond))
    onset = pairs.loc[pairs["verdict"] == "same", "onset_s"]
    right = float(onset.abs().mean())
    return expect_number(answer, right, tol=0.01 * right, hints={
        float(onset.mean()): "that is the mean with its sign: too early and too late cancel",
        abs(float(onset.mean())): "first the absolute value of each, then the mean, not the reverse",
        float(pairs["offset_s"][pairs["verdict"] == "same"].abs().mean()): "those are the ends; take the starts",
        float((onset**2).mean() ** 0.5): "that is the root of the mean square, which counts the large ones more",
    })  # fmt: skip
