"""Which station made a reading: codes, epochs, and the spans of reversed polarity."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import distance_azimuth
from quakeloom.schema import time_values
from quakeloom.signal import ACCELERATION

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_SAME_PLACE_DEG = 0.02
"""Stations of one code this close together are one site, whatever their network codes."""

_SAME_SITE_KM = 0.5
"""Places of one name this close together are one: 0.1 s of travel time at 5 km/s."""
_FIRST_LETTERS = {"V": "E", "E": "V"}
"""Short-period channels that station lists name by either letter (SCSN)."""

_NAMED_STATIONS = 8
"""Stations that a warning names one by one."""


@dataclass(frozen=True)
class StationPlaces:
    """Where readings were made.

    Attributes
    ----------
    longitude, latitude, elevation_m : ndarray, shape (n,)
        NaN where there is no station, or several and no rule for one.
    choice : ndarray of str, shape (n,)
        By which rule one of several places of the same name was taken; empty as a rule.
    """

    longitude: Floats
    latitude: Floats
    elevation_m: Floats
    choice: NDArray[np.object_]

    def warn(self, where: str, readings: pa.Table) -> None:
        """Say which stations had several places at one time.

        Parameters
        ----------
        where : str
            Stage that used the places.
        readings : pyarrow.Table, n rows
        """
        rows = np.flatnonzero(self.choice != "")
        if not rows.size:
            return
        network, station = (readings.column(n).to_pylist() for n in ("network", "station"))
        said = dict.fromkeys(
            f"{'.'.join(filter(None, (network[r], station[r])))}: {self.choice[r]}" for r in rows
        )
        shown = "; ".join(list(said)[:_NAMED_STATIONS])
        more = f"; and {len(said) - _NAMED_STATIONS} more" if len(said) > _NAMED_STATIONS else ""
        log.warning(
            "%s: stations with several places at one time (%d readings): %s%s. Correct the epochs "
            "of the station table.", where, rows.size, shown, more,
        )  # fmt: skip


def find_stations(
    stations: pa.Table,
    readings: pa.Table,
    times: NDArray[np.datetime64],
    match: str = "best",
    epochs: bool = True,
) -> StationPlaces:
    """Return the place of the station of every reading, NaN where there is none.

    Candidates are the rows of the same network, station and channel; then the channel with
    V and E exchanged as first letter; then any channel of the network's station; then, if
    the code stands for one place only, the station of any network. Among candidates that one
    counts whose epoch holds the time; a station outside all of its epochs is none. Where
    several hold it, rows of the same location code, then rows of stations, come before those
    of other channels, and among them that which started last counts (an end date is forgotten
    more often than a start), then seismometers before accelerometers. Where several started
    together and are more than half a kilometer apart, none does: there is no rule for them. The
    order of the rows never matters.

    Parameters
    ----------
    stations : pyarrow.Table
        Registered table ``stations``.
    readings : pyarrow.Table, n rows
        With columns ``network``, ``station``, ``channel``, and perhaps ``location_code``.
    times : ndarray of datetime64, shape (n,)
        Origin time of the event of each reading.
    match : {"best", "channel"}
        As above, or only by network, station and the first two letters of the channel,
        with V and E exchanged (HASH v1.2).
    epochs : bool
        Honor epochs; otherwise the nearest epoch counts for a time that is in none.
    """
    n = readings.num_rows
    place = np.full((3, n), np.nan)
    choice = np.full(n, "", dtype=object)
    if n and stations.num_rows:
        finder = _PlaceFinder(stations, match, epochs)
        codes, inverse = _unique_codes(readings)
        groups = np.argsort(inverse, kind="stable")
        bounds = np.searchsorted(inverse[groups], np.arange(len(codes) + 1))
        for i, code in enumerate(codes):
            rows = groups[bounds[i] : bounds[i + 1]]
            finder.find(code, times[rows], rows, place, choice)
    return StationPlaces(place[0], place[1], place[2], choice)


class _PlaceFinder:
    """Finds the places of readings of one code after the other."""

    def __init__(self, stations: pa.Table, match: str, epochs: bool) -> None:
        self._coordinates = np.stack(
            [stations.column(c).to_numpy() for c in ("longitude", "latitude", "elevation_m")]
        )
        self._start, self._end = _spans(stations)
        self._channel = np.array(stations.column("channel").to_pylist(), dtype=object)
        self._location = np.array(stations.column("location_code").to_pylist(), dtype=object)
        self._index = _StationIndex(stations, self._coordinates)
        self._match, self._epochs = match, epochs

    def find(
        self,
        code: tuple[str, str, str, str],
        times: NDArray[np.datetime64],
        rows: NDArray[np.int64],
        place: Floats,
        choice: NDArray[np.object_],
    ) -> None:
        """Write the places of some readings of one code into ``place`` and ``choice``."""
        candidates = self._index.candidates(*code[:3], match=self._match)
        if candidates.size == 0:
            return
        candidates = candidates[self._order(candidates, code[2], code[3])]
        t = times[:, None]
        inside = (t >= self._start[candidates]) & (t <= self._end[candidates])
        inside |= np.isnat(t)
        if not self._epochs:
            # open ends are at the limits of the type, whose differences need more than 64 bits
            at = t.astype(np.int64).astype(np.float64)
            away = np.maximum(self._start[candidates].astype(np.int64) - at,
                              at - self._end[candidates].astype(np.int64))  # fmt: skip
            nearest = away <= away.min(axis=1, keepdims=True)
            inside |= nearest & ~inside.any(axis=1, keepdims=True)
        found = inside.any(axis=1)
        first = inside.argmax(axis=1)
        place[:, rows[found]] = self._coordinates[:, candidates[first[found]]]
        if candidates.size == 1 or _spread_km(self._coordinates[:, candidates]) <= _SAME_SITE_KM:
            return
        patterns, which = np.unique(inside, axis=0, return_inverse=True)
        rank = self._rank(candidates, code[2], code[3])
        for k, pattern in enumerate(patterns):
            valid = np.flatnonzero(pattern)
            valid = valid[rank[valid] == rank[valid].min()] if valid.size else valid
            said, decided = self._judge(candidates[valid])
            own = rows[which.ravel() == k]
            choice[own] = said
            if not decided:
                place[:, own] = np.nan

    def _rank(self, rows: NDArray[np.int64], channel: str, location: str) -> NDArray[np.int64]:
        """Return what comes first: the own location, the own channel, the station itself."""
        other = (self._channel[rows] != channel) & (self._channel[rows] != "")
        elsewhere = (self._location[rows] != location) & bool(location)
        return np.asarray(2 * elsewhere + other, dtype=np.int64)

    def _order(self, rows: NDArray[np.int64], channel: str, location: str) -> NDArray[np.int64]:
        """Return the order in which rows are taken; the places make it whole."""
        longitude, latitude, elevation = self._coordinates[:, rows]
        late = self._start[rows].astype(np.int64)
        strong = np.array([c[1:2] in ACCELERATION for c in self._channel[rows]], dtype=bool)
        return np.lexsort(
            (elevation, latitude, longitude, np.isnan(elevation), strong, -late,
             self._rank(rows, channel, location))
        )  # fmt: skip

    def _judge(self, rows: NDArray[np.int64]) -> tuple[str, bool]:
        """Return what is to be said of rows that hold one time, and whether one is right."""
        spread = _spread_km(self._coordinates[:, rows]) if rows.size > 1 else 0.0
        if spread <= _SAME_SITE_KM:
            return "", True
        latest = rows[self._start[rows] == self._start[rows].max()]
        if _spread_km(self._coordinates[:, latest]) <= _SAME_SITE_KM:
            return f"latest start of places {spread:.1f} km apart", True
        return f"none of places {spread:.1f} km apart that started together", False


def _spread_km(coordinates: Floats) -> float:
    """Return the largest distance of places from the first one, heights included."""
    lon, lat, elevation = coordinates
    apart = distance_azimuth(lon[:1], lat[:1], lon, lat)[0]
    height = np.nan_to_num((elevation - np.nan_to_num(elevation[0])) / 1000.0)
    return float(np.hypot(apart, np.where(np.isnan(elevation), 0.0, height)).max())


def overlapping_epochs(stations: pa.Table) -> tuple[pa.Table, list[str], pa.Table, list[str]]:
    """Find channels that stand at two places at one time.

    Parameters
    ----------
    stations : pyarrow.Table
        Registered table ``stations``.

    Returns
    -------
    superseded : pyarrow.Table
        Rows whose epoch goes on while a later one of the channel has begun elsewhere (more than
        2 km away): there the later one counts.
    reasons : list of str
        Of each of them.
    ambiguous : pyarrow.Table
        Rows of channels with two places of which nothing says which one holds: their epochs
        start at one time, or have no start.
    words : list of str
        Of each of them.
    """
    start, end = _spans(stations)
    longitude, latitude = (stations.column(n).to_numpy() for n in ("longitude", "latitude"))
    by_code: dict[tuple[str, ...], list[int]] = {}
    names = [stations.column(c).to_pylist() for c in ("network", "station", "channel")]
    for row, code in enumerate(zip(*names, strict=True)):
        by_code.setdefault(code, []).append(row)
    superseded: dict[int, str] = {}
    ambiguous: dict[int, str] = {}
    for rows in by_code.values():
        if _degrees_apart(longitude[rows], latitude[rows]) <= _SAME_PLACE_DEG:
            continue
        for i, j in combinations(sorted(rows, key=lambda r: (start[r], r)), 2):
            apart = _degrees_apart(longitude[[i, j]], latitude[[i, j]])
            if not (apart > _SAME_PLACE_DEG and start[j] <= end[i]):
                continue
            where = f"({longitude[j]:g}, {latitude[j]:g})"
            if start[i] == start[j]:
                for row, other in ((i, j), (j, i)):
                    ambiguous[row] = (
                        "two places at one time: another row of this channel has "
                        f"({longitude[other]:g}, {latitude[other]:g}), and no dates say which "
                        "one holds; remove one, or give the epochs"
                    )
            elif start[j] > start[i]:
                since = np.datetime_as_string(start[j], "D")
                superseded[i] = (
                    f"two places at one time: since {since} another epoch of this channel is at "
                    f"{where}, which counts from then on; correct the end of the earlier epoch"
                )
    for row in ambiguous:
        superseded.pop(row, None)
    old, unclear = sorted(superseded), sorted(ambiguous)
    return (
        stations.take(pa.array(old, pa.int64())), [superseded[r] for r in old],
        stations.take(pa.array(unclear, pa.int64())), [ambiguous[r] for r in unclear],
    )  # fmt: skip


def _degrees_apart(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> float:
    """The largest difference from the first place in longitude, the shorter way, or latitude."""
    east = (longitude - longitude[0] + 180.0) % 360.0 - 180.0
    return float(max(np.abs(east).max(), np.abs(latitude - latitude[0]).max()))


def find_reversed(
    reversals: pa.Table, readings: pa.Table, times: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    """Return which readings fall into a span in which their station is reversed.

    A reversal without network code holds for the station in every network.

    Parameters
    ----------
    reversals : pyarrow.Table
        Registered table ``reversals``.
    readings : pyarrow.Table, n rows
    times : ndarray of datetime64, shape (n,)
    """
    turned = np.zeros(readings.num_rows, dtype=bool)
    if not reversals.num_rows or not readings.num_rows:
        return turned
    start, end = _spans(reversals)
    by_station: dict[str, list[int]] = {}
    for row, station in enumerate(reversals.column("station").to_pylist()):
        by_station.setdefault(station, []).append(row)
    networks = reversals.column("network").to_pylist()
    codes, inverse = _unique_codes(readings)
    groups = np.argsort(inverse, kind="stable")
    bounds = np.searchsorted(inverse[groups], np.arange(len(codes) + 1))
    for i, (network, station, *_) in enumerate(codes):
        rows = groups[bounds[i] : bounds[i + 1]]
        for r in by_station.get(station, ()):
            if networks[r] and network and networks[r] != network:
                continue
            t = times[rows]
            turned[rows] |= (t >= start[r]) & (t <= end[r])
    return turned


def reversed_by_table(
    reversals: pa.Table, readings: pa.Table, times: NDArray[np.datetime64]
) -> NDArray[np.bool_]:
    """Return which readings a table of reversals turns.

    Those that were turned already, since the metadata of their sensor say that it points
    down, are not turned back: both tell of the same sensor. A warning names their stations.

    Parameters
    ----------
    reversals : pyarrow.Table
        Registered table ``reversals``.
    readings : pyarrow.Table, n rows
        Registered table ``polarities``.
    times : ndarray of datetime64, shape (n,)
    """
    turned = find_reversed(reversals, readings, times)
    orientation = np.array(readings.column("orientation").to_pylist(), dtype=object)
    already: NDArray[np.bool_] = np.asarray(orientation == "reversed", dtype=bool)
    both = turned & already
    if both.any():
        names = readings.column("station").filter(pa.array(both)).unique().to_pylist()
        log.warning(
            "mechanism: %d readings of %s are reversed by the metadata of their sensors and by the "
            "table of reversals; they are turned once. If the table tells of readings that are "
            "turned already, write waveforms.orientation: names.",
            int(both.sum()), ", ".join(sorted(names)[:_NAMED_STATIONS]),
        )  # fmt: skip
    return turned & ~already


class _StationIndex:
    """Rows of the station table by codes of falling precision."""

    def __init__(self, stations: pa.Table, coordinates: NDArray[np.float64]) -> None:
        self._exact: dict[tuple[str, str, str], list[int]] = {}
        self._site: dict[tuple[str, str], list[int]] = {}
        self._band: dict[tuple[str, str, str], list[int]] = {}
        self._name: dict[str, list[int]] = {}
        self._coordinates = coordinates
        columns = [stations.column(c).to_pylist() for c in ("network", "station", "channel")]
        for row, code in enumerate(zip(*columns, strict=True)):
            self._exact.setdefault(code, []).append(row)
            self._band.setdefault((*code[:2], code[2][:2]), []).append(row)
            self._site.setdefault(code[:2], []).append(row)
            self._name.setdefault(code[1], []).append(row)

    def candidates(
        self, network: str, station: str, channel: str, match: str = "best"
    ) -> NDArray[np.int64]:
        other = _FIRST_LETTERS.get(channel[:1], "")
        if match == "channel":
            rows = self._band.get((network, station, channel[:2]), [])
            if other and not rows:
                rows = self._band.get((network, station, other + channel[1:2]), [])
            return np.array(rows, dtype=np.int64)
        rows = (
            self._exact.get((network, station, channel))
            or (other and self._exact.get((network, station, other + channel[1:])))
            or self._site.get((network, station))
            or []
        )
        if not rows:
            rows = self._name.get(station, [])
            xy = self._coordinates[:2, rows]
            if rows and np.ptp(xy, axis=1).max() > _SAME_PLACE_DEG:
                rows = []
        return np.array(rows, dtype=np.int64)


def _spans(table: pa.Table) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Start and end times with open ends at the limits of the type."""
    start = time_values(table.column("start_time")).copy()
    end = time_values(table.column("end_time")).copy()
    start[np.isnat(start)] = np.datetime64(np.iinfo(np.int64).min + 1, "ns")
    end[np.isnat(end)] = np.datetime64(np.iinfo(np.int64).max, "ns")
    return start, end


def _unique_codes(
    readings: pa.Table,
) -> tuple[list[tuple[str, str, str, str]], NDArray[np.int64]]:
    """Unique (network, station, channel, location) of readings, and the number of each one's.

    The location is empty where readings have none.
    """
    key = np.zeros(readings.num_rows, dtype=np.int64)
    columns = []
    for name in ("network", "station", "channel", "location_code"):
        if name not in readings.column_names:
            columns.append(([""], np.zeros(readings.num_rows, dtype=np.int64)))
            continue
        encoded = readings.column(name).combine_chunks().dictionary_encode()
        words = encoded.dictionary.to_pylist()
        codes = encoded.indices.to_numpy()
        key = key * max(len(words), 1) + codes
        columns.append((words, codes))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    unique = [tuple(words[codes[i]] for words, codes in columns) for i in first]
    return unique, inverse  # type: ignore[return-value]
