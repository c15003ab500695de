"""Whole recordings through any network: from windows of sound to vectors, kept on disk, and labels beside them.

An encoder is anything that is called with windows (N, samples) and gives vectors (N, D), and that says how long its
windows are and at which sample rate: BirdNET, a network of the course, a network of somebody else's zoo, or a function.
"""

import os
import warnings
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from anuralib._arguments import check_on_error
from anuralib._files import advising, is_of_the_machine, with_advice
from anuralib._files import cache_dir as default_cache_dir
from anuralib._workers import ahead
from anuralib.data.dataset import sound_paths
from anuralib.data.folders import read_recordings_folder
from anuralib.learn.pictures import kept, key_of, plan_windows, read_windows
from anuralib.sound.audio import to_samples
from anuralib.windows.grid import stretches, window_starts
from anuralib.windows.table import METADATA_COLUMNS

_CACHE_VERSION = 1  # goes up whenever the same settings give other numbers
_BATCH = 64  # windows that an encoder is given at a time
_Stretch = namedtuple("_Stretch", ["path", "rows", "first", "begin_s", "length_s"])


@dataclass(frozen=True)
class Encoder:
    """A function from sound to vectors, and what it must be given.

    Attributes
    ----------
    embed : callable
        Of windows, float32 (N, samples) between -1 and 1; gives vectors (N, D).
    window_s : float
        Length of its windows, in seconds.
    sample_rate_hz : int
    name : str
        Tells it, with its weights, from any other; what is kept on disk goes by it. Change it when `embed` changes.
    """

    embed: Callable
    window_s: float
    sample_rate_hz: int
    name: str = ""

    def __call__(self, signals):
        return self.embed(signals)


class Embedded(NamedTuple):
    """Vectors, float32 (N, D), and the `recording`, `start_s` and `end_s` of each."""

    embeddings: np.ndarray
    windows: pd.DataFrame


