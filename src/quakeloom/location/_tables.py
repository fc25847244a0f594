"""Travel times of an ensemble of velocity models, all members side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, LayeredModel
from quakeloom.location._interpolation import Axis, Floats, TimeTables
from quakeloom.travel import trace_table

Phase = Literal["P", "S"]

PHASES: tuple[Phase, Phase] = ("P", "S")
"""Phases that tables are made of, in their order."""

NO_RAY_S = 1e30
"""Time in the tables where no ray arrives: a number, so that sums with it stay fast, and so large
that its likelihood is nothing."""

NEVER = 1e29
"""Times in the tables that are longer say that no ray arrives; rounding of tables to single
precision, and the mean of some members, leave them above this."""

_MOST_BINS = 20_000
"""Bins that find the cells of an axis; with more they would not stay in fast memory. Chosen
here."""

_SPARE_S = 5.0
"""Added to the longest time of the tables when picks far off are put aside. Chosen here."""


@dataclass(frozen=True)
class EnsembleTimes:
    """Travel times of every member of an ensemble on one grid.

    There are two kinds. In one-dimensional models times depend on depth and epicentral distance;
    a group is a phase and a receiver level, and stations between two levels are interpolated (or
    it is a phase and a station, for tables that were made so). In two- and three-dimensional
    models a group is a phase and a station, on a grid in depth, north (or distance along a
    section) and east.

    Attributes
    ----------
    names : tuple of str
        Names of the members.
    values : ndarray of float32, shape (groups, depths, norths, easts, members)
        Times in s; divided by the straight distance to the station (s/km) if ``scaled``, which
        is smooth near a station where times are not.
    depth_km : ndarray
        Depths below sea level, increasing.
    north_km : ndarray
        Epicentral distances (one-dimensional models) or norths.
    east_km : ndarray
        Easts; a single one in one-dimensional models and in sections.
    radial : bool
        One-dimensional models.
    scaled : bool
    level_km : ndarray
        Depths of the receiver levels of one-dimensional models, increasing.
    stations : tuple of str
        Names of the stations of grids.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    depth_km: Floats
    north_km: Floats
    east_km: Floats
    radial: bool
    scaled: bool
    level_km: Floats
    stations: tuple[str, ...] = ()

    @property
    def member_count(self) -> int:
        """The number of members."""
        return len(self.names)

    @property
    def is_section(self) -> bool:
        """Whether the tables lie in a vertical section, with depths and distances alone."""
        return self.east_km.size == 1 and not self.radial

    @cached_property
    def longest_s(self) -> float:
        """Longest time in the tables, and a little more: no pick of an event is farther off."""
        parts, factor = list(self.values), 1.0
        if self.scaled:
            parts = [self.values[:, -1, -1, 0, :]]
            factor = float(np.hypot(self.north_km[-1], self.depth_km[-1]))
        # group by group, since tables can be large
        longest = max(float(np.max(p, where=p < NEVER, initial=0.0)) for p in parts)
        return longest * factor + _SPARE_S if longest else 0.0

    @cached_property
    def arrays(self) -> TimeTables:
        """What the compiled loops need: rows of members, and how to find them."""
        return TimeTables(
            self.radial,
            self.scaled,
            np.ascontiguousarray(self.values).reshape(-1, self.member_count),
            _make_axis(self.depth_km),
            _make_axis(self.north_km),
            _make_axis(self.east_km),
            1.0 / np.diff(self.north_km),
        )

    def subset(self, members: ArrayLike) -> EnsembleTimes:
        """Return the times of some members, in the order given."""
        index = np.asarray(members, dtype=np.int64)
        return EnsembleTimes(
            tuple(self.names[i] for i in index),
            np.ascontiguousarray(self.values[..., index]),
            self.depth_km, self.north_km, self.east_km, self.radial, self.scaled, self.level_km,
            self.stations,
        )  # fmt: skip

    def mean(self) -> EnsembleTimes:
        """Return the ensemble of one member whose times are the mean of all: one model."""
        mean = self.values.mean(axis=-1, dtype=np.float64, keepdims=True).astype(np.float32)
        return EnsembleTimes(
            ("mean",), mean, self.depth_km, self.north_km, self.east_km, self.radial, self.scaled,
            self.level_km, self.stations,
        )  # fmt: skip

    def receivers(
        self, phase: Sequence[str], depth_km: ArrayLike, station: Sequence[str] = ()
    ) -> tuple[NDArray[np.int64], Floats]:
        """Return the groups of picks and where between two levels their stations are.

        Parameters
        ----------
        phase : sequence of str
            ``P`` or ``S``.
        depth_km : array_like
            Depths of the stations, negative above sea level.
        station : sequence of str
            Names, needed for grids.

        Returns
        -------
        group : ndarray of int, shape (picks, 2)
            -1 where there is no table.
        level : ndarray, shape (picks,)
            Share of the second group.
        """
        number = np.array([PHASES.index(p) if p in PHASES else -1 for p in phase], dtype=np.int64)
        if self.stations:
            known = {name: i for i, name in enumerate(self.stations)}
            # tables of other programs know stations by their codes alone
            place = np.array(
                [known.get(s, known.get(s.split(".")[-1], -1)) for s in station], dtype=np.int64
            )
            group = np.where(
                (place < 0) | (number < 0), -1, number * len(self.stations) + place
            ).astype(np.int64)
            group[group * self.member_count >= self.values.shape[0] * self.member_count] = -1
            return np.stack([group, group], axis=1), np.zeros(group.size)
        levels = self.level_km
        depth = np.clip(np.asarray(depth_km, dtype=float), levels[0], levels[-1])
        lower = np.clip(np.searchsorted(levels, depth, side="right") - 1, 0, levels.size - 1)
        upper = np.minimum(lower + 1, levels.size - 1)
        gap = levels[upper] - levels[lower]
        share = np.where(gap > 0, (depth - levels[lower]) / np.where(gap > 0, gap, 1.0), 0.0)
        group = np.stack([number * levels.size + lower, number * levels.size + upper], axis=1)
        group[(number < 0) | (group[:, 1] >= self.values.shape[0])] = -1
        return group.astype(np.int64), share


