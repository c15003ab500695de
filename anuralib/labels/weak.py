"""What a whole recording is labelled with: from boxes, from the truth of a pond, and whether both kinds of label agree.

A weak label is AnuraSet's calling index of a species in a recording: 0 absent, 1 individuals can be counted, 2 some
calls overlap, 3 a full chorus.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from anuralib.labels.bouts import reached_before


def calling_index(n_callers):
    """Calling index of a number of callers of one species: 0, then 1 to 2, 3 to 6, and 7 or more.

    With one or two callers the pond keeps calls apart (index 1: they can be counted), with three
    to six some overlap (2), with seven and more they overlap all the time (3).

    Parameters
    ----------
    n_callers : int or array_like of int

    Returns
    -------
    ndarray of int
    """
    return np.digitize(n_callers, [1, 3, 7])


def _pairs(recordings: pd.DataFrame, species: Sequence[str]) -> pd.DataFrame:
    """A row for each recording and species, in the order of both."""
    pairs = pd.MultiIndex.from_product([recordings["recording"], list(species)], names=["recording", "species"])
    return pairs.to_frame(index=False)


def _known(table: pd.DataFrame, recordings: pd.DataFrame, species: Sequence[str], name: str) -> None:
    for column, known in (("recording", set(recordings["recording"])), ("species", set(species))):
        if column not in table:
            raise ValueError(f"{name} has no column {column}")
        unknown = sorted(map(str, set(table[column]) - known))
        if unknown:
            raise ValueError(f"{name}: unknown {column} {', '.join(unknown[:5])}")


def weak_from_strong(strong_labels: pd.DataFrame, recordings: pd.DataFrame, species: Sequence[str]) -> pd.DataFrame:
    """Which species a recording has, from its boxes.

    Boxes tell that a species called, not how many did: no calling index can be had from them.

    Parameters
    ----------
    strong_labels : DataFrame
        `recording`, `start_s`, `end_s`, `species`.
    recordings : DataFrame
        `recording`; where `annotated` is false nobody listened, and the recording is left out.
    species : sequence of str

    Returns
    -------
    DataFrame
        `recording`, `species`, `present` (0 or 1), `n_labels`, `labelled_s` (their length together, overlaps counted
        once), a row for every pair.

    Raises
    ------
    ValueError
        If a column is missing, or a label is of an unknown recording or species.
    """
    _known(strong_labels, recordings, species, "strong_labels")
    if "annotated" in recordings:
        recordings = recordings[recordings["annotated"].astype(bool)]
    keys = ["recording", "species"]
    labels = strong_labels.sort_values([*keys, "start_s"], kind="stable")
    # Of a label that begins inside an earlier one only the rest is new.
    new = labels["end_s"] - np.fmax(labels["start_s"], reached_before(labels, keys))
    sums = labels.assign(labelled_s=new.clip(lower=0)).groupby(keys)["labelled_s"].agg(["size", "sum"]).reset_index()
    table = _pairs(recordings, species).merge(sums, "left", on=keys)
    n = table["size"].fillna(0).astype("int64")
    return table[keys].assign(present=(n > 0).astype("int64"), n_labels=n, labelled_s=table["sum"].fillna(0.0))


def weak_from_truth(truth: pd.DataFrame, recordings: pd.DataFrame, species: Sequence[str]) -> pd.DataFrame:
    """The calling index of each species in each recording of a pond, from its number of callers.

    Parameters
    ----------
    truth : DataFrame
        `Dataset.truth` of a pond: `recording`, `species`, `caller`.
    recordings : DataFrame
        `recording`.
    species : sequence of str

    Returns
    -------
    DataFrame
        `recording`, `species`, `calling_index` as in `Dataset.weak_labels`, and `n_callers`, a row for every pair.

    Raises
    ------
    ValueError
        If a column is missing, or a call is of an unknown recording or species.
    """
    _known(truth, recordings, species, "truth")
    callers = truth.groupby(["recording", "species"])["caller"].nunique().rename("n_callers").reset_index()
    table = _pairs(recordings, species).merge(callers, "left", on=["recording", "species"])
    n = table["n_callers"].fillna(0).astype("int64")
    return table[["recording", "species"]].assign(calling_index=calling_index(n), n_callers=n)


def strong_to_weak(
    strong_labels: pd.DataFrame, weak_labels: pd.DataFrame, recordings: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Compare boxes with calling indices: where does only one of them say that a species called?

    In AnuraSet 13 recordings have a weak label and an empty file of strong ones.

    Parameters
    ----------
    strong_labels, weak_labels : DataFrame
        As in a `Dataset`.
    recordings : DataFrame or None
        With `recording` and `annotated`: those not annotated are left out, for nothing can be said of them. None takes
        the recordings of `weak_labels`.

    Returns
    -------
    DataFrame
        One row per recording and species that either knows of: `recording`, `species`, `n_labels`, `labelled_s`,
        `calling_index` (NaN if the recording or species is not in `weak_labels`), `verdict`: "both", "strong only" or
        "weak only".

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [c for c in ("recording", "species", "calling_index") if c not in weak_labels]
    if missing:
        raise ValueError(f"weak_labels has no column {', '.join(missing)}")
    if recordings is None:
        names = pd.concat([weak_labels["recording"], strong_labels["recording"]]).unique()
        recordings = pd.DataFrame({"recording": names})
    species = sorted(set(weak_labels["species"]) | set(strong_labels["species"]))
    boxes = weak_from_strong(strong_labels, recordings, species)
    both = boxes.merge(weak_labels[["recording", "species", "calling_index"]], "left", on=["recording", "species"])
    strong, weak = both["present"] == 1, both["calling_index"] > 0
    both["verdict"] = np.select([strong & weak, strong], ["both", "strong only"], "weak only")
    keep = both.loc[strong | weak]
    return keep.drop(columns="present").reset_index(drop=True)
