"""Checks of the exercises of the chapter "baseline/pretrained"."""

import numpy as np
import pandas as pd

from anuralib.course.exercises import exercise, expect_array, expect_choice, expect_number, run_function
from anuralib.course.language import text as _


@exercise("pretrained.1")
def _pretrained_1(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with two lists of three, first for any shared time, then for at least half.")
    hint = expect_array(answer[0], [1, 1, 1])
    if hint is not None:
        return _("If any shared time counts: {hint}", hint=hint)
    half = expect_array(answer[1], [0, 1, 0])
    if half is not None and expect_array(answer[1], [1, 1, 1]) is None:
        return _("Half of the shorter of the two, here of the window, are 1.5 s; the first window shares 0.2 s.")
    if half is not None and expect_array(answer[1], [0, 0, 0]) is None:
        return _("The middle window shares all of its 3 s; the shorter of the two is the window.")
    return None if half is None else _("If at least half must be shared: {hint}", hint=half)


@exercise("pretrained.2")
def _pretrained_2(answer):
    fname = np.repeat([f"SIM{k}" for k in (3, 1, 4, 2, 7, 5, 6)], [4, 1, 5, 3, 2, 6, 4])
    mixed = fname[np.random.default_rng(0).permutation(len(fname))]
    for names in (fname, mixed, pd.Series(mixed, index=np.arange(len(mixed)) + 100)):
        fold = np.asarray(run_function(answer, names))
        if fold.shape != (len(names),):
            return _("The function should give a fold for each of the {n} windows.", n=len(names))
        if not np.isin(fold, range(5)).all():
            return _("Folds are the whole numbers 0 to 4.")
        folds_of = pd.Series(fold).groupby(np.asarray(names)).nunique()
        if (folds_of > 1).any():
            return _("Windows of {name} are in {n} folds: a recording must not be divided.",
                     name=folds_of.idxmax(), n=int(folds_of.max()))  # fmt: skip
        if len(np.unique(fold)) < 5:
            return _("Of seven recordings some go to each of the five folds; here only {n} folds are used.",
                     n=len(np.unique(fold)))  # fmt: skip
    return None


@exercise("pretrained.3")
def _pretrained_3(answer):
    return expect_number(answer, 3 / 20, tol=1e-6, hints={
        0.45: _("That is the score. What you heard says how often it is right."),
        3 / 300: _("Only the 20 that you listened to can be counted, not all 300."),
        20 / 300: _("That is the share of the windows that you listened to."),
        17 / 20: _("That is the chance that it does not call."),
        45: _("That is how many of the 300 to expect; a probability is asked for."),
    })  # fmt: skip


@exercise("pretrained.4")
def _pretrained_4(answer):
    return expect_choice(answer, "all", ("five", "all"), {
        "five": _("With five recordings neither has much to go by. What does a mean do with more examples, and what "
                  "does a regression?"),
    })  # fmt: skip
