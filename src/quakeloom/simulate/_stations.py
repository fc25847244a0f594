"""Networks of stations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError, random_stream, string_keys
from quakeloom.simulate._coastline import KM_PER_DEGREE
from quakeloom.simulate._land import inside_outlines, map_land
from quakeloom.simulate._options import SimulationOptions

Floats = NDArray[np.float64]

_JITTER = 0.15
"""Standard deviation of stations from the nodes of the hexagonal grid, spacings; chosen here."""

_SITE_SCATTER = 0.25
"""Standard deviation of log10 amplitude between stations; chosen here."""

_HIGHEST_M = 2800.0
"""Highest elevation of a station, m; chosen here: few permanent stations are higher."""


@dataclass(frozen=True)
class SimulatedStations:
    """Stations, and what only the simulation knows of them.

    Attributes
    ----------
    stations : dict of arrays
        Columns of the table ``stations``.
    reversals : dict of arrays
        Columns of the table ``reversals``: spans in which polarities are reversed.
    sp_corrections : dict of arrays
        Columns of the table ``sp_corrections``: the true corrections of log10 S/P.
    quietness : ndarray, shape (stations,)
        log10 of how much smaller amplitudes a station reads than the average one.
    keys : ndarray of uint64, shape (stations,)
        Random streams.
    """

    stations: dict[str, Any]
    reversals: dict[str, Any]
    sp_corrections: dict[str, Any]
    quietness: Floats
    keys: NDArray[np.uint64]


def simulate_stations(options: SimulationOptions, seed: int) -> SimulatedStations:
    """Place a main network on a jittered hexagonal grid and further stations at random.

    Parameters
    ----------
    options : SimulationOptions
    seed : int
        Root seed of the run.

    Raises
    ------
    SettingsError
        If no station falls on land.
    """
    random = random_stream(seed, "simulate", "stations")
    land = map_land(options, seed)
    lon, lat, main = _place_stations(options, random)
    count = lon.size
    if count == 0:
        raise SettingsError(
            f"No station of a network with a spacing of {options.station_spacing_km} km falls on "
            "the land of the simulation, so nothing can be recorded. Lower 'station_spacing_km'."
        )
    further = count - main
    network = np.array(["SM"] * main + ["SX"] * further, dtype=object)
    code = np.array(
        [f"M{i:04d}" for i in range(main)] + [f"X{i:04d}" for i in range(further)], dtype=object
    )
    inland = land.inland_at(lon, lat)
    relief = np.exp(0.7 * random.standard_normal(count))
    elevation = np.round(8.0 + 450.0 * (1.0 - np.exp(-inland / 35.0)) * relief, 1)
    # All numbers are drawn for all stations, so that a share changed changes nothing else.
    begin = np.datetime64(f"{options.start_year}-01-01", "ns")
    length = np.datetime64(f"{options.end_year}-01-01", "ns") - begin
    start = np.full(count, np.datetime64("NaT", "ns"))
    late = random.uniform(size=count) < options.late_station_fraction
    start[late] = begin + _share(length, random.uniform(size=count)[late])
    is_reversed = random.uniform(size=count) < options.reversed_station_fraction
    edges = np.sort(random.uniform(size=(count, 2)), axis=1)[is_reversed]
    correction = options.sp_correction_scatter * random.standard_normal(count)
    return SimulatedStations(
        stations={
            "network": network,
            "station": code,
            "longitude": lon,
            "latitude": lat,
            "elevation_m": np.minimum(elevation, _HIGHEST_M),
            "start_time": start,
        },
        reversals={
            "network": network[is_reversed],
            "station": code[is_reversed],
            "start_time": begin + _share(length, edges[:, 0]),
            "end_time": begin + _share(length, edges[:, 1]),
        },
        sp_corrections={
            "network": network,
            "station": code,
            "sp_log_correction": correction,
        },
        quietness=_SITE_SCATTER * random.standard_normal(count),
        keys=string_keys([f"{n}.{s}" for n, s in zip(network, code, strict=True)], seed),
    )


def _place_stations(
    options: SimulationOptions, random: np.random.Generator
) -> tuple[Floats, Floats, int]:
    """Longitudes and latitudes of stations on land, and how many are of the main network.

    Those of the main network come first.
    """
    outlines = np.concatenate([np.array(o) for o in options.land])
    west, south = outlines.min(axis=0)
    east, north = outlines.max(axis=0)
    spacing = options.station_spacing_km
    rows = np.arange(south, north, spacing * math.sqrt(0.75) / KM_PER_DEGREE)
    lons, lats = [], []
    for i, row in enumerate(rows):
        step = spacing / (KM_PER_DEGREE * math.cos(math.radians(row)))
        row_lon = np.arange(west + (0.5 * step if i % 2 else 0.0), east, step)
        lons.append(row_lon + _JITTER * step * random.standard_normal(row_lon.size))
        lats.append(row + _JITTER * spacing / KM_PER_DEGREE * random.standard_normal(row_lon.size))
    lon, lat = np.concatenate(lons), np.concatenate(lats)
    on_land = inside_outlines(options.land, lon, lat)
    lon, lat = lon[on_land], lat[on_land]
    main = lon.size
    wanted = round(options.extra_station_fraction * main)
    extra_lon, extra_lat = np.empty(0), np.empty(0)
    while main and extra_lon.size < wanted:
        try_lon = random.uniform(west, east, 4 * wanted + 50)
        try_lat = random.uniform(south, north, 4 * wanted + 50)
        good = inside_outlines(options.land, try_lon, try_lat)
        extra_lon = np.concatenate([extra_lon, try_lon[good]])[:wanted]
        extra_lat = np.concatenate([extra_lat, try_lat[good]])[:wanted]
    lon = np.round(np.concatenate([lon, extra_lon]), 5)
    lat = np.round(np.concatenate([lat, extra_lat]), 5)
    return lon, lat, main


def _share(length: np.timedelta64, shares: Floats) -> NDArray[np.timedelta64]:
    """Parts of a time span, to the second."""
    seconds = length / np.timedelta64(1, "s")
    return np.floor(seconds * shares).astype("timedelta64[s]").astype("timedelta64[ns]")
