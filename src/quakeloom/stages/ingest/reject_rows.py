"""Rows of tables that are put aside, as rows of ``rejects``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from quakeloom.schema import make_table

_RECORDS = {
    "polarities": "polarity",
    "picks": "pick",
    "amplitudes": "amplitude",
    "stations": "station",
}
"""What a row of a table is."""


def reject_rows(name: str, rows: pa.Table, reason: str | Sequence[str]) -> pa.Table:
    """Return rows of a table as ``rejects`` with one reason, or one for each."""
    count = rows.num_rows
    columns: dict[str, Any] = {
        "record": [_RECORDS.get(name, name)] * count,
        "reason": [reason] * count if isinstance(reason, str) else list(reason),
    }
    for column in ("event_id", "source_file", "source_line", "station"):
        if column in rows.column_names:
            columns[column] = rows.column(column)
    return make_table("rejects", columns, rows=count)
