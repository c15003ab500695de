"""What a split gives each species, and how much of its test set it has already shown to train."""


import numpy as np
import pandas as pd

from anuralib.split.splitting import group_counts, groups_of, nights
from anuralib.split.stratify import best_share
from anuralib.windows.table import check_columns, check_windows


def _overlaps(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Whether each test window shares time with a train window of its recording."""
    spans = [rows[["min_t", "max_t"]].to_numpy(dtype=float) for rows in (train, test)]
    places = [rows.groupby("fname").indices for rows in (train, test)]
    shared = np.zeros(len(test), dtype=bool)
    for name in places[0].keys() & places[1].keys():
        (first, last), (begin, end) = (span[place[name]].T for span, place in zip(spans, places, strict=True))
        shared[places[1][name]] = ((first < end[:, None]) & (last > begin[:, None])).any(axis=1)
    return shared


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


def leaked_recordings(windows: pd.DataFrame, group="fname") -> list[str]:
    """Recordings (or other groups) that stand in more than one subset; empty for an honest split.

    Parameters
    ----------
    windows : DataFrame
        With `subset` filled.
    group : str

    Returns
    -------
    list of str, sorted
    """
    check_windows(windows, needs=("fname", "subset"))
    pairs = pd.DataFrame({"group": groups_of(windows, group), "subset": windows["subset"]}).drop_duplicates()
    return sorted(pairs.loc[pairs["group"].duplicated(), "group"].unique().tolist())


def split_report(
    windows: pd.DataFrame, test_size: float = 0.3, group="fname"
) -> pd.DataFrame:
    """How each species fares in a split, counted in windows.

    Parameters
    ----------
    windows : DataFrame
        With `subset` filled.
    test_size : float
        The share that was wanted.
    group : str
        What stayed together; only `n_recordings` and `best_deviation` depend on it.

    Returns
    -------
    DataFrame
        One row per species, in the order of the columns: `species`, `n_recordings` (groups with it),
        `n_train`, `n_valid` (if there is such a subset), `n_test` (windows), `test_share`,
        `deviation` (how far `test_share` is from `test_size`), `best_deviation` (the smallest that whole groups
        allow for this species alone with both sides filled, the physical limit), `missing_in`
        (names of the subsets without it, or empty text). Shares of a species without any window
        are NaN.

    Raises
    ------
    ValueError
        If the table is not one of windows, or a window has no subset.
    """
    check_columns(windows, ("subset",))
    counts, _, species = group_counts(windows, group)
    subsets = [s for s in ("train", "valid", "test")
               if s != "valid" or (windows["subset"] == "valid").any()]
    if not windows["subset"].isin(subsets).all():
        raise ValueError("a window's subset is none of train, valid, test; split first")
    n = {s: windows.loc[windows["subset"] == s, species].sum().to_numpy() for s in subsets}
    total = sum(n.values())
    with np.errstate(invalid="ignore"):
        share = np.where(total > 0, n["test"] / total, np.nan)
    best = [best_share(counts[:, i], test_size) for i in range(len(species))]
    missing = [", ".join(s for s in subsets if n[s][i] == 0) for i in range(len(species))]
    return pd.DataFrame({
        "species": species,
        "n_recordings": (counts > 0).sum(axis=0),
        **{f"n_{s}": n[s] for s in subsets},
        "test_share": share,
        "deviation": np.abs(share - test_size),
        "best_deviation": np.abs(np.array(best) - test_size),
        "missing_in": pd.Series(missing, dtype="str"),
    })
