"""Rows of SKHASH's comma-separated files: their cells, and the hypocenters they repeat."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_columns import is_to_the_second, time_nanoseconds
from quakeloom.formats._text_lines import bounds_problem, head_lines, parse_float, read_lines
from quakeloom.schema import normalize_event_type

Row = dict[str, str]
_KM_PER_DEGREE = 111.0
"""Of latitude, and at most of longitude."""

_SAME_HYPOCENTER_KM = 0.2
"""Hypocenters this close are one, written with other digits; angles differ by a degree or less
but for the nearest stations. Chosen here."""

CODES = ("network", "station", "location", "channel")
"""Columns that tell readings apart."""

ORIGIN_COLUMNS = (
    *("origin_latitude", "origin_longitude", "origin_depth_km"),
    *("horz_uncert_km", "vert_uncert_km", "magnitude", "mag", "event_type", "eventtype", "type"),
)
"""Columns of the hypocenter that a row may repeat."""

_OPEN_YEARS = ("1900", "2200")
"""Times up to the first and from the second year on stand for no limit."""


class Origins:
    """The events of a file that repeats the hypocenter in every row."""

    def __init__(self, path: Path, rejects: Rejects) -> None:
        self.events = TableBuilder("events", source_file=str(path))
        self._rejects = rejects
        self._known: dict[str, tuple[tuple[float, ...], int]] = {}
        self._others: dict[str, tuple[int, int]] = {}

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._known

    def table(self) -> pa.Table:
        """Return the events; rows with other hypocenters give one reject per event."""
        for event_id, (line, count) in self._others.items():
            reason = (
                f"{count} rows from here on have another hypocenter than line "
                f"{self._known[event_id][1]}, which is used"
            )
            self._rejects.add(line, "event", reason, "", event_id)
        self._others.clear()
        return self.events.table()

    def add(self, number: int, event_id: str, row: Row, time: int | None = None) -> None:
        if not row.get("origin_latitude", "") and not row.get("origin_longitude", ""):
            return
        place = {
            "latitude": cell_number(row, "origin_latitude"),
            "longitude": cell_number(row, "origin_longitude"),
            "depth_km": cell_number(row, "origin_depth_km"),
        }
        known = self._known.get(event_id)
        if known:
            if known[0] != tuple(place.values()):
                line, count = self._others.get(event_id, (number, 0))
                self._others[event_id] = (line, count + 1)
                self._refuse_elsewhere(known, place, row)
            return
        errors = {
            "horizontal_error_km": cell_error(row, "horz_uncert_km"),
            "vertical_error_km": cell_error(row, "vert_uncert_km"),
        }
        magnitude = cell_number(row, "magnitude" if "magnitude" in row else "mag")
        impossible = bounds_problem(magnitude=magnitude)
        problem = bounds_problem(**place, **errors)
        if not problem and math.isnan(place["latitude"] + place["longitude"]):
            problem = "the epicenter is not a number"
        if problem:
            raise ValueError(problem)
        if impossible:
            reason = f"{impossible}; the event is kept without it"
            self._rejects.add(number, "magnitude", reason, row_text(row), event_id)
            magnitude = math.nan
        self._known[event_id] = (tuple(place.values()), number)
        self.events.add(
            event_id=event_id,
            origin_time=time,
            magnitude=magnitude,
            event_type=_event_type(row),
            source_line=number,
            **place,
            **errors,
        )

    @staticmethod
    def _refuse_elsewhere(
        known: tuple[tuple[float, ...], int], place: dict[str, float], row: Row
    ) -> None:
        """Refuse a row of a composite that has a hypocenter of its own and no angles."""
        if row.get("azimuth", "") and row.get("takeoff", ""):
            return
        apart = max(
            abs(place["latitude"] - known[0][0]) * _KM_PER_DEGREE,
            abs((place["longitude"] - known[0][1] + 180.0) % 360.0 - 180.0) * _KM_PER_DEGREE,
            abs(place["depth_km"] - known[0][2]),
        )
        if apart > _SAME_HYPOCENTER_KM:
            raise ValueError(
                f"its hypocenter is {apart:.1f} km from that of line {known[1]}, which its event "
                "has, and it has no angles of its own; give azimuth and takeoff in every row of "
                "a composite, or an event_id to every earthquake"
            )


def _event_type(row: Row) -> str:
    """What an event is, in the words of the registry."""
    words = (row.get(name, "") for name in ("event_type", "eventtype", "type"))
    return normalize_event_type(next((w for w in words if w), ""))


def read_rows(
    path: Path,
    title: str,
    required: tuple[str, ...],
    rejects: Rejects,
    optional: tuple[str, ...] = (),
) -> Iterator[tuple[int, Row]]:
    """Yield line number and cells of every row; rows of a wrong length are put aside.

    Columns that are neither required nor optional, nor codes of a channel, are named in the
    rejects.
    """
    header: list[str] = []
    for number, line in enumerate(read_lines(path, title), 1):
        line = line.partition("#")[0]
        if not line.strip():
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
        except csv.Error as error:
            rejects.add(number, "row", f"no comma-separated values: {error}", line)
            continue
        if not header:
            header = cells
            missing = [name for name in required if name not in header]
            if missing:
                raise FormatError(
                    f"'{path}' is not {title}: line {number} names no column "
                    f"{', '.join(missing)}. Nothing is read; check the first line."
                )
            for name in header:
                if name not in (*required, *optional, *CODES):
                    reason = f"column '{name}' is not one of {title}; it is not read"
                    rejects.add(-1, "column", reason, name)
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} values for {len(header)} columns"
            rejects.add(number, "row", reason, line)
            continue
        yield number, dict(zip(header, cells, strict=True))
    if not header:
        raise FormatError(
            f"'{path}' is not {title}: it has no line with column names. Nothing is read; check "
            "the first line."
        )


def channel_codes(row: Row) -> tuple[str, str, str, str]:
    """Return network, station, location and channel: what tells readings apart."""
    return (
        row.get("network", ""),
        row.get("station", ""),
        row.get("location", ""),
        row.get("channel", ""),
    )


def cell_number(row: Row, name: str) -> float:
    """Return the number in a cell, NaN if empty; ValueError names the column."""
    text = row.get(name, "")
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError(f"{name} '{text}' is no number") from None


def cell_error(row: Row, name: str) -> float:
    """Return the error in a cell; a negative one is missing, as SKHASH takes it."""
    value = cell_number(row, name)
    return abs(value) if value >= 0.0 else math.nan


def cell_moment(row: Row, name: str) -> tuple[int | None, str]:
    """Return the origin time in a cell, or why the event has none."""
    text = row.get(name, "")
    if not text:
        return None, ""
    time = time_nanoseconds(text)
    if is_to_the_second(text):
        return time, ""
    return None, f"{name} '{text}' is not given to the second; the event is kept without it"


def cell_time(row: Row, name: str) -> int | None:
    """Return the time in a cell in nanoseconds; None if open (0, up to 1900, from 2200)."""
    text = row.get(name, "")
    if text in ("", "0") or text[:4] <= _OPEN_YEARS[0] or text[:4] >= _OPEN_YEARS[1]:
        if text and not (text == "0" or text[:4].isdecimal()):
            raise ValueError(f"{name} '{text}' is no time")
        return None
    return time_nanoseconds(text)


def row_text(row: Row) -> str:
    """Return a row as text, for its reject."""
    return ",".join(row.values())


def column_sniffer(
    *required: str, without: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> Callable[[bytes], bool]:
    """Return a sniff that looks for columns in the first line of a file.

    ``without`` are columns that such a file has not. Where ``only`` is given, a file with
    columns beyond these and the required ones is another table, whose columns mean more.
    """

    def sniff(head: bytes) -> bool:
        for line in head_lines(head):
            line = line.partition("#")[0].strip()
            if line:
                names = {cell.strip() for cell in line.split(",")}
                beyond = names - {*required, *only} if only else set()
                return names.issuperset(required) and not names.intersection(without) | beyond
        return False

    return sniff


def skhash_format(
    name: str,
    title: str,
    read: Callable[..., SourceTables],
    sniff: Callable[[bytes], bool],
    options: dict[str, str] | None = None,
) -> Format:
    """Return the format of one kind of SKHASH file."""
    return Format(name, title, read, sniff, (".csv", ".txt"), options or {})
