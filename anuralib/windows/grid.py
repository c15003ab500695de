"""Labels of recordings into labels of windows: AnuraSet's `metadata.csv` as a table."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from anuralib.sound.names import parse_recording_name
from anuralib.windows.table import METADATA_COLUMNS, time_text


def _check_grid(window_s: float, hop_s: float) -> None:
    if not (0 < window_s < np.inf and 0 < hop_s < np.inf):
        raise ValueError(f"window_s and hop_s must be positive, got {window_s} and {hop_s}")


def _n_windows(duration_s: np.ndarray, window_s: float, hop_s: float) -> np.ndarray:
    # Rounding first: (3.3 - 3) / 0.1 is 2.9999999999999982 in floating point.
    return np.maximum(0, np.floor(np.round((duration_s - window_s) / hop_s, 6)) + 1).astype(int)


def window_starts(duration_s: float, window_s: float = 3.0, hop_s: float = 1.0) -> np.ndarray:
    """Starts of all windows that lie wholly within a recording.

    Parameters
    ----------
    duration_s : float
        Length of the recording, in seconds.
    window_s, hop_s : float
        Length of a window and step from one to the next, in seconds.

    Returns
    -------
    ndarray, shape (n,), float64
        In seconds; empty if the recording is shorter than a window.

    Raises
    ------
    ValueError
        If `duration_s` is negative or no number, or another length is not positive.

    Examples
    --------
    >>> len(window_starts(60.0)), len(window_starts(59.4)), len(window_starts(2.9))
    (58, 57, 0)
    """
    _check_grid(window_s, hop_s)
    if not 0 <= duration_s < np.inf:
        raise ValueError(f"duration_s must be 0 or more seconds, not {duration_s}")
    n = int(_n_windows(np.asarray(duration_s, dtype=float), window_s, hop_s))
    # 3 * 0.1 is 0.30000000000000004: starts are rounded so that names and comparisons hold.
    return np.round(np.arange(n) * hop_s, 9)


def stretches(
    starts: np.ndarray, duration_s: float, window_s: float, block_s: float = 60.0
) -> Iterator[tuple[np.ndarray, float, float | None]]:
    """Divide the windows of a recording, so that it can be read in parts of about the same length.

    Parameters
    ----------
    starts : ndarray
        Of windows, ascending, in seconds.
    duration_s : float
        Length of the recording, in seconds.
    window_s, block_s : float
        Length of a window, and about how much to read at a time, in seconds.

    Yields
    ------
    starts : ndarray
    begin_s : float
        Where to begin reading.
    length_s : float or None
        How much to read; None: all.
    """
    n = max(1, round(duration_s / block_s))
    for part in np.array_split(starts, min(n, max(1, len(starts)))):
        if len(part) and n == 1:
            yield part, 0.0, None
        elif len(part):
            yield part, float(part[0]), float(part[-1] - part[0] + window_s)


def _check_tables(labels: pd.DataFrame, recordings: pd.DataFrame, species: list[str]) -> None:
    for name, table, needs in (
        ("recordings", recordings, ("recording", "duration_s")),
        ("strong_labels", labels, ("recording", "start_s", "end_s", "species")),
    ):
        missing = [c for c in needs if c not in table]
        if missing:
            raise ValueError(f"{name} has no column {', '.join(missing)}")
    if not species or len(set(species)) < len(species) or set(species) & set(METADATA_COLUMNS):
        raise ValueError(f"species must be distinct codes, none of {METADATA_COLUMNS}: {species}")
    if recordings["recording"].duplicated().any():
        twice = recordings.loc[recordings["recording"].duplicated(), "recording"].iloc[0]
        raise ValueError(f"recordings: {twice} stands in the table twice")
    lengths = recordings["duration_s"].to_numpy(dtype=float)
    odd = ~(np.isfinite(lengths) & (lengths >= 0))
    if odd.any():
        name = recordings["recording"].iloc[int(odd.argmax())]
        raise ValueError(
            f"recordings: the duration_s of {name} is not known; fill it, or leave out recordings "
            "without sound"
        )
    for column, known, cure in (
        ("species", set(species), "add it to `species`, or correct the label"),
        ("recording", set(recordings["recording"]), "add it to `recordings`, or drop its labels"),
    ):
        unknown = sorted(map(str, set(labels[column].unique()) - known))
        if unknown:
            raise ValueError(f"strong_labels: unknown {column} {', '.join(unknown[:5])}; {cure}")


def _check_times(labels: pd.DataFrame, start, end, duration) -> None:
    for bad, what in (
        (~(np.isfinite(start) & np.isfinite(end)), "has a time that is not a number"),
        (start < 0, "begins before 0 s"),
        (end < start, "ends before it begins"),
        (start > duration, "begins after the end of the recording"),
    ):
        if bad.any():
            row = labels.iloc[int(bad.argmax())]
            raise ValueError(
                f"strong_labels: a label of {row['species']} in {row['recording']} "
                f"({row['start_s']}-{row['end_s']} s) {what}; correct it in the label file"
            )


def late_labels(strong_labels: pd.DataFrame, recordings: pd.DataFrame) -> dict[str, str]:
    """Recordings in which a label begins after their end, cut-off files mostly, and what is wrong with them."""
    lengths = recordings.set_index("recording")["duration_s"]
    start, end_s = strong_labels["start_s"], strong_labels["recording"].map(lengths)
    late = strong_labels[start > end_s].groupby("recording")["start_s"].max()
    return {name: f"{name} ends at {lengths[name]:.4g} s, and a label begins at {start_s:.4g} s: is the file cut off?"
            for name, start_s in late.items()}  # fmt: skip


def _spread(n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For counts n: the index of the owner, and 0..n-1 within it, of each of sum(n) things."""
    owner = np.repeat(np.arange(len(n)), n)
    return owner, np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)


