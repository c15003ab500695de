"""A trained network in the field: a folder of recordings in, a table of probabilities and label files out."""

import csv
import hashlib
import json
import shutil
import warnings
from collections import namedtuple
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from anuralib._arguments import check_on_error
from anuralib._files import (
    advising,
    atomic_path,
    is_of_the_machine,
    locked,
    other_settings,
    remove_leftovers,
    safe_name,
    source_of,
    with_advice,
    write_settings,
)
from anuralib._workers import ahead, in_workers
from anuralib.data.dataset import sound_paths
from anuralib.data.folders import read_recordings_folder
from anuralib.labels.bouts import merge_calls
from anuralib.labels.formats import read_audacity_labels, write_audacity_labels
from anuralib.learn.checkpoints import digest_of_weights
from anuralib.learn.models import load_model, save_model
from anuralib.learn.pictures import read_windows
from anuralib.learn.prediction import predict
from anuralib.sound.audio import to_samples
from anuralib.windows.grid import stretches, window_starts

_CALL_COLUMNS = ["recording", "start_s", "end_s", "species"]
_MODEL = "model.pt"
_Sound = namedtuple("_Sound", ["recording", "path", "duration_s", "source"])


def labels_from_windows(windows, chosen, species=None, max_gap_s=1.0):
    """Calls from the windows in which they were found: `window_labels` the other way round.

    Of a call whose first window starts at a and whose last at b, with windows of w seconds every h seconds, the start
    is known to lie in [a + w - h, a + w) and the end in (b, b + h]: windows say *that* something of it lies in them.
    The label encloses both, a + w - h to b + h. At the ends of a recording it runs to the end. A run too short to come
    from any call (a single window in which the network believed) is labelled whole.

    Parameters
    ----------
    windows : DataFrame
        `fname`, `min_t`, `max_t` (seconds), every recording on one grid; from `window_labels`.
    chosen : array or DataFrame of bool, shape (len(windows), n_species)
        Which windows hold which species, such as ``probabilities >= 0.5``.
    species : sequence of str, optional
        Names of the columns, if `chosen` does not have them.
    max_gap_s : float
        Calls of a species with shorter silences between become one bout (`merge_calls`).

    Returns
    -------
    DataFrame
        `recording`, `start_s`, `end_s`, `species`, sorted by recording and start.

    Raises
    ------
    ValueError
        Shapes that differ, no names, windows of a recording that don't lie on one grid.
    """
    names = list(chosen.columns) if isinstance(chosen, pd.DataFrame) else list(species or [])
    chosen = np.asarray(chosen, dtype=bool)
    if chosen.shape != (len(windows), len(names)) or not names:
        raise ValueError(f"chosen must be (windows, species), {(len(windows), len(names))}, got {chosen.shape}")
    found = []
    for recording, rows in windows.reset_index(drop=True).groupby("fname", sort=True).indices.items():
        start = windows["min_t"].to_numpy(dtype=float)[rows]
        end = windows["max_t"].to_numpy(dtype=float)[rows]
        order = np.argsort(start)
        start, end, yes = start[order], end[order], chosen[rows[order]]
        window_s, steps = end[0] - start[0], np.diff(start)
        hop_s = steps[0] if len(steps) else window_s
        if not (np.allclose(steps, hop_s) and np.allclose(end - start, window_s) and hop_s > 0):
            raise ValueError(f"{recording}: its windows don't lie on one grid; give all of them, each once")
        edge = np.zeros((1, yes.shape[1]), dtype=np.int8)
        change = np.diff(np.concatenate([edge, yes.astype(np.int8), edge]), axis=0).T
        for name, line in zip(names, change, strict=True):
            for a, b in zip(np.flatnonzero(line == 1), np.flatnonzero(line == -1) - 1, strict=True):
                low = start[a] if a == 0 else start[a] + window_s - hop_s
                high = end[b] if b == len(start) - 1 else start[b] + hop_s
                if high <= low:
                    low, high = start[a], end[b]
                found.append((recording, round(low, 6), round(high, 6), name))
    table = pd.DataFrame(found, columns=_CALL_COLUMNS).astype({"recording": "str", "species": "str"})
    table = table.astype({"start_s": float, "end_s": float})
    return merge_calls(table, max_gap_s) if len(table) else table