def trace_member(
    model: LayeredModel,
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    level_km: ArrayLike,
    spherical: bool = False,
) -> NDArray[np.float32]:
    """Trace the P and S times of one layered model to all receiver levels.

    Returns
    -------
    ndarray of float32, shape (2 * levels, depths, distances)
        Times over the straight distance in s/km, P first; only P without S velocities.
    """
    depth = np.asarray(depth_km, dtype=float)
    distance = np.asarray(distance_km, dtype=float)
    groups = []
    for phase in PHASES if model.s_velocity_km_s is not None else PHASES[:1]:
        for level in np.atleast_1d(np.asarray(level_km, dtype=float)):
            table = trace_table(
                model, depth, distance, phase=phase, receiver_depth_km=float(level),
                spherical=spherical,
            )  # fmt: skip
            groups.append(scale_times(table.travel_time_s, depth, distance, float(level)))
    return np.stack(groups)


def scale_times(
    time_s: ArrayLike, depth_km: Floats, distance_km: Floats, level_km: float
) -> NDArray[np.float32]:
    """Divide times by the straight distance; at the receiver its neighbor's value is taken."""
    length = np.hypot(distance_km[None, :], depth_km[:, None] - level_km)
    slowness = np.asarray(time_s, dtype=float) / np.where(length > 0, length, np.nan)
    for i, j in zip(*np.nonzero(length == 0.0), strict=True):
        slowness[i, j] = slowness[i, min(j + 1, distance_km.size - 1)]
    return slowness.astype(np.float32)


def stack_members(
    names: Sequence[str],
    members: Sequence[NDArray[np.float32]],
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    level_km: ArrayLike,
) -> EnsembleTimes:
    """Stack the times of one-dimensional models, see :func:`trace_member`.

    Raises
    ------
    InputError
        If there is no member, or some have S times and others not.
    """
    if not members:
        raise InputError(
            "The ensemble has no member, so nothing can be located in it. Give a velocity model."
        )
    if len({m.shape for m in members}) != 1:
        raise InputError(
            "Some models of the ensemble have S velocities and others not, so S picks cannot be "
            "compared between them. Give S velocities everywhere, or a Vp/Vs ratio."
        )
    values = np.stack(members, axis=-1)[:, :, :, None, :]
    return EnsembleTimes(
        tuple(names),
        np.ascontiguousarray(values),
        np.asarray(depth_km, dtype=float),
        np.asarray(distance_km, dtype=float),
        np.zeros(1),
        True,
        True,
        np.atleast_1d(np.asarray(level_km, dtype=float)),
    )


