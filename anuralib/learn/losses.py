"""What a network is asked to make small.

A loss here is a plain function ``loss(logits, labels) -> scalar tensor`` of two ``(N, n_species)``
tensors. One that depends on how common the species are takes the keyword ``counts`` (positive
windows per species in the train subset) and, if it needs it, ``n_windows``; `get_loss` fills
them in.
"""

import functools
import inspect

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid


def bce(logits, labels):
    """Binary cross-entropy, the loss of the published baseline.

    Each species is its own yes-or-no question, since several may call in one window:

    .. code-block:: text

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


def focal(logits, labels, gamma=2.0):
    """Focal loss: what is already answered well counts little (Lin et al. 2017, arXiv:1708.02002).

    With p_t the probability given to the right answer:

    .. code-block:: text

        loss = -mean (1 - p_t)^gamma log p_t

    Parameters
    ----------
    logits, labels : tensor, shape (N, n_species)
        As for `bce`; labels between 0 and 1 blend the two answers.
    gamma : float
        0 gives `bce`.

    Returns
    -------
    tensor, scalar
    """
    p = torch.sigmoid(logits)
    present = (1 - p) ** gamma * logsigmoid(logits)
    absent = p**gamma * logsigmoid(-logits)
    return -(labels * present + (1 - labels) * absent).mean()


def _numbers(counts):
    """Counts as a tensor; of an array a copy, since those of pandas are read-only."""
    if not isinstance(counts, torch.Tensor):
        counts = torch.tensor(np.array(counts, dtype=float))
    return counts.to(torch.float64)


def class_balanced(logits, labels, counts, beta=0.999):
    """Binary cross-entropy with the species weighted by their effective number (Cui et al. 2019, arXiv:1901.05555).

    The n-th window of a species brings less news than the first; n of them are worth (1 - beta^n) / (1 - beta):

    .. code-block:: text

        w_c = (1 - beta) / (1 - beta^n_c),  scaled to a mean of 1 over the species that occur

    The paper weights an example by its one class; with several species in a window, the weight goes to the species'
    column, its positive and its negative windows alike.

    Parameters
    ----------
    logits, labels : tensor, shape (N, n_species)
        As for `bce`.
    counts : tensor, shape (n_species,)
        Positive windows of each species in train. A species without any has weight 0.
    beta : float
        0 gives equal weights, towards 1 they approach 1 / n.

    Returns
    -------
    tensor, scalar
    """
    counts = _numbers(counts)
    weights = torch.where(counts > 0, (1 - beta) / (1 - beta ** counts.clamp(min=1)), 0.0)
    weights = (weights / weights[counts > 0].mean()).to(logits)
    return (weights * binary_cross_entropy_with_logits(logits, labels, reduction="none")).mean()


def log_odds(counts, n_windows):
    """log(pi / (1 - pi)) of each species' share pi of the windows, kept finite by half a window at either end."""
    counts = _numbers(counts)
    share = counts.clamp(min=0.5, max=float(n_windows) - 0.5) / float(n_windows)
    return torch.log(share) - torch.log1p(-share)


def adjust_logits(logits, counts, n_windows, tau=1.0):
    """Take away from logits what a species' frequency alone would give, after training (Menon et al. 2021).

    .. code-block:: text

        z'_c = z_c - tau log(pi_c / (1 - pi_c))

    The paper (arXiv:2007.07314) does it for softmax, with log pi; this is the form for a yes-or-no question a species.
    tau = 1 aims at balanced accuracy, not at F1. A network trained with `logit_adjusted` needs no more of it.

    Parameters
    ----------
    logits : tensor, shape (N, n_species)
    counts : tensor, shape (n_species,)
        Positive windows of each species in train.
    n_windows : int
        Windows in train.
    tau : float

    Returns
    -------
    tensor, shape (N, n_species)
    """
    return logits - tau * log_odds(counts, n_windows).to(logits)


def logit_adjusted(logits, labels, counts, n_windows, tau=1.0):
    """Binary cross-entropy that hands the species' frequencies to the loss (Menon et al. 2021, arXiv:2007.07314).

    The log odds of the frequency are added to the logits during training only, so that the network need not learn
    them, and a rare species is not said no to just because it is rare:

    .. code-block:: text

        loss = bce(z_c + tau log(pi_c / (1 - pi_c)), y_c)

    It is the loss that belongs to `adjust_logits`, with the opposite sign: there they are taken away afterwards.

    Parameters
    ----------
    logits, labels : tensor, shape (N, n_species)
        As for `bce`.
    counts : tensor, shape (n_species,)
        Positive windows of each species in train.
    n_windows : int
        Windows in train.
    tau : float
        0 gives `bce`.

    Returns
    -------
    tensor, scalar
    """
    return bce(logits + tau * log_odds(counts, n_windows).to(logits), labels)


def asymmetric(logits, labels, gamma_positive=0.0, gamma_negative=4.0, shift=0.05):
    """Asymmetric loss: easy negatives count little, the easiest nothing (Ridnik et al. 2021, arXiv:2009.14119).

    .. code-block:: text

        loss = -mean  y (1 - p)^gamma_positive log p + (1 - y) q^gamma_negative log(1 - q),  q = max(p - shift, 0)

    Parameters
    ----------
    logits, labels : tensor, shape (N, n_species)
        As for `bce`.
    gamma_positive, gamma_negative : float
        As in `focal`, for each answer.
    shift : float
        Negatives under this probability are left alone. With all three 0 this is `bce`.

    Returns
    -------
    tensor, scalar
    """
    p = torch.sigmoid(logits)
    q = (p - shift).clamp(min=0)
    present = (1 - p) ** gamma_positive * logsigmoid(logits)
    # 1 - q is 1 - p + shift, at most 1: far from the zero that the logarithm could not bear, unless there is no shift.
    absent = q**gamma_negative * (torch.log1p(-q) if shift > 0 else logsigmoid(-logits))
    return -(labels * present + (1 - labels) * absent).mean()


def ldam(logits, labels, counts, largest_margin=0.5):
    """Label-distribution-aware margins: a rare species must be recognised by more (Cao et al. 2019, arXiv:1906.07413).

    .. code-block:: text

        loss = bce(z_c - m_c y_c, y_c),  m_c = K n_c^(-1/4),  K such that the rarest has largest_margin

    The paper does it for softmax, and weights the classes anew in the last epochs; this is its margin in a yes-or-no
    question a species.

    Parameters
    ----------
    logits, labels : tensor, shape (N, n_species)
        As for `bce`.
    counts : tensor, shape (n_species,)
        Positive windows of each species in train; one without any is taken as having one.
    largest_margin : float
        0 gives `bce`.

    Returns
    -------
    tensor, scalar
    """
    margin = _numbers(counts).clamp(min=1) ** -0.25
    margin = (largest_margin * margin / margin.max()).to(logits)
    return bce(logits - margin * labels, labels)


LOSSES = {
    "bce": bce, "focal": focal, "class_balanced": class_balanced, "logit_adjusted": logit_adjusted,
    "asymmetric": asymmetric, "ldam": ldam,
}  # fmt: skip


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
