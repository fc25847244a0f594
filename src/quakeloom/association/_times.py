"""Travel times for association: per phase and receiver level on a regular grid.

Every candidate asks for thousands of times, so they are bilinear in tables of equal steps. What
the model leaves open stands beside them: the standard deviation of a time, from the scatter of an
ensemble or as a share of the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError, LayeredModel, compiled
from quakeloom.travel import trace_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KERNEL = {"error_model": "numpy", "nogil": True, "fastmath": False}
"""How the loops of this room are compiled: no checks of divisions, and sums in the order written,
so that results are the same bytes anywhere."""

PHASES: tuple[Literal["P", "S"], ...] = ("P", "S")
"""Phases in the order of all arrays of this room."""

_STEP_KM = 0.5
"""Step of the tables, km. Chosen here: interpolation errs by less than 0.02 s from 2 km on."""

_POINTS = 1200
"""Most points of a table along distance; the step grows beyond. Chosen here: 600 km at 0.5 km."""

_LEVEL_KM = 0.5
"""Step of receiver levels that are traced, km; stations lie between two (chosen here)."""

_STATION_LEVEL_KM = 0.05
"""Step to which stations are put on levels, km. Chosen here: 10 ms."""


class TimeTables(NamedTuple):
    """Travel times and their standard deviations, as the compiled loops read them.

    Attributes
    ----------
    time_s, sigma_s : float32, shape (2, levels, distances, depths)
        P first.
    step_km : float
        Of distance and of depth.
    top_km : float
        Depth of the first row.
    """

    time_s: NDArray[np.float32]
    sigma_s: NDArray[np.float32]
    step_km: float
    top_km: float


class Stations(NamedTuple):
    """Stations in the local plane.

    Attributes
    ----------
    place : ndarray, shape (stations, 3)
        Depth, north, east in km.
    level : ndarray of int, shape (stations,)
        Receiver level of :class:`TimeTables`.
    """

    place: Floats
    level: Ints


def place_levels(depth_km: Floats) -> tuple[Ints, Floats]:
    """Put stations on receiver levels.

    Parameters
    ----------
    depth_km : ndarray, shape (stations,)
        Below sea level.

    Returns
    -------
    level : ndarray of int, shape (stations,)
    level_km : ndarray, shape (levels,)
        Depths of the levels that are used, increasing.
    """
    steps = np.round(np.nan_to_num(depth_km) / _STATION_LEVEL_KM)
    used, level = np.unique(steps, return_inverse=True)
    return level.astype(np.int64), used * _STATION_LEVEL_KM


def trace_times(
    models: Sequence[LayeredModel],
    level_km: Floats,
    reach_km: float,
    depth_range_km: tuple[float, float],
    sigma: tuple[float, float] = (0.02, 0.1),
) -> TimeTables:
    """Trace the tables of one layered model, or of an ensemble.

    Parameters
    ----------
    models : sequence of LayeredModel
        With S velocities. Times are those of their mean; with two or more, the scatter of the
        members is the standard deviation, and shares of the time are not asked.
    level_km : ndarray
        Depths of receivers, see :func:`place_levels`.
    reach_km : float
        Largest epicentral distance.
    depth_range_km : (float, float)
        Of sources.
    sigma : (float, float)
        Standard deviation of a time as a share of it, and what is added, s.

    Raises
    ------
    InputError
        If there is no model, or one has no S velocities.
    """
    if not models:
        raise InputError("There is no velocity model, so no pick can be associated; give one.")
    step = max(_STEP_KM, reach_km / (_POINTS - 1))
    distance = step * np.arange(math.ceil(reach_km / step) + 2)
    top = math.floor(depth_range_km[0] / step) * step
    depth = top + step * np.arange(math.ceil((depth_range_km[1] - top) / step) + 2)
    low = np.floor(level_km / _LEVEL_KM).astype(int)
    traced = {int(n): n * _LEVEL_KM for n in np.unique(np.concatenate([low, low + 1]))}
    members = np.empty((len(models), 2, level_km.size, distance.size, depth.size), np.float32)
    for m, model in enumerate(models):
        for p, phase in enumerate(PHASES):
            found = {
                n: trace_table(
                    model, depth, distance, phase=phase, receiver_depth_km=at
                ).travel_time_s.T
                for n, at in traced.items()
            }
            for k, at in enumerate(level_km):
                share = at / _LEVEL_KM - low[k]
                members[m, p, k] = (1.0 - share) * found[low[k]] + share * found[low[k] + 1]
    mean = members.mean(axis=0, dtype=np.float64).astype(np.float32)
    if len(models) > 1:
        spread = members.std(axis=0, ddof=1, dtype=np.float64).astype(np.float32)
    else:
        spread = (sigma[0] * mean + sigma[1]).astype(np.float32)
    return TimeTables(mean, spread, float(step), float(top))


@compiled(**KERNEL)
def look_up(
    tables: TimeTables, phase: int, level: int, distance: float, depth: float
) -> tuple[float, float]:
    """Return a travel time and its standard deviation, s; beyond the tables their edge counts."""
    x = distance / tables.step_km
    z = (depth - tables.top_km) / tables.step_km
    i = min(max(int(x), 0), tables.time_s.shape[2] - 2)
    j = min(max(int(z), 0), tables.time_s.shape[3] - 2)
    a, b = x - i, z - j
    w00, w01 = (1.0 - a) * (1.0 - b), (1.0 - a) * b
    w10, w11 = a * (1.0 - b), a * b
    t, s = tables.time_s, tables.sigma_s
    time = (
        w00 * t[phase, level, i, j] + w01 * t[phase, level, i, j + 1]
        + w10 * t[phase, level, i + 1, j] + w11 * t[phase, level, i + 1, j + 1]
    )  # fmt: skip
    sigma = (
        w00 * s[phase, level, i, j] + w01 * s[phase, level, i, j + 1]
        + w10 * s[phase, level, i + 1, j] + w11 * s[phase, level, i + 1, j + 1]
    )  # fmt: skip
    return time, sigma


@compiled(**KERNEL)
def look_up_slopes(
    tables: TimeTables, phase: int, level: int, distance: float, depth: float
) -> tuple[float, float, float, float]:
    """Return time, standard deviation, and the slopes of time along distance and depth, s/km."""
    x = distance / tables.step_km
    z = (depth - tables.top_km) / tables.step_km
    i = min(max(int(x), 0), tables.time_s.shape[2] - 2)
    j = min(max(int(z), 0), tables.time_s.shape[3] - 2)
    a, b = x - i, z - j
    t = tables.time_s
    t00, t01 = float(t[phase, level, i, j]), float(t[phase, level, i, j + 1])
    t10, t11 = float(t[phase, level, i + 1, j]), float(t[phase, level, i + 1, j + 1])
    time = (1 - a) * ((1 - b) * t00 + b * t01) + a * ((1 - b) * t10 + b * t11)
    along = ((1 - b) * (t10 - t00) + b * (t11 - t01)) / tables.step_km
    down = ((1 - a) * (t01 - t00) + a * (t11 - t10)) / tables.step_km
    return time, float(tables.sigma_s[phase, level, i, j]), along, down
