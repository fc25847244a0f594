"""Read Hypoinverse-2000 archives (Y2K columns) and the SCEDC files derived from them."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._fixed_columns import (
    arrival_seconds,
    check_not_cut,
    fixed_float,
    fixed_int,
    fixed_latitude,
    fixed_longitude,
    fixed_seconds,
    optional_float,
)
from quakeloom.formats._format import Format
from quakeloom.formats._hypoinverse_readings import (
    Form,
    add_pick,
    add_s,
    is_reading,
    is_station_line,
    parse_minute,
)
from quakeloom.formats._phase_rows import (
    DOUBLED_OPTION,
    Hypocenter,
    PhaseRows,
    identifier_of_time,
)
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_LOG = logging.getLogger(__name__)
"""Log of lines without P."""

_ARCHIVE = "a Hypoinverse-2000 archive"
"""Name of the format with angles, for messages."""

_SCEDC5 = "a HASH phase file with 5-character stations (driver 4)"
"""Name of the format without angles, for messages."""

_PHASES = "a Hypoinverse-2000 phase file"
"""Name of the input of Hypoinverse, for messages."""

_HEADER = re.compile(r"\d{4}[ \d]{8}(?:[ \d.]{0,4}$|[ \d.]{4} )")
"""How the line of an event without a hypocenter begins: date and time."""

_EVENT = re.compile(r"\d{4}[ \d]{8}[ \d.]{4}[ \d]\d[ NSns][ \d.]{4}[ \d]{2}\d[ EWew][ \d.]{4}")
"""How an event line begins: date, time, latitude, longitude."""

_PICK = re.compile(r".{13}[A-Za-z ]P.[0-9 .]\d{4}[ \d]{8}")
"""How a reading begins: station, P remark, first motion, weight, date."""

_NAN = float("nan")
"""What stands for a number that a file does not have."""


def read_hypoinverse_archive(
    path: Path, doubled_picks: str = "reject", takeoff_zero: str = "down"
) -> SourceTables:
    """Read events and P readings from a Hypoinverse-2000 archive.

    Every line with a P remark gives a row, also where no first motion was read (polarity 0);
    S arrivals are picks; lines with amplitudes only are passed
    over. Shadow lines (``$``) and terminators are
    understood; an archive without them as well. A channel that several pickers read has
    several rows, which differ in onset (as in the file: I, E, and X, Y, Z in NCSN), weight
    or arrival time.

    Columns (from 1). Event: 1-16 origin time; 17-23 latitude; 24-31 longitude; 32-36 depth;
    81 remark of the analyst (Q and B blast, N nuclear, L long period, T tremor); 86-89 ERH;
    90-93 ERZ; 137-146 identifier; 148-150 preferred magnitude (else 71-73 coda or 37-39
    amplitude magnitude). Station: 1-5 code; 6-7 network; 10-12 component; 14-15 P remark; 16
    first motion; 17 weight; 18-34 arrival; 75-78 distance; 79-81 take-off angle;
    92-94 azimuth; 42-46 S arrival; 47-48 S remark; 50 its weight.

    Parameters
    ----------
    path : Path
        The file.
    doubled_picks : {"reject", "keep"}
        What happens to a second reading of a channel that differs in nothing: put aside,
        or kept as HASH does.
    takeoff_zero : {"down", "up"}
        Where the file's take-off angles begin. Hypoinverse writes 0 for straight down.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    SettingsError
        If an option has an unknown value.

    References
    ----------
    Klein, F. W. (2002), U.S. Geological Survey Open-File Report 02-171.
    """
    if takeoff_zero not in ("down", "up"):
        raise SettingsError(
            f"Option takeoff_zero of '{path}' is '{takeoff_zero}', which means nothing. "
            "Nothing is read; write down or up."
        )
    return _read(path, Form(_ARCHIVE, upward=takeoff_zero == "up"), doubled_picks)


def read_hypoinverse_phases(path: Path, doubled_picks: str = "reject") -> SourceTables:
    """Read picks and first motions from a Hypoinverse-2000 phase file, its input.

    The station lines are those of :func:`read_hypoinverse_archive`, without angles. An event
    begins with a line of its time (columns 1-16) and, if it is known, its trial hypocenter, or
    with its first station line after a blank or terminator line. Events without a hypocenter
    have no place, and are named by that time or by that of their first reading.

    Parameters
    ----------
    path : Path
    doubled_picks : {"reject", "keep"}

    Raises
    ------
    FormatError
        If no event in the file can be read.

    References
    ----------
    Klein, F. W. (2002), U.S. Geological Survey Open-File Report 02-171.
    """
    return _read(path, Form(_PHASES, trial=True), doubled_picks)


_EVENT_TYPES = {
    "Q": "quarry blast",
    "B": "quarry blast",
    "N": "nuclear explosion",
    "L": "volcanic long-period",
    "T": "tremor pulse",
}
"""Event types by the remark of the analyst in column 81 (Klein 2002, U.S. Geological Survey
Open-File Report 02-171): quarry blasts, Nevada Test Site, long period, tremor associated. F is
felt, which is no type; letters of single networks say nothing here."""


def read_hash_scedc5(path: Path, doubled_picks: str = "reject") -> SourceTables:
    """Read events and P readings from a HASH driver 4 phase file (5-character stations).

    The columns are those of :func:`read_hypoinverse_archive` without angles, distances and
    errors; the identifier is in columns 131-146, and no terminator follows an event.

    Parameters
    ----------
    path : Path
        The file.
    doubled_picks : {"reject", "keep"}
        What happens to a second reading of a channel that differs in nothing: put aside,
        or kept as HASH does.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    return _read(path, Form(_SCEDC5, angles=False), doubled_picks)


