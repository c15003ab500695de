"""Which recordings to take when only so many are wanted: every site, as many species as can be, few requests."""

from collections.abc import Mapping, Sequence

import numpy as np

_RUNS = 10  # stretches of neighbours for up to 40 recordings: with the labels these are 15 requests
_LONGEST = 4  # recordings of a stretch
_MOST_BETWEEN = 2  # that are passed over within a stretch, where that brings more species
_SINGLE = 100  # where most are wanted: so many by their labels, the others evenly spread
_SITE = 10.0  # what a site is worth, in species
_AGAIN = 0.1  # what a species is worth that is there already: each time so much of the time before


def choose_recordings(n: int, names: Sequence[str], heard: Mapping[str, set[str]]) -> list[str]:
    """Choose recordings so that every site and as many species as possible are among them.

    They are taken in stretches of neighbours, which come from a server with one request.

    Parameters
    ----------
    n : int
        How many.
    names : sequence of str
        All recordings, in the order in which they lie in the archive. The site is what stands before the first `_`.
    heard : mapping of str to set of str
        The species of each recording, from its labels.

    Returns
    -------
    list of str
        In the order of `names`.

    Examples
    --------
    >>> choose_recordings(2, ["A_1", "A_2", "B_1"], {"A_2": {"BOALUN"}})
    ['A_2', 'B_1']
    """
    if n >= len(names):
        return list(names)
    has, worth = _table(names, heard)
    if 2 * n > len(names):  # they lie together anyway
        chosen = _stretches(has, worth, min(n, _SINGLE), 1)
        others, more = sorted(set(range(len(names))) - set(chosen)), n - len(chosen)
        return [names[i] for i in sorted([*chosen, *(others[k * len(others) // more] for k in range(more))])]
    length, chosen, covered = min(_LONGEST, -(-n // _RUNS)), [], 0
    for width in range(length, length + _MOST_BETWEEN + 1):
        starts = _stretches(has, worth, -(-n // length), width)
        if starts is None:  # so many do not fit in beside each other
            break
        found = _thin_out(has, worth, starts, width, n)
        if has[found].any(axis=0).sum() > covered:
            chosen, covered = found, has[found].any(axis=0).sum()
        if covered == has.any(axis=0).sum():
            break
    return [names[i] for i in chosen]


def _table(names: Sequence[str], heard: Mapping[str, set[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Which site and species each recording has, a column for each of these, and what the columns are worth."""
    sites = sorted({name.split("_")[0] for name in names})
    species = sorted(set().union(*heard.values()))
    rows = [[name.split("_")[0] == site for site in sites] + [code in heard.get(name, ()) for code in species]
            for name in names]  # fmt: skip
    return np.array(rows, dtype=int), np.array([_SITE] * len(sites) + [1.0] * len(species))


def _stretches(has: np.ndarray, worth: np.ndarray, n: int, width: int) -> list[int] | None:
    """The first recordings of n stretches that do not overlap; None if there are not so many.

    The best is taken, again and again; then each is exchanged for a better one as long as there is any.
    """
    sums = np.vstack([np.zeros_like(has[:1]), np.cumsum(has, axis=0)])
    within = sums[width:] - sums[:-width]
    chosen: list[int] = []

    def best(others: list[int]) -> int | None:
        value = (_AGAIN ** within[others].sum(axis=0) * (1 - _AGAIN**within)) @ worth
        for start in others:
            value[max(start - width + 1, 0) : start + width] = -1
        return int(value.argmax()) if value.max(initial=-1) >= 0 else None

    for _ in range(n):
        start = best(chosen)
        if start is None:
            return None
        chosen.append(start)
    for _ in range(5):
        before = list(chosen)
        for k in range(n):
            chosen[k] = best(chosen[:k] + chosen[k + 1 :])
        if chosen == before:
            break
    return sorted(chosen)


def _thin_out(has: np.ndarray, worth: np.ndarray, starts: list[int], width: int, n: int) -> list[int]:
    """So many recordings of the stretches: what is missed least goes, of the stretches that have most."""
    stretches = [list(range(start, start + width)) for start in starts]
    while (chosen := sorted(sum(stretches, []))) and len(chosen) > n:
        count = has[chosen].sum(axis=0)
        most = max(map(len, stretches))
        losses = [(((_AGAIN ** (count - has[i])) - _AGAIN**count) @ worth, i, stretch)
                  for stretch in stretches if len(stretch) == most for i in stretch]  # fmt: skip
        _, i, stretch = min(losses, key=lambda loss: loss[:2])
        stretch.remove(i)
    return chosen
