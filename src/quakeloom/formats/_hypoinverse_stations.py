"""Read the station file of Hypoinverse-2000 (station data format 2)."""

from __future__ import annotations

import math
import re
from pathlib import Path

from quakeloom.formats._fixed_columns import (
    check_not_cut,
    fixed_float,
    fixed_latitude,
    fixed_longitude,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem, head_lines, read_lines

_TITLE = "a Hypoinverse-2000 station file"
"""Name of the format, for messages."""

_LINE = re.compile(
    r"[A-Za-z0-9]\S{0,4} *(?<=^.{5}) [A-Za-z0-9 ]{2} .[A-Za-z0-9 ]{3} .[ \d]\d [ \d.]{7}[NSns ]"
    r"[ \d]{2}\d [ \d.]{7}[EWew ][ \d-]{4}"
)
"""Station, network, component, weight, latitude, longitude, elevation."""


def read_hypoinverse_stations(path: Path) -> SourceTables:
    """Read stations from a Hypoinverse-2000 station file, format 2.

    Columns (from 1): 1-5 station; 7-8 network; 11-13 component; 16-17 degrees and 19-25 minutes
    of latitude, 26 N or S; 27-29 degrees and 31-37 minutes of longitude, 38 E or W; 39-42
    elevation in m; 81-82 location. Without a letter latitudes are north and longitudes west,
    as Hypoinverse takes them. Delays and calibrations are not read.

    Raises
    ------
    FormatError
        If no station in the file can be read.

    References
    ----------
    Klein, F. W. (2002), U.S. Geological Survey Open-File Report 02-171.
    """
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(read_lines(path, _TITLE), start=1):
        if not line.strip():
            continue
        codes = (line[6:8], line[0:5], line[10:13], line[80:82])
        network, station, channel, location = (code.strip() for code in codes)
        try:
            if not station or " " in station:
                raise ValueError("the station code is missing" if not station else
                                 f"'{station}' is no station code")  # fmt: skip
            if len(line) < 42:
                check_not_cut(line, (38, 42))
                raise ValueError("the elevation is missing")
            place = _place(line)
            if problem := bounds_problem(**place):
                raise ValueError(problem)
            before = seen.setdefault((network, station, channel, location), number)
            if before != number:
                raise ValueError(f"doubled station: the same channel is on line {before}")
        except ValueError as problem:
            rejects.add(number, "station", str(problem), line, "", station)
            continue
        stations.add(
            network=network,
            station=station,
            channel=channel,
            location_code=location,
            source_line=number,
            **place,
        )
    if not len(stations):
        no_such_format(path, _TITLE, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _place(line: str) -> dict[str, float]:
    elevation = fixed_float(line[38:42], 0, "elevation")
    if math.isnan(elevation):
        raise ValueError("the elevation is missing")
    return {
        "latitude": fixed_latitude(line[15:17], line[25], line[18:25], 4),
        "longitude": fixed_longitude(line[26:29], line[37], line[30:37], 4),
        "elevation_m": elevation,
    }


def _sniff(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip()]
    return bool(lines) and sum(bool(_LINE.match(x)) for x in lines) > 0.8 * len(lines)


FORMAT = Format(
    name="hypoinverse_stations",
    title=_TITLE,
    read=read_hypoinverse_stations,
    sniff=_sniff,
    suffixes=(".sta", ".dat"),
)
"""Stations of Hypoinverse."""