def _blocks(recording, window_s, hop_s, block_s):
    """(recording, starts of windows, where to begin reading, how long) for each stretch of a recording."""
    starts = window_starts(recording.duration_s, window_s, hop_s)
    for part, begin, length in stretches(starts, recording.duration_s, window_s, block_s):
        yield recording, part, begin, length


def _check_run(path, run):
    """An out_dir belongs to one model and one way of cutting; ValueError says in what another differs."""
    differ = other_settings(path, run)
    if differ:
        raise ValueError(f"{path} belongs to another run (other {', '.join(differ)}): give another out_dir, or "
                         "delete this one")  # fmt: skip
    write_settings(run, path)


@dataclass(frozen=True)
class _Way:
    """How the recordings of one run are cut, read and judged: what `predict_folder` was told, the same for all."""

    threshold: pd.Series
    window_s: float
    hop_s: float
    block_s: float
    channel: int | str
    on_error: str
    device: str


def _predict_recordings(model, sounds, out, way, n_jobs, progress):
    """Write what the network finds in the recordings; names and problems of those that can't be used."""
    rate, window_s = model.features["sample_rate_hz"], way.window_s
    blocks = [block for sound in sounds for block in _blocks(sound, window_s, way.hop_s, way.block_s)]
    with_windows = {sound for sound, *_ in blocks}
    report = [(sound.recording, f"shorter than a window of {window_s:g} s")
              for sound in sounds if sound not in with_windows]  # fmt: skip

    def read(block):
        sound, starts, begin, length = block
        first, size = to_samples(starts - begin, rate), to_samples(window_s, rate)
        try:
            return block, read_windows(sound.path, first, size, rate, way.channel, begin, length)
        except (OSError, ValueError) as error:
            if is_of_the_machine(error):  # no recording's fault, and others won't do better
                raise with_advice(error) from error
            if way.on_error == "raise":
                raise
            return block, error

    cuts = tqdm(ahead(read, blocks, n_jobs), total=len(blocks), desc="predict", unit="block", disable=not progress)
    for sound, parts in groupby(cuts, key=lambda cut: cut[0][0]):
        values, problem = [], None
        for _, cut in parts:
            if isinstance(cut, Exception):
                problem = cut
            elif problem is None:
                values.append(predict(model, cut, device=way.device))
        if problem is not None:
            report.append((sound.recording, str(problem)))
            continue
        starts = window_starts(sound.duration_s, window_s, way.hop_s)
        _write(out, sound, starts, window_s, np.concatenate(values), way.threshold)
    return report


@lru_cache(maxsize=1)
def _model_of(path, weights):
    """The network of a run, read once in each worker; `weights` tells it from an earlier one at the same place."""
    model = load_model(path)
    if digest_of_weights(model) != weights:
        raise ValueError(f"{path}: not the network of this run; run predict_folder again")
    return model


def _predict_one(weights, sound, out, way):
    """A worker's part: one recording. Done before, by a worker that died since, it need not be done again."""
    if _is_done(out, sound):
        return []
    return _predict_recordings(_model_of(out / _MODEL, weights), [sound], out, way, n_jobs=1, progress=False)


