"""Stations that cannot be where their table says, seen from the events that they recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth
from quakeloom.formats._source_tables import TableBuilder
from quakeloom.schema import time_values

Floats = NDArray[np.float64]

_FASTEST_KM_S = 15.0
"""No wave is faster: the lowermost mantle has 13.7 km/s."""

_LONG_S = 180.0
"""S from the deepest earthquakes comes to the epicenter within 160 s."""

_SLOWEST_KM_S = 0.3
"""No wave that is picked is slower: sound in air has 0.34 km/s, soft soils are not long paths."""

_SLACK_KM = 200.0
"""Distance that errors of place and time explain."""

_FAR_KM = 1000.0
"""Without arrival times, nearer stations are taken as they are."""

_MUCH_NEARER = 0.2
"""A place is another's mistake if it is this share of the distance away."""

_READINGS = 50
"""Readings of a station that are looked at; more would change nothing."""

_PLACES = 200
"""Events and stations whose distances are looked at, at most about twice as many."""

_MISTAKES = (
    ("longitude and latitude exchanged", lambda x, y: (y, x)),
    ("the other sign of the longitude", lambda x, y: (-x, y)),
    ("the other sign of the latitude", lambda x, y: (x, -y)),
)
"""What often goes wrong with coordinates, and how it is undone."""


@dataclass(frozen=True)
class _Read:
    """Events that a station has read: places, travel times (NaN where not known), and when."""

    longitude: Floats
    latitude: Floats
    travel_time_s: Floats
    origin_time: NDArray[np.datetime64]

    def within(self, start: np.datetime64, end: np.datetime64) -> _Read | None:
        """Return events of an epoch, at most :data:`_READINGS`, or none if there are none."""
        time = self.origin_time
        with np.errstate(invalid="ignore"):
            inside = (np.isnat(time) | np.isnat(start) | (time >= start)) & (
                np.isnat(time) | np.isnat(end) | (time <= end)
            )
        rows = np.flatnonzero(inside)[:_READINGS]
        if not rows.size:
            return None
        return _Read(*(np.asarray(v)[rows] for v in vars(self).values()))


def find_misplaced_stations(
    events: pa.Table, stations: pa.Table, readings: Sequence[pa.Table]
) -> pa.Table:
    """Find stations that are too far from the events that they recorded.

    A station is misplaced if waves would have had to travel faster than 15 km/s for most of
    its readings; or, where no times are known, if it is 1,000 km or more from its events and
    another way to read its coordinates (exchanged, with another sign) brings it much nearer. It
    is misplaced, too, if most of its readings came after more than 180 s from nearer than waves of
    0.3 km/s: then times are in ms, or places in radians.

    Parameters
    ----------
    events, stations : pyarrow.Table
        Registered tables.
    readings : sequence of pyarrow.Table
        Registered tables ``polarities`` and ``picks``.

    Returns
    -------
    pyarrow.Table
        Registered table ``rejects``: a row for every misplaced row of ``stations``, with the
        distance and the coordinates to write. Many rows with one reason say that a whole
        table, of stations or of events, has the mistake.
    """
    found = TableBuilder("rejects")
    reasons = misplaced_reasons(events, stations, readings)
    for row, reason in zip(stations.to_pylist(), reasons, strict=True):
        if reason:
            found.add(
                source_file=row["source_file"],
                source_line=row["source_line"],
                record="station",
                station=row["station"],
                reason=reason,
            )
    return found.table()


def misplaced_reasons(
    events: pa.Table, stations: pa.Table, readings: Sequence[pa.Table]
) -> list[str]:
    """Say for every row of ``stations`` why it is misplaced, or nothing.

    See :func:`find_misplaced_stations`. A row is held against the events of its epoch.
    """
    read = _readings_by_station(events, readings)
    start, end = (time_values(stations.column(n)) for n in ("start_time", "end_time"))
    names = ("network", "station", "longitude", "latitude")
    rows = zip(*(stations.column(n).to_pylist() for n in names), strict=True)
    known: dict[tuple[object, ...], str] = {}
    reasons = []
    for row, (network, station, longitude, latitude) in enumerate(rows):
        key = (network, station, longitude, latitude, start[row], end[row])
        if key not in known:
            events_read = read.get((network, station)) or (
                read.get(("", station)) if network else None
            )
            here = None if events_read is None else events_read.within(start[row], end[row])
            good = here is not None and np.isfinite(longitude + latitude)
            known[key] = _misplacement(longitude, latitude, here) if here and good else ""
        reasons.append(known[key])
    return reasons


