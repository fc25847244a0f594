"""Read the files of hypoDD: phases, events, stations and relocations."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from quakeloom.core import SettingsError
from quakeloom.formats._first_motions import phase_class
from quakeloom.formats._format import Format
from quakeloom.formats._phase_rows import (
    Arrival,
    FirstMotion,
    Hypocenter,
    PhaseRows,
    no_such_format,
)
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import (
    bounds_problem,
    head_lines,
    parse_float,
    read_lines,
    utc_nanoseconds,
)

_PHASE = "a hypoDD phase file"
"""Name of the input of ph2dt, for messages."""

_EVENTS = "a hypoDD event file"
"""Name of ``event.dat``, for messages."""

_STATIONS = "a hypoDD station file"
"""Name of ``station.dat``, for messages."""

_RELOC = "a hypoDD relocation file"
"""Name of ``hypoDD.reloc``, for messages."""

_NETWORK_OPTION = {
    "network_letters": "how many letters of a station label are its network code (default 0)."
}
"""The option of files with station labels."""

_ERROR_OPTION = {
    "best_error_s": "standard error in s of a pick with weight 1 (default 0.05); that of weight w "
    "is it divided by w."
}
"""The option that turns weights into errors."""

_BEST_ERROR_S = 0.05
"""Standard error of a pick with weight 1: that of a P pick of weight code 0 in ``locate``."""

_LONGEST_TRAVEL_S = 1e5
"""No travel time is longer."""


def read_hypodd_phase(
    path: Path, network_letters: int = 0, best_error_s: float = _BEST_ERROR_S
) -> SourceTables:
    """Read events and arrival times from a hypoDD phase file (input of ph2dt).

    An event line is ``#, year, month, day, hour, minute, second, latitude, longitude, depth,
    magnitude, EH, EZ, RMS, id``; a phase line ``label, travel time, weight, phase``. The
    format has no first motions: polarities are 0. S lines give picks.

    Weights multiply residuals, so the standard error of a pick of weight w is ``best_error_s``
    divided by w. A negative weight marks a pick that ph2dt keeps in any case; its amount is
    the weight. A weight of 0 is a pick that is not used, and put aside.

    Parameters
    ----------
    path : Path
        The file.
    network_letters : int
        How many letters of a station label are its network code: 2 splits ``NCCCO`` into
        NC and CCO.
    best_error_s : float
        Standard error of a pick of weight 1.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    SettingsError
        If ``network_letters`` is no number from 0 to 4, or the error is not positive.

    References
    ----------
    Waldhauser, F. (2001), U.S. Geological Survey Open-File Report 01-113.
    """
    letters = _letters(path, network_letters)
    if not 0.0 < best_error_s <= 10.0:
        raise SettingsError(
            f"Option best_error_s of '{path}' is {best_error_s}. Nothing is read; write seconds "
            "between 0 and 10."
        )
    rows = PhaseRows(path, _PHASE)
    origin: int | None = None
    for number, line, words in _words(path, _PHASE):
        if words[0].startswith("#"):
            origin = _start_event(rows, number, line)
            continue
        try:
            if len(words) != 4:
                raise ValueError(f"{len(words)} words instead of label, time, weight and phase")
            travel_time, weight = _number(words[1], "travel time"), _number(words[2], "weight")
            if math.isnan(travel_time) or not abs(travel_time) < _LONGEST_TRAVEL_S:
                raise ValueError(f"travel time {words[1]} s is impossible")
            phase = phase_class(words[3])
            if not phase:
                raise ValueError(f"phase '{words[3]}' is neither P nor S")
            if not math.isfinite(weight):
                raise ValueError("the weight is no number")
            if weight == 0.0:
                raise ValueError("its weight is 0: the pick is not used")
        except ValueError as error:
            rows.bad_reading(number, line, str(error), words[0])
            continue
        arrival = Arrival(
            station=words[0][letters:],
            phase=phase,
            time=(origin or 0) + round(travel_time * 1e9),
            network=words[0][:letters],
            uncertainty_s=best_error_s / abs(weight),
        )
        if phase == "P":
            rows.add_first_motion(number, line, FirstMotion(0), arrival)
        else:
            rows.add_arrival(number, line, arrival)
    return rows.finish()


def read_hypodd_events(path: Path) -> SourceTables:
    """Read the events of a hypoDD ``event.dat``.

    Words: date yyyymmdd, time hhmmsscc, latitude, longitude, depth, magnitude, EH, EZ, RMS,
    id.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    rows = PhaseRows(path, _EVENTS)
    for number, line, words in _words(path, _EVENTS):
        try:
            if len(words) < 10:
                raise ValueError(f"{len(words)} words instead of 10")
            date, clock = words[0], words[1].zfill(8)
            if len(date) != 8 or len(clock) != 8 or not (date + clock).isdigit():
                raise ValueError(f"date and time '{date} {words[1]}' are not yyyymmdd hhmmsscc")
            time = utc_nanoseconds(
                int(date[:4]),
                int(date[4:6]),
                int(date[6:]),
                int(clock[:2]),
                int(clock[2:4]),
                int(clock[4:]) / 100.0,
            )
            rows.start_event(number, line, _hypocenter(words[9], time, words[2:8]))
        except ValueError as error:
            rows.bad_event(number, line, str(error))
    return rows.finish()


