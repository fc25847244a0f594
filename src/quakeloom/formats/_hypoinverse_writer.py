"""Catalogs as Hypoinverse-2000 archives with Y2K columns (Klein, 2002, USGS Open-File Report
02-171)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.formats._catalog_events import (
    CatalogEvent,
    CatalogPick,
    CatalogTables,
    Row,
    iterate_events,
)
from quakeloom.formats._event_numbers import number_events, write_event_numbers
from quakeloom.formats._quakeml_phases import first_phases
from quakeloom.formats._replacing import replacing
from quakeloom.formats._written_counts import WrittenCounts

_ID_DIGITS = 10
"""Digits of an event id."""
_MOTIONS = {1: "U", -1: "D", 0: " "}
"""First motions as the archive writes them."""
_LONGEST_SECONDS = 999.99
"""Seconds after the minute of a line that its five columns hold."""
_CENTISECOND = 10_000_000
"""Nanoseconds."""
_MINUTE = 60_000_000_000
"""Nanoseconds."""


_REMARKS = {
    "quarry blast": "Q",
    "nuclear explosion": "N",
    "volcanic long-period": "L",
    "tremor pulse": "T",
}
"""Remarks of the analyst by event type, as the reader understands them."""


def write_hypoinverse_archive(tables: CatalogTables, path: Path) -> WrittenCounts:
    """Write hypocenters with first P and S as a Hypoinverse-2000 archive.

    The hypocenter is the located one, else the given one. Times are rounded to 0.01 s,
    coordinates to 0.01 minutes, depths to 0.01 km and distances to 0.1 km, as the columns
    are. P and S of one channel are on one line. Since ids are whole numbers of ten digits,
    ids of another form are numbered, and a table beside the file (``NAME.ids.csv``) says
    which is which.

    Parameters
    ----------
    tables : CatalogTables
    path : Path

    Returns
    -------
    WrittenCounts
        Left out are events without hypocenter or depth, and other phases.
    """
    path = Path(path)
    counts = WrittenCounts()
    numbers = number_events(tables.event_ids(), _ID_DIGITS)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for event in iterate_events(tables):
            row = event.origin
            if row is None or math.isnan(row["depth_km"]):
                counts.leave_out("events have no hypocenter with a depth")
                continue
            number = numbers[event.event_id]
            stream.write(f"{_event_line(event, row, number)}\n")
            stream.writelines(f"{line}\n" for line in _station_lines(event, counts))
            stream.write(f"{_put({63: f'{number:10d}'}, 72)}\n")
            counts.events += 1
    write_event_numbers(numbers, path.with_name(f"{path.name}.ids.csv"))
    return counts


def _event_line(event: CatalogEvent, row: Row, number: int) -> str:
    located = row is event.located
    horizontal, vertical = event.errors_km()
    magnitude = event.magnitude
    columns = {
        1: _date_and_minute(row["origin_time"]),
        13: f"{_centiseconds(row['origin_time']):4d}",
        17: _degrees(row["latitude"], 2, "NS"),
        24: _degrees((row["longitude"] + 180.0) % 360.0 - 180.0, 3, "EW"),
        32: f"{round(100 * row['depth_km']):5d}",
        40: f"{min(sum(p.is_used for p in event.picks), 999):3d}",
        43: _number(row["station_gap_deg"] if located else math.nan, 1, 3),
        46: _number(row["nearest_station_km"] if located else math.nan, 1, 3),
        49: _number(row["rms_s"] if located else math.nan, 100, 4),
        81: _REMARKS.get(event.given["event_type"] if event.given else "", ""),
        86: _number(horizontal, 100, 4),
        90: _number(vertical, 100, 4),
        137: f"{number:10d}",
        148: _number(magnitude, 100, 3),
    }
    return _put(columns, 164)


def _station_lines(event: CatalogEvent, counts: WrittenCounts) -> Iterator[str]:
    counts.leave_out("first motions have no time", event.untimed)
    kinds = first_phases(pa.array([p.phase for p in event.picks], pa.string()))
    channels: dict[tuple[str, ...], dict[str, list[CatalogPick]]] = {}
    for pick, kind in zip(event.picks, kinds, strict=True):
        if kind:
            codes = pick.network, pick.station, pick.channel, pick.location
            channels.setdefault(codes, {"P": [], "S": []})[kind].append(pick)
        else:
            counts.leave_out("picks are neither the first P nor the first S")
    for phases in channels.values():
        p, s = phases["P"], phases["S"]
        if p and s and not 0.0 <= (s[0].time - p[0].time) / 1e9 <= _LONGEST_SECONDS - 60.0:
            yield _station_line(p.pop(0), None)
        for i in range(max(len(p), len(s))):
            counts.picks += (i < len(p)) + (i < len(s))
            yield _station_line(p[i] if i < len(p) else None, s[i] if i < len(s) else None)


def _station_line(p: CatalogPick | None, s: CatalogPick | None) -> str:
    first = p or s
    assert first is not None
    columns = {
        1: f"{first.station[:5]:<5s}{first.network[:2]:<2s}",
        10: f"{first.channel[:3]:<3s}",
        18: _date_and_minute(first.time),
        75: _number(first.value("distance_km"), 10, 4),
        79: _number(first.value("takeoff_deg"), 1, 3),
        92: _number(first.value("azimuth_deg"), 1, 3),
        112: f"{first.location[:2]:<2s}",
    }
    if p is not None:
        columns[14] = f"{p.word('onset')[:1] or ' '}P{_MOTIONS[p.sign]}{_weight(p)}"
        columns[30] = f"{_centiseconds(p.time):5d}"
    else:
        columns[30] = " 9999"
    if s is not None:
        seconds = round((s.time - first.time // _MINUTE * _MINUTE) / _CENTISECOND)
        columns[42] = f"{seconds:5d}"
        columns[47] = f"{s.word('onset')[:1] or ' '}S {_weight(s)}"
    return _put(columns, 113)


def _weight(pick: CatalogPick) -> str:
    code = pick.value("pick_weight")
    return f"{int(code)}" if 0 <= code <= 9 else " "


def _date_and_minute(nanoseconds: int) -> str:
    """Year, month, day, hour and minute in 12 digits."""
    text = str(np.datetime64(nanoseconds // _MINUTE, "m"))
    return text.replace("-", "").replace("T", "").replace(":", "")


def _centiseconds(nanoseconds: int) -> int:
    """Hundredths of seconds after the full minute; 6000 where they round up to the next."""
    return round(nanoseconds % _MINUTE / _CENTISECOND)


def _degrees(value: float, digits: int, sides: str) -> str:
    """Degrees, hemisphere and hundredths of minutes; the usual sides are blank."""
    hundredths = round(abs(value) * 6000.0)
    whole, minutes = divmod(hundredths, 6000)
    side = sides[0] if value >= 0 else sides[1]
    return f"{whole:{digits}d}{side if side in 'SE' else ' '}{minutes:4d}"


def _number(value: float, factor: int, width: int) -> str:
    """A number with implied decimals, blank if it is not known or does not fit."""
    if math.isnan(value):
        return " " * width
    text = f"{round(factor * value):{width}d}"
    return text if len(text) == width else " " * width


def _put(columns: dict[int, str], length: int) -> str:
    """A line of a length with texts at columns that count from 1."""
    line = [" "] * length
    for first, text in columns.items():
        line[first - 1 : first - 1 + len(text)] = text
    return "".join(line)
