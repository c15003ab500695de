"""The search behind `splitting`: which groups of windows go to test, on arrays of counts."""

import numpy as np
from threadpoolctl import threadpool_limits

# Groups looked at in one round of exchanges, from test and from train: a round costs their
# product, so that its time hardly grows with the number of groups.
_BLOCK = (64, 256)
# Up to this many groups a species' own nearest share is worth looking for.
_COARSE = 40
# A share this near to what is aimed at needs no more work.
_CLOSE = 0.005
# How often all pairs of folds are looked at again.
_SWEEPS = 3


def _iterative_start(counts: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Sechidis et al. 2011, doi:10.1007/978-3-642-23808-6_10, on counts in place of presence.

    The rarest species is dealt out first, its largest groups first, each to the subset that still
    lacks most of it; groups without any species fill up to the share.
    """
    n = len(counts)
    order = rng.permutation(n)
    lacking = np.stack([share * counts.sum(axis=0), (1 - share) * counts.sum(axis=0)])
    room = np.array([share * n, (1 - share) * n])
    side = np.full(n, -1)
    present = counts > 0
    left = present.sum(axis=0)
    while (left > 0).any():
        species = int(np.where(left > 0, left, n + 1).argmin())
        members = order[(side[order] < 0) & present[order, species]]
        for g in members[np.argsort(-counts[members, species], kind="stable")]:
            a, b = lacking[0, species], lacking[1, species]
            to = int(b > a) if a != b else int(room[1] > room[0])
            side[g] = to
            lacking[to] -= counts[g]
            room[to] -= 1
        left = present[side < 0].sum(axis=0)
    rest = order[side[order] < 0]
    n_test = int(np.clip(round(room[0]), 0, len(rest)))
    side[rest[:n_test]] = 0
    side[rest[n_test:]] = 1
    return side == 0


class _Search:
    """Whole groups moved and exchanged so that the squared deviations of all species shrink."""

    def __init__(self, counts, test, share, allowed, rng):
        self.rng, self.allowed = rng, allowed
        self.part = counts / np.maximum(counts.sum(axis=0), 1)  # of each species, (G, S)
        self.square = (self.part**2).sum(axis=1)
        self.present = counts > 0
        self.total = self.present.sum(axis=0)
        self.share = share
        self._known = {}  # of each state met, what `_best` said
        self.set(test)

    def set(self, test: np.ndarray) -> None:
        self.test = test.copy()
        self.off = test @ self.part - self.share
        self.held = self.present[test].sum(axis=0)

    @property
    def cost(self) -> tuple[int, float]:
        """Species missing on a side though they need not be, then the sum of squares."""
        return int(self._missing(self.held)), float((self.off**2).sum())

    def _missing(self, held: np.ndarray) -> np.ndarray:
        return (((held == 0) | (held == self.total)) & (self.total > 1)).sum(axis=-1)

    def flip(self, *groups: int) -> None:
        for g in groups:
            sign = -1 if self.test[g] else 1
            self.off += sign * self.part[g]
            self.held = self.held + sign * self.present[g]
            self.test[g] = not self.test[g]

    def _sample(self, groups: np.ndarray, size: int) -> np.ndarray:
        return groups if len(groups) <= size else self.rng.choice(groups, size, replace=False)

    def step(self) -> bool:
        """Make the best exchange or move among a sample, if it helps; tell whether one was made."""
        n = int(self.test.sum())
        if n > _BLOCK[0] or len(self.test) - n > _BLOCK[1]:
            pair = self._best()
        else:  # nothing is drawn, so the same state has the same answer; a search comes back to few states
            state = self.test.tobytes() + self.off.tobytes()
            if (pair := self._known.get(state)) is None:
                pair = self._known[state] = self._best()
        self.flip(*pair)
        return bool(pair)

    def _best(self) -> tuple[int, ...]:
        """The groups, two, one or none, whose flip helps most among a sample."""
        inside = self._sample(np.flatnonzero(self.test), _BLOCK[0])
        outside = self._sample(np.flatnonzero(~self.test), _BLOCK[1])
        # |off + b|^2 - |off|^2 = 2 off.b + |b|^2, and 2 b_i.b_j more where two are exchanged.
        out = self.square[inside] - 2 * self.part[inside] @ self.off
        into = self.square[outside] + 2 * self.part[outside] @ self.off
        gain = out[:, None] + into - 2 * self.part[inside] @ self.part[outside].T
        low, high = self.allowed
        n = self.test.sum()
        single = np.concatenate([out if n > low else out + np.inf,
                                 into if n < high else into + np.inf])
        values = np.concatenate([gain.ravel(), single])
        few = min(32, len(values))
        best = np.argpartition(values, few - 1)[:few]
        best = best[np.argsort(values[best], kind="stable")]
        # Of few groups, moves that the number in test forbids are among the best too. With no species missing, only
        # what brings the shares nearer can help.
        best = best[values[best] <= -1e-12] if self.cost[0] == 0 else best[np.isfinite(values[best])]
        if not len(best):
            return ()
        pairs = np.minimum(best, gain.size - 1)
        alone = np.concatenate([inside, outside])[np.maximum(best - gain.size, 0)]
        first = np.where(best < gain.size, inside[pairs // gain.shape[1]], alone)
        second = np.where(best < gain.size, outside[pairs % gain.shape[1]], -1)
        for part in (slice(1), slice(1, None)):  # mostly the first helps, or none
            if (k := self._first_better(first[part], second[part])) is not None:
                return tuple(int(g) for g in (first[part][k], second[part][k]) if g >= 0)
        return ()

    def _first_better(self, first: np.ndarray, second: np.ndarray) -> int | None:
        """The first of some flips, of one group or of two, that lowers the cost; all are tried at once."""
        missing, squares = self.cost
        one = np.where(self.test[first], -1, 1)[:, None]
        two = np.where(second >= 0, -one[:, 0], 0)[:, None]
        off = (self.off + one * self.part[first]) + two * self.part[second]
        held = self.held + one * self.present[first] + two * self.present[second]
        lacking = self._missing(held)
        better = (lacking < missing) | ((lacking == missing) & ((off**2).sum(axis=1) < squares - 1e-12))
        return int(better.argmax()) if better.any() else None

    def fit_number(self) -> None:
        """Move single groups until the number in test is allowed."""
        low, high = self.allowed
        while not low <= (n := int(self.test.sum())) <= high:
            pool = np.flatnonzero(self.test if n > high else ~self.test)
            sign = -1 if n > high else 1
            value = self.square[pool] + 2 * sign * self.part[pool] @ self.off
            held = self.held + sign * self.present[pool]
            self.flip(pool[np.lexsort((value, self._missing(held)))[0]])

    def place_missing(self) -> None:
        """Give each species that could be on both sides, and is not, a group on the other side."""
        for species in np.argsort(self.total, kind="stable"):
            if self.total[species] > 1 and self.held[species] in (0, self.total[species]):
                pool = np.flatnonzero(self.present[:, species])
                sign = 1 if self.held[species] == 0 else -1
                value = self.square[pool] + 2 * sign * self.part[pool] @ self.off
                held = self.held + sign * self.present[pool]
                self.flip(pool[np.lexsort((value, self._missing(held)))[0]])

    def shake(self) -> None:
        """Leave a local optimum: move a group of a species that is off, and one the other way."""
        weight = np.abs(self.off) * (self.total > 1) + 1e-12
        species = self.rng.choice(len(weight), p=weight / weight.sum())
        from_test = bool(self.off[species] > 0)
        has = self.present[:, species]
        for pool in (has & (self.test == from_test), ~has & (self.test != from_test)):
            if pool.any():
                self.flip(self.rng.choice(np.flatnonzero(pool)))
        self.fit_number()

    def run(self, rounds: int) -> np.ndarray:
        """Descend; when stuck, shake the best found a little and descend again.

        A species that is still far off gets as many rounds again.
        """
        best, best_cost, worst, stuck = self.test.copy(), self.cost, np.abs(self.off).max(), 0
        for k in range(2 * rounds):
            if k >= rounds and worst < _CLOSE:
                break
            stuck = 0 if self.step() else stuck + 1
            if self.cost < best_cost:
                best, best_cost, worst = self.test.copy(), self.cost, np.abs(self.off).max()
            if stuck >= 2:
                self.set(best)
                self.shake()
                stuck = 0
        return best


def best_share(counts: np.ndarray, share: float) -> float:
    """The test share nearest to `share` that one species can have by itself.

    Parameters
    ----------
    counts : ndarray of int, shape (G,)
        Windows of the species in each group that has any.
    share : float
        The share wanted.

    Returns
    -------
    float
        The nearest reachable sum of counts, over their total. With two groups or more, neither
        side is left empty. NaN if there is no group.

    Notes
    -----
    Bit k of a long integer says whether k windows can be reached: a group adds, by one shift, all
    sums with it to those without.
    """
    counts = [int(c) for c in counts if c > 0]
    total = sum(counts)
    if not counts:
        return np.nan
    sums = 1
    for c in counts:
        sums |= sums << c
    raw = np.frombuffer(sums.to_bytes(total // 8 + 1, "little"), dtype=np.uint8)
    reachable = np.flatnonzero(np.unpackbits(raw, bitorder="little"))
    if len(counts) > 1:
        reachable = reachable[1:-1]
    return float(reachable[np.abs(reachable / total - share).argmin()] / total)


def _targets(counts: np.ndarray, share: float) -> np.ndarray:
    """The share to aim at for each species: what it can reach alone, where that is coarse."""
    columns = [counts[counts[:, s] > 0, s] for s in range(counts.shape[1])]
    # With many groups some sum lies next to any share, and need not be looked for.
    aims = [best_share(c, share) if 0 < len(c) <= _COARSE else share for c in columns]
    return np.where(counts.any(axis=0), aims, 0.0)


def choose_test(counts: np.ndarray, share: float, seed: int, rounds: int) -> np.ndarray:
    """True for the groups that go to test; see `anuralib.split.splitting.stratified_split`.

    Parameters
    ----------
    counts : ndarray, shape (G, S)
        Windows of each species in each group.
    share : float
        Of test.
    seed, rounds : int

    Returns
    -------
    ndarray of bool, shape (G,)
    """
    n = len(counts)
    if n < 2:
        raise ValueError("one group can't be divided; at least two recordings are needed")
    low, high = int(np.ceil((share - 0.01) * n)), int(np.floor((share + 0.01) * n))
    if low > high:  # no number of groups is within a point of the share: take the nearest
        low = high = round(share * n)
    allowed = tuple(int(np.clip(x, 1, n - 1)) for x in (low, high))
    rng = np.random.default_rng(seed)
    start = _iterative_start(counts, share, rng)
    search = _Search(counts, start, _targets(counts, share), allowed, rng)
    search.place_missing()
    search.fit_number()
    # The products are small: shared out over threads they wait for each other, on a busy machine
    # a hundred times longer than they work.
    with threadpool_limits(limits=1, user_api="blas"):
        return search.run(rounds)


def choose_folds(counts: np.ndarray, n_folds: int, seed: int, rounds: int) -> np.ndarray:
    """The fold of each group; see `anuralib.split.splitting.kfold_split`.

    Parameters
    ----------
    counts : ndarray, shape (G, S)
    n_folds, seed, rounds : int

    Returns
    -------
    ndarray of int, shape (G,)
    """
    if not (isinstance(n_folds, (int, np.integer)) and 2 <= n_folds <= len(counts)):
        raise ValueError(f"n_folds={n_folds} must be 2 or more, and at most the number of groups, {len(counts)}")
    fold, rest = np.full(len(counts), n_folds - 1), np.arange(len(counts))
    for k in range(n_folds - 1):
        test = choose_test(counts[rest], 1 / (n_folds - k), seed + k, rounds)
        # Each fold to come needs a group: of few groups the search may take too many, and gives back the smallest.
        too_many = max(test.sum() - (len(rest) - (n_folds - 1 - k)), 0)
        taken = np.flatnonzero(test)
        test[taken[np.argsort(counts[rest[taken]].sum(axis=1), kind="stable")[:too_many]]] = False
        fold[rest[test]] = k
        rest = rest[~test]
    pairs = [(a, b) for a in range(n_folds) for b in range(a + 1, n_folds)]
    for sweep in range(_SWEEPS):  # in a list, so that every pair has its turn
        if not any([_divide_again(counts, fold, a, b, seed + sweep, rounds) for a, b in pairs]):
            break
    return fold


def _divide_again(counts, fold, a, b, seed, rounds) -> bool:
    """Two folds divided anew, kept if fewer species are missing from one of them, or they are better balanced."""
    both = np.flatnonzero((fold == a) | (fold == b))
    if len(both) < 2:
        return False

    def cost(is_a):
        n_a, n_b = counts[both[is_a]].sum(axis=0), counts[both[~is_a]].sum(axis=0)
        missing = ((n_a == 0) | (n_b == 0)) & ((counts[both] > 0).sum(axis=0) > 1)
        return missing.sum(), (((n_a - n_b) / np.maximum(counts.sum(axis=0), 1)) ** 2).sum()

    new = choose_test(counts[both], 0.5, seed, rounds)
    better = cost(new) < cost(fold[both] == a)
    if better:
        fold[both] = np.where(new, a, b)
    return better
