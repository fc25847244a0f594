"""Times of a model at sources, and the sources that fit them best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.structure._arrivals import Arrivals
from quakeloom.structure._grid import StructureGrid
from quakeloom.travel import EikonalSolution, solve_eikonal

Floats = NDArray[np.float64]

_ROUNDS = 15
"""Steps of the search for sources at most (chosen here: most need four)."""

_STEP_KM = 5.0
"""Longest step of a source; chosen here."""

_STUCK = 1e4
"""Damping at which a source that did not fit better any more is left; chosen here."""

_SETTLED = 1e-4
"""A source that fits better by less than this, in squared errors, is found; chosen here."""


@dataclass(frozen=True)
class SourcePrior:
    """What is thought of sources beforehand: a Gaussian around the starting place.

    Attributes
    ----------
    place_km : ndarray, (events, 3)
        Depth, north, east.
    error_km : tuple of float
        Vertical and horizontal standard deviation; 0 for none: sources are free.
    """

    place_km: Floats
    error_km: tuple[float, float] = (0.0, 0.0)

    @property
    def precision(self) -> Floats:
        """One over the variance of depth, north, east and origin time, (4,)."""
        down, aside = (0.0 if e <= 0 else 1.0 / e**2 for e in self.error_km)
        return np.array([down, aside, aside, 0.0])


class ModelTimes:
    """First arrivals of one model from all stations, P and S, solved when they are asked for.

    Parameters
    ----------
    grid : StructureGrid
    velocities : (p, s)
        At the solver's nodes, km/s.
    station_km : ndarray, (stations, 3)
    order : int
        Of the eikonal solver.
    """

    def __init__(
        self, grid: StructureGrid, velocities: tuple[Floats, Floats], station_km: Floats,
        order: int = 2,
    ) -> None:  # fmt: skip
        self.grid = grid
        self.velocities = velocities
        self.station_km = station_km
        self.order = order
        self._kept: dict[int, EikonalSolution] = {}

    def solve(self, group: int, keep: bool = True) -> EikonalSolution:
        """Return the times of a station and phase, see :attr:`Arrivals.group`."""
        if group in self._kept:
            return self._kept[group]
        phase, station = divmod(int(group), len(self.station_km))
        solution = solve_eikonal(
            self.velocities[phase], self.grid.spacing_km, self.station_km[station],
            self.grid.origin_km, order=self.order,
        )  # fmt: skip
        if keep:
            self._kept[group] = solution
        return solution

    def at(self, arrivals: Arrivals, source_km: Floats, slopes: bool = True) -> Floats:
        """Return times (s) and their gradients by depth, north, east, (picks, 4).

        Parameters
        ----------
        source_km : ndarray, (events, 3 or more)
        slopes : bool
            Whether gradients are wanted; zeros else.
        """
        out = np.zeros((arrivals.event.size, 4))
        points = source_km[arrivals.event, :3]
        group = arrivals.group
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        for first, last in zip(starts, [*starts[1:], order.size], strict=True):
            which = order[first:last]
            solution = self.solve(int(group[which[0]]))
            out[which, 0] = solution.times_at(points[which])
            if slopes:
                out[which, 1:] = solution.gradients_at(points[which])
        return out


@dataclass(frozen=True)
class FittedSources:
    """Sources that fit a model best.

    Attributes
    ----------
    source : ndarray, (events, 4)
        Depth, north, east (km) and origin time (s after the reference time).
    residual_s : ndarray, (picks,)
        Observed less computed.
    slope : ndarray, (picks, 3)
        Gradients of the times at the sources.
    """

    source: Floats
    residual_s: Floats
    slope: Floats


def fit_sources(
    times: ModelTimes,
    arrivals: Arrivals,
    source: Floats,
    weight: Floats,
    prior: SourcePrior,
    delay_s: Floats | None = None,
) -> FittedSources:
    """Search the sources of all events in one model by Levenberg and Marquardt's damping.

    Every event has its own damping, and all are stepped together; what one event is has no
    influence on another, to the last bit.

    Parameters
    ----------
    times : ModelTimes
    arrivals : Arrivals
    source : ndarray, (events, 4)
        Where the search starts.
    weight : ndarray, (picks,)
        One over the variance of the picks; 0 where a pick is not used.
    prior : SourcePrior
    delay_s : ndarray, (picks,), optional
        Delays of stations, taken off the times.
    """
    count, event = len(source), arrivals.event
    observed = arrivals.time_s - (0.0 if delay_s is None else delay_s)
    source = source.copy()
    source[:, :3] = _keep_inside(times.grid, source[:, :3])
    precision = prior.precision

    def look(at: Floats) -> tuple[Floats, Floats, Floats]:
        found = times.at(arrivals, at)
        left = observed - found[:, 0] - at[event, 3]
        away = at[:, :3] - prior.place_km
        misfit = np.bincount(event, weight * left**2, count) + (away**2) @ precision[:3]
        return found, left, misfit

    # origin time first: the weighted mean of what is left
    found, left, _ = look(source)
    total = np.bincount(event, weight, count)
    source[:, 3] += np.bincount(event, weight * left, count) / np.maximum(total, 1e-30)
    found, left, misfit = look(source)
    damping, active = np.full(count, 1e-2), np.ones(count, dtype=bool)
    for _ in range(_ROUNDS):
        normal, push = _normal_equations(arrivals, found[:, 1:], left, weight, count)
        away = np.column_stack([prior.place_km - source[:, :3], np.zeros(count)])
        normal[:, range(4), range(4)] += precision
        push += precision * away
        diagonal = normal[:, range(4), range(4)]
        normal[:, range(4), range(4)] += damping[:, None] * diagonal + 1e-9
        step = np.linalg.solve(normal, push[:, :, None])[:, :, 0]
        length = np.linalg.norm(step[:, :3], axis=1)
        step *= np.minimum(1.0, _STEP_KM / np.maximum(length, 1e-12))[:, None]
        trial = source + step
        trial[:, :3] = _keep_inside(times.grid, trial[:, :3])
        there, new_left, new_misfit = look(trial)
        better = active & (new_misfit < misfit)
        gained = np.where(better, misfit - new_misfit, 0.0)
        source = np.where(better[:, None], trial, source)
        taken = better[event]
        found = np.where(taken[:, None], there, found)
        left = np.where(taken, new_left, left)
        misfit = np.where(better, new_misfit, misfit)
        damping = np.where(better, damping * 0.2, damping * 10.0)
        # an event that is found stays as it is, however long others take
        active &= np.where(better, gained > _SETTLED, damping < _STUCK)
        if not active.any():
            break
    return FittedSources(source, left, found[:, 1:])


def _normal_equations(
    arrivals: Arrivals, slope: Floats, left: Floats, weight: Floats, count: int
) -> tuple[Floats, Floats]:
    """Return the matrices (events, 4, 4) and right-hand sides (events, 4) of all sources."""
    rows = np.column_stack([slope, np.ones(len(slope))])
    normal, push = np.zeros((count, 4, 4)), np.zeros((count, 4))
    for i in range(4):
        # bincount adds pick by pick, so that other events change nothing
        push[:, i] = np.bincount(arrivals.event, weight * rows[:, i] * left, count)
        for j in range(i, 4):
            sums = np.bincount(arrivals.event, weight * rows[:, i] * rows[:, j], count)
            normal[:, i, j] = normal[:, j, i] = sums
    return normal, push


def _keep_inside(grid: StructureGrid, points: Floats) -> Floats:
    """Move points to within the grid."""
    low = np.array([a[0] for a in grid.solver_axes_km]) + 1e-6
    high = np.array([a[-1] for a in grid.solver_axes_km]) - 1e-6
    return np.asarray(np.clip(points, low, high))