def predict_folder(
    model,
    folder,
    out_dir,
    threshold=0.5,
    window_s=3.0,
    hop_s=1.0,
    block_s=60.0,
    channel=0,
    on_error="raise",
    n_jobs=None,
    device="auto",
    progress=True,
    workers=None,
):
    """Who calls when, in a whole folder of recordings, however long they are.

    A recording longer than about `block_s` is read stretch by stretch, each filtered and normalised by itself like a
    recording of the train subset: memory does not grow with its length. What is done stays done: a run that was stopped
    goes on with the next recording, and new recordings can be added to the folder later. A recording that was replaced
    by another is judged again, and so is one whose part was damaged.

    Parameters
    ----------
    model : CallClassifier
        Trained; from `fit` or `load_model`.
    folder : path or Dataset
        Recordings are searched in all folders below it.
    out_dir : path
        Gets predictions.csv (fname, min_t, max_t in seconds, the probability of each species), calls.csv (recording,
        start_s, end_s, species), labels/NAME.txt for Audacity, and windows/NAME.csv, the parts of the first;
        done/NAME.json says of which recording (size, time) they are. A second process waits for the first.
    threshold : float, Series or dict
        Yes from this probability on; one for all, or one per species (see `tune_thresholds`).
    window_s, hop_s : float
        In seconds; `window_s` as in training.
    block_s : float
        About how much of a long recording is read at a time, in seconds.
    channel : int or "mix"
    on_error : {"raise", "skip"}
        What to do with a recording that can't be read: stop, or go on and name it in report.csv and in one warning.
    n_jobs, device, progress
        See `predict`.
    workers : int, optional
        None: this process does everything, while `n_jobs` threads read ahead. Else so many workers of joblib (-1: all
        there are) take a recording each, with one reading thread; `joblib.parallel_config(backend=...)` around the call
        chooses others than this machine's processes, a Dask cluster for instance. They need the recordings and
        `out_dir` under the same paths as here, find the network in `out_dir`/model.pt, and write the same bytes.

    Returns
    -------
    Path
        Of predictions.csv.

    Raises
    ------
    FileNotFoundError, ValueError
        No recordings, an unusable one or one whose name can't be that of a file (with its name), an out_dir of another
        model or other settings.
    OSError
        The disk is full, fails or can't be written to, whatever `on_error` says.
    """
    check_on_error(on_error)
    out = Path(out_dir)
    threshold = pd.Series(threshold, index=model.species, dtype=float)
    if not np.isfinite(threshold).all():
        raise ValueError(f"threshold has no entry for {threshold.index[~np.isfinite(threshold)].tolist()}, or inf")
    window_starts(0.0, window_s, hop_s)  # refuses what gives no windows, before anything is written
    dataset = folder if hasattr(folder, "recordings") else read_recordings_folder(folder, on_error=on_error)
    weights = digest_of_weights(model)
    run = {
        "model": weights, "species": model.species, "threshold": threshold.to_list(), "window_s": window_s,
        "hop_s": hop_s, "block_s": block_s if np.isfinite(block_s) else str(block_s), "channel": channel,
    }  # fmt: skip
    way = _Way(threshold, window_s, hop_s, block_s, channel, on_error, device)
    with locked(out), advising():
        _check_run(out / "run.json", run)
        return _predict_all(model, weights, dataset, out, way, n_jobs, progress, workers)


def _predict_all(model, weights, dataset, out, way, n_jobs, progress, workers):
    """What is left of a run, then its tables; the path of the first."""
    remove_leftovers(out)
    sounds, unsafe = _sounds_of(dataset, way.on_error)
    left = [sound for sound in sounds if not _is_done(out, sound)]
    for sound in left:  # damaged, or of another recording: it must not be joined if this one can't be read
        _part(out, sound.recording).unlink(missing_ok=True)
    if workers is None:
        report = unsafe + _predict_recordings(model, left, out, way, n_jobs, progress)
    else:
        save_model(model, out / _MODEL)
        jobs = ((weights, sound, out.absolute(), way) for sound in left)
        done = in_workers(_predict_one, jobs, workers, loads=["torch", __name__])
        done = tqdm(done, total=len(left), desc="predict", unit="recording", disable=not progress)
        report = unsafe + [problem for problems in done for problem in problems]
        remove_leftovers(out)  # of workers that were killed meanwhile
    if report:
        with atomic_path(out / "report.csv") as temporary:
            pd.DataFrame(report, columns=["recording", "problem"]).to_csv(temporary, index=False)
        warnings.warn(
            f"{len(report)} recording(s) without predictions, see {out / 'report.csv'}: {': '.join(report[0])}",
            stacklevel=3,
        )
    return _join(out, [sound.recording for sound in sounds])


