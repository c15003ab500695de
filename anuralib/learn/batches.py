"""What `fit` and `predict` share: the device, checked input, batches and outputs."""

import numpy as np
import pandas as pd
import torch


class PictureRows:
    """Some rows of a large array, read when they are asked for; what `picture_rows` gives.

    Attributes
    ----------
    shape, ndim, dtype
        As of the array that the rows would make.
    """

    def __init__(self, pictures, rows):
        self._pictures, self._rows = pictures, rows
        self.shape, self.ndim, self.dtype = (len(rows), *pictures.shape[1:]), pictures.ndim, pictures.dtype

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, chosen):
        return self._pictures[self._rows[chosen]]

    def __array__(self, dtype=None, copy=None):
        return np.array(self[:], dtype=dtype)


def picture_rows(pictures, chosen):
    """A subset of the windows without a copy of their pictures, for `fit` and `predict`.

    ``features[windows["subset"] == "train"]`` copies two thirds of a file that was mapped into memory so as not to be
    loaded. This reads the rows of a batch when the batch is due.

    Parameters
    ----------
    pictures : ndarray, shape (N, 1, n_mels, frames)
        From `window_features`, in memory or mapped.
    chosen : array or Series of bool, shape (N,), or of int
        Which rows, or their positions from 0.

    Returns
    -------
    PictureRows
        With a length and a shape; numpy makes an array of it where one is needed.

    Raises
    ------
    ValueError
        A mask of another length, or positions that aren't there.

    Examples
    --------
    >>> picture_rows(np.zeros((4, 1, 8, 5)), [True, False, True, True]).shape
    (3, 1, 8, 5)
    """
    chosen = np.asarray(chosen)
    if chosen.dtype == bool and chosen.shape == (len(pictures),):
        chosen = np.flatnonzero(chosen)
    elif chosen.ndim != 1 or not (chosen.size == 0 or chosen.dtype.kind in "iu"):
        raise ValueError(f"chosen must be a mask of {len(pictures)} rows or their positions, got {chosen.dtype} of the "
                         f"shape {chosen.shape}")  # fmt: skip
    elif chosen.size and not (0 <= chosen.min() and chosen.max() < len(pictures)):
        raise ValueError(f"chosen names rows from {chosen.min()} to {chosen.max()} of {len(pictures)} pictures")
    return PictureRows(pictures, chosen.astype(np.int64))


def pick_device(device="auto"):
    """The device for "auto": CUDA, then Apple's MPS, then the CPU; other names are taken as is."""
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def autocast(device, precision):
    """The context in which a network computes: half precision where asked for."""
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be 'float32' or 'bfloat16', got {precision!r}")
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def check_features(model, features, what):
    """Features as an array, checked against the model."""
    features = features if isinstance(features, PictureRows) else np.asarray(features)
    if features.ndim != 4 or features.shape[1] != 1 or 0 in features.shape:
        raise ValueError(
            f"{what} features must be (N, 1, n_mels, frames) with N > 0, got {features.shape}"
        )
    if model.input_shape is not None and features.shape[2:] != tuple(model.input_shape):
        raise ValueError(
            f"{what} features are {features.shape[2:]} (bands, frames) but the model was trained "
            f"on {tuple(model.input_shape)}: compute them with the same settings"
        )
    for first in range(0, len(features), 1024):  # in parts: no copy of the whole mask
        if not np.isfinite(features[first : first + 1024]).all():
            raise ValueError(f"{what} features hold NaN or infinite values near row {first}")
    return features


def check_pair(model, pair, what):
    """Features and float32 labels of a subset, checked against the model."""
    try:
        features, labels = pair
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be a pair (features, labels)") from None
    features = check_features(model, features, what)
    if isinstance(labels, pd.DataFrame) and list(labels.columns) != model.species:
        raise ValueError(
            f"the columns of the {what} labels are not the model's species in their order: use "
            "build_model(name, species) and windows[species]"
        )
    try:
        labels = np.array(labels, dtype=np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{what} labels must be numbers between 0 and 1") from None
    if labels.shape != (len(features), len(model.species)):
        raise ValueError(
            f"{what} labels must be {(len(features), len(model.species))} (windows, species) to "
            f"go with the features and the model, got {labels.shape}"
        )
    if not (labels.min() >= 0 and labels.max() <= 1):  # written so that NaN fails, too
        raise ValueError(f"{what} labels must lie between 0 and 1, without NaN")
    return features, labels


def take_batch(features, rows, device):
    """Rows of a feature array as a float32 tensor on the device."""
    # Half-precision numbers travel to a GPU as they are, and become longer there.
    half = device.type != "cpu" and features.dtype == np.float16
    # A copy, since torch takes no reversed and no read-only arrays (memory maps, pandas' views).
    return torch.from_numpy(np.array(features[rows], dtype=np.float16 if half else np.float32)).to(device).float()


def all_logits(model, features, batch_size, device):
    """Outputs for all rows, on the CPU, with the model in evaluation mode."""
    model.eval()
    parts = []
    with torch.inference_mode():
        for first in range(0, len(features), batch_size):
            part = take_batch(features, slice(first, first + batch_size), device)
            parts.append(model(part).float().cpu())
    return torch.cat(parts)


class NotFinite(FloatingPointError, ValueError):
    """NaN or infinite numbers in a network: nothing that it says counts."""


def check_weights(model):
    """NotFinite names the weights of a network that are NaN or infinite, as after a learning rate that was too high."""
    weights = model.state_dict().items()
    bad = [name for name, values in weights if values.is_floating_point() and not values.isfinite().all()]
    if bad:
        told = ", ".join(bad[:3]) + f" and {len(bad) - 3} more" * (len(bad) > 3)
        raise NotFinite(f"the weights of the network hold NaN or infinite numbers ({told}): train again, with lower lr")


def check_outputs(model, logits):
    """NotFinite names the species for which a network gives NaN or infinite outputs."""
    finite = torch.isfinite(logits)
    if not finite.all():
        row, column = (~finite).nonzero()[0].tolist()
        raise NotFinite(f"the network gives {float(logits[row, column])} for {model.species[column]} in row {row}: its "
                        "weights or its input are too large; train again, with lower lr")  # fmt: skip
