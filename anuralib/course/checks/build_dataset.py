"""Checks of the exercises of the chapter *From a folder to a data set*."""

from functools import cache
from pathlib import PurePath

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_array, expect_choice, expect_number, run_function


@cache
def _pond():
    from anuralib.data.load import load_dataset

    return load_dataset("pond")


@exercise("build-dataset.1")
def _room(answer):
    hour = 1000 * 60 * 22050 * 2 / 1e9
    hints = {
        hour: _("that is the room of the recordings; the windows overlap, so they take more"),
        hour * 3: _("a minute has 58 windows, not 60: the last one begins 3 s before the end"),
        1000 * 58 * 3 * 22050 / 1e9: _("a sample has 2 bytes"),
        1000 * 58 * 3 * 22050 * 2 / 2**30: _("that is in units of 2^30 bytes; divide by 10^9"),
        1000 * 58 * 22050 * 2 / 1e9: _("a window lasts 3 s, not 1 s"),
        1000 * 58 * 3 * 22050 * 16 / 1e9: _("that takes 16 bytes a sample; 16 bits are 2 bytes"),
        1000 * 58 * 3 * 22050 * 4 / 1e9: _("one channel of 2 bytes a sample: this counts twice as many"),
        58 * 3 * 22050 * 2 / 1e9: _("that is one recording; there are 1000"),
        1000 * 58 * 3 * 22050 * 2 / 1e6: _("that is in megabytes"),
        1000 * 58 * 3 * 22050 * 2: _("that is in bytes"),
    }
    return expect_number(answer, 1000 * 58 * 3 * 22050 * 2 / 1e9, tol=0.02, hints=hints)


@exercise("build-dataset.2")
def _silence(answer):
    pond = _pond()
    names = pond.recordings["recording"]
    calling = names[names.isin(pond.strong_labels["recording"])].tolist()
    empty, short = names[~names.isin(calling)].tolist()[:2]
    hints = {
        short: _("it has an empty label file, but it is shorter than a window of 3 s: look at the length of its bar"),
        calling[2]: _("its bar is hatched: nobody listened to it, so that no windows are made of it"),
        calling[0]: _("there are bouts in it"),
        calling[1]: _("there are bouts in it"),
        "some_evening": _("there are bouts in it"),
    }
    if isinstance(answer, str) and answer.strip() == calling[4]:
        return _("it could not be read, and is not in the figure")
    if isinstance(answer, str) and answer.strip().lower() == "some evening":
        answer = "some_evening"
    return expect_choice(answer, empty, sorted([empty, *hints]), hints)


@exercise("build-dataset.3")
def _mind(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (guess, it_did)")
    words = ("nothing", "overwrite", "refuse")
    guess, it_did = answer
    hint = expect_choice(guess, words, words)
    if hint is not None:
        return _("the guess: {hint}", hint=_(hint))
    hint = expect_choice(it_did, "refuse", words, {
        "nothing": _("run it: it does not come to an end without a word; read what it says"),
        "overwrite": _("run it, and look into the folder afterwards: no window has changed"),
    })  # fmt: skip
    if hint is None and guess.strip().lower() != "refuse":
        print(_("Your guess was {guess!r}: the settings in build.json are compared before anything is written.",
                guess=guess))
    return hint


@exercise("build-dataset.4")
def _where(answer):
    rows = pd.DataFrame({
        "sample_name": ["SAMPLE_00001.wav", "SAMPLE_00002.wav"], "fname": ["SIM1_20201101_200000", "some_evening"],
        "min_t": [3.0, 0.5], "max_t": [6.0, 3.5], "site": ["SIM1", "mine"],
    })  # fmt: skip
    wanted = ["audio/SIM1/SIM1_20201101_200000_3_6.wav", "audio/mine/some_evening_0.5_3.5.wav"]
    for (_index, row), right in zip(rows.iterrows(), wanted, strict=True):
        got = run_function(answer, row)
        if not isinstance(got, str | PurePath):
            return _("return text, not {kind}", kind=type(got).__name__)
        got = str(got).replace("\\", "/")
        if got == right:
            continue
        if row["sample_name"].removesuffix(".wav") in got:
            return _("sample_name is a mere number here; make the path of site, fname, min_t and max_t: {right}",
                     right=right)
        if "_3.0_6.0" in got or "_0_3" in got or "_0_4" in got:
            return _("times: 3.0 is written 3 and 0.5 is written 0.5, as the format :g does; you gave {got!r}",
                     got=got)
        if not got.startswith("audio/"):
            return _("the path begins with audio/, then the site's folder; you gave {got!r}", got=got)
        if not got.startswith(f"audio/{row['site']}/"):
            return _("the folder below audio/ is the site; you gave {got!r}", got=got)
        return _("you gave {got!r}, and it is {right!r}", got=got, right=right)
    return None


@exercise("build-dataset.5")
def _halved(answer):
    pond = _pond()
    from anuralib.windows.grid import window_labels

    table = window_labels(pond.strong_labels, pond.recordings, pond.species)
    right = table["species_number"].to_numpy(dtype=float)
    last = table["HIGPEE"].to_numpy()
    answered = run_function(answer, table.assign(species_number=(2 * right - last).astype(int)))
    shape = expect_array(answered, right)
    if shape is None:
        for told in (np.zeros(len(table), int), (3 * right + 1).astype(int)):
            if expect_array(run_function(answer, table.assign(species_number=told)), right) is not None:
                return _("right for these rows, but species_number may be wrong in another way: leave it alone, and "
                         "count the species columns (pond.species)")
        return None
    if "wrong" not in shape:
        return shape
    got = np.asarray(answered, dtype=float)
    if (got == (2 * right - last) / 2).all():
        return _("halved, it is half a species too small wherever HIGPEE calls; count the species columns instead")
    if (got == 2 * right - last).all():
        return _("that is the wrong number itself; count the species columns instead")
    if (got == 3 * right - last).all():
        return _("the sum takes in species_number itself: sum the species columns only (pond.species)")
    if (got == right - last).all():
        return _("one species column is missing from the sum")
    return shape
