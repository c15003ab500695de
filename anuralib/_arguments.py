"""Checks of arguments, and the small arithmetic that goes with them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def check_scores(y_true, y_prob, species=None):
    """Labels (bool) and probabilities (float) as arrays, and the names of their columns."""
    if isinstance(y_true, pd.DataFrame):
        given = list(y_true.columns)
        if species is not None and list(species) != given:
            lost = [code for code in species if code not in given]
            if lost:
                raise ValueError(f"species not among the columns of y_true: {lost}")
            y_true = y_true[list(species)]
            if not isinstance(y_prob, pd.DataFrame) and np.shape(y_prob)[1:] == (len(given),):
                y_prob = np.asarray(y_prob)[:, [given.index(code) for code in species]]
        species = list(y_true.columns)
    if isinstance(y_prob, pd.DataFrame):
        if species is not None:
            lost = [code for code in species if code not in y_prob.columns]
            if lost:
                raise ValueError(f"species not among the columns of y_prob: {lost}")
            y_prob = y_prob[list(species)]
        species = list(y_prob.columns) if species is None else species
    try:
        y_true = np.asarray(y_true, dtype=float)
        y_prob = np.asarray(y_prob, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y_true and y_prob must be numbers ({error}); of a windows frame give the species "
            "columns only, windows[dataset.species]"
        ) from error
    if y_true.ndim != 2 or y_true.shape != y_prob.shape:
        raise ValueError(
            "y_true and y_prob must both be (windows, species), "
            f"got {y_true.shape} and {y_prob.shape}"
        )
    if 0 in y_true.shape:
        raise ValueError(f"no windows or no species to score: shape {y_true.shape}")
    if not np.isin(y_true, (0, 1)).all():
        raise ValueError("y_true must hold only 0 and 1")
    if not (y_prob.min() >= 0 and y_prob.max() <= 1):  # written so that NaN fails, too
        raise ValueError(
            "y_prob must lie between 0 and 1, without NaN: are these logits? `predict` gives "
            "probabilities"
        )
    names = range(y_true.shape[1]) if species is None else list(species)
    if len(names) != y_true.shape[1]:
        raise ValueError(f"{len(names)} species named for {y_true.shape[1]} columns")
    if len(set(names)) < len(names):
        raise ValueError("a species is named twice")
    return y_true.astype(bool), y_prob, pd.Index(names, name="species")


def check_labels(labels, n):
    """Labels of n windows (or recordings) as an array of bool."""
    try:
        labels = np.asarray(labels, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"labels must be numbers ({error})") from error
    if labels.ndim != 2 or len(labels) != n or not labels.shape[1]:
        raise ValueError(f"labels must be ({n}, n_species), got {labels.shape}")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels must hold only 0 and 1")
    return labels.astype(bool)


def check_embeddings(embeddings):
    """Embeddings as an array of float."""
    x = np.asarray(embeddings, dtype=float)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"embeddings must be (N, D) with N > 0, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("embeddings hold NaN or infinite values")
    return x


def mean_and_spread(x, least=1e-6):
    """Of each column, to standardise with; a column that hardly changes has the spread 1."""
    mean, std = x.mean(axis=0), x.std(axis=0)
    return mean, np.where(std < least, 1.0, std)


def rows_by_recording(groups, n):
    """The rows of each recording, in the order in which they first occur; `groups` names the recording of each."""
    codes, recordings = pd.factorize(np.asarray(groups))
    if codes.shape != (n,) or (codes < 0).any():
        raise ValueError(f"groups must name a recording for each of the {n} windows")
    return [np.flatnonzero(codes == code) for code in range(len(recordings))]


def per_species(values, species, what):
    """A number for all species, or one each (array in order, Series or dict by name)."""
    if isinstance(values, Mapping | pd.Series):
        lost = [code for code in species if code not in values]
        if lost:
            raise ValueError(f"{what} has no entry for {lost}")
        return np.array([values[code] for code in species], dtype=float)
    values = np.asarray(values, dtype=float)
    if values.shape not in ((), (len(species),)):
        raise ValueError(f"{what} must be a number or {len(species)} numbers, one per species")
    return np.broadcast_to(values, len(species)).copy()


def ratio(numerator, denominator):
    """Element by element; 0 / 0 is NaN."""
    out = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)


def check_on_error(on_error: str) -> None:
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error must be "raise" or "skip", not {on_error!r}')
