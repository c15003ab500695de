"""The pictures of a table of windows: read once, computed once, kept on disk.

A recording is read, filtered and normalised as a whole, then its windows are cut. With a cache folder the pictures
lie in one file of half-precision numbers that is mapped into memory, so that training for a hundred epochs reads each
sound once, and a table larger than the memory can be trained on.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import zlib
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from anuralib._files import advising, locked
from anuralib._files import cache_dir as default_cache_dir
from anuralib._workers import ahead
from anuralib.data.dataset import sound_paths
from anuralib.learn.features import FEATURES, log_mel, pictures_of
from anuralib.pond.scenes import nuisance
from anuralib.sound.audio import SAMPLE_RATE_HZ, read_audio, to_samples
from anuralib.sound.bandpass import preprocess
from anuralib.windows.table import window_sound

_CACHE_VERSION = 2  # goes up whenever the same settings give other numbers
_SEAL = b"anuralib"  # a finished file ends with it and a hash of the checksums of all before
_BLOCK = 2**20  # bytes a checksum
_MARK = 5  # bytes a recording in the list of what is done: 1 and the checksum of its pictures, or zeros


def plan_windows(windows, dataset, rate, sound="recordings"):
    """Path, rows and first samples of each recording, or the files of its windows; the samples of a window."""
    if sound not in ("recordings", "windows"):
        raise ValueError(f"sound must be 'recordings' or 'windows', got {sound!r}")
    missing = {"fname", "min_t", "max_t"} - set(windows.columns)
    if missing:
        raise ValueError(f"windows has no column {sorted(missing)}: make it with window_labels")
    if not len(windows):
        raise ValueError("windows has no rows")
    lengths_s = windows["max_t"] - windows["min_t"]
    lengths = np.unique(to_samples(lengths_s[lengths_s > 0], rate))
    if len(lengths) != 1 or not (lengths_s > 0).all():
        raise ValueError("all windows must have the same length, max_t - min_t > 0 seconds")
    rows_of = windows.groupby("fname", sort=False).indices
    if sound == "windows":
        return _window_files(windows, dataset, rows_of), int(lengths[0])
    paths = sound_paths(dataset)
    unknown = sorted(set(windows["fname"]) - set(paths))
    if unknown:
        raise ValueError(
            f"{len(unknown)} recording(s) not in dataset.recordings, or without sound: {unknown[:3]}"
        )
    starts = to_samples(windows["min_t"], rate)
    plan = {name: (paths[name], rows, starts[rows]) for name, rows in rows_of.items()}
    return plan, int(lengths[0])


def _window_files(windows, dataset, rows_of):
    """The files of the windows of each recording, in place of its path."""
    if dataset.window_root is None:
        raise FileNotFoundError(f"{dataset.root}: there are no windows as files here; make them with al.build_windows")
    files = [window_sound(row, dataset.window_root) for row in windows.itertuples(index=False)]
    return {name: ([files[row] for row in rows], rows, rows) for name, rows in rows_of.items()}


def _read_files(paths, length, rate):
    """Windows that lie in files of their own, filtered and normalised as whoever wrote them did."""
    cuts = [read_audio(path, sample_rate_hz=rate) for path in paths]
    for path, cut in zip(paths, cuts, strict=True):
        if len(cut) != length:
            raise ValueError(f"{path}: {len(cut)} samples at {rate} Hz, not {length}; fetch or cut this window again")
    return np.stack(cuts)


def read_windows(path, first, length, sample_rate_hz, channel=0, start_s=0.0, duration_s=None):
    """Windows of one recording (or of a stretch of it), filtered and normalised as a whole (`preprocess`).

    Parameters
    ----------
    path : path-like
    first : int ndarray, shape (n,)
        First sample of each window, counted from `start_s`.
    length : int
        Samples of a window.
    sample_rate_hz, channel, start_s, duration_s
        See `read_audio`.

    Returns
    -------
    float ndarray, shape (n, length)

    Raises
    ------
    ValueError, FileNotFoundError
        Unusable sound, or a window that lies outside it.
    """
    try:
        signal = read_audio(
            path, sample_rate_hz=sample_rate_hz, channel=channel, start_s=start_s, duration_s=duration_s
        )
        signal = preprocess(signal, sample_rate_hz)
    except ValueError as error:
        raise ValueError(f"recording {path}: {error}") from error
    stop = first + length
    if stop.max() == len(signal) + 1:  # rounding of a window that ends with the recording
        signal = np.append(signal, signal[-1])
    if first.min() < 0 or stop.max() > len(signal):
        raise ValueError(
            f"windows of {Path(path).stem} run from {first.min() / sample_rate_hz:g} to "
            f"{stop.max() / sample_rate_hz:g} s, but {path} has {len(signal) / sample_rate_hz:g} s: make the "
            "windows from this recording"
        )
    return np.stack([signal[a:b] for a, b in zip(first, stop, strict=True)])


def iter_window_features(windows, dataset, n_jobs=None, channel=0, progress=False, **features):
    """Features of one recording after the other, in constant memory.

    Threads read ahead; the order is that of the recordings in `windows`. For recordings of hours, see `predict_folder`.

    Yields
    ------
    rows : int ndarray
        Positions in `windows` (from 0) of the windows of one recording.
    values : float32 ndarray, shape (len(rows), 1, n_mels, frames)
    """
    settings = {**FEATURES, **features}
    rate = settings["sample_rate_hz"]
    plan, length = plan_windows(windows, dataset, rate)
    yield from _iterate(plan.values(), length, settings, n_jobs, channel, progress)


def _iterate(parts, length, settings, n_jobs, channel, progress):
    rate = settings["sample_rate_hz"]

    def read(part):
        sound, rows, first = part
        files = isinstance(sound, list)
        return rows, _read_files(sound, length, rate) if files else read_windows(sound, first, length, rate, channel)

    cuts = ahead(read, parts, n_jobs)
    for rows, cut in tqdm(cuts, total=len(parts), desc="features", unit="recording", disable=not progress):
        yield rows, pictures_of(cut, **settings)


def window_features(
    windows, dataset, n_jobs=None, channel=0, dtype="float32", progress=True, cache_dir=None, sound="recordings",
    **features,
):  # fmt: skip
    """Log-mel features of every row of a windows frame, ready for `fit`.

    Parameters
    ----------
    windows : DataFrame
        `fname`, `min_t` and `max_t` (seconds) as made by `window_labels`; all equally long.
    dataset : Dataset
        Says with `recordings` (columns recording, path) where the sound is.
    n_jobs : int, optional
        Threads that read and filter; one per core if not given.
    channel : int or "mix"
        Channel of the recording, see `read_audio`.
    dtype : "float32" or "float16"
        float16 halves the memory; its steps of up to 0.06 dB do no harm.
    progress : bool
        Show a progress bar.
    cache_dir : path or True, optional
        Folder for one file of float16 numbers (`dtype` is not asked then); True: "features" in the folder where ponds
        are kept. The file's name comes from the content of the recordings, the windows and all settings: what is there
        is read (mapped, not loaded), and anything else is computed, also what was damaged since. A run that was stopped
        goes on where it was, and a second process that needs the same waits for the first.
        Files can be deleted at any time.
    sound : "recordings" or "windows"
        Cut the windows from the recordings, or read the files of a data set of windows (``dataset.window_root``) as
        they are: already filtered and normalised, each by itself where `build_windows` was told so.
    **features
        Other settings than those in `FEATURES`: sample_rate_hz, n_fft, hop, n_mels, band_hz,
        floor_db (see `log_mel`), compression ("db" or "pcen"). Give the same to
        ``build_model(..., features={...})``.

    Returns
    -------
    ndarray, shape (len(windows), 1, n_mels, frames)
        dB, in the order of the rows. Three seconds give 64 bands by 130 frames by default. With a cache it is
        read-only.

    Raises
    ------
    ValueError, FileNotFoundError
        A recording that the dataset does not have or whose file is gone, a window beyond its end,
        unusable sound.
    OSError
        The cache folder's disk is too small, and how much is needed; or it is full or fails, and what to do.
    """
    settings = {**FEATURES, **features}
    plan, length = plan_windows(windows, dataset, settings["sample_rate_hz"], sound)
    if cache_dir is not None:
        folder = default_cache_dir() / "features" if cache_dir is True else Path(cache_dir)
        return _cached(folder, plan, length, len(windows), settings, n_jobs, channel, progress)
    out = None
    for rows, values in _iterate(plan.values(), length, settings, n_jobs, channel, progress):
        if out is None:
            out = np.empty((len(windows), *values.shape[1:]), dtype=dtype)
        out[rows] = values
    return out


def key_of(parts, settings, n_jobs=None):
    """What numbers depend on: the bytes of the recordings, where the windows lie, and the settings.

    Parameters
    ----------
    parts : iterable of (path, rows, first samples)
    settings : list
        Of all that decides the numbers; JSON can hold it.
    n_jobs : int, optional
        Threads.

    Returns
    -------
    str
    """
    total = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16)
    parts = list(parts)

    def content(part):
        found = hashlib.blake2b()
        for path in part[0] if isinstance(part[0], list) else [part[0]]:
            with open(path, "rb") as file:
                hashlib.file_digest(file, lambda: found)
        return found.digest()

    for (_, rows, first), digest in zip(parts, ahead(content, parts, n_jobs), strict=True):
        for piece in (digest, np.asarray(rows, dtype="<i8"), np.asarray(first, dtype="<i8")):
            total.update(piece)
    return total.hexdigest()


def _cached(folder, plan, length, n_rows, settings, n_jobs, channel, progress):
    parts = list(plan.values())
    key = key_of(parts, [_CACHE_VERSION, length, channel, settings], n_jobs)
    shape = (n_rows, *pictures_of(np.zeros((1, length)), **settings).shape[1:])

    def compute(left):
        return _iterate([parts[k] for k in left], length, settings, n_jobs, channel, progress)

    return kept(folder, key, [rows for _, rows, _ in parts], shape, compute, n_jobs=n_jobs)


def kept(folder, key, rows_of, shape, compute, dtype="<f2", n_jobs=None):
    """An array that is computed part by part and kept on disk: one process at a time, whole or not there, gone on with.

    Parameters
    ----------
    folder : Path
    key : str
        Of `key_of`; the name of the file.
    rows_of : list of int ndarray
        The rows of the array that each part fills.
    shape : tuple of int
    compute : callable
        Of the numbers of the parts that are missing; yields (rows, values) of each in this order.
    dtype : str
        With its byte order.
    n_jobs : int, optional
        Threads.

    Returns
    -------
    read-only memory map
    """
    path = folder / f"{key}.npy"
    if not _is_sealed(path, n_jobs):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, name=f".{key}.lock"), advising():
            if not _is_sealed(path, n_jobs):  # else another process made it meanwhile
                _fill(path, rows_of, shape, compute, dtype, n_jobs)
    with contextlib.suppress(OSError):  # not there, as a rule; a run that was killed at its very end leaves it
        path.with_suffix(".done").unlink()
    return np.load(path, mmap_mode="r")


def _header(shape, dtype):
    """The first bytes of a .npy file."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": dtype, "fortran_order": False, "shape": shape})
    return head.getvalue()


