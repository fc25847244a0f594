"""The picks of one event, on the globe and in a local plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import (
    distance_azimuth,
    geographic_position,
    local_position,
    projected_position,
    unprojected_position,
)
from quakeloom.location._search import EventPicks

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PickSet:
    """The picks of one event.

    Attributes
    ----------
    station : sequence of str
        Names, unique per place (such as ``NET.STA``).
    phase : sequence of str
        ``P`` or ``S``; anything else is not used.
    time_s, uncertainty_s : ndarray, shape (picks,)
        Arrival times after a reference, and standard errors.
    longitude, latitude, elevation_m : ndarray, shape (picks,)
        Of the stations; NaN longitude where not known.
    """

    station: Sequence[str]
    phase: Sequence[str]
    time_s: Floats
    uncertainty_s: Floats
    longitude: Floats
    latitude: Floats
    elevation_m: Floats


@dataclass(frozen=True)
class Plane:
    """A local plane: north turned to ``azimuth_deg`` around an origin.

    With a ``projection`` (a definition for PROJ, in km) it is that of a map, turned likewise.
    """

    longitude: float
    latitude: float
    azimuth_deg: float = 0.0
    projection: str = ""

    def forward(self, longitude: ArrayLike, latitude: ArrayLike) -> Floats:
        """Return north and east (turned) in km, shape (n, 2)."""
        if self.projection:
            north, east = projected_position(self.projection, longitude, latitude)
        else:
            north, east = local_position(self.longitude, self.latitude, longitude, latitude)
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        return np.stack([c * north + s * east, c * east - s * north], axis=-1)

    def inverse(self, north: ArrayLike, east: ArrayLike) -> tuple[Floats, Floats]:
        """Return longitude and latitude of turned north and east."""
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        a, b = np.asarray(north, dtype=float), np.asarray(east, dtype=float)
        if self.projection:
            return unprojected_position(self.projection, c * a - s * b, s * a + c * b)
        return geographic_position(self.longitude, self.latitude, c * a - s * b, s * a + c * b)

    def azimuth_at(self, longitude: ArrayLike, latitude: ArrayLike) -> Floats:
        """Return the azimuth of the plane's north, which away from its origin is another."""
        here = self.forward(longitude, latitude)
        _, azimuth = distance_azimuth(
            longitude, latitude, *self.inverse(here[..., 0] + 1.0, here[..., 1])
        )
        return azimuth


def local_picks(
    picks: PickSet,
    kept: NDArray[np.int64],
    group: NDArray[np.int64],
    level: Floats,
    correction: Floats,
    plane: Plane,
) -> EventPicks:
    position = plane.forward(picks.longitude[kept], picks.latitude[kept])
    depth = np.nan_to_num(-picks.elevation_m[kept] / 1000.0)
    return EventPicks(
        np.ascontiguousarray(np.column_stack([depth, position])),
        np.ascontiguousarray(group[kept]),
        np.ascontiguousarray(level[kept]),
        picks.time_s[kept] - correction[kept],
        picks.uncertainty_s[kept] ** 2,
    )
