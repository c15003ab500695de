"""Windows as sound: filtered, normalised, cut, and written as a data set like AnuraSet's."""

import os
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._arguments import check_on_error
from anuralib._files import (
    advising,
    has_size,
    is_of_the_machine,
    locked,
    read_settings,
    remove_leftovers,
    source_of,
    with_advice,
    write_settings,
    write_text,
)
from anuralib._workers import in_workers
from anuralib.sound import audio
from anuralib.sound.audio import SAMPLE_RATE_HZ, to_samples
from anuralib.sound.bandpass import PEAK, preprocess, preprocess_windows
from anuralib.windows.grid import late_labels, window_labels
from anuralib.windows.table import unsafe_names, window_path

_SETTINGS = "build.json"
_WINDOW = re.compile(r"_[\d.]+_[\d.]+\.wav$")  # how the names of windows end, after that of their recording
_BLOCK = 64  # windows of a recording that are in memory at a time


def cut_windows(
    signal: np.ndarray, sample_rate_hz: float, starts_s: np.ndarray, window_s: float = 3.0
) -> np.ndarray:
    """Cut windows of equal length out of a signal.

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : float
        In Hz.
    starts_s : array-like, shape (m,)
        Starts of the windows, in seconds.
    window_s : float
        In seconds.

    Returns
    -------
    ndarray, shape (m, round(window_s * sample_rate_hz))

    Raises
    ------
    ValueError
        If a window is not wholly inside the signal.
    """
    signal = np.asarray(signal)
    first, size = _positions(len(signal), sample_rate_hz, starts_s, window_s)
    if first.size == 0:
        return np.empty((0, size), dtype=signal.dtype)
    return np.lib.stride_tricks.sliding_window_view(signal, size)[first]


def _positions(n: int, sample_rate_hz: float, starts_s, window_s: float) -> tuple[np.ndarray, int]:
    """The first sample of each window and the number of its samples, all within a signal of n."""
    first, size = to_samples(starts_s, sample_rate_hz), to_samples(window_s, sample_rate_hz)
    if size < 1 or (first < 0).any() or (first + size > n).any():
        raise ValueError(f"a window of {window_s:g} s is not wholly inside the {n / sample_rate_hz:g} s of the signal")
    return first, size


def _to_int16(cuts: np.ndarray) -> np.ndarray:
    # As scikit-maad writes: times 32767, the fraction cut off, so that its samples are met.
    return (cuts * 32767.0).astype(np.int16)


def _cut(signal, starts_s, window_s, filter_per) -> np.ndarray:
    if filter_per == "recording":
        return cut_windows(signal, SAMPLE_RATE_HZ, starts_s, window_s)
    first, size = _positions(len(signal), SAMPLE_RATE_HZ, starts_s, window_s)
    # Only the stretch that these windows cover: a recording may be hours long.
    stretch = signal[first[0] : first[-1] + size]
    return _to_int16(preprocess_windows(stretch, first - first[0], size))


def _build_recording(path, rows: pd.DataFrame, out_dir: Path, filter_per: str, channel) -> None:
    """Write the missing windows of one recording."""
    window_s = float(rows["max_t"].iloc[0] - rows["min_t"].iloc[0])
    targets = [window_path(row, out_dir) for row in rows.itertuples(index=False)]
    n_bytes = 44 + 2 * to_samples(window_s, SAMPLE_RATE_HZ)  # of a 16-bit mono WAV file
    missing = [i for i, target in enumerate(targets) if not has_size(target, n_bytes)]
    if not missing:
        return
    signal = audio.read_audio(path, SAMPLE_RATE_HZ, channel).astype(np.float64)
    starts = rows["min_t"].to_numpy()[missing]
    try:
        if filter_per == "recording":
            signal = _to_int16(preprocess(signal, SAMPLE_RATE_HZ))
        for k in range(0, len(missing), _BLOCK):
            cuts = _cut(signal, starts[k : k + _BLOCK], window_s, filter_per)
            for i, cut in zip(missing[k : k + _BLOCK], cuts, strict=True):
                audio.write_audio(targets[i], cut, SAMPLE_RATE_HZ)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _try_recording(*job) -> Exception | None:
    """As `_build_recording`, but what is wrong with a recording comes back instead of stopping the others."""
    try:
        _build_recording(*job)
    except (OSError, ValueError) as error:
        if is_of_the_machine(error):  # others won't do better
            raise with_advice(error) from error
        return error
    return None


def _begin(out_dir: Path, settings: dict, paths: dict) -> None:
    """Note settings and sources of a run; what was made from other recordings of the same names is removed before."""
    note = out_dir / _SETTINGS
    old = read_settings(note)
    known = old.pop("sources", {})
    if old not in ({}, settings):
        raise ValueError(
            f"{note}: the windows here were made with other settings than {settings}; "
            "choose another folder, or empty this one"
        )
    remove_leftovers(out_dir)
    sources = {name: source_of(path) for name, path in paths.items()}
    # A recording that is gone can't be compared: its windows are as good as they were.
    replaced = {name for name, source in sources.items() if source and source != known.get(name)}
    windows = [path for path in (out_dir / "audio").rglob("*.wav") if _WINDOW.sub("", path.name) in replaced]
    if windows and not old:
        raise ValueError(f"{out_dir}: windows are here, but not {_SETTINGS} that says how they were made; choose "
                         "another folder, or empty this one")  # fmt: skip
    for path in [out_dir / "metadata.csv", *windows] if windows else []:
        path.unlink(missing_ok=True)
    known |= {name: source for name, source in sources.items() if source}
    write_settings(settings | {"sources": known}, note)