def _read(path: Path, form: Form, doubled_picks: str) -> SourceTables:
    rows = PhaseRows(path, form.title, doubled_picks)
    angles = form.angles
    expecting_event = True
    passed = 0
    minutes: dict[str, int] = {}
    for number, line in enumerate(read_lines(path, form.title), 1):
        if form.trial and expecting_event and is_reading(line):
            minutes.clear()
            _start_unknown_event(rows, number, line)
            expecting_event = False
        if line[14:15] == "P" and not line[:4].isspace():
            add_pick(rows, number, line, minutes, form)
            if angles:
                add_s(rows, number, line, minutes)
            expecting_event = False
        elif line[:1] == "$":
            continue
        elif line[:4].isdecimal() and line[4:12].replace(" ", "").isdecimal():
            minutes.clear()
            if form.trial and not line[16:36].strip():
                _start_unplaced_event(rows, number, line)
            else:
                _start_event(rows, number, line, angles)
            expecting_event = False
        elif not line[:30].strip():
            rows.end_event()
            expecting_event = True
        elif is_station_line(line):
            if angles:
                add_s(rows, number, line, minutes)
            passed += 1
        elif expecting_event:
            rows.bad_event(number, line, "the line is no event line")
            expecting_event = False
        else:
            rows.rejects.add(
                number, "polarity", "the line is no event, and no station line with P or S", line
            )
    _LOG.debug("%s: %d lines hold no P reading (S or amplitudes only)", path, passed)
    return rows.finish()


def _start_unplaced_event(rows: PhaseRows, number: int, line: str) -> None:
    """Begin an event of which the time alone is given, as a name."""
    try:
        time = parse_minute(line[:12]) + round(fixed_seconds(line[12:16] or " 000") * 1e9)
    except ValueError as error:
        rows.bad_event(number, line, str(error))
        return
    name = line[136:146].strip() or identifier_of_time(time)
    rows.start_event(number, line, Hypocenter(name, None, _NAN, _NAN, _NAN, located=False))


def _start_unknown_event(rows: PhaseRows, number: int, line: str) -> None:
    """Begin an event that has station lines and no line of its own."""
    columns = (29, 34) if line[14:15] == "P" else (41, 46)
    try:
        second = fixed_float(line[slice(*columns)], 2, "seconds")
        time = parse_minute(line[17:29]) + round(arrival_seconds(second) * 1e9)
    except ValueError as error:
        rows.bad_event(number, line, f"its first reading has no time: {error}")
        return
    nowhere = Hypocenter(identifier_of_time(time), None, _NAN, _NAN, _NAN, located=False)
    rows.start_event(number, line, nowhere)


