"""How good are the predictions, species by species and for groups of species?

One rule throughout: **what is undefined is NaN, never 0**, and a macro row averages only the
species for which the number exists, and says how many they are.

=================  ==============================================================================
recall, F1         NaN for a species without positive windows: there was nothing to find.
                   F1 is 0 for one that has some and of which none was found.
precision          NaN if the species was never predicted (0 / 0).
average precision  NaN without positives.
AUROC              NaN without positives or without negatives.
=================  ==============================================================================
"""

import numpy as np
import pandas as pd

from anuralib._arguments import check_scores, per_species, ratio
from anuralib.windows.table import METADATA_COLUMNS

GROUPS = ("common", "frequent", "rare")


def f1_from_counts(hits, positives, chosen):
    """F1 from numbers, or shares, of windows; every F1 in the package is computed here.

    F1 = 2 hits / (positives + chosen), which is 2 TP / (2 TP + FP + FN).

    Parameters
    ----------
    hits, positives, chosen : float or array
        Positive windows that were chosen, all positive windows, all chosen windows.

    Returns
    -------
    ndarray
        NaN where there are no positives: there was nothing to find.
    """
    positives = np.asarray(positives)
    return np.where(positives > 0, ratio(2 * np.asarray(hits), positives + np.asarray(chosen)), np.nan)


def _counts(truth, chosen):
    """Hits, positives and chosen windows of each species."""
    return (truth & chosen).sum(0), truth.sum(0), chosen.sum(0)


def f1_per_species(y_true, y_prob, threshold=0.5, species=None):
    """F1 = 2 TP / (2 TP + FP + FN) of each species, a probability >= `threshold` meaning yes.

    Returns
    -------
    Series, index species
        NaN for a species without positives.
    """
    truth, prob, species = check_scores(y_true, y_prob, species)
    limits = per_species(threshold, species, "threshold")
    return pd.Series(f1_from_counts(*_counts(truth, prob >= limits)), index=species, name="f1")


def _area(truth, prob):
    """Average precision of one species; scikit-learn's checks of its input take 50 times as long as the sum."""
    order = np.argsort(prob, kind="stable")[::-1]
    last = np.append(np.flatnonzero(np.diff(prob[order])), len(prob) - 1)  # of each run of equal scores
    found = np.cumsum(truth[order])[last]
    steps = np.diff(found / found[-1], prepend=0.0)
    return float((steps * found / (last + 1))[::-1].sum())


def average_precision(y_true, y_prob, species=None):
    """Average precision of each species: the mean precision over the ranks of its positives.

    ``sum over n of (R_n - R_(n-1)) P_n`` as in scikit-learn; needs no threshold, and a random
    ranking scores the share of positives.

    Returns
    -------
    Series, index species
        NaN for a species without positives.
    """
    truth, prob, species = check_scores(y_true, y_prob, species)
    scores = [_area(truth[:, i], prob[:, i]) if truth[:, i].any() else np.nan for i in range(len(species))]
    return pd.Series(scores, index=species, name="average_precision")


def _auroc(truth, prob):
    from sklearn.metrics import roc_auc_score

    both = truth.any(0) & ~truth.all(0)
    return [roc_auc_score(truth[:, i], prob[:, i]) if both[i] else np.nan for i in range(len(both))]


def _group_of(groups, species):
    if groups is None:
        return np.full(len(species), None, dtype=object)
    found = pd.Series(groups, dtype=object).reindex(species)
    if found.isna().any():
        raise ValueError(f"groups has no entry for {list(species[found.isna()])}")
    return found.to_numpy()


def _with_macro_rows(table, means, sums):
    """Add "macro (group)" rows and "macro (all)": means of what is defined, sums of counts."""
    present = [group for group in table["group"].unique() if group is not None]
    ordered = [g for g in GROUPS if g in present] + [g for g in present if g not in GROUPS]
    rows = []
    for group in [*ordered, "all"]:
        part = table if group == "all" else table[table["group"] == group]
        rows.append(
            {"species": f"macro ({group})", "group": group}
            | part[sums].sum().to_dict()
            | part[means].mean().to_dict()
            | {"n_species": int((part["support"] > 0).sum())}
        )
    macro = pd.DataFrame(rows).reindex(columns=table.columns)
    table = pd.concat([table, macro], ignore_index=True)
    return table.astype(dict.fromkeys([*sums, "n_species"], int))


