"""Read SKHASH's files about stations: places, polarity reversals, S/P corrections."""

from __future__ import annotations

import math
from pathlib import Path

from quakeloom.formats._phase_rows import no_such_format
from quakeloom.formats._skhash_rows import (
    cell_number,
    cell_time,
    channel_codes,
    column_sniffer,
    read_rows,
    row_text,
    skhash_format,
)
from quakeloom.formats._source_tables import Rejects, SourceTables, TableBuilder
from quakeloom.formats._text_lines import bounds_problem


def read_skhash_stations(path: Path) -> SourceTables:
    """Read an SKHASH station file: codes, ``latitude``, ``longitude``, ``elevation`` in m.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH station file"
    stations = TableBuilder("stations", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str | int | None, ...], int] = {}
    required = ("station", "latitude", "longitude", "elevation")
    for number, row in read_rows(path, title, required, rejects, ("start_time", "end_time")):
        try:
            columns = {
                "latitude": cell_number(row, "latitude"),
                "longitude": cell_number(row, "longitude"),
                "elevation_m": cell_number(row, "elevation"),
            }
            if math.isnan(columns["latitude"]) or math.isnan(columns["longitude"]):
                raise ValueError("the coordinates are missing")
            problem = bounds_problem(**columns) or (
                "" if row["station"] else "the station code is missing"
            )
            if problem:
                raise ValueError(problem)
            start, end = cell_time(row, "start_time"), cell_time(row, "end_time")
            if start is not None and end is not None and start >= end:
                raise ValueError("the end is not after the start; an end of a day is the day after")
            before = seen.setdefault((*channel_codes(row), start), number)
            if before != number:
                raise ValueError(f"doubled station: the same channel is on line {before}")
        except ValueError as error:
            rejects.add(number, "station", str(error), row_text(row), station=row["station"])
            continue
        stations.add(
            network=row.get("network", ""),
            station=row["station"],
            channel=row.get("channel", ""),
            start_time=start,
            end_time=end,
            source_line=number,
            **columns,
        )
    if not len(stations):
        no_such_format(path, title, "station", rejects.table())
    return SourceTables(stations=stations.table(), rejects=rejects.table())


def read_skhash_reversals(path: Path) -> SourceTables:
    """Read SKHASH polarity reversals: codes, ``start_time``, ``end_time``.

    0, a year up to 1900 and a year from 2200 on are open.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH file of polarity reversals"
    reversals = TableBuilder("reversals", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str | int | None, ...], int] = {}
    for number, row in read_rows(path, title, ("station", "start_time", "end_time"), rejects):
        try:
            start, end = cell_time(row, "start_time"), cell_time(row, "end_time")
            if not row["station"]:
                raise ValueError("the station code is missing")
            if start is not None and end is not None and start >= end:
                raise ValueError("the end is not after the start; an end of a day is the day after")
            before = seen.setdefault((*channel_codes(row), start, end), number)
            if before != number:
                raise ValueError(f"doubled reversal: the same span is on line {before}")
        except ValueError as error:
            rejects.add(number, "reversal", str(error), row_text(row), station=row["station"])
            continue
        reversals.add(
            network=row.get("network", ""),
            station=row["station"],
            start_time=start,
            end_time=end,
            source_line=number,
        )
    if not len(reversals):
        no_such_format(path, title, "reversal", rejects.table())
    return SourceTables(reversals=reversals.table(), rejects=rejects.table())


def read_skhash_corrections(path: Path) -> SourceTables:
    """Read SKHASH station corrections of log10 S/P: codes, ``sta_correction``.

    Raises
    ------
    FormatError
        If the columns are missing, or no row can be read.
    """
    title = "an SKHASH file of station corrections"
    corrections = TableBuilder("sp_corrections", source_file=str(path))
    rejects = Rejects(path)
    seen: dict[tuple[str, ...], int] = {}
    for number, row in read_rows(path, title, ("station", "sta_correction"), rejects):
        try:
            value = cell_number(row, "sta_correction")
            if not math.isfinite(value) or not row["station"]:
                raise ValueError("the correction or the station is missing")
            if problem := bounds_problem(sp_log_correction=value):
                raise ValueError(problem)
            before = seen.setdefault(channel_codes(row), number)
            if before != number:
                raise ValueError(f"doubled correction: the same channel is on line {before}")
        except ValueError as error:
            rejects.add(number, "correction", str(error), row_text(row), station=row["station"])
            continue
        corrections.add(
            network=row.get("network", ""),
            station=row["station"],
            channel=row.get("channel", ""),
            sp_log_correction=value,
            source_line=number,
        )
    if not len(corrections):
        no_such_format(path, title, "correction", rejects.table())
    return SourceTables(sp_corrections=corrections.table(), rejects=rejects.table())


FORMATS_HERE = (
    skhash_format(
        "skhash_corrections",
        "SKHASH station corrections (CSV)",
        read_skhash_corrections,
        column_sniffer("station", "sta_correction"),
    ),
    skhash_format(
        "skhash_stations",
        "SKHASH stations (CSV)",
        read_skhash_stations,
        column_sniffer(
            *("station", "latitude", "longitude", "elevation"),
            only=("network", "location", "channel", "start_time", "end_time"),
        ),
    ),
    skhash_format(
        "skhash_reversals",
        "SKHASH polarity reversals (CSV)",
        read_skhash_reversals,
        column_sniffer(
            *("station", "start_time", "end_time"), only=("network", "location", "channel")
        ),
    ),
)
"""What SKHASH knows of stations, in the order of recognition."""
