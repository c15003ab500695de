"""Train, validation and test: whole recordings, every species in proportion."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from anuralib.sound.names import night_of
from anuralib.split.stratify import choose_folds, choose_test
from anuralib.windows.table import check_columns, check_windows


def nights(windows: pd.DataFrame) -> pd.Series:
    """The night of each window, as text like `"INCT4 2019-09-03"`: its site, and the day on which the night began.

    A frog that calls at eleven calls on after midnight: what was recorded before noon counts to the evening before.

    Parameters
    ----------
    windows : DataFrame
        `site`, and `date` like `2019-09-04 00:30:00`.

    Returns
    -------
    Series of str

    Raises
    ------
    ValueError
        If a column is missing, or a window has no date.
    """
    check_columns(windows, ("site", "date"))
    when = pd.to_datetime(windows["date"], errors="coerce")
    if when.isna().any():
        name = windows.loc[when.isna()].iloc[0].get("fname", "")
        raise ValueError(f"a window of {name} has no date; name recordings site_yyyymmdd_hhmmss, or group otherwise")
    return (windows["site"].astype("str") + " " + night_of(when)).rename("night")


def groups_of(windows: pd.DataFrame, group) -> pd.Series:
    """What stays together, of each row: a column, the nights, or what the caller brings."""
    if not isinstance(group, str):
        values = pd.Series(np.asarray(group), index=windows.index) if len(group) == len(windows) else None
        if values is None:
            raise ValueError(f"group has {len(group)} values for {len(windows)} windows; give one for each")
    elif group == "night" and group not in windows:
        values = nights(windows)
    else:
        check_columns(windows, (group,))
        values = windows[group]
    if values.isna().any():
        raise ValueError(f"{values.name or 'group'} has empty cells; every window needs a group")
    return values.astype(str)


def _check_whole(windows: pd.DataFrame, values: pd.Series, what: str) -> None:
    """ValueError if a recording has windows with different values."""
    pairs = pd.DataFrame({"fname": windows["fname"], "value": values}).drop_duplicates()
    if pairs["fname"].duplicated().any():
        raise ValueError(f"{what} divides recordings; a recording may never be in both")


def group_counts(windows: pd.DataFrame, group) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Windows per group and species (G, S), the group of each row, and the species."""
    species = check_windows(windows)
    values = groups_of(windows, group)
    if not (isinstance(group, str) and group == "fname"):
        _check_whole(windows, values, f"column {group}" if isinstance(group, str) else "group")
    # Sorted groups: the result does not depend on the order of the rows.
    names, codes = np.unique(values.to_numpy(dtype=object), return_inverse=True)
    counts = np.zeros((len(names), len(species)))
    np.add.at(counts, codes, windows[species].to_numpy(dtype=float))
    return counts, codes, species


def stratified_split(
    windows: pd.DataFrame,
    test_size: float = 0.3,
    group="fname",
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
    both sides wherever that number allows it; one in a single group can't be (see `split_report`).

    Parameters
    ----------
    windows : DataFrame
        From `window_labels` or `read_metadata`.
    test_size : float
        Share of test, between 0 and 1.
    group : str or array-like
        What stays together: "fname" (recordings), "night", "site" or another column, or one value
        for each window. A group may not divide a recording.
    seed : int
        The same seed gives the same split, whatever the order of the rows.
    candidates : int
        How many rounds of exchanges to try, and as many again while a species is far off; more
        come closer and take longer.

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
    counts, codes, _ = group_counts(windows, group)
    test = choose_test(counts, test_size, seed, candidates)
    return windows.assign(subset=pd.Series(np.where(test, "test", "train")[codes], dtype="str",
                                           index=windows.index))


def kfold_split(
    windows: pd.DataFrame, n_folds: int = 5, group="fname", seed: int = 0, candidates: int = 1000
) -> pd.Series:
    """Divide recordings into folds for cross-validation, each species in proportion in each.

    One fold after the other is taken from what is left as `stratified_split` takes test; then each two folds are put
    together and divided anew, as long as that helps.

    Parameters
    ----------
    windows : DataFrame
    n_folds : int
        2 or more, and no more than there are groups.
    group, seed, candidates
        As for `stratified_split`; `candidates` rounds for each division.

        Where groups are few (a few dozen nights), every seed may end at one and the same division, the best there is;
        repeating then says nothing new.

    Returns
    -------
    Series of int
        The fold of each window, 0 to n_folds - 1. A split with one fold as test is
        `windows.assign(subset=np.where(folds == 0, "test", "train"))`.

    Raises
    ------
    ValueError
        If there are fewer groups than folds, or as `stratified_split`.
    """
    counts, codes, _ = group_counts(windows, group)
    return pd.Series(choose_folds(counts, n_folds, seed, candidates)[codes], index=windows.index, name="fold")


def add_validation(
    windows: pd.DataFrame, valid_size: float = 0.2, seed: int = 0, group="fname"
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
    inner = stratified_split(windows[train], valid_size, groups_of(windows, group)[train], seed)
    subset = windows["subset"].copy()
    subset[train] = inner["subset"].replace({"test": "valid"})
    return windows.assign(subset=subset)


def holdout_split(windows: pd.DataFrame, by: str = "site", test: Sequence[str] = ()) -> pd.DataFrame:
    """Put whole sites, dates or nights (or values of another column) into test, the rest into train.

    Parameters
    ----------
    windows : DataFrame
    by : str
        "site", "date", "night", or another column that does not divide recordings.
    test : sequence of str
        The values that make up test. A date is given by its beginning: "2019-10-04" is a day, "2019-10" a month. A
        night is written as by `nights`.

    Returns
    -------
    DataFrame
        A copy, `subset` filled.

    Raises
    ------
    ValueError
        If a value does not occur, one side would be empty, or `by` divides a recording.
    """
    check_windows(windows)
    values = groups_of(windows, by)
    _check_whole(windows, values, f"column {by}")
    wanted = sorted({test} if isinstance(test, str) else set(test))
    found = {w: values.str.startswith(w) if by == "date" and w else values.eq(w) for w in wanted}
    chosen = np.logical_or.reduce(list(found.values())) if found else np.zeros(len(windows), dtype=bool)
    if not all(f.any() for f in found.values()) or chosen.all() or not chosen.any():
        raise ValueError(f"test={wanted} must name some, not all, of these values of {by}: {sorted(set(values))[:20]}")
    side = np.where(chosen, "test", "train")
    return windows.assign(subset=pd.Series(side, dtype="str", index=windows.index))
