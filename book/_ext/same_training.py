"""A training that several chapters make alike is computed once for a build of the book.

Chapters stand alone, so three of them train the same network on the same windows. Same weights, pictures, labels and
settings give the same bits (see `fit`), so while a book is built the second chapter goes through the epochs that the
first one kept. Notebooks know nothing of this and train.
"""

import hashlib
import json
import os
from pathlib import Path

FOLDER = "trainings"  # in the execution cache, for the time of a build
# What `fit` may be told and still be the same run; with anything else it is left alone.
_SETTINGS = {"epochs", "seed", "loss"}
_NO_MATTER = {"progress", "on_epoch"}


def keep_trainings(folder):
    """Let `al.fit` of this kernel keep its runs in a folder, and take from there what is the same."""
    import anuralib

    def fit(model, train, valid=None, **options):
        return _fit(Path(folder), model, train, valid, options)

    anuralib.fit = fit  # goes before the lazy one, which is loaded (with torch) when it is first used


def _fit(folder, model, train, valid, options):
    from anuralib.learn.training import fit

    settings = {name: value for name, value in options.items() if name not in _NO_MATTER}
    plain = all(isinstance(value, int | str) for value in settings.values())
    if valid is None or not plain or not set(settings) <= _SETTINGS:
        return fit(model, train, valid, **options)
    path = folder / f"{_key(model, train, valid, settings)}.pt"
    look = options.pop("on_epoch", None) or (lambda network, row: None)
    if path.is_file():
        return _replay(path, model, train, look)
    epochs = []

    def keep(network, row):
        state = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        epochs.append((row, state))
        look(network, row)

    history = fit(model, train, valid, on_epoch=keep, **options)
    _write(path, {"epochs": epochs, "best": history.best_epoch})
    return history


def _key(model, train, valid, settings):
    import numpy as np

    from anuralib.learn.checkpoints import digest, digest_of_weights

    told = [model.name, model.species, model.features, model.resize, model.input_shape, settings]
    arrays = [digest(np.asarray(array)) for array in (*train, *valid)]
    text = json.dumps([told, digest_of_weights(model), arrays], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _write(path, content):
    from anuralib.learn.checkpoints import save_atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    save_atomic(content, path)


def _replay(path, model, train, look):
    """What `fit` does to a network and gives back, with the weights of each epoch as they were kept."""
    import pandas as pd

    from anuralib.learn.batches import pick_device
    from anuralib.learn.checkpoints import read_saved
    from anuralib.learn.models import set_normalisation
    from anuralib.learn.training import History

    kept = read_saved(path)
    if model.input_shape is None:
        set_normalisation(model, train[0])
    model.to(pick_device()).eval()
    for row, state in kept["epochs"]:
        model.load_state_dict(state)
        look(model, row)
    model.load_state_dict(dict((row["epoch"], state) for row, state in kept["epochs"])[kept["best"]])
    model.eval()
    return History(pd.DataFrame([row for row, _ in kept["epochs"]]), kept["best"])


def forget_trainings(app, exception):
    """They are of one build; what is shown of them lies in the execution cache."""
    folder = Path(app.config.nb_execution_cache_path or os.devnull) / FOLDER
    for path in folder.glob("*.pt"):
        path.unlink()
