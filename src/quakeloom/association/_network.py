"""What a network is known to do: where it picks, how wrong, and how often without an earthquake."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.association._times import KERNEL, Floats, Ints
from quakeloom.core import compiled

HOUR_S = 3600.0
"""Length over which false picks have one rate, s; hours are those of UTC."""

FREEDOM = 4.0
"""Degrees of freedom of residuals, Student's t (chosen here)."""

OUTLIERS = 0.05
"""Share of an event's picks whose residuals are uniform within the gate (chosen here)."""

GATE = 4.0
"""Residuals beyond so many standard deviations are no picks of the event (chosen here: Student's t
with 4 degrees has 1.6 % there)."""

SIZES = 20
"""Sizes of events that a score is summed over (chosen here: steps of 30 %)."""

SIZE_RANGE_KM = (6.0, 900.0)
"""Distances at which half of the picks are made, from the smallest to the largest event (chosen
here)."""


_POINTS, _POINTS_PER_UNIT = 90, 10.0
"""Points of the mean probability over ln r, and how many to a unit: 1 to 7,300 km."""


class Detection(NamedTuple):
    """How the probability of a pick falls with distance, and which sizes events have.

    ``P = most / (1 + exp((ln r - ln r_half) / width))``, ``r`` hypocentral. The distance ``r_half``
    is the size of an event; small ones are more frequent.

    Attributes
    ----------
    most : ndarray, shape (stations, 2)
        Probability of a pick at no distance; P, S.
    width : float
        In ln r.
    log_half : ndarray, shape (sizes,)
        ln of r_half in km.
    log_prior : ndarray, shape (sizes,)
    mean : ndarray, shape (points,)
        Probability over all sizes at ln r of 0, 0.1, ..., without that of the station.
    """

    most: Floats
    width: float
    log_half: Floats
    log_prior: Floats
    mean: Floats


class Rates(NamedTuple):
    """Rates of false picks, and when stations worked.

    Attributes
    ----------
    log_rate : ndarray, shape (stations * 2, hours)
        ln of picks per second.
    works : ndarray of bool, shape (stations * 2, hours)
    first_hour_s : float
        Start of the first hour.
    """

    log_rate: Floats
    works: NDArray[np.bool_]
    first_hour_s: float


class PickRows(NamedTuple):
    """Picks ordered by station, phase and time, as the compiled loops read them.

    Attributes
    ----------
    start : ndarray of int, shape (stations * 2 + 1,)
        Rows of every station and phase; slot ``2 station + phase``.
    time_s : ndarray, shape (picks,)
    variance : ndarray, shape (picks,)
        Of the pick alone, s squared.
    evidence : ndarray, shape (picks,)
        ln of how much more likely the picker's probability is for a true than a false pick.
    slot : ndarray of int, shape (picks,)
    """

    start: Ints
    time_s: Floats
    variance: Floats
    evidence: Floats
    slot: Ints


