"""Readings whose time cannot be that of an arrival from their event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.formats._source_tables import SourceTables
from quakeloom.schema import make_table, phase_class, time_values

EARLIEST_S, LATEST_S = -60.0, 7200.0
"""A pick belongs to an event if it is at most a minute before its origin time, as errors of
origin times go, and at most two hours after it, when the last phases around the Earth come."""

_LATEST_OF_PHASE_S = {"P": 1400.0, "S": 2000.0}
"""First P and S come no later, through the whole Earth (IASP91: PKIKP 1,212 s, SKIKS 1,640 s)."""

TIMED = {"picks": "time", "polarities": "arrival_time"}
"""Tables of readings, and their column of times."""

_HALF_HOUR_S = 1800.0
"""Time zones differ by multiples of it."""

_MOST_HALF_HOURS = 28
"""Local time is at most 14 hours from UTC."""

_SLOWEST_S = 120.0
"""Most readings come this soon after the origin; the rest of their delay is the time zone."""

_MOST = 0.5
"""Share of readings that a time zone moves together."""


def misdated_readings(
    events: pa.Table, rows: pa.Table, table: str
) -> tuple[NDArray[np.bool_], list[str]]:
    """Mark readings that are too early or too late for their event.

    Parameters
    ----------
    events : pyarrow.Table
        Registered table ``events``; those without an origin time say nothing.
    rows : pyarrow.Table
        Registered table ``picks`` or ``polarities``.
    table : str
        Its name.

    Returns
    -------
    mask : ndarray of bool, shape (rows,)
    reasons : list of str
        One for every marked row.
    """
    index = pc.index_in(rows.column("event_id"), events.column("event_id").combine_chunks())
    event = index.fill_null(-1).to_numpy()
    known = event >= 0
    seconds = np.full(rows.num_rows, np.nan)
    origin, arrival = (
        time_values(events.column("origin_time")),
        time_values(rows.column(TIMED[table])),
    )
    known[known] = ~np.isnat(origin[event[known]]) & ~np.isnat(arrival[known])
    seconds[known] = (arrival[known] - origin[event[known]]).astype(np.int64) * 1e-9
    with np.errstate(invalid="ignore"):
        mask = (seconds < EARLIEST_S) | (seconds > _latest(rows))
    zone = _time_zone(seconds[known], seconds[mask]) if mask.any() else ""
    reasons = [
        f"it is {s:.0f} s after the origin time, too far to be of its event{zone}"
        for s in seconds[mask]
    ]
    return mask, reasons


def _latest(rows: pa.Table) -> NDArray[np.float64]:
    """The latest time of every reading after its origin, in s; first motions are those of P."""
    if "phase" not in rows.column_names:
        return np.full(rows.num_rows, _LATEST_OF_PHASE_S["P"])
    encoded = rows.column("phase").combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    latest = [*(_LATEST_OF_PHASE_S.get(phase_class(p), LATEST_S) for p in names), LATEST_S]
    code: NDArray[np.int64] = encoded.indices.fill_null(len(names)).to_numpy()
    return np.asarray(np.array(latest)[code], dtype=np.float64)


def put_aside_misdated(tables: SourceTables) -> SourceTables:
    """Move readings that cannot be of their event by their time into the rejects."""
    if not tables.events.num_rows:
        return tables
    moved = [tables.rejects]
    kept = {}
    for name, record in (("picks", "pick"), ("polarities", "polarity")):
        rows = getattr(tables, name)
        mask, reasons = misdated_readings(tables.events, rows, name)
        if not mask.any():
            continue
        aside = rows.filter(pa.array(mask))
        kept[name] = rows.filter(pa.array(~mask))
        columns = {
            n: aside.column(n)
            for n in ("source_file", "source_line", "event_id", "station")
            if n in aside.column_names
        }
        moved.append(
            make_table(
                "rejects",
                {**columns, "record": [record] * len(reasons), "reason": reasons},
                len(reasons),
            )
        )
    return replace(tables, **kept, rejects=pa.concat_tables(moved)) if kept else tables


def _time_zone(all_seconds: NDArray[np.float64], far: NDArray[np.float64]) -> str:
    """Say which time zone most readings seem to be in, if they are late by half hours."""
    zones = np.floor((far + _SLOWEST_S / 2) / _HALF_HOUR_S)
    zone, count = np.unique(zones, return_counts=True)
    best = int(np.argmax(count))
    rest = far - zone[best] * _HALF_HOUR_S
    near = np.sum((zones == zone[best]) & (rest < _SLOWEST_S))
    if not 0.0 < abs(zone[best]) <= _MOST_HALF_HOURS or near <= _MOST * all_seconds.size:
        return ""
    hours = zone[best] * _HALF_HOUR_S / 3600.0
    side = "after" if hours > 0 else "before"
    unit = "hour" if abs(hours) == 1.0 else "hours"
    return (
        f"; most readings are {abs(hours):g} {unit} {side} their events: readings or events may be "
        "in local time"
    )
