"""Fetching the waveforms of a configuration's events from an FDSN service.

Not a stage of every run: it needs a network, and runs only when asked, before planning. What
is there already is not fetched again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import InputError, distance_azimuth
from quakeloom.formats import (
    FdsnRequest,
    fetch_stations,
    fetch_waveforms,
    find_service,
    read_source,
)
from quakeloom.schema import time_values
from quakeloom.store import input_place, list_inputs, local_copy, open_folder, write_bytes

log = logging.getLogger(__name__)

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_SLOWEST_KM_S = 3.0
"""No S wave that is looked for is slower."""


@dataclass(frozen=True)
class Fetched:
    """What was fetched.

    Attributes
    ----------
    events, files, present, empty : int
        Events of the sources, files written, files that were there, events of which the
        service has nothing.
    """

    events: int
    files: int
    present: int
    empty: int


def fetch_archive(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> Fetched:
    """Fetch stations, and one miniSEED file per event, into the archive of a configuration.

    Parameters
    ----------
    settings : Settings
        With ``waveforms.fetch``.
    progress : callable

    Raises
    ------
    InputError
        If the settings ask for no service, it cannot be reached, or no event is known.
    """
    wanted = settings.waveforms.fetch if settings.waveforms is not None else None
    if wanted is None or settings.waveforms is None:
        raise InputError(
            f"'{settings.name}' has no group waveforms.fetch. Nothing was fetched; add one with "
            "the service, networks and channels."
        )
    service = find_service(wanted.service)
    folder = open_folder(input_place(settings.data, wanted.folder))
    inventory = folder / "stations.xml"
    if not inventory.exists():
        progress(f"fetching stations from {service}")
        found = fetch_stations(service, wanted.networks, wanted.stations, wanted.channels)
        write_bytes(inventory, found)
    with local_copy(inventory) as path:
        stations = read_source(path).stations
    events = _events(settings)
    files = present = empty = 0
    for row in range(events.num_rows):
        event = events.column("event_id")[row].as_py()
        file = folder / f"{_safe(event)}.mseed"
        if file.exists():
            present += 1
            continue
        requests = _requests(settings, events.slice(row, 1), stations)
        content = fetch_waveforms(service, requests) if requests else b""
        if not content:
            empty += 1
            log.info("fetch: %s has nothing of event %s", service, event)
            continue
        write_bytes(file, content)
        files += 1
        progress(f"fetched {files} of {events.num_rows} events")
    return Fetched(events.num_rows, files, present, empty)


def _events(settings: Settings) -> pa.Table:
    """Return the events of the sources with a place and a time."""
    tables = []
    for source in settings.sources:
        for path in list_inputs(settings.data, source.path):
            found = read_source(path, source.format, **source.options).events
            if found is not None and found.num_rows:
                tables.append(found)
    if not tables:
        raise InputError(
            f"The sources of '{settings.name}' hold no event. Nothing was fetched; a catalog with "
            "times and places is needed first."
        )
    names = ("event_id", "origin_time", "longitude", "latitude")
    return pa.concat_tables([t.select(names) for t in tables])


def _requests(settings: Settings, event: pa.Table, stations: pa.Table) -> list[FdsnRequest]:
    """Return the spans to ask for: from before the origin to after the slowest S."""
    assert settings.waveforms is not None
    wanted = settings.waveforms.fetch
    assert wanted is not None
    lon, lat = (event.column(c)[0].as_py() for c in ("longitude", "latitude"))
    origin = int(
        time_values(event.column("origin_time")).astype("datetime64[ns]").astype(np.int64)[0]
    )
    longitude, latitude = (
        np.asarray(stations.column(c).to_numpy(), dtype=float) for c in ("longitude", "latitude")
    )
    count = stations.num_rows
    distance = distance_azimuth(np.full(count, lon), np.full(count, lat), longitude, latitude)[0]
    near = np.flatnonzero(distance <= settings.selection.maximum_distance_km)
    codes: dict[tuple[str, str], float] = {}
    for i in near.tolist():
        key = stations.column("network")[i].as_py(), stations.column("station")[i].as_py()
        codes[key] = max(codes.get(key, 0.0), float(distance[i]))
    return [
        FdsnRequest(
            network, station, "*", wanted.channels,
            origin - round(wanted.before_s * _NANO),
            origin + round((far / _SLOWEST_KM_S + wanted.after_s) * _NANO),
        )
        for (network, station), far in sorted(codes.items())
    ]  # fmt: skip


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