def _start_event(rows: PhaseRows, number: int, line: str, archive: bool) -> None:
    event_id = line[136 if archive else 130 : 146].strip()
    try:
        check_not_cut(line, (31, 36), (85, 89), (89, 93), (136, 146), (147, 150))
        if len(line) < 36:
            raise ValueError("the event line ends before the depth")
        time = utc_nanoseconds(
            int(line[0:4]),
            fixed_int(line[4:6], "month"),
            fixed_int(line[6:8], "day"),
            fixed_int(line[8:10], "hour"),
            fixed_int(line[10:12], "minute"),
            fixed_seconds(line[12:16]),
        )
        magnitude = optional_float(line[147:150], 2, "magnitude")
        if archive:
            for field in (line[70:73], line[36:39]):
                if magnitude != magnitude:
                    magnitude = optional_float(field, 2, "magnitude")
        hypocenter = Hypocenter(
            event_id=event_id,
            origin_time=time,
            latitude=fixed_latitude(line[16:18], line[18:19], line[19:23], 2),
            longitude=fixed_longitude(line[23:26], line[26:27], line[27:31], 2),
            depth_km=fixed_float(line[31:36], 2, "depth"),
            magnitude=magnitude,
            horizontal_error_km=optional_float(line[85:89], 2, "ERH") if archive else _NAN,
            vertical_error_km=optional_float(line[89:93], 2, "ERZ") if archive else _NAN,
            event_type=_EVENT_TYPES.get(line[80:81], "") if archive else "",
        )
        rows.start_event(number, line, hypocenter)
    except ValueError as error:
        rows.bad_event(number, line, str(error), event_id)


def _kind(head: bytes) -> str:
    lines = [line for line in head_lines(head) if line.strip() and line[0] != "$"]
    if len(lines) < 2 or not _EVENT.match(lines[0]) or len(lines[0]) < 100:
        return ""
    dated = lines[1][17:29].replace(" ", "").isdecimal()
    if not dated or lines[1][:12].replace(" ", "").isdecimal():
        return ""
    picks = [line for line in lines[1:] if _PICK.match(line)]
    ended = any(not line[:30].strip() for line in lines)
    traced = any(line[78:81].strip() and line[91:94].strip() for line in picks)
    return "archive" if ended or traced else "scedc5"


def _is_phases(head: bytes) -> bool:
    """Say whether most lines are readings without angles, and the others times or ends."""
    lines = [line for line in head_lines(head) if line[:30].strip() and line[0] != "$"]
    picks = [line for line in lines if _PICK.match(line)]
    if not picks or _kind(head) or any(x[78:81].strip() for x in picks):
        return False
    others = [x for x in lines if not _PICK.match(x)]
    fine = sum(
        bool(_HEADER.match(x) or _EVENT.match(x)) or is_reading(x) or is_station_line(x)
        for x in others
    )
    return len(picks) >= 0.5 * len(lines) and fine == len(others)


ARCHIVE_FORMAT = Format(
    name="hypoinverse_archive",
    title="Hypoinverse-2000 archive, with or without shadow lines",
    read=read_hypoinverse_archive,
    sniff=lambda head: _kind(head) == "archive",
    suffixes=(".arc",),
    options={
        **DOUBLED_OPTION,
        "takeoff_zero": "down (default) or up: where the file's take-off angles begin.",
    },
)
"""Archives, whose readings have angles."""

SCEDC5_FORMAT = Format(
    name="hash_scedc5",
    title="HASH phase file with 5-character stations (driver 4)",
    read=read_hash_scedc5,
    sniff=lambda head: _kind(head) == "scedc5",
    suffixes=(".phase",),
    options=DOUBLED_OPTION,
)
"""Phase files of driver 4."""

PHASES_FORMAT = Format(
    name="hypoinverse_phases",
    title=_PHASES,
    read=read_hypoinverse_phases,
    sniff=_is_phases,
    suffixes=(".phs",),
    options=DOUBLED_OPTION,
)
"""What Hypoinverse locates."""

FORMATS_HERE = (ARCHIVE_FORMAT, SCEDC5_FORMAT, PHASES_FORMAT)
"""Formats with the columns of an archive."""
