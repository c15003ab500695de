"""Checks of the exercises in the chapter *Few labels: what do you label next?*."""

from functools import lru_cache

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.challenges.active import choose_recordings, uncertainty
from anuralib.course.exercises import exercise, expect_choice, expect_number
from anuralib.data.load import load_dataset
from anuralib.windows.grid import window_labels


@lru_cache(maxsize=2)
def _pool(root):
    """Embeddings, labels and recordings of the chapter's pool; `root` tells one pond from another."""
    from anuralib.challenges.encoders import embed_recordings  # loads torch: no other check waits for it

    pond = load_dataset("pond")
    windows = window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = windows[windows["min_t"] % 3 == 0].reset_index(drop=True)
    x = embed_recordings("birdnet", windows, pond, progress=False).embeddings
    names = windows["fname"].to_numpy()
    test = np.isin(names, pd.Series(pd.unique(names)).sample(frac=0.3, random_state=0))
    return x[~test], windows.loc[~test, pond.species].to_numpy(), names[~test]


@lru_cache(maxsize=4)
def _taught_by(n, root):
    """The chapter's pool, which of its windows belong to the first n random recordings, and what they teach."""
    from anuralib.challenges.heads import LogisticHead

    x, y, names = _pool(root)
    known = np.isin(names, choose_recordings(names, n, "random", seed=0))
    return x, y, names, known, LogisticHead(penalties=[1]).fit(x[known], y[known])


@exercise("few-labels.1")
def _hours(answer):
    boxes_h = 16_069 * 18 / 3600
    return expect_number(answer, 1612 / 60 + boxes_h, tol=0.06, hints={
        boxes_h: _("that is the drawing alone; somebody also listened to all 1612 recordings"),
        1612 / 60: _("that is the listening alone, and enough for weak labels; add the boxes"),
        1612 + 16_069 * 18 / 60: _("that is in minutes; hours are asked for"),
        1612 / 60 + 16_069 * 18 / 60: _("the boxes are in minutes there, the listening in hours"),
        1612 / 60 * (1 + 18 / 60): _("that is one box a recording; there are 16,069 in all"),
    })  # fmt: skip


@exercise("few-labels.2")
def _axes(answer):
    # What the figure of the page shows, which is of the book's pond.
    return expect_number(answer, 82, tol=20, hints={
        0: _("compare at the same height, and in the right panel"),
        -82: _("it is the other way round: uncertainty needs more"),
        122: _("that is what random needs; subtract it from what uncertainty needs"),
        204: _("that is what uncertainty needs; subtract what random needs"),
    })


@exercise("few-labels.3")
def _even(answer):
    return expect_number(answer, 9, tol=1e-6, hints={
        15: _("with boxes one listens as well: take the 12 minutes of listening away first"),
        90: _("that is for a whole recording; share it among its 10 boxes"),
        1.5: _("that is minutes of drawing a recording; give seconds a box"),
        0.15: _("that is minutes; seconds are asked for"),
        18: _("18 s is what the chapter assumes; here the number follows from 12 and 30 recordings"),
        2.5: _("that is how many times dearer a recording with boxes may be; turn it into seconds a box"),
    })  # fmt: skip


@exercise("few-labels.4")
def _least_doubt(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (guessed, measured)")
    hint = expect_choice(answer[0], ("lower", "same", "higher"), ("lower", "same", "higher"))
    if hint is not None:
        return _("guessed: {hint}", hint=_(hint))
    x, _y, names, known, head = _taught_by(5, str(load_dataset("pond").root))
    doubt = uncertainty(head.predict_proba(x[~known]), names[~known]).sort_values()
    boxes = load_dataset("pond").strong_labels.groupby("recording").size().reindex(np.unique(names), fill_value=0)
    right = float((boxes[doubt.index[:10]] == 0).mean())
    hint = expect_number(answer[1], right, tol=1e-3, hints={
        float((boxes == 0).mean()): _("that is the share in the whole pool; take doubt.index[:10]"),
        float((boxes[doubt.index[-10:]] == 0).mean()): _("those are the ten with the most doubt; the smallest come "
                                                         "first"),
        1 - right: _("that is the share with boxes; those without are asked for"),
        100 * right: _("give a share between 0 and 1, not a percentage"),
        10 * right: _("that is a number of recordings; give the share"),
    })  # fmt: skip
    if hint is not None:
        return _("measured: {hint}", hint=_(hint))
    pool = float((boxes == 0).mean())
    came = "same" if right == pool else "higher" if right > pool else "lower"
    if answer[0].strip().lower() != came:
        print(_("Your guess was {guess!r}; it is {came!r}: {right:.2f} against {pool:.2f} in the pool.",
                guess=answer[0].strip(), came=came, right=right, pool=pool))
    return None


@exercise("few-labels.5")
def _right(answer):
    root = str(load_dataset("pond").root)
    n = min(40, len(set(_pool(root)[2])) // 2) // 4
    x, y, names, known, head = _taught_by(n, root)
    guess = head.predict_proba(x)
    new = y[~known]
    return expect_number(answer, float(new[guess[~known] >= 0.9].mean()), tol=1e-3, hints={
        float(y[guess >= 0.9].mean()): _("that counts the windows it learnt from, too; take those outside boxed"),
        float((1 - new[guess[~known] <= 0.1]).mean()): _(
            "those say no, which is easily right; take those that say yes"),
        float(new[guess[~known] >= 0.9].sum() / new.sum()): _(
            "that is the share of all calls that were found; divide by the number of pseudo-labels that say yes"),
        float((guess[~known] >= 0.9).mean()): _("that is how many there are; ask pool_y how many of them are right"),
    })  # fmt: skip
