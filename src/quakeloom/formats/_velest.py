"""Read VELEST's phases (``.cnv``) and stations (``.sta``)."""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.formats._first_motions import phase_class
from quakeloom.formats._fixed_columns import (
    fixed_int,
    full_year,
    origin_seconds,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import (
    Arrival,
    FirstMotion,
    Hypocenter,
    PhaseRows,
    no_such_format,
)
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines, utc_nanoseconds
from quakeloom.formats._travel_time_units import TravelTimes

_PHASES = "a VELEST phase file (.cnv)"
"""Name of the phases, for messages."""

_STATIONS = "a VELEST station file (.sta)"
"""Name of the stations, for messages."""

_EVENT = re.compile(
    r"([ \d]\d)([ \d]\d)([ \d]\d) ([ \d]\d)([ \d]\d) ([ \d.]{5}) +(\d+\.\d+)([NSns])"
    r" +(\d+\.\d+)([EWew]) +(-?\d+\.\d+) +(-?\d+\.\d+)"
)
"""Event line: year, month, day, hour, minute, second, latitude, longitude, depth, magnitude."""

_STATION = re.compile(r"(\S{1,6}?)\s*(\d{1,2}\.\d+)([NSns])\s+(\d{1,3}\.\d+)([EWew]) ")
"""How a station line begins: code, latitude, longitude; elevation in m and delays follow."""

_WIDTH = re.compile(r"i(\d)", re.IGNORECASE)
"""Width of the first whole number in the FORTRAN format: the elevation."""

_CODES = (4, 6)
"""Letters of a station code: VELEST 3 has four, later versions six."""


def read_velest_phases(path: Path) -> SourceTables:
    """Read events with P and S picks from VELEST's ``.cnv``.

    An event line has a year of two digits, time, latitude, longitude (both with a letter),
    depth and magnitude. Phases follow, six in a line: station of four or six letters, phase,
    observation weight (0 best to 4 not used) and travel time in s. A blank line ends the event.
    Events are named by their origin time.

    Raises
    ------
    FormatError
        If no event can be read.

    References
    ----------
    Kissling, Kradolfer & Maurer (1995), VELEST user's guide.
    """
    rows = PhaseRows(path, _PHASES)
    times = TravelTimes(path, _PHASES)
    lines = read_lines(path, _PHASES)
    width = _code_width(lines)
    origin = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            rows.end_event()
        elif _EVENT.match(line):
            try:
                hypocenter = _hypocenter(line)
            except ValueError as problem:
                rows.bad_event(number, line, str(problem))
                continue
            origin = hypocenter.origin_time or 0
            rows.start_event(number, line, hypocenter)
        else:
            _add_phases(rows, times, number, line, width, origin)
    times.refuse_milliseconds()
    return rows.finish()


def read_velest_stations(path: Path) -> SourceTables:
    """Read stations from VELEST's ``.sta``: code, latitude, longitude, elevation in m.

    The first line, which holds the FORTRAN format, is passed over.

    Raises
    ------
    FormatError
        If no station can be read.
    """
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[str, int] = {}
    width = 4
    for number, line in enumerate(read_lines(path, _STATIONS), start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith("("):
            found = _WIDTH.search(line)
            width = int(found[1]) if found else width
            continue
        match = _STATION.match(line)
        code = match[1] if match else line[:6].strip()
        try:
            if not match:
                raise ValueError("it is no code with latitude, longitude and elevation")
            place = {
                "latitude": _signed(match[2], match[3], "S"),
                "longitude": _signed(match[4], match[5], "W"),
                "elevation_m": _elevation(line[match.end() :], width),
            }
            if problem := bounds_problem(**place):
                raise ValueError(problem)
            before = seen.setdefault(code, number)
            if before != number:
                raise ValueError(f"doubled station: this code is on line {before}")
        except ValueError as problem:
            rejects.add(number, "station", str(problem), line, station=code)
            continue
        stations.add(station=code, source_line=number, **place)
    if not len(stations):
        no_such_format(path, _STATIONS, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _elevation(text: str, width: int) -> float:
    """Elevation in m in the first columns of what follows the longitude.

    Where the columns end inside a number, the format of the file is another one.
    """
    if text[width - 1 : width].isdecimal() and text[width : width + 1].isdecimal():
        whole = text.split(maxsplit=1)[0]
        raise ValueError(
            f"elevation '{whole}' is longer than its {width} columns; write the FORTRAN format of "
            "the lines in the first one"
        )
    return float(fixed_int(text[:width], "elevation"))


def _signed(text: str, side: str, negative: str) -> float:
    return -float(text) if side.upper() == negative else float(text)


def _hypocenter(line: str) -> Hypocenter:
    match = _EVENT.match(line)
    assert match is not None
    year, month, day, hour, minute = (
        fixed_int(match[i], what)
        for i, what in enumerate(("year", "month", "day", "hour", "minute"), start=1)
    )
    if not match[6].strip():
        raise ValueError("the seconds are missing")
    second = origin_seconds(float(match[6].replace(" ", "0")))
    return Hypocenter(
        event_id="",
        origin_time=utc_nanoseconds(full_year(year), month, day, hour, minute, second),
        latitude=_signed(match[7], match[8], "S"),
        longitude=_signed(match[9], match[10], "W"),
        depth_km=float(match[11]),
        magnitude=float(match[12]) or math.nan,  # 0 stands for none
    )


def _code_width(lines: list[str]) -> int:
    """Letters of station codes: the width at which phases and weights stand where they should."""
    phases = [x for x in lines if x.strip() and not _EVENT.match(x)]
    return max(
        _CODES, key=lambda w: sum(x[w : w + 1] in "PSps" and x[w + 1 : w + 2].isdecimal()
                                  for x in phases if len(x) > w + 1)
    )  # fmt: skip


def _add_phases(
    rows: PhaseRows, times: TravelTimes, number: int, line: str, width: int, origin: int
) -> None:
    size = width + 8
    for start in range(0, len(line.rstrip()), size):
        text = line[start : start + size]
        station = text[:width].strip()
        try:
            phase = phase_class(text[width : width + 1])
            if not phase or not station:
                raise ValueError(f"'{text.strip()}' is no station with P or S")
            seconds = text[width + 2 :]
            try:
                travel_time = float(seconds)
            except ValueError:
                raise ValueError(f"travel time '{seconds.strip()}' is no number") from None
            travel_time = times.possible(travel_time)
            arrival = Arrival(
                station,
                phase,
                origin + round(travel_time * 1e9),
                pick_weight=fixed_int(text[width + 1 : width + 2], "weight", 0),
            )
        except ValueError as problem:
            rows.rejects.add(number, "pick", str(problem), line, rows.event_id, station)
            continue
        if phase == "P":
            rows.add_first_motion(number, line, FirstMotion(0), arrival)
        else:
            rows.add_arrival(number, line, arrival)


def _sniff_phases(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:20] if x.strip()]
    return (
        len(lines) > 1
        and bool(_EVENT.match(lines[0]))
        and any(
            lines[1][w : w + 1] in tuple("PSps") and lines[1][w + 1 : w + 2].isdecimal()
            for w in _CODES
        )
    )


def _sniff_stations(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip() and not x.lstrip().startswith("(")]
    return bool(lines) and sum(bool(_STATION.match(x)) for x in lines) > 0.8 * len(lines)


FORMATS_HERE = (
    Format(
        name="velest_phases",
        title=_PHASES,
        read=read_velest_phases,
        sniff=_sniff_phases,
        suffixes=(".cnv",),
    ),
    Format(
        name="velest_stations",
        title=_STATIONS,
        read=read_velest_stations,
        sniff=_sniff_stations,
        suffixes=(".sta",),
    ),
)
"""What VELEST reads and writes."""
