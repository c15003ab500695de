"""Scores under different conditions: how clear the calls are, and how many species call at once.

A score over all windows hides that some calls are loud and some all but drowned. Here every pair of a window and a
species that calls in it gets the letter of its clearest bout, or the ratio of its loudest call, and recall is counted
for each.
"""

import numpy as np
import pandas as pd

from anuralib._arguments import check_scores
from anuralib.score.bootstrap import bootstrap_ci
from anuralib.score.metrics import f1_from_counts


def _greatest(calls, values, windows, species):
    """The greatest value of the calls in each window, by species; -inf where there is none.

    Without values it is the time that a call and the window share, in seconds.
    """
    out = np.full((len(windows), len(species)), -np.inf)
    place = {code: k for k, code in enumerate(species)}
    first, last = windows["min_t"].to_numpy(float), windows["max_t"].to_numpy(float)
    rows_of = windows.groupby("fname", sort=False).indices
    starts, ends = calls["start_s"].to_numpy(float), calls["end_s"].to_numpy(float)
    given = [None] * len(calls) if values is None else values
    for name, code, start, end, value in zip(calls["recording"], calls["species"], starts, ends, given, strict=True):
        if name not in rows_of or code not in place:
            continue
        rows = rows_of[name]
        # As in window_labels: any part of a call; a point label (start = end) belongs to the window it lies in.
        inside = (start < last[rows]) & ((end > first[rows]) | ((start == end) & (start >= first[rows])))
        rows = rows[inside]
        if values is None:
            value = np.minimum(end, last[rows]) - np.maximum(start, first[rows])
        out[rows, place[code]] = np.maximum(out[rows, place[code]], value)
    return out


def pair_quality(dataset, windows):
    """The best quality letter of the bouts of each species in each window.

    Parameters
    ----------
    dataset : Dataset
        Its strong labels have a ``quality``: H, M or L.
    windows : DataFrame
        From `window_labels`.

    Returns
    -------
    ndarray of str, shape (len(windows), n_species)
        "H", "M", "L", or empty where no bout is.
    """
    order = ["L", "M", "H"]
    ranks = dataset.strong_labels["quality"].map(dict(zip(order, range(3), strict=True)))
    known = ranks.notna()
    best = _greatest(dataset.strong_labels[known], ranks[known], windows, dataset.species)
    return np.array(["", *order])[np.where(np.isfinite(best), best + 1, 0).astype(int)]


def pair_snr(dataset, windows):
    """The signal-to-noise ratio of the loudest call of each species in each window, of a simulated pond.

    Parameters
    ----------
    dataset : Dataset
        With ``truth``: only a simulation knows it.
    windows : DataFrame
        From `window_labels`.

    Returns
    -------
    ndarray, shape (len(windows), n_species)
        dB in the band of the call; NaN where nothing calls. Calls too faint to be labelled have theirs, too.

    Raises
    ------
    ValueError
        If the data set has no truth.
    """
    if getattr(dataset, "truth", None) is None:
        raise ValueError(f"{dataset.name} has no truth: the ratio of each call is known of a simulated pond only")
    best = _greatest(dataset.truth, dataset.truth["snr_db"].to_numpy(float), windows, dataset.species)
    return np.where(np.isfinite(best), best, np.nan)


def pair_overlap(dataset, windows):
    """How much of a single call lies in each window, of a simulated pond: of several calls the longest piece.

    Parameters
    ----------
    dataset : Dataset
        With ``truth``: strong labels box bouts, in which calls can't be told apart.
    windows : DataFrame
        From `window_labels`.

    Returns
    -------
    ndarray, shape (len(windows), n_species)
        Seconds; NaN where nothing calls.

    Raises
    ------
    ValueError
        If the data set has no truth.
    """
    if getattr(dataset, "truth", None) is None:
        raise ValueError(f"{dataset.name} has no truth: single calls are known of a simulated pond only")
    longest = _greatest(dataset.truth, None, windows, dataset.species)
    return np.where(np.isfinite(longest), longest, np.nan)


def _found(truth, prob, threshold):
    return float((prob[truth] >= threshold).mean()) if truth.any() else np.nan


