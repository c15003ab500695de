"""Other recordings than those one has: what training may do to its windows without making the labels wrong.

Each function takes a batch and gives a new one; those that change what can be heard take the labels too. All of them
work on **signals** ``(N, samples)`` and on **pictures** ``(N, 1, n_mels, frames)`` in dB alike, so that an epoch need
not go back to the sound: sounds of different callers don't know each other's phase, so the powers of a mixture add up,
band by band, ``10 log10(10^(a/10) + 10^(b/10))``. (The rest, twice the product of the two, is zero on average; a test
compares the two ways.)

`fit` takes any of them, or a `chain`, as ``augment``. Source of randomness is a torch Generator, or a seed.
"""

import functools
import inspect

import numpy as np
import torch

_DB = np.log(10) / 10


def _generator(generator):
    return torch.Generator().manual_seed(generator) if isinstance(generator, int) else generator


def _check(batch, labels=None):
    """The batch as a tensor (and the labels); ValueError for other shapes."""
    tensor = torch.as_tensor(batch.copy() if isinstance(batch, np.ndarray) else batch)
    if tensor.ndim not in (2, 4) or not tensor.numel():
        raise ValueError(f"batch must be (N, samples) or (N, 1, n_mels, frames), got {tuple(tensor.shape)}")
    if labels is None:
        return tensor
    labels = torch.as_tensor(labels.copy() if isinstance(labels, np.ndarray) else labels).float()
    if labels.ndim != 2 or len(labels) != len(tensor):
        raise ValueError(f"labels must be ({len(tensor)}, n_species), got {tuple(labels.shape)}")
    return tensor, labels


def _as_given(tensor, given):
    return tensor.numpy() if isinstance(given, np.ndarray) else tensor


def _uniform(n, low, high, generator, like):
    """n numbers between low and high, shaped to multiply examples of `like`."""
    draw = low + (high - low) * torch.rand(n, generator=generator)
    return draw.view(-1, *[1] * (like.ndim - 1)).to(like.device)


def _louder(batch, gain_db):
    return batch + gain_db if batch.ndim == 4 else batch * torch.exp(gain_db * (_DB / 2))


def _sum(one, other):
    """Both sounds at once."""
    if one.ndim == 2:
        return one + other
    return torch.logaddexp(one * _DB, other * _DB) / _DB


def _join_some(tensor, other, share, range_db, generator):
    """Let the other windows sound along with a share of these, and say with which."""
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie in 0..1, got {share}")
    level = _uniform(len(tensor), *range_db, generator, tensor)
    chosen = (torch.rand(len(tensor), generator=generator) < share).to(tensor.device)
    mixed = torch.where(chosen.view(level.shape), _sum(tensor, _louder(other, level)), tensor)
    return mixed.to(tensor.dtype), chosen


def gain(batch, range_db=(-6.0, 6.0), generator=None):
    """Make every window louder or softer by a random number of decibels.

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, samples) or (N, 1, n_mels, frames)
    range_db : (float, float)
        Least and greatest gain.
    generator : torch.Generator or int, optional

    Returns
    -------
    As `batch`, a copy. Signals are not clipped.
    """
    tensor = _check(batch)
    return _as_given(_louder(tensor, _uniform(len(tensor), *range_db, _generator(generator), tensor)), batch)


def time_shift(batch, max_share=1.0, generator=None):
    """Turn every window round in time: what leaves at the end comes in at the beginning.

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, samples) or (N, 1, n_mels, frames)
    max_share : float
        Largest shift, as a share of the window (0 to 1), to either side.
    generator : torch.Generator or int, optional

    Returns
    -------
    As `batch`, a copy. A call may be cut in two at the seam; the labels stay true.
    """
    tensor = _check(batch)
    if not 0 <= max_share <= 1:
        raise ValueError(f"max_share must lie in 0..1, got {max_share}")
    size = tensor.shape[-1]
    shift = (_uniform(len(tensor), -1, 1, _generator(generator), tensor) * max_share * size / 2).round().long()
    index = (torch.arange(size, device=tensor.device) - shift) % size
    return _as_given(torch.gather(tensor, -1, index.expand(tensor.shape)), batch)


def spec_augment(batch, time_mask=60, freq_mask=8, generator=None, fill="mean"):
    """Hide a random stretch of time and a random range of bands in every picture.

    SpecAugment (Park et al. 2019) without the warping: one time mask of 0 to `time_mask` frames
    and one frequency mask of 0 to `freq_mask` bands an example. The hidden part takes the mean of
    its own picture. (Zero would be wrong: in dB it is a full-scale sine, louder than any frog.)

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, 1, n_mels, frames)
    time_mask, freq_mask : int
        Widest masks, in frames and bands. A label stays on a window even if its call is hidden:
        keep the time mask well under the length of the window.
    generator : torch.Generator or int, optional
        Source of randomness, or a seed; the same one gives the same masks.
    fill : "mean" or "floor"
        Value of the hidden part: the mean or the minimum of the picture.

    Returns
    -------
    tensor or ndarray, as `batch`
        A copy.
    """
    tensor = _check(batch)
    if tensor.ndim != 4:
        raise ValueError(f"batch must be (N, 1, n_mels, frames), got {tuple(tensor.shape)}")
    if fill not in ("mean", "floor"):
        raise ValueError(f"fill must be 'mean' or 'floor', got {fill!r}")
    generator = _generator(generator)
    n, _, n_mels, frames = tensor.shape
    hidden = []
    for size, widest in ((n_mels, freq_mask), (frames, time_mask)):
        if not 0 <= widest <= size:
            raise ValueError(f"a mask of up to {widest} does not fit into {size} bands or frames")
        draw = torch.rand(2, n, 1, generator=generator)
        width = (draw[0] * (widest + 1)).floor()
        start = (draw[1] * (size - width + 1)).floor()
        index = torch.arange(size)
        hidden.append((index >= start) & (index < start + width))
    mask = (hidden[0][:, None, :, None] | hidden[1][:, None, None, :]).to(tensor.device)
    flat = tensor.flatten(1).float()
    level = (flat.mean(1) if fill == "mean" else flat.amin(1)).to(tensor.dtype)
    return _as_given(torch.where(mask, level[:, None, None, None], tensor), batch)


