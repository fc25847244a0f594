"""Registered tables from tables with named columns, checked cell by cell."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._cells import (
    REQUIRED,
    blame_missing,
    convert_column,
    doubled_rows,
)
from quakeloom.formats._source_tables import SOURCE_TABLES, Rejects, SourceTables
from quakeloom.schema import TABLES, VARIABLES, arrow_type, table_schema, variable

_RECORDS = {
    "events": "event",
    "stations": "station",
    "polarities": "polarity",
    "picks": "pick",
    "amplitudes": "amplitude",
    "reversals": "reversal",
    "sp_corrections": "correction",
    "mechanisms": "mechanism",
    "travel_time_picks": "pick",
    "tendency": "fault",
}
_TELLING = {
    "mechanisms": {"event_id", "strike_deg", "dip_deg", "rake_deg"},
    "amplitudes": {"event_id", "station", "s_amplitude"},
    "picks": {"event_id", "station", "phase", "time"},
    "polarities": {"event_id", "station"},
    "events": {"event_id", "longitude", "latitude"},
    "sp_corrections": {"station", "sp_log_correction"},
    "stations": {"station", "longitude", "latitude"},
    "reversals": {"station", "start_time"},
}
"""Columns that tell which table a file holds, the most telling first."""

TABLE_OPTION = {
    "table": "auto (default): from the names of file and columns; or one of "
    + ", ".join(n for n in SOURCE_TABLES if n not in ("origins", "rejects"))
    + "."
}


def choose_table(
    path: Path, names: Sequence[str], table: str = "auto", mechanisms: bool = False
) -> str:
    """Say which registered table a file with these columns holds.

    Parameters
    ----------
    path : Path
        The file; a name that begins with that of a table decides between several.
    names : sequence of str
        Its columns.
    table : str
        A table, or ``auto``.
    mechanisms : bool
        Whether a table of mechanisms is allowed.

    Raises
    ------
    FormatError
        If the columns are those of no table, or required ones are missing.
    SettingsError
        If the table is unknown.
    """
    allowed = [t for t in _TELLING if mechanisms or t != "mechanisms"]
    if table != "auto" and table not in allowed:
        raise SettingsError(
            f"Option table of '{path}' is '{table}', which is no table to read. Nothing is "
            f"read; write auto or one of {', '.join(sorted(allowed))}."
        )
    if table == "auto":
        fitting = [t for t in allowed if _TELLING[t] <= set(names)]
        named = [t for t in fitting if path.name.lower().startswith(t)]
        guesses = [t for t in allowed if path.name.lower().startswith(t)]
        best = max(allowed, key=lambda t: len(set(names) & set(TABLES[t].columns)))
        table = (named or fitting or guesses or [best])[0]
    require_columns(path, names, table)
    return table


def require_columns(
    path: Path, names: Sequence[str], table: str, optional: Sequence[str] = ()
) -> None:
    """Refuse columns that lack one without which a table means nothing.

    Raises
    ------
    FormatError
        With the missing columns, and what may be meant by others.
    """
    missing = [n for n in REQUIRED[table] if n not in (*names, *optional)]
    if missing:
        raise FormatError(
            f"'{path}' has no column {', '.join(map(repr, missing))}, which a table of {table} "
            f"needs; it has {_listed(names)}.{_hints(missing, names)} "
            f"Nothing is read; name the columns {', '.join(TABLES[table].columns)}."
        )


def _listed(names: Sequence[str]) -> str:
    """Names for a message, shortened if they are no names at all."""
    words = [repr(n if len(n) <= 40 else n[:37] + "...") for n in names[:40]]
    more = [f"and {len(names) - 40} more"] if len(names) > 40 else []
    return ", ".join([*words, *more]) or "none"


def _hints(missing: list[str], names: Sequence[str]) -> str:
    hints = []
    names = [n for n in names if n not in VARIABLES]
    for name in missing:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        if not close:
            stem = name.split("_")[0]
            close = [n for n in names if n.lower().startswith(stem[:3])][:1]
        hints += [f" Did you mean '{name}' by {_listed(close)}?" for _ in close]
    return "".join(hints)


@dataclass
class RawTable:
    """A table as it stands in a file.

    Attributes
    ----------
    path : Path
    data : pyarrow.Table
        Columns of any type.
    lines : ndarray of int64, optional
        Line of every row; without it, the rows are numbered from 1.
    rejects : Rejects
        What has been put aside so far.
    optional : tuple of str
        Columns that may be missing or empty here, though a file needs them.
    """

    path: Path
    data: pa.Table
    rejects: Rejects
    lines: NDArray[np.int64] | None = None
    optional: tuple[str, ...] = ()
    reasons: dict[int, str] = field(default_factory=dict)

    def line(self, row: int) -> int:
        """Return the line of a row."""
        return int(self.lines[row]) if self.lines is not None else row + 1


def register_table(raw: RawTable, table: str) -> pa.Table:
    """Bring a raw table to the schema of a registered one; bad rows are put aside.

    Columns that are not registered are named in the rejects. The columns ``source_file`` and
    ``source_line`` are filled in where they are absent.

    Raises
    ------
    FormatError
        If there are rows but none can be read.
    """
    data, rows = raw.data, raw.data.num_rows
    known = TABLES[table].columns
    for name in data.column_names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            where = " (it is in other tables)" if name in VARIABLES else ""
            reason = (
                f"column {_listed([name])} is not one of table {table}{where}; it is not read{hint}"
            )
            raw.rejects.add(-1, "column", reason, name)
    columns: dict[str, pa.ChunkedArray] = {}
    for name in known:
        if name not in data.column_names:
            continue
        source = data.column(name)

        def blame(mask: NDArray[np.bool_], reason: str, name: str = name) -> None:
            for row in np.flatnonzero(mask).tolist():
                if row not in raw.reasons:
                    cell = str(data.column(name)[row].as_py()) if "{cell}" in reason else ""
                    text = reason.replace("{name}", name)
                    raw.reasons[row] = text.replace("{cell}", cell[:60])

        columns[name] = convert_column(name, source, blame)
        if name not in raw.optional:
            blame_missing(table, name, columns[name], blame)
    good = _good(rows, raw.reasons)
    keys = {n: _key_column(data.column(n), columns[n]) for n in columns}
    for row, other in doubled_rows(table, keys, good).items():
        raw.reasons[row] = f"doubled {_RECORDS[table]}: the same is on line {raw.line(other)}"
    _put_aside(raw, table, columns)
    result = pa.Table.from_arrays(
        [
            columns[f.name] if f.name in columns else _absent(raw, f.name, rows)
            for f in table_schema(table)
        ],
        schema=table_schema(table),
    )
    if raw.reasons:
        result = result.filter(pa.array(_good(rows, raw.reasons)))
        if not result.num_rows:
            first = min(raw.reasons)
            raise FormatError(
                f"'{raw.path}' holds no readable row of {table} (line {raw.line(first)}: "
                f"{raw.reasons[first]}). Nothing is taken from it; check its columns."
            )
    return result


def source_tables(raw: RawTable, table: str) -> SourceTables:
    """Return the registered table of a raw one, with its rejects."""
    registered: dict[str, Any] = {table: register_table(raw, table)}
    return SourceTables(**registered, rejects=raw.rejects.table())


def _key_column(source: pa.ChunkedArray, converted: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column to compare rows by: as read if it is already encoded, which is cheaper."""
    return source if pa.types.is_dictionary(source.type) else converted