def _sounds_of(dataset, on_error):
    """The recordings that have a file; names and problems of those whose answers could not have files of their name."""
    sounds, problems, paths = [], [], sound_paths(dataset)
    for row in dataset.recordings.itertuples():
        if row.recording not in paths:
            continue
        try:
            safe_name(row.recording, f"recordings, row {row.Index}: recording")
        except ValueError as error:
            if on_error == "raise":
                raise
            problems.append((row.recording, str(error)))
            continue
        path = paths[row.recording]
        sounds.append(_Sound(row.recording, path, row.duration_s, source_of(path)))
    return sounds, problems


def _place(out, folder, name, ending):
    """Where a file of a recording's answers lies; ValueError for a name that could lead out of `out`."""
    return out / folder / f"{safe_name(name, 'recording')}{ending}"


def _part(out, name):
    return _place(out, "windows", name, ".csv")


def _hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=16)).hexdigest()


def _note(out, name):
    """Of which recording the answers are, and hashes of both files of them; empty if unknown."""
    try:
        return dict(json.loads(_place(out, "done", name, ".json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def _is_done(out, sound):
    """Whether the answers for a recording are there, as they were written and of this very recording.

    One that is gone can't be compared. Labels may have been edited since.
    """
    part, note = _part(out, sound.recording), _note(out, sound.recording)
    if not (part.exists() and _labels(out, sound.recording).exists() and note):
        return False
    return sound.source in ("", note.get("source")) and note.get("windows") == _hash(part)


def _labels(out, name):
    return _place(out, "labels", name, ".txt")


def _write_labels(out, name, calls):
    """Labels for Audacity; what somebody edited in an earlier file is kept beside it, as NAME.txt.bak."""
    path = _labels(out, name)
    with atomic_path(path) as temporary:
        write_audacity_labels(calls.rename(columns={"species": "label"}), temporary)
        if path.exists() and _hash(path) not in (_note(out, name).get("labels"), _hash(temporary)):
            path.replace(path.with_name(f"{path.name}.bak"))


def _write(out, sound, starts, window_s, values, threshold):
    """The note comes last: where it is, all of a recording is."""
    name = sound.recording
    windows = pd.DataFrame({"fname": name, "min_t": starts, "max_t": np.round(starts + window_s, 9)})
    _write_labels(out, name, labels_from_windows(windows, values >= threshold.to_numpy(), list(threshold.index)))
    table = pd.concat([windows, pd.DataFrame(values, columns=threshold.index).round(4)], axis=1)
    with atomic_path(_part(out, name)) as temporary:
        table.to_csv(temporary, index=False)
    note = {"source": sound.source, "windows": _hash(_part(out, name)), "labels": _hash(_labels(out, name))}
    write_settings(note, _place(out, "done", name, ".json"))


def _join(out, names):
    """One table of all windows and one of all calls; a line at a time, as they may be long."""
    names = [name for name in names if _part(out, name).exists()]
    if not names:
        raise ValueError(f"no recording gave a prediction: see {out / 'report.csv'}")
    with atomic_path(out / "predictions.csv") as temporary, open(temporary, "w", encoding="utf-8") as whole:
        for name in names:
            with open(_part(out, name), encoding="utf-8") as part:
                header = part.readline()
                if name == names[0]:
                    whole.write(header)
                shutil.copyfileobj(part, whole)
    with atomic_path(out / "calls.csv") as temporary, open(temporary, "w", encoding="utf-8", newline="") as whole:
        table = csv.writer(whole, lineterminator="\n")
        table.writerow(_CALL_COLUMNS)
        for name in names:
            calls = read_audacity_labels(_labels(out, name))
            table.writerows((name, row.start_s, row.end_s, row.label) for row in calls.itertuples())
    return out / "predictions.csv"
