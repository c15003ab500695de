"""Errors to listen to: the surest false alarms, the worst misses, and which species calls when another is named.

A score says how many answers are wrong; which sounds they are, one hears. Neighbouring windows share most of their
sound, so one window speaks for all those of its recording, and counts come with the number of recordings.
"""

import numpy as np
import pandas as pd

from anuralib._arguments import check_scores, per_species, ratio

KINDS = ("false alarm", "miss")
_NO_SPECIES = "(none labelled)"


def _answers(windows, y_prob, species, threshold):
    """Labels, probabilities and answers, each (windows, species), and the names of the columns."""
    lost = [column for column in ("fname", "min_t", "max_t") if column not in windows.columns]
    if lost:
        raise ValueError(f"windows has no column {lost}; it comes from window_labels")
    lost = [code for code in species if code not in windows.columns]
    if lost:
        raise ValueError(f"species not among the columns of windows: {lost}")
    truth, prob, names = check_scores(windows[list(species)], y_prob)
    return truth, prob, prob >= per_species(threshold, names, "threshold"), names


def worst(windows, y_prob, species, threshold=0.5, n=5):
    """The surest false alarms and the worst misses, one window per recording and species.

    A false alarm is a species named where no label has it; the surer, the higher its score. A miss is a labelled
    species that was not named; the worse, the lower its score. Overlapping windows would fill the list with one sound,
    so of each recording and species only the worst window is taken.

    Parameters
    ----------
    windows : DataFrame
        From `window_labels`.
    y_prob : array or DataFrame, shape (N, n_species)
        Probabilities from `predict`, one row per window.
    species : sequence of str
        Which columns of windows are scored, in the order of the columns of y_prob.
    threshold : float, array, Series or dict
        Yes from this probability on; one for all, or one per species.
    n : int
        How many of each kind at most.

    Returns
    -------
    DataFrame
        ``kind`` ("false alarm" or "miss"), ``recording``, ``start_s``, ``end_s``, ``species``, ``score``; false alarms
        first, the worst on top. Each row can be played: ``player(path, start_s=...)``.

    Raises
    ------
    ValueError
        n below 1, a column that windows lacks, or scores that `evaluate` would refuse.

    Examples
    --------
    >>> windows = pd.DataFrame({"fname": ["a", "a"], "min_t": [0, 1], "max_t": [3, 4], "FROG": [0, 1]})
    >>> worst(windows, [[0.9], [0.2]], ["FROG"])[["kind", "start_s", "score"]]
              kind  start_s  score
    0  false alarm        0    0.9
    1         miss        1    0.2
    """
    truth, prob, said, names = _answers(windows, y_prob, species, threshold)
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    tables = []
    for kind, wrong in zip(KINDS, (said & ~truth, truth & ~said), strict=True):
        row, column = np.nonzero(wrong)
        table = pd.DataFrame({
            "kind": kind,
            "recording": windows["fname"].to_numpy()[row],
            "start_s": windows["min_t"].to_numpy()[row],
            "end_s": windows["max_t"].to_numpy()[row],
            "species": names.to_numpy()[column],
            "score": prob[row, column],
        })  # fmt: skip
        table = table.sort_values("score", ascending=kind == "miss", kind="stable")
        tables.append(table.drop_duplicates(["recording", "species"]).head(n))
    return pd.concat(tables, ignore_index=True)


def _by_recording(alarm, silent, calls, recording):
    """Alarms with each column of calls to expect, if those of a recording fell on any of its silent windows."""
    windows = np.bincount(recording[silent], minlength=recording.max() + 1)
    alarms = np.bincount(recording[alarm], minlength=len(windows))
    with_call = np.zeros((len(windows), calls.shape[1]))
    np.add.at(with_call, recording[silent], calls[silent])
    return alarms @ (with_call / windows.clip(1)[:, None])


def confusions(windows, y_prob, species, threshold=0.5):
    """Which species call where another is named falsely, beside what chance and co-occurrence would give.

    A common species calls in many false alarms of any other, and species that call at the same sites and hours share
    windows whatever the network hears. So each count stands beside what is expected if the false alarms of a recording
    fell on any of its windows without the named species. More than that points to a confusion: listen. Where
    ``calling`` is in all windows of a recording, or a recording is one window, that recording can't tell.

    Parameters
    ----------
    windows, y_prob, species, threshold
        As for `worst`.

    Returns
    -------
    DataFrame
        A row per pair with a false alarm, the largest excess first, columns:

        - ``named``: the species that was named and is not labelled;
        - ``calling``: one that is labelled in the same window; "(none labelled)" where none is;
        - ``false_alarms``: windows in which both holds; several species may call in one, which then counts for each;
        - ``recordings``: how many recordings these windows are from;
        - ``expected``: how many there would be by chance: for each recording its false alarms of ``named`` times the
          share of windows with ``calling`` among its windows without ``named``, summed;
        - ``excess``: ``false_alarms`` less ``expected``;
        - ``not_named``: in how many of these windows ``calling`` was missed as well, so that one name stands for the
          other;
        - ``together``: co-occurrence, the share of the windows with ``named`` in which ``calling`` is labelled, too;
          NaN if ``named`` is in none.

    Raises
    ------
    ValueError
        As for `worst`.

    Examples
    --------
    >>> windows = pd.DataFrame({"fname": "a", "min_t": [0, 3], "max_t": [3, 6], "FROG": [1, 0], "TOAD": [0, 0]})
    >>> confusions(windows, [[0.1, 0.9], [0.1, 0.1]], ["FROG", "TOAD"])[["named", "calling", "expected", "not_named"]]
      named calling  expected  not_named
    0  TOAD    FROG       0.5          1
    """
    truth, _, said, names = _answers(windows, y_prob, species, threshold)
    if _NO_SPECIES in names:
        raise ValueError(f"{_NO_SPECIES!r} is no name for a species: it stands for windows without any")
    calls = np.column_stack([truth, ~truth.any(axis=1)])
    missed = np.column_stack([truth & ~said, np.zeros(len(truth), dtype=bool)])
    labels, recording = [*names, _NO_SPECIES], pd.factorize(windows["fname"])[0]
    rows = []
    for i, named in enumerate(names):
        alarm = said[:, i] & ~truth[:, i]
        expected = _by_recording(alarm, ~truth[:, i], calls, recording)
        together = ratio(calls[truth[:, i]].sum(axis=0), truth[:, i].sum())
        for k in np.flatnonzero(calls[alarm].any(axis=0)):
            both = alarm & calls[:, k]
            rows.append((named, labels[k], both.sum(), len(set(recording[both])), expected[k], both.sum() - expected[k],
                         (both & missed[:, k]).sum(), together[k]))  # fmt: skip
    columns = ["named", "calling", "false_alarms", "recordings", "expected", "excess", "not_named", "together"]
    return pd.DataFrame(rows, columns=columns).sort_values("excess", ascending=False, kind="stable", ignore_index=True)
