"""Which minimum probability of first motions gives the best mechanisms.

Events are solved again and again, each time with the readings that are more probable than another
threshold. A low one keeps many readings and many errors, a high one few readings; the best is
where most events get a good mechanism (Uchide 2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.schema import QUALITIES, VARIABLES

Floats = NDArray[np.float64]

THRESHOLD, PROBABILITIES = VARIABLES["threshold_method"].values
"""How readings count: signs above a threshold, or all by their probabilities."""

CLOSE_DEG = 30.0
"""Mechanisms turned by no more than this from the truth count as right. Chosen here, between
the uncertainties that quality A (25 degrees) and B (35 degrees) allow."""


@dataclass(frozen=True)
class ThresholdTrials:
    """Events solved with several ways of counting readings; an entry per event and way.

    Attributes
    ----------
    event_id, method, quality : ndarray of object
        Identifier; :data:`THRESHOLD` or :data:`PROBABILITIES`; quality letter.
    minimum_probability, expected_error_rate : ndarray
        Of the way: readings less sure are left out, and that share of the others is wrong.
    solved : ndarray of bool
    polarity_count : ndarray of int
        Readings used.
    mechanism_rms_deg : ndarray
        Uncertainty, root mean square of the two planes'.
    rotation_from_truth_deg : ndarray
        NaN where the truth is not known.
    """

    event_id: NDArray[np.object_]
    method: NDArray[np.object_]
    quality: NDArray[np.object_]
    minimum_probability: Floats
    expected_error_rate: Floats
    solved: NDArray[np.bool_]
    polarity_count: NDArray[np.int64]
    mechanism_rms_deg: Floats
    rotation_from_truth_deg: Floats


@dataclass(frozen=True)
class ThresholdPoint:
    """What mechanisms came out with one way of counting readings.

    Attributes
    ----------
    method : str
    minimum_probability, expected_error_rate : float
    event_count, reading_count, solved_count : int
    quality_counts : dict of str to int
        Solved events by quality letter.
    worth : float
        Sum of what solved events of each letter are worth.
    common_count : int
        Events that every way has solved; the next two are medians and means over them.
    mechanism_rms_deg, rotation_from_truth_deg : float
        Mean uncertainty and median rotation from the truth; NaN for none.
    rotation_within_30_share : float
        Share of all solved events within :data:`CLOSE_DEG` of the truth; NaN for none.
    """

    method: str
    minimum_probability: float
    expected_error_rate: float
    event_count: int
    reading_count: int
    solved_count: int
    quality_counts: dict[str, int]
    worth: float
    common_count: int
    mechanism_rms_deg: float
    rotation_from_truth_deg: float
    rotation_within_30_share: float


def summarize_trials(trials: ThresholdTrials, weights: Mapping[str, float]) -> list[ThresholdPoint]:
    """Return the curve: for every way of counting readings what mechanisms came out.

    Parameters
    ----------
    trials : ThresholdTrials
    weights : mapping of str to float
        What an event of each quality letter is worth; letters left out are worth nothing.

    Returns
    -------
    list of ThresholdPoint
        Thresholds upward, then the probabilities.
    """
    method, least, solved = trials.method, trials.minimum_probability, trials.solved
    ways = set(zip(method.tolist(), least.tolist(), strict=True))
    keys = sorted(ways, key=lambda k: (k[0] != THRESHOLD, k[1]))
    # Spreads and rotations are compared on the same events: a high threshold solves only those
    # that are easy, and would look better for it.
    common = set(trials.event_id.tolist())
    for m, t in keys:
        common &= set(trials.event_id[(method == m) & (least == t) & solved].tolist())
    shared = np.isin(trials.event_id, sorted(common))
    rotation = trials.rotation_from_truth_deg
    points = []
    for m, t in keys:
        here = (method == m) & (least == t)
        counts = {q: int(np.sum(here & solved & (trials.quality == q))) for q in QUALITIES}
        known = here & solved & np.isfinite(rotation)
        points.append(
            ThresholdPoint(
                method=m,
                minimum_probability=t,
                expected_error_rate=float(trials.expected_error_rate[here][0]),
                event_count=int(here.sum()),
                reading_count=int(trials.polarity_count[here].sum()),
                solved_count=int(np.sum(here & solved)),
                quality_counts=counts,
                worth=float(sum(weights.get(q, 0.0) * n for q, n in counts.items())),
                common_count=len(common),
                mechanism_rms_deg=_mean(trials.mechanism_rms_deg[here & shared]),
                rotation_from_truth_deg=_median(rotation[known & shared]),
                rotation_within_30_share=_mean((rotation[known] <= CLOSE_DEG).astype(float)),
            )
        )
    return points


def choose_threshold(curve: Sequence[ThresholdPoint]) -> ThresholdPoint | None:
    """Return the threshold of most worth, the lowest of equals; None if none was tried.

    Where no reading has a probability all points are equal, and the lowest threshold is taken.
    """
    tried = [p for p in curve if p.method == THRESHOLD]
    return max(tried, key=lambda p: (p.worth, -p.minimum_probability), default=None)


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if values.size else float("nan")


def _median(values: Floats) -> float:
    return float(np.median(values)) if values.size else float("nan")
