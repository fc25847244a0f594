"""Read HASH v1.2 phase files like FPFIT's (driver 1): readings with azimuth and take-off."""

from __future__ import annotations

import re
from pathlib import Path

from quakeloom.formats._fixed_columns import (
    check_not_cut,
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    fixed_polarity,
    fixed_seconds,
    full_year,
    onset_code,
    optional_float,
)
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import (
    DOUBLED_OPTION,
    Arrival,
    FirstMotion,
    Hypocenter,
    PhaseRows,
)
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_TITLE = "a HASH phase file like FPFIT's (driver 1)"
"""Name of the format, for messages."""

_EVENT = re.compile(r"[ \d]{10}[ \d.]{4}[ \d]\d[ NSns][ \d.]{4}[ \d]{2}\d[ EWew][ \d.]{4}")
"""How an event line begins: date, time, latitude, longitude."""

_PICK = re.compile(r".{4}[A-Za-z ]P.[0-9 ]")
"""How a reading begins: station, onset, ``P``, first motion, weight."""

_NUMBERS = ((58, 62), (62, 65), (75, 78), (79, 82), (83, 86))
"""Columns (from 0) of distance, take-off, azimuth and the errors of both."""


def read_hash_fpfit(path: Path, doubled_picks: str = "reject") -> SourceTables:
    """Read events and first motions with their angles from a HASH driver 1 phase file.

    Columns (from 1). Event: 1-10 year, month, day, hour, minute; 11-14 seconds; 15-21
    latitude; 22-29 longitude; 30-34 depth; 35-36 magnitude; 81-84 and 85-88 horizontal and
    vertical error; 123-138 identifier. Reading: 1-4 station; 5 onset; 7 first motion; 8
    weight; 59-62 distance; 63-65 take-off (0 is down); 76-78 azimuth; 80-82 and 84-86 their
    standard errors; 96-98 component. A line without a station ends the event. An hour or minute
    of 0 may be blank.

    Parameters
    ----------
    path : Path
        The file.
    doubled_picks : {"reject", "keep"}
        What happens to a second reading of a channel: put aside, or kept as HASH does.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    rows = PhaseRows(path, _TITLE, doubled_picks)
    expecting_event = True
    for number, line in enumerate(read_lines(path, _TITLE), 1):
        if _PICK.match(line):
            _add_pick(rows, number, line)
            expecting_event = False
        elif not line[:30].strip():
            if len(line.split()) > 2:
                rows.bad_reading(number, line, "the station code is missing", "")
                continue
            rows.end_event()
            expecting_event = True
        elif expecting_event or _is_event(line):
            _start_event(rows, number, line)
            expecting_event = False
        else:
            rows.rejects.add(
                number, "polarity", "the line is neither an event nor a reading of P", line
            )
    return rows.finish()


def _is_event(line: str) -> bool:
    return len(line) >= 34 and line[:10].replace(" ", "").isdecimal()


def _start_event(rows: PhaseRows, number: int, line: str) -> None:
    try:
        check_not_cut(line, (29, 34), (80, 84), (84, 88))
        if len(line) < 34:
            raise ValueError("the event line ends before the depth")
        time = utc_nanoseconds(
            full_year(fixed_int(line[0:2], "year")),
            fixed_int(line[2:4], "month"),
            fixed_int(line[4:6], "day"),
            fixed_int(line[6:8], "hour", 0),
            fixed_int(line[8:10], "minute", 0),
            fixed_seconds(line[10:14]),
        )
        hypocenter = Hypocenter(
            event_id=line[122:138].strip(),
            origin_time=time,
            latitude=fixed_latitude(line[14:16], line[16:17], line[17:21], 2),
            longitude=fixed_longitude(line[21:24], line[24:25], line[25:29], 2),
            depth_km=fixed_float(line[29:34], 2, "depth"),
            magnitude=optional_float(line[34:36], 1, "magnitude"),
            horizontal_error_km=optional_float(line[80:84], 2, "horizontal error"),
            vertical_error_km=optional_float(line[84:88], 2, "vertical error"),
        )
        rows.start_event(number, line, hypocenter)
    except ValueError as error:
        rows.bad_event(number, line, str(error), line[122:138].strip())


def _add_pick(rows: PhaseRows, number: int, line: str) -> None:
    try:
        if len(line) < 78:
            raise ValueError(f"the line is cut short at column {len(line)}, before the azimuth")
        check_not_cut(line, *_NUMBERS)
        motion = FirstMotion(
            fixed_polarity(line[6]),
            azimuth_deg=optional_float(line[75:78], 0, "azimuth"),
            takeoff_deg=optional_float(line[62:65], 0, "take-off angle"),
            azimuth_error_deg=optional_float(line[83:86], 0, "azimuth error"),
            takeoff_error_deg=optional_float(line[79:82], 0, "take-off error"),
            distance_km=optional_float(line[58:62], 1, "distance"),
        )
        arrival = Arrival(
            station=line[:4].strip(),
            phase="P",
            channel=line[95:98].strip(),
            onset=onset_code(line[4]),
            pick_weight=fixed_int(line[7], "weight", -1),
        )
    except ValueError as error:
        rows.bad_reading(number, line, str(error), line[:4].strip())
        return
    rows.add_first_motion(number, line, motion, arrival)


def _sniff(head: bytes) -> bool:
    lines = [line for line in head_lines(head)[:50] if line.strip()]
    return (
        len(lines) > 1
        and _EVENT.match(lines[0]) is not None
        and _PICK.match(lines[1]) is not None
        and not lines[1][17:25].isdecimal()
    )


FORMAT = Format(
    name="hash_fpfit",
    title="HASH phase file like FPFIT's, with angles (driver 1)",
    read=read_hash_fpfit,
    sniff=_sniff,
    suffixes=(".phase",),
    options=DOUBLED_OPTION,
)
"""Phase files of driver 1."""