@dataclass(frozen=True)
class NetworkModel:
    """What is assumed of a network, and fitted to it.

    Attributes
    ----------
    most : float
        Probability of a pick near an event.
    width : float
        See :class:`Detection`.
    size_slope : float
        ln of the prior of sizes falls by this with ln of size.
    pick_scale : (float, float)
        Factors of the standard deviations of P and S residuals.
    events_a_day : float
        Expected in the whole volume.
    station_most : ndarray or None, shape (stations, 2)
        Where it was fitted.
    probability_evidence : ndarray or None, shape (2, bins)
        ln of the ratio of true to false picks in equal bins of the picker's probability.
    """

    most: float = 0.8
    width: float = 0.35
    size_slope: float = 1.0
    pick_scale: tuple[float, float] = (1.0, 1.0)
    events_a_day: float = 100.0
    station_most: Floats | None = field(default=None, repr=False)
    probability_evidence: Floats | None = field(default=None, repr=False)

    def detection(self, stations: int) -> Detection:
        """Return what the compiled loops read."""
        half = np.linspace(math.log(SIZE_RANGE_KM[0]), math.log(SIZE_RANGE_KM[1]), SIZES)
        prior = -self.size_slope * (half - half[0])
        prior -= np.log(np.exp(prior).sum())
        most = self.station_most
        if most is None:
            most = np.full((stations, 2), self.most)
        log_r = np.arange(_POINTS) / _POINTS_PER_UNIT
        fall = 1.0 / (1.0 + np.exp((log_r[:, None] - half) / self.width))
        return Detection(most, self.width, half, prior, fall @ np.exp(prior))

    def with_changes(self, **changes: object) -> NetworkModel:
        """Return the model with some values changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


@compiled(**KERNEL)
def mean_detection(detection: Detection, log_r: float) -> float:
    """Return the probability of a pick over all sizes, without that of the station."""
    at = min(max(log_r * _POINTS_PER_UNIT, 0.0), _POINTS - 1.001)
    i = int(at)
    return float(detection.mean[i] + (at - i) * (detection.mean[i + 1] - detection.mean[i]))


@compiled(**KERNEL)
def log_residual_density(residual: float, scale: float) -> float:
    """Return ln of the density of a residual: Student's t with some uniform, within a gate.

    -infinity beyond the gate.
    """
    u = abs(residual) / scale
    if u > GATE:
        return -np.inf
    # Student's t with 4 degrees of freedom: 3/8 (1 + u^2/4)^(-5/2)
    core = 0.375 * (1.0 + 0.25 * u * u) ** -2.5
    return math.log(((1.0 - OUTLIERS) * core + OUTLIERS / (2.0 * GATE)) / scale)


@compiled(**KERNEL)
def hour_of(rates: Rates, time_s: float) -> int:
    """Return the column of the rates that a time falls into; the edges count beyond them."""
    hour = int((time_s - rates.first_hour_s) / HOUR_S)
    return int(min(max(hour, 0), rates.log_rate.shape[1] - 1))


def count_rates(
    rows: PickRows, taken: NDArray[np.bool_], span_s: tuple[float, float], works_s: float
) -> Rates:
    """Count false picks by station, phase and hour of UTC, and tell when stations worked.

    Parameters
    ----------
    rows : PickRows
    taken : ndarray of bool, shape (picks,)
        Picks that belong to events and do not count.
    span_s : (float, float)
        From when to when there are picks.
    works_s : float
        A station works in an hour if it has any pick of any phase that near to it.

    Notes
    -----
    A rate is the mean over the hour and the two beside it, weighted 1:2:1, drawn by one pick to
    that of the whole time, so that it is never 0.
    """
    slots = rows.start.size - 1
    first = math.floor(span_s[0] / HOUR_S) * HOUR_S
    hours = max(1, math.ceil((span_s[1] - first) / HOUR_S))
    every = np.zeros((slots, hours))
    false = np.zeros((slots, hours))
    hour = np.clip(((rows.time_s - first) / HOUR_S).astype(int), 0, hours - 1)
    np.add.at(every, (rows.slot, hour), 1.0)
    np.add.at(false, (rows.slot[~taken], hour[~taken]), 1.0)
    edges = first + HOUR_S * np.arange(hours + 1)
    covered = np.clip(
        np.minimum(edges[1:], span_s[1]) - np.maximum(edges[:-1], span_s[0]), 1.0, None
    )
    by_station = every[0::2] + every[1::2]
    near = max(1, round(works_s / HOUR_S))
    sums = np.cumsum(np.pad(by_station, ((0, 0), (near + 1, near))), axis=1)
    heard = sums[:, 2 * near + 1 :] - sums[:, : -2 * near - 1]
    works = np.repeat(heard[:, :hours] > 0, 2, axis=0)
    padded, time = np.pad(false, ((0, 0), (1, 1))), np.pad(covered, 1)
    count = padded[:, :-2] + 2.0 * padded[:, 1:-1] + padded[:, 2:]
    seconds = time[:-2] + 2.0 * time[1:-1] + time[2:]
    whole = (false.sum(axis=1) + 0.5) / covered.sum()
    typical = float(np.median(whole[false.sum(axis=1) > 0])) if false.any() else 1e-4
    whole = np.where(every.sum(axis=1) > 0, whole, typical)
    rate = (count + 1.0) / (seconds + 1.0 / whole[:, None])
    return Rates(np.log(rate), works, first)
