"""Distances and azimuths between events and stations."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0
"""Mean radius of the Earth, for distances and maps on a sphere (R1 of the IUGG is 6371.009 km)."""

KM_PER_DEGREE_HASH = 111.2
"""Kilometers per degree in the flat formula of HASH v1.2 (driver 2)."""


def distance_azimuth(
    source_longitude: ArrayLike,
    source_latitude: ArrayLike,
    receiver_longitude: ArrayLike,
    receiver_latitude: ArrayLike,
    method: Literal["geodesic", "flat"] = "geodesic",
) -> tuple[Floats, Floats]:
    """Return epicentral distance in km and azimuth from source to receiver in degrees.

    Parameters
    ----------
    source_longitude, source_latitude, receiver_longitude, receiver_latitude : array_like
        Degrees, broadcast to shape ``S``. NaN gives NaN.
    method : {"geodesic", "flat"}
        ``geodesic`` on WGS84 (Karney 2013, through PROJ). ``flat`` is HASH's plane
        formula, ``dx = dlon * 111.2 * cos(lat)``, ``dy = dlat * 111.2``, with the source's
        latitude; use it only to reproduce HASH.

    Returns
    -------
    distance_km, azimuth_deg : ndarray, shape ``S``
        Azimuth clockwise from north in [0, 360).
    """
    lon1, lat1, lon2, lat2 = np.broadcast_arrays(
        *(
            np.asarray(a, dtype=float)
            for a in (source_longitude, source_latitude, receiver_longitude, receiver_latitude)
        )
    )
    if method == "flat":
        dlon = (lon2 - lon1 + 180.0) % 360.0 - 180.0
        east = dlon * KM_PER_DEGREE_HASH * np.cos(np.radians(lat1))
        north = (lat2 - lat1) * KM_PER_DEGREE_HASH
        return np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360.0
    from pyproj import Geod  # slow to import; most commands never need it

    azimuth, _, metres = Geod(ellps="WGS84").inv(lon1, lat1, lon2, lat2)
    return np.asarray(metres) / 1000.0, np.asarray(azimuth) % 360.0


def middle_longitude(longitude: ArrayLike) -> float:
    """Return a longitude such that places around it are nowhere cut by the line opposite to it.

    The line is the date line, and the middle 0, where no gap between neighboring longitudes is
    wider than that at the date line; else it lies in the widest gap: at Greenwich if that does
    (longitudes are then 0 to 360), or in the middle of the gap.

    Parameters
    ----------
    longitude : array_like
        Degrees; NaN is passed over.

    Returns
    -------
    float
        Degrees, 0 up to 360.
    """
    known = np.asarray(longitude, dtype=float).ravel()
    east = np.unique((known[np.isfinite(known)] + 180.0) % 360.0) - 180.0
    if not east.size:
        return 0.0
    gaps = np.diff(east)
    widest = int(np.argmax(gaps)) if gaps.size else 0
    if not gaps.size or east[0] + 360.0 - east[-1] >= gaps[widest]:
        return 0.0
    if east[widest] < 0.0 < east[widest + 1]:
        return 180.0
    return float((0.5 * (east[widest] + east[widest + 1]) + 180.0) % 360.0)


def local_position(
    origin_longitude: float,
    origin_latitude: float,
    longitude: ArrayLike,
    latitude: ArrayLike,
) -> tuple[Floats, Floats]:
    """Return north and east in km in the azimuthal equidistant plane around an origin.

    Distances from the origin are exact on WGS84; between points ``r`` and ``D`` from it they are
    longer than on the ellipsoid by less than ``r^2 D / (6 R^2)``: 2 m for 20 and 1,000 km.

    Parameters
    ----------
    origin_longitude, origin_latitude : float
        Degrees.
    longitude, latitude : array_like, shape ``S``

    Returns
    -------
    north_km, east_km : ndarray, shape ``S``
    """
    distance, azimuth = distance_azimuth(origin_longitude, origin_latitude, longitude, latitude)
    angle = np.radians(azimuth)
    return distance * np.cos(angle), distance * np.sin(angle)


def geographic_position(
    origin_longitude: float,
    origin_latitude: float,
    north_km: ArrayLike,
    east_km: ArrayLike,
) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of points given by :func:`local_position`."""
    from pyproj import Geod

    north, east = np.broadcast_arrays(
        np.asarray(north_km, dtype=float), np.asarray(east_km, dtype=float)
    )
    start = np.broadcast_to(float(origin_longitude), north.shape)
    longitude, latitude, _ = Geod(ellps="WGS84").fwd(
        start,
        np.broadcast_to(float(origin_latitude), north.shape),
        np.degrees(np.arctan2(east, north)),
        np.hypot(north, east) * 1000.0,
    )
    return np.asarray(longitude), np.asarray(latitude)


def projected_position(
    projection: str, longitude: ArrayLike, latitude: ArrayLike
) -> tuple[Floats, Floats]:
    """Return north and east in km on a map.

    Parameters
    ----------
    projection : str
        Definition for PROJ, with ``+units=km``.
    longitude, latitude : array_like, shape ``S``
        Degrees.

    Returns
    -------
    north_km, east_km : ndarray, shape ``S``
    """
    east, north = _projection(projection)(np.asarray(longitude, float), np.asarray(latitude, float))
    return np.asarray(north), np.asarray(east)


def unprojected_position(
    projection: str, north_km: ArrayLike, east_km: ArrayLike
) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of points given by :func:`projected_position`."""
    longitude, latitude = _projection(projection)(
        np.asarray(east_km, float), np.asarray(north_km, float), inverse=True
    )
    return np.asarray(longitude), np.asarray(latitude)


@cache
def _projection(definition: str) -> Any:
    from pyproj import Proj

    return Proj(definition)


def grid_azimuth_of_north(
    origin_longitude: float, origin_latitude: float, longitude: ArrayLike, latitude: ArrayLike
) -> Floats:
    """Return the azimuth of true north in the plane of :func:`local_position`, degrees.

    A strike in the plane is the true one plus this angle; it is 0 at the origin and along its
    meridian, and some degrees at the ends of a nation.

    Parameters
    ----------
    origin_longitude, origin_latitude : float
    longitude, latitude : array_like, shape ``S``
        Degrees.

    Returns
    -------
    ndarray, shape ``S``
        From -180 to 180.
    """
    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    step = 0.005  # degrees of latitude on either side: half a kilometer
    north0, east0 = local_position(origin_longitude, origin_latitude, lon, lat - step)
    north1, east1 = local_position(origin_longitude, origin_latitude, lon, lat + step)
    return np.asarray(np.degrees(np.arctan2(east1 - east0, north1 - north0)))
