"""Splitting recordings so that each species keeps its share of windows, against two published splitters.

The peers see what they are made for, the presence of each species in each recording; all are judged by what the
course needs, the share of each species' windows that goes to test. Below the table stand two limits: the deviation
that whole recordings allow a species alone (the subset-sum bound), and the one that the rarest species allow each
other, found exactly by integer programming. Where the second is above the first, no splitter can reach the first.

    python benchmarks/bench_split.py [--large 100000] [--json FILE]
"""

import statistics
import time
import warnings

import numpy as np
from _table import arguments, row, show
from scipy.optimize import Bounds, LinearConstraint, milp

import anuralib as al
from anuralib.split.stratify import best_share, choose_test
from anuralib.windows.table import species_columns

SHARE = 0.3
RARE = 10  # species in at most so many recordings go into the integer program


def long_tail(n, n_species, seed, most=450):
    """Windows per recording and species: few recordings for rare species, many for common ones."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((n, n_species), dtype=int)
    for s, k in enumerate(np.round(np.geomspace(2, min(most, n // 3), n_species)).astype(int)):
        counts[rng.choice(n, k, replace=False), s] = np.clip(rng.gamma(1, 20, k) + 1, 1, 58)
    return counts


def deviations(counts, test):
    """|test share - 0.3| of each species, in windows."""
    return np.abs(counts[test].sum(axis=0) / counts.sum(axis=0) - SHARE)


def own_bound(counts):
    """The smallest deviation each species could have if it were alone."""
    return np.abs([best_share(column[column > 0], SHARE) - SHARE for column in counts.T])


def joint_bound(counts):
    """Deviations of the rare species where their sum is least, and which species these are."""
    n = (counts > 0).sum(axis=0)
    rare = np.flatnonzero((n > 1) & (n <= RARE))
    groups = np.flatnonzero(counts[:, rare].any(axis=1))
    part = (counts[np.ix_(groups, rare)] / counts[:, rare].sum(axis=0)).T
    k, m = part.shape
    rows = np.block([[part, -np.eye(k)], [part, np.eye(k)], [np.sign(part), np.zeros((k, k))]])
    low = np.r_[np.full(k, -np.inf), np.full(k, SHARE), np.ones(k)]
    high = np.r_[np.full(k, SHARE), np.full(k, np.inf), n[rare] - 1]
    found = milp(
        np.r_[np.zeros(m), np.ones(k)], integrality=np.r_[np.ones(m), np.zeros(k)], bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, low, high),
    )  # fmt: skip
    return found.x[m:], rare


def iterative_stratification(counts, seed):
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    splitter = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=SHARE, random_state=seed)
    return next(splitter.split(counts, (counts > 0).astype(int)))[1]


def multilearn(counts, seed, order):
    from skmultilearn.model_selection import IterativeStratification

    # It draws from numpy's global generator, and calls its folds by the shares asked for.
    np.random.seed(seed)  # noqa: NPY002
    splitter = IterativeStratification(n_splits=2, order=order, sample_distribution_per_fold=[SHARE, 1 - SHARE])
    return next(splitter.split(counts, (counts > 0).astype(int)))[1]


def ours(counts, seed):
    return np.flatnonzero(choose_test(counts, SHARE, seed, 3000))


PEERS = {
    "iterative-stratification": iterative_stratification,
    "scikit-multilearn order 1": lambda counts, seed: multilearn(counts, seed, 1),
    "scikit-multilearn order 2": lambda counts, seed: multilearn(counts, seed, 2),
}


def measure(name, counts, peers, seeds):
    """Rows of the table for one table of counts; the peer in them is the best of all, in each row."""
    counts = counts[:, (counts > 0).sum(axis=0) > 1]  # a species in one recording can't be divided
    mean, worst, lost, took = {}, {}, {}, {}
    for splitter, function in {"ours": ours, **peers}.items():
        results, times = [], []
        for seed in range(seeds):
            start = time.perf_counter()
            results.append(function(counts, seed))
            times.append(time.perf_counter() - start)
        off = [deviations(counts, test) for test in results]
        mean[splitter] = statistics.mean(map(np.mean, off))
        worst[splitter] = max(map(np.max, off))
        lost[splitter] = max(int(((counts[t] > 0).sum(axis=0) % (counts > 0).sum(axis=0) == 0).sum()) for t in results)
        took[splitter] = statistics.median(times)
        print(f"{name}, {splitter}: mean {mean[splitter]:.4f}, worst {worst[splitter]:.3f}, "
              f"species on one side only {lost[splitter]}, {took[splitter]:.2f} s, "
              f"recordings {100 * len(results[0]) / len(counts):.1f} %")  # fmt: skip
        if splitter == "ours":
            own = own_bound(counts)
            over = np.max([o - own for o in off])
            joint, rare = joint_bound(counts)
            limit = float((joint - own[rare]).max(initial=0))
            print(f"{name}, limits: mean {own.mean():.4f} for each species alone; ours is at most {over:.4f} over it, "
                  f"and rare species that share recordings make {limit:.4f} of that unavoidable")  # fmt: skip
    best = {what: min(v for k, v in values.items() if k != "ours")
            for what, values in (("mean", mean), ("worst", worst), ("took", took))}  # fmt: skip
    return {
        f"{name}: mean deviation": row(mean["ours"], best["mean"], "share of windows"),
        f"{name}: worst deviation": row(worst["ours"], best["worst"], "share of windows"),
        f"{name}: time": row(took["ours"], best["took"], "s"),
    }


def main():
    parser = arguments(__doc__, recordings=1612)
    parser.add_argument("--tables", type=int, default=3, help="long-tailed tables to try")
    parser.add_argument("--large", type=int, default=0, help="a table with so many recordings as well, say 100000")
    parser.add_argument("--pond", default="mini", help="size of the pond")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", FutureWarning)  # of the peers
    ours(long_tail(100, 5, 0), 0)
    pond = al.load_dataset("pond", size=chosen.pond)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    counts = windows.groupby("fname")[species_columns(windows)].sum().to_numpy()
    table = measure("pond", counts, PEERS, chosen.rounds)
    for k in range(chosen.tables):
        table |= measure(f"long tail {k}", long_tail(chosen.recordings, 42, k), PEERS, chosen.rounds)
    if chosen.large:
        fast = {"iterative-stratification": iterative_stratification}
        counts = long_tail(chosen.large, 42, 0, most=0.28 * chosen.large)
        table |= measure(f"{chosen.large} recordings", counts, fast, 1)
    packages = ["iterative-stratification", "scikit-multilearn", "numpy", "scipy"]
    show(table, f"{chosen.rounds} seeds each", packages, chosen.json)


if __name__ == "__main__":
    main()
