"""Take-off angles in the members of an ensemble, for the focal mechanisms."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import LayeredModel, distance_azimuth
from quakeloom.location._interpolation import Floats, Receivers, member_times
from quakeloom.location._picks import Plane
from quakeloom.location._tables import NEVER, EnsembleTimes
from quakeloom.travel import trace_takeoffs

_STEP_KM = 0.25
"""Half of the span of derivatives of scaled times. Chosen here: smooth within, and wide enough
that single precision of the tables turns a ray by less than 0.1 degrees."""

_SAME_PLACE_KM = 0.1
"""Stations closer than this are one: coordinates are given to some ten meters."""


@dataclass(frozen=True)
class EnsembleTakeoffs:
    """Rays in the members of an ensemble, from its travel times, or from its layers.

    In members with layers every ray is traced: across an interface, or where two branches arrive
    together, travel times at neighboring places belong to different rays. Elsewhere a ray leaves
    against the gradient of the travel time at the source. In three-dimensional models the
    gradient gives the azimuth as well; in layered ones it is that to the station, in sections
    that along the section. Follows the protocol :class:`quakeloom.travel.TakeoffDraws`.

    Attributes
    ----------
    times : EnsembleTimes
    plane : Plane, optional
        Where grids lie.
    stations : tuple of str
        Names of stations, where tables belong to stations; they are found again by position.
    longitude, latitude : ndarray, shape (stations,)
    models : tuple of LayeredModel
        The members, where they have layers.
    spherical : bool
        Rays in layers are those on a sphere.
    """

    times: EnsembleTimes
    plane: Plane | None = None
    stations: tuple[str, ...] = ()
    longitude: Floats = field(default_factory=lambda: np.empty(0))
    latitude: Floats = field(default_factory=lambda: np.empty(0))
    models: tuple[LayeredModel, ...] = ()
    spherical: bool = False

    @property
    def member_count(self) -> int:
        """The number of members."""
        return self.times.member_count

    def draw_takeoffs(
        self,
        member: ArrayLike,
        longitude: ArrayLike,
        latitude: ArrayLike,
        depth_km: ArrayLike,
        station_longitude: ArrayLike,
        station_latitude: ArrayLike,
        station_elevation_m: ArrayLike | None = None,
    ) -> tuple[Floats, Floats]:
        """Return azimuths and take-off angles, see :class:`quakeloom.travel.TakeoffDraws`."""
        chosen = np.asarray(member, dtype=np.int64)
        lon = np.asarray(station_longitude, dtype=float)
        lat = np.asarray(station_latitude, dtype=float)
        elevation = np.zeros(lon.size) if station_elevation_m is None else station_elevation_m
        station_depth = np.nan_to_num(-np.asarray(elevation, dtype=float) / 1000.0)
        names = self._names(lon, lat) if self.times.stations else ()
        group, level = self.times.receivers(["P"] * lon.size, station_depth, names)
        depth = np.asarray(depth_km, dtype=float)
        distance, azimuth = distance_azimuth(
            np.asarray(longitude, dtype=float)[:, None],
            np.asarray(latitude, dtype=float)[:, None],
            lon,
            lat,
        )
        takeoff = np.full(distance.shape, np.nan)
        if self.models:
            takeoff = np.full(distance.shape, np.nan)
            known = np.flatnonzero(group[:, 0] >= 0)
            for t in range(depth.size):
                takeoff[t, known] = trace_takeoffs(
                    self.models[chosen[t]], depth[t], distance[t, known], station_depth[known],
                    self.spherical,
                )  # fmt: skip
            return azimuth, takeoff
        source, turned = None, np.zeros(depth.shape)
        if self.plane is not None:
            source = self.plane.forward(longitude, latitude)
            turned = self.plane.azimuth_at(longitude, latitude)
        for s in np.flatnonzero(group[:, 0] >= 0):
            if source is None:
                place = np.array([[station_depth[s], 0.0, 0.0]])
                nodes = np.stack([depth, distance[:, s], np.zeros_like(depth)], axis=-1)
            else:
                assert self.plane is not None
                here = self.plane.forward(lon[s], lat[s]).ravel()
                place = np.array([[station_depth[s], *here]])
                nodes = np.column_stack([depth, source])
            receivers = Receivers(place, group[s : s + 1], level[s : s + 1])
            slope = self._gradient(nodes, chosen, receivers)
            out = np.hypot(slope[:, 1], slope[:, 2])
            if self.times.radial:
                out = slope[:, 1]
            elif self.times.east_km.size == 1:
                away = np.where(slope[:, 1] > 0, 180.0, 0.0)
                azimuth[:, s] = np.mod(turned + away, 360.0)
            else:
                away = np.degrees(np.arctan2(-slope[:, 2], -slope[:, 1]))
                azimuth[:, s] = np.mod(turned + away, 360.0)
            takeoff[:, s] = np.degrees(np.arctan2(out, -slope[:, 0]))
        return azimuth, np.clip(takeoff, 0.0, 180.0)

    def _names(self, longitude: Floats, latitude: Floats) -> list[str]:
        """Names of the stations at some places, empty where there is none within 100 m."""
        if not self.longitude.size:
            return [""] * longitude.size
        away, _ = distance_azimuth(
            longitude[:, None], latitude[:, None], self.longitude, self.latitude
        )
        nearest = np.argmin(away, axis=1)
        near = away[np.arange(longitude.size), nearest] < _SAME_PLACE_KM
        return [self.stations[i] if ok else "" for i, ok in zip(nearest, near, strict=True)]

    def _gradient(
        self,
        nodes: Floats,
        member: NDArray[np.int64],
        receivers: Receivers,
    ) -> Floats:
        """Slopes of the time along depth, north (or distance) and east, shape (nodes, 3)."""
        slopes = np.zeros((nodes.shape[0], 3))
        axes = (self.times.depth_km, self.times.north_km, self.times.east_km)
        for axis, grid in enumerate(axes):
            if grid.size == 1:
                continue
            low = 0.0 if axis == 1 and self.times.radial else float(grid[0])
            step = _STEP_KM
            if not self.times.scaled:
                # times are linear between the nodes of a grid: slopes are those over a cell
                step = max(_STEP_KM, 0.5 * float(np.diff(grid).min()))
            ends = []
            for sign in (-1.0, 1.0):
                moved = nodes.copy()
                moved[:, axis] = np.clip(moved[:, axis] + sign * step, low, float(grid[-1]))
                time = np.empty((nodes.shape[0], 1))
                member_times(self.times.arrays, moved, member, receivers, time)
                ends.append((moved[:, axis], np.where(time[:, 0] < NEVER, time[:, 0], np.nan)))
            with np.errstate(invalid="ignore", divide="ignore"):
                slopes[:, axis] = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0])
        return slopes
