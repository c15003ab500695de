"""How good are the names given to a window, if one calls in it, or two, or many?

F1 of windows with few and with many species can't be compared: with many, any guess is more often right. So recall and
false alarms stand apart here, beside the F1 of one who always says yes.
"""

import numpy as np
import pandas as pd

from anuralib._scores import check_scores


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
    """Recall, false alarms and F1 of the windows with no, one, two ... species.

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
            "false_alarms": (said - hits) / here.sum(), "f1": 2 * hits / (said + there) if there else np.nan,
            "f1_always_yes": 2 * share / (1 + share) if there else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows).set_index("n_species")
