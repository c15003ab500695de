"""A run of training on disk: its identity, its checkpoints, and files that are whole or absent."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from anuralib._files import atomic_path


def digest(*arrays):
    total = hashlib.blake2b(digest_size=16)
    for array in arrays:
        total.update(f"{array.shape}{array.dtype}".encode())
        total.update(np.ascontiguousarray(array))
    return total.hexdigest()


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


def save_atomic(content, path):
    """`torch.save` to a temporary file beside `path`, then rename: never half a file."""
    with atomic_path(path) as temporary:
        torch.save(content, temporary)


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
