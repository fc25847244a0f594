"""Picks and stations from any file, for locating without a configuration."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv

from quakeloom.core import InputError, QuakeloomError
from quakeloom.formats import read_source
from quakeloom.schema import conform_table, empty_table
from quakeloom.store import read_table

_NEEDED = {"picks": ("event_id", "station", "phase", "time"),
           "stations": ("station", "longitude", "latitude")}  # fmt: skip


def read_location_inputs(picks: Path, stations: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Read events, picks and stations.

    Tables in Parquet and CSV need the registered columns (``event_id``, ``station``, ``phase``
    and ``time`` of picks); anything else is read as a foreign format.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    events = empty_table("events")
    rows = _read_own(picks, "picks")
    if rows is None:
        source = read_source(picks, "auto")
        events, rows = source.events, source.picks
    places = _read_own(stations, "stations")
    if places is None:
        places = read_source(stations, "auto").stations
    for path, table, what in ((picks, rows, "picks"), (stations, places, "stations")):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be located; check the file."
            )
    return events, rows, places


def _read_own(path: Path, name: str) -> pa.Table | None:
    """Read a registered table from Parquet or CSV; None if the file is something else."""
    if not path.is_file():
        raise InputError(f"There is no file {path}, so nothing can be located.")
    if path.suffix == ".parquet":
        return read_table(path, name)
    if path.suffix != ".csv":
        return None
    try:
        table = pcsv.read_csv(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None
    if not set(_NEEDED[name]) <= set(table.column_names):
        return None
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            times = table.column(i).cast(pa.timestamp("ns"))
            table = table.set_column(i, field.name, times.cast(pa.timestamp("ns", "UTC")))
        elif field.name in ("event_id", "network", "station", "phase", "channel"):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
    try:
        return conform_table(name, table)
    except QuakeloomError as error:
        raise InputError(f"{path} is no table of {name}: {error}") from None
