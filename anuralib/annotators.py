"""Several annotators of the same recordings: read a second one's labels, and lay bouts beside bouts."""

from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._reading import by_name, read_strong, tell, visible

_SIDES = ("recording", "start_s", "end_s", "species")


def read_annotator(dataset, folder="second_annotator"):
    """Read another annotator's label files of a data set.

    Parameters
    ----------
    dataset : Dataset
        Whose recordings and species they are.
    folder : str or path-like
        Within ``dataset.root``, or a path of its own: label files named after the recordings, at any depth.

    Returns
    -------
    DataFrame
        Columns of ``dataset.strong_labels``.

    Warns
    -----
    UserWarning
        Names file and line of every line that could not be used; the rest is kept.

    Raises
    ------
    FileNotFoundError
        If the folder is not there, or holds no label file of any recording of the data set.
    """
    place = Path(dataset.root) / folder
    here = set(dataset.recordings["recording"])
    files = {name: path for name, path in by_name(visible(place, "*.txt")).items() if name in here}
    if not files:
        raise FileNotFoundError(f"{place}: no label file here is named after a recording of {dataset.name}")
    labels, findings = read_strong(files, dataset.species)
    tell(findings)
    return labels


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
        A row a pair, and a row a bout without a partner: ``recording``, ``start_s`` (where to listen), ``species_a``,
        ``species_b``, ``quality_a``, ``quality_b``, ``onset_s`` and ``offset_s`` (start and end of b minus those of
        a), and ``verdict``: "same", "other species", "only a" or "only b". What has no value is None or NaN.

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
