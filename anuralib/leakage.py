"""How much of a test set a split has already shown to train."""

import numpy as np
import pandas as pd

from anuralib.metadata import check_windows
from anuralib.splitting import nights


def _overlaps(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Whether each test window shares time with a train window of its recording."""
    spans = {name: rows[["min_t", "max_t"]].to_numpy(dtype=float) for name, rows in train.groupby("fname")}
    none = np.empty((0, 2))
    return np.array([
        bool(((near[:, 0] < row.max_t) & (near[:, 1] > row.min_t)).any())
        for row in test.itertuples() for near in [spans.get(row.fname, none)]
    ], dtype=bool)  # fmt: skip


def leak_report(windows: pd.DataFrame) -> pd.DataFrame:
    """How many test windows share something with train: their sound, recording, night or site.

    A model may recognise what is shared instead of the species, and the score then promises too much (Kapoor and
    Narayanan 2023, doi:10.1016/j.patter.2023.100804). An honest split by recording has zeros in the first two rows;
    whether the others should be zero depends on what the score is to promise.

    Parameters
    ----------
    windows : DataFrame
        A table of windows with `subset` filled; "valid" counts to neither side.

    Returns
    -------
    DataFrame
        A row for each of `shared`: "sound" (an overlapping window), "recording", "night", "site". `n_test` (test
        windows), `n_leaked` (those that share it with a train window), `share`. Windows without a date give NaN for
        the night.

    Raises
    ------
    ValueError
        If the table is not one of windows, or train or test is empty.
    """
    check_windows(windows, needs=("fname", "min_t", "max_t", "site", "subset"))
    train, test = (windows[windows["subset"] == name] for name in ("train", "test"))
    if train.empty or test.empty:
        raise ValueError("train or test has no windows; split first, for instance with al.stratified_split")
    leaked = {"sound": _overlaps(train, test).sum(), "recording": test["fname"].isin(train["fname"]).sum()}
    dated = "date" in windows and pd.to_datetime(windows["date"], errors="coerce").notna().all()
    leaked["night"] = nights(test).isin(nights(train)).sum() if dated else np.nan
    leaked["site"] = test["site"].isin(train["site"]).sum()
    report = pd.DataFrame({"shared": list(leaked), "n_test": len(test), "n_leaked": list(leaked.values())})
    return report.assign(share=report["n_leaked"] / len(test))
