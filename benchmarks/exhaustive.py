"""All subsets of 16 columns by logistic regression and ten folds, beside scikit-learn.

Both fit the same subsets and folds of 500 synthetic rocks of two settings in one run, on one
core; scikit-learn fits a sample of them, and what all would take follows. Times are CPU seconds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from _harness import Stopwatch, figure, print_result
from quakeloom.geochem import make_features, simulate_settings
from quakeloom.inference import (
    every_subset,
    fold_data,
    search_subsets,
    stratified_folds,
    subset_columns,
)

FOLDS = 10
"""Folds of cross-validation."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="eight columns in place of 16")
    columns = 8 if parser.parse_args().quick else 16
    clock = Stopwatch()
    stream = np.random.default_rng(1)
    truth = simulate_settings(500, 2, columns, 3, stream)
    x = make_features(truth.values, np.empty((500, 0)), "raw")
    data = fold_data(np.log(x), truth.setting, stratified_folds(truth.setting, FOLDS, stream))
    subsets = every_subset(columns)
    search_subsets(data, subsets[:1], "logistic", 10.0)  # compiles
    began = time.process_time()
    errors = search_subsets(data, subsets, "logistic", 10.0)
    own = (time.process_time() - began) / (len(subsets) * FOLDS)
    sample = stream.choice(len(subsets), 20, replace=False)
    began = time.process_time()
    peer = np.zeros((len(sample), FOLDS))
    for k, s in enumerate(sample):
        chosen = subset_columns(int(subsets[s]), columns)
        for f in range(FOLDS):
            train = data.fold != f
            fit = LogisticRegression(C=10.0, tol=1e-6, max_iter=1000)
            fit.fit(data.x[f][train][:, chosen], data.y[train])
            wrong = fit.predict(data.x[f][~train][:, chosen]) != data.y[~train]
            peer[k, f] = np.mean([wrong[data.y[~train] == c].mean() for c in range(2)])
    other = (time.process_time() - began) / (len(sample) * FOLDS)
    projected = len(subsets) * FOLDS
    name = "scikit-learn LogisticRegression (lbfgs)"
    print_result(
        "exhaustive",
        [
            figure("microseconds_per_fit", own * 1e6, "us", name, other * 1e6),
            figure("seconds_of_all_subsets", own * projected, "s", name, other * projected),
            figure("largest_difference_of_errors", float(np.abs(errors[sample] - peer).max()), "1"),
        ],
        {"columns": columns, "subsets": len(subsets), "rows": 500, "folds": FOLDS},
        clock.seconds(),
    )


if __name__ == "__main__":
    main()