def embed_recordings(
    encoder,
    recordings,
    dataset=None,
    hop_s=None,
    channel=0,
    block_s=60.0,
    cache_dir=True,
    on_error="raise",
    n_jobs=None,
    progress=True,
):
    """What a network makes of every window of a table, or of all recordings of a folder.

    Recordings are read stretch by stretch at the encoder's sample rate, each stretch filtered and normalised like the
    course's own windows (`preprocess`), so that memory does not grow with their length or number.

    Parameters
    ----------
    encoder : str, CallClassifier, Encoder or callable
        "birdnet" (the extra `birdnet`; its weights are CC BY-NC-SA 4.0). A network trained here, as from `fit`. Another
        name, such as "perch_v2_onnx" or "birdaves": a model of the package perch-hoplite, which fetches its weights
        once; so also a model that was loaded with it. Or an `Encoder`, or any callable with `window_s`,
        `sample_rate_hz` and `name`.
    recordings : DataFrame, Dataset or path
        A windows frame (with `dataset`), as long as the encoder's windows. A Dataset or a folder: all its recordings,
        on the encoder's own grid.
    dataset : Dataset, optional
        Where the sound of a windows frame is.
    hop_s : float, optional
        From one window to the next in a Dataset or a folder, in seconds; side by side if not given.
    channel : int or "mix"
        See `read_audio`.
    block_s : float
        About how much of a long recording is read at a time, in seconds.
    cache_dir : path, True or None
        Folder for one file of numbers, whose name comes from the content of the recordings, the windows and the
        encoder; True: "embeddings" in the folder where ponds are kept. What is there is read, a run that was stopped
        goes on where it was, and a second process waits for the first. None keeps nothing. Files can be deleted.
    on_error : {"raise", "skip"}
        What to do with a recording that can't be read: stop, or leave it out and name it in one warning.
    n_jobs : int, optional
        Threads that read ahead, and BirdNET's copies; one per core if not given.
    progress : bool

    Returns
    -------
    Embedded
        `embeddings`, float32 (N, D), mapped from the disk and read-only if they are kept; `windows`, a frame with
        recording, start_s and end_s (seconds), in the order of the rows of a windows frame, else by recording. See
        `join_labels`.

    Raises
    ------
    ImportError
        The package that has the encoder is not installed; the message says what to install.
    ValueError, FileNotFoundError
        Unusable sound, windows of another length, an encoder that does not do what it should.
    OSError
        The disk is full, fails or can't be written to, whatever `on_error` says.

    Examples
    --------
    >>> pond = al.load_dataset("pond")  # doctest: +SKIP
    >>> x, windows = al.embed_recordings("birdnet", pond)  # doctest: +SKIP
    >>> y = al.join_labels(windows, pond)  # doctest: +SKIP
    """
    check_on_error(on_error)
    encoder = as_encoder(encoder, n_jobs)
    if cache_dir is not None and not encoder.name:
        raise ValueError("to keep embeddings give the encoder a name that changes with its weights, or cache_dir=None")
    windows, dataset = _windows(encoder, recordings, dataset, hop_s, on_error)
    windows, report = _readable(windows, dataset, on_error)
    plan, length = plan_windows(windows, dataset, encoder.sample_rate_hz)
    parts = _stretches(plan, windows, dataset, encoder, block_s)
    size = _embed(encoder, np.zeros((1, length), dtype=np.float32)).shape[1]

    def compute(left):
        todo = [parts[k] for k in left]
        cuts = _cuts(todo, length, encoder.sample_rate_hz, channel, on_error, n_jobs)
        for part, cut in tqdm(zip(todo, cuts, strict=True), total=len(todo), desc="embeddings", unit="stretch",
                              disable=not progress):  # fmt: skip
            yield part.rows, np.full((len(part.rows), size), np.nan) if cut is None else _embed(encoder, cut)

    rows_of, shape = [part.rows for part in parts], (len(windows), size)
    if cache_dir is None:
        values = np.empty(shape, dtype=np.float32)
        for rows, part in compute(range(len(parts))):
            values[rows] = part
    else:
        folder = default_cache_dir() / "embeddings" if cache_dir is True else Path(cache_dir)
        settings = [_CACHE_VERSION, encoder.name, length, encoder.sample_rate_hz, channel, block_s]
        with advising():
            values = kept(folder, key_of(plan.values(), settings, n_jobs), rows_of, shape, compute, "<f4", n_jobs)
    frame = pd.DataFrame({"recording": windows["fname"], "start_s": windows["min_t"], "end_s": windows["max_t"]})
    return _whole(values, frame, report, on_error)


def as_encoder(encoder, n_jobs=None):
    """An encoder by its name, or made of a network; ImportError or ValueError if it can't be one."""
    if isinstance(encoder, str):
        return _named(encoder, n_jobs)
    if hasattr(encoder, "species") and hasattr(encoder, "features"):
        return _ours(encoder)
    if hasattr(encoder, "sample_rate") and hasattr(encoder, "embed"):
        return _of_hoplite(encoder, getattr(encoder, "name", ""))
    if not callable(encoder) or not all(hasattr(encoder, key) for key in ("window_s", "sample_rate_hz")):
        raise ValueError("an encoder is a name, a trained network, or a callable with window_s and sample_rate_hz: "
                         "wrap a function in al.Encoder(function, window_s, sample_rate_hz, name)")  # fmt: skip
    return encoder if hasattr(encoder, "name") else Encoder(encoder, encoder.window_s, encoder.sample_rate_hz)


def _named(name, n_jobs):
    if name == "birdnet":
        from anuralib.challenges.birdnet import BirdNET

        return BirdNET(n_jobs)
    if name == "ours":
        raise ValueError('of a network of the course give the network itself, as from al.fit, instead of "ours"')
    try:
        from perch_hoplite.zoo import model_configs
    except ImportError as error:
        raise ImportError(f'"{name}" is not "birdnet"; if it is a model of perch-hoplite: '
                          'pip install "perch-hoplite[onnx]"') from error  # fmt: skip
    known = [preset.value for preset in model_configs.ModelConfigName]
    if name not in known:
        raise ValueError(f'no encoder is named "{name}": choose "birdnet" or one of {", ".join(known)}')
    return _of_hoplite(model_configs.load_model_by_name(name), f"hoplite {name}")


