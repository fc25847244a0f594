"""One round of Gauss and Newton over some events: sources, then sums without them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import ExactSums
from quakeloom.structure._arrivals import Arrivals, EventChecks
from quakeloom.structure._grid import StructurePrior
from quakeloom.structure._sources import FittedSources, ModelTimes, SourcePrior, fit_sources
from quakeloom.structure._sums import StructurePoint, sum_events
from quakeloom.structure._weights import first_weights

Floats = NDArray[np.float64]

_REFITS = 3
"""Times that wrong picks are left out and sources fitted again in the starting model; chosen
here."""


@dataclass(frozen=True)
class RoundOfEvents:
    """What a round needs to know of some events.

    Attributes
    ----------
    arrivals : Arrivals
        Events numbered from 0.
    source : ndarray, (events, 4)
        Where the search for sources starts.
    place_km : ndarray, (events, 3)
        Starting places, which a prior of sources is around.
    share : ndarray, (picks,)
        Probability that a pick is right.
    weight : ndarray, (picks,)
        What it counts, 1/s^2.
    """

    arrivals: Arrivals
    source: Floats
    place_km: Floats
    share: Floats
    weight: Floats

    def events(self, which: NDArray[np.int64]) -> RoundOfEvents:
        """Return some events, numbered anew in their order."""
        number = np.full(len(self.source), -1)
        number[which] = np.arange(which.size)
        picks = np.flatnonzero(number[self.arrivals.event] >= 0)
        arrivals = self.arrivals.subset(picks)
        return RoundOfEvents(
            replace(arrivals, event=number[arrivals.event]), self.source[which],
            self.place_km[which], self.share[picks], self.weight[picks],
        )  # fmt: skip


@dataclass(frozen=True)
class FirstRound:
    """What the starting model says of some events.

    Attributes
    ----------
    sums : ExactSums
    fitted : FittedSources
    share : ndarray, (picks,)
        1 where a pick counts, 0 where it is far off.
    status, reason : list of str
        Of every event, of ``EVENT_STATES``.
    """

    sums: ExactSums
    fitted: FittedSources
    share: Floats
    status: list[str]
    reason: list[str]


def starting_point(prior: StructurePrior, stations: int) -> StructurePoint:
    """Return the starting model, with no delays."""
    return StructurePoint(prior, np.zeros(prior.size), np.zeros(2 * stations))


def first_round(
    prior: StructurePrior,
    arrivals: Arrivals,
    place_km: Floats,
    checks: EventChecks,
    largest_s: float = 1.0,
    source_error_km: tuple[float, float] = (0.0, 0.0),
    order: int = 2,
) -> FirstRound:
    """Fit sources in the starting model, leave out wrong picks and events, and sum.

    Nothing depends on other events, so sums of partitions are those of the whole.
    """
    point = starting_point(prior, len(arrivals.station_km))
    times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km, order)
    sources = SourcePrior(place_km, source_error_km)
    start = np.column_stack([place_km, np.zeros(len(place_km))])
    share, variance = np.ones(arrivals.event.size), arrivals.sigma_s**2
    fitted = fit_sources(times, arrivals, start, share / variance, sources)
    for _ in range(_REFITS):
        found = _keep_most(arrivals, fitted.residual_s, largest_s)
        changed = np.bincount(arrivals.event, found != share, len(place_km)) > 0
        if not changed.any():
            break
        share = found
        again = fit_sources(times, arrivals, fitted.source, share / variance, sources)
        fitted = _replace_events(arrivals, fitted, again, changed)
    status, reason = _judge_fits(prior, arrivals, fitted, share, checks)
    good = np.array([s == "used" for s in status], dtype=bool)
    weight = np.where(good[arrivals.event] if good.size else False, share / variance, 0.0)
    sums = sum_events(point, times, arrivals, fitted, weight, sources)
    return FirstRound(sums, fitted, share, status, reason)


def later_round(
    point: StructurePoint,
    events: RoundOfEvents,
    source_error_km: tuple[float, float] = (0.0, 0.0),
    order: int = 2,
    summed: bool = True,
) -> tuple[FittedSources, ExactSums | None]:
    """Fit sources in a model and, if wanted, sum what they say of structure around it."""
    prior, arrivals = point.prior, events.arrivals
    times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km, order)
    sources = SourcePrior(events.place_km, source_error_km)
    delay = prior.term_spread_s * point.terms[arrivals.group]
    fitted = fit_sources(times, arrivals, events.source, events.weight, sources, delay)
    if not summed:
        return fitted, None
    inside = prior.grid.holds(fitted.source[:, :3], 1.0)
    weight = np.where(inside[arrivals.event], events.weight, 0.0)
    return fitted, sum_events(point, times, arrivals, fitted, weight, sources)


def _replace_events(
    arrivals: Arrivals, old: FittedSources, new: FittedSources, which: NDArray[np.bool_]
) -> FittedSources:
    """Take the new fit of some events alone: others stay what they are without these."""
    picks = which[arrivals.event]
    return FittedSources(
        np.where(which[:, None], new.source, old.source),
        np.where(picks, new.residual_s, old.residual_s),
        np.where(picks[:, None], new.slope, old.slope),
    )


def _keep_most(arrivals: Arrivals, residual_s: Floats, largest_s: float) -> Floats:
    """Return which picks count: not those far from the median of their event."""
    centered = residual_s.copy()
    starts = [*np.flatnonzero(np.diff(arrivals.event, prepend=-1)), arrivals.event.size]
    for first, last in itertools.pairwise(starts):
        # a wrong pick drags the origin time along; the median stays
        centered[first:last] -= np.median(residual_s[first:last])
    return first_weights(centered, largest_s).share


def _judge_fits(
    prior: StructurePrior,
    arrivals: Arrivals,
    fitted: FittedSources,
    share: Floats,
    checks: EventChecks,
) -> tuple[list[str], list[str]]:
    """Say what fitting the sources in the starting model makes of every event."""
    count = len(fitted.source)
    left = np.bincount(arrivals.event, share, count)
    total = np.bincount(arrivals.event, minlength=count)
    inside = prior.grid.holds(fitted.source[:, :3], 1.0)
    status, reason = [], []
    for i in range(count):
        depth, north, east = fitted.source[i, :3]
        if left[i] < checks.minimum_picks or left[i] < 0.5 * total[i]:
            status.append("misfit")
            reason.append(
                f"only {left[i]:.0f} of {total[i]} picks agree with one source in the starting "
                "model; look at its picks and its starting place"
            )
        elif not inside[i]:
            status.append("outside_model")
            reason.append(
                f"its picks ask for a source at the side of the grid (depth {depth:.1f}, north "
                f"{north:.1f}, east {east:.1f} km); widen the grid to use it"
            )
        else:
            status.append("used")
            reason.append("")
    return status, reason