def build_windows(
    dataset,
    out_dir: str | os.PathLike,
    n_jobs: int | None = None,
    filter_per: str = "recording",
    channel: int | str = 0,
    on_error: str = "raise",
    progress: bool = True,
) -> Path:
    """Write the windows of a data set to disk as AnuraSet does: `audio/` and `metadata.csv`.

    Windows are 3 s long, one begins every second; sound is one channel at 22,050 Hz, 16 bit, one
    file a window. A run that was interrupted is taken up where it stopped: every file is written
    whole or not at all. A recording that was replaced by another is cut anew (`build.json` knows size
    and time of each). `metadata.csv` comes last, beside `report.csv` with one row per recording:
    `recording`, `n_windows`, `problem` (empty text, or why it was skipped).

    Parameters
    ----------
    dataset : Dataset
    out_dir : str or path-like
        Made if needed. A second process that would write there waits for the first.
    n_jobs : int or None
        Workers of joblib; None uses all there are. `joblib.parallel_config(backend=...)` around
        the call chooses other workers than this machine's processes, a Dask cluster for instance.
    filter_per : {"recording", "window"}
        Filter and normalise each recording once, then cut; or cut first and treat each window on
        its own. The second is the paper's way, and gives the samples that scikit-maad gives: the
        filter then has an edge at each window, and each window its own gain, so that faint
        windows come out as loud as a chorus.
    channel : int or "mix"
        Of recordings with several: which one, or the mean of all.
    on_error : {"raise", "skip"}
        A recording that can't be read, or ends before one of its labels begins, stops the run, or is left out of
        `metadata.csv` with a warning. Unreadable ones stop it when all others are done.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        Of `metadata.csv`.

    Raises
    ------
    FileNotFoundError
        If a recording is gone; names the files.
    ValueError
        If `out_dir` was begun with other settings, a recording can't be read (names the files), or the name of one or
        of its site can't be part of a file's name.
    OSError
        If the disk is full, fails or can't be written to, whatever `on_error` says.
    """
    from tqdm.auto import tqdm

    check_on_error(on_error)
    if filter_per not in ("recording", "window"):
        raise ValueError(f'filter_per must be "recording" or "window", not {filter_per!r}')
    out_dir = Path(out_dir)
    labels, recordings = dataset.strong_labels, dataset.recordings
    late = late_labels(labels, recordings) if on_error == "skip" else {}  # else window_labels stops at them
    labels, whole = (table[~table["recording"].isin(late)] for table in (labels, recordings))
    windows = window_labels(labels, whole, dataset.species)
    unsafe = unsafe_names(windows)
    if unsafe and on_error == "raise":
        raise ValueError(f'{next(iter(unsafe.values()))}, or say on_error="skip"')
    windows = windows[~windows["fname"].isin(unsafe)]
    settings = {"dataset": dataset.name, "filter_per": filter_per, "channel": channel, "sample_rate_hz": SAMPLE_RATE_HZ,
                "peak": PEAK}  # fmt: skip
    paths = dict(zip(recordings["recording"], recordings["path"], strict=True))
    groups = dict(tuple(windows.groupby("fname", sort=False)))
    jobs = ((paths[name], rows, out_dir.absolute(), filter_per, channel) for name, rows in groups.items())
    with locked(out_dir), advising():
        _begin(out_dir, settings, {name: paths[name] for name in groups})
        done = in_workers(_try_recording, jobs, n_jobs)
        errors = list(tqdm(done, total=len(groups), desc="windows", unit="recording", disable=not progress))
        remove_leftovers(out_dir)  # of workers that were killed meanwhile
        failed = {name: error for name, error in zip(groups, errors, strict=True) if error}
        problems = late | unsafe | {name: str(error) for name, error in failed.items()}
        _write_report(out_dir, recordings, groups, problems)
        if problems:
            told = "; ".join(list(problems.values())[:3]) + ("; ..." if len(problems) > 3 else "")
            text = f"{len(problems)} recording(s) can't be used, see {out_dir / 'report.csv'}: {told}"
            if on_error == "raise":
                gone = any(isinstance(error, FileNotFoundError) for error in failed.values())
                kind = FileNotFoundError if gone else ValueError
                raise kind(f'{text}. Mend or remove them, or say on_error="skip"')
            warnings.warn(text, stacklevel=2)
            windows = windows[~windows["fname"].isin(problems)]
        write_text(windows.to_csv(index=False, lineterminator="\n"), out_dir / "metadata.csv")
    return out_dir / "metadata.csv"


def _write_report(out_dir: Path, recordings: pd.DataFrame, groups: dict, problems: dict) -> None:
    """One row per recording: how many windows, and why none."""
    counts = {name: 0 if name in problems else len(table) for name, table in groups.items()}
    heard = recordings.get("annotated", pd.Series(True, index=recordings.index))
    lost = np.where(heard, "shorter than a window", "not annotated")
    if "unread_s" in recordings:
        lost = np.where(recordings["unread_s"].map(len) > 0, "labels could not be read", lost)
    rows = [(name, counts.get(name, 0), problems.get(name, "" if name in groups else why))
            for name, why in zip(recordings["recording"], lost, strict=True)]
    report = pd.DataFrame(rows, columns=["recording", "n_windows", "problem"])
    write_text(report.to_csv(index=False, lineterminator="\n"), out_dir / "report.csv")
