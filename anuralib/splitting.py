"""Train, validation and test: whole recordings, every species in proportion."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from anuralib._stratify import best_share, choose_test
from anuralib.metadata import check_windows


def _divides(windows: pd.DataFrame, column: str) -> bool:
    """Tell whether a recording has windows with different values in a column."""
    return bool(windows[["fname", column]].drop_duplicates()["fname"].duplicated().any())


def _group_counts(windows: pd.DataFrame, group: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Windows per group and species (G, S), the group of each row, and the species."""
    species = check_windows(windows, needs=("fname", group))
    if windows[group].isna().any():
        raise ValueError(f"column {group} has empty cells; every window needs a group")
    if group != "fname" and _divides(windows, group):
        raise ValueError(f"column {group} divides recordings; a recording may never be in both")
    # Sorted groups: the result does not depend on the order of the rows.
    names, codes = np.unique(windows[group].astype(str).to_numpy(dtype=object), return_inverse=True)
    counts = np.zeros((len(names), len(species)))
    np.add.at(counts, codes, windows[species].to_numpy(dtype=float))
    return counts, codes, species


def stratified_split(
    windows: pd.DataFrame,
    test_size: float = 0.3,
    group: str = "fname",
    seed: int = 0,
    candidates: int = 3000,
) -> pd.DataFrame:
    """Divide recordings into train and test so that each species keeps its proportion.

    Whole recordings go to one side, because windows of one recording overlap and share voices and
    background. What is balanced is the number of *windows* of each species: after an iterative
    stratification (Sechidis et al. 2011, doi:10.1007/978-3-642-23808-6_10) on those counts, whole
    recordings are moved and exchanged as long as the sum over species of the squared deviation of
    the test share from `test_size` shrinks. The share of recordings stays within one point of
    `test_size`, or is the nearest possible. A species that occurs in two groups or more is put on
    both sides wherever that can be had; one in a single group can't be (see `split_report`).

    Parameters
    ----------
    windows : DataFrame
        From `window_labels` or `read_metadata`.
    test_size : float
        Share of test, between 0 and 1.
    group : str
        The column whose values stay together: "fname", "site", or your own (a night, say), which
        may not divide a recording.
    seed : int
        The same seed gives the same split, whatever the order of the rows.
    candidates : int
        How many rounds of exchanges to try; more come closer and take longer.

    Returns
    -------
    DataFrame
        A copy of `windows`, `subset` filled with "train" and "test".

    Raises
    ------
    ValueError
        If the table is not one of windows, there are fewer than two groups, or `group` divides a
        recording.
    """
    if not 0 < test_size < 1:
        raise ValueError(f"test_size must lie between 0 and 1, not {test_size}")
    counts, codes, _ = _group_counts(windows, group)
    test = choose_test(counts, test_size, seed, candidates)
    return windows.assign(subset=pd.Series(np.where(test, "test", "train")[codes], dtype="str",
                                           index=windows.index))


def add_validation(
    windows: pd.DataFrame, valid_size: float = 0.2, seed: int = 0, group: str = "fname"
) -> pd.DataFrame:
    """Mark part of the train recordings "valid", stratified like `stratified_split`.

    Parameters
    ----------
    windows : DataFrame
        With `subset` filled; test stays as it is, and an earlier "valid" is divided anew.
    valid_size : float
        Share of the train recordings, between 0 and 1.
    seed : int
    group : str

    Returns
    -------
    DataFrame
        A copy, `subset` one of "train", "valid", "test".

    Raises
    ------
    ValueError
        If there are no train windows, or as `stratified_split`.
    """
    check_windows(windows, needs=("fname", "subset"))
    train = windows["subset"].isin(["train", "valid"])
    if not train.any():
        raise ValueError("no window is in train; use al.stratified_split first")
    inner = stratified_split(windows[train], valid_size, group, seed)
    subset = windows["subset"].copy()
    subset[train] = inner["subset"].replace({"test": "valid"})
    return windows.assign(subset=subset)


def holdout_split(
    windows: pd.DataFrame, by: str = "site", test: Sequence[str] = ()
) -> pd.DataFrame:
    """Put whole sites (or values of another column) into test, the rest into train.

    Parameters
    ----------
    windows : DataFrame
    by : str
        A column that does not divide recordings.
    test : sequence of str
        The values that make up test.

    Returns
    -------
    DataFrame
        A copy, `subset` filled.

    Raises
    ------
    ValueError
        If a value does not occur, one side would be empty, or `by` divides a recording.
    """
    _group_counts(windows, by)
    wanted = {test} if isinstance(test, str) else set(test)
    values = set(windows[by].unique())
    if not wanted or wanted - values or wanted == values:
        raise ValueError(
            f"test={sorted(wanted)} must name some, not all, of these values of {by}: "
            f"{sorted(values)[:20]}"
        )
    side = np.where(windows[by].isin(wanted), "test", "train")
    return windows.assign(subset=pd.Series(side, dtype="str", index=windows.index))


def leaked_recordings(windows: pd.DataFrame, group: str = "fname") -> list[str]:
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
    check_windows(windows, needs=(group, "subset"))
    pairs = windows[[group, "subset"]].drop_duplicates()
    return sorted(pairs.loc[pairs[group].duplicated(), group].unique().tolist())


def split_report(
    windows: pd.DataFrame, test_size: float = 0.3, group: str = "fname"
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
        A row a species, in the order of the columns: `species`, `n_recordings` (groups with it),
        `n_train`, `n_valid` (if there is such a subset), `n_test` (windows), `test_share`,
        `deviation` (|test_share - test_size|), `best_deviation` (the smallest that whole groups
        allow for this species alone with both sides filled, the physical limit), `missing_in`
        (names of the subsets without it, or empty text). Shares of a species without any window
        are NaN.

    Raises
    ------
    ValueError
        If the table is not one of windows, or a window has no subset.
    """
    counts, _, species = _group_counts(windows, group)
    check_windows(windows, needs=("subset",))
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