def scores_by(classes, y_true, y_prob, groups, threshold=0.5, order=None, n_boot=300, seed=0):
    """Recall and F1 of the pairs of window and species, for each class of pairs: quality letters, ranges of SNR.

    Of all pairs of a class together, whatever the species. A false alarm has no class (nothing called there): F1 of a
    class leaves the positive pairs of the other classes out, and counts every false alarm against it.

    Parameters
    ----------
    classes : array, shape (N, n_species)
        Class of each pair; only positive pairs are looked at.
    y_true, y_prob : array or DataFrame, shape (N, n_species)
    groups : array, shape (N,)
        Recording of each window, for the interval.
    threshold : float
    order : sequence, optional
        Which classes to show, in this order; by default all that positive pairs have, sorted.
    n_boot, seed : int
        Of the interval of the recall, see `bootstrap_ci`.

    Returns
    -------
    DataFrame, index class
        ``pairs`` (positive ones), ``recall``, ``low`` and ``high`` (95 % over recordings), ``f1``; NaN for a class
        without pairs.
    """
    truth, prob, _ = check_scores(y_true, y_prob)
    classes = np.asarray(classes)
    if classes.shape != truth.shape:
        raise ValueError(f"classes must have a class for each label, {truth.shape}, got {classes.shape}")
    order = sorted(set(classes[truth])) if order is None else list(order)
    alarms, rows = int(((prob >= threshold) & ~truth).sum()), []
    for name in order:
        mine = truth & (classes == name)
        hits, n = int((prob[mine] >= threshold).sum()), int(mine.sum())
        told = {"low": np.nan, "high": np.nan}
        if n:
            told = bootstrap_ci(mine, prob, groups, lambda y, p: _found(y, p, threshold), n_boot=n_boot, seed=seed)
        rows.append({"pairs": n, "recall": hits / n if n else np.nan, "low": told["low"], "high": told["high"],
                     "f1": float(f1_from_counts(hits, n, hits + alarms))})  # fmt: skip
    return pd.DataFrame(rows, index=pd.Index(order, name="class"))


def threshold_for_alarms(y_true, y_prob, alarms=0.2):
    """The lowest threshold, one for all species, with no more than so many false alarms a window.

    To compare two models at the same price. Give it *validation* windows.

    Parameters
    ----------
    y_true, y_prob : array or DataFrame, shape (N, n_species)
        Labels and probabilities.
    alarms : float
        Names a window, in the mean, of species that don't call in it.

    Returns
    -------
    float
        Say yes from this probability on (``>=``). 0 if even that gives few enough; it may lie just above 1.
    """
    truth, prob, _ = check_scores(y_true, y_prob)
    if not alarms >= 0:
        raise ValueError(f"alarms must be 0 or more, got {alarms}")
    wrong = np.sort(prob[~truth])[::-1]
    allowed = int(alarms * len(truth) + 1e-9)
    return float(np.nextafter(wrong[allowed], 2)) if allowed < len(wrong) else 0.0


def scores_by_polyphony(y_true, y_prob, threshold=0.5, most=4):
    """Recall, false alarms and F1 of the windows with no, one, two and more species.

    All pairs of a window and a species are pooled; a mean over species would be over other species in each row.

    Parameters
    ----------
    y_true, y_prob : array or DataFrame, shape (N, n_species)
        Labels, and probabilities or answers (0 and 1).
    threshold : float
        Yes from here on.
    most : int
        Windows with so many species and more make the last row.

    Returns
    -------
    DataFrame, index n_species
        ``windows``; ``recall`` (NaN without species); ``false_alarms`` a window; ``f1`` (NaN without species);
        ``f1_always_yes``, what it costs no skill to reach, 2 p / (1 + p) with p the share of pairs that are positive.
    """
    truth, prob, _ = check_scores(y_true, y_prob)
    if most < 1:
        raise ValueError(f"most must be 1 or more, got {most}")
    yes, number = prob >= threshold, np.minimum(truth.sum(1), most)
    rows = []
    for n in np.unique(number):
        here = number == n
        there, said, hits = truth[here].sum(), yes[here].sum(), (truth & yes)[here].sum()
        share = truth[here].mean()
        rows.append({
            "n_species": int(n), "windows": int(here.sum()), "recall": hits / there if there else np.nan,
            "false_alarms": (said - hits) / here.sum(), "f1": float(f1_from_counts(hits, there, said)),
            "f1_always_yes": float(f1_from_counts(share, share, 1)),
        })  # fmt: skip
    return pd.DataFrame(rows).set_index("n_species")