def _ours(model):
    """A network of the course; it says nothing of its windows' length, which `predict` checks."""
    from anuralib.challenges.embeddings import embed
    from anuralib.learn.checkpoints import digest_of_weights
    from anuralib.learn.features import pictures_of

    weights = digest_of_weights(model)
    rate = model.features["sample_rate_hz"]
    window_s = 3.0 if model.input_shape is None else _roundest(model.input_shape[1], model.features["hop"] / rate)
    return Encoder(lambda signals: embed(model, pictures_of(signals, **model.features)), window_s, rate,
                   f"{model.name} {weights}")  # fmt: skip


def _roundest(frames, hop_s):
    """The length with fewest decimals whose picture has so many frames: they are centred on 0, hop_s, 2 hop_s ..."""
    for decimals in range(9):
        length_s = np.ceil(round((frames - 1) * hop_s * 10**decimals, 6)) / 10**decimals
        if length_s < frames * hop_s:
            return float(length_s)


def _of_hoplite(model, name):
    """A model of perch-hoplite: `embed` of one window gives embeddings (frames, channels, D)."""
    window_s = getattr(model, "window_size_s", None) or 5.0  # those without one take any length

    def embed(signals):
        return np.stack([np.asarray(model.embed(signal).embeddings).mean(axis=(0, 1)) for signal in signals])

    return Encoder(embed, float(window_s), int(model.sample_rate), name)


def _windows(encoder, recordings, dataset, hop_s, on_error):
    """A frame with fname, min_t and max_t, and the data set that has the sound."""
    if isinstance(recordings, pd.DataFrame):
        if dataset is None:
            raise ValueError("to embed a windows frame, give the dataset with its recordings")
        lengths_s = (recordings["max_t"] - recordings["min_t"]).unique()
        if not np.allclose(lengths_s, encoder.window_s):
            raise ValueError(f"windows of {lengths_s[0]:g} s, but the encoder takes {encoder.window_s:g} s: give the "
                             "dataset in place of the windows, then join the labels with al.join_labels")  # fmt: skip
        return recordings[["fname", "min_t", "max_t"]], dataset
    data = recordings if hasattr(recordings, "recordings") else read_recordings_folder(recordings, on_error=on_error)
    lengths_s = data.recordings.set_index("recording")["duration_s"]
    starts = {name: window_starts(lengths_s[name], encoder.window_s, hop_s or encoder.window_s)
              for name in sorted(sound_paths(data))}  # fmt: skip
    short = [name for name, found in starts.items() if not len(found)]
    if len(short) == len(starts):
        raise ValueError(f"{getattr(data, 'root', recordings)}: no recording is as long as {encoder.window_s:g} s")
    if short:
        warnings.warn(f"{len(short)} recording(s) shorter than a window of {encoder.window_s:g} s give none: "
                      f"{', '.join(short[:10])}", stacklevel=3)  # fmt: skip
    begin = np.concatenate(list(starts.values()))
    names = np.repeat(list(starts), [len(found) for found in starts.values()])
    frame = pd.DataFrame({"fname": pd.Series(names, dtype="str"), "min_t": begin})
    return frame.assign(max_t=np.round(begin + encoder.window_s, 9)), data


def _readable(windows, dataset, on_error):
    """Windows of the recordings whose files can be opened, and the others; none are left out unless told."""
    if on_error == "raise":
        return windows, []
    paths, gone = sound_paths(dataset), []
    for name in windows["fname"].unique():
        try:
            with open(paths[name], "rb"):
                pass
        except (KeyError, OSError) as error:
            if is_of_the_machine(error):
                raise with_advice(error) from error
            gone.append(name)
    left = windows[~windows["fname"].isin(gone)]
    if not len(left):
        raise ValueError(f"no recording can be read, the first is {gone[0]}: check where the data set is")
    return left, gone


