"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np


def _unsure_is_no(answers):
    return np.arange(len(answers)), np.nan_to_num(answers)


def _only_yes(answers):
    rows = np.flatnonzero(answers == 1)
    return rows, answers[rows]


def _mask(answers):
    known = ~np.isnan(answers)
    return known, answers[known]


def _once(kappas, level):
    return next((number for number, kappa in enumerate(kappas, start=1) if kappa >= level), 0)


def _from_nought(kappas, level):
    return next((k for k in range(2, len(kappas)) if np.mean(kappas[k - 2 : k + 1]) >= level), 0)


def _always(kappas, level):
    rounds = [k + 1 for k in range(2, len(kappas)) if round(np.mean(kappas[k - 2 : k + 1]), 9) >= level]
    return rounds[0] if rounds else len(kappas)


WRONG = [
    ("agile.1", 30 / 0.005 * 6, "give hours"),
    ("agile.1", 30 / 0.005 * 3 / 3600, "decide"),
    ("agile.1", 30 / 0.5 * 6 / 3600, "0.005"),
    ("agile.2", _unsure_is_no, "learnt as a no"),
    ("agile.2", _only_yes, "also needs"),
    ("agile.2", _mask, "7 rows but 4 labels"),
    ("agile.3", _once, "may be chance"),
    ("agile.3", _from_nought, "not complete"),
    ("agile.3", _always, "never gets there"),
    ("agile.4", 980, "for a sample"),
    ("agile.4", 30 / 33 * 2000, "least typical"),
    ("agile.4", 60, "divide by their number"),
]
