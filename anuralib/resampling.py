"""How sure is a score, and is one model really better than another?

Both questions are answered by drawing whole **recordings** with replacement (Efron 1979): windows of one recording
resemble each other (two thirds of the sound of neighbours is the same), so drawing windows would pretend to far more
evidence than there is. What is drawn anew is the test subset only. That another training run gives another model is a
second source of chance: give the predictions of several seeds.
"""

import numpy as np
import pandas as pd

from anuralib._scores import check_scores
from anuralib.metrics import macro_f1


def _recordings(groups, n):
    """The rows of each recording."""
    codes, recordings = pd.factorize(np.asarray(groups))
    if codes.shape != (n,) or (codes < 0).any():
        raise ValueError(f"groups must name a recording for each of the {n} windows")
    return [np.flatnonzero(codes == code) for code in range(len(recordings))]


def _draws(groups, n, n_boot, level, seed):
    """Rows of `n_boot` test subsets that might have been."""
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"need 0 < level < 1 and n_boot >= 1, got {level} and {n_boot}")
    rows = _recordings(groups, n)
    rng = np.random.default_rng(seed)
    for _ in range(n_boot):
        yield np.concatenate([rows[k] for k in rng.integers(len(rows), size=len(rows))])


def _interval(scores, level):
    if not len(scores):
        return np.nan, np.nan
    return np.quantile(scores, [(1 - level) / 2, (1 + level) / 2])


def bootstrap_ci(y_true, y_prob, groups, metric=macro_f1, n_boot=1000, level=0.95, seed=0):
    """Interval of a score over recordings (percentile interval; Efron & Tibshirani 1993).

    Parameters
    ----------
    y_true, y_prob : array or DataFrame, shape (N, n_species)
        Labels and probabilities.
    groups : array, shape (N,)
        Recording of each window, ``windows["fname"]``.
    metric : callable
        ``metric(y_true, y_prob) -> float``; a draw in which it is NaN is left out.
    n_boot, level, seed
        Draws, coverage of the interval, random seed.

    Returns
    -------
    dict
        estimate, low, high, n_recordings, n_boot (draws used).

    Raises
    ------
    ValueError
        Scores as for `evaluate`; no recording for each window, an impossible level.
    """
    truth, prob, _ = check_scores(y_true, y_prob)
    scores = [metric(truth[drawn], prob[drawn]) for drawn in _draws(groups, len(truth), n_boot, level, seed)]
    scores = np.array(scores, dtype=float)
    scores = scores[np.isfinite(scores)]
    low, high = _interval(scores, level)
    return {
        "estimate": float(metric(truth, prob)),
        "low": float(low),
        "high": float(high),
        "n_recordings": len(_recordings(groups, len(truth))),
        "n_boot": len(scores),
    }


def paired_bootstrap(y_true, prob_a, prob_b, groups, metric=macro_f1, n_boot=1000, level=0.95, seed=0):
    """Interval of the difference between two models on the same recordings (Koehn 2004 for the idea).

    Each draw scores both models on the same recordings, so what makes a draw hard for both cancels. The two intervals
    of `bootstrap_ci` may overlap while this one excludes zero.

    Parameters
    ----------
    y_true : array or DataFrame, shape (N, n_species)
    prob_a, prob_b : array or DataFrame, shape (N, n_species), or list of them
        Probabilities of the two models; of a list (the same method with several seeds) the mean score is compared.
    groups, metric, n_boot, level, seed
        As in `bootstrap_ci`.

    Returns
    -------
    dict
        difference (b - a), low, high, share_above_zero (of the draws), n_recordings, n_boot.

    Raises
    ------
    ValueError
        As for `bootstrap_ci`; an empty list.
    """
    models = []
    for given in (prob_a, prob_b):
        runs = list(given) if isinstance(given, list | tuple) else [given]
        if not runs:
            raise ValueError("prob_a and prob_b must hold at least one array of probabilities each")
        models.append([check_scores(y_true, run)[1] for run in runs])
    truth = check_scores(y_true, models[0][0])[0]

    def difference(rows):
        means = [np.mean([metric(truth[rows], run[rows]) for run in runs]) for runs in models]
        return means[1] - means[0]

    drawn = [difference(rows) for rows in _draws(groups, len(truth), n_boot, level, seed)]
    scores = np.array(drawn, dtype=float)
    scores = scores[np.isfinite(scores)]
    low, high = _interval(scores, level)
    return {
        "difference": float(difference(np.arange(len(truth)))),
        "low": float(low),
        "high": float(high),
        "share_above_zero": float((scores > 0).mean()) if len(scores) else np.nan,
        "n_recordings": len(_recordings(groups, len(truth))),
        "n_boot": len(scores),
    }
