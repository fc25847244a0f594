"""Records of the Japan Meteorological Agency: hypocenters and arrival times.

Lines of 96 columns. ``J``, ``U`` and ``I`` begin a hypocenter (of JMA, USGS and other
agencies), ``_`` an arrival at a station, ``C`` a comment, ``E`` ends an event; the template
hypocenters (``j``) and arrivals (``W``) of matched filters are passed over. Times are Japan
Standard Time, 9 hours ahead of UTC.
"""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.formats._first_motions import phase_class, polarity_sign
from quakeloom.formats._fixed_columns import nearest_year, origin_seconds
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

_TITLE = "JMA hypocenter and arrival time records"
"""Name of the format, for messages."""

_JST = 9 * 3600 * 1_000_000_000
"""Nanoseconds by which Japan Standard Time is ahead of UTC."""

_HOUR = 3600 * 1_000_000_000
"""Nanoseconds of an hour."""

_KM_PER_MINUTE = math.pi / 180.0 * 6371.0 / 60.0
"""A minute of latitude in km."""

_HYPOCENTERS = "JUI"
"""First letters of hypocenter records: JMA, USGS, other agencies."""

_NEGATIVE_TENS = "ABCD"
"""Letters for -1, -2, -3 and -4 before the tenths of a magnitude below -0.9."""

_EVENT_TYPES = {
    "1": "earthquake",
    "3": "anthropogenic event",
    "4": "other event",
    "5": "low-frequency event",
}
"""Event types by column 61 (subsidiary information): natural, artificial, eruption and others,
low frequency. 2 says that JMA had too few stations, and nothing of the type."""

_NOT_ACCEPTED = "8"
"""Column 60 (location precision) of hypocenters that are not determined or not accepted."""

_OTHER_KINDS = ("C", "j", "W")
"""First letters of records that are passed over: comments, and those of matched filters."""

_DATE = ((1, 5, "year"), (5, 7, "month"), (7, 9, "day"))
"""First and end column (from 0) of the date of a hypocenter record."""


def read_jma(path: Path, doubled_picks: str = "reject") -> SourceTables:
    """Read hypocenters and first motions of P from JMA's records.

    Of several hypocenters of one event the first, which JMA has adopted, is taken. The event
    id is agency and origin time of that record as written, such as ``J2019020100014045``.
    First motions are those of the vertical component; a P without one has polarity 0. Column 61
    gives the type of the event; hypocenters that JMA has not accepted are put aside.

    Parameters
    ----------
    path : Path
        A file of hypocenters (JMA's ``h`` files) or of hypocenters and arrivals (``d``).
    doubled_picks : {"reject", "keep"}
        See :class:`PhaseRows`.

    Raises
    ------
    FormatError
        If no hypocenter can be read.
    """
    rows = PhaseRows(path, _TITLE, doubled_picks)
    lines = read_lines(path, _TITLE)
    # files of hypocenters alone have no end records: there, every hypocenter is an event
    ended = any(line[:1] == "E" for line in lines)
    place = "between"
    origin = (0, 0, 0)
    for number, line in enumerate(lines, start=1):
        kind = line[:1]
        if kind == "_":
            place = "arrivals"
            _read_arrival(rows, number, line, origin)
        elif kind in _HYPOCENTERS and kind:
            if ended and place == "hypocenters":
                continue
            if ended and place == "arrivals":
                rows.rejects.add(number, "line", "the event before has no end record (E)", line)
            origin = _read_hypocenter(rows, number, line)
            place = "hypocenters"
        elif kind == "E":
            rows.end_event()
            place = "between"
        elif line.strip() and kind not in _OTHER_KINDS:
            rows.rejects.add(number, "line", f"record kind '{kind}' is not known", line)
    return rows.finish()


def _read_hypocenter(rows: PhaseRows, number: int, line: str) -> tuple[int, int, int]:
    """Add the event of a hypocenter record; return its year, month and day."""
    event_id = line[:17].replace(" ", "0")
    try:
        year, month, day = (_whole(line[a:b], n) for a, b, n in _DATE)
        hour, minute = _whole(line[9:11], "hour"), _whole(line[11:13], "minute")
        second = _implied(line[13:17], 2, "seconds")
        known = not math.isnan(second)
        second = origin_seconds(second) if known else 0.0
        time = utc_nanoseconds(year, month, day, hour, minute, second)
        latitude = _degrees(line[21:24], line[24:28], "latitude")
        longitude = _degrees(line[32:36], line[36:40], "longitude")
        depth = _implied(line[44:49], 2, "depth")
        magnitude = _magnitude(line[52:54])
        north = _implied(line[28:32], 2, "latitude error") * _KM_PER_MINUTE
        east = _implied(line[40:44], 2, "longitude error") * _KM_PER_MINUTE
        vertical = _implied(line[49:52], 2, "depth error")
    except ValueError as problem:
        rows.bad_event(number, line, str(problem), event_id)
        return 0, 0, 0
    if line[59:60] == _NOT_ACCEPTED:
        reason = "JMA has not determined or not accepted its hypocenter (location precision 8)"
        rows.bad_event(number, line, reason, event_id)
        return 0, 0, 0
    east *= math.cos(math.radians(latitude))
    rows.start_event(
        number,
        line,
        Hypocenter(
            event_id=event_id,
            origin_time=time - _JST if known else None,
            longitude=longitude,
            latitude=latitude,
            depth_km=depth,
            magnitude=magnitude,
            # NaN where one of them is not known
            horizontal_error_km=max(east, north) + 0.0 * (east + north),
            vertical_error_km=vertical,
            event_type=_EVENT_TYPES.get(line[60:61], ""),
        ),
    )
    if rows.event_id and not known:
        reason = "the seconds are missing; the event is kept without an origin time"
        rows.rejects.add(number, "event", reason, line, event_id)
    return year, month, day


