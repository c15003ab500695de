"""A run of training on disk: its identity, its checkpoints, and files that are whole or absent."""

import copy
import functools
import hashlib
import inspect
import io
from pathlib import Path

import numpy as np
import torch

from anuralib._files import advising, atomic_path, locked, remove_leftovers


def digest(*arrays):
    """Of arrays, or of rows that are read in parts: the same for the same numbers."""
    total = hashlib.blake2b(digest_size=16)
    for array in arrays:
        total.update(f"{array.shape}{array.dtype}".encode())
        for first in range(0, len(array), 1024) if array.ndim else [...]:
            part = array[first : first + 1024] if array.ndim else array
            total.update(np.ascontiguousarray(part))
    return total.hexdigest()


def digest_of_weights(model):
    """What tells a network from any other, also of the same kind."""
    return digest(*(value.detach().cpu().numpy() for value in model.state_dict().values()))


def name_of(thing):
    """A name for the settings of a run, the same in every process: of a functools.partial its function and options."""
    inner = getattr(thing, "func", None)
    if inner is not None:
        options = [f"{key}={name_of(value)}" for key, value in sorted(thing.keywords.items())]
        return f"{name_of(inner)}({', '.join([*map(name_of, thing.args), *options])})"
    if isinstance(thing, list | tuple):
        return f"[{', '.join(map(name_of, thing))}]"
    if isinstance(thing, np.ndarray | torch.Tensor):
        return digest(np.asarray(thing))
    if callable(thing):
        return getattr(thing, "__qualname__", type(thing).__name__)
    return repr(thing)


def read_checkpoint(path, settings):
    """A checkpoint of the same run, or a ValueError that says in what it differs."""
    state = read_saved(path)
    old = state.get("settings", {}) if isinstance(state, dict) else {}
    differ = [key for key in settings if old.get(key) != settings[key]]
    if differ:
        told = "; ".join(
            f"{key}: {old.get(key)!r} there, {settings[key]!r} now"
            if len(f"{old.get(key)}{settings[key]}") < 120
            else key
            for key in differ
        )
        raise ValueError(
            f"{path} belongs to another run ({told}). Use another out_dir, or resume=False to "
            "train afresh and overwrite it"
        )
    return state


def alone_in_out_dir(function):
    """Let one process at a time work in the `out_dir` of a function, cleared of what a killed one left there."""
    names = inspect.signature(function)

    @functools.wraps(function)
    def wrapped(*given, **more):
        bound = names.bind(*given, **more)
        accelerator = bound.arguments.get("accelerator")
        if accelerator is not None and not accelerator.is_main_process:  # of a team the first has the folder
            bound.arguments["out_dir"] = None
        out_dir = bound.arguments.get("out_dir")
        if out_dir is None:
            return function(*bound.args, **bound.kwargs)
        with locked(out_dir, wait=False):
            remove_leftovers(out_dir)
            return function(*bound.args, **bound.kwargs)

    return wrapped


class Run:
    """Where a run of training stands: its epochs so far, the best of them, and its file.

    Attributes
    ----------
    rows : list of dict
        The history, a row an epoch.
    best : (int, float) or None
        Number and score of the best epoch.
    path : pathlib.Path or None
        checkpoint.pt in the folder of the run; None: nothing is written.
    """

    def __init__(self, folder, settings, model, optimizer, schedule):
        self.path = None if folder is None else Path(folder) / "checkpoint.pt"
        self.rows, self.best, self._best_weights = [], None, None
        self._settings, self._parts = settings, {"weights": model, "optimizer": optimizer, "schedule": schedule}

    def resume(self, team):
        """Go on where the file of the same run stands, if there is one; ValueError for the file of another run."""
        state = team.agree(self._saved)
        if state is None:
            return
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        self.rows, self.best, self._best_weights = state["rows"], state["best"], state["best_weights"]

    def _saved(self):
        there = self.path is not None and self.path.exists()
        return read_checkpoint(self.path, self._settings) if there else None

    def is_complete(self, epochs, patience):
        """Whether there is nothing left to train: all epochs done, or `patience` of them brought nothing better."""
        done = len(self.rows)
        stale = bool(done) and patience is not None and done - self.best[0] >= patience
        return done >= epochs or stale

    def add(self, row, score):
        """Note an epoch and keep its weights if they are the best; then everything is written to the file."""
        self.rows.append(row)
        if self.best is None or score > self.best[1]:
            self.best = (row["epoch"], score)
            self._best_weights = copy.deepcopy(self._parts["weights"].state_dict())
        if self.path is not None:
            state = {name: part.state_dict() for name, part in self._parts.items()}
            kept = {"rows": self.rows, "best": self.best, "best_weights": self._best_weights}
            save_atomic({"settings": self._settings, **state, **kept}, self.path)

    def restore_best(self):
        """Give the network the weights of its best epoch."""
        self._parts["weights"].load_state_dict(self._best_weights)


def save_atomic(content, path):
    """`torch.save` to a temporary file beside `path`, then rename: never half a file."""
    whole = io.BytesIO()  # a full disk is then an OSError; PyTorch itself says less
    torch.save(content, whole)
    with advising(), atomic_path(path) as temporary:
        temporary.write_bytes(whole.getbuffer())


def read_saved(path):
    """Content of a file made by `save_atomic`, on the CPU; only data is read, never code.

    Raises
    ------
    FileNotFoundError, ValueError
        No such file; a file that is damaged or is something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path} is not a file saved by anuralib, or is damaged ({type(error).__name__}): "
            "delete it and train again"
        ) from error
