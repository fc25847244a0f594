"""Registered tables from tables with named columns, checked cell by cell."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
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
from quakeloom.formats._column_names import find_columns
from quakeloom.formats._doubtful_units import doubtful_units, refuse_radians
from quakeloom.formats._excluded_rows import (
    contradicting_signs,
    empty_spans,
    excluded_rows,
    excludes_rows,
)
from quakeloom.formats._mechanism_angles import contradicting_planes, dip_side_problems
from quakeloom.formats._named_columns import (
    RawTable,
    first_motions_of_picks,
    motion_column,
    name_columns,
)
from quakeloom.formats._plain_columns import cell_text
from quakeloom.formats._source_tables import SOURCE_TABLES, SourceTables
from quakeloom.formats._time_cells import Reason
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
"""What a row of a table is called."""

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
"""The option of formats with named columns."""


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
    registered = {t: {a.name for a in find_columns(names, t).values()} for t in allowed}
    if table == "auto":
        fitting = [t for t in allowed if _TELLING[t] <= set(names)]
        fitting = fitting or [t for t in allowed if _TELLING[t] <= registered[t]]
        named = [t for t in fitting if path.name.lower().startswith(t)]
        guesses = [t for t in allowed if path.name.lower().startswith(t)]
        best = max(allowed, key=lambda t: len(registered[t]))
        table = (named or fitting or guesses or [best])[0]
    if table == "picks" and "event_id" not in registered[table]:
        if "probability" in registered[table]:
            return table
        raise FormatError(
            f"'{path}' holds picks of no event: it has no column 'event_id' (it has "
            f"{_listed(names)}). Nothing is read; associate the picks first, as GaMMA, PyOcto and "
            "REAL do, and give their picks and events."
        )
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
    registered = {a.name for a in find_columns(names, table).values()}
    missing = [n for n in REQUIRED[table] if n not in (*registered, *optional)]
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


def register_table(raw: RawTable, table: str) -> pa.Table:
    """Bring a raw table to the schema of a registered one; bad rows are put aside.

    Columns that are not registered and have no other name that is known (see
    :mod:`quakeloom.formats._column_names`) are named in the rejects. The columns
    ``source_file`` and ``source_line`` are filled in where they are absent.

    Raises
    ------
    FormatError
        If there are rows but none can be read.
    """
    rows = raw.data.num_rows
    _name_unread_columns(raw, table)
    columns: dict[str, pa.ChunkedArray] = {}
    notes: list[tuple[int, str]] = []
    named = name_columns(raw, table)
    keys: dict[str, pa.ChunkedArray] = {}
    for name in TABLES[table].columns:
        if name not in named:
            continue
        source = named[name]

        def say(
            mask: NDArray[np.bool_],
            reason: Reason,
            name: str = name,
            source: pa.ChunkedArray = source,
        ) -> list[tuple[int, str]]:
            return [
                (row, _sentence(reason, row, name, source)) for row in np.flatnonzero(mask).tolist()
            ]

        def blame(mask: NDArray[np.bool_], reason: Reason, say: Any = say) -> None:
            for row, text in say(mask, reason):
                raw.reasons.setdefault(int(row), text)

        def note(mask: NDArray[np.bool_], reason: Reason, say: Any = say) -> None:
            notes.extend(say(mask, reason))

        columns[name] = convert_column(name, source, blame, note)
        if name not in raw.optional:
            blame_missing(table, name, columns[name], blame)
        keys[name] = _key_column(source, columns[name])
    good = _good(rows, raw.reasons)
    for row, other in doubled_rows(table, keys | _signs(columns), good).items():
        raw.reasons[row] = f"doubled {_RECORDS[table]}: the same is on line {raw.line(other)}"
    result = pa.Table.from_arrays(
        [
            columns[f.name] if f.name in columns else _absent(raw, f.name, rows)
            for f in table_schema(table)
        ],
        schema=table_schema(table),
    )
    for row, reason in _contradictions(raw, table, result).items():
        raw.reasons.setdefault(row, reason)
    kept = [(row, reason) for row, reason in notes if row not in raw.reasons]
    _put_aside(raw, table, columns, sorted([*raw.reasons.items(), *kept]))
    if raw.reasons:
        result = result.filter(pa.array(_good(rows, raw.reasons)))
        if not result.num_rows:
            first = min(raw.reasons)
            raise FormatError(
                f"'{raw.path}' holds no readable row of {table} (line {raw.line(first)}: "
                f"{raw.reasons[first]}). Nothing is taken from it; check its columns."
            )
    elif not rows and (bad := _first_misshapen(raw)):
        raise FormatError(
            f"'{raw.path}' holds no readable row of {table} (line {bad['source_line']}: "
            f"{bad['reason']}). Nothing is taken from it; check its columns."
        )
    refuse_radians(table, result, raw.path)
    for doubt in doubtful_units(table, result):
        raw.rejects.add(-1, "column", doubt)
    return result


def _contradictions(raw: RawTable, table: str, result: pa.Table) -> dict[int, str]:
    """Rows whose cells are possible, but not together, or that exclude themselves, with why."""
    found: dict[int, str] = {}
    if table == "mechanisms":
        sides = dip_side_problems(raw.data, result.column("strike_deg").to_numpy())
        found = sides | contradicting_planes(result)
    elif table == "polarities":
        found = contradicting_signs(result)
    elif table in ("stations", "reversals"):
        found = empty_spans(result)
    return excluded_rows(raw.data, table) | found


def _first_misshapen(raw: RawTable) -> dict[str, Any] | None:
    """The first row that was put aside before its columns were looked at."""
    rows = raw.rejects.table().to_pylist()
    return next((row for row in rows if row["record"] == "row"), None)


def _sentence(reason: Reason, row: int, name: str, source: pa.ChunkedArray) -> str:
    if callable(reason):
        return reason(row)
    cell = str(cell_text(source[row]))[:60] if "{cell}" in reason else ""
    return reason.replace("{name}", name).replace("{cell}", cell)


def _name_unread_columns(raw: RawTable, table: str) -> None:
    names = raw.data.column_names
    read = {*find_columns(names, table), motion_column(names) if table == "picks" else None}
    for name in names:
        if name in read or excludes_rows(name, table):
            continue
        close = difflib.get_close_matches(name, TABLES[table].columns, n=1, cutoff=0.6)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        where = " (it is in other tables)" if name in VARIABLES else ""
        reason = (
            f"column {_listed([name])} is not one of table {table}{where}; it is not read{hint}"
        )
        raw.rejects.add(-1, "column", reason, name)


def _signs(columns: dict[str, pa.ChunkedArray]) -> dict[str, pa.ChunkedArray]:
    """First motions, by which doubled readings are told apart."""
    return {"polarity": columns["polarity"]} if "polarity" in columns else {}


def source_tables(raw: RawTable, table: str) -> SourceTables:
    """Return the registered table of a raw one, with its rejects.

    Picks with a column of first motions give these as well.
    """
    registered: dict[str, Any] = {table: register_table(raw, table)}
    if table == "picks" and (motions := first_motions_of_picks(raw)) is not None:
        registered["polarities"] = register_table(motions, "polarities")
    return SourceTables(**registered, rejects=raw.rejects.table())


def _key_column(source: pa.ChunkedArray, converted: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column to compare rows by: as read if it is already encoded, which is cheaper."""
    return source if pa.types.is_dictionary(source.type) else converted


def _good(rows: int, reasons: dict[int, str]) -> NDArray[np.bool_]:
    good = np.ones(rows, dtype=bool)
    good[list(reasons)] = False
    return good


def _put_aside(
    raw: RawTable,
    table: str,
    columns: dict[str, pa.ChunkedArray],
    reasons: list[tuple[int, str]],
) -> None:
    for row, reason in reasons:
        event_id = columns["event_id"][row].as_py() if "event_id" in columns else ""
        station = columns["station"][row].as_py() if "station" in columns else ""
        raw.rejects.add(
            raw.line(row), _RECORDS[table], reason, raw.text(row), event_id or "", station or ""
        )


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
