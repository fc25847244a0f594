"""Exhaustive search: every subset of columns is fitted and judged by cross-validation.

After Igarashi et al. (2016, J. Phys. Conf. Ser. 699) and Itano et al. (2020, Geosciences 10, 63):
with all errors known, the density of states and the shares of columns in the best models tell
whether one model stands out or many are as good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.core.compiled import compiled
from quakeloom.inference._logistic_kernels import fit_binary, fit_softmax, softmax_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Model = Literal["logistic", "discriminant"]

MOST_COLUMNS = 24
"""Columns up to which all subsets are tried: 2^24 - 1 are 16,777,215. Above, subsets are drawn by
:func:`quakeloom.inference.exchange_subsets`."""


@dataclass(frozen=True)
class FoldedData:
    """Rows in folds, the columns of each fold standardized by its training rows.

    Attributes
    ----------
    x : ndarray, (fold, row, column)
    y : ndarray of int, (row,)
        Classes from 0.
    fold : ndarray of int, (row,)
        The fold that tests a row.
    classes : int
    """

    x: Floats
    y: NDArray[np.int64]
    fold: NDArray[np.int64]
    classes: int


def stratified_folds(
    y: NDArray[np.int64], folds: int, stream: np.random.Generator
) -> NDArray[np.int64]:
    """Deal the rows of every class to folds in turn, in a random order.

    Raises
    ------
    InputError
        If a class has fewer rows than there are folds.
    """
    counts = np.bincount(y)
    if counts.min() < folds:
        raise InputError(
            f"The smallest class has {counts.min()} samples, and {folds} folds need that many. "
            "Nothing was computed; use fewer folds, or leave the class out."
        )
    fold = np.empty(len(y), np.int64)
    start = 0
    for c in range(len(counts)):
        rows = stream.permutation(np.flatnonzero(y == c))
        fold[rows] = (start + np.arange(len(rows))) % folds
        start += len(rows)
    return fold


def fold_data(x: Floats, y: NDArray[np.int64], fold: NDArray[np.int64]) -> FoldedData:
    """Standardize columns by the training rows of each fold, so that tests tell nothing.

    Raises
    ------
    InputError
        If a column does not vary in the training rows of a fold.
    """
    scaled = np.empty((int(fold.max()) + 1, *x.shape))
    for f in range(len(scaled)):
        train = x[fold != f]
        sd = train.std(axis=0)
        if not (sd > 0).all():
            raise InputError(
                f"Column {int(np.argmin(sd)) + 1} has one value in all training rows of a fold. "
                "Nothing was computed; leave it out."
            )
        scaled[f] = (x - train.mean(axis=0)) / sd
    return FoldedData(scaled, y.astype(np.int64), fold, int(y.max()) + 1)


def every_subset(columns: int) -> NDArray[np.uint64]:
    """Return all subsets but the empty one as bits: column k has the weight 2^k.

    Raises
    ------
    InputError
        If there are more than 24 columns.
    """
    if columns > MOST_COLUMNS:
        raise InputError(
            f"{columns} columns have {2.0**columns:.2g} subsets, more than can be tried. Nothing "
            f"was computed; search {MOST_COLUMNS} columns at most, or draw subsets by exchange."
        )
    return np.arange(1, 2**columns, dtype=np.uint64)


def subset_columns(subset: int, columns: int) -> list[int]:
    """Return the columns of a subset."""
    return [k for k in range(columns) if (int(subset) >> k) & 1]


def search_subsets(
    data: FoldedData,
    subsets: NDArray[np.uint64],
    model: Model = "logistic",
    weight: float = 1.0,
    balanced: bool = True,
) -> Floats:
    """Return the error of every subset in every fold, with the same folds for all.

    Parameters
    ----------
    data : FoldedData
    subsets : ndarray of uint64
        See :func:`every_subset`.
    model : str
        ``logistic``: regression with L2 penalty. ``discriminant``: normal densities of one
        covariance, the closed form that thousands of times as many subsets can be tried with.
    weight : float
        Of the loss beside the penalty (C of scikit-learn).
    balanced : bool
        The error is the mean over classes of the shares that are wrong, else of all rows.

    Returns
    -------
    ndarray, (subset, fold)
        NaN where a fit did not converge.
    """
    counts = np.array(
        [np.bincount(data.y[data.fold == f], minlength=data.classes) for f in range(len(data.x))]
    ).astype(float)
    share = np.zeros_like(counts)
    if balanced:
        there = (counts > 0).sum(axis=1, keepdims=True)
        share[counts > 0] = (1.0 / (counts * there))[counts > 0]
    else:
        share += 1.0 / counts.sum(axis=1, keepdims=True)
    if model == "discriminant":
        means, covariance, log_prior = _moments(data)
        return _search_discriminant(
            data.x, data.y, data.fold, subsets, share, means, covariance, log_prior
        )
    if data.classes == 2:
        return _search_binary(data.x, data.y, data.fold, subsets, weight, share)
    return _search_softmax(data.x, data.y, data.fold, subsets, weight, share, data.classes)


def predict_folds(
    data: FoldedData, subset: int, model: Model = "logistic", weight: float = 1.0
) -> Floats:
    """Return the probabilities of all classes for every row, by the fold that tests it."""
    own = np.array(subset_columns(subset, data.x.shape[2]))
    result = np.empty((len(data.y), data.classes))
    for f in range(len(data.x)):
        train, test = data.fold != f, data.fold == f
        x = np.ascontiguousarray(data.x[f][:, own])
        if model == "discriminant":
            result[test] = _discriminant_probabilities(data, f, own, x[test])
        elif data.classes == 2:
            w = np.zeros(len(own) + 1)
            fit_binary(x[train], data.y[train], weight, w)
            p = 1.0 / (1.0 + np.exp(-(x[test] @ w[:-1] + w[-1])))
            result[test] = np.column_stack([1.0 - p, p])
        else:
            w = np.zeros((data.classes, len(own) + 1))
            fit_softmax(x[train], data.y[train], weight, w)
            out = np.empty((int(test.sum()), data.classes))
            softmax_rows(x[test], w, out)
            result[test] = out
    return result


def _discriminant_probabilities(data: FoldedData, f: int, own: NDArray, x: Floats) -> Floats:
    means, covariance, log_prior = _moments(data)
    inverse = np.linalg.inv(covariance[f][np.ix_(own, own)])
    centers = means[f][:, own]
    score = x @ inverse @ centers.T - 0.5 * np.einsum("ci,ij,cj->c", centers, inverse, centers)
    score += log_prior[f]
    score = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(score / score.sum(axis=1, keepdims=True))


def _moments(data: FoldedData) -> tuple[Floats, Floats, Floats]:
    """Means of classes, covariance within classes and logarithms of priors, of every fold.

    Priors are equal: classes of a collection are as frequent as people sampled them.
    """
    folds, _, p = data.x.shape
    means = np.zeros((folds, data.classes, p))
    covariance = np.zeros((folds, p, p))
    for f in range(folds):
        train = data.fold != f
        x, y = data.x[f][train], data.y[train]
        for c in range(data.classes):
            means[f, c] = x[y == c].mean(axis=0)
        rest = x - means[f, y]
        covariance[f] = rest.T @ rest / (len(x) - data.classes) + 1e-6 * np.eye(p)
    return means, covariance, np.full((folds, data.classes), -np.log(data.classes))


@compiled(error_model="numpy", nogil=True)
def _columns_of(subset: np.uint64, columns: int, own: Integers) -> int:
    k = 0
    for j in range(columns):
        if (subset >> np.uint64(j)) & np.uint64(1):
            own[k] = j
            k += 1
    return k


@compiled(error_model="numpy", nogil=True)
def _search_binary(
    x: Floats,
    y: Integers,
    fold: Integers,
    subsets: NDArray[np.uint64],
    weight: float,
    share: Floats,
) -> Floats:
    folds, rows, columns = x.shape
    errors = np.zeros((subsets.size, folds))
    own = np.empty(columns, np.int64)
    part = np.empty((rows, columns))
    label = np.empty(rows, np.int64)
    for s in range(subsets.size):
        k = _columns_of(subsets[s], columns, own)
        w = np.zeros(k + 1)
        for f in range(folds):
            n = 0
            for i in range(rows):
                if fold[i] != f:
                    for j in range(k):
                        part[n, j] = x[f, i, own[j]]
                    label[n] = y[i]
                    n += 1
            # the coefficients of the fold before are a near start
            if not fit_binary(part[:n, :k], label[:n], weight, w):
                errors[s, f] = np.nan
                w[:] = 0.0
                continue
            for i in range(rows):
                if fold[i] == f:
                    z = w[k]
                    for j in range(k):
                        z += x[f, i, own[j]] * w[j]
                    if (z > 0.0) != (y[i] == 1):
                        errors[s, f] += share[f, y[i]]
    return errors


@compiled(error_model="numpy", nogil=True)
def _search_softmax(
    x: Floats,
    y: Integers,
    fold: Integers,
    subsets: NDArray[np.uint64],
    weight: float,
    share: Floats,
    classes: int,
) -> Floats:
    folds, rows, columns = x.shape
    errors = np.zeros((subsets.size, folds))
    own = np.empty(columns, np.int64)
    for s in range(subsets.size):
        k = _columns_of(subsets[s], columns, own)
        w = np.zeros((classes, k + 1))
        for f in range(folds):
            train = np.flatnonzero(fold != f)
            part = np.empty((train.size, k))
            for i in range(train.size):
                for j in range(k):
                    part[i, j] = x[f, train[i], own[j]]
            if not fit_softmax(part, y[train], weight, w):
                errors[s, f] = np.nan
                w[:] = 0.0
                continue
            for i in range(rows):
                if fold[i] == f:
                    best, top = 0, -np.inf
                    for c in range(classes):
                        z = w[c, k]
                        for j in range(k):
                            z += x[f, i, own[j]] * w[c, j]
                        if z > top:
                            best, top = c, z
                    if best != y[i]:
                        errors[s, f] += share[f, y[i]]
    return errors


@compiled(error_model="numpy", nogil=True)
def _search_discriminant(
    x: Floats,
    y: Integers,
    fold: Integers,
    subsets: NDArray[np.uint64],
    share: Floats,
    means: Floats,
    covariance: Floats,
    log_prior: Floats,
) -> Floats:
    folds, rows, columns = x.shape
    classes = means.shape[1]
    errors = np.zeros((subsets.size, folds))
    own = np.empty(columns, np.int64)
    for s in range(subsets.size):
        k = _columns_of(subsets[s], columns, own)
        pick = own[:k]
        for f in range(folds):
            part = np.empty((k, k))
            centers = np.empty((k, classes))
            for i in range(k):
                for j in range(k):
                    part[i, j] = covariance[f, pick[i], pick[j]]
                for c in range(classes):
                    centers[i, c] = means[f, c, pick[i]]
            slopes = np.linalg.solve(part, centers)
            offset = np.empty(classes)
            for c in range(classes):
                offset[c] = log_prior[f, c] - 0.5 * (slopes[:, c] * centers[:, c]).sum()
            for i in range(rows):
                if fold[i] == f:
                    best, top = 0, -np.inf
                    for c in range(classes):
                        z = offset[c]
                        for j in range(k):
                            z += x[f, i, pick[j]] * slopes[j, c]
                        if z > top:
                            best, top = c, z
                    if best != y[i]:
                        errors[s, f] += share[f, y[i]]
    return errors
