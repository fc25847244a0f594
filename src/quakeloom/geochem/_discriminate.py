"""Which elements tell settings or sources of rocks apart: subsets by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.geochem._compositions import centered_log_ratio
from quakeloom.inference import (
    FoldedData,
    every_subset,
    exchange_subsets,
    fold_data,
    predict_folds,
    search_subsets,
    stratified_folds,
)

Floats = NDArray[np.float64]
Model = Literal["logistic", "discriminant"]

_RESAMPLES = 50
"""Resamples of the folds by which the choice of columns is judged; chosen here."""


@dataclass(frozen=True)
class DiscriminateOptions:
    """How subsets of columns are searched; see the settings of `discriminate`.

    Attributes
    ----------
    search : str
        Model by which subsets are compared.
    weight : float
        Of the loss in the logistic regression (C).
    folds, nested_folds : int
        0 nested folds: the error of the choice is not told.
    balanced : bool
    exhaustive_columns : int
        Columns up to which every subset is tried.
    sweeps : int
        Of the exchange above that.
    """

    search: Model = "logistic"
    weight: float = 10.0
    folds: int = 10
    nested_folds: int = 5
    balanced: bool = True
    exhaustive_columns: int = 16
    sweeps: int = 400


@dataclass(frozen=True)
class Score:
    """How well classes are told apart by rows that were not fitted.

    Attributes
    ----------
    balanced, balanced_sd : float
        Mean over classes of the shares that are right: mean and standard deviation over folds.
    accuracy, log_loss : float
        Share of rows that are right; mean of minus the logarithm of the probability of the truth.
    """

    balanced: float
    balanced_sd: float
    accuracy: float
    log_loss: float


@dataclass(frozen=True)
class DiscriminateResult:
    """All subsets that were tried, and what follows from them.

    Attributes
    ----------
    subsets : ndarray of uint64
        By their error, the best first.
    error, error_se : ndarray, (subset,)
        Mean over folds, and its standard error.
    exhaustive : bool
    settled : bool
        False where chains of the exchange ended in different subsets.
    weight : ndarray, (column,)
        Share of the subsets within a standard error of the best that have the column.
    stability : ndarray, (column,)
        Share of resamples of the folds in whose best subset the column is.
    scores : dict of str to Score
        ``all columns``, ``chosen``, and ``chosen, nested``.
    probabilities : ndarray, (row, class)
        Of the chosen columns, by the fold that tests a row.
    failed : int
        Subsets of which a fit did not converge.
    """

    subsets: NDArray[np.uint64]
    error: Floats
    error_se: Floats
    exhaustive: bool
    settled: bool
    weight: Floats
    stability: Floats
    scores: dict[str, Score]
    probabilities: Floats
    failed: int


def make_features(parts: Floats, others: Floats, transform: str) -> Floats:
    """Return columns for discrimination, (row, part and others).

    Parameters
    ----------
    parts : ndarray, (row, part)
        Positive concentrations; units may differ between columns, which shifts their logarithms.
    others : ndarray, (row, other)
        Ratios of isotopes.
    transform : str
        ``log_ratio``: centered logarithms of ratios; ``raw``: as they are.
    """
    own = centered_log_ratio(parts) if transform == "log_ratio" and parts.shape[1] else parts
    return np.column_stack([own, others])


def analyze_classes(
    x: Floats, y: NDArray[np.int64], options: DiscriminateOptions, stream: np.random.Generator
) -> DiscriminateResult:
    """Search subsets of columns and tell how well the best one discriminates.

    The best of many subsets looks better than it is: the nested score chooses again without the
    rows that it is judged by.

    Parameters
    ----------
    x : ndarray, (row, column)
    y : ndarray of int, (row,)
        Classes from 0.
    options : DiscriminateOptions
    stream : numpy.random.Generator

    Raises
    ------
    InputError
        If there are fewer rows than columns, fewer than two classes, or a class with fewer rows
        than folds.
    """
    classes = int(y.max()) + 1
    if classes < 2 or len(y) <= x.shape[1]:
        raise InputError(
            f"{len(y)} samples of {classes} classes with {x.shape[1]} columns cannot be told "
            "apart: two classes and more samples than columns are needed. Nothing was computed; "
            "name fewer `elements`, or add samples."
        )
    data = fold_data(x, y, stratified_folds(y, options.folds, stream))
    subsets, errors, settled = _search(data, options, stream)
    mean = np.nanmean(errors, axis=1)
    failed = np.isnan(errors).any(axis=1)
    ranked = np.where(failed, np.inf, mean)
    # of equal errors the subset with fewer columns is first
    size = np.array([bin(int(s)).count("1") for s in subsets])
    order = np.lexsort((subsets, size, np.round(ranked, 12)))
    subsets, errors, mean = subsets[order], errors[order], mean[order]
    error_se = errors.std(axis=1, ddof=1) / np.sqrt(options.folds)
    columns = x.shape[1]
    has = (subsets[:, None] >> np.arange(columns, dtype=np.uint64)) & np.uint64(1)
    near = mean <= mean[0] + error_se[0]
    everything = 2**columns - 1
    chosen = predict_folds(data, int(subsets[0]), "logistic", options.weight)
    scores = {
        "all columns": _score(data, predict_folds(data, everything, "logistic", options.weight)),
        "chosen": _score(data, chosen),
    }
    if options.nested_folds:
        scores["chosen, nested"] = _nested(x, y, options, stream)
    return DiscriminateResult(
        subsets, mean, error_se, columns <= options.exhaustive_columns, settled,
        has[near].mean(axis=0), _stability(errors, has, stream), scores, chosen,
        int(failed.sum()),
    )  # fmt: skip


def _search(
    data: FoldedData, options: DiscriminateOptions, stream: np.random.Generator
) -> tuple[NDArray[np.uint64], Floats, bool]:
    columns = data.x.shape[2]

    def evaluate(subsets: NDArray[np.uint64]) -> Floats:
        return search_subsets(data, subsets, options.search, options.weight, options.balanced)

    if columns <= options.exhaustive_columns:
        subsets = every_subset(columns)
        return subsets, evaluate(subsets), True
    drawn = exchange_subsets(columns, evaluate, stream, options.sweeps)
    return drawn.subsets, drawn.errors, drawn.agree


def _score(data: FoldedData, probabilities: Floats) -> Score:
    """Score the rows, each by the fold that tests it."""
    right = probabilities.argmax(axis=1) == data.y
    balanced = []
    for f in range(len(data.x)):
        own = data.fold == f
        there = np.unique(data.y[own])
        balanced.append(np.mean([right[own & (data.y == c)].mean() for c in there]))
    chance = np.clip(probabilities[np.arange(len(data.y)), data.y], 1e-12, None)
    return Score(
        float(np.mean(balanced)), float(np.std(balanced)), float(right.mean()),
        float(-np.log(chance).mean()),
    )  # fmt: skip


def _nested(
    x: Floats, y: NDArray[np.int64], options: DiscriminateOptions, stream: np.random.Generator
) -> Score:
    outer = fold_data(x, y, stratified_folds(y, options.nested_folds, stream))
    probabilities = np.empty((len(y), outer.classes))
    for f in range(options.nested_folds):
        train = outer.fold != f
        least = int(np.bincount(y[train]).min())
        inner_folds = max(2, min(options.folds, 5, least))
        inner = fold_data(x[train], y[train], stratified_folds(y[train], inner_folds, stream))
        subsets, errors, _ = _search(inner, options, stream)
        best = int(subsets[np.nanargmin(np.nanmean(errors, axis=1))])
        one = FoldedData(outer.x[f][None], y, np.where(train, 1, 0).astype(np.int64), outer.classes)
        own = predict_folds(one, best, "logistic", options.weight)
        probabilities[~train] = own[~train]
    return _score(outer, probabilities)


def _stability(errors: Floats, has: NDArray, stream: np.random.Generator) -> Floats:
    folds = errors.shape[1]
    chosen = np.zeros(has.shape[1])
    for _ in range(_RESAMPLES):
        weights = np.bincount(stream.integers(0, folds, folds), minlength=folds) / folds
        total = errors @ weights
        chosen += has[np.nanargmin(total)]
    return chosen / _RESAMPLES
