"""Tables as ObsPy catalogs and inventories."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from obspy import Catalog, Inventory, UTCDateTime, read_events
from obspy.core.event import (
    Arrival,
    Event,
    Magnitude,
    Origin,
    OriginUncertainty,
    Pick,
    QuantityError,
    ResourceIdentifier,
    WaveformStreamID,
)
from obspy.core.inventory import Channel, Network, Station

from quakeloom.formats import CatalogTables, public_id, write_quakeml
from quakeloom.schema import is_first_p, time_values

_KM_PER_DEGREE = math.pi / 180.0 * 6371.0
"""Kilometers of a degree of a great circle on a sphere of 6,371 km."""

_SIGNS = {1: "positive", -1: "negative", 0: "undecidable"}
"""Polarities by their words in QuakeML."""

_ONSETS = {"I": "impulsive", "E": "emergent"}
"""Onsets by their words in QuakeML."""

_TIMES = ("origin_time", "time", "arrival_time", "start_time", "end_time")
"""Columns of times."""


def catalog_to_obspy(tables: Mapping[str, pa.Table]) -> tuple[Catalog, Inventory]:
    """Return the events of registered tables as an ObsPy catalog, and the stations."""
    events: dict[str, Event] = {}
    for row in _rows(tables["events"]):
        events[row["event_id"]] = _event(row)
    for event_id, event in _events_of_mechanisms(tables["mechanisms"]).items():
        mine = events.setdefault(event_id, event)
        if mine is event:
            continue
        # an origin of its own may carry what the mechanism was found with
        mine.focal_mechanisms = event.focal_mechanisms
        mine.preferred_focal_mechanism_id = event.preferred_focal_mechanism_id
        mine.comments += event.comments
        for mechanism in mine.focal_mechanisms:
            mechanism.triggering_origin_id = mine.preferred_origin_id
    _add_picks(events, _rows(tables["picks"]), _rows(tables["polarities"]))
    return Catalog(list(events.values())), _inventory(_rows(tables["stations"]))


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows with times as nanoseconds or None, NaN as None."""
    columns: dict[str, list[Any]] = {}
    for name in table.column_names:
        if name in _TIMES:
            times = time_values(table.column(name))
            numbers = times.astype(np.int64).tolist()
            columns[name] = [
                None if np.isnat(t) else n for t, n in zip(times, numbers, strict=True)
            ]
        else:
            values = table.column(name).to_pylist()
            columns[name] = [None if isinstance(v, float) and math.isnan(v) else v for v in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _event(row: dict[str, Any]) -> Event:
    event = Event(resource_id=ResourceIdentifier(public_id(row["event_id"])))
    if row["origin_time"] is not None and row["longitude"] is not None:
        depth, error = row["depth_km"], row["vertical_error_km"]
        origin = Origin(
            time=UTCDateTime(ns=row["origin_time"]),
            longitude=row["longitude"],
            latitude=row["latitude"],
            depth=None if depth is None else 1000.0 * depth,
            depth_errors=QuantityError(None if error is None else 1000.0 * error),
        )
        if row["horizontal_error_km"] is not None:
            origin.origin_uncertainty = OriginUncertainty(
                horizontal_uncertainty=1000.0 * row["horizontal_error_km"],
                preferred_description="horizontal uncertainty",
            )
        event.origins.append(origin)
        event.preferred_origin_id = origin.resource_id
    if row["magnitude"] is not None:
        magnitude = Magnitude(mag=row["magnitude"])
        event.magnitudes.append(magnitude)
        event.preferred_magnitude_id = magnitude.resource_id
    return event


def _events_of_mechanisms(mechanisms: pa.Table) -> dict[str, Event]:
    """Events of a table of mechanisms, as they are in the QuakeML that quakeloom writes."""
    if not mechanisms.num_rows:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mechanisms.xml"
        write_quakeml(CatalogTables(mechanisms=mechanisms), path)
        events = list(read_events(str(path), format="QUAKEML"))
    return dict(zip(mechanisms.column("event_id").to_pylist(), events, strict=True))


def _add_picks(
    events: dict[str, Event], picks: list[dict[str, Any]], motions: list[dict[str, Any]]
) -> None:
    """Add picks with arrivals; first motions go to the pick that they were read at.

    A first motion without a time goes to the P pick of its event and station, if there is one
    alone: a second pick beside it would have no time.
    """
    made: dict[tuple[Any, ...], Pick] = {}
    timed: dict[tuple[Any, ...], list[Pick]] = {}
    for row in picks:
        pick = _add_pick(events, row, row["phase"], row["time"])
        if row["uncertainty_s"] is not None:
            pick.time_errors = QuantityError(uncertainty=row["uncertainty_s"])
        if is_first_p(row["phase"]):
            key = (row["event_id"], row["network"], row["station"])
            made.setdefault((*key, row["time"]), pick)
            timed.setdefault(key, []).append(pick)
    for row in motions:
        key = (row["event_id"], row["network"], row["station"])
        pick = made.get((*key, row["arrival_time"]))
        if pick is None and row["arrival_time"] is None and len(timed.get(key, ())) == 1:
            pick = timed[key][0]
        if pick is None:
            pick = _add_pick(events, row, "P", row["arrival_time"])
        pick.polarity = _SIGNS[int(row["polarity"])]
        pick.onset = _ONSETS.get(row["onset"]) or pick.onset
        _add_angles(events[row["event_id"]], pick, row)


def _add_pick(events: dict[str, Event], row: dict[str, Any], phase: str, time: Any) -> Pick:
    event_id = row["event_id"]
    if event_id not in events:
        events[event_id] = Event(resource_id=ResourceIdentifier(public_id(event_id)))
    event = events[event_id]
    pick = Pick(
        time=None if time is None else UTCDateTime(ns=time),
        phase_hint=phase,
        onset=_ONSETS.get(row["onset"]),
        waveform_id=WaveformStreamID(
            network_code=row["network"], station_code=row["station"],
            location_code=row.get("location_code", ""), channel_code=row["channel"],
        ),
    )  # fmt: skip
    event.picks.append(pick)
    if event.origins:
        event.origins[0].arrivals.append(Arrival(pick_id=pick.resource_id, phase=phase))
    return pick


def _add_angles(event: Event, pick: Pick, row: dict[str, Any]) -> None:
    if not event.origins:
        return
    arrival = next(a for a in event.origins[0].arrivals if a.pick_id == pick.resource_id)
    arrival.azimuth = row["azimuth_deg"]
    arrival.takeoff_angle = row["takeoff_deg"]
    if row["distance_km"] is not None:
        arrival.distance = row["distance_km"] / _KM_PER_DEGREE


def _inventory(rows: list[dict[str, Any]]) -> Inventory:
    """Networks with one station per place and epoch, and its channels where they are known."""
    networks: dict[str, dict[tuple[Any, ...], Station]] = {}
    for row in rows:
        stations = networks.setdefault(row["network"], {})
        # StationXML has no station without an elevation
        height = 0.0 if row["elevation_m"] is None else row["elevation_m"]
        start, end = (
            None if row[n] is None else UTCDateTime(ns=row[n]) for n in ("start_time", "end_time")
        )
        key = (row["station"], row["latitude"], row["longitude"], start, end)
        if key not in stations:
            stations[key] = Station(
                row["station"], row["latitude"], row["longitude"], height, start_date=start,
                end_date=end,
            )  # fmt: skip
        if row["channel"]:
            stations[key].channels.append(
                Channel(
                    row["channel"], "", row["latitude"], row["longitude"], height, 0.0,
                    start_date=start, end_date=end,
                )
            )  # fmt: skip
    return Inventory(
        [Network(code, stations=list(found.values())) for code, found in networks.items()],
        source="quakeloom",
    )