def _seal(path, size, n_jobs):
    """The last bytes of a finished file; damage comes by chance, so that quick checksums of its blocks will do."""

    def of_block(start):
        with open(path, "rb") as file:
            file.seek(start)
            return zlib.crc32(file.read(min(_BLOCK, size - start))).to_bytes(4, "little")

    sums = b"".join(ahead(of_block, range(0, size, _BLOCK), n_jobs))
    return _SEAL + hashlib.blake2b(sums, digest_size=32).digest()


def _is_sealed(path, n_jobs):
    """Whether the pictures are there as they were written. What was cut or changed since is no longer believed."""
    size = path.stat().st_size - len(_SEAL) - 32 if path.exists() else 0
    if size <= 0:
        return False
    with open(path, "rb") as file:
        file.seek(size)
        return file.read() == _seal(path, size, n_jobs)


def _fill(path, rows_of, shape, compute, dtype, n_jobs):
    """Compute what is missing in the unfinished file and, when nothing is, seal it and give it its name.

    Nothing is written through a map: on a full disk that would end the process, without an error.
    """
    partial, marks = path.with_suffix(".partial"), path.with_suffix(".done")
    head = _header(shape, dtype)
    size = len(head) + np.dtype(dtype).itemsize * int(np.prod(shape))
    if not _is_begun(partial, marks, head, size, rows_of):
        _begin(partial, marks, head, size, len(rows_of))
    # A part is marked after its numbers are on the disk: a killed run loses the one it was at.
    with open(partial, "r+b") as file, open(marks, "r+b") as done:
        left = [k for k in range(len(rows_of)) if not any(done.read(_MARK))]
        for k, (rows, part) in zip(left, compute(left), strict=True):
            values = np.ascontiguousarray(part, dtype=dtype)
            for row, value in zip(rows, values, strict=True):
                file.seek(len(head) + int(row) * value.nbytes)
                file.write(value)
            _to_disk(file)
            done.seek(k * _MARK)
            done.write(b"1" + zlib.crc32(values).to_bytes(4, "little"))
            done.flush()
        seal = _seal(partial, size, n_jobs)
        file.seek(size)
        file.write(seal)
        _to_disk(file)
    os.replace(partial, path)


