"""Take-off angles in the members of an ensemble, for the focal mechanisms."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import distance_azimuth
from quakeloom.location._interpolation import member_times
from quakeloom.location._tables import EnsembleTimes

Floats = NDArray[np.float64]
_STEP_KM = 0.25


@dataclass(frozen=True)
class EnsembleTakeoffs:
    """Rays in the members of an ensemble of one-dimensional models, from its travel times.

    A ray leaves against the gradient of the travel time at the source, so angles need no tables
    of their own and belong to the very times the event was located with. Follows the protocol
    :class:`quakeloom.travel.TakeoffDraws`.

    Attributes
    ----------
    times : EnsembleTimes
        One-dimensional models.
    """

    times: EnsembleTimes
    _grid: tuple[float, float, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        depth = self.times.depth_km
        object.__setattr__(
            self, "_grid", (float(depth[0]), float(depth[-1]), float(self.times.north_km[-1]))
        )

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
        distance, azimuth = distance_azimuth(
            np.asarray(longitude, dtype=float)[:, None],
            np.asarray(latitude, dtype=float)[:, None],
            lon,
            station_latitude,
        )
        elevation = np.zeros(lon.size) if station_elevation_m is None else station_elevation_m
        station_depth = np.nan_to_num(-np.asarray(elevation, dtype=float) / 1000.0)
        group, level = self.times.receivers(["P"] * lon.size, station_depth)
        depth = np.asarray(depth_km, dtype=float)
        takeoff = np.full(distance.shape, np.nan)
        low, high, farthest = self._grid
        top = np.clip(depth - _STEP_KM, low, high)
        bottom = np.clip(depth + _STEP_KM, low, high)
        time = np.empty((1, 1))
        for s in range(lon.size):
            place = np.array([[station_depth[s], 0.0, 0.0]])
            near = np.clip(distance[:, s] - _STEP_KM, 0.0, farthest)
            far = np.clip(distance[:, s] + _STEP_KM, 0.0, farthest)
            found = []
            for z, x in ((top, distance[:, s]), (bottom, distance[:, s]), (depth, near),
                         (depth, far)):  # fmt: skip
                nodes = np.stack([z, x, np.zeros_like(x)], axis=-1)
                time = np.empty((depth.size, 1))
                member_times(
                    self.times.arrays, nodes, chosen, place, group[s : s + 1], level[s : s + 1],
                    time,
                )  # fmt: skip
                found.append(time[:, 0])
            with np.errstate(invalid="ignore", divide="ignore"):
                down = (found[1] - found[0]) / (bottom - top)
                out = (found[3] - found[2]) / (far - near)
            takeoff[:, s] = np.degrees(np.arctan2(out, -down))
        return azimuth, np.clip(takeoff, 0.0, 180.0)
