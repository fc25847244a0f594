"""What a stage put aside of a table of rock analyses, in the report."""

from __future__ import annotations

from typing import Any

from quakeloom.report._blocks import Grid, Heading
from quakeloom.report._phrases import count
from quakeloom.store import RunLayout, read_table

_ROWS = 30
"""Rows that are shown; chosen here, the table has all."""


def left_out_blocks(layout: RunLayout, stage: str) -> list[Any]:
    """Return a heading and a table of what a stage put aside; nothing if it used everything."""
    name = f"{stage}_left_out"
    table = read_table(layout.table(name), name)
    if not table.num_rows:
        return []
    rows = [
        (
            str(r["source_line"]) if r["source_line"] > 0 else "", r["sample"], r["table_column"],
            r["text"], r["reason"],
        )
        for r in table.slice(0, _ROWS).to_pylist()
    ]  # fmt: skip
    more = f" The first {_ROWS} are shown." if table.num_rows > _ROWS else ""
    caption = f"{count(table.num_rows, 'cell, row or column', 'cells, rows and columns')}.{more}"
    return [
        Heading("Put aside of the analyses"),
        Grid(("Line", "Sample", "Column", "Text", "Reason"), rows, caption,
             (True, False, False, False, False)),
    ]  # fmt: skip
