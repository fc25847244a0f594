"""What locating in grids takes and gives: places of stations, and times on grids."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth
from quakeloom.location import EnsembleTimes, Plane
from quakeloom.stages.readings.station_epochs import StationPlaces

Floats = NDArray[np.float64]

LEAST_KM, LARGEST_KM = -1.0, 60.0
"""Depths below sea level that are searched by default: from above most ground to below most crust.
Chosen here."""


_SAME_PLACE_KM = 0.1
"""Distance and difference of depth within which two rows of a station are one place; chosen here:
times differ by less than the errors of picks."""

_EPOCH = "#"
"""Between the name of a station that moved and the number of its place, from the second on."""


@dataclass(frozen=True)
class Places:
    """Where stations stand, or stood; of each ``NET.STA``, longitude, latitude and depth in km.

    Depths are below sea level. A station that moved has several places: ``NET.STA``,
    ``NET.STA#2``, and so on.
    """

    names: tuple[str, ...]
    longitude: Floats
    latitude: Floats
    depth_km: Floats
    _known: dict[tuple[str, float, float, float], str] = field(
        default_factory=dict, repr=False, compare=False
    )

    def names_at(self, names: NDArray[np.object_], found: StationPlaces) -> NDArray[np.object_]:
        """Return the names by which tables know the places that stations of readings were found at.

        That of the same station where it has one there, and else of any other, since readings may
        have no network code or another one; as they are where there is none.

        Parameters
        ----------
        names : ndarray of str, shape (n,)
            ``NET.STA`` as the readings have it.
        found : StationPlaces
            NaN where the station is not known.
        """
        place = (found.longitude, found.latitude, -np.nan_to_num(found.elevation_m) / 1000.0)
        rows = zip(names, *(p.tolist() for p in place), strict=True)
        return np.array([self._name_at(*row) for row in rows], dtype=object)

    def _name_at(self, name: str, longitude: float, latitude: float, depth_km: float) -> str:
        """Return the name of one place; every block of events asks for the same ones."""
        if not self.names or not np.isfinite([longitude, latitude]).all():
            return name
        key = (name, longitude, latitude, depth_km)
        if key not in self._known:
            self._known[key] = self._nearest_name(*key)
        return self._known[key]

    def _nearest_name(self, name: str, longitude: float, latitude: float, depth_km: float) -> str:
        away, _ = distance_azimuth(longitude, latitude, self.longitude, self.latitude)
        away = np.maximum(away, np.abs(self.depth_km - depth_km))
        own = np.array([station_of(n) == name for n in self.names])
        here = np.flatnonzero(away < _SAME_PLACE_KM)
        if not here.size:
            return name
        best = int(here[np.lexsort([away[here], ~own[here]])[0]])
        return self.names[best]


def station_of(place: str) -> str:
    """Return the name of the station of a place."""
    return place.partition(_EPOCH)[0]


def station_places(stations: pa.Table) -> Places:
    """Return the places of the stations of a table, each once."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    columns = ("network", "station", "longitude", "latitude", "elevation_m")
    values = zip(*(stations.column(c).to_pylist() for c in columns), strict=True)
    for network, station, longitude, latitude, elevation in values:
        if longitude is None or not np.isfinite([longitude, latitude]).all():
            continue
        height = elevation if elevation is not None and np.isfinite(elevation) else 0.0
        here = (longitude, latitude, -height / 1000.0)
        others = found.setdefault(f"{network}.{station}", [])
        if not any(_is_same_place(here, there) for there in others):
            others.append(here)
    names, rows = [], []
    for name, stood in found.items():
        for number, here in enumerate(stood, 1):
            names.append(name if number == 1 else f"{name}{_EPOCH}{number}")
            rows.append(here)
    place = np.array(rows, dtype=float).reshape(-1, 3)
    return Places(tuple(names), place[:, 0], place[:, 1], place[:, 2])


def _is_same_place(a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    if a == b:
        return True
    if abs(a[2] - b[2]) >= _SAME_PLACE_KM:
        return False
    away, _ = distance_azimuth(a[0], a[1], b[0], b[1])
    return bool(away < _SAME_PLACE_KM)


@dataclass(frozen=True)
class GridEnsemble:
    """Times on grids, the plane that they lie in, and the depths of the boundary.

    Attributes
    ----------
    times : EnsembleTimes
    plane : Plane or None
        None where times depend on distance and depth alone.
    boundary_km : ndarray, shape (norths, easts, members)
        NaN where there is none.
    """

    times: EnsembleTimes
    plane: Plane | None
    boundary_km: Floats
