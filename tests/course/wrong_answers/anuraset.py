"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives).

The checks compute from what learners give, so a few seconds of made data do as well as real ones.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import anuralib as al

# Three recordings of 8 s, six windows each: "a" calls in four of them, "b" in none, and nobody has listened to "c".
_DATA = al.Dataset(
    "made", Path("."), ["AAAAAA"],
    pd.DataFrame({"recording": ["a", "b", "c"], "site": "POND", "datetime": pd.NaT, "duration_s": 8.0,
                  "annotated": [True, True, False]}),
    pd.DataFrame({"recording": ["a"], "start_s": [2.5], "end_s": [3.5], "species": ["AAAAAA"], "quality": ["H"]}),
    pd.DataFrame(columns=["recording", "species", "calling_index"]),
)  # fmt: skip
_TABLE = pd.DataFrame({"fname": ["a", "b"], "subset": ["train", "test"], "AAAAAA": [1, 0], "BBBBBB": [1, 1]})
_keep = tempfile.TemporaryDirectory()
_FOLDER = Path(_keep.name)
_quiet = np.tile(np.array([1, -2], dtype=np.int16), 100)
_loud = (16384 * np.sin(np.arange(66150))).astype(np.int16)
for _name, _sound in {"x_0_3": _loud, "x_1_4": _loud, "x_2_5": _quiet}.items():
    al.write_audio(_FOLDER / "audio" / "SITE" / f"{_name}.wav", _sound, 22050)


def _train_alone(table, species):
    n = table.groupby("subset")[species].sum()
    return list(n.columns[(n.loc["test"] == 0) & (n.loc["train"] > 0)])


def _absent_too(table, species):
    n = table.groupby("subset")[species].sum()
    return list(n.columns[(n == 0).any()])


def _on_both_sides(table, species):
    n = table.groupby("subset")[species].sum()
    return list(n.columns[(n > 0).all()])


def _by_heart(table, species):
    return [code for code in species if code in ("TRAINS", "TESTED")]


WRONG = [
    ("anuraset.1", (_DATA, 4 / 12), "some species"),
    ("anuraset.1", (_DATA, 100 * 8 / 12), "between 0 and 1"),
    ("anuraset.1", (_DATA, 8), "number of windows"),
    ("anuraset.1", (_DATA, 0.5), "count windows"),
    ("anuraset.1", 8 / 12, "pair"),
    ("anuraset.2", (_TABLE, _train_alone), "One direction"),
    ("anuraset.2", (_TABLE, _absent_too), "missing on both sides"),
    ("anuraset.2", (_TABLE, _on_both_sides), "returns ['MOSTLY']"),
    ("anuraset.2", (_TABLE, _by_heart), "on the official one it is not"),
    ("anuraset.2", _train_alone, "pair|(official, one_sided)"),
    ("anuraset.3", (_FOLDER, "0.7", 20 * np.log10(0.5)), "in decibels"),
    ("anuraset.3", (_FOLDER, "other", 16384), "16 bits"),
    ("anuraset.3", (_FOLDER, "other", 0.33), "too low"),
    ("anuraset.3", (_FOLDER, "-3.1", 0.5), "the guess"),
    ("anuraset.3", (_FOLDER / "audio", "0.7", 0.5), "no windows"),
]  # fmt: skip
