"""Numbers that stand for none and lie inside of the possible range, in every format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.formats._source_tables import SourceTables
from quakeloom.schema import make_table

_FILLS: dict[str, dict[str, tuple[float, ...]]] = {
    "stations": {"elevation_m": (-9999.0, -999.0)},
    "events": {"depth_km": (-9.0,), "magnitude": (9.9, 9.99)},
}
"""By table and column: what programs write for what they do not know. No ground or earthquake has
these to the last digit; values outside of the possible range are put aside anyway."""

_RECORDS = {"stations": "station", "events": "event"}
"""What a row of a table is."""


_TOLD = ("source_file", "source_line", "event_id", "station")
"""Columns that the rejects repeat."""


def leave_out_fills(tables: SourceTables) -> SourceTables:
    """Return tables in which fill values are missing, each with a row in the rejects."""
    changed: dict[str, Any] = {}
    said = [tables.rejects]
    picks = tables.picks
    error = picks.column("uncertainty_s").to_numpy()
    if (error == 0.0).any():
        changed["picks"] = _with_column(picks, "uncertainty_s", np.where(error == 0, np.nan, error))
        said.append(_no_errors(picks, int(np.sum(error == 0.0))))
    for name, columns in _FILLS.items():
        table = getattr(tables, name)
        for column, fills in columns.items():
            values = table.column(column).to_numpy()
            mask = np.isin(values, fills)
            if not mask.any():
                continue
            rows = table.filter(pa.array(mask))
            reasons = [
                f"{column} {value:g} stands for none; the row is kept without it"
                for value in values[mask]
            ]
            told = {n: rows.column(n) for n in _TOLD if n in rows.column_names}
            told |= {"record": [_RECORDS[name]] * len(reasons), "reason": reasons}
            said.append(make_table("rejects", told, len(reasons)))
            table = _with_column(table, column, np.where(mask, np.nan, values))
            changed[name] = table
    return replace(tables, **changed, rejects=pa.concat_tables(said)) if changed else tables


def _with_column(table: pa.Table, name: str, values: NDArray[np.float64]) -> pa.Table:
    """Return a table with other values in a column."""
    i = table.schema.get_field_index(name)
    field = table.schema.field(i)
    return table.set_column(i, field, pa.array(values, field.type))


def _no_errors(picks: pa.Table, count: int) -> pa.Table:
    """Return the row of the rejects that says what becomes of errors of 0, once for a file."""
    reason = (
        f"{count} of {picks.num_rows} picks have a standard error of 0, which no pick has: it is "
        "not known, and follows from their weights (locate.pick_errors_s)"
    )
    told = {"source_file": [picks.column("source_file")[0].as_py()], "source_line": [-1]}
    return make_table("rejects", told | {"record": ["column"], "reason": [reason]}, 1)
