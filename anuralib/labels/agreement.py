"""Two annotators of the same recordings: how far they agree, and whose bout is whose."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from anuralib.labels.bouts import key_columns, species_of

_SIDES = ("recording", "start_s", "end_s", "species")


def _candidates(a, b, on):
    """Pairs of rows of a and b, the time they share (negative: how far they lie apart) and how their edges differ."""
    pairs = a.reset_index(names="a").merge(b.reset_index(names="b"), on=on, suffixes=("_a", "_b"))
    shared = np.minimum(pairs["end_s_a"], pairs["end_s_b"]) - np.maximum(pairs["start_s_a"], pairs["start_s_b"])
    onset, offset = pairs["start_s_b"] - pairs["start_s_a"], pairs["end_s_b"] - pairs["end_s_a"]
    return pairs.assign(shared=shared, apart=np.maximum(onset.abs(), offset.abs()))


def _one_to_one(pairs):
    """Of pairs in order of preference, those of which neither side is taken yet."""
    taken_a, taken_b, chosen = set(), set(), []
    for a, b in zip(pairs["a"], pairs["b"], strict=True):
        if a not in taken_a and b not in taken_b:
            taken_a.add(a)
            taken_b.add(b)
            chosen.append((a, b))
    return chosen


def match_bouts(labels_a, labels_b, collar_s=1.0):
    """Lay the bouts of two annotators beside each other, one to one.

    First the bouts of one species: those that share most time go together, and what is left may lie up to `collar_s`
    apart. Then, among the bouts without a partner, those of different species whose starts and ends both differ by at
    most `collar_s`: most likely one bout under two names.

    Parameters
    ----------
    labels_a, labels_b : DataFrame
        ``recording``, ``start_s``, ``end_s``, ``species``; ``quality`` where known.
    collar_s : float
        Seconds.

    Returns
    -------
    DataFrame
        One row per pair, and one row per bout without a partner: ``recording``, ``start_s`` (where to listen),
        ``species_a``, ``species_b``, ``quality_a``, ``quality_b``, ``onset_s`` and ``offset_s`` (start and end of b
        minus those of a), and ``verdict``: "same", "other species", "only a" or "only b". What has no value is None
        or NaN.

    Raises
    ------
    ValueError
        If a column is missing or `collar_s` is negative.
    """
    if not collar_s >= 0:
        raise ValueError(f"collar_s must be 0 or more seconds, not {collar_s}")
    sides = []
    for name, labels in (("labels_a", labels_a), ("labels_b", labels_b)):
        missing = [column for column in _SIDES if column not in labels]
        if missing:
            raise ValueError(f"{name} has no column {', '.join(missing)}")
        sides.append(labels.reindex(columns=[*_SIDES, "quality"]).reset_index(drop=True))
    a, b = sides
    pairs = _candidates(a, b, ["recording", "species"])
    pairs = pairs[pairs["shared"] >= -collar_s].sort_values(["shared", "a", "b"], ascending=[False, True, True])
    found = [(*pair, "same") for pair in _one_to_one(pairs)]
    rest_a, rest_b = (side.drop(index=[row[k] for row in found]) for k, side in enumerate(sides))
    pairs = _candidates(rest_a, rest_b, ["recording"])
    pairs = pairs[(pairs["apart"] <= collar_s) & (pairs["species_a"] != pairs["species_b"])]
    found += [(*pair, "other species") for pair in _one_to_one(pairs.sort_values(["apart", "a", "b"]))]
    alone_a, alone_b = (side.index.difference([row[k] for row in found]) for k, side in enumerate(sides))
    found += [(row, None, "only a") for row in alone_a] + [(None, row, "only b") for row in alone_b]
    return _beside(a, b, found)


def _beside(a, b, found):
    rows = pd.DataFrame(found, columns=["a", "b", "verdict"])
    one, two = (side.reindex(rows[k].astype("float64")).reset_index(drop=True) for side, k in ((a, "a"), (b, "b")))
    table = pd.DataFrame({
        "recording": one["recording"].where(one["recording"].notna(), two["recording"]),
        "start_s": one["start_s"].fillna(two["start_s"]),
        "species_a": one["species"], "species_b": two["species"],
        "quality_a": one["quality"], "quality_b": two["quality"],
        "onset_s": two["start_s"] - one["start_s"], "offset_s": two["end_s"] - one["end_s"],
        "verdict": rows["verdict"],
    })  # fmt: skip
    return table.sort_values(["recording", "start_s"], kind="stable", ignore_index=True)


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
        One row per species that either marked: `species`, `n_a`, `n_b` (labels), `kappa`, `jaccard`,
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
        key_columns(labels)
        labels = species_of(labels)
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
