"""What is computed from labels alone: their parts, bouts, and how far two annotators agree.

The readers and writers of label files live in `label_files` and `label_tables` and are offered here too.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from anuralib.label_files import LABEL_COLUMNS, read_audacity_labels, write_audacity_labels
from anuralib.label_tables import read_label_csv, read_labels, read_raven_table

__all__ = [
    "LABEL_COLUMNS",
    "agreement",
    "merge_calls",
    "read_audacity_labels",
    "read_label_csv",
    "read_labels",
    "read_raven_table",
    "split_label",
    "write_audacity_labels",
]

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


def _key_columns(labels: pd.DataFrame) -> list[str]:
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


def _species_of(labels: pd.DataFrame) -> pd.DataFrame:
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
        The same columns, a row a bout, sorted by recording and start. A bout runs from its first
        start to its last end, and has the *best* quality of its calls (H over M over L), because
        a bout is as recognisable as its clearest call; `low_hz` and `high_hz` enclose all calls.
        Any other column keeps the value of the bout's first call.

    Raises
    ------
    ValueError
        If a column is missing, or a time is impossible.
    """
    _key_columns(labels)
    if not max_gap_s >= 0:
        raise ValueError(f"max_gap_s must be 0 or more, not {max_gap_s}")
    if labels.empty:
        return labels.copy()
    from_text = "species" not in labels
    calls = _species_of(labels)
    keys = _key_columns(calls)
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


def _steps(labels: pd.DataFrame, offsets: dict, ends: dict, step_s: float, n: int) -> np.ndarray:
    """True for every time step that a label touches, recordings laid end to end."""
    change = np.zeros(n + 1, dtype=np.int64)
    for recording, start, end in zip(labels["recording"], labels["start_s"], labels["end_s"],
                                     strict=True):
        first = int(np.floor(start / step_s + 1e-9))
        last = max(first + 1, int(np.ceil(end / step_s - 1e-9)))
        first, last = (min(x, ends[recording]) for x in (first, last))
        change[offsets[recording] + first] += 1
        change[offsets[recording] + last] -= 1
    return np.cumsum(change[:-1]) > 0


def _edge_errors(a: pd.DataFrame, b: pd.DataFrame) -> tuple[float, float]:
    """Mean |difference| of onsets and offsets, each label of a against its best match in b."""
    errors = []
    groups = dict(tuple(b.groupby("recording", sort=False)))
    for row in a.itertuples():
        other = groups.get(row.recording)
        if other is None:
            continue
        shared = np.minimum(other["end_s"], row.end_s) - np.maximum(other["start_s"], row.start_s)
        if shared.max() >= 0:
            match = other.loc[shared.idxmax()]
            errors.append((abs(match["start_s"] - row.start_s), abs(match["end_s"] - row.end_s)))
    return tuple(np.mean(errors, axis=0)) if errors else (np.nan, np.nan)


def agreement(
    labels_a: pd.DataFrame,
    labels_b: pd.DataFrame,
    duration_s: float | Mapping[str, float],
    step_s: float = 0.1,
) -> pd.DataFrame:
    """Compare two annotators of the same sound, species by species.

    Time is cut into steps; a step counts for an annotator if a label of the species touches it.
    Cohen's kappa (1960, doi:10.1177/001316446002000104) is the agreement over steps beyond what
    two independent annotators with the same habits would reach; Jaccard is the time that both
    marked over the time that either did.

    Parameters
    ----------
    labels_a, labels_b : DataFrame
        `start_s`, `end_s`, and `species` or `label`; `recording` too if `duration_s` is a mapping.
    duration_s : float or mapping of recording to float
        Length of the sound that both listened to, in seconds. Recordings without any label must
        be in the mapping: agreeing on silence is agreement.
    step_s : float
        Length of a time step, in seconds.

    Returns
    -------
    DataFrame
        A row a species that either marked: `species`, `n_a`, `n_b` (labels), `kappa`, `jaccard`,
        `onset_error_s`, `offset_error_s` (mean over the labels of a that overlap one of b). NaN
        where undefined: kappa when both marked everything, errors without an overlap.

    Raises
    ------
    ValueError
        If a column or a recording is missing, or a duration or step is not positive.
    """
    lengths = dict(duration_s) if isinstance(duration_s, Mapping) else {"": duration_s}
    if not (step_s > 0 and lengths and all(x > 0 for x in lengths.values())):
        raise ValueError("duration_s and step_s must be positive")
    both = []
    for labels in (labels_a, labels_b):
        _key_columns(labels)
        labels = _species_of(labels)
        if not isinstance(duration_s, Mapping):
            labels = labels.assign(recording="")
        unknown = set(labels["recording"]) - set(lengths) if "recording" in labels else {"(none)"}
        if unknown:
            raise ValueError(f"duration_s does not say how long these are: {sorted(unknown)[:5]}")
        both.append(labels)
    ends = {r: int(np.ceil(x / step_s - 1e-9)) for r, x in lengths.items()}
    offsets = dict(zip(ends, np.cumsum([0, *ends.values()]).tolist(), strict=False))
    n = sum(ends.values())
    rows = []
    for species in sorted(set(both[0]["species"]) | set(both[1]["species"])):
        one, two = (labels[labels["species"] == species] for labels in both)
        a, b = (_steps(labels, offsets, ends, step_s, n) for labels in (one, two))
        observed, p, q = np.mean(a == b), a.mean(), b.mean()
        chance = p * q + (1 - p) * (1 - q)
        kappa = (observed - chance) / (1 - chance) if chance < 1 else np.nan
        either = np.sum(a | b)
        jaccard = np.sum(a & b) / either if either else np.nan
        rows.append((species, len(one), len(two), kappa, jaccard, *_edge_errors(one, two)))
    columns = ["species", "n_a", "n_b", "kappa", "jaccard", "onset_error_s", "offset_error_s"]
    return pd.DataFrame(rows, columns=columns)