def exchanged_epicenters(events: pa.Table, stations: pa.Table) -> str:
    """Say whether longitude and latitude of the events seem to be exchanged, or nothing.

    They are doubted if the epicenters are 1,000 km and more from the nearest station in the
    median, and much nearer when exchanged. For catalogs without readings; with readings
    :func:`misplaced_reasons` says more.
    """
    places = []
    for table in (events, stations):
        place = np.stack([table.column(n).to_numpy() for n in ("longitude", "latitude")])
        place = np.unique(place[:, np.isfinite(place).all(axis=0)], axis=1)
        places.append(place[:, :: max(1, place.shape[1] // _PLACES)])
    epicenters, sites = places
    if not epicenters.size or not sites.size or np.any(np.abs(epicenters[0]) > 90.0):
        return ""
    as_written = _nearest_site(epicenters[0], epicenters[1], sites)
    if as_written < _FAR_KM:
        return ""
    exchanged = _nearest_site(epicenters[1], epicenters[0], sites)
    if exchanged > _MUCH_NEARER * as_written:
        return ""
    return (
        f"the epicenters are {as_written:.0f} km from the nearest station in the median, with "
        f"longitude and latitude exchanged {exchanged:.0f} km; exchange these columns of the events"
    )


def _nearest_site(longitude: Floats, latitude: Floats, sites: Floats) -> float:
    """Median over places of the distance to the nearest site, in km."""
    distance, _ = distance_azimuth(longitude[:, None], latitude[:, None], sites[0], sites[1])
    return float(np.median(np.asarray(distance).min(axis=1)))


def _misplacement(longitude: float, latitude: float, read: _Read) -> str:
    """Say why a station cannot be at a place, or nothing."""
    distance = _distances(longitude, latitude, read)
    median = float(np.median(distance))
    timed = np.isfinite(read.travel_time_s)
    slow = timed & (read.travel_time_s > _LONG_S) & (distance < _SLOWEST_KM_S * read.travel_time_s)
    if slow.sum() > 0.5 * timed.sum():
        return (
            f"it is {np.median(distance[slow]):.3g} km from the {int(timed.sum())} events that it "
            f"read {np.median(read.travel_time_s[slow]):.4g} s after they began, later than any "
            "wave; times in ms, coordinates in radians, or origin times of other events"
        )
    limit = _FASTEST_KM_S * np.maximum(read.travel_time_s, 0.0) + _SLACK_KM
    too_fast = bool(timed.any()) and float(np.mean(distance[timed] > limit[timed])) > 0.5
    if not too_fast and (median < _FAR_KM or timed.any()):
        return ""
    hints = []
    for words, undo in _MISTAKES:
        x, y = undo(longitude, latitude)
        if abs(y) > 90.0:
            continue
        nearer = float(np.median(_distances(x, y, read)))
        if nearer < _MUCH_NEARER * median:
            hints.append((nearer, f"with {words} ({x:g}, {y:g}) it would be {nearer:.0f} km"))
    if not too_fast and not hints:
        return ""
    count = distance.size
    where = f"it is {median:.0f} km from the {count} event{'s' if count > 1 else ''} that it read"
    fast = ", farther than waves travel in that time" if too_fast else ""
    return where + fast + (f"; {min(hints)[1]}" if hints else "; check its coordinates")


def _distances(longitude: float, latitude: float, read: _Read) -> Floats:
    distance, _ = distance_azimuth(longitude, latitude, read.longitude, read.latitude)
    return np.asarray(distance, dtype=np.float64)


def _readings_by_station(
    events: pa.Table, readings: Sequence[pa.Table]
) -> dict[tuple[str, str], _Read]:
    ids = events.column("event_id").combine_chunks()
    longitude, latitude = (events.column(n).to_numpy() for n in ("longitude", "latitude"))
    origin = time_values(events.column("origin_time"))
    pieces: dict[tuple[str, str], list[NDArray[np.int64]]] = {}
    times: dict[tuple[str, str], list[Floats]] = {}
    for table in readings:
        event = pc.index_in(table.column("event_id"), ids).fill_null(-1).to_numpy()
        name = "time" if "time" in table.column_names else "arrival_time"
        seconds = np.full(table.num_rows, np.nan)
        arrival = time_values(table.column(name))
        known = event >= 0
        known[known] = ~np.isnat(arrival[known]) & ~np.isnat(origin[event[known]])
        seconds[known] = (arrival[known] - origin[event[known]]).astype(np.int64) * 1e-9
        for key, rows in _rows_by_station(table, event).items():
            pieces.setdefault(key, []).append(event[rows])
            times.setdefault(key, []).append(seconds[rows])
    found = {}
    for key, parts in pieces.items():
        index = np.concatenate(parts)
        good = np.isfinite(longitude[index] + latitude[index])
        if good.any():
            found[key] = _Read(
                longitude[index[good]], latitude[index[good]], np.concatenate(times[key])[good],
                origin[index[good]],
            )  # fmt: skip
    return found


def _rows_by_station(
    table: pa.Table, event: NDArray[np.int64]
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Rows with a known event by network and station."""
    names = pc.binary_join_element_wise(
        table.column("network"), table.column("station"), "\t"
    ).combine_chunks()
    encoded = names.dictionary_encode()
    codes = encoded.indices.to_numpy()
    rows = np.flatnonzero(event >= 0)
    if not rows.size:
        return {}
    rows = rows[np.argsort(codes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(codes[rows], prepend=-1))
    words = encoded.dictionary.to_pylist()
    found = {}
    for start, end in zip(starts, [*starts[1:], rows.size], strict=True):
        network, _, station = words[codes[rows[start]]].partition("\t")
        found[(network, station)] = rows[start:end]
    return found
