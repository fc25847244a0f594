"""How a model of SIMULPS lies on the globe, and the station files that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import FormatError, projected_position
from quakeloom.formats._simulps_degrees import origin_degrees
from quakeloom.formats._text_lines import bounds_problem, read_lines

Floats = NDArray[np.float64]

_TITLE = "a SIMULPS station file (STNS)"
"""Name of the format, for messages."""

_HEADER = re.compile(
    r"\s*(-?\d+)(?:\s*([NSns])\s*|[\s,]+)(-?\d+\.?\d*)"
    r"[\s,]+(-?\d+)(?:\s*([EWew])\s*|[\s,]+)(-?\d+\.?\d*)"
    r"[\s,]+(-?\d+\.?\d*)(?:[\s,]+(\d+))?(?:[\s,]+(-?\d+\.?\d*))?(?:[\s,]+\S.*)?\s*$"
)
"""Latitude and longitude of the origin in degrees and minutes, with or without letters, rotation,
``nzco`` and the central meridian."""

_RADIUS_KM, _FLATTENING = 6378.163, 1.0 / 298.26
"""Ellipsoid of the short-distance conversion of SIMULPS and hypoDD (Evans et al. 1994)."""

_SHORT_DISTANCES = 5
"""``nzco`` of short distances in the versions that have a central meridian."""

_OWN_MERIDIAN, _NEW_ZEALAND, _ALASKA, _GIVEN_MERIDIAN, _NEW_ZEALAND_OLD = range(5)
"""``nzco`` of a Transverse Mercator around the origin, of New Zealand's grid (NZTM2000 in versions
that have a central meridian, before that NZMG), of Alaska's zone 4, of a Transverse Mercator around
a meridian in the header, and of New Zealand's old grid (NZMG)."""

_MERCATOR = "+proj=tmerc +lon_0={} +k={} +ellps=WGS84 +units=km"
"""Transverse Mercator for PROJ, by central meridian and its scale."""

_UTM_SCALE, _ALASKA_SCALE = 0.9996, 0.9999
"""Scale on the central meridian: that of UTM and NZTM2000, and that of Alaska's zones (EPSG)."""

_NEW_ZEALAND_MERIDIAN, _ALASKA_MERIDIAN = 173, -150
"""Central meridians of NZTM2000 and of Alaska's zone 4 (EPSG)."""

_NZMG = "+proj=nzmg +units=km"
"""New Zealand Map Grid for PROJ."""

_WIDEST_ZONE_DEG = 20.0
"""How far a central meridian may lie from the origin, degrees; chosen here: zones of UTM reach 3,
those of single states and islands 10."""