def mixup(batch, labels, alpha=0.2, generator=None):
    """Blend every window with another one, and the labels likewise (Zhang et al. 2018, arXiv:1710.09412).

    .. code-block:: text

        x' = lam x_i + (1 - lam) x_j,   y' = lam y_i + (1 - lam) y_j,   lam ~ Beta(alpha, alpha), one a batch

    Of pictures the decibels are blended: no mixture of sounds, but a point half-way between two pictures.

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, samples) or (N, 1, n_mels, frames)
    labels : tensor or ndarray, shape (N, n_species)
    alpha : float
        Small values blend little.
    generator : torch.Generator or int, optional

    Returns
    -------
    batch, labels
        Copies; labels are between 0 and 1.
    """
    tensor, target = _check(batch, labels)
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}")
    generator = _generator(generator)
    # A Beta draw is a ratio of two Gamma draws; torch's own takes no generator, numpy's takes a seed drawn from ours.
    seed = int(torch.randint(2**62, (1,), generator=generator))
    share = float(np.random.default_rng(seed).beta(alpha, alpha))
    other = torch.randperm(len(tensor), generator=generator)
    mixed = share * tensor + (1 - share) * tensor[other.to(tensor.device)]
    target = share * target + (1 - share) * target[other.to(target.device)]
    return _as_given(mixed.to(tensor.dtype), batch), _as_given(target, labels)


def mix_sounds(batch, labels, share=0.5, range_db=(-6.0, 6.0), generator=None):
    """Let another window sound at the same time; whoever calls in either is present.

    A chorus *is* such a sum, so the mixture is a recording that might have been, and the labels are the union (learning
    from sums of sounds: Tokozume et al. 2018, arXiv:1711.10282; on AnuraSet Moummad et al. 2024, arXiv:2403.09598).

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, samples) or (N, 1, n_mels, frames)
        Pictures in dB, not PCEN.
    labels : tensor or ndarray, shape (N, n_species)
    share : float
        Part of the windows (0 to 1) that get company; the others stay as they are.
    range_db : (float, float)
        Gain of the other window.
    generator : torch.Generator or int, optional

    Returns
    -------
    batch, labels
        Copies. Signals are not clipped.
    """
    tensor, target = _check(batch, labels)
    generator = _generator(generator)
    other = torch.randperm(len(tensor), generator=generator).to(tensor.device)
    mixed, chosen = _join_some(tensor, tensor[other], share, range_db, generator)
    target = torch.where(chosen.to(target.device)[:, None], torch.maximum(target, target[other]), target)
    return _as_given(mixed, batch), _as_given(target, labels)


def mix_background(batch, background, share=0.5, range_db=(-10.0, 5.0), generator=None):
    """Add the sound of a place where nobody calls: rain, stream, insects; the labels stay.

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, samples) or (N, 1, n_mels, frames)
        Pictures in dB, not PCEN.
    background : tensor or ndarray, shape (M, ...)
        Windows *of the train subset* in which no species is labelled. From other sites they make the network less
        dependent on a place.
    share, range_db, generator
        As in `mix_sounds`.

    Returns
    -------
    As `batch`, a copy.
    """
    tensor = _check(batch)
    if background.ndim != tensor.ndim or background.shape[1:] != tensor.shape[1:] or not len(background):
        raise ValueError(f"background must be windows like the batch, {tuple(tensor.shape[1:])}, "
                         f"got {tuple(background.shape)}")  # fmt: skip
    generator = _generator(generator)
    drawn = torch.randint(len(background), (len(tensor),), generator=generator)
    # The rows are taken before they become a tensor: the background may be a large file mapped into memory.
    other = torch.as_tensor(np.array(background[drawn.numpy()])).to(tensor)
    return _as_given(_join_some(tensor, other, share, range_db, generator)[0], batch)


def takes_labels(augment):
    """Whether an augmentation wants the labels, too (and gives both back)."""
    try:
        return "labels" in inspect.signature(augment).parameters
    except (TypeError, ValueError):
        return False


def chain(*augments):
    """One augmentation after the other, as one.

    Parameters
    ----------
    *augments : callable
        Augmentations such as `gain` or `mixup`, or ``functools.partial`` of them with other settings.

    Returns
    -------
    callable
        ``f(batch, labels, generator) -> (batch, labels)``
    """
    return functools.partial(_chained, augments=augments)


def _chained(batch, labels, generator=None, *, augments):
    generator = _generator(generator)
    for augment in augments:
        if takes_labels(augment):
            batch, labels = augment(batch, labels=labels, generator=generator)
        else:
            batch = augment(batch, generator=generator)
    return batch, labels
