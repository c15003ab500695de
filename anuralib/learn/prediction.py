"""A trained network at work: probabilities for windows, features or signals."""

import numpy as np
import pandas as pd
import torch

from anuralib.learn.batches import PictureRows, all_logits, check_features, check_outputs, check_weights, pick_device
from anuralib.learn.features import pictures_of
from anuralib.learn.pictures import iter_window_features


def predict(
    model,
    windows_or_signals,
    dataset=None,
    batch_size=256,
    device="auto",
    n_jobs=None,
    channel=0,
    progress=False,
):
    """Probability of every species in every window.

    Parameters
    ----------
    model : CallClassifier
    windows_or_signals : DataFrame or array
        A windows frame (with `dataset`): the sound is read recording by recording, in constant
        memory, with the feature settings of the model. A 4-D array: features from
        `window_features`, or some of their rows (`picture_rows`). A 2-D array (N, samples): signals
        at ``features["sample_rate_hz"]``, filtered and normalised like the train subset (see `preprocess`).
    dataset : Dataset, optional
        Needed for a windows frame.
    batch_size : int
        Windows a step.
    device, n_jobs, channel, progress
        See `fit` and `window_features`.

    Returns
    -------
    float32 ndarray, shape (N, n_species)
        Sigmoid of the outputs, in the order of the rows; columns as ``model.species``.

    Raises
    ------
    ValueError
        Another number of bands or frames than in training, NaN, no rows, a frame without dataset.
    FloatingPointError
        Weights or outputs of the network are NaN or infinite; the message names them.
    """
    device = pick_device(device)
    check_weights(model)
    was_training = model.training
    model.to(device)
    n_species = len(model.species)

    def run(features):
        features = check_features(model, features, "the given")
        logits = all_logits(model, features, batch_size, device)
        check_outputs(model, logits)
        return torch.sigmoid(logits).numpy()

    try:
        if isinstance(windows_or_signals, pd.DataFrame):
            if dataset is None:
                raise ValueError("to predict a windows frame, give the dataset with its recordings")
            out = np.empty((len(windows_or_signals), n_species), dtype=np.float32)
            for rows, features in iter_window_features(
                windows_or_signals, dataset, n_jobs=n_jobs, channel=channel,
                progress=progress, **model.features,
            ):  # fmt: skip
                out[rows] = run(features)
            return out
        array = windows_or_signals
        array = array if isinstance(array, PictureRows) else np.asarray(array)
        if array.ndim == 4:
            return run(array)
        if array.ndim == 2 and len(array):
            return np.concatenate(
                [
                    run(pictures_of(array[first : first + 1024], **model.features))
                    for first in range(0, len(array), 1024)
                ]
            )
        raise ValueError(
            "give a windows frame, features (N, 1, n_mels, frames) or signals (N, samples), "
            f"N > 0; got an array of shape {array.shape}"
        )
    finally:
        model.train(was_training)
