"""What a trained network knows, used again with few examples.

The numbers that go into a network's last layer are its embedding of a window. Windows that sound alike to the network
lie near each other there, also of species that it never learnt: a line or a mean in that space needs far fewer examples
than a network.
"""

from typing import NamedTuple

import numpy as np
import torch

from anuralib._arguments import check_embeddings, check_labels, mean_and_spread
from anuralib.learn.batches import all_logits, check_features, pick_device
from anuralib.learn.models import last_layer


def embed(model, features, batch_size=256, device="auto"):
    """What goes into the last layer of a network.

    Parameters
    ----------
    model : CallClassifier
    features : array, shape (N, 1, n_mels, frames)
        From `window_features` with the settings of the model.
    batch_size, device
        See `predict`.

    Returns
    -------
    float32 ndarray, shape (N, D)
        D is 256 for small_cnn, 512 for resnet18, 2048 for resnet50 and resnet152.

    Raises
    ------
    ValueError
        As for `predict`.
    """
    features = check_features(model, features, "the given")
    device, was_training, seen = pick_device(device), model.training, []
    hook = last_layer(model).register_forward_pre_hook(lambda layer, given: seen.append(given[0].float().cpu()))
    try:
        all_logits(model.to(device), features, batch_size, device)
    finally:
        hook.remove()
        model.train(was_training)
    return torch.cat(seen).numpy()


class Probe(NamedTuple):
    """A linear layer on embeddings: probability = sigmoid(((x - mean) / std) @ weights + bias)."""

    weights: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    std: np.ndarray


def linear_probe(embeddings, labels, penalty=1.0):
    """One logistic regression a species on embeddings (the linear probe of Alain & Bengio 2017, arXiv:1610.01644).

    Parameters
    ----------
    embeddings : array, shape (N, D)
        Of windows of the train subset.
    labels : array or DataFrame, shape (N, n_species)
        0 or 1.
    penalty : float
        Strength of the L2 penalty on the weights (1 / C of scikit-learn); larger for fewer examples.

    Returns
    -------
    Probe
        A species without positives, or without negatives, has no weights, and as its constant probability its share
        with half a window added to either side.

    Raises
    ------
    ValueError
        Shapes that differ, NaN, a penalty that isn't positive.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    x = check_embeddings(embeddings)
    y = check_labels(labels, len(x))
    if not penalty > 0:
        raise ValueError(f"penalty must be positive, got {penalty}")
    mean, std = mean_and_spread(x)
    weights, bias = np.zeros((x.shape[1], y.shape[1])), np.empty(y.shape[1])
    scaled = (x - mean) / std
    with threadpool_limits(1):  # the products are small: threads would wait for each other, above all on a busy machine
        for i, column in enumerate(y.T):
            if column.any() and not column.all():
                fitted = LogisticRegression(C=1 / penalty, max_iter=1000).fit(scaled, column)
                weights[:, i], bias[i] = fitted.coef_[0], fitted.intercept_[0]
            else:
                bias[i] = np.log((column.sum() + 0.5) / ((~column).sum() + 0.5))
    return Probe(weights, bias, mean, std)


def probe_probabilities(probe, embeddings):
    """Probability of every species in every window, float32 (N, n_species), by a `linear_probe` or `fit_weak`."""
    x = check_embeddings(embeddings)
    if x.shape[1] != len(probe.mean):
        raise ValueError(f"embeddings have {x.shape[1]} numbers, the probe was fitted to {len(probe.mean)}")
    logits = ((x - probe.mean) / probe.std) @ probe.weights + probe.bias
    return torch.sigmoid(torch.from_numpy(logits)).float().numpy()


class Prototypes(NamedTuple):
    """The middle of the windows with a species and of those without, each (n_species, D), and a scale (n_species,)."""

    present: np.ndarray
    absent: np.ndarray
    scale: np.ndarray


def prototypes(embeddings, labels):
    """For each species the mean embedding of windows with it and without it.

    Prototypical networks (Snell et al. 2017, arXiv:1703.05175) classify by the nearest class mean; as several species
    may call at once, here each has a mean of its own for yes and for no.

    Parameters
    ----------
    embeddings : array, shape (N, D)
    labels : array or DataFrame, shape (N, n_species)

    Returns
    -------
    Prototypes
        NaN for a species without positives or without negatives.
    """
    x = check_embeddings(embeddings)
    y = check_labels(labels, len(x))
    with np.errstate(invalid="ignore"):
        present = (y.T.astype(float) @ x) / y.sum(0)[:, None].astype(float)
        absent = ((~y).T.astype(float) @ x) / (~y).sum(0)[:, None].astype(float)
    return Prototypes(present, absent, ((present - absent) ** 2).sum(1))


def prototype_scores(prototypes, embeddings):
    """Which prototype a window is nearer to, as a number between 0 and 1.

    Parameters
    ----------
    prototypes : Prototypes
    embeddings : array, shape (N, D)

    Returns
    -------
    float32 ndarray, shape (N, n_species)
        ``sigmoid(2 (d_no - d_yes) / d)`` with squared distances, d that between the two prototypes: 0.5 half-way, 0.88
        at the prototype of yes, 0.12 at that of no, more or less beyond them. 0 for a species without positives or
        without negatives, 0.5 throughout if both prototypes are the same point. Good for ranking, not calibrated.
    """
    x = check_embeddings(embeddings)
    span = prototypes.present - prototypes.absent
    middle = ((prototypes.present + prototypes.absent) * span).sum(1) / 2
    # Not cut off at the prototypes: half of all windows lie beyond them, and would be tied.
    logits = 4 * (x @ span.T - middle) / np.where(prototypes.scale > 0, prototypes.scale, 1.0)
    scores = torch.sigmoid(torch.from_numpy(logits)).float().numpy()
    return np.where(np.isnan(prototypes.scale), np.float32(0), scores)
