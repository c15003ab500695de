"""Does 0.8 mean eight times in ten?

A network may rank well and still be far too sure of itself. Probabilities that are meant as such (to add them up, to
choose a threshold by its price, to compare sites) must be looked at here first.
"""

import numpy as np
import pandas as pd

from anuralib._arguments import check_scores


def reliability(y_true, y_prob, n_bins=10, species=None):
    """The table behind a reliability diagram, all species pooled.

    Parameters
    ----------
    y_true, y_prob : array or DataFrame, shape (N, n_species)
        Labels and probabilities.
    n_bins : int
        Bins of equal width from 0 to 1; a probability on an edge belongs to the bin below it (0 to the first).
    species : sequence of str, optional
        Which columns of a frame to take.

    Returns
    -------
    DataFrame
        A row a bin: low, high (its edges), n, mean_probability, share_positive (NaN where the bin is empty).
    """
    truth, prob, _ = check_scores(y_true, y_prob, species)
    return _bins(truth.ravel(), prob.ravel(), n_bins)


def calibration_error(y_true, y_prob, n_bins=10, species=None):
    """Expected calibration error of each species: how far probabilities lie from what happens (Naeini et al. 2015).

    .. code-block:: text

        ECE = sum over bins of  n_b / N * |share of positives - mean probability|

    For a rare species nearly all windows lie in the first bin, and the number is small for whatever reason: look at
    `reliability`, too. For networks see Guo et al. 2017 (arXiv:1706.04599).

    Parameters
    ----------
    y_true, y_prob, n_bins, species
        As in `reliability`.

    Returns
    -------
    Series, index species
        0 to 1; defined for a species without positives, too (any probability given to it is too much).
    """
    truth, prob, names = check_scores(y_true, y_prob, species)
    errors = []
    for column in range(len(names)):
        bins = _bins(truth[:, column], prob[:, column], n_bins)
        apart = (bins["share_positive"] - bins["mean_probability"]).abs()
        errors.append(float((apart * bins["n"]).sum() / len(truth)))
    return pd.Series(errors, index=names, name="calibration_error")


def _bins(truth, prob, n_bins):
    if n_bins < 1:
        raise ValueError(f"n_bins must be 1 or more, got {n_bins}")
    edges = np.linspace(0, 1, n_bins + 1)
    place = np.clip(np.searchsorted(edges, prob, side="left") - 1, 0, n_bins - 1)
    n = np.bincount(place, minlength=n_bins)
    sums = [np.bincount(place, weights=values, minlength=n_bins) for values in (prob, truth.astype(float))]
    mean, share = (np.divide(total, n, out=np.full(n_bins, np.nan), where=n > 0) for total in sums)
    columns = {"low": edges[:-1], "high": edges[1:], "n": n, "mean_probability": mean, "share_positive": share}
    return pd.DataFrame(columns)
