"""Where does a species live, if a visit may miss it, and if what is taken for it may be another?

Constant chances only, by maximum likelihood. For covariates, many species or space take `unmarked` or `spOccupancy` of
R, or biolith, which brings JAX and NumPyro.
"""

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, xlog1py, xlogy
from scipy.stats import chi2

_LARGEST = 12.0  # of the log-odds of a chance: between 6e-6 and 1 - 6e-6
_STARTS = [{"psi": -1.0, "p": 0.5, "q": -3.0, "certain": 0.0}, {"psi": 0.5, "p": -1.0, "q": -4.0, "certain": -1.0},
           {"psi": 1.5, "p": 1.5, "q": -1.5, "certain": 1.0}]  # fmt: skip


def _counts(detections, false_positives):
    """Of each site: visits without a detection, with one, and with one that is certain."""
    table = np.asarray(detections, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"detections must be (sites, visits), got {table.shape}")
    seen = table[~np.isnan(table)]
    if not np.isin(seen, (0, 1, 2)).all():
        raise ValueError("detections must be 0, 1, 2 (a detection that is certain), or NaN where there was no visit")
    if not (table > 0).any():
        raise ValueError("there is no detection at any site: nothing can be said of how often it is missed")
    counts = np.stack([(table == value).sum(axis=1) for value in (0, 1, 2)], axis=1).astype(float)
    if not false_positives:
        counts = np.column_stack([counts[:, 0], counts[:, 1:].sum(axis=1), np.zeros(len(counts))])
    counts = counts[counts.sum(axis=1) > 0]
    if counts.sum(axis=1).max() < 2:
        raise ValueError("each site has one visit; how often a visit misses the species can't be told from that")
    return counts


def _log_likelihood(counts, psi, p, q=0.0, certain=0.0):
    """Of the counts of all sites; p is the chance of a detection where the species lives, q where it does not."""
    none, some, sure = counts.T
    here = xlog1py(none, -p) + xlogy(some, p * (1 - certain)) + xlogy(sure, p * certain)
    away = xlog1py(none, -q) + xlogy(some, q) + np.where(sure > 0, -np.inf, 0.0)
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log(psi) + here, np.log1p(-psi) + away).sum()


def _best(counts, free, psi=None, starts=_STARTS):
    """Highest log-likelihood, its chances (psi, p, q, certain) and their log-odds; `free` names what is estimated."""

    def chances(theta):
        value = dict(zip(free, expit(theta), strict=True))
        p = value["p"]
        # Without certain detections the model can't tell the two kinds of site: where it lives it is found more often.
        q = value.get("q", 0.0) * (1.0 if "certain" in free else p)
        return value.get("psi", psi), p, q, value.get("certain", 0.0)

    def loss(theta):
        return -max(_log_likelihood(counts, *chances(theta)), -1e9)

    bounds = [(-_LARGEST, _LARGEST)] * len(free)
    fits = [minimize(loss, [start[name] for name in free], method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(fits, key=lambda fit: fit.fun)
    return -best.fun, chances(best.x), dict(zip(free, best.x, strict=True))


def occupancy(detections, false_positives: bool = False, level: float = 0.95) -> dict:
    """Share of sites where a species lives, from visits that may miss it (MacKenzie et al. 2002).

    The ordinary model knows misses only: each detection must be a true one. With `false_positives` a detection may be
    wrong: without certain ones (2) that is the mixture of Royle & Link (2006), which has nothing but the pattern of
    detections to go by, with them the model of Miller et al. (2011), where some detections are confirmed, by ear for
    instance, and can't be wrong.

    Parameters
    ----------
    detections : array or DataFrame, shape (sites, visits)
        0 nothing, 1 a detection, 2 a detection that is certain, NaN no visit. A visit may be a night. The species
        lives at a site throughout, or not at all; chances are the same at all sites and visits, which are independent.
    false_positives : bool
        Whether a detection may be wrong.
    level : float
        Of the interval, by profile likelihood.

    Returns
    -------
    dict
        estimate, low, high: of the chance that a site is occupied; detection, false_detection, certain: chance of a
        detection per visit where the species lives and where it does not, and that one is certain where it lives;
        naive: the share of sites with a detection; log_likelihood, n_sites.

    Raises
    ------
    ValueError
        Other values, no detection at all, or sites with one visit only.

    Examples
    --------
    >>> told = al.occupancy([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]])
    >>> round(told["naive"], 2), round(told["estimate"], 2)
    (0.67, 0.75)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    counts = _counts(detections, false_positives)
    others = ["p"] + ["q"] * bool(false_positives) + ["certain"] * bool(false_positives and counts[:, 2].any())
    top, (psi, p, q, certain), found = _best(counts, ["psi", *others])
    lowest = top - chi2.ppf(level, 1) / 2
    edge = expit(-_LARGEST)

    def above(value):
        return _best(counts, others, value, starts=[found, _STARTS[0]])[0] - lowest

    low = edge if above(edge) > 0 else brentq(above, edge, psi, xtol=1e-4)
    high = 1 - edge if above(1 - edge) > 0 else brentq(above, psi, 1 - edge, xtol=1e-4)
    return {"estimate": float(psi), "low": float(low), "high": float(high), "detection": float(p),
            "false_detection": float(q), "certain": float(certain),
            "naive": float((counts[:, 1:].sum(axis=1) > 0).mean()), "log_likelihood": float(top),
            "n_sites": len(counts)}  # fmt: skip
