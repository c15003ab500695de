"""Few examples, shown more often or blended with others: resampling, and the mixing methods of Mix2.

`repeat_factors` gives each window the weight with which `fit` draws it (``sampling=``). The functions that mix are for
``fit(..., mix=...)``: they take a network and a batch and give the logits of *blended* windows, with labels blended
alike. Blended with what, and where, is all in which they differ:

==================  =====================  =================================================
`mixup`             two windows            the pictures
`manifold_mixup`    two windows            what goes into the last layer
`multimix`          a whole batch          what goes into the last layer
`mixture_of_mixups`  one of the three, drawn anew for each batch (Moummad et al. 2024, arXiv:2403.09598)
==================  =====================  =================================================
"""

import numpy as np
import torch

from anuralib._arguments import check_labels
from anuralib.learn.models import last_layer


def repeat_factors(labels, threshold=0.05):
    """How often each window should be shown, so that rare species are seen more (Gupta et al. 2019, arXiv:1908.03195).

    With f_c the share of windows with species c:

    .. code-block:: text

        r_c = max(1, sqrt(threshold / f_c)),   r of a window = the largest r_c of its species, 1 if it has none

    A window with a rare and a common species brings the common one along: in a chorus nobody can be shown alone.

    Parameters
    ----------
    labels : array or DataFrame, shape (N, n_species)
        0 or 1, of the train subset.
    threshold : float
        Share of the windows below which a species counts as rare.

    Returns
    -------
    ndarray, shape (N,)
        At least 1; for ``fit(..., sampling=...)``, which takes them as relative chances.
    """
    labels = np.asarray(labels)
    y = check_labels(labels, len(labels))
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in 0..1, got {threshold}")
    share = np.maximum(y.mean(0), 1 / len(y))  # a species without windows is in no window
    factor = np.maximum(1, np.sqrt(threshold / share))
    return np.where(y, factor, 1.0).max(axis=1)


def _gamma(shape, alpha, generator):
    """Gamma draws: torch's own take no generator, numpy's take a seed drawn from ours."""
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}")
    seed = int(torch.randint(2**62, (1,), generator=generator))
    draws = np.random.default_rng(seed).gamma(alpha, size=shape)
    return torch.from_numpy(np.maximum(draws, 1e-30)).float()


def pair_weights(n, alpha=1.0, generator=None):
    """Rows that blend each of n windows with one other: ``lam`` and ``1 - lam``, ``lam ~ Beta(alpha, alpha)``.

    Returns
    -------
    tensor, shape (n, n)
        Each row sums to 1 and has at most two entries.
    """
    draws = _gamma((n, 2), alpha, generator)
    lam = draws[:, :1] / draws.sum(1, keepdim=True)
    eye = torch.eye(n)
    return lam * eye + (1 - lam) * eye[torch.randperm(n, generator=generator)]


def batch_weights(n, alpha=0.2, generator=None):
    """Rows that blend all of n windows, each drawn from a Dirichlet distribution with parameters ``alpha``.

    Returns
    -------
    tensor, shape (n, n)
        Each row sums to 1; the smaller alpha, the fewer windows have a say in it.
    """
    draws = _gamma((n, n), alpha, generator)
    return draws / draws.sum(1, keepdim=True)


def _blend_before_last(model, batch, labels, weights):
    """Logits of blended embeddings: the input of the last layer is replaced on its way in."""
    hook = last_layer(model).register_forward_pre_hook(lambda layer, given: (weights.to(given[0].dtype) @ given[0],))
    try:
        return model(batch), weights @ labels
    finally:
        hook.remove()


def mixup(model, batch, labels, generator=None, alpha=1.0):
    """Blend the pictures of two windows, and their labels likewise (Zhang et al. 2018, arXiv:1710.09412).

    Parameters
    ----------
    model : CallClassifier
    batch : tensor, shape (N, 1, n_mels, frames)
    labels : tensor, shape (N, n_species)
    generator : torch.Generator, optional
    alpha : float
        1 draws the share of the first window evenly between 0 and 1; small values blend little.

    Returns
    -------
    logits, labels
        Tensors (N, n_species). `augment.mixup` is its relative with one share for the whole batch.
    """
    weights = pair_weights(len(batch), alpha, generator).to(batch.device)
    return model((weights @ batch.flatten(1)).view_as(batch)), weights @ labels


def manifold_mixup(model, batch, labels, generator=None, alpha=1.0):
    """Blend two windows before the last layer (after Verma et al. 2019, arXiv:1806.05236, who draw the layer anew).

    Parameters and results as for `mixup`. As the last layer is linear, the logits are those of the two windows,
    blended: what is asked for is that the logits of the halves lie apart by as much as the labels say.
    """
    weights = pair_weights(len(batch), alpha, generator).to(batch.device)
    return _blend_before_last(model, batch, labels, weights)


def multimix(model, batch, labels, generator=None, alpha=0.2):
    """Blend all windows of a batch before the last layer (Venkataramanan et al. 2023, arXiv:2311.05538).

    Parameters and results as for `mixup`; as many blends as there are windows, each with shares of its own from a
    Dirichlet distribution (see `batch_weights`). The paper makes far more, and has a dense form.
    """
    weights = batch_weights(len(batch), alpha, generator).to(batch.device)
    return _blend_before_last(model, batch, labels, weights)


def mixture_of_mixups(model, batch, labels, generator=None, chances=(0.25, 0.5, 0.25)):
    """For each batch draw `mixup`, `manifold_mixup` or `multimix` (Moummad et al. 2024, arXiv:2403.09598).

    Parameters
    ----------
    model, batch, labels, generator
        As for `mixup`.
    chances : (float, float, float)
        Of the three, in this order; those of the authors' code.

    Returns
    -------
    logits, labels
    """
    drawn = torch.multinomial(torch.tensor(chances, dtype=torch.float), 1, generator=generator)
    return (mixup, manifold_mixup, multimix)[int(drawn)](model, batch, labels, generator)


MIXES = {"mixup": mixup, "manifold_mixup": manifold_mixup, "multimix": multimix, "mix2": mixture_of_mixups}


def get_mix(mix):
    """The function behind a key of `MIXES`; ValueError for an unknown one."""
    if isinstance(mix, str):
        if mix not in MIXES:
            raise ValueError(f"unknown mix {mix!r}: one of {list(MIXES)}, or a function")
        return MIXES[mix]
    if mix is not None and not callable(mix):
        raise ValueError(f"mix must be a name or a function, got {type(mix).__name__}")
    return mix


def check_sampling(sampling, n):
    """Relative chances of n windows as a tensor; ValueError for others."""
    chances = np.array(sampling, dtype=float)
    if chances.shape != (n,) or not np.isfinite(chances).all() or chances.min() < 0 or not chances.any():
        raise ValueError(f"sampling must be {n} numbers, none negative and not all 0, got shape {chances.shape}")
    return torch.from_numpy(chances)
