"""Where readings were made: stations of the table, or angles as given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import distance_azimuth
from quakeloom.schema import time_values
from quakeloom.stages.readings.station_epochs import find_stations


@dataclass(frozen=True)
class ReadingSites:
    """Where the readings of one kind were made, and how far from the events."""

    event: NDArray[np.int64]
    azimuth: NDArray[np.float64]
    distance: NDArray[np.float64]
    station: NDArray[np.float64]
    """Longitude, latitude and elevation (m) of the stations, shape (3, readings)."""

    choice: NDArray[np.object_]
    """By which rule one of several places was taken, see :class:`StationPlaces`."""


def place_readings(
    settings: Settings,
    events: pa.Table,
    readings: pa.Table,
    event: NDArray[np.int64],
    stations: pa.Table,
) -> tuple[ReadingSites, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Azimuth and distance of readings: from coordinates, else as given."""
    times = time_values(events.column("origin_time"))[event]
    selection = settings.selection
    places = find_stations(
        stations, readings, times, selection.station_match, selection.station_epochs
    )
    lon, lat = places.longitude, places.latitude
    if settings.takeoff.angles != "given":
        places.warn("mechanism", readings)
    distance, azimuth = distance_azimuth(
        events.column("longitude").to_numpy()[event],
        events.column("latitude").to_numpy()[event],
        lon,
        lat,
        settings.takeoff.distance,
    )
    columns = {
        c: readings.column(c).to_numpy()
        if c in readings.column_names
        else np.full(len(event), np.nan)
        for c in ("azimuth_deg", "takeoff_deg", "distance_km")
    }
    station = np.stack([lon, lat, places.elevation_m])
    choice = places.choice
    if settings.takeoff.angles == "given":
        with np.errstate(invalid="ignore"):
            distance = np.where(np.isnan(columns["distance_km"]), distance, columns["distance_km"])
        return ReadingSites(event, columns["azimuth_deg"], distance, station, choice), (
            columns["azimuth_deg"],
            columns["takeoff_deg"],
        )
    found = ~np.isnan(lon)
    azimuth = np.where(found, azimuth, np.nan)
    return ReadingSites(event, azimuth, distance, station, choice), (
        azimuth,
        np.full(len(event), np.nan),
    )


def event_index(rows: pa.Table, ids: pa.Array) -> NDArray[np.int64]:
    """Return the event in ``ids`` of each row."""
    index = pc.index_in(rows.column("event_id"), ids).to_numpy()
    return np.asarray(index, dtype=np.int64)
