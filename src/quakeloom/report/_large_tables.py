"""Tables with a row for every reading, of which the report takes what it shows and no more.

Those of a nation with waveforms hold ten gigabytes. Sections draw few of their columns, and what
is compared with a reference, row by row, is compared for an even part of the events of a large
catalog.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.schema import TABLES
from quakeloom.store import RunLayout, read_table

MOST_JUDGED = 20_000
"""Events whose picks and first motions are held against a reference. Chosen here: with ten picks
each, a share of 95 % is known to 0.05 %."""

_SHOWN = {
    "arrivals": ("pick_use", "phase", "residual_s"),
    "picks": ("event_id", "station", "phase", "time", "probability", "snr"),
    "windows": ("event_id", "station", "window", "window_status", "distance_km"),
}
"""Columns of large tables that sections show."""

_JUDGED = ("picks", "windows")
"""Tables of which rows of judged events alone are shown."""

_NOT_SHOWN = ("source_file", "source_line")
"""Columns of first motions that no section shows: half of the table."""


def read_shown(layout: RunLayout, name: str) -> pa.Table:
    """Return a table of a run as far as the report shows it.

    Parameters
    ----------
    layout : RunLayout
    name : str
    """
    if name in _SHOWN:
        table = read_table(layout.table(name), name, list(_SHOWN[name]))
        return of_judged_events(layout, table) if name in _JUDGED else table
    if name == "polarities":
        columns = [c for c in TABLES[name].columns if c not in _NOT_SHOWN]
        return read_table(layout.table(name), name, columns)
    return read_table(layout.table(name), name)


def count_events(layout: RunLayout) -> int:
    """Return how many events the table of a run has."""
    table = layout.table("events")
    return read_table(table, "events", ["event_id"]).num_rows if table.exists() else 0


def judged_events(layout: RunLayout) -> pa.Array | None:
    """Return the events that are held against a reference; None where all are."""
    events = count_events(layout)
    if events <= MOST_JUDGED:
        return None
    identifiers = read_table(layout.table("events"), "events", ["event_id"]).column("event_id")
    return identifiers.take(pa.array(range(0, events, -(-events // MOST_JUDGED)))).combine_chunks()


def of_judged_events(layout: RunLayout, table: pa.Table) -> pa.Table:
    """Return the rows of a table that belong to events which are held against a reference."""
    chosen = judged_events(layout)
    return table if chosen is None else table.filter(pc.is_in(table.column("event_id"), chosen))


def count_values(layout: RunLayout, name: str, column: str) -> dict[str, int]:
    """Return how often every value of a column occurs in a table of a run, most often first."""
    if not layout.table(name).exists():
        return {}
    found = pc.value_counts(read_table(layout.table(name), name, [column]).column(column))
    return {v["values"]: v["counts"] for v in sorted(found.to_pylist(), key=lambda v: -v["counts"])}