def read_hypodd_reloc(path: Path) -> SourceTables:
    """Read the relocated events of a ``hypoDD.reloc``.

    Words: id, latitude, longitude, depth, three offsets, three errors in m (east, north,
    depth), year, month, day, hour, minute, second, magnitude, and 7 statistics. The
    horizontal error is the larger of the two; an error that did not fit its field
    (``********``) is not known.

    Raises
    ------
    FormatError
        If no event in the file can be read.
    """
    rows = PhaseRows(path, _RELOC)
    for number, line, words in _words(path, _RELOC):
        try:
            if len(words) < 17:
                raise ValueError(f"{len(words)} words instead of 24")
            east, north, down = (_optional(w, "error") / 1000.0 for w in words[7:10])
            rows.start_event(
                number,
                line,
                Hypocenter(
                    event_id=words[0],
                    origin_time=_time(words[10:16]),
                    latitude=_number(words[1], "latitude"),
                    longitude=_number(words[2], "longitude"),
                    depth_km=_number(words[3], "depth"),
                    magnitude=_optional(words[16], "magnitude"),
                    horizontal_error_km=max(east, north),
                    vertical_error_km=down,
                ),
            )
        except ValueError as error:
            rows.bad_event(number, line, str(error), words[0])
    return rows.finish()


def read_hypodd_stations(path: Path, network_letters: int = 0) -> SourceTables:
    """Read a hypoDD station file: ``label latitude longitude [elevation in m]``.

    Parameters
    ----------
    path : Path
        The file.
    network_letters : int
        As in :func:`read_hypodd_phase`.

    Raises
    ------
    FormatError
        If no station in the file can be read.
    SettingsError
        If ``network_letters`` is no number from 0 to 4.
    """
    letters = _letters(path, network_letters)
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[str, int] = {}
    for number, line, words in _words(path, _STATIONS):
        try:
            if len(words) not in (3, 4):
                raise ValueError(f"{len(words)} words instead of label, latitude and longitude")
            latitude, longitude = _number(words[1], "latitude"), _number(words[2], "longitude")
            elevation = _number(words[3], "elevation") if len(words) == 4 else math.nan
            if math.isnan(latitude) or math.isnan(longitude):
                raise ValueError("the coordinates are not numbers")
            problem = bounds_problem(latitude=latitude, longitude=longitude, elevation_m=elevation)
            if not words[0].isalnum():
                problem = f"'{words[0]}' is no station label"
            elif latitude == 0.0 and longitude == 0.0:
                problem = "the coordinates 0, 0 are a placeholder"
            if problem:
                raise ValueError(problem)
            before = seen.setdefault(words[0], number)
            if before != number:
                raise ValueError(f"doubled station: this label is on line {before}")
        except ValueError as error:
            rejects.add(number, "station", str(error), line, station=words[0])
            continue
        stations.add(
            network=words[0][:letters],
            station=words[0][letters:],
            latitude=latitude,
            longitude=longitude,
            elevation_m=elevation,
            source_line=number,
        )
    if not len(stations):
        no_such_format(path, _STATIONS, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def _start_event(rows: PhaseRows, number: int, line: str) -> int | None:
    words = line.lstrip()[1:].split()
    event_id = words[13] if len(words) > 13 else ""
    try:
        if len(words) < 14:
            raise ValueError(f"{len(words)} words after # instead of 14")
        origin = _time(words[:6])
        rows.start_event(number, line, _hypocenter(event_id, origin, words[6:12]))
    except ValueError as error:
        rows.bad_event(number, line, str(error), event_id)
        return None
    return origin


def _time(words: list[str]) -> int:
    """Nanoseconds of year, month, day, hour, minute and second."""
    year, month, day, hour, minute = (_whole(w) for w in words[:5])
    if year < 100:
        raise ValueError(f"year {year} has two digits; write all four")
    second = _number(words[5], "second")
    if math.isnan(second):
        raise ValueError("the seconds are missing")
    return utc_nanoseconds(year, month, day, hour, minute, second)


def _hypocenter(event_id: str, origin_time: int, words: list[str]) -> Hypocenter:
    """An event of latitude, longitude, depth, magnitude, EH and EZ."""
    return Hypocenter(
        event_id=event_id,
        origin_time=origin_time,
        latitude=_number(words[0], "latitude"),
        longitude=_number(words[1], "longitude"),
        depth_km=_number(words[2], "depth"),
        magnitude=_optional(words[3], "magnitude"),
        horizontal_error_km=_optional(words[4], "EH"),
        vertical_error_km=_optional(words[5], "EZ"),
    )


def _words(path: Path, title: str) -> Iterator[tuple[int, str, list[str]]]:
    for number, line in enumerate(read_lines(path, title), 1):
        words = line.split()
        if words:
            yield number, line, words


def _letters(path: Path, network_letters: int) -> int:
    if not isinstance(network_letters, int) or not 0 <= network_letters <= 4:
        raise SettingsError(
            f"Option network_letters of '{path}' is '{network_letters}'. Nothing is read; write "
            "a whole number from 0 to 4."
        )
    return network_letters


def _number(text: str, what: str) -> float:
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError(f"{what} '{text}' is no number") from None


def _optional(text: str, what: str) -> float:
    """A number that may be unknown: FORTRAN writes asterisks for what does not fit."""
    return _number(text, what) if text.strip("*") else math.nan


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"'{text}' in the date is no whole number") from None


