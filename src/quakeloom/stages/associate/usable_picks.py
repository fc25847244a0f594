"""Picks that can be associated, as the room takes them, and why others cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.association import PickArrays
from quakeloom.core import local_position, middle_longitude
from quakeloom.schema import phase_class, time_values
from quakeloom.stages.readings.station_epochs import find_stations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NANO = 1_000_000_000
"""Nanoseconds of a second."""


@dataclass(frozen=True)
class UsablePicks:
    """Picks that can be associated: their rows, arrays, and the places of stations.

    Attributes
    ----------
    rows : ndarray of int, shape (usable,)
        Numbers of the picks among all.
    arrays : PickArrays
    names : list of str
        Of the sites of stations.
    place : ndarray, shape (sites, 3)
        Depth below sea level, north and east of the center, km.
    center : (float, float)
        Longitude and latitude.
    epoch_ns : int
        Moment that seconds are counted from.
    """

    rows: Ints
    arrays: PickArrays
    names: list[str]
    place: Floats
    center: tuple[float, float]
    epoch_ns: int


def usable_picks(
    table: pa.Table, stations: pa.Table, epoch_ns: int | None = None
) -> tuple[UsablePicks, NDArray[np.object_]]:
    """Return picks that have a time, a phase and a station, and why others cannot be used.

    Parameters
    ----------
    table, stations : pyarrow.Table
        Registered tables ``picks`` and ``stations``.
    epoch_ns : int, optional
        Moment that seconds are counted from; the start of the first pick's year if not given.

    Returns
    -------
    UsablePicks
    ndarray of str, shape (picks,)
        Reasons; empty where a pick can be used.
    """
    time = time_values(table.column("time"))
    phases = table.column("phase").to_pylist()
    kind = {p: phase_class(p) for p in set(phases)}
    phase = np.array([kind[p] for p in phases], dtype=object)
    place = find_stations(stations, table, time)
    reason = np.full(table.num_rows, "", dtype=object)
    reason[np.isnan(place.longitude)] = "no_station"
    reason[phase == ""] = "other_phase"
    reason[np.isnat(time)] = "no_time"
    place.warn("associate", table)
    rows = np.flatnonzero(reason == "")
    height = np.nan_to_num(place.elevation_m[rows])
    keys = np.column_stack([place.longitude[rows], place.latitude[rows], height])
    code = np.array([f"{n}.{s}" for n, s in zip(
        *(table.column(c).to_pylist() for c in ("network", "station")), strict=True
    )], dtype=object)[rows]  # fmt: skip
    sites = sorted(set(zip(code.tolist(), map(tuple, keys.tolist()), strict=True)))
    number = {site: i for i, site in enumerate(sites)}
    station = np.array(
        [number[site] for site in zip(code.tolist(), map(tuple, keys.tolist()), strict=True)],
        dtype=np.int64,
    )
    where = np.array([site[1] for site in sites]).reshape(-1, 3)
    center = _center(stations)
    north, east = local_position(*center, where[:, 0], where[:, 1])
    nanoseconds = time[rows].astype("datetime64[ns]").astype(np.int64)
    # seconds are counted from a moment that is the same for any part of the picks
    if epoch_ns is None:
        epoch_ns = _start_of_year(int(nanoseconds.min())) if rows.size else 0
    arrays = PickArrays(
        station, (phase[rows] == "S").astype(np.int64), (nanoseconds - epoch_ns) / _NANO,
        table.column("uncertainty_s").to_numpy()[rows],
        table.column("probability").to_numpy()[rows],
    )  # fmt: skip
    place_km = np.ascontiguousarray(np.column_stack([-where[:, 2] / 1000.0, north, east]))
    usable = UsablePicks(rows, arrays, [site[0] for site in sites], place_km, center, epoch_ns)
    return usable, reason


def _center(stations: pa.Table) -> tuple[float, float]:
    """Return the middle of all stations, whichever have picks."""
    longitude, latitude = (
        stations.column(c).to_numpy().astype(float) for c in ("longitude", "latitude")
    )
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return 0.0, 0.0
    middle = middle_longitude(longitude[known])
    turned = (longitude[known] - middle + 180.0) % 360.0 - 180.0
    half = 0.5 * (turned.min() + turned.max())
    return float(middle + half), float(0.5 * (latitude[known].min() + latitude[known].max()))


def _start_of_year(nanoseconds: int) -> int:
    year = np.datetime64(nanoseconds, "ns").astype("datetime64[Y]")
    return int(year.astype("datetime64[ns]").astype(np.int64))


def counted_reasons(reason: NDArray[np.object_]) -> str:
    """Return how many picks have which reason, in words."""
    names, counts = np.unique(reason[reason != ""].astype(str), return_counts=True)
    return ", ".join(f"{n}: {c}" for n, c in zip(names, counts, strict=True))
