"""Read HASH v1.2 phase files in the older SCEDC format (drivers 2 and 3)."""

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

_TITLE = "a HASH phase file in the SCEDC format (drivers 2 and 3)"
"""Name of the format, for messages."""

_EVENT = re.compile(r"\d{4}[ \d]{8}[ \d.]{5}[ \d]\d[ NSns.][ \d.]{5}[ \d]{2}\d[ EWew.][ \d.]{5}")
"""How an event line begins: date, time, latitude, longitude."""

_PICK = re.compile(r".{4} [A-Z0-9 ]{2}  [A-Z0-9 ]{3} [A-Za-z ] .", re.IGNORECASE)
"""How a reading begins: station, network, component, onset, first motion."""


def read_hash_scedc(path: Path, doubled_picks: str = "reject") -> SourceTables:
    """Read events and first motions from a HASH driver 2 phase file.

    Columns (from 1). Event: 1-4 year; 5-12 month, day, hour, minute; 13-17 seconds; 18-25
    latitude; 26-34 longitude; 35-39 depth; 89-93 and 95-99 horizontal and vertical error;
    140-143 magnitude; 150-165 identifier. Reading: 1-4 station; 6-7 network; 10-12 component;
    14 onset; 16 first motion; 17 weight. A line without a station ends the event.

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
        if not line[:4].strip() and not line[4:16].strip():
            rows.end_event()
            expecting_event = True
        elif is_scedc_event(line):
            _start_event(rows, number, line)
            expecting_event = False
        elif _PICK.match(line):
            _add_pick(rows, number, line)
            expecting_event = False
        elif expecting_event:
            rows.bad_event(number, line, "the line is no event line")
            expecting_event = False
        else:
            rows.rejects.add(
                number, "polarity", "the line is neither an event nor a reading of P", line
            )
    return rows.finish()


def is_scedc_event(line: str) -> bool:
    """Say whether a line begins like an event line: date and time in columns 1 to 12."""
    return len(line) >= 30 and line[:4].isdecimal() and line[4:12].replace(" ", "").isdecimal()


def _start_event(rows: PhaseRows, number: int, line: str) -> None:
    try:
        check_not_cut(line, (34, 39), (88, 93), (94, 99), (139, 143))
        if len(line) < 39:
            raise ValueError("the event line ends before the depth")
        time = utc_nanoseconds(
            int(line[0:4]),
            fixed_int(line[4:6], "month"),
            fixed_int(line[6:8], "day"),
            fixed_int(line[8:10], "hour"),
            fixed_int(line[10:12], "minute"),
            fixed_seconds(line[12:17]),
        )
        hypocenter = Hypocenter(
            event_id=line[149:165].strip(),
            origin_time=time,
            latitude=fixed_latitude(line[17:19], line[19:20], line[20:25], 2),
            longitude=fixed_longitude(line[25:28], line[28:29], line[29:34], 2),
            depth_km=fixed_float(line[34:39], 2, "depth"),
            magnitude=optional_float(line[139:143], 2, "magnitude"),
            horizontal_error_km=optional_float(line[88:93], 2, "horizontal error"),
            vertical_error_km=optional_float(line[94:99], 2, "vertical error"),
        )
        rows.start_event(number, line, hypocenter)
    except ValueError as error:
        rows.bad_event(number, line, str(error), line[149:165].strip())


def _add_pick(rows: PhaseRows, number: int, line: str) -> None:
    try:
        motion = FirstMotion(fixed_polarity(line[15]))
        arrival = Arrival(
            station=line[:4].strip(),
            phase="P",
            network=line[5:7].strip(),
            channel=line[9:12].strip(),
            onset=onset_code(line[13]),
            pick_weight=fixed_int(line[16:17], "weight", -1),
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
        and _PICK.fullmatch(lines[1].rstrip().ljust(16)[:16]) is not None
    )


FORMAT = Format(
    name="hash_scedc",
    title="HASH phase file in the SCEDC format (drivers 2 and 3)",
    read=read_hash_scedc,
    sniff=_sniff,
    suffixes=(".phase",),
    options=DOUBLED_OPTION,
)
"""Phase files of drivers 2 and 3."""
