"""Small classifiers on embeddings, with scikit-learn's interface: what is learnt when the network is not.

All of them take labels of several species at once, (N, n_species) of 0 and 1, and give a probability of each. They can
be cloned, searched over and put in a `Pipeline`. What they say is judged like any other probability: thresholds by
`tune_thresholds`, calibration by `reliability` and `calibration_error`.
"""

import numpy as np
import pandas as pd
from scipy.linalg import solve
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.covariance import ledoit_wolf, shrunk_covariance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data
from threadpoolctl import threadpool_limits

from anuralib._arguments import check_labels, mean_and_spread


class _Head(ClassifierMixin, BaseEstimator):
    """What the heads share: checks, the scale of the embeddings, species that are never or always there."""

    def fit(self, X, y, groups=None):
        """Learn from embeddings and labels of windows.

        Parameters
        ----------
        X : array, shape (N, D)
            Embeddings of windows of the train subset.
        y : array or DataFrame, shape (N, n_species)
            0 or 1. Also, as in scikit-learn, a list of N answers of two kinds.
        groups : array, shape (N,), optional
            Recording of each window. Only `LogisticHead` needs it.

        Returns
        -------
        the head
            Its `classes_` are the species: the columns of a DataFrame, else their numbers.

        Raises
        ------
        ValueError
            Shapes that differ, NaN, labels other than 0 and 1.
        """
        labels = self._check_labels(y)
        x = validate_data(self, X, dtype=float)
        if len(labels) != len(x):
            raise ValueError(f"{len(x)} embeddings, but labels of {len(labels)} windows")
        if groups is not None and np.shape(groups) != (len(x),):
            raise ValueError(f"groups must name a recording for each of the {len(x)} windows")
        self.mean_, self.std_ = mean_and_spread(x)
        # Of a species that is never or always there: its share, half a window added to either side.
        self.share_ = (labels.sum(axis=0) + 0.5) / (len(labels) + 1)
        self.learnt_ = np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0))
        if len(self.learnt_):
            with threadpool_limits(1):  # the products are small: threads would wait for each other
                self._fit(self._scaled(x), labels[:, self.learnt_], groups)
        return self

    def predict_proba(self, X):
        """Probability of every species in every window, (N, n_species); of two answers, (N, 2)."""
        check_is_fitted(self)
        x = self._scaled(validate_data(self, X, dtype=float, reset=False))
        out = np.repeat(self.share_[None], len(x), axis=0)
        if len(self.learnt_):
            with threadpool_limits(1):
                out[:, self.learnt_] = self._proba(x)
        return np.hstack([1 - out, out]) if self._two_answers else out

    def predict(self, X):
        """Yes or no at a probability of one half; for better thresholds see `tune_thresholds`."""
        prob = self.predict_proba(X)
        if not self._two_answers:
            return (prob >= 0.5).astype(int)
        return self.classes_[(prob[:, 1] >= 0.5).astype(int) if len(self.classes_) > 1 else np.zeros(len(prob), int)]

    def _check_labels(self, y):
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        given = np.asarray(y)
        self._two_answers = given.ndim < 2
        if not self._two_answers:
            labels = check_labels(given, len(given))
            self.classes_ = y.columns.to_numpy() if isinstance(y, pd.DataFrame) else np.arange(labels.shape[1])
            return labels
        if given.dtype.kind == "f":
            assert_all_finite(given, input_name="y")
        check_classification_targets(given)
        self.classes_, number = np.unique(given, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError("Only binary classification is supported, or a column of 0 and 1 for each species; the "
                             "type of the target is multiclass")  # fmt: skip
        return number.astype(bool)[:, None]

    def _scaled(self, x):
        return (x - self.mean_) / self.std_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        return tags


class _Linear(_Head):
    """Heads whose log-odds are a weighted sum of the embedding."""

    def decision_function(self, X):
        """Log-odds of every species, (N, n_species); of two answers, (N,)."""
        prob = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            odds = np.log(prob) - np.log1p(-prob)
        return odds[:, 1] if self._two_answers else odds

    def _proba(self, x):
        return expit(x @ self.coef_.T + self.intercept_)


def _turned(x):
    """Fewer numbers a row where there are fewer rows than numbers: the same distances, and a quicker fit."""
    if x.shape[0] >= x.shape[1]:
        return x, None
    _, size, axes = np.linalg.svd(x, full_matrices=False)
    axes = axes[size > 1e-9 * size[0]] if size[0] > 0 else axes[:1]
    return x @ axes.T, axes


class LogisticHead(_Linear):
    """One logistic regression a species, with a penalty that is chosen on recordings that it has not learnt from.

    Parameters
    ----------
    penalties : sequence of float
        Strengths of the L2 penalty on the weights (1 / C of scikit-learn) to choose from. The one with the highest
        mean average precision in a cross-validation is taken, the larger of equals; it is the same for all species,
        because one with five examples can't choose for itself.
    folds : int
        Of the cross-validation; less if there are fewer recordings. With one recording there is nothing to choose by,
        and the middle one of the penalties is taken.

    Attributes
    ----------
    penalty_ : float
    scores_ : ndarray, one for each of the penalties
        Mean average precision in the cross-validation.
    coef_, intercept_ : ndarray, shape (n_learnt, D) and (n_learnt,)
        On standardised embeddings.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 5))
    >>> y = (x[:, :2] > 0.5).astype(int)
    >>> head = LogisticHead().fit(x[:40], y[:40], groups=np.repeat(np.arange(10), 4))
    >>> head.predict_proba(x[40:]).shape
    (20, 2)
    """

    def __init__(self, penalties=(0.1, 1.0, 10.0, 100.0), folds=5):
        self.penalties, self.folds = penalties, folds

    def _fit(self, x, y, groups):
        penalties = sorted(self.penalties)
        if not penalties or not penalties[0] > 0 or self.folds < 2:
            raise ValueError(f"penalties must be positive and folds 2 or more, got {penalties} and {self.folds}")
        self.scores_ = np.full(len(penalties), np.nan)
        self.penalty_ = penalties[(len(penalties) - 1) // 2]
        if len(penalties) > 1:
            self._choose(x, y, groups, penalties)
        turned, axes = _turned(x)
        coef, self.intercept_ = _logistic(turned, y, self.penalty_)
        self.coef_ = coef if axes is None else coef @ axes

    def _choose(self, x, y, groups, penalties):
        groups = np.arange(len(x)) if groups is None else pd.factorize(np.asarray(groups))[0]
        folds = min(self.folds, groups.max() + 1)
        if folds < 2:
            return
        said = np.zeros((len(penalties), *y.shape))
        for train, test in GroupKFold(folds, shuffle=True, random_state=0).split(x, groups=groups):
            turned, axes = _turned(x[train])
            asked = x[test] if axes is None else x[test] @ axes.T
            for k, penalty in enumerate(penalties):
                coef, intercept = _logistic(turned, y[train], penalty)
                said[k, test] = asked @ coef.T + intercept
        self.scores_ = np.array([np.mean([average_precision_score(*pair) for pair in zip(y.T, logits.T, strict=True)])
                                 for logits in said])  # fmt: skip
        self.penalty_ = penalties[len(penalties) - 1 - int(self.scores_[::-1].argmax())]


def _logistic(x, y, penalty):
    """Weights and bias of each column; of one that never changes its share alone."""
    coef, intercept = np.zeros((y.shape[1], x.shape[1])), np.empty(y.shape[1])
    for k, column in enumerate(y.T):
        if column.any() and not column.all():
            fitted = LogisticRegression(C=1 / penalty, max_iter=1000).fit(x, column)
            coef[k], intercept[k] = fitted.coef_[0], fitted.intercept_[0]
        else:
            intercept[k] = np.log((column.sum() + 0.5) / ((~column).sum() + 0.5))
    return coef, intercept


class DiscriminantHead(_Linear):
    """Linear discriminant analysis of each species, with one covariance for all that is drawn towards a round one.

    Quick, and nothing to choose. With fewer windows than numbers in an embedding only a covariance that is drawn to a
    round one can be inverted; how far is Ledoit & Wolf's formula (2004, doi 10.1016/S0047-259X(03)00096-4). Its
    probabilities are too sure of themselves.

    Parameters
    ----------
    shrinkage : "auto" or float
        How far, 0 (as it is) to 1 (round).

    Attributes
    ----------
    shrinkage_ : float
        How far it was drawn.
    coef_, intercept_ : ndarray, shape (n_learnt, D) and (n_learnt,)
        On standardised embeddings.
    """

    def __init__(self, shrinkage="auto"):
        self.shrinkage = shrinkage

    def _fit(self, x, y, groups):
        if self.shrinkage == "auto":
            covariance, self.shrinkage_ = ledoit_wolf(x, assume_centered=True)  # as they are standardised
        else:
            covariance, self.shrinkage_ = shrunk_covariance(x.T @ x / len(x), self.shrinkage), self.shrinkage
        middles = np.stack([[x[~yes].mean(axis=0), x[yes].mean(axis=0)] for yes in y.T])
        self.coef_ = solve(covariance, (middles[:, 1] - middles[:, 0]).T, assume_a="pos").T
        odds = np.log(y.sum(axis=0) / (~y).sum(axis=0))
        self.intercept_ = odds - np.einsum("kd,kd->k", self.coef_, middles.mean(axis=1))


class PrototypeHead(_Head):
    """The nearest of some prototypes of yes and of no for each species (Snell et al. 2017, arXiv:1703.05175).

    Parameters
    ----------
    n_prototypes : int
        For each answer of each species. One is the mean of its windows; several are the middles of a k-means of them,
        fewer where windows are fewer: a species may have more than one call, and silence more than one sound.
    random_state : int, RandomState or None
        Of the k-means.

    Attributes
    ----------
    prototypes_ : list of (ndarray, ndarray)
        Of no and of yes, each (n, D), of each species that was learnt, on standardised embeddings.

    Notes
    -----
    The probability is ``sigmoid(2 (d_no - d_yes) / d)`` with squared distances to the nearest prototypes, d the mean
    squared distance between those of yes and those of no. Good for ranking, not calibrated.
    """

    def __init__(self, n_prototypes=1, random_state=0):
        self.n_prototypes, self.random_state = n_prototypes, random_state

    def _fit(self, x, y, groups):
        if not self.n_prototypes >= 1:
            raise ValueError(f"n_prototypes must be 1 or more, got {self.n_prototypes}")
        random = check_random_state(self.random_state)
        self.prototypes_ = [(self._middles(x[~yes], random), self._middles(x[yes], random)) for yes in y.T]

    def _middles(self, x, random):
        n = min(self.n_prototypes, len(np.unique(x, axis=0)) if self.n_prototypes > 1 else 1)
        return x.mean(axis=0, keepdims=True) if n == 1 else KMeans(n, n_init=3, random_state=random).fit(
            x).cluster_centers_  # fmt: skip

    def _proba(self, x):
        out = np.empty((len(x), len(self.prototypes_)))
        for k, (no, yes) in enumerate(self.prototypes_):
            apart = _squared(no, yes).mean()
            nearer = _squared(x, no).min(axis=1) - _squared(x, yes).min(axis=1)
            out[:, k] = expit(2 * nearer / (apart if apart > 0 else 1.0))
        return out


def _squared(a, b):
    """Squared distances, (len(a), len(b))."""
    return (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)


class NeighbourHead(_Head):
    """What the nearest windows of the train subset hold, nearer ones counting more.

    Parameters
    ----------
    n_neighbours : int
        How many are asked; all, if there are fewer.
    metric : str
        Of scikit-learn's `NearestNeighbors`; "cosine" is the angle between standardised embeddings.
    """

    def __init__(self, n_neighbours=10, metric="cosine"):
        self.n_neighbours, self.metric = n_neighbours, metric

    def _fit(self, x, y, groups):
        if not self.n_neighbours >= 1:
            raise ValueError(f"n_neighbours must be 1 or more, got {self.n_neighbours}")
        self.index_ = NearestNeighbors(n_neighbors=min(self.n_neighbours, len(x)), metric=self.metric).fit(x)
        self.labels_ = y.astype(float)

    def _proba(self, x):
        distance, place = self.index_.kneighbors(x)
        weight = 1 / np.maximum(distance, 1e-6)
        weight *= weight.shape[1] / weight.sum(axis=1, keepdims=True)  # a vote for each on average
        # One more vote says how frequent the species is: nobody is sure after ten.
        votes = np.einsum("nk,nks->ns", weight, self.labels_[place]) + self.share_[self.learnt_]
        return votes / (weight.shape[1] + 1)
