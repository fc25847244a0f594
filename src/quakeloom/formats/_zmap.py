"""Read ZMAP's tables of events: numbers in columns, without names."""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.core import FormatError
from quakeloom.formats._fixed_columns import origin_seconds
from quakeloom.formats._format import Format
from quakeloom.formats._number_words import number_word, word_lines
from quakeloom.formats._phase_rows import Hypocenter, PhaseRows
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines, utc_nanoseconds

_TITLE = "a ZMAP table"
"""Name of the format, for messages."""

_COLUMNS = (10, 13)
"""Columns without and with errors of epicenter, depth and magnitude."""


def read_zmap(path: Path) -> SourceTables:
    """Read events from a ZMAP table.

    Columns: longitude, latitude, year, month, day, magnitude, depth, hour, minute, second, and
    optionally horizontal, vertical and magnitude error. The year may have decimals, which say
    again what follows and are not used. NaN is not known; without a time of day an event has
    no origin time. Events are named by their time, else by their line.

    Raises
    ------
    FormatError
        If no event can be read, or latitude stands before longitude.

    References
    ----------
    Wiemer (2001), Seismological Research Letters, 72, 373-382.
    """
    rows = PhaseRows(path, _TITLE)
    lines = list(word_lines(path, _TITLE))
    _refuse_exchanged(path, [words for _, _, words in lines])
    for number, line, words in lines:
        try:
            if len(words) not in _COLUMNS:
                raise ValueError(f"{len(words)} columns instead of {_COLUMNS[0]} or {_COLUMNS[1]}")
            values = [number_word(word, f"column {i}") for i, word in enumerate(words, start=1)]
            time = _time(values)
            errors = values[10:12] if len(values) > _COLUMNS[0] else [math.nan, math.nan]
            hypocenter = Hypocenter(
                event_id="" if time is not None else f"line{number}",
                origin_time=time,
                longitude=values[0],
                latitude=values[1],
                depth_km=values[6],
                magnitude=values[5],
                horizontal_error_km=errors[0],
                vertical_error_km=errors[1],
            )
        except ValueError as problem:
            rows.bad_event(number, line, str(problem))
            continue
        rows.start_event(number, line, hypocenter)
        if rows.event_id and time is None:
            reason = "the time of day is missing; the event is kept without an origin time"
            rows.rejects.add(number, "event", reason, line, rows.event_id)
    return rows.finish()


def _refuse_exchanged(path: Path, rows: list[list[str]]) -> None:
    """Refuse a table whose second column is longitude, as its values alone can be."""
    first, second = ([_size(w[i]) for w in rows if len(w) in _COLUMNS] for i in (0, 1))
    beyond = [v for v in second if 90.0 < v <= 360.0]
    if not beyond or any(v > 90.0 for v in first):
        return
    raise FormatError(
        f"'{path}' has latitude before longitude: column 2 reaches {max(beyond):g}, column 1 "
        f"stays below 90. {_TITLE.capitalize()} has longitude first. Nothing is read; exchange the "
        "columns."
    )


def _size(word: str) -> float:
    """Return the size of a number; NaN is not known, nor is what is no number."""
    try:
        return abs(float(word))
    except ValueError:
        return math.nan


def _time(values: list[float]) -> int | None:
    month, day = values[3], values[4]
    hour, minute, second = values[7:10]
    if math.isnan(hour + minute + second):
        return None
    if not all(map(math.isfinite, values[2:5] + values[7:10])):
        raise ValueError("a number of the time is missing or infinite")
    year = math.floor(values[2])
    for name, value in (("month", month), ("day", day), ("hour", hour), ("minute", minute)):
        if value != round(value):
            raise ValueError(f"{name} {value:g} is no whole number")
    whole = int(month), int(day), int(hour), int(minute)
    return utc_nanoseconds(year, *whole, origin_seconds(second))


def _sniff(head: bytes) -> bool:
    rows = [line.split() for line in head_lines(head)[:20] if line.strip()]
    try:
        values = [[float(w) for w in row] for row in rows]
    except ValueError:
        return False
    return bool(values) and all(
        len(v) in _COLUMNS
        and max(abs(v[0]), abs(v[1])) <= 360
        and min(abs(v[0]), abs(v[1])) <= 90
        and 1700 <= v[2] < 2200
        and 1 <= v[3] <= 12
        and 1 <= v[4] <= 31
        for v in values
    )


FORMAT = Format(
    name="zmap",
    title="ZMAP table of events",
    read=read_zmap,
    sniff=_sniff,
    suffixes=(".zmap", ".dat"),
)
"""ZMAP's tables."""