_NUMBER = r"\s+[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
"""One way only to match a run of digits: a second one would multiply with every column."""

_NUMBER_OR_STARS = rf"(?:{_NUMBER}|\s+\*+)"
"""A number, or what FORTRAN writes for one that does not fit."""

_PHASE_EVENT = re.compile(rf"\s*#(\s+\d+){{5}}({_NUMBER_OR_STARS}){{8}}\s+\S+\s*$")
"""Event line of a phase file."""

_EVENT_LINE = re.compile(rf"\s*\d{{8}}\s+\d{{1,8}}({_NUMBER_OR_STARS}){{7}}\s+\d+(\s+\d)?\s*$")
"""Line of an event file."""

_RELOC_LINE = re.compile(
    rf"\s*\d+({_NUMBER_OR_STARS}){{9}}(\s+\d+){{5}}({_NUMBER_OR_STARS}){{9}}\s*$"
)
"""Line of a relocation file."""

_STATION_LINE = re.compile(rf"\s*[A-Za-z]\w{{0,6}}{_NUMBER}{_NUMBER}({_NUMBER})?\s*$")
"""Line of a station file."""


def _sniffer(pattern: re.Pattern[str], first_only: bool = False) -> Callable[[bytes], bool]:
    def sniff(head: bytes) -> bool:
        lines = [line for line in head_lines(head)[:20] if line.strip()]
        if first_only:
            lines = lines[:1]
        return bool(lines) and sum(pattern.match(x) is not None for x in lines) > 0.8 * len(lines)

    return sniff


PHASE_FORMAT = Format(
    name="hypodd_phase",
    title="hypoDD phase file (arrival times, no first motions)",
    read=read_hypodd_phase,
    sniff=_sniffer(_PHASE_EVENT, first_only=True),
    suffixes=(".pha",),
    options={**_NETWORK_OPTION, **_ERROR_OPTION},
)
"""The input of ph2dt."""

EVENTS_FORMAT = Format(
    name="hypodd_events",
    title="hypoDD event file (event.dat)",
    read=read_hypodd_events,
    sniff=_sniffer(_EVENT_LINE),
    suffixes=(".dat",),
)
"""The output of ph2dt."""

RELOC_FORMAT = Format(
    name="hypodd_reloc",
    title="hypoDD relocations (hypoDD.reloc)",
    read=read_hypodd_reloc,
    sniff=_sniffer(_RELOC_LINE),
    suffixes=(".reloc", ".loc"),
)
"""The output of hypoDD."""

STATIONS_FORMAT = Format(
    name="hypodd_stations",
    title="hypoDD station file (station.dat)",
    read=read_hypodd_stations,
    sniff=_sniffer(_STATION_LINE),
    suffixes=(".dat",),
    options=_NETWORK_OPTION,
)
"""The stations of hypoDD."""

FORMATS_HERE = (PHASE_FORMAT, EVENTS_FORMAT, RELOC_FORMAT, STATIONS_FORMAT)
"""What hypoDD reads and writes, in the order of recognition."""
