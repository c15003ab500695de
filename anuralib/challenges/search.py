"""Which short clips should be listened to next, of one species that there is a single example of?

Search by example, then a loop: listen to a few clips, learn from the answers, choose the next ones. A clip is a row of
embeddings; everything here takes a score for each row and gives row numbers, so that any score will do: a similarity,
a head's probability, somebody else's detector.
"""

import numpy as np

from anuralib._arguments import check_embeddings, mean_and_spread

CHOICES = ("highest", "unsure", "random", "mixed")


def similarity(embeddings, examples):
    """How near every clip is to an example.

    The cosine of the angle between standardised embeddings, that is of their correlation if every number counts alike:
    how loud a call is matters less than what it is.

    Parameters
    ----------
    embeddings : array, shape (N, D)
        Of all clips, as from `embed_recordings`.
    examples : array, shape (D,) or (n, D)
        Embeddings of one example or several. Of several the nearest counts.

    Returns
    -------
    ndarray, shape (N,)
        -1 to 1; 1 for the example itself.

    Raises
    ------
    ValueError
        Shapes that don't fit, NaN, no example.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [1.0, 5.0], [4.0, 4.0], [5.0, 5.0]])
    >>> np.argsort(-similarity(x, x[3])).tolist()
    [3, 2, 1, 0]
    """
    x = check_embeddings(embeddings)
    wanted = check_embeddings(np.atleast_2d(examples))
    if wanted.shape[1] != x.shape[1]:
        raise ValueError(f"examples of {wanted.shape[1]} numbers, embeddings of {x.shape[1]}: use one encoder for both")
    mean, std = mean_and_spread(x)
    x, wanted = _directions((x - mean) / std), _directions((wanted - mean) / std)
    return (x @ wanted.T).max(axis=1)


def _directions(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def choose_clips(scores, n, how="mixed", threshold=0.5, known=(), seed=0):
    """The next clips to listen to, by their scores.

    - "highest": what the score says is surest to be a call; finds calls, and shows false alarms;
    - "unsure": the nearest to the threshold, where the score can't decide (margin sampling; Lewis & Gale 1994);
    - "random": what a score can't lead astray, and to be measured against;
    - "mixed": a third of each, in turn.

    Parameters
    ----------
    scores : array, shape (N,)
        One for each clip; higher is more likely.
    n : int
        How many clips.
    how : str
    threshold : float
        For "unsure" and "mixed".
    known : sequence of int
        Rows that have been listened to.
    seed : int
        For "random", "mixed" and ties.

    Returns
    -------
    ndarray of int, shape (n,)
        Row numbers, in the order in which to listen.

    Raises
    ------
    ValueError
        An unknown choice, NaN, rows that aren't there, more wanted than are left.

    Examples
    --------
    >>> choose_clips([0.1, 0.9, 0.45, 0.8], n=2, how="highest", known=[1]).tolist()
    [3, 2]
    """
    if how not in CHOICES:
        raise ValueError(f"unknown choice {how!r}: one of {list(CHOICES)}")
    scores = np.asarray(scores, dtype=float)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise ValueError(f"scores must be a number for each clip, without NaN; got shape {scores.shape}")
    known = np.asarray(list(known), dtype=int)
    if len(known) and not (known.min() >= 0 and known.max() < len(scores)):
        raise ValueError(f"known must hold row numbers from 0 to {len(scores) - 1}")
    rng = np.random.default_rng(seed)
    left = rng.permutation(np.setdiff1d(np.arange(len(scores)), known))
    if not 1 <= n <= len(left):
        raise ValueError(f"n={n} clips wanted, but {len(left)} are left to listen to")
    tied = rng.permutation(left)  # chance decides between equals, and not the one that "random" goes by
    orders = {
        "highest": tied[np.argsort(-scores[tied], kind="stable")],
        "unsure": tied[np.argsort(np.abs(scores[tied] - threshold), kind="stable")],
        "random": left,
    }
    if how != "mixed":
        return orders[how][:n]
    turns = np.stack(list(orders.values()), axis=1).ravel()  # first of each, second of each, ...
    _, first = np.unique(turns, return_index=True)
    return turns[np.sort(first)][:n]
