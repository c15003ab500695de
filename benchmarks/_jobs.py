"""What the soak starts in processes of its own, to kill it or to run it beside others."""

import contextlib
import hashlib
import multiprocessing
import os
import threading
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

import anuralib as al

# Loaded once in the process from which all others are forked: a kill is to meet the work, not the loading of libraries.
PRELOAD = ["_jobs", "filelock", "joblib", "pandas", "requests", "scipy.signal", "sklearn.metrics",
           "soundfile", "soxr", "anuralib.data.download", "anuralib.data.load", "anuralib.field.detections",
           "anuralib.learn.training", "anuralib.windows.build"]  # fmt: skip
_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_CONTEXT = multiprocessing.get_context(_METHOD)
MOST_WAIT_S = 300  # for an answer; two processes may wait for each other for ever
SMALL = {"n_recordings": 6, "duration_s": 8}
SMALLEST = {"n_recordings": 4, "duration_s": 3}  # where the pond itself is the work


def windows_of(pond):
    return al.window_labels(pond.strong_labels, pond.recordings, pond.species)


def _build_windows(inputs):
    pond = al.load_dataset(inputs / "pond")
    return lambda out: len(al.read_metadata(al.build_windows(pond, out, n_jobs=1, progress=False)))


def _window_features(inputs):
    pond = al.load_dataset(inputs / "pond")
    windows = windows_of(pond)
    return lambda out: _hash(al.window_features(windows, pond, n_jobs=2, cache_dir=out, progress=False).tobytes())


def _simulate_pond(inputs):
    return lambda out: len(al.simulate_pond(out, **SMALLEST, seed=1, n_jobs=1).strong_labels)


def _load_pond(inputs):
    from joblib import parallel_config

    from anuralib.pond import simulate

    simulate.SIZES["tiny"] = SMALLEST

    def work(out):
        with parallel_config(backend="sequential"):
            return len(al.load_dataset("pond", size="tiny", root=out).strong_labels)

    return work


def toy_data():
    """Noise with an event in a low or in a high band."""
    rng = np.random.default_rng(0)
    labels = (rng.random((128, 2)) < 0.4).astype(np.int8)
    values = rng.normal(-70, 5, (128, 1, 16, 24)).astype(np.float32)
    values[:, 0, [4, 11]] += 40 * labels[:, :, None]
    return values, labels


def _fit(inputs):
    import torch

    torch.set_num_threads(1)
    values, labels = toy_data()

    def work(out):
        model = al.build_model("small_cnn", ["LOW", "HIGH"], seed=0)
        al.fit(model, (values[:96], labels[:96]), (values[96:], labels[96:]), epochs=8, augment=True, device="cpu",
               patience=None, batch_size=16, out_dir=out, progress=False)  # fmt: skip
        return _bits(model.state_dict())

    return work


def _predict_folder(inputs):
    import torch

    torch.set_num_threads(1)
    model = al.load_model(inputs / "model.pt")

    def work(out):
        path = al.predict_folder(model, inputs / "pond" / "raw_data", out, hop_s=0.25, n_jobs=2, device="cpu",
                                 progress=False)  # fmt: skip
        return _hash(path.read_bytes())

    return work


def _download(inputs):
    url = (inputs / "record.url").read_text(encoding="utf-8")
    return lambda out: len(al.download_anuraset(out, parts=["raw", "windows"], progress=False, record_url=url)
                           .recordings)  # fmt: skip


JOBS = {"build_windows": _build_windows, "window_features": _window_features, "simulate_pond": _simulate_pond,
        "fit": _fit, "predict_folder": _predict_folder, "download_anuraset": _download,
        "load_dataset of a pond": _load_pond}  # fmt: skip
# Files that change until the last moment, by the ends of their names; all others are whole as soon as one sees them.
CHANGING = ("pond.json", "checkpoint.pt", ".partial", ".done")


def _hash(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _bits(state):
    return _hash(b"".join(value.numpy().tobytes() for value in state.values()))


def _content(path):
    """A hash of a file; of a training run without the seconds that it took."""
    if path.name == "history.csv":
        return [line.rsplit(",", 1)[0] for line in path.read_text(encoding="utf-8").splitlines()]
    if path.name == "checkpoint.pt":
        from anuralib.learn.checkpoints import read_saved

        state = read_saved(path)
        return _bits(state["weights"]), _bits(state["best_weights"])
    return _hash(path.read_bytes())


def contents(folder):
    """Name to content of all files below a folder, hidden ones too: what was left by a killed run is found."""
    return {p.relative_to(folder).as_posix(): _content(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def finished(found):
    """Of `contents` what a user sees as done."""
    return {name: content for name, content in found.items()
            if not Path(name).name.startswith(".") and not name.endswith(CHANGING)}  # fmt: skip


class Child:
    """A process that does a job; with a barrier it begins together with others, and then waits a while."""

    def __init__(self, name, inputs, out, log, barrier=None, wait_s=0.0):
        _CONTEXT.set_forkserver_preload(PRELOAD)
        self._pipe, end = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_do, args=(name, inputs, out, log, end, barrier, wait_s))
        self._process.start()
        end.close()
        self._has_begun = False

    def begins(self):
        """Wait until the job begins."""
        self._has_begun = self._has_begun or self._pipe.recv() == "begins"

    def ends_within(self, wait_s):
        """Wait so long, or until it is done; whether it is."""
        return self._pipe.poll(wait_s)

    def kill(self):
        """End it as the system does when memory is short; whether it was still at work."""
        self._process.kill()
        self._process.join()
        self._pipe.close()
        return self._process.exitcode != 0

    def answer(self):
        """Of the job; None if it failed or has no end."""
        answer = None
        with contextlib.suppress(EOFError):
            self.begins()
            if self._pipe.poll(MOST_WAIT_S):
                answer = self._pipe.recv()
                self._process.join()
        self.kill()
        return answer


def barrier(n):
    """For `Child`: n of them."""
    return _CONTEXT.Barrier(n, timeout=60)


def _do(name, inputs, out, log, pipe, barrier, wait_s):
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    tqdm.set_lock(threading.RLock())  # the lock of its own would be left in the system by who is killed
    work = JOBS[name](inputs)
    if barrier is not None:
        barrier.wait()
        time.sleep(wait_s)
    pipe.send("begins")
    pipe.send(work(out))