def _read_arrival(rows: PhaseRows, number: int, line: str, origin: tuple[int, int, int]) -> None:
    """Add the P and the S of an arrival record; the first motion is that of P."""
    station = line[1:7].strip()
    names = line[15:19].strip(), line[27:31].strip()
    for second_phase, name in enumerate(names):
        if not name or (second_phase and not rows.event_id and names[0]):
            continue
        phase = phase_class(name)
        time = None
        record = "pick" if second_phase or phase == "S" else "polarity"
        try:
            if not phase:
                raise ValueError(f"phase '{name}' is no first arrival of P or S")
            if rows.event_id and second_phase:
                time = _later_time(line, origin)
            elif rows.event_id:
                time = _arrival_time(line, origin)
            motion = line[79:80].strip() if record == "polarity" else ""
            sign = polarity_sign(motion)
            if sign is None:
                raise ValueError(f"polarity '{motion}' is neither up nor down")
        except ValueError as problem:
            rows.rejects.add(number, record, str(problem), line, rows.event_id, station)
            continue
        onset = name[0].upper() if name[0] in "IEie" else ""
        arrival = Arrival(station, phase, time, onset=onset)
        if record == "polarity":
            rows.add_first_motion(number, line, FirstMotion(sign), arrival)
        else:
            rows.add_arrival(number, line, arrival)


def _arrival_time(line: str, origin: tuple[int, int, int]) -> int:
    """UTC nanoseconds of the first phase."""
    return _minute(line, origin) + _seconds(line[23:27])


def _later_time(line: str, origin: tuple[int, int, int]) -> int:
    """UTC nanoseconds of the second phase, which has minutes and seconds only."""
    first = _minute(line, origin)
    minute = _whole(line[31:33], "minute of the second phase")
    if not minute < 60:
        raise ValueError(f"minute {minute} of the second phase is impossible")
    time = first - first % _HOUR + minute * 60_000_000_000 + _seconds(line[33:37])
    # a minute that has gone back by most of an hour is in the next one
    return time + _HOUR if time < first - _HOUR // 2 else time


def _minute(line: str, origin: tuple[int, int, int]) -> int:
    """UTC nanoseconds of the minute; year and month may be those of the event."""
    year, month, event_day = origin
    day = _whole(line[13:15], "day")
    if line[87:91].strip():
        year = nearest_year(_whole(line[87:89], "year"), year)
        month = _whole(line[89:91], "month")
    elif day < event_day:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    hour, minute = _whole(line[19:21], "hour"), _whole(line[21:23], "minute")
    return utc_nanoseconds(year, month, day, hour, minute) - _JST


def _seconds(text: str) -> int:
    """Nanoseconds of the seconds of an arrival."""
    second = _implied(text, 2, "seconds")
    if second != second:
        raise ValueError("the seconds of the arrival are missing")
    return round(second * 1e9)


def _whole(text: str, what: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"{what} '{text.strip()}' is no whole number")
    return int(text)


def _implied(text: str, decimals: int, what: str) -> float:
    """A field with implied decimals; blanks after the digits stand for zeros, all blank is NaN."""
    if not text.strip():
        return math.nan
    filled = text.lstrip()
    digits = filled.lstrip("-").replace(" ", "0")
    if not digits.isdecimal() or filled.count("-") > 1:
        raise ValueError(f"{what} '{text.strip()}' is no number")
    value = float(int(digits) / 10**decimals)
    return -value if filled.startswith("-") else value


def _degrees(degrees: str, minutes: str, what: str) -> float:
    whole, part = _implied(degrees, 0, what), _implied(minutes, 2, f"minutes of the {what}")
    if whole != whole:
        raise ValueError(f"the {what} is missing")
    if part != part:
        raise ValueError(f"the minutes of the {what} are missing")
    if abs(part) >= 60.0:
        raise ValueError(f"{part:g} minutes of {what} are impossible")
    value = abs(whole) + abs(part) / 60.0
    return -value if "-" in degrees or "-" in minutes else value


def _magnitude(text: str) -> float:
    """Magnitude in tenths: ``-1`` is -0.1, ``A0`` is -1.0, ``B3`` is -2.3; blank is unknown."""
    text = text.strip()
    if not text:
        return math.nan
    if len(text) == 2 and text[0] in _NEGATIVE_TENS and text[1].isdecimal():
        return -(_NEGATIVE_TENS.index(text[0]) + 1) - int(text[1]) / 10.0
    return _implied(text, 1, "magnitude")


def _sniff(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:200] if x.strip()]
    hits = [x for x in lines if x[0] in _HYPOCENTERS and x[1:13].replace(" ", "0").isdecimal()]
    kinds = set(_HYPOCENTERS + "_E" + "".join(_OTHER_KINDS))
    return (
        bool(hits)
        and len(hits[0].rstrip()) > 40
        and 1700 <= int(hits[0][1:5].replace(" ", "0")) <= 2200
        and hits[0][21:44].replace(" ", "").replace("-", "").isdecimal()
        and sum(x[0] in kinds for x in lines) >= 0.8 * len(lines)
    )


FORMAT = Format(
    name="jma",
    title=_TITLE,
    read=read_jma,
    sniff=_sniff,
    suffixes=(".deck", ".jma"),
    options=DOUBLED_OPTION,
)
"""JMA's records; the files have no usual suffix."""
