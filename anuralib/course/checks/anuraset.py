"""Checks of the exercises of the chapter "anuraset": the right answer is computed from the data that learners give."""

from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib.data.dataset import Dataset
from anuralib.sound.audio import read_audio
from anuralib.windows.grid import window_labels
from anuralib.windows.table import METADATA_COLUMNS


@exercise("anuraset.1")
def _silence(answer):
    if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[0], Dataset)):
        return _("Answer with the pair (data, share).")
    data, share = answer
    listened = data.recordings[data.recordings["annotated"]]
    silent = window_labels(data.strong_labels, listened, data.species)["species_number"] == 0
    right = float(silent.mean())
    boxed = listened["recording"].isin(data.strong_labels["recording"])
    return expect_number(share, right, tol=1e-3, hints={
        1 - right: _("that is the share of windows with some species; the others are asked for"),
        100 * right: _("give a share between 0 and 1"),
        float(silent.sum()): _("that is a number of windows; divide by all windows"),
        1 - float(boxed.mean()): _("that is the share of recordings without any box; count windows"),
    })  # fmt: skip


def _sides(table, species):
    """Two rows of yes or no: which species have windows in train, and in test."""
    return [table.loc[table["subset"] == side, species].to_numpy().any(axis=0) for side in ("train", "test")]


def _listed(function, table, species):
    """What the learner's function returns, as a set of codes, or None where it is no list of them."""
    got = run_function(function, table, species)
    if isinstance(got, str) or not all(isinstance(code, str) for code in got):
        return None
    return set(got)


@exercise("anuraset.2")
def _one_sided(answer):
    if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[0], pd.DataFrame)):
        return _("Answer with the pair (official, one_sided): the table, and the name of the function.")
    official, function = answer
    if "subset" not in official:
        return _("The table has no column 'subset'; give the official one.")
    # TRAINS is in train alone, TESTED in test alone, NEITHE in neither, MOSTLY in both and the first once more.
    small = pd.DataFrame({
        "fname": ["a", "a", "b", "c"], "subset": ["train", "train", "test", "train"], "TRAINS": [1, 0, 0, 1],
        "TESTED": [0, 0, 1, 0], "NEITHE": [0, 0, 0, 0], "MOSTLY": [1, 1, 1, 1],
    })  # fmt: skip
    codes = ["TRAINS", "TESTED", "NEITHE", "MOSTLY"]
    got = _listed(function, small, codes)
    if got is None:
        return _("Return a list of species codes, as text.")
    if "NEITHE" in got:
        return _("A species without any window is in the list: it is missing on both sides, and is not asked for.")
    if got in ({"TRAINS"}, {"TESTED"}):
        return _("One direction is missing: a species may be in train alone, or in test alone.")
    if got != {"TRAINS", "TESTED"}:
        return _("On a small table with one species in train alone and one in test alone, the function returns {got}.",
                 got=sorted(got))
    species = [column for column in official.columns if column not in METADATA_COLUMNS]
    train, test = _sides(official, species)
    right = {code for code, alone in zip(species, train != test, strict=True) if alone}
    if _listed(function, official, species) != right:
        return _("On a small table the function is right, on the official one it is not: look at its subsets.")
    return None


@exercise("anuraset.3")
def _peak(answer):
    if not (isinstance(answer, tuple | list) and len(answer) == 3 and isinstance(answer[0], str | Path)):
        return _("Answer with three things: (folder, guess, measured).")
    folder, guess, measured = answer
    choices = ("0.7", "0.92", "other")
    hint = expect_choice(guess, choices, choices)
    if hint is not None:
        return _("the guess: {hint}", hint=_(hint))
    files = sorted((Path(folder) / "audio").rglob("*.wav"))
    if not files:
        return _("There are no windows in {folder}: give published.window_root.", folder=folder)
    peaks = np.array([np.abs(read_audio(path)).max() for path in files])
    right = float(np.median(peaks))
    if isinstance(measured, int | float | np.number) and measured > 1:
        return _("An amplitude is at most 1, which is full scale; steps of 16 bits are to be divided by 32768.")
    hint = expect_number(measured, right, tol=2e-3, hints={
        20 * np.log10(right): _("that is in decibels; give the amplitude, where full scale is 1"),
    })  # fmt: skip
    if hint is None:
        found = next((word for word in choices[:2] if abs(right - float(word)) < 0.01), "other")
        print(_("Your guess was {guess!r}; here it is {right:.2f}, so {found!r}.",
                guess=guess, right=right, found=found))
    return hint