def _some(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _annotated(labels: pd.DataFrame, recordings: pd.DataFrame) -> pd.DataFrame:
    """Without recordings that nobody listened to, whose windows would pass for silent ones."""
    heard = recordings["annotated"].astype(bool) | recordings["recording"].isin(labels["recording"])
    if not heard.all():
        left = sorted(recordings.loc[~heard, "recording"])
        warnings.warn(
            f"{len(left)} recording(s) without a label file give no windows, as nobody knows what calls there: "
            f"{_some(left)}; keep_unannotated=True makes windows to predict on",
            stacklevel=3,
        )
    return recordings[heard]


def window_labels(
    strong_labels: pd.DataFrame,
    recordings: pd.DataFrame,
    species: Sequence[str],
    window_s: float = 3.0,
    hop_s: float = 1.0,
    keep_unannotated: bool = False,
    keep_unread: bool = False,
) -> pd.DataFrame:
    """Cut labelled recordings into windows: AnuraSet's `metadata.csv` as a table.

    A window [t, t + window_s) is positive for a species if any part of a call [s, e) lies in it,
    s < t + window_s and e > t, whatever the call's quality. A point label (s = e) counts where
    t <= s < t + window_s. What of a label hangs over the end of its recording is cut off.

    Parameters
    ----------
    strong_labels : DataFrame
        `recording`, `start_s`, `end_s`, `species`.
    recordings : DataFrame
        `recording`, `duration_s`; `site` and `datetime` are taken from the name if absent. Where
        a column `annotated` says false nobody listened, and silence is not known.
    species : sequence of str
        The species columns wanted, in their order.
    window_s, hop_s : float
        In seconds.
    keep_unannotated : bool
        Make windows of recordings that nobody listened to, all zeros: to predict on, never to
        train with.
    keep_unread : bool
        Make windows of time whose labels could not be read, too (`unread_s` of the recordings).

    Returns
    -------
    DataFrame
        One row per window, sorted by recording and start: `sample_name`, `fname`, `min_t`, `max_t`
        (seconds, int64 if all are whole), `site`, `date` (text), `species_number`, `subset`
        (empty text), then the species (int8, 0 or 1).

    Warns
    -----
    UserWarning
        Naming recordings that give no window: shorter than one, or not annotated; and those of
        which windows are left out because labels could not be read.

    Raises
    ------
    ValueError
        If a label is of an unknown species or recording or begins outside its recording, or a
        time is impossible.
    """
    species = list(species)
    _check_grid(window_s, hop_s)
    _check_tables(strong_labels, recordings, species)
    if "annotated" in recordings and not keep_unannotated:
        recordings = _annotated(strong_labels, recordings)
    recordings = recordings.sort_values("recording", ignore_index=True)
    names = pd.Index(recordings["recording"])
    duration = recordings["duration_s"].to_numpy(dtype=float)
    n = _n_windows(duration, window_s, hop_s)
    if (n == 0).any():
        short = names[n == 0].tolist()
        warnings.warn(
            f"{len(short)} recording(s) shorter than a window of {window_s:g} s give none: {_some(short)}",
            stacklevel=2,
        )
    grid = window_starts(duration.max(initial=0.0), window_s, hop_s)
    owner = names.get_indexer(strong_labels["recording"])
    start = strong_labels["start_s"].to_numpy(dtype=float)
    end = strong_labels["end_s"].to_numpy(dtype=float)
    _check_times(strong_labels, start, end, duration[owner])
    # Positive windows of a call are neighbours: from the first that ends after its start ...
    first = np.searchsorted(np.round(grid + window_s, 9), start, side="right")
    # ... to before the first that starts at or after its end (for a point: after it).
    last = np.where(start == end, np.searchsorted(grid, start, side="right"),
                    np.searchsorted(grid, end, side="left"))
    count = np.clip(np.minimum(last, n[owner]) - first, 0, None)
    call, step = _spread(count)
    positive = np.zeros((n.sum(), len(species)), dtype=np.int8)
    column = pd.Index(species).get_indexer(strong_labels["species"])
    positive[(np.cumsum(n) - n)[owner[call]] + first[call] + step, column[call]] = 1
    table = _table(recordings, n, grid, window_s, species, positive)
    return table if keep_unread or "unread_s" not in recordings else _without_unread(table, recordings)


def _without_unread(table: pd.DataFrame, recordings: pd.DataFrame) -> pd.DataFrame:
    """Without windows that touch a time whose labels could not be read: they would pass for silent ones."""
    lost = np.zeros(len(table), dtype=bool)
    rows_of = table.groupby("fname", sort=False).indices
    for name, spans in zip(recordings["recording"], recordings["unread_s"], strict=True):
        rows = rows_of.get(name, np.empty(0, dtype=int))
        begin, end = table["min_t"].to_numpy()[rows], table["max_t"].to_numpy()[rows]
        for start_s, end_s in spans:
            # A point counts, too: as in `window_labels`, for the windows that it lies in.
            lost[rows[(begin < max(end_s, np.nextafter(start_s, np.inf))) & (end > start_s)]] = True
    if lost.any():
        names = sorted(set(table["fname"][lost]))
        warnings.warn(
            f"{lost.sum()} window(s) of {len(names)} recording(s) are left out, because labels there could not be "
            f"read: {_some(names)}; mend the label files, or say keep_unread=True",
            stacklevel=3,
        )
    return table[~lost].reset_index(drop=True)


def _table(recordings, n, grid, window_s, species, positive) -> pd.DataFrame:
    names = recordings["recording"].astype("str").to_numpy(dtype=object)
    if {"site", "datetime"} <= set(recordings.columns):
        site, when = recordings["site"], recordings["datetime"]
    else:
        parsed = [parse_recording_name(name) for name in names]
        site, when = [p[0] for p in parsed], [p[1] for p in parsed]
    site = np.asarray(site, dtype=object)
    when = pd.Series(pd.to_datetime(pd.Series(when))).dt.strftime("%Y-%m-%d %H:%M:%S")
    when = when.fillna("").to_numpy(dtype=object)
    ends = np.round(grid + window_s, 9)
    if (np.mod(grid, 1) == 0).all() and (np.mod(ends, 1) == 0).all():
        grid, ends = grid.astype("int64"), ends.astype("int64")
    tail = [f"_{time_text(a)}_{time_text(b)}.wav" for a, b in zip(grid, ends, strict=True)]
    owner, step = _spread(n)
    sample = [name + tail[k] for name, m in zip(names, n, strict=True) for k in range(m)]
    front = pd.DataFrame({
        "sample_name": pd.Series(sample, dtype="str"),
        "fname": pd.Series(names[owner], dtype="str"),
        "min_t": grid[step],
        "max_t": ends[step],
        "site": pd.Series(site[owner], dtype="str"),
        "date": pd.Series(when[owner], dtype="str"),
        "species_number": positive.sum(axis=1, dtype=np.int64),
        "subset": pd.Series([""] * len(owner), dtype="str"),
    })
    return pd.concat([front, pd.DataFrame(positive, columns=species)], axis=1)