@dataclass(frozen=True)
class SimulFrame:
    """Where the axes of a model of SIMULPS lie.

    Attributes
    ----------
    longitude, latitude : float
        Of ``x = y = 0``.
    azimuth_deg : float
        Azimuth of the y axis, clockwise from north: the negative of SIMULPS's ``rota``, which is
        counterclockwise.
    x_axis : {"west", "east"}
        Where x points if y points north: west in SIMULPS, east in TomoDD.
    projection : str
        Of the map that x and y lie in, for PROJ, in km; azimuths are then those from its north.
        Empty for short distances.
    """

    longitude: float
    latitude: float
    azimuth_deg: float
    x_axis: Literal["west", "east"] = "west"
    projection: str = ""

    @property
    def true_azimuth_deg(self) -> float:
        """Azimuth of the y axis at the origin from true north, where maps have another north."""
        if not self.projection:
            return self.azimuth_deg
        x, y = self.model_position(self.longitude, self.latitude + 0.01)
        right = -x if self.x_axis == "west" else x
        return float(-np.degrees(np.arctan2(right, y)))

    def model_position(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
        """Return x and y in km of points on the globe, by SIMULPS's own conversion.

        Short distances: one minute of latitude is as long as at the origin, one of longitude as
        at the middle latitude, on geocentric latitudes. It is off by 0.6 % of the distance at
        140 km from the origin, so it places velocities and measures nothing.

        Parameters
        ----------
        longitude, latitude : array_like
            Degrees.
        """
        if self.projection:
            north, east = projected_position(self.projection, longitude, latitude)
            y, x = projected_position(self.projection, self.longitude, self.latitude)
            east, north = east - x, north - y
        else:
            east, north = self._short_distances(longitude, latitude)
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        right, y = c * east - s * north, s * east + c * north
        return (-right if self.x_axis == "west" else right), y

    def _short_distances(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
        lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
        here = _geocentric(self.latitude)
        radius = _RADIUS_KM * (1.0 - _FLATTENING * np.sin(here) ** 2)
        minute = _geocentric(self.latitude + 1.0 / 60.0) - here
        north = radius * minute * 60.0 * (lat - self.latitude)
        away = (lon - self.longitude + 180.0) % 360.0 - 180.0
        return radius * np.radians(away) * np.cos(_geocentric((lat + self.latitude) / 2)), north


def _geocentric(latitude_deg: ArrayLike) -> Floats:
    """Return geocentric latitudes in radians."""
    return np.asarray(np.arctan((1 - _FLATTENING) ** 2 * np.tan(np.radians(latitude_deg))))


def read_simul_frame(path: str | Path) -> SimulFrame:
    """Read origin and rotation from the first line of a station file of SIMULPS.

    ``latitude (deg min) longitude (deg min) rotation [nzco [central meridian]]``: longitude is
    positive west, unless letters say else; rotation is in degrees counterclockwise. Signs are read
    as :func:`origin_degrees` says, which may need the stations below. Without
    ``nzco``, with 5, and with 0 where there is no meridian (SIMUL2000) distances are short
    distances; others are maps. In New Zealand latitude is south and longitude east, as SIMULPS has
    it there.

    Raises
    ------
    FormatError
        If the line is anything else, a sign may be read in two ways, an ``nzco`` is not known,
        or its map is none of the place.

    References
    ----------
    Evans, J. R., Eberhart-Phillips, D. and Thurber, C. H. (1994), User's manual for SIMULPS12,
    USGS Open-File Report 94-431.
    """
    path = Path(path)
    line, *others = read_lines(path, _TITLE)
    found = _HEADER.match(line)
    if found is None:
        raise FormatError(
            f"The first line of '{path}' is '{line.strip()[:60]}', not the origin in degrees and "
            "minutes and the rotation of a SIMULPS model. It cannot be placed on the globe; give "
            "model_origin, model_azimuth_deg and model_x_axis instead."
        )
    origin = (found[1], found[2], found[3]), (found[4], found[5], found[6])
    letters = {(letter or "").upper() for letter in (found[2], found[5])}
    latitude, west = origin_degrees(path, line, origin, others)
    kind = int(found[8]) if found[8] else _SHORT_DISTANCES
    meridian = float(found[9]) if found[9] else None
    if kind in (_NEW_ZEALAND, _NEW_ZEALAND_OLD):
        latitude, west = -abs(latitude), -abs(west)
        if "N" in letters or "W" in letters:
            raise FormatError(
                f"The first line of '{path}' has nzco = {kind}, which is a map of New Zealand, and "
                f"an origin north or west ({line.strip()[:60]}). The model cannot be placed on the "
                "globe; correct nzco or the letters."
            )
    largest = max(abs(float(found[i])) for i in (3, 6))
    problem = bounds_problem(latitude=latitude, longitude=-west)
    if problem or not abs(float(found[7])) <= 360 or largest >= 60:
        raise FormatError(
            f"The first line of '{path}' is '{line.strip()[:60]}', which is no origin"
            f"{f' ({problem})' if problem else ' (degrees, minutes) with a rotation in degrees'}. "
            "The model cannot be placed on the globe; correct it."
        )
    projection = _projection(path, kind, meridian, -west)
    return SimulFrame(-west, latitude, -float(found[7]) + 0.0, "west", projection)


def _projection(path: Path, kind: int, meridian: float | None, longitude: float) -> str:
    """Return the map of an ``nzco``; empty for short distances."""
    if kind == _SHORT_DISTANCES or (kind == _OWN_MERIDIAN and meridian is None):
        return ""
    if kind == _OWN_MERIDIAN:
        return _MERCATOR.format(longitude, _UTM_SCALE)
    if kind == _GIVEN_MERIDIAN and meridian is not None:
        return _MERCATOR.format(_meridian(path, meridian, longitude), _UTM_SCALE)
    if kind in (_NEW_ZEALAND, _NEW_ZEALAND_OLD):
        zone = _MERCATOR.format(_near(path, _NEW_ZEALAND_MERIDIAN, longitude), _UTM_SCALE)
        return zone if kind == _NEW_ZEALAND and meridian is not None else _NZMG
    if kind == _ALASKA:
        return _MERCATOR.format(_near(path, _ALASKA_MERIDIAN, longitude), _ALASKA_SCALE)
    raise FormatError(
        f"'{path}' has nzco = {kind}"
        f"{' and no central meridian' if kind == _GIVEN_MERIDIAN else ', which is not known here'}."
        " The model cannot be placed on the globe; correct the first line, or give model_origin, "
        "model_x_axis and model_azimuth_deg, the azimuth of the y axis from true north."
    )


def _meridian(path: Path, written: float, longitude: float) -> float:
    """Return a central meridian, positive east; the sign is the one that puts it near the origin.

    SIMULPS counts longitudes of stations positive west, and those of national grids positive east.
    """
    return _near(path, written if _is_near(written, longitude) else -written, longitude, written)


def _is_near(meridian: float, longitude: float) -> bool:
    return abs((meridian - longitude + 180.0) % 360.0 - 180.0) <= _WIDEST_ZONE_DEG


def _near(path: Path, meridian: float, longitude: float, written: float | None = None) -> float:
    """Return a meridian, or refuse one that is far from the origin."""
    if _is_near(meridian, longitude):
        return meridian
    raise FormatError(
        f"'{path}' has the central meridian {meridian if written is None else written:g}, more "
        f"than {_WIDEST_ZONE_DEG:g} degrees from the origin at longitude {longitude:g}. The model "
        "cannot be placed on the globe; correct the first line (longitudes without a letter are "
        "positive west)."
    )
