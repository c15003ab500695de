"""Checks of the exercises of the chapter "long-tail"."""

from functools import lru_cache

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function


@exercise("long-tail.1")
def _long_tail_1(answer):
    return expect_number(answer, 5, tol=1e-3, hints={
        25: _("That is the ratio of the two shares; take its square root."),
        0.2: _("Upside down: the rarer the species, the larger the factor."),
        1: _("1 is for species above the bound; 0.2 % is below 5 %."),
        0.5: _("0.2 % is 0.002 and 5 % is 0.05: mind the percent signs."),
        50: _("0.2 % is 0.002, not 0.00002, and 5 % is 0.05."),
        0.04: _("Upside down, and without the square root."),
    })


@exercise("long-tail.2")
def _long_tail_2(answer):
    share = np.array([0.4, 0.0125, 0.002])
    hints = {
        "common": {np.sqrt(0.125): _("A species above the bound must not be shown less often: the factor is at least "
                                     "1.")},
        "both": {
            1: _("With a common and a rare species in a window, the rarer one decides: take the largest factor."),
            (1 + 2) / 2: _("Not the mean: the rarest species of the window decides, so take the largest factor."),
            np.sqrt(0.05 / np.mean([0.4, 0.0125])): _("Not the mean share: the rarest species decides."),
        },
        "none": {0: _("A window without any species is shown as often as before, not never.")},
    }
    hints["none"][5] = hints["both"][5] = _("Only the species that the window holds count; look at `present`.")
    cases = {"common": ([1, 0, 0], 1), "both": ([1, 1, 0], 2), "rare": ([0, 0, 1], 5), "none": ([0, 0, 0], 1)}
    for name, (present, right) in cases.items():
        got = run_function(answer, np.array(present), share, 0.05)
        hint = expect_number(got, right, tol=1e-6, hints=hints.get(name))
        if hint is not None:
            return _("present = {present}: {hint}", present=present, hint=_(hint))
    return None


@exercise("long-tail.3")
def _long_tail_3(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (guess, measured).")
    guess, measured = answer
    words = ("F1", "average precision", "both", "neither")
    hint = expect_choice(guess, words, words)
    if hint is not None:
        return _("The guess: {hint}", hint=_(hint))
    hint = expect_number(measured, 0, tol=5e-3)
    if hint is not None:
        if not isinstance(measured, int | float | np.number) or not np.isfinite(measured):
            return _("The measured value: {hint}", hint=_(hint))
        return _("The measured value is not the largest change of average precision: take al.average_precision of "
                 "both outputs, subtract, and take the largest absolute value (NaN of a type without positives left "
                 "out).")
    if guess != "F1":
        print(_("Your guess was {guess!r}. The ranking of the windows stays as it was, so only F1 can change.",
                guess=guess))
    return None


@lru_cache(maxsize=1)
def _drawn():
    """Windows of the most common type in train: as they are, drawn in an epoch, and the number of windows."""
    import anuralib as al

    pond = al.load_dataset("pond")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    labels = windows.loc[windows["subset"] == "train", pond.species].to_numpy()
    common = labels[:, labels.sum(axis=0).argmax()]
    factors = al.repeat_factors(labels, threshold=0.2)
    return float(common.sum()), float(len(labels) * (common * factors).sum() / factors.sum()), len(labels)


@exercise("long-tail.4")
def _long_tail_4(answer):
    before, after, n = _drawn()
    right = after / before
    return expect_number(answer, right, tol=0.01 * right, hints={
        before / after: _("Upside down: divide what is drawn by what there is."),
        after: _("That is the number drawn; divide it by the number of windows that there are."),
        after / n: _("That is its share of what is drawn; divide by its share in train."),
        1.0: _("It is not 1: a window with a rare type is drawn more often, whoever else calls in it, and others "
               "less."),
    })  # fmt: skip


@exercise("long-tail.5")
def _long_tail_5(answer):
    p = np.array([0.8, 0.45, 0.35, 0.2, 0.1, 0.1])
    f1 = [2 * p[:k].sum() / (k + p.sum()) for k in range(1, 7)]
    return expect_number(answer, max(f1) / 2, tol=2e-3, hints={
        max(f1): _("That is the best F1 itself; for calibrated probabilities the best threshold is half of it."),
        0.5: _("0.5 is best for the share of right answers, not for F1."),
        f1[0] / 2: _("That is half of F1 with a yes to 0.8 alone; try yes to more of the groups."),
        f1[5] / 2: _("That is half of F1 with a yes to all; try yes to fewer of the groups."),
        0.35: _("A yes from 0.35 on is best; the threshold that the theorem gives is half of the F1 of that."),
        50 * max(f1): _("Give a probability between 0 and 1."),
    })  # fmt: skip
