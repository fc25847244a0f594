"""Picks and stations from any file, for locating without a configuration."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa

from quakeloom.core import InputError
from quakeloom.formats import SourceTables, read_source

log = logging.getLogger(__name__)


def read_location_inputs(picks: Path, stations: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Read events, picks and stations from Parquet, CSV or any other format.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    source, places = _read(picks), _read(stations)
    for path, table, what in (
        (picks, source.picks, "picks"),
        (stations, places.stations, "stations"),
    ):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be located; check the file."
            )
    return source.events, source.picks, places.stations


def _read(path: Path) -> SourceTables:
    if not path.is_file():
        raise InputError(f"There is no file {path}, so nothing can be located.")
    tables = read_source(path, "auto")
    for row in tables.rejects.slice(0, 5).to_pylist():
        log.warning("%s line %d: %s", path, row["source_line"], row["reason"])
    if tables.rejects.num_rows > 5:
        log.warning("%s: %d records were put aside", path, tables.rejects.num_rows)
    return tables
