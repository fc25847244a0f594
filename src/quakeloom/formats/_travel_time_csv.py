"""Picked travel times as CSV with registered column names."""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.core import FormatError
from quakeloom.formats._line_format import LineFormat, LinePicks, PickCollector
from quakeloom.formats._text_lines import parse_float, read_lines

_TITLE = "travel times as CSV"
"""Name of the format, for messages."""
_NEEDED = ("shot_distance_km", "receiver_distance_km", "travel_time_s")
"""Columns without which a pick means nothing."""
_OPTIONAL = ("shot_depth_km", "receiver_depth_km", "time_error_s")
"""Columns of numbers that may be absent."""
_SEPARATORS = ",;\t"
"""Signs between columns."""


def read_travel_time_csv(path: Path, km: float = 1.0) -> LinePicks:
    """Read CSV whose first line names registered columns of ``travel_time_picks``.

    Needed are ``shot_distance_km``, ``receiver_distance_km`` and ``travel_time_s``; depths,
    ``time_error_s`` and ``phase`` may be absent or empty. Lines that begin with ``#`` are
    comments; the separator is comma, semicolon or tab.
    """
    picks = PickCollector(path)
    columns: list[str] = []
    separator = ","
    for number, text in enumerate(read_lines(path, _TITLE), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if not columns:
            separator = max(_SEPARATORS, key=text.count)
            columns = [w.strip().strip('"').lower() for w in text.split(separator)]
            missing = [n for n in _NEEDED if n not in columns]
            if missing:
                raise FormatError(
                    f"'{path}' has no column {', '.join(missing)} (its columns are "
                    f"{', '.join(columns)[:200]}). No pick can be read; name the columns."
                )
            continue
        words = [w.strip().strip('"') for w in text.split(separator)]
        if len(words) != len(columns):
            reason = f"has {len(words)} cells, not {len(columns)}"
            picks.rejects.add(number, "pick", reason, text)
            continue
        cell = dict(zip(columns, words, strict=True))
        try:
            value = {n: parse_float(cell.get(n, "")) for n in (*_NEEDED, *_OPTIONAL)}
        except ValueError as error:
            picks.rejects.add(number, "pick", f"{error} is no number", text)
            continue
        if any(math.isnan(value[n]) for n in _NEEDED):
            picks.rejects.add(number, "pick", "a distance or the travel time is missing", text)
            continue
        picks.add(
            number,
            text,
            (value["shot_distance_km"] * km, value["shot_depth_km"] * km),
            (value["receiver_distance_km"] * km, value["receiver_depth_km"] * km),
            value["travel_time_s"],
            value["time_error_s"],
            cell.get("phase", ""),
        )
    return picks.finish(path, _TITLE, "csv")


def _sniff(lines: list[str]) -> bool:
    first = next((t for t in lines if t.strip() and not t.lstrip().startswith("#")), "")
    return all(name in first.lower() for name in _NEEDED)


FORMAT = LineFormat("csv", _TITLE, read_travel_time_csv, _sniff, "km", (".csv", ".txt"))
"""CSV with registered columns, in km."""
