"""Read the station lists of HASH v1.2: the one of drivers 2 and 3, and the one of driver 4."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from quakeloom.formats._fixed_columns import fixed_float
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines, utc_nanoseconds

_TITLE = "a HASH station list (drivers 2 and 3)"
"""Name of the list of drivers 2 and 3, for messages."""
_TITLE_5 = "a HASH station list with 5-character stations (driver 4)"
"""Name of the list of driver 4, for messages."""
_DAY = 86_400_000_000_000
"""Nanoseconds of a day."""
_OPEN_BEFORE = 1901
"""Days before this year stand for no limit."""
_OPEN_AFTER = 2200
"""Days after this year stand for no limit."""
Columns = tuple[slice, slice, slice, slice, slice, slice, slice, slice]
# network, station, channel, latitude, longitude, elevation, first day, last day
_COLUMNS: Columns = (
    slice(90, 92),
    slice(0, 4),
    slice(5, 8),
    slice(41, 50),
    slice(51, 61),
    slice(62, 67),
    slice(68, 78),
    slice(79, 89),
)
"""Columns (from 0) in the list of drivers 2 and 3."""

_COLUMNS_5: Columns = (
    slice(0, 2),
    slice(4, 9),
    slice(10, 13),
    slice(50, 59),
    slice(60, 70),
    slice(71, 76),
    slice(77, 87),
    slice(88, 98),
)
"""Columns (from 0) in the list of driver 4."""


def read_hash_stations(path: Path) -> SourceTables:
    """Read the station list of HASH drivers 2 and 3.

    Columns (from 1): 1-4 station; 6-8 component; 42-50 latitude; 52-61 longitude; 63-67
    elevation in m; 69-78 and 80-89 first and last day (open before 1901 and after 2200);
    91-92 network. Lines with the coordinates 0, 0 are placeholders and put aside; so are
    second lines of one channel and first day.

    Raises
    ------
    FormatError
        If no station in the file can be read.
    """
    return _read(path, _TITLE, _COLUMNS)


def read_hash_stations_5char(path: Path) -> SourceTables:
    """Read the station list of HASH driver 4 (SCEDC, 5-character stations).

    Columns (from 1): 1-2 network; 5-9 station; 11-13 component; 51-59 latitude; 61-70
    longitude; 72-76 elevation in m; 78-87 and 89-98 first and last day, as in
    :func:`read_hash_stations`.

    Raises
    ------
    FormatError
        If no station in the file can be read.
    """
    return _read(path, _TITLE_5, _COLUMNS_5)


def _read(path: Path, title: str, columns: Columns) -> SourceTables:
    network_at, station_at, channel_at, latitude_at, longitude_at, elevation_at, *days = columns
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, str, str, int | None], int] = {}
    dates: dict[str, int | None] = {}
    for number, line in enumerate(read_lines(path, title), 1):
        if not line.strip():
            continue
        code = line[station_at].strip()
        try:
            if not code:
                raise ValueError("the station code is missing")
            latitude = _number(line, latitude_at, 5, "latitude")
            longitude = _number(line, longitude_at, 5, "longitude")
            elevation = fixed_float(line[elevation_at], 0, "elevation")
            if len(line) < elevation_at.stop:
                raise ValueError(f"the line is cut short at column {len(line)}")
            problem = bounds_problem(latitude=latitude, longitude=longitude, elevation_m=elevation)
            if problem:
                raise ValueError(problem)
            if latitude == 0.0 and longitude == 0.0:
                raise ValueError("the coordinates 0, 0 are a placeholder")
            start = _date(line[days[0]], dates)
            end = _date(line[days[1]], dates)
            if end is not None:
                end += _DAY - 1
                if start is not None and start > end:
                    raise ValueError("the station's last day is before its first")
            network, channel = line[network_at].strip(), line[channel_at].strip()
            before = seen.setdefault((network, code, channel, start), number)
            if before != number:
                raise ValueError(
                    f"doubled station: this channel and first day are on line {before}"
                )
        except ValueError as error:
            rejects.add(number, "station", str(error), line, station=code)
            continue
        stations.add(
            network=network,
            station=code,
            channel=channel,
            longitude=longitude,
            latitude=latitude,
            elevation_m=elevation,
            start_time=start,
            end_time=end,
            source_line=number,
        )
    if not len(stations):
        no_such_format(path, title, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _number(line: str, at: slice, decimals: int, what: str) -> float:
    value = fixed_float(line[at], decimals, what)
    if math.isnan(value):
        raise ValueError(f"{what} is missing")
    return value


def _date(text: str, known: dict[str, int | None]) -> int | None:
    if text not in known:
        known[text] = _parse_date(text.strip())
    return known[text]


def _parse_date(text: str) -> int | None:
    if not text:
        return None
    parts = text.split("/")
    if len(parts) != 3 or not all(p.isdecimal() for p in parts):
        raise ValueError(f"date '{text}' is not year/month/day")
    year, month, day = (int(p) for p in parts)
    if year < _OPEN_BEFORE or year > _OPEN_AFTER:
        return None
    return utc_nanoseconds(year, month, day)


def _sniffer(columns: Columns) -> Callable[[bytes], bool]:
    _, station, _, latitude, longitude, elevation, first_day, _ = columns

    def fits(line: str) -> bool:
        try:
            values = [float(line[at]) for at in (latitude, longitude, elevation)]
        except ValueError:
            return False
        day = line[first_day].strip()
        return (
            line[latitude][-6] == line[longitude][-6] == "."
            and abs(values[0]) <= 90.0
            and not line[latitude.start - 1 : latitude.start].strip()
            and bool(line[station].strip())
            and (not day or day.replace("/", "").isdecimal())
        )

    def sniff(head: bytes) -> bool:
        lines = [line for line in head_lines(head)[:50] if line.strip()]
        return bool(lines) and sum(map(fits, lines)) > 0.8 * len(lines)

    return sniff


STATIONS_FORMAT = Format(
    name="hash_stations",
    title="HASH station list (drivers 2 and 3)",
    read=read_hash_stations,
    sniff=_sniffer(_COLUMNS),
    suffixes=(".stations",),
)
"""The list of drivers 2 and 3."""

STATIONS_5CHAR_FORMAT = Format(
    name="hash_stations_5char",
    title="HASH station list with 5-character stations (driver 4)",
    read=read_hash_stations_5char,
    sniff=_sniffer(_COLUMNS_5),
    suffixes=(".stations_5char",),
)
"""The list of driver 4."""

FORMATS_HERE = (STATIONS_FORMAT, STATIONS_5CHAR_FORMAT)
"""Station lists of HASH."""
