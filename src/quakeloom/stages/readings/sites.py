"""Where readings were made: stations of the table, or angles as given."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import distance_azimuth
from quakeloom.stages.readings.block_readings import BlockEvents, EventRows
from quakeloom.stages.readings.station_epochs import find_stations

Rows = TypeVar("Rows", bound=EventRows)


def place_rows(settings: Settings, events: BlockEvents, rows: Rows, stations: pa.Table) -> Rows:
    """Return rows with station, distance and azimuth: from coordinates, else as given.

    Where angles are given they are taken, and the distance with them if there is one.
    """
    selection = settings.selection
    places = find_stations(
        stations, rows.table, rows.time, selection.station_match, selection.station_epochs
    )
    if settings.takeoff.angles != "given":
        places.warn("mechanism", rows.table)
    distance, azimuth = distance_azimuth(
        events.column("longitude")[rows.event],
        events.column("latitude")[rows.event],
        places.longitude,
        places.latitude,
        settings.takeoff.distance,
    )
    takeoff = np.full(rows.count, np.nan)
    if settings.takeoff.angles == "given":
        azimuth, takeoff = rows.column("azimuth_deg"), rows.column("takeoff_deg")
        given = rows.column("distance_km")
        distance = np.where(np.isnan(given), distance, given)
    else:
        azimuth = np.where(np.isnan(places.longitude), np.nan, azimuth)
    return replace(
        rows,
        azimuth_deg=azimuth,
        takeoff_deg=takeoff,
        distance_km=distance,
        station=np.stack([places.longitude, places.latitude, places.elevation_m]),
        choice=places.choice,
    )
