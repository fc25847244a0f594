"""An ensemble of velocity models that events are located in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.location._interpolation import Floats
from quakeloom.location._tables import EnsembleTimes

_SUBSET = 8
"""Members of the first search. Chosen here: their mixture lies where that of all does."""


@dataclass(frozen=True)
class Ensemble:
    """Times of all members, those of a few for the first search, and prior weights.

    Attributes
    ----------
    times : EnsembleTimes
    few : EnsembleTimes
        At most eight members, spread over all.
    log_weight, few_log_weight : ndarray
        Logarithms of the prior weights, which sum to 1.
    few_member : ndarray of int
        Numbers of the few.
    """

    times: EnsembleTimes
    few: EnsembleTimes
    log_weight: Floats
    few_log_weight: Floats
    few_member: NDArray[np.int64]


def make_ensemble(times: EnsembleTimes, weights: ArrayLike | None = None) -> Ensemble:
    """Prepare an ensemble for locating events.

    Parameters
    ----------
    times : EnsembleTimes
    weights : array_like, shape (members,), optional
        Prior weights of the members; equal if not given.
    """
    count = times.member_count
    prior = np.ones(count) if weights is None else np.asarray(weights, dtype=float)
    prior = prior / prior.sum()
    picked = np.unique(np.linspace(0, count - 1, min(_SUBSET, count)).round().astype(int))
    with np.errstate(divide="ignore"):
        return Ensemble(
            times,
            times if picked.size == count else times.subset(picked),
            np.log(prior),
            np.full(picked.size, -np.log(picked.size)),
            picked,
        )
