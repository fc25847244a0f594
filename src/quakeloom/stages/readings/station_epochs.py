"""Which station made a reading: codes, epochs, and the spans of reversed polarity."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.schema import time_values

_SAME_PLACE_DEG = 0.02
"""Stations of one code this close together are one site, whatever their network codes."""

_ACCELEROMETERS = ("N", "G", "L")
"""Instrument codes of SEED channels that stand for accelerometers."""

_FIRST_LETTERS = {"V": "E", "E": "V"}
"""Short-period channels that station lists name by either letter (SCSN)."""


def find_stations(
    stations: pa.Table,
    readings: pa.Table,
    times: NDArray[np.datetime64],
    match: str = "best",
    epochs: bool = True,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of the station of every reading, NaN where there is none.

    Candidates are the rows of the same network, station and channel; then the channel with
    V and E exchanged as first letter; then any channel of the network's station; then, if
    the code stands for one place only, the station of any network. Among candidates the
    one whose epoch holds the time is taken; a station outside all of its epochs is none. Where
    several hold, the one that started last counts (an end date is forgotten more often than a
    start), then seismometers before accelerometers; with ``match="channel"`` the first row, as
    in HASH.

    Parameters
    ----------
    stations : pyarrow.Table
        Registered table ``stations``.
    readings : pyarrow.Table, n rows
        With columns ``network``, ``station``, ``channel``.
    times : ndarray of datetime64, shape (n,)
        Origin time of the event of each reading.
    match : {"best", "channel"}
        As above, or only by network, station and the first two letters of the channel,
        with V and E exchanged (HASH v1.2).
    epochs : bool
        Honor epochs; otherwise the first candidate is taken.

    Returns
    -------
    longitude, latitude, elevation_m : ndarray, shape (n,)
    """
    n = readings.num_rows
    place = np.full((3, n), np.nan)
    if not n or not stations.num_rows:
        return place[0], place[1], place[2]
    coordinates = np.stack(
        [stations.column(c).to_numpy() for c in ("longitude", "latitude", "elevation_m")]
    )
    start, end = _spans(stations)
    index = _StationIndex(stations, coordinates)
    is_accelerometer = np.array(
        [c[1:2] in _ACCELEROMETERS for c in stations.column("channel").to_pylist()]
    )
    codes, inverse = _unique_codes(readings)
    groups = np.argsort(inverse, kind="stable")
    bounds = np.searchsorted(inverse[groups], np.arange(len(codes) + 1))
    for i, code in enumerate(codes):
        candidates = index.candidates(*code, match=match)
        if candidates.size == 0:
            continue
        if not epochs:
            candidates = candidates[:1]
        elif match == "best":
            candidates = candidates[
                np.lexsort(
                    (candidates, is_accelerometer[candidates], -start[candidates].astype(np.int64))
                )
            ]
        rows = groups[bounds[i] : bounds[i + 1]]
        t = times[rows][:, None]
        known = ~np.isnat(t)
        inside = (t >= start[candidates]) & (t <= end[candidates]) | ~known | (not epochs)
        found = inside.any(axis=1)
        place[:, rows[found]] = coordinates[:, candidates[inside.argmax(axis=1)[found]]]
    return place[0], place[1], place[2]


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
    for i, (network, station, _) in enumerate(codes):
        rows = groups[bounds[i] : bounds[i + 1]]
        for r in by_station.get(station, ()):
            if networks[r] and network and networks[r] != network:
                continue
            t = times[rows]
            turned[rows] |= (t >= start[r]) & (t <= end[r])
    return turned


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


def _unique_codes(readings: pa.Table) -> tuple[list[tuple[str, str, str]], NDArray[np.int64]]:
    """Unique (network, station, channel) of readings, and the number of each reading's."""
    key = np.zeros(readings.num_rows, dtype=np.int64)
    columns = []
    for name in ("network", "station", "channel"):
        encoded = readings.column(name).combine_chunks().dictionary_encode()
        words = encoded.dictionary.to_pylist()
        codes = encoded.indices.to_numpy()
        key = key * max(len(words), 1) + codes
        columns.append((words, codes))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    unique = [tuple(words[codes[i]] for words, codes in columns) for i in first]
    return unique, inverse  # type: ignore[return-value]