def _good(rows: int, reasons: dict[int, str]) -> NDArray[np.bool_]:
    good = np.ones(rows, dtype=bool)
    good[list(reasons)] = False
    return good


def _put_aside(raw: RawTable, table: str, columns: dict[str, pa.ChunkedArray]) -> None:
    names = raw.data.column_names
    for row, reason in sorted(raw.reasons.items()):
        cells = [raw.data.column(i)[row].as_py() for i in range(len(names))]
        text = ",".join("" if c is None else str(c) for c in cells)
        event_id = columns["event_id"][row].as_py() if "event_id" in columns else ""
        station = columns["station"][row].as_py() if "station" in columns else ""
        raw.rejects.add(raw.line(row), _RECORDS[table], reason, text, event_id or "", station or "")


def _absent(raw: RawTable, name: str, rows: int) -> pa.ChunkedArray:
    """A column that the file does not have; repeated chunks share their memory."""
    target = arrow_type(name)
    if name == "source_line":
        lines = raw.lines if raw.lines is not None else np.arange(1, rows + 1)
        return pa.chunked_array([pa.array(lines, target)])
    v = variable(name)
    value: Any = None
    if name == "source_file":
        value = str(raw.path)
    elif v.dtype == "string":
        value = ""
    elif v.dtype == "bool":
        value = False
    elif v.dtype.startswith("float"):
        value = np.nan
    elif v.dtype != "time":
        value = -1 if v.missing == "-1" else 0
    size = 65_536
    chunk = pa.array([value] * min(rows, size), target)
    chunks = [chunk] * (rows // size) if rows >= size else []
    return pa.chunked_array([*chunks, chunk.slice(0, rows - size * len(chunks))], target)