def _stretches(plan, windows, dataset, encoder, block_s):
    """What is read at a time, with the rows that it gives."""
    starts = windows["min_t"].to_numpy(dtype=float)
    known = dataset.recordings.set_index("recording").get("duration_s", pd.Series(dtype=float)).to_dict()
    parts = []
    for name, (path, rows, _) in plan.items():
        rows = rows[np.argsort(starts[rows], kind="stable")]
        duration_s = known.get(name, starts[rows[-1]] + encoder.window_s)
        done = 0
        for part, begin_s, length_s in stretches(starts[rows], duration_s, encoder.window_s, block_s):
            first = to_samples(part - begin_s, encoder.sample_rate_hz)
            parts.append(_Stretch(path, rows[done : done + len(part)], first, begin_s, length_s))
            done += len(part)
    return parts


def _cuts(parts, length, rate, channel, on_error, n_jobs):
    """Windows of each stretch, or None if its recording can't be read and may be left out."""

    def read(part):
        try:
            return read_windows(part.path, part.first, length, rate, channel, part.begin_s, part.length_s)
        except (OSError, ValueError) as error:
            if is_of_the_machine(error):  # no recording's fault, and others won't do better
                raise with_advice(error) from error
            if on_error == "raise":
                raise

    return ahead(read, parts, min(n_jobs or os.cpu_count() or 1, 4))


def _embed(encoder, signals):
    """Vectors of windows, checked."""
    values = [np.asarray(encoder(signals[k : k + _BATCH]), dtype=np.float32) for k in range(0, len(signals), _BATCH)]
    if any(part.ndim != 2 for part in values) or sum(map(len, values)) != len(signals) or 0 in values[0].shape:
        raise ValueError(f"the encoder must give (N, D) vectors of N windows, got {values[0].shape} of "
                         f"{min(len(signals), _BATCH)}")  # fmt: skip
    values = np.concatenate(values)
    if not np.isfinite(values).all():
        raise ValueError("the encoder gives NaN or infinite values: its weights or the sound are damaged")
    return values


def _whole(values, frame, report, on_error):
    """Without recordings of which a part could not be read."""
    lost = frame["recording"].to_numpy()[np.isnan(values[:, 0])]
    report = [*report, *dict.fromkeys(lost)]
    if len(lost) and on_error == "raise":
        raise ValueError(f"{lost[0]}: could not be read when its embeddings were made; mend or replace the file, or "
                         'say on_error="skip"')  # fmt: skip
    if report:
        warnings.warn(f"{len(report)} recording(s) can't be read and are left out: {', '.join(report[:10])}",
                      stacklevel=3)  # fmt: skip
    if len(lost):
        good = ~frame["recording"].isin(lost).to_numpy()
        values, frame = values[good], frame[good]
    return Embedded(values, frame)


def join_labels(windows, labels, species=None, least=None):
    """Labels of windows of any length, by the time that they share with what was labelled.

    Parameters
    ----------
    windows : DataFrame
        `recording`, `start_s`, `end_s` (seconds), as from `embed_recordings`.
    labels : Dataset or DataFrame
        A Dataset: its strong labels. Or a windows frame, `fname`, `min_t`, `max_t` and one column per species.
    species : sequence of str, optional
        Which columns; all of a Dataset or a windows frame if not given.
    least : float, optional
        The part of the shorter of the two, window or label, that both must share at least, 0 to 1; at 0 any part
        counts. Not given: 0 for strong labels, as for `window_labels`, and one half for windows, because a call may lie
        in the other part of them.

    Returns
    -------
    DataFrame, shape (len(windows), n_species), float
        1 or 0; NaN where nobody listened: a recording that is not annotated, a time whose labels could not be read, or
        a window of which labelled ones cover less than `least`. The index is that of `windows`.

    Raises
    ------
    ValueError
        Missing columns, `least` outside 0 to 1.

    Examples
    --------
    >>> windows = pd.DataFrame({"recording": "A", "start_s": [0.0, 5.0, 10.0], "end_s": [5.0, 10.0, 15.0]})
    >>> labels = pd.DataFrame({"fname": "A", "min_t": [0, 3, 6], "max_t": [3, 6, 9], "BOAFAB": [0, 0, 1]})
    >>> join_labels(windows, labels)["BOAFAB"].tolist()
    [0.0, 1.0, nan]
    """
    of_dataset = hasattr(labels, "strong_labels")
    least = (0.0 if of_dataset else 0.5) if least is None else least
    if not 0 <= least <= 1:
        raise ValueError(f"least must lie between 0 and 1, got {least}")
    lost = [name for name in ("recording", "start_s", "end_s") if name not in windows]
    if lost:
        raise ValueError(f"windows has no column {', '.join(lost)}: give those of embed_recordings")
    heard, unread, species = _of_dataset(labels, species) if of_dataset else _of_windows(labels, species)
    out, times = np.full((len(windows), len(species)), np.nan), windows[["start_s", "end_s"]].to_numpy(dtype=float)
    for name, rows in windows.groupby("recording", sort=False).indices.items():
        if name in heard:
            spans, positive = heard[name]
            out[rows] = (_share(times[rows], spans, least).astype(float) @ positive) > 0
            if of_dataset:
                blind = _share(times[rows], unread.get(name, np.empty((0, 2))), 0.0).any(axis=1)
            else:
                blind = _covered(times[rows], spans) < max(least, 1e-9)
            out[rows[blind]] = np.nan
    return pd.DataFrame(out, columns=species, index=windows.index)


