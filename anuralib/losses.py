"""What a network is asked to make small.

A loss here is a plain function ``loss(logits, labels) -> scalar tensor`` of two ``(N, n_species)``
tensors. One that depends on how common the species are takes the keyword ``counts`` (positive
windows per species in the train subset) and, if it needs it, ``n_windows``; `get_loss` fills
them in.
"""

import functools
import inspect

import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def bce(logits, labels):
    """Binary cross-entropy, the loss of the published baseline.

    Each species is its own yes-or-no question, since several may call in one window::

        loss = -mean over windows and species of  y log p + (1 - y) log(1 - p),  p = sigmoid(z)

    Parameters
    ----------
    logits : tensor, shape (N, n_species)
        Outputs z of the network *before* the sigmoid: computed from z the logarithm never meets
        a zero. (Giving probabilities here is a classic mistake: no error, a useless number.)
    labels : tensor, shape (N, n_species)
        0 or 1; values between are allowed (blended examples).

    Returns
    -------
    tensor, scalar
        Nats per window and species; log 2 = 0.693 for a network that always says one half.
    """
    return binary_cross_entropy_with_logits(logits, labels)


LOSSES = {"bce": bce}


def get_loss(loss, counts=None, n_windows=None):
    """The function behind a name, with the numbers of the train subset filled in.

    Parameters
    ----------
    loss : str or callable
        A key of `LOSSES`, or a function of (logits, labels).
    counts : array, shape (n_species,), optional
        Positive windows of each species, for the losses that ask for them.
    n_windows : int, optional
        Windows in the train subset.

    Returns
    -------
    callable
        ``f(logits, labels) -> scalar tensor``

    Raises
    ------
    ValueError
        Unknown name.
    """
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"unknown loss {loss!r}: one of {sorted(LOSSES)}, or a function")
        loss = LOSSES[loss]
    if not callable(loss):
        raise ValueError(f"loss must be a name or a function, got {type(loss).__name__}")
    try:
        accepted = inspect.signature(loss).parameters
    except ValueError:  # some compiled callables have no signature, hence ask for nothing
        accepted = {}
    given = {"counts": counts, "n_windows": n_windows}
    fill = {
        name: torch.as_tensor(value, dtype=torch.float32)
        for name, value in given.items()
        if name in accepted and value is not None
    }
    return functools.partial(loss, **fill) if fill else loss
