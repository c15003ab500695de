"""How sure is a score, and is one model really better than another?

Both questions are answered by drawing whole **recordings** with replacement (Efron 1979): windows of one recording
resemble each other (two thirds of the sound of neighbours is the same), so drawing windows would pretend to far more
evidence than there is. What is drawn anew is the test subset only. That another training run gives another model is a
second source of chance: give the predictions of several seeds.
"""

import numpy as np

from anuralib._arguments import check_scores, rows_by_recording
from anuralib.score.metrics import macro_f1


def _bootstrap(score, groups, n, n_boot, level, seed):
    """`score(rows)` of `n_boot` test subsets that might have been: those that are numbers, and what to tell of them."""
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"need 0 < level < 1 and n_boot >= 1, got {level} and {n_boot}")
    rows = rows_by_recording(groups, n)
    rng = np.random.default_rng(seed)
    draws = (rng.integers(len(rows), size=len(rows)) for _ in range(n_boot))
    scores = np.array([score(np.concatenate([rows[k] for k in drawn])) for drawn in draws], dtype=float)
    scores = scores[np.isfinite(scores)]
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(scores, tails) if len(scores) else (np.nan, np.nan)
    told = {"low": float(low), "high": float(high), "n_recordings": len(rows), "n_boot": len(scores)}
    return scores, told


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
    _, told = _bootstrap(lambda rows: metric(truth[rows], prob[rows]), groups, len(truth), n_boot, level, seed)
    return {"estimate": float(metric(truth, prob)), **told}


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

    scores, told = _bootstrap(difference, groups, len(truth), n_boot, level, seed)
    return {
        "difference": float(difference(np.arange(len(truth)))),
        **told,
        "share_above_zero": float((scores > 0).mean()) if len(scores) else np.nan,
    }
