"""Which recordings should be listened to next?

An hour of an expert is the dearest thing in a study. Active learning spends it where the network learns most; its
rival, always to be measured beside it, is to choose at random.
"""

import numpy as np
import pandas as pd

from anuralib._arguments import check_embeddings

METHODS = ("random", "uncertainty", "diversity", "both")


def uncertainty(probabilities, groups, top=5):
    """How undecided the network is about each recording.

    The binary entropy of every answer (Lewis & Gale 1994; Settles 2009), summed over the species, then the mean of the
    `top` most undecided windows of the recording: a mean over all of them would say that a recording with one riddle
    in a silent hour is not worth a visit.

    Parameters
    ----------
    probabilities : array, shape (N, n_species)
        Of windows, from `predict`.
    groups : array, shape (N,)
        Recording of each window.
    top : int
        Windows that count.

    Returns
    -------
    Series, index recording (sorted)
        Bits; 0 if every answer is certain, n_species if each is one half.

    Raises
    ------
    ValueError
        Shapes that differ, values outside 0..1 or NaN.
    """
    prob, groups = np.asarray(probabilities, dtype=float), np.asarray(groups)
    if prob.ndim != 2 or not len(prob) or groups.shape != (len(prob),):
        raise ValueError(f"need probabilities (N, n_species) and N groups, got {prob.shape} and {groups.shape}")
    if not (prob.min() >= 0 and prob.max() <= 1):  # written so that NaN fails, too
        raise ValueError("probabilities must lie between 0 and 1, without NaN")
    if top < 1:
        raise ValueError(f"top must be 1 or more, got {top}")
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(p > 0, -p * np.log2(p), 0) for p in (prob, 1 - prob)]
    bits = pd.Series((parts[0] + parts[1]).sum(axis=1))
    return bits.groupby(groups).agg(lambda x: x.nlargest(top).mean()).rename("uncertainty").rename_axis("recording")


def choose_recordings(groups, n, method="both", probabilities=None, embeddings=None, known=(), seed=0):
    """The next recordings to annotate, the most useful first.

    - "random": the baseline;
    - "uncertainty": those about which the network is most undecided (see `uncertainty`);
    - "diversity": each time the one farthest from all that is known or chosen (greedy k-centre; Sener & Savarese 2018,
      arXiv:1708.00489), so that ten copies of one riddle are not ten visits;
    - "both": each time the one with the largest product of the two (the aim of BADGE, Ash et al. 2020,
      arXiv:1906.03671, in its simplest form).

    Parameters
    ----------
    groups : array, shape (N,)
        Recording of each window.
    n : int
        How many recordings: the budget, each costing its length to listen to.
    method : str
    probabilities : array, shape (N, n_species)
        For "uncertainty" and "both".
    embeddings : array, shape (N, D)
        For "diversity" and "both"; a recording is the mean of its windows, each number scaled to spread 1.
    known : sequence of str
        Recordings that are annotated already.
    seed : int
        For "random", for ties, and for the first choice of "diversity" where nothing is known.

    Returns
    -------
    list of str
        Independent of the order of the rows.

    Raises
    ------
    ValueError
        Unknown method, what it needs is missing, more wanted than left, shapes that differ, NaN.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: one of {list(METHODS)}")
    groups = np.asarray(groups)
    names = np.unique(groups)
    is_known = np.isin(names, [known] if isinstance(known, str) else list(known))
    left = np.flatnonzero(~is_known)
    if not 1 <= n <= len(left):
        raise ValueError(f"n={n} recordings wanted, but {len(left)} are not yet annotated")
    rng = np.random.default_rng(seed)
    left = rng.permutation(left)  # argmax takes the first of equals: chance decides between them
    if method == "random":
        return names[left[:n]].tolist()
    unsure = np.ones(len(names))
    if method in ("uncertainty", "both"):
        if probabilities is None:
            raise ValueError(f"method {method!r} needs probabilities")
        unsure = uncertainty(probabilities, groups)[names].to_numpy()
    if method == "uncertainty":
        return names[left[np.argsort(-unsure[left], kind="stable")[:n]]].tolist()
    if embeddings is None:
        raise ValueError(f"method {method!r} needs embeddings")
    return names[_farthest(_places(embeddings, groups), unsure, left, is_known, n)].tolist()


def _places(embeddings, groups):
    """A point for each recording, in the order of their names."""
    x = check_embeddings(embeddings)
    if len(x) != len(groups):
        raise ValueError(f"embeddings must be ({len(groups)}, D), got {x.shape}")
    # Sorted by value first, so that sums don't depend on the order of the rows even in their last bit: a bit decides
    # between two recordings that are equally far.
    std = np.sort(x, axis=0).std(axis=0)
    x = x / np.where(std > 1e-9, std, 1.0)
    rows = pd.Series(groups).groupby(groups).indices
    return np.stack([np.sort(x[rows[name]], axis=0).mean(axis=0) for name in np.unique(groups)])


def _farthest(places, unsure, left, is_known, n):
    """Greedy: the largest product of uncertainty and distance to what is known or chosen."""
    distance = np.full(len(places), np.inf)
    for place in places[is_known]:
        distance = np.minimum(distance, np.linalg.norm(places - place, axis=1))
    chosen, left = [], list(left)
    for _ in range(n):
        gain = unsure[left] * (1.0 if np.isinf(distance).any() else distance[left])
        best = left.pop(int(np.argmax(gain)))
        chosen.append(best)
        distance = np.minimum(distance, np.linalg.norm(places - places[best], axis=1))
    return chosen
