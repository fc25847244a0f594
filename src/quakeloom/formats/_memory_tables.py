"""Rows that are in memory, checked as those of a file are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from quakeloom.core import FormatError
from quakeloom.formats._cells import REQUIRED
from quakeloom.formats._mechanism_tables import register_mechanisms
from quakeloom.formats._named_columns import RawTable
from quakeloom.formats._plain_tables import register_table, require_columns
from quakeloom.formats._source_tables import Rejects


def register_rows(
    data: pa.Table, table: str, origin: str, optional: Sequence[str] = ()
) -> tuple[pa.Table, pa.Table]:
    """Bring rows in memory to a registered table; bad rows are put aside.

    Cells are converted, and bounds, required values and doubled rows checked, as for CSV and
    Parquet.

    Parameters
    ----------
    data : pyarrow.Table
        Columns of any type.
    table : str
        ``events``, ``stations``, ``polarities``, ``picks``, ``amplitudes``, ``reversals``,
        ``sp_corrections``, ``mechanisms``, ``travel_time_picks`` or ``tendency`` (faults).
    origin : str
        What the rows are called in messages, and ``source_file`` of rows that name none.
    optional : sequence of str
        Columns that may be missing or empty, though a file needs them.

    Returns
    -------
    rows, rejects : pyarrow.Table
        Registered tables; ``source_line`` counts rows from 1 where there is none.

    Raises
    ------
    FormatError
        If the table is none of these, a required column is missing, or there are rows but none
        can be read.
    """
    if table not in REQUIRED:
        raise FormatError(
            f"'{origin}' cannot be taken as a table of {table}. Nothing is read; known are "
            f"{', '.join(REQUIRED)}."
        )
    raw = RawTable(Path(origin), data, Rejects(origin), optional=tuple(optional))
    if table == "mechanisms":
        rows = register_mechanisms(raw)
    else:
        require_columns(raw.path, data.column_names, table, optional)
        rows = register_table(raw, table)
    return rows, raw.rejects.table()
