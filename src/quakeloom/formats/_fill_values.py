"""Numbers that stand for none and lie inside of the possible range, in every format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

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
            i = table.schema.get_field_index(column)
            kept = pa.array(np.where(mask, np.nan, values), table.schema.field(i).type)
            table = table.set_column(i, table.schema.field(i), kept)
            changed[name] = table
    return replace(tables, **changed, rejects=pa.concat_tables(said)) if changed else tables
