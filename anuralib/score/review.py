"""From scores to truth by listening: which clips to review, and what the answers say of all that was recorded.

A score is no chance, and a count above a threshold is no number of calls: it lacks what was missed and holds what was
taken for a call. Both can be put right from a few clips that were drawn at random from each range of scores.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

_RIDGE = 1e-3  # keeps the curve finite where one score parts all calls from all else
_COLUMNS = ("score", "low", "high", "present")


def _checked_scores(scores) -> pd.Series:
    if not isinstance(scores, pd.Series):
        raise ValueError("scores must be a Series, one score for each clip, with the clips' names as index")
    if not len(scores) or not np.isfinite(scores.to_numpy(float)).all():
        raise ValueError("scores must hold at least one clip, and no NaN or infinite score")
    twice = scores.index[scores.index.duplicated()]
    if len(twice):
        raise ValueError(f"{twice[0]} stands in two rows of the scores; give each clip a name of its own")
    return scores.astype(float)


def _edges(scores: np.ndarray, bins: int | Sequence[float]) -> np.ndarray:
    """Where the bins begin, from below every score to above it."""
    if isinstance(bins, int | np.integer) and not isinstance(bins, bool):
        if bins < 1:
            raise ValueError(f"bins must be 1 or more, or the scores at which a new bin begins; got {bins}")
        inner = np.quantile(scores, 1 - 0.5 ** np.arange(1, bins))  # the upper half, halved again and again
    else:
        inner = np.asarray(bins, dtype=float)
        if inner.ndim != 1 or not np.isfinite(inner).all() or (np.diff(inner) <= 0).any():
            raise ValueError(f"bins must be 1 or more, or rising scores at which a new bin begins; got {bins!r}")
    return np.unique(np.concatenate([[-np.inf], inner, [np.inf]]))


def draw_clips(scores: pd.Series, bins: int | Sequence[float] = 4, per_bin: int = 25, seed: int = 0) -> pd.DataFrame:
    """Draw clips to review: so many at random from each range of scores.

    Of the clips of a season nearly all have a low score. A random draw would show the reviewer hardly a call, and one
    of the highest scores nothing of what is missed. The draw for a larger `per_bin`, with the same `seed` and scores,
    holds the one for a smaller: review the first, and go on where the interval is too wide.

    Parameters
    ----------
    scores : Series
        A score for each clip of the season, without a threshold, high where the species is likely; clips as index.
    bins : int or sequence of float
        A number: the lower half of the scores, the next quarter, the next eighth and so on (Navine et al. 2024, doi
        10.3389/fbirs.2024.1380636). Or the scores at which a new bin begins.
    per_bin : int
        Clips of each bin; all of them where there are fewer.
    seed : int

    Returns
    -------
    DataFrame, index clip
        `score`; `low` and `high`, the bin, to which `low` belongs and `high` does not; `stands_for`: how many clips of
        its bin each stands for. In random order, so that the place says nothing of the score. Add the
        column `present`, and hand it to `precision_at` and `call_density`.

    Raises
    ------
    ValueError
        Scores without a name each, or not finite; impossible bins.

    Examples
    --------
    >>> scores = pd.Series(range(80), index=[f"clip {k}" for k in range(80)])
    >>> al.draw_clips(scores, bins=3, per_bin=5).groupby("low")["stands_for"].sum().tolist()
    [40.0, 20.0, 20.0]
    """
    scores = _checked_scores(scores)
    if isinstance(per_bin, bool) or not isinstance(per_bin, int | np.integer) or per_bin < 1:
        raise ValueError(f"per_bin must be a whole number from 1 on, not {per_bin!r}")
    edges = _edges(scores.to_numpy(), bins)
    place = np.searchsorted(edges, scores, side="right") - 1
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(scores))
    turn = pd.Series(place[order]).groupby(place[order]).cumcount().to_numpy()
    drawn = rng.permutation(order[turn < per_bin])
    bin_of = place[drawn]
    n_clips, n_drawn = (np.bincount(places, minlength=len(edges)) for places in (place, bin_of))
    table = {"score": scores.iloc[drawn], "low": edges[bin_of], "high": edges[bin_of + 1],
             "stands_for": n_clips[bin_of] / n_drawn[bin_of]}  # fmt: skip
    return pd.DataFrame(table).rename_axis("clip")


def _checked_review(reviewed: pd.DataFrame) -> pd.DataFrame:
    """The clips with an answer, `present` as bool; one whose answer is missing was not reviewed."""
    lost = [column for column in _COLUMNS if column not in reviewed]
    if lost:
        raise ValueError(f"the reviewed clips have no column {', '.join(lost)}; draw_clips gives score, low and high, "
                         "and present, 1 or 0, is what you heard")  # fmt: skip
    reviewed = reviewed[reviewed["present"].notna()]
    present = reviewed["present"].to_numpy(dtype=float)
    if not len(reviewed) or not np.isin(present, (0, 1)).all():
        raise ValueError("present must be 1 or 0 (empty for a clip without an answer), for at least one clip")
    return reviewed.assign(present=present == 1)


def _counts(scores: np.ndarray, reviewed: pd.DataFrame, threshold: float) -> np.ndarray:
    """Of each bin, at or above the threshold: clips, reviewed ones, and those with the species."""
    rows = []
    for (low, high), clips in reviewed.groupby(["low", "high"]):
        n_clips = int(((scores >= max(low, threshold)) & (scores < high)).sum())
        heard = clips.loc[clips["score"] >= threshold, "present"]
        if n_clips and not len(heard):
            raise ValueError(f"no reviewed clip of the bin from {low:g} to {high:g} lies at or above {threshold:g}: "
                             "review more clips there, or take a threshold at which a bin begins")  # fmt: skip
        rows.append((n_clips, len(heard), int(heard.sum())))
    counts = np.array(rows)
    n_above = int((scores >= threshold).sum())
    if not n_above:
        raise ValueError(f"no clip has a score of {threshold:g} or more; the highest is {scores.max():g}")
    if counts[:, 0].sum() != n_above or (counts[:, 1] > counts[:, 0]).any():
        raise ValueError("the reviewed clips and the scores don't belong together: give the scores from which the "
                         "clips were drawn, and a reviewed clip from each bin")  # fmt: skip
    return counts[counts[:, 0] > 0]


def _share(scores, reviewed, threshold, level, prior, seed, n_draws=4000):
    """Share of the clips at or above a threshold that hold the species, by bins."""
    if not 0 < level < 1 or not prior > 0:
        raise ValueError(f"need 0 < level < 1 and prior > 0, got {level} and {prior}")
    scores, reviewed = _checked_scores(scores), _checked_review(reviewed)
    n, heard, found = _counts(scores.to_numpy(), reviewed, threshold).T
    rng = np.random.default_rng(seed)
    chance = rng.beta(found + prior, heard - found + prior, size=(n_draws, len(n)))
    total = (found + rng.binomial(n - heard, chance)).sum(axis=1) / n.sum()  # what was reviewed is known
    estimate = float((n * found / heard).sum() / n.sum())
    low, high = np.quantile(total, [(1 - level) / 2, (1 + level) / 2])
    return {"estimate": estimate, "low": min(float(low), estimate), "high": max(float(high), estimate),
            "n_reviewed": int(heard.sum()), "n_clips": int(n.sum())}  # fmt: skip


def call_density(
    scores: pd.Series, reviewed: pd.DataFrame, level: float = 0.95, prior: float = 0.5, seed: int = 0
) -> dict:
    """Share of all clips that hold the species, whatever their score (call density; Navine et al. 2024).

    .. code-block:: text

        density = sum over bins of  (share of the clips in the bin) * (share of its reviewed clips with the species)

    Each bin's share has a beta distribution; the interval is that of the sum, over draws from them.
    It is one for the clips of `scores`, of which the reviewed ones must be a random draw in each bin. Clips of one
    night resemble each other; that does no harm here, for the clips that were not reviewed are there and only have not
    been heard. For other nights than these it says nothing.

    Parameters
    ----------
    scores : Series
        As for `draw_clips`.
    reviewed : DataFrame
        What `draw_clips` gave, and `present`: 1 where you heard the species, 0 where not, empty where you did not
        listen.
    level : float
    prior : float
        Clips with and without the species that are added to each bin. A half is Jeffreys' prior. Less trusts a bin
        without a call sooner to have none.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        estimate, low, high (0 to 1), n_reviewed, n_clips.

    Raises
    ------
    ValueError
        If columns are missing, `present` is not 1 or 0, or the clips are not from these scores.

    Examples
    --------
    >>> scores = pd.Series(np.linspace(-3, 3, 600))
    >>> clips = al.draw_clips(scores, per_bin=20)
    >>> clips["present"] = clips["score"] > 2
    >>> round(al.call_density(scores, clips)["estimate"], 2)
    0.18
    """
    return _share(scores, reviewed, -np.inf, level, prior, seed)


def precision_at(
    scores: pd.Series,
    reviewed: pd.DataFrame,
    threshold: float,
    level: float = 0.95,
    prior: float = 0.5,
    seed: int = 0,
) -> dict:
    """Share of the clips with this score or more that hold the species, from reviewed clips of each bin.

    Parameters
    ----------
    scores, reviewed, level, prior, seed
        As for `call_density`.
    threshold : float

    Returns
    -------
    dict
        estimate, low, high (0 to 1), n_reviewed and n_clips at or above the threshold.

    Raises
    ------
    ValueError
        As for `call_density`; if no clip, or in some bin no reviewed one, has so high a score.
    """
    return _share(scores, reviewed, float(threshold), level, prior, seed)


def score_curve(reviewed: pd.DataFrame, at: Sequence[float] | None = None, level: float = 0.95) -> pd.DataFrame:
    """The chance that a clip of a score holds the species: a logistic curve through reviewed clips.

    How many clips of each score were reviewed does not matter, as long as they were drawn by nothing but their score.
    The curve is one for clips like these: at another site, or with another recorder, draw and review again.

    Parameters
    ----------
    reviewed : DataFrame
        `score` and `present`, as for `call_density`.
    at : sequence of float, optional
        Scores at which to give it; by default 101 from the lowest to the highest reviewed.
    level : float
        Of the band around the curve, from the curvature of the likelihood (Wald).

    Returns
    -------
    DataFrame, index score
        probability, low, high.

    Raises
    ------
    ValueError
        If the species is in all reviewed clips or in none.
    """
    reviewed = _checked_review(reviewed.assign(low=-np.inf, high=np.inf))
    x, y = reviewed["score"].to_numpy(float), reviewed["present"].to_numpy()
    if y.all() or not y.any():
        raise ValueError(f"the species is in {'all' if y.all() else 'none'} of the {len(y)} reviewed clips: there is "
                         "no curve to draw; review clips of other scores")  # fmt: skip
    at = np.linspace(x.min(), x.max(), 101) if at is None else np.asarray(at, dtype=float)
    middle, spread = x.mean(), x.std() or 1.0
    design = np.column_stack([np.ones_like(x), (x - middle) / spread])

    def loss(beta):
        logit = design @ beta
        value = np.logaddexp(0, logit).sum() - logit[y].sum() + _RIDGE * beta[1] ** 2 / 2
        return value, design.T @ (expit(logit) - y) + [0, _RIDGE * beta[1]]

    beta = minimize(loss, np.zeros(2), jac=True, method="BFGS").x
    chance = expit(design @ beta)
    covariance = np.linalg.inv((design.T * (chance * (1 - chance))) @ design + np.diag([1e-9, _RIDGE]))
    rows = np.column_stack([np.ones_like(at), (at - middle) / spread])
    logit, error = rows @ beta, np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    half = norm.ppf((1 + level) / 2) * error
    columns = {"probability": expit(logit), "low": expit(logit - half), "high": expit(logit + half)}
    return pd.DataFrame(columns, index=pd.Index(at, name="score"))