def _to_disk(file):
    file.flush()
    os.fsync(file.fileno())


def _begin(partial, marks, head, size, n_parts):
    """An unfinished file without pictures, if there is room for them."""
    partial.unlink(missing_ok=True)
    free = shutil.disk_usage(partial.parent).free
    if free < size + 2**20:
        raise OSError(f"{partial.parent}: the file needs {size / 1e6:.0f} MB and {free / 1e6:.0f} are free; free "
                      "some, or give another cache_dir")  # fmt: skip
    with open(partial, "wb") as file:
        file.write(head)
        file.truncate(size)
    marks.write_bytes(bytes(_MARK * n_parts))


def _is_begun(partial, marks, head, size, rows_of):
    """Whether an unfinished file can be gone on with; pictures that were damaged since lose their mark."""
    if not (partial.exists() and marks.exists() and marks.stat().st_size == _MARK * len(rows_of)
            and partial.stat().st_size in (size, size + len(_SEAL) + 32)):  # fmt: skip
        return False
    with open(partial, "rb") as file:
        if file.read(len(head)) != head:
            return False
    values = np.load(partial, mmap_mode="r")
    with open(marks, "r+b") as done:
        for k, rows in enumerate(rows_of):
            done.seek(k * _MARK)
            mark = done.read(_MARK)
            if any(mark) and mark != b"1" + zlib.crc32(np.ascontiguousarray(values[rows])).to_bytes(4, "little"):
                done.seek(k * _MARK)
                done.write(bytes(_MARK))
    return True


