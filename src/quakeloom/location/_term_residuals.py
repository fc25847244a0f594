"""Residuals of an event in every member, and what of them no hypocenter takes up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.location._density import EventPicks
from quakeloom.location._interpolation import Floats, Ints, member_times
from quakeloom.location._options import LocationOptions
from quakeloom.location._smoothing import LOOSE, mean_slopes
from quakeloom.location._tables import NEVER, EnsembleTimes

_PLACINGS = 3
"""Steps of the hypocenter of each member toward its picks in a pass."""

_LONGEST_STEP_KM = 5.0
"""Longest of them: times are not linear over more. Chosen here."""

_HUBER = 2.5
"""Standard deviations from which on residuals of Gaussian errors count less (Huber 1981)."""

_FREE = np.diag([LOOSE, LOOSE, LOOSE, 0.0])
"""Prior precision of a change of hypocenter and origin time."""


@dataclass(frozen=True)
class TermEvent:
    """A located event, as the terms need it.

    Attributes
    ----------
    picks : EventPicks
        Used picks in a plane; variance as it is stated.
    key : ndarray of int, shape (picks,)
        Number of station and phase; -1 for those without a term.
    is_s : ndarray of bool, shape (picks,)
    place : ndarray, shape (3,)
        Depth, north and east where it was located.
    path_variance : ndarray, shape (picks,)
        Part of the variance that events close by share, as paths to the station.
    crowd : ndarray, shape (picks,)
        Number of events that share it.
    """

    picks: EventPicks
    key: Ints
    is_s: NDArray[np.bool_]
    place: Floats
    path_variance: Floats
    crowd: Floats


def project_out(design: Floats, weight: Floats) -> Floats:
    """``W - W F (F' W F)^-1 F' W``: the precision of picks with the hypocenter free."""
    weighed = design * weight[:, None]
    inside = np.linalg.solve(design.T @ weighed + _FREE, weighed.T)
    return np.asarray(np.diag(weight) - weighed @ inside)


def robust_precision(residual: Floats, variance: Floats, options: LocationOptions) -> Floats:
    """Return robust precisions of picks: Student's t, or Huber's for Gaussian errors."""
    if options.likelihood == "gaussian":
        off = np.abs(residual) / np.sqrt(variance)
        return np.asarray(np.minimum(1.0, _HUBER / np.maximum(off, 1e-12)) / variance)
    freedom = options.freedom
    return np.asarray((freedom + 1.0) / (freedom * variance + residual**2))


def member_residuals(
    times: EnsembleTimes,
    event: TermEvent,
    delay: Floats,
    variance: Floats,
    options: LocationOptions,
) -> tuple[Floats, Floats] | None:
    """Residuals of every member at its own best hypocenter, delays left in, and the design.

    Returns
    -------
    residual : ndarray, shape (picks, members)
    design : ndarray, shape (picks, 4)
        Derivatives by depth, north, east and origin time.
    """
    picks, members = event.picks, times.member_count
    design = np.column_stack(
        [mean_slopes(times, picks, event.place, options), np.ones(picks.time_s.size)]
    )
    weighed = design / variance[:, None]
    solve = np.linalg.solve(design.T @ weighed + _FREE, weighed.T)
    place = np.repeat(event.place[None, :], members, axis=0)
    found = np.empty((members, picks.time_s.size))
    index = np.arange(members)
    for step in range(_PLACINGS + 1):
        member_times(times.arrays, place, index, picks.receivers, found)
        reached = np.all(np.isfinite(found) & (found < NEVER), axis=1)
        if not reached.any():
            return None
        residual = picks.time_s[:, None] - np.where(reached[:, None], found, 0.0).T
        if step == _PLACINGS:
            break
        change = (solve @ (residual - delay))[:3].T
        size = np.abs(change).max(axis=1)
        change *= np.minimum(1.0, _LONGEST_STEP_KM / np.maximum(size, 1e-12))[:, None]
        place = place + np.where(reached[:, None], change, 0.0)
        place[:, 0] = np.clip(place[:, 0], options.minimum_depth_km, options.maximum_depth_km)
    # delays may have moved the event far from where it was located: rays that leave in other
    # directions would seem to tell of what hypocenters can take up
    design[:, :3] = mean_slopes(times, picks, place[reached].mean(axis=0), options)
    if not reached.all():
        # a member without rays says nothing: it takes the mean of the others
        residual[:, ~reached] = residual[:, reached].mean(axis=1, keepdims=True)
    return residual, design
