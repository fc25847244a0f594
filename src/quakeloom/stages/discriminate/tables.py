"""Tables of subsets of elements, their errors, and settings told apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats import LeftOut
from quakeloom.geochem import DiscriminateResult
from quakeloom.schema import make_table

_MODELS = 1000
"""Subsets that are kept, the best; chosen here. The density of states counts all."""

_BINS = 60
"""Bins of the density of states; chosen here."""


@dataclass(frozen=True)
class ClassRocks:
    """Rocks with their settings, read or simulated.

    Attributes
    ----------
    samples, names, class_names : list of str
        Samples, columns and settings.
    classes : ndarray of int, (sample,)
    features : ndarray, (sample, column)
    left_out : list of LeftOut
    informative : list of int, optional
        Columns that tell settings apart, of synthetic rocks.
    """

    samples: list[str]
    names: list[str]
    class_names: list[str]
    classes: NDArray[np.int64]
    features: NDArray[np.float64]
    left_out: list[LeftOut] = field(default_factory=list)
    informative: list[int] | None = None


def discriminate_tables(rocks: ClassRocks, result: DiscriminateResult) -> dict[str, pa.Table]:
    """Return the tables of stage ``discriminate``, without what was put aside."""
    count = len(rocks.names)
    bits = np.arange(count, dtype=np.uint64)
    has = ((result.subsets[:, None] >> bits) & np.uint64(1)).astype(bool)
    best = min(_MODELS, len(has))
    edges = np.linspace(float(np.nanmin(result.error)), float(np.nanmax(result.error)), _BINS + 1)
    if edges[0] == edges[-1]:
        edges = np.array([edges[0], edges[0]])
    density = np.histogram(result.error[np.isfinite(result.error)], edges)[0]
    truth = np.full(count, -1, np.int8)
    if rocks.informative is not None:
        truth[:] = 0
        truth[rocks.informative] = 1
    chosen = int(has[0].sum())
    size = {"all columns": count}
    scores = result.scores
    return {
        "discriminate_models": make_table(
            "discriminate_models",
            {
                "column_names": [" ".join(np.array(rocks.names)[h]) for h in has[:best]],
                "column_count": has[:best].sum(axis=1).astype(np.int32),
                "cv_error": result.error[:best],
                "cv_error_se": result.error_se[:best],
                "near_best": result.error[:best] <= result.error[0] + result.error_se[0],
            },
        ),
        "discriminate_density": make_table(
            "discriminate_density",
            {"error_low": edges[:-1], "error_high": edges[1:], "subset_count": density},
        ),
        "discriminate_columns": make_table(
            "discriminate_columns",
            {
                "element": rocks.names,
                "column_weight": result.weight,
                "column_stability": result.stability,
                "column_chosen": has[0],
                "truly_informative": truth,
            },
        ),
        "discriminate_scores": make_table(
            "discriminate_scores",
            {
                "score_of": list(scores),
                "column_count": [np.int32(size.get(n, chosen)) for n in scores],
                "balanced_accuracy": [s.balanced for s in scores.values()],
                "balanced_accuracy_sd": [s.balanced_sd for s in scores.values()],
                "accuracy": [s.accuracy for s in scores.values()],
                "log_loss": [s.log_loss for s in scores.values()],
            },
        ),
        "discriminate_samples": make_table(
            "discriminate_samples",
            {
                "sample": rocks.samples,
                "stated_setting": [rocks.class_names[c] for c in rocks.classes],
                "predicted_setting": [
                    rocks.class_names[c] for c in result.probabilities.argmax(axis=1)
                ],
                "setting_probability": np.clip(
                    result.probabilities[np.arange(len(rocks.classes)), rocks.classes], 0.0, 1.0
                ),
            },
        ),
    }
