"""The parts of a label, and bouts of calls."""

import re

import numpy as np
import pandas as pd

_QUALITY = {"H": "H", "M": "M", "L": "L", "C": "H", "F": "L"}
_RANK = {"L": 0, "M": 1, "H": 2}
_LABEL = re.compile(r"([A-Z]{6})_([CFHLM])")


def split_label(label: str) -> tuple[str, str]:
    """Split AnuraSet's label text into species code and quality.

    The published files say H, M, L (high, medium, low); the annotation protocol of 2022 says
    C, M, F, which are given as H, M, L.

    Parameters
    ----------
    label : str
        Such as `"BOALUN_M"`; spaces around it do not matter.

    Returns
    -------
    species, quality : str

    Raises
    ------
    ValueError
        If the label is not six capital letters, an underscore and one of C, F, H, L, M.

    Examples
    --------
    >>> split_label("BOALUN_C")
    ('BOALUN', 'H')
    """
    match = _LABEL.fullmatch(label.strip()) if isinstance(label, str) else None
    if match is None:
        raise ValueError(
            f"{label!r} is not a label like BOALUN_M: a species code of six capital letters, an "
            "underscore, and a quality of H, M, L (or C, M, F)"
        )
    return match[1], _QUALITY[match[2]]


def key_columns(labels: pd.DataFrame) -> list[str]:
    """The columns that say what a label is about; ValueError if the frame is not of labels."""
    for column in ("start_s", "end_s"):
        if column not in labels:
            raise ValueError(f"the labels have no column {column}")
    what = [c for c in ("species", "label") if c in labels][:1]
    if not what:
        raise ValueError("the labels have neither a column species nor a column label")
    times = labels[["start_s", "end_s"]].to_numpy(dtype=float)
    if not np.isfinite(times).all() or (times[:, 1] < times[:, 0]).any():
        raise ValueError("a label has a time that is not a number, or an end before its start")
    return [c for c in ("recording",) if c in labels] + what


def species_of(labels: pd.DataFrame) -> pd.DataFrame:
    """The frame with a column `species`, taken from label text CODE_Q where that is how it is."""
    if "species" in labels:
        return labels
    parts = [split_label(x) if _LABEL.fullmatch(str(x).strip()) else (x, None)
             for x in labels["label"]]
    species = pd.Series([p[0] for p in parts], index=labels.index, dtype="str")
    quality = pd.Series([p[1] for p in parts], index=labels.index, dtype=object)
    return labels.assign(species=species, quality=quality)


def reached_before(labels: pd.DataFrame, keys: list[str]) -> pd.Series:
    """The latest end among the earlier labels of the same keys, NaN for the first; labels are sorted by start.

    Not the end of the label before: labels may lie inside one another.
    """
    latest = labels.groupby(keys, sort=False)["end_s"].cummax()
    return latest.groupby([labels[k] for k in keys], sort=False).shift()


def merge_calls(labels: pd.DataFrame, max_gap_s: float = 1.0) -> pd.DataFrame:
    """Join calls of one species into bouts wherever the silence between is short.

    The rule of AnuraSet's annotation protocol: one label for one bout, which ends when the species
    is silent for longer than a second.

    Parameters
    ----------
    labels : DataFrame
        `start_s`, `end_s`, and `species` or `label`; if there is a column `recording`, bouts do
        not cross recordings. Label text of the form CODE_Q is joined by its species.
    max_gap_s : float
        The longest silence within a bout, in seconds; a gap of just this length is still joined.

    Returns
    -------
    DataFrame
        The same columns, one row per bout, sorted by recording and start. A bout runs from its first
        start to its last end, and has the *best* quality of its calls (H over M over L), because
        a bout is as recognisable as its clearest call; `low_hz` and `high_hz` enclose all calls.
        Any other column keeps the value of the bout's first call.

    Raises
    ------
    ValueError
        If a column is missing, or a time is impossible.
    """
    key_columns(labels)
    if not max_gap_s >= 0:
        raise ValueError(f"max_gap_s must be 0 or more, not {max_gap_s}")
    if labels.empty:
        return labels.copy()
    from_text = "species" not in labels
    calls = species_of(labels)
    keys = key_columns(calls)
    calls = calls.sort_values([*keys, "start_s", "end_s"], kind="stable", ignore_index=True)
    reached = reached_before(calls, keys)
    # The nanosecond keeps a gap of 1.0 s from failing by the rounding of decimals.
    new = reached.isna() | (calls["start_s"] > reached + max_gap_s + 1e-9)
    bout = new.cumsum().rename("bout")
    how = {c: "first" for c in calls}
    how |= {c: f for c, f in {"end_s": "max", "low_hz": "min", "high_hz": "max"}.items()
            if c in calls}
    if "quality" in calls:
        rank = calls["quality"].map(_RANK)
        best = rank.groupby(bout).max()
        how["quality"] = "first"
    merged = calls.groupby(bout).agg(how)
    if "quality" in calls:
        names = best.map({v: k for k, v in _RANK.items()})
        merged["quality"] = names.where(best.notna(), merged["quality"])
    if from_text:
        merged["label"] = merged["species"].where(
            merged["quality"].isna(), merged["species"] + "_" + merged["quality"].astype("str")
        )
    by = [c for c in ("recording", "start_s", "end_s") if c in merged]
    return merged.sort_values(by, kind="stable", ignore_index=True)[list(labels.columns)]
