"""The calling index as what it is: levels in an order, with unknown distances between them.

0 absent, 1 single callers, 2 overlapping, 3 a full chorus. To a regression 3 is three times 1; to a classifier 3 is as
far from 2 as from 0. The proportional-odds model (McCullagh 1980) knows just the order: one score, and cuts along it.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from anuralib._arguments import mean_and_spread


class OrdinalModel(NamedTuple):
    """P(index >= k) = sigmoid(x @ weights - cuts[k - 1]), x standardised with mean and std; cuts rise."""

    weights: np.ndarray
    cuts: np.ndarray
    mean: np.ndarray
    std: np.ndarray


def _check(features):
    x = np.asarray(features, dtype=float)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        raise ValueError(f"features must be (N, D) numbers without NaN, got shape {np.shape(features)}")
    return x


def _cuts(free):
    """Rising cuts from free numbers: the first, then the logarithms of the steps."""
    return np.cumsum(np.concatenate([free[:1], np.exp(free[1:])]))


def _objective(params, x, y, n_cuts, penalty):
    """Negative log-likelihood with an L2 penalty on the weights, and its gradient."""
    weights, free = params[:-n_cuts], params[-n_cuts:]
    cuts = _cuts(free)
    # The probability of level k lies between two sigmoids; beyond the last cut they are 1 and 0.
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    score = x @ weights
    above, below = expit(score - edges[y]), expit(score - edges[y + 1])
    prob = np.maximum(above - below, 1e-300)
    slope_above, slope_below = above * (1 - above), below * (1 - below)
    value = -np.log(prob).sum() + 0.5 * penalty * weights @ weights
    grad_score = -(slope_above - slope_below) / prob
    grad_edges = np.zeros(n_cuts + 2)
    np.add.at(grad_edges, y, slope_above / prob)
    np.add.at(grad_edges, y + 1, -slope_below / prob)
    # Every cut contains all steps before it.
    tail = np.cumsum(grad_edges[1:-1][::-1])[::-1]
    grad_free = tail * np.concatenate([[1.0], np.exp(free[1:])])
    return value, np.concatenate([x.T @ grad_score + penalty * weights, grad_free])


def fit_ordinal(features, index, n_levels=4, penalty=1.0):
    """Fit the proportional-odds model to calling indices.

    Parameters
    ----------
    features : array, shape (N, D) or (N,)
        What is known of each recording: number of detections, their mean probability, level...
    index : array of int, shape (N,)
        0 to n_levels - 1.
    n_levels : int
    penalty : float
        Strength of the L2 penalty on the weights of the standardised features; it keeps them finite where the levels
        can be told apart perfectly.

    Returns
    -------
    OrdinalModel
        Levels that don't occur get a cut at the place of the next higher level that does (infinitely far up if there is
        none), so that their probability is 0.

    Raises
    ------
    ValueError
        Fewer than two levels in the data, an index that is no level, NaN, shapes that differ.
    """
    from scipy.optimize import minimize

    x, y = _check(features), np.asarray(index)
    if y.shape != (len(x),) or not np.isin(y, np.arange(n_levels)).all():
        raise ValueError(f"index must be {len(x)} whole numbers from 0 to {n_levels - 1}")
    if not penalty > 0:
        raise ValueError(f"penalty must be positive, got {penalty}")
    present, y = np.unique(y.astype(int), return_inverse=True)
    n_cuts = len(present) - 1
    if n_cuts < 1:
        raise ValueError(f"all recordings have the index {present[0]}: there is nothing to learn")
    mean, std = mean_and_spread(x, least=1e-9)
    share = np.clip(np.cumsum(np.bincount(y))[:-1] / len(y), 0.01, 0.99)
    first = np.log(share / (1 - share))
    free = np.concatenate([first[:1], np.log(np.maximum(np.diff(first), 1e-2))])
    start = np.concatenate([np.zeros(x.shape[1]), free])
    found = minimize(_objective, start, args=((x - mean) / std, y, n_cuts, penalty), jac=True, method="L-BFGS-B",
                     options={"maxiter": 1000, "gtol": 1e-8, "ftol": 1e-14})  # fmt: skip
    fitted = _cuts(found.x[-n_cuts:])
    place = np.searchsorted(present[1:], np.arange(1, n_levels))
    cuts = np.append(fitted, np.inf)[place]
    cuts[np.arange(1, n_levels) <= present[0]] = -np.inf  # below the lowest level that occurs there is nothing
    return OrdinalModel(found.x[:-n_cuts], cuts, mean, std)


def ordinal_probabilities(model, features):
    """Probability of every level, shape (N, n_levels); rows add up to 1."""
    x = _check(features)
    if x.shape[1] != len(model.mean):
        raise ValueError(f"{x.shape[1]} features given, the model was fitted to {len(model.mean)}")
    score = ((x - model.mean) / model.std) @ model.weights
    at_least = expit(score[:, None] - model.cuts)
    edges = np.concatenate([np.ones((len(x), 1)), at_least, np.zeros((len(x), 1))], axis=1)
    return edges[:, :-1] - edges[:, 1:]


def likely_index(probabilities):
    """The median level of each row: the smallest that is reached with probability 1/2.

    Of all answers the median has the smallest expected distance in levels (the mean absolute error of `index_scores`);
    the likeliest level has not.

    Parameters
    ----------
    probabilities : array, shape (N, n_levels)

    Returns
    -------
    ndarray of int, shape (N,)
    """
    return (np.cumsum(probabilities, axis=1) < 0.5 - 1e-12).sum(axis=1)


def summarise_windows(probabilities, recordings, threshold=0.5):
    """What the windows of each recording say of each species, in four numbers: features for `fit_ordinal`.

    Parameters
    ----------
    probabilities : array or DataFrame, shape (N, n_species)
        Of windows, from `predict`.
    recordings : sequence of str, shape (N,)
        Recording of each window, ``windows["fname"]``.
    threshold : float
        From which a window counts as a detection.

    Returns
    -------
    float ndarray, shape (n_recordings, n_species, 4)
        Share of windows with a detection, mean probability, mean and highest logit (probabilities cut to 1e-6 off 0 and
        1). Recordings are in the order of their names.

    Raises
    ------
    ValueError
        Not one recording for each window, probabilities that are none.
    """
    prob, names = np.asarray(probabilities, dtype=float), np.asarray(recordings)
    if prob.ndim != 2 or names.shape != prob.shape[:1] or 0 in prob.shape:
        raise ValueError(f"need (N, n_species) probabilities and N recordings, got {prob.shape} and {names.shape}")
    if not (prob.min() >= 0 and prob.max() <= 1):  # written so that NaN fails, too
        raise ValueError("probabilities must lie between 0 and 1, without NaN")
    logits = logit(prob.clip(1e-6, 1 - 1e-6))
    order = np.argsort(names, kind="stable")
    starts = np.unique(names[order], return_index=True)[1]
    n = np.diff(np.append(starts, len(names)))[:, None]
    means = [np.add.reduceat(table[order], starts) / n for table in ((prob >= threshold).astype(float), prob, logits)]
    return np.stack([*means, np.maximum.reduceat(logits[order], starts)], axis=-1)


def cut_points(score, index, n_levels=4):
    """Where to cut one score (the share of windows with a detection, say) into calling indices.

    Each cut answers one question, *at least k?*, with the fewest errors on the examples given. The errors of all cuts
    together are the absolute error in levels, so that no other cuts have a smaller mean absolute error there. That each
    can be chosen for itself and they still don't cross follows from the errors of a higher question growing slower with
    the cut.

    Parameters
    ----------
    score : array, shape (N,)
    index : array of int, shape (N,)
        0 to n_levels - 1.
    n_levels : int

    Returns
    -------
    ndarray, shape (n_levels - 1,)
        Half-way between two scores that occur, -inf or inf where the answer is always or never yes; they don't fall.
        ``np.searchsorted(cuts, score, side="right")`` is the index of a score.

    Raises
    ------
    ValueError
        NaN, shapes that differ, an index that is no level.
    """
    x, y = _check(score)[:, 0], np.asarray(index)
    if np.ndim(score) != 1 or y.shape != x.shape or not np.isin(y, np.arange(n_levels)).all():
        raise ValueError(f"need one score and one index (0 to {n_levels - 1}) each, got {np.shape(score)}, {y.shape}")
    values, place = np.unique(x, return_inverse=True)
    cuts = []
    for k in range(1, n_levels):
        yes = np.bincount(place, y >= k)
        no = np.bincount(place, y < k)
        errors = np.cumsum(np.append(0, yes)) + np.append(np.cumsum(no[::-1])[::-1], 0)
        cuts.append(np.argmin(errors))  # below values[cut] the answer is no
    edges = np.concatenate([[-np.inf], (values[:-1] + values[1:]) / 2, [np.inf]])
    return edges[cuts]


def index_scores(true, estimate, n_levels=4):
    """How far estimated calling indices lie from the true ones.

    Parameters
    ----------
    true, estimate : array of int, shape (N,)
        0 to n_levels - 1.

    Returns
    -------
    dict
        exact (share), mae (mean absolute error, levels), bias (mean of estimate - true, levels), weighted_kappa
        (quadratic weights, Cohen 1968: agreement beyond chance; NaN if all of both have the same level).

    Raises
    ------
    ValueError
        No values, shapes that differ, values that are no level.
    """
    from sklearn.metrics import cohen_kappa_score

    true, estimate = np.asarray(true), np.asarray(estimate)
    levels = np.arange(n_levels)
    if true.shape != estimate.shape or true.ndim != 1 or not len(true):
        raise ValueError(f"true and estimate must be equally long, got {true.shape} and {estimate.shape}")
    if not (np.isin(true, levels).all() and np.isin(estimate, levels).all()):
        raise ValueError(f"indices must be whole numbers from 0 to {n_levels - 1}")
    apart = estimate.astype(float) - true
    defined = len(np.union1d(true, estimate)) > 1
    kappa = cohen_kappa_score(true, estimate, labels=levels, weights="quadratic") if defined else np.nan
    return {
        "exact": float((apart == 0).mean()),
        "mae": float(np.abs(apart).mean()),
        "bias": float(apart.mean()),
        "weighted_kappa": float(kappa),
    }
