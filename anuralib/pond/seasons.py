"""Scores of a long season without its sound: minutes of a timetable borrow the windows of known minutes.

To render and to classify thousands of minutes takes hours. What an estimate is asked is whether it finds the truth
behind the scores, and for that the scores need no sound behind them, only the spread that real ones have.
"""

import numpy as np
import pandas as pd


def borrow_windows(minutes: pd.DataFrame, known: pd.DataFrame, seed: int = 0, spread: float = 0.3) -> pd.DataFrame:
    """Give each minute of a timetable the windows of a known minute, from the same site and with the same answer.

    A whole minute is borrowed, so that its windows go together as in a recording. Seasons that are longer than what is
    known repeat it; so each borrowed minute, and each window, is moved by a small random amount.

    Parameters
    ----------
    minutes : DataFrame
        `recording` (each once), `site`, `present`: whether the species calls in it; as `plan_recordings` draws them.
    known : DataFrame
        A row for each window that a classifier has scored: `recording`, `site`, `score` (log-odds), `present`.
    seed : int
    spread : float
        Standard deviation of the two shifts, in the unit of the scores.

    Returns
    -------
    DataFrame
        `recording`, `window` (0, 1, ...), `score`, `present`, in the order of `minutes`.

    Raises
    ------
    ValueError
        If columns are missing, or no known minute has the answer that is asked for.
    """
    for name, table, needed in (("minutes", minutes, {"recording", "site", "present"}),
                                ("known", known, {"recording", "site", "score", "present"})):  # fmt: skip
        if lost := needed - set(table):
            raise ValueError(f"{name} has no column {', '.join(sorted(lost))}")
    rng = np.random.default_rng(seed)
    groups = known.groupby("recording", sort=False)
    windows = [(group["score"].to_numpy(float), group["present"].to_numpy(bool)) for _, group in groups]
    calls, sites = groups["present"].max().to_numpy(bool), groups["site"].first().to_numpy()
    lender = np.empty(len(minutes), dtype=int)
    answers, places = minutes["present"].to_numpy(bool), minutes["site"].to_numpy()
    for site, answer in sorted(set(zip(places, answers, strict=True))):  # sets have no order that could be repeated
        right = np.flatnonzero(calls == answer)
        if not len(right):
            raise ValueError(f"no known minute {'has' if answer else 'is without'} the species; nothing to borrow")
        near = right[sites[right] == site]
        rows = (places == site) & (answers == answer)
        lender[rows] = rng.choice(near if len(near) else right, rows.sum())
    sizes = np.array([len(windows[k][0]) for k in lender])
    score = np.concatenate([windows[k][0] for k in lender]) + np.repeat(rng.normal(0, spread, len(lender)), sizes)
    return pd.DataFrame({
        "recording": np.repeat(minutes["recording"].to_numpy(), sizes),
        "window": np.concatenate([np.arange(size) for size in sizes]),
        "score": score + rng.normal(0, spread, len(score)),
        "present": np.concatenate([windows[k][1] for k in lender]),
    })