def noisy_features(windows, dataset, kind=None, level_dbfs=-40.0, band_hz=(1, 10_000), n_jobs=None, **features):
    """Pictures of windows with wind, rain or insects in the sound, as they would be on a night of such weather.

    As in `window_features` each recording is read (first channel), filtered and normalised as a whole; the nuisance is
    added before, each recording has its own.

    Parameters
    ----------
    windows : DataFrame
        From `window_labels`.
    dataset : Dataset
    kind : str, optional
        See `nuisance`; None adds nothing.
    level_dbfs : float
        Of what is added, the same for every recording.
    band_hz : (float, float)
        Of the band-pass of `preprocess`.
    n_jobs : int, optional
        Threads.
    **features
        As for `window_features`; compression is "db".

    Returns
    -------
    float32 ndarray, shape (len(windows), 1, n_mels, frames)
        dB, in the order of the rows.
    """
    settings, paths = {**FEATURES, **features}, sound_paths(dataset)
    rate = settings["sample_rate_hz"]
    if kind is not None and rate != SAMPLE_RATE_HZ:
        raise ValueError(f"sounds are added at {SAMPLE_RATE_HZ} Hz, not at {rate}")
    rows_of = windows.groupby("fname", sort=False).indices
    first = to_samples(windows["min_t"], rate)
    length = to_samples((windows["max_t"] - windows["min_t"]).iloc[0], rate)

    def of_recording(job):
        number, (name, rows) = job
        sound = read_audio(paths[name], sample_rate_hz=rate)
        if kind is not None:
            sound = sound + nuisance(kind, len(sound) / rate, level_dbfs, seed=number)
        sound = preprocess(sound, rate, band_hz=band_hz)
        return rows, log_mel(np.stack([sound[a : a + length] for a in first[rows]]), **settings)

    out = None
    for rows, values in ahead(of_recording, enumerate(rows_of.items()), n_jobs):
        out = np.empty((len(windows), *values.shape[1:]), np.float32) if out is None else out
        out[rows] = values
    return out