def evaluate(y_true, y_prob, threshold=0.5, groups=None, species=None):
    """Scores per species and, like the AnuraSet paper's Table 2, averaged over groups of species.

    Parameters
    ----------
    y_true : array or DataFrame, shape (N, n_species)
        0 or 1.
    y_prob : array or DataFrame, shape (N, n_species)
        Probabilities from `predict`.
    threshold : float, array, Series or dict
        Yes from this probability on; one for all, or one per species (see `tune_thresholds`).
    groups : Series or dict, optional
        Species to group name, see `frequency_groups`.
    species : sequence of str, optional
        Names of the columns; if y_true is a DataFrame, which of its columns to score: all, those
        in the test subset, or those that can be learnt. The choice changes every macro figure.

    Returns
    -------
    DataFrame
        One row per species, then "macro (common)", ... and "macro (all)". Columns: species, group,
        support (positive windows), n_predicted, precision, recall, f1, average_precision, auroc,
        threshold, n_species (how many species with positives a row averages). Undefined values
        are NaN and left out of the averages: recall and F1 of a species without positive windows,
        for instance. Precision is undefined for a species never predicted, so it can average fewer species
        than n_species says.

    Raises
    ------
    ValueError
        Shapes that differ, no rows, labels other than 0 and 1, probabilities outside 0..1 or NaN,
        a species without group or threshold.
    """
    truth, prob, names = check_scores(y_true, y_prob, species)
    limits = per_species(threshold, names, "threshold")
    hits, support, predicted = _counts(truth, prob >= limits)
    table = pd.DataFrame(
        {
            "species": names,
            "group": pd.Series(_group_of(groups, names), dtype=object),
            "support": support,
            "n_predicted": predicted,
            "precision": ratio(hits, predicted),
            "recall": ratio(hits, support),
            "f1": f1_from_counts(hits, support, predicted),
            "average_precision": average_precision(truth, prob).to_numpy(),
            "auroc": _auroc(truth, prob),
            "threshold": limits,
            "n_species": (support > 0).astype(int),
        }
    )
    means = ["precision", "recall", "f1", "average_precision", "auroc"]
    return _with_macro_rows(table, means, ["support", "n_predicted"])


def no_skill(y_true, groups=None, species=None):
    """What one scores without listening: the floor under every table of results.

    With p the share of positive windows of a species: always saying yes gives precision p and
    recall 1, so F1 = 2p / (1 + p); saying yes at random in a share p of the windows gives (in
    expectation, for many windows) precision p, recall p and F1 = p; a random ranking has the
    average precision p and AUROC 0.5.

    Returns
    -------
    DataFrame
        Columns species, group, support, prevalence, f1_always_yes, f1_random,
        average_precision, auroc, n_species; macro rows as in `evaluate`.
    """
    truth, _, names = check_scores(y_true, np.zeros(np.shape(y_true)), species)
    share = np.where(truth.any(0), truth.mean(0), np.nan)
    table = pd.DataFrame(
        {
            "species": names,
            "group": pd.Series(_group_of(groups, names), dtype=object),
            "support": truth.sum(0),
            "prevalence": truth.mean(0),
            "f1_always_yes": f1_from_counts(share, share, 1),
            "f1_random": share,
            "average_precision": share,
            "auroc": np.where(share < 1, 0.5, np.nan),
            "n_species": truth.any(0).astype(int),
        }
    )
    means = ["prevalence", "f1_always_yes", "f1_random", "average_precision", "auroc"]
    return _with_macro_rows(table, means, ["support"])


def frequency_groups(windows, species=None, bounds=(10_000, 5_000), of=93_378):
    """Sort the species into common, frequent and rare, as the AnuraSet paper does.

    By its text, of 93,378 windows, common species have more than 10,000, frequent ones 5,000 to
    10,000 and rare ones fewer than 5,000. Its Table 2 has the row "Frequent" first and highest, so
    there the first two names may have changed places: go by the bounds when you compare with it.
    The bounds are scaled to the number of windows given: in 6,960 windows they are 745.4 and 372.7.

    Parameters
    ----------
    windows : DataFrame
        All windows, train and test together. (Of which it counts, the paper does not say.)
    species : sequence of str, optional
        Columns to sort; by default all that are not metadata.

    Returns
    -------
    Series, index species
        "common", "frequent" or "rare".
    """
    if not len(windows):
        raise ValueError("windows has no rows")
    if species is None:
        species = [column for column in windows.columns if column not in METADATA_COLUMNS]
    lost = [code for code in species if code not in windows.columns]
    if lost:
        raise ValueError(f"species not among the columns of windows: {lost}")
    scaled = windows[list(species)].sum() * (of / len(windows))
    names = np.select([scaled > bounds[0], scaled >= bounds[1]], GROUPS[:2], GROUPS[2])
    return pd.Series(names, index=pd.Index(list(species), name="species"), name="group")


def tune_thresholds(y_true, y_prob, species=None, default=0.5):
    """For each species the threshold with the highest F1. Give it *validation* windows only.

    Each threshold lies half-way between two neighbouring probabilities; of equally good ones the
    one nearest to `default` is taken. Few positives make this a noisy choice.

    Returns
    -------
    Series, index species
        `default` for a species without positives.
    """
    truth, prob, names = check_scores(y_true, y_prob, species)
    best = np.full(len(names), float(default))
    for i in np.flatnonzero(truth.any(0)):
        levels = np.unique(prob[:, i])
        limits = np.r_[levels[0], (levels[1:] + levels[:-1]) / 2]
        order = np.sort(prob[truth[:, i], i])
        hits = len(order) - np.searchsorted(order, limits)
        chosen = len(prob) - np.searchsorted(np.sort(prob[:, i]), limits)
        f1 = f1_from_counts(hits, len(order), chosen)
        good = limits[f1 >= f1.max() - 1e-12]
        best[i] = good[np.abs(good - default).argmin()]
    return pd.Series(best, index=names, name="threshold")


def macro_f1(y_true, y_prob, threshold=0.5):
    """Mean F1 over the species with positives (NaN if there is none)."""
    values = f1_per_species(y_true, y_prob, threshold).dropna()
    return float(values.mean())
