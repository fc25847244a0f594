"""What one foreign file gives: registered tables, and the builders that fill them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import SchemaError
from quakeloom.schema import TABLES, VARIABLES, empty_table, is_no_event, make_table

_BLOCK = 65_536
"""Rows that are turned into one Arrow block."""
_MAX_TEXT = 200
"""Letters of an offending text that are kept."""

SOURCE_TABLES = (
    "events",
    "origins",
    "stations",
    "polarities",
    "picks",
    "amplitudes",
    "reversals",
    "sp_corrections",
    "rejects",
)
"""Names of the tables that a reader may fill."""


@cache
def _empty(name: str) -> pa.Table:
    return empty_table(name)


@dataclass
class SourceTables:
    """What one file gives: registered tables (pyarrow), absent ones empty.

    Attributes
    ----------
    events, origins, stations, polarities, picks, amplitudes : pyarrow.Table
        Registered tables of :data:`quakeloom.schema.TABLES`, in the order of the file.
    reversals, sp_corrections : pyarrow.Table
        The same.
    rejects : pyarrow.Table
        One row for everything that was put aside, with file, line, reason and text.
    """

    events: pa.Table = field(default_factory=partial(_empty, "events"))
    origins: pa.Table = field(default_factory=partial(_empty, "origins"))
    stations: pa.Table = field(default_factory=partial(_empty, "stations"))
    polarities: pa.Table = field(default_factory=partial(_empty, "polarities"))
    picks: pa.Table = field(default_factory=partial(_empty, "picks"))
    amplitudes: pa.Table = field(default_factory=partial(_empty, "amplitudes"))
    reversals: pa.Table = field(default_factory=partial(_empty, "reversals"))
    sp_corrections: pa.Table = field(default_factory=partial(_empty, "sp_corrections"))
    rejects: pa.Table = field(default_factory=partial(_empty, "rejects"))

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table, in order."""
        return {f.name: getattr(self, f.name).num_rows for f in fields(self)}


_OF_EVENTS = {"picks": "pick", "polarities": "polarity", "amplitudes": "amplitude"}
"""Tables whose rows belong to events, and what a row of them is."""


def put_aside_non_events(tables: SourceTables) -> SourceTables:
    """Move events whose type says that there is none into the rejects, with their readings."""
    events = tables.events
    types = [t for t in pc.unique(events.column("event_type")).to_pylist() if is_no_event(t)]
    if not types:
        return tables
    none = pc.is_in(events.column("event_type"), pa.array(types))
    ids = events.column("event_id").filter(none)
    moved = [tables.rejects]
    reasons = [f"its type is '{t}'" for t in events.column("event_type").filter(none).to_pylist()]
    moved.append(_as_rejects(events.filter(none), "event", reasons))
    kept = {"events": events.filter(pc.invert(none))}
    for name, record in _OF_EVENTS.items():
        rows = getattr(tables, name)
        mine = pc.is_in(rows.column("event_id"), ids.combine_chunks())
        aside = rows.filter(mine)
        moved.append(_as_rejects(aside, record, ["its event is put aside"] * aside.num_rows))
        kept[name] = rows.filter(pc.invert(mine))
    return replace(tables, **kept, rejects=pa.concat_tables(moved))


def _as_rejects(rows: pa.Table, record: str, reasons: list[str]) -> pa.Table:
    columns = {n: rows.column(n) for n in ("source_file", "source_line", "event_id", "station")
               if n in rows.column_names}  # fmt: skip
    return make_table(
        "rejects", {**columns, "record": [record] * len(reasons), "reason": reasons}, len(reasons)
    )


class TableBuilder:
    """Collect rows of one registered table and give the table.

    Rows are turned into Arrow blocks as they come, so that a million of them need little
    more memory than the table itself.

    Parameters
    ----------
    table : str
        Name of a registered table.
    **constants
        Columns that have one value in every row, such as ``source_file``.

    Examples
    --------
    >>> events = TableBuilder("events", source_file="a.phase")
    >>> events.add(event_id="1", latitude=34.0, longitude=-118.0, source_line=1)
    >>> events.table().num_rows
    1
    """

    def __init__(self, table: str, **constants: Any) -> None:
        if table not in TABLES:
            raise SchemaError(f"Table '{table}' is not registered; known are {', '.join(TABLES)}.")
        self._name = table
        self._columns = TABLES[table].columns
        self._constants = constants
        self._rows: list[dict[str, Any]] = []
        self._blocks: list[pa.Table] = []
        self._done = 0

    def __len__(self) -> int:
        return self._done + len(self._rows)

    def add(self, **values: Any) -> None:
        """Add one row; absent or ``None`` columns get their registered missing value.

        Times are integer nanoseconds since 1970 (fastest), ``datetime64`` or naive UTC
        ``datetime``. An unknown column is a :class:`SchemaError` when the table is made.
        """
        self._rows.append(values)
        if len(self._rows) >= _BLOCK:
            self._flush()

    def table(self) -> pa.Table:
        """Return everything added so far as one registered table."""
        self._flush()
        if not self._blocks:
            return _empty(self._name)
        return pa.concat_tables(self._blocks).combine_chunks()

    def _flush(self) -> None:
        rows = self._rows
        if not rows:
            return
        used = set().union(*rows)
        unknown = (used | set(self._constants)) - set(self._columns)
        if unknown:
            raise SchemaError(
                f"Table '{self._name}' has no column {', '.join(map(repr, sorted(unknown)))}."
            )
        columns: dict[str, Any] = {}
        for name in self._columns:
            if name in used:
                default = self._constants.get(name)
                values = [row.get(name, default) for row in rows]
                columns[name] = _as_array(name, values)
            elif name in self._constants:
                columns[name] = _as_array(name, [self._constants[name]] * len(rows))
        self._blocks.append(make_table(self._name, columns, rows=len(rows)))
        self._done += len(rows)
        self._rows = []


class Rejects:
    """Collect what is put aside while one file is read.

    Parameters
    ----------
    source_file : str or Path
        The file being read.
    """

    def __init__(self, source_file: str | Path) -> None:
        self.source_file = str(source_file)
        self._builder = TableBuilder("rejects", source_file=self.source_file)

    def __len__(self) -> int:
        return len(self._builder)

    def add(
        self,
        line: int,
        record: str,
        reason: str,
        text: str = "",
        event_id: str = "",
        station: str = "",
    ) -> None:
        """Put one record aside.

        Parameters
        ----------
        line : int
            Line (from 1) or record number; -1 if there is none.
        record : str
            What was being read: ``event``, ``station``, ``polarity``, ``amplitude``, ...
        reason : str
            Why it is put aside, in words, with the offending value.
        text : str, optional
            The offending text; cut at 200 characters.
        event_id, station : str, optional
            What it belongs to, if known.
        """
        self._builder.add(
            source_line=line,
            record=record,
            reason=reason,
            text=text.rstrip()[:_MAX_TEXT],
            event_id=event_id,
            station=station,
        )

    def extend(self, other: Rejects) -> None:
        """Add everything that another collector has."""
        for row in other.table().to_pylist():
            self._builder.add(**row)

    def table(self) -> pa.Table:
        """Return the rejects as a registered table."""
        return self._builder.table()


def _as_array(name: str, values: list[Any]) -> Any:
    if VARIABLES[name].dtype == "time":
        return np.asarray(values, dtype="datetime64[ns]")
    return values
