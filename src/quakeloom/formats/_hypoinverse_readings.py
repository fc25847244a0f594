"""Station lines of Hypoinverse-2000: P and S readings in fixed columns."""

from __future__ import annotations

from dataclasses import dataclass

from quakeloom.formats._fixed_columns import (
    arrival_seconds,
    check_not_cut,
    fixed_float,
    fixed_int,
    fixed_polarity,
    onset_code,
    optional_float,
)
from quakeloom.formats._phase_rows import Arrival, FirstMotion, PhaseRows
from quakeloom.formats._text_lines import utc_nanoseconds

_NO_TIME = " 9999"
"""Seconds of a reading without a time."""

_NAN = float("nan")
"""What stands for a number that a file does not have."""


@dataclass(frozen=True)
class Form:
    """How the columns of an archive are used.

    Attributes
    ----------
    title : str
    angles : bool
        Station lines have angles, and S arrivals.
    upward : bool
        Take-off angles begin at straight up.
    trial : bool
        Events may have no hypocenter, or no line of their own.
    """

    title: str
    angles: bool = True
    upward: bool = False
    trial: bool = False


def is_reading(line: str) -> bool:
    """Say whether a line is that of a P or S reading."""
    return line[:5].strip() != "" and (line[14:15] == "P" or line[47:48] == "S")


def is_station_line(line: str) -> bool:
    """Say whether a line has a station's letters and a time: one with S or amplitudes only."""
    return (
        len(line) >= 29
        and not line[13:16].strip()
        and any(c.isalpha() for c in line[5:12])
        and line[17:29].replace(" ", "").isdecimal()
    )


def add_pick(rows: PhaseRows, number: int, line: str, minutes: dict[str, int], form: Form) -> None:
    """Add the P of a station line; ``minutes`` keeps those that have been parsed."""
    try:
        # SCEDC writes some weights as .6, which moves the time by one column
        shift = 1 if line[16:17] == "." else 0
        second = line[29 + shift : 34 + shift]
        if len(line) < 34 + shift:
            raise ValueError(f"the line is cut short at column {len(line)}")
        arrival = None
        if second != _NO_TIME and second.strip():
            minute = line[17 + shift : 29 + shift]
            if minute not in minutes:
                minutes[minute] = parse_minute(minute)
            seconds = arrival_seconds(fixed_float(second, 2, "seconds"))
            arrival = minutes[minute] + round(seconds * 1e9)
        distance = takeoff = azimuth = _NAN
        if form.angles:
            if len(line) < 94:
                check_not_cut(line, (74, 78), (78, 81), (91, 94))
            distance = optional_float(line[74:78], 1, "distance")
            takeoff = optional_float(line[78:81], 0, "take-off angle")
            azimuth = optional_float(line[91:94], 0, "azimuth")
            if form.upward:
                takeoff = 180.0 - takeoff
        motion = FirstMotion(fixed_polarity(line[15]), azimuth, takeoff, distance_km=distance)
        reading = Arrival(
            station=line[:5].strip(),
            phase="P",
            time=arrival,
            network=line[5:7].strip(),
            channel=line[9:12].strip(),
            onset=onset_code(line[13]),
            pick_weight=-1 if shift else fixed_int(line[16], "weight", -1),
        )
    except ValueError as error:
        rows.bad_reading(number, line, str(error), line[:5].strip())
        return
    rows.add_first_motion(number, line, motion, reading)


def add_s(rows: PhaseRows, number: int, line: str, minutes: dict[str, int]) -> None:
    """Add the S arrival of a station line, if it has one."""
    if line[47:48] != "S":
        return
    try:
        second = fixed_float(line[41:46], 2, "S seconds")
        if second != second:
            raise ValueError("the S seconds are missing")
        minute = line[17:29]
        if minute not in minutes:
            minutes[minute] = parse_minute(minute)
        arrival = Arrival(
            station=line[:5].strip(),
            phase="S",
            time=minutes[minute] + round(arrival_seconds(second) * 1e9),
            network=line[5:7].strip(),
            channel=line[9:12].strip(),
            onset=onset_code(line[46]),
            pick_weight=fixed_int(line[49:50], "S weight", 0),
        )
    except ValueError as error:
        rows.rejects.add(number, "pick", str(error), line, rows.event_id, line[:5].strip())
        return
    rows.add_arrival(number, line, arrival)


def parse_minute(text: str) -> int:
    """Return nanoseconds since 1970 of year, month, day, hour and minute in twelve columns."""
    return utc_nanoseconds(
        fixed_int(text[0:4], "year"),
        fixed_int(text[4:6], "month"),
        fixed_int(text[6:8], "day"),
        fixed_int(text[8:10], "hour"),
        fixed_int(text[10:12], "minute"),
    )
