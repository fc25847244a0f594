"""Read what REAL associates: events (``catalog_sel.txt``) and their phases (``phase_sel.txt``)."""

from __future__ import annotations

import re
from pathlib import Path

from quakeloom.formats._first_motions import phase_class
from quakeloom.formats._fixed_columns import origin_seconds
from quakeloom.formats._format import Format
from quakeloom.formats._number_words import NUMBER, number_word, word_lines
from quakeloom.formats._phase_rows import Arrival, FirstMotion, Hypocenter, PhaseRows
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines, parse_float, utc_nanoseconds
from quakeloom.formats._travel_time_units import TravelTimes

_TITLE = "REAL's catalog or phases"
"""Name of the format, for messages."""

_EVENT = re.compile(
    rf"\s*\d+\s+(\d{{4}})\s+(\d+)\s+(\d+)\s+(\d+):(\d+):([\d.]+)((?:{NUMBER}){{12}})\s*$"
)
"""Number, year, month, day, time of day, and: seconds of the day, residual, latitude, longitude,
depth, magnitude, its spread, four counts of picks, gap."""

_PHASE = re.compile(rf"\s*[A-Za-z0-9]{{1,2}}\s+[A-Za-z0-9]{{1,6}}\s+[PS]\S*(?:{NUMBER}){{2}}")
"""Network, station, phase, arrival in seconds of the day, travel time, ..."""


_PHASE_WORDS = 9
"""Words of a phase line."""

_ROUNDING_S = 0.01
"""REAL writes four decimals of times."""


def read_real(path: Path) -> SourceTables:
    """Read events, and P and S picks if there are any, that REAL has associated.

    A phase line is network, station, phase, arrival (s after midnight of the day of the event),
    travel time, amplitude, residual, weight and azimuth; the time is origin time plus travel
    time. Events are named by their origin time: REAL's numbers begin anew every day.

    Raises
    ------
    FormatError
        If no event can be read.

    References
    ----------
    Zhang, Ellsworth & Beroza (2019), Seismological Research Letters, doi:10.1785/0220190052.
    """
    rows = PhaseRows(path, _TITLE)
    times = TravelTimes(path, _TITLE)
    origin, midnight = 0, 0.0
    for number, line, words in word_lines(path, _TITLE):
        if _EVENT.match(line):
            try:
                hypocenter = _hypocenter(line)
            except ValueError as problem:
                rows.bad_event(number, line, str(problem))
                continue
            origin = hypocenter.origin_time or 0
            midnight = float(words[5])
            rows.start_event(number, line, hypocenter)
            continue
        station = words[1] if len(words) > 1 else ""
        try:
            arrival = _arrival(words, times, origin, midnight)
        except ValueError as problem:
            rows.rejects.add(number, "pick", str(problem), line, rows.event_id, station)
            continue
        if arrival.phase == "P":
            rows.add_first_motion(number, line, FirstMotion(0), arrival)
        else:
            rows.add_arrival(number, line, arrival)
    times.refuse_milliseconds()
    return rows.finish()


def _hypocenter(line: str) -> Hypocenter:
    match = _EVENT.match(line)
    assert match is not None
    year, month, day, hour, minute = (int(w) for w in match.groups()[:5])
    values = [parse_float(word) for word in match[7].split()]
    _, _, latitude, longitude, depth, magnitude = values[:6]
    return Hypocenter(
        event_id="",
        origin_time=utc_nanoseconds(
            year, month, day, hour, minute, origin_seconds(float(match[6]))
        ),
        longitude=longitude,
        latitude=latitude,
        depth_km=depth,
        magnitude=magnitude,
    )


def _arrival(words: list[str], times: TravelTimes, origin: int, midnight: float) -> Arrival:
    """An arrival of the event that began some seconds after midnight."""
    if len(words) != _PHASE_WORDS:
        raise ValueError(f"it is no event, and no phase of {_PHASE_WORDS} words")
    phase = phase_class(words[2])
    if not phase:
        raise ValueError(f"phase '{words[2]}' is no first arrival of P or S")
    arrival, travel_time = (number_word(w, "travel time") for w in words[3:5])
    if not abs(arrival - travel_time - midnight) < _ROUNDING_S:
        raise ValueError(
            f"arrival {words[3]} s and travel time {words[4]} s do not belong to an event "
            f"{midnight:g} s after midnight"
        )
    travel_time = times.possible(travel_time)
    return Arrival(words[1], phase, origin + round(travel_time * 1e9), network=words[0])


def _sniff(head: bytes) -> bool:
    lines = [x for x in head_lines(head)[:40] if x.strip()]
    fits = [bool(_EVENT.match(x) or _PHASE.match(x)) for x in lines]
    return bool(lines) and bool(_EVENT.match(lines[0])) and all(fits)


FORMAT = Format(
    name="real",
    title="REAL's associated events and phases",
    read=read_real,
    sniff=_sniff,
    suffixes=(".txt",),
)
"""What REAL writes."""
