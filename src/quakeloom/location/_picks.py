"""The picks of one event, on the globe and in a local plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.core import (
    distance_azimuth,
    geographic_position,
    local_position,
    projected_position,
    unprojected_position,
)
from quakeloom.location._density import EventPicks
from quakeloom.location._interpolation import Floats, Ints


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


@dataclass(frozen=True)
class ScreenedPicks:
    """The picks of an event, which of them are used, and where they are among the tables.

    Attributes
    ----------
    picks : PickSet
    use : list of str
        What becomes of every pick, see :func:`screen_picks`.
    kept : ndarray of int
        Numbers of the picks that are used.
    group, level : ndarray
        Of all picks, see :meth:`EnsembleTimes.receivers`.
    correction_s : ndarray, shape (picks,)
        Station terms, to be taken off the arrival times.
    delay_s : ndarray, shape (picks, members), or None
        By how much those of every member are larger.
    """

    picks: PickSet
    use: list[str]
    kept: Ints
    group: Ints
    level: Floats
    correction_s: Floats
    delay_s: Floats | None = None

    @property
    def first(self) -> int:
        """Number of the earliest pick that is used."""
        return int(self.kept[int(np.argmin(self.picks.time_s[self.kept]))])

    def in_plane(self, which: Ints, plane: Plane) -> EventPicks:
        """Return some picks in a plane, with station terms taken off their times."""
        picks = self.picks
        position = plane.forward(picks.longitude[which], picks.latitude[which])
        depth = np.nan_to_num(-picks.elevation_m[which] / 1000.0)
        return EventPicks(
            np.ascontiguousarray(np.column_stack([depth, position])),
            np.ascontiguousarray(self.group[which]),
            np.ascontiguousarray(self.level[which]),
            picks.time_s[which] - self.correction_s[which],
            picks.uncertainty_s[which] ** 2,
            None if self.delay_s is None else self.delay_s[which],
        )
