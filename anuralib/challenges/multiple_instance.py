"""Learning from weak labels: someone noted who was there, not when.

A recording is a bag of windows. If a species is listed, at least one window holds it; if not, none does
(multiple-instance learning; for sound see McFee, Salamon & Bello 2018). Pooling makes one probability for the bag out
of those of its windows, so that the label of the bag can teach the windows.
"""

import numpy as np
import pandas as pd
import torch

from anuralib._arguments import check_embeddings, check_labels, mean_and_spread
from anuralib.challenges.embeddings import Probe

POOLINGS = ("max", "mean", "linear_softmax", "auto")


def pool(probabilities, how="linear_softmax", alpha=1.0):
    """One probability for a recording from those of its windows.

    ========================  ================================================================================
    "max"                     the surest window; only that one learns, be it the right one or not
    "mean"                    all alike; a short call drowns in a long recording
    "linear_softmax"          sum p^2 / sum p: windows weigh as much as they are sure (Wang, Li & Metze 2019)
    "auto"                    sum p w, w = softmax(alpha p): 0 is the mean, large the maximum
                              (auto-pool, McFee, Salamon & Bello 2018, there with a learnt alpha)
    ========================  ================================================================================

    Parameters
    ----------
    probabilities : array or tensor, shape (n_windows, ...)
    how : str
    alpha : float
        For "auto".

    Returns
    -------
    array or tensor, shape (...)
        Between the smallest and the largest of the windows; a tensor keeps its gradient.

    Raises
    ------
    ValueError
        Unknown pooling, no windows, NaN.
    """
    if how not in POOLINGS:
        raise ValueError(f"unknown pooling {how!r}: one of {list(POOLINGS)}")
    p = torch.as_tensor(probabilities)
    p = p if p.is_floating_point() else p.double()
    if p.ndim < 1 or not len(p):
        raise ValueError("no windows to pool")
    if torch.isnan(p).any():
        raise ValueError("probabilities hold NaN: leave those windows out")
    out = _pool(p, torch.zeros(len(p), dtype=torch.long), 1, how, alpha)[0]
    return out if isinstance(probabilities, torch.Tensor) else out.numpy()


def _pool(p, bags, n_bags, how, alpha):
    """`pool` of many bags at once; `bags` is the number of each window's bag."""

    def total(x):
        return torch.zeros(n_bags, *p.shape[1:], dtype=p.dtype).index_add(0, bags, x)

    def surest():
        place = bags.view(-1, *[1] * (p.ndim - 1)).expand(p.shape)
        empty = torch.zeros(n_bags, *p.shape[1:], dtype=p.dtype)
        return empty.scatter_reduce(0, place, p, "amax", include_self=False)

    if how == "max":
        return surest()
    if how == "auto":  # the largest is taken away first, so that no exponential overflows
        weight = torch.exp(alpha * (p - surest().detach()[bags]))
    else:
        weight = p if how == "linear_softmax" else torch.ones_like(p)
    return total(p * weight) / total(weight).clamp_min(1e-12)


def _check_labelled(recordings, labelled):
    lost = sorted(set(recordings) - set(labelled))
    if lost:
        raise ValueError(f"{len(lost)} recording(s) without weak labels: {lost[:3]}")


def fit_weak(
    embeddings, recordings, weak_labels, pooling="linear_softmax", alpha=1.0, epochs=200, lr=0.02,
    weight_decay=1e-3, seed=0,
):  # fmt: skip
    """A linear layer on embeddings of windows, taught by labels of whole recordings.

    Parameters
    ----------
    embeddings : array, shape (N, D)
        Of all windows of the annotated recordings (see `embed`).
    recordings : array, shape (N,)
        Recording of each window.
    weak_labels : DataFrame, index recording, columns species
        0 or 1 for every recording; for instance ``weak.pivot(index="recording", columns="species",
        values="calling_index") > 0``.
    pooling, alpha
        See `pool`.
    epochs : int
        Steps over all recordings at once (Adam).
    lr, weight_decay : float
    seed : int
        Of the first weights.

    Returns
    -------
    Probe
        For `probe_probabilities`, which then answers window by window.

    Raises
    ------
    ValueError
        A recording without a weak label, labels other than 0 and 1, NaN, unknown pooling.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"unknown pooling {pooling!r}: one of {list(POOLINGS)}")
    x, recordings = check_embeddings(embeddings), np.asarray(recordings)
    if recordings.shape != (len(x),):
        raise ValueError(f"need embeddings (N, D) and N recordings, got {x.shape} and {recordings.shape}")
    codes, names = pd.factorize(recordings, sort=True)
    _check_labelled(names, weak_labels.index)
    target = torch.from_numpy(check_labels(weak_labels.loc[names], len(names))).float()
    mean, std = mean_and_spread(x)
    x = torch.from_numpy((x - mean) / std).float()
    codes = torch.from_numpy(codes)
    generator = torch.Generator().manual_seed(seed)
    weights = (0.01 * torch.randn(x.shape[1], target.shape[1], generator=generator)).requires_grad_()
    bias = torch.full((target.shape[1],), -2.0, requires_grad=True)
    optimizer = torch.optim.Adam([weights, bias], lr=lr, weight_decay=weight_decay)
    for _ in range(epochs):
        prob = torch.sigmoid(x @ weights + bias)
        bags = _pool(prob, codes, len(names), pooling, alpha)
        loss = torch.nn.functional.binary_cross_entropy(bags.clamp(1e-6, 1 - 1e-6), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Probe(weights.detach().double().numpy(), bias.detach().double().numpy(), mean, std)


def weak_table(weak_labels, recordings, species):
    """The weak labels of a Dataset as `fit_weak` wants them.

    Parameters
    ----------
    weak_labels : DataFrame
        `recording`, `species`, `calling_index` (0 to 3), as in ``Dataset.weak_labels``.
    recordings, species : sequence of str
        Rows and columns wanted, in their order.

    Returns
    -------
    DataFrame of int, index recording, columns species
        1 where the calling index is above 0.

    Raises
    ------
    ValueError
        Recordings that have no weak label at all: nobody noted who was there.
    """
    table = weak_labels.pivot_table(index="recording", columns="species", values="calling_index", aggfunc="max")
    _check_labelled(recordings, table.index)
    table = table.reindex(index=pd.Index(recordings, name="recording"), columns=list(species))
    return (table.fillna(0) > 0).astype(int)
