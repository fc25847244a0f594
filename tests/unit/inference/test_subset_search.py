"""Every subset has the error that fitting it alone gives; planted columns are found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from quakeloom.core import InputError
from quakeloom.inference import (
    every_subset,
    exchange_subsets,
    fold_data,
    predict_folds,
    search_subsets,
    stratified_folds,
    subset_columns,
)


def planted(classes, rows=120, columns=4, seed=0):
    r = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    x = r.normal(size=(rows, columns))
    x[:, 1] += 1.2 * y
    x[:, 3] -= 2.0 * (y == 1)
    return fold_data(x, y, stratified_folds(y, 3, r))


def brute_force(data, make):
    errors = np.zeros((2 ** data.x.shape[2] - 1, len(data.x)))
    for k, subset in enumerate(every_subset(data.x.shape[2])):
        own = subset_columns(subset, data.x.shape[2])
        for f in range(len(data.x)):
            x, train = data.x[f][:, own], data.fold != f
            said = make().fit(x[train], data.y[train]).predict(x[~train])
            y = data.y[~train]
            errors[k, f] = np.mean([np.mean(said[y == c] != c) for c in range(data.classes)])
    return errors


@pytest.mark.parametrize("classes", [2, 3])
def test_errors_are_those_of_scikit_learn_subset_by_subset(classes):
    data = planted(classes)
    found = search_subsets(data, every_subset(4), "logistic", weight=10.0)
    peer = brute_force(data, lambda: LogisticRegression(C=10.0, tol=1e-8, max_iter=1000))
    assert found == pytest.approx(peer, abs=1e-12)
    best = int(every_subset(4)[found.mean(axis=1).argmin()])
    assert {1, 3} <= set(subset_columns(best, 4))
    # the probabilities of a subset give its errors
    wrong = predict_folds(data, best, "logistic", 10.0).argmax(axis=1) != data.y
    first = data.fold == 0
    share = np.mean([wrong[first & (data.y == c)].mean() for c in range(classes)])
    assert share == pytest.approx(found[best - 1, 0])


def test_discriminants_are_those_of_scikit_learn():
    """Classes are of nearly one size: both pool the covariances alike but for a row or two."""
    data = planted(3)
    found = search_subsets(data, every_subset(4), "discriminant")
    peer = brute_force(
        data, lambda: LinearDiscriminantAnalysis(solver="lsqr", priors=np.full(3, 1 / 3))
    )
    assert np.abs(found - peer).max() < 0.03
    assert np.mean(np.abs(found - peer) > 1e-9) < 0.1


def test_sixteen_columns_have_65535_subsets_and_25_are_refused():
    assert every_subset(16).size == 65535
    with pytest.raises(InputError, match="25 columns have"):
        every_subset(25)


def test_a_class_with_fewer_rows_than_folds_and_a_constant_column_are_told():
    r = np.random.default_rng(1)
    y = np.array([0] * 8 + [1] * 2)
    with pytest.raises(InputError, match="smallest class has 2 samples"):
        stratified_folds(y, 3, r)
    fold = stratified_folds(y, 2, r)
    with pytest.raises(InputError, match="Column 2 has one value"):
        fold_data(np.column_stack([r.normal(size=10), np.ones(10)]), y, fold)


def test_exchange_over_indicators_finds_the_best_of_all():
    data = planted(3, columns=8)
    every = search_subsets(data, every_subset(8), "discriminant")
    drawn = exchange_subsets(
        8, lambda s: search_subsets(data, s, "discriminant"), np.random.default_rng(2), 100
    )
    assert drawn.errors.mean(axis=1).min() == pytest.approx(every.mean(axis=1).min())
    assert len(drawn.subsets) < 255