def grid_times(
    names: Sequence[str],
    stations: Sequence[str],
    time_s: ArrayLike,
    depth_km: ArrayLike,
    north_km: ArrayLike,
    east_km: ArrayLike = (0.0,),
) -> EnsembleTimes:
    """Make the times of an ensemble from tables of its members on a grid.

    Parameters
    ----------
    names, stations : sequence of str
        Members and stations.
    time_s : array_like, shape (phases, stations, depths, norths, easts, members)
        P first. Not finite where no ray arrives. An array of float32 is taken over, not copied.
    depth_km, north_km, east_km : array_like
        Increasing. A single east makes a section: the posterior is then in depth and distance
        along the section.
    """
    time = np.asarray(time_s, dtype=np.float32)
    values = time.reshape(-1, *time.shape[2:])
    for group in values:
        group[~np.isfinite(group)] = np.float32(NO_RAY_S)
    return EnsembleTimes(
        tuple(names),
        values,
        np.asarray(depth_km, dtype=float),
        np.asarray(north_km, dtype=float),
        np.asarray(east_km, dtype=float),
        False,
        False,
        np.zeros(1),
        tuple(stations),
    )


def station_times(
    names: Sequence[str],
    stations: Sequence[str],
    time_s: ArrayLike,
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    station_depth_km: ArrayLike,
) -> EnsembleTimes:
    """Make the times of an ensemble from tables in depth and distance, one per station.

    Parameters
    ----------
    names, stations : sequence of str
        Members and stations.
    time_s : array_like, shape (phases, stations, depths, distances, members)
        P first. Not finite where no ray arrives. An array of float32 is taken over, not copied.
    depth_km, distance_km : array_like
        Increasing.
    station_depth_km : array_like, shape (stations,)
        Depths that the stations have, negative above sea level.
    """
    time = np.asarray(time_s, dtype=np.float32)
    depth, distance = np.asarray(depth_km, dtype=float), np.asarray(distance_km, dtype=float)
    for phase in range(time.shape[0]):
        for i, level in enumerate(np.asarray(station_depth_km, dtype=float)):
            for k in range(time.shape[-1]):
                scaled = scale_times(time[phase, i, :, :, k], depth, distance, level)
                time[phase, i, :, :, k] = np.where(np.isfinite(scaled), scaled, NO_RAY_S)
    return EnsembleTimes(
        tuple(names),
        time.reshape(-1, *time.shape[2:])[:, :, :, None, :],
        depth,
        distance,
        np.zeros(1),
        True,
        True,
        np.zeros(1),
        tuple(stations),
    )


def receiver_levels(depth_km: ArrayLike, step_km: float = 0.5) -> Floats:
    """Return evenly spaced levels that hold all stations, at most ``step_km`` apart.

    Times are linear between levels; for a source 5 km away 0.5 km make an error of 1 ms.
    """
    depth = np.asarray(depth_km, dtype=float)
    depth = depth[np.isfinite(depth)]
    if not depth.size:
        return np.zeros(1)
    low, high = float(depth.min()), float(depth.max())
    if high - low < 1e-6:
        return np.array([low])
    return np.linspace(low, high, int(np.ceil((high - low) / step_km)) + 1)


def _make_axis(nodes: Floats) -> Axis:
    grid = np.ascontiguousarray(nodes, dtype=float)
    if grid.size < 2:
        return Axis(grid, np.zeros(1, np.int64), 0.0)
    span = float(grid[-1] - grid[0])
    width = max(float(np.diff(grid).min()), span / _MOST_BINS)
    starts = grid[0] + width * np.arange(int(span / width) + 2)
    cells = np.clip(np.searchsorted(grid, starts, side="right") - 1, 0, grid.size - 2)
    return Axis(grid, cells.astype(np.int64), 1.0 / width)