def _of_dataset(dataset, species):
    """{recording: (spans (n, 2) in seconds, species in each)} of those that somebody listened to, and spans unread."""
    species = list(dataset.species if species is None else species)
    strong, recordings = dataset.strong_labels, dataset.recordings
    strong = strong[strong["species"].isin(species)]
    column = pd.Index(species).get_indexer(strong["species"])
    spans, positive = strong[["start_s", "end_s"]].to_numpy(dtype=float), np.eye(len(species))[column]
    heard = recordings["recording"]
    if "annotated" in recordings:
        heard = heard[recordings["annotated"].astype(bool) | heard.isin(dataset.strong_labels["recording"])]
    rows_of = strong.groupby("recording", sort=False).indices
    none = np.empty(0, dtype=int)
    found = {name: (spans[rows_of.get(name, none)], positive[rows_of.get(name, none)]) for name in heard}
    unread = dict(zip(recordings["recording"], recordings.get("unread_s", []), strict=False))
    return found, {name: np.array(lost, dtype=float).reshape(-1, 2) for name, lost in unread.items()}, species


def _of_windows(labels, species):
    """The same of a windows frame, of which nothing is unread."""
    lost = [name for name in ("fname", "min_t", "max_t", *(species or ())) if name not in labels]
    if lost:
        raise ValueError(f"labels has no column {', '.join(lost)}: give a Dataset, or a windows frame")
    species = [name for name in labels if name not in METADATA_COLUMNS] if species is None else list(species)
    spans, positive = labels[["min_t", "max_t"]].to_numpy(dtype=float), labels[species].to_numpy(dtype=float)
    rows_of = labels.groupby("fname", sort=False).indices
    return {name: (spans[rows], positive[rows]) for name, rows in rows_of.items()}, {}, species


def _share(times, spans, least):
    """Which windows (n, 2) and spans (m, 2) share at least a part `least` of the shorter; at 0, any."""
    (start, end), (low, high) = (times[:, [k]] for k in (0, 1)), spans.T
    shared = np.minimum(end, high) - np.maximum(start, low)
    # A label without a length is a point in the window that it lies in.
    point = (low == high) & (start <= low) & (low < end)
    if least == 0:
        return point | (shared > 0)
    return point | (shared >= least * np.minimum(end - start, high - low) - 1e-9) & (shared > 0)


def _covered(times, spans):
    """Which part of each window (n, 2) lies in any of the spans (m, 2)."""
    spans = spans[np.argsort(spans[:, 0])]
    last = np.maximum.accumulate(spans[:, 1])
    begins = np.r_[True, spans[1:, 0] > last[:-1]]  # a gap before it
    low, high = spans[begins, 0], last[np.r_[begins[1:], True]]
    start, end = times[:, [0]], times[:, [1]]
    return np.clip(np.minimum(end, high) - np.maximum(start, low), 0, None).sum(axis=1) / (end - start)[:, 0]
