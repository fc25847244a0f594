"""Which rows of a partition changed since the last finished state."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from quakeloom.stages.catalogs.reading import catalog_part
from quakeloom.stages.changes.row_changes import TableChange, compare_rows
from quakeloom.store import Item, RunLayout, read_table

_READ = ("events", "polarities", "picks", "amplitudes", "truth", "mechanisms")
"""Tables whose rows belong to events."""

_SHARED = ("stations", "reversals", "sp_corrections")
"""Tables of which a partition needs the stations that it has readings of."""


@dataclass(frozen=True)
class PartitionRows:
    """Rows of a partition, then and now; a table that is not there is empty."""

    old: dict[str, pd.DataFrame]
    new: dict[str, pd.DataFrame]


def read_partition_rows(layout: RunLayout, partition: str) -> PartitionRows:
    """Read the rows of a partition in the last finished state and now.

    Where planning has not replaced them, they are the same.
    """
    old: dict[str, pd.DataFrame] = {}
    new: dict[str, pd.DataFrame] = {}
    for table in _READ:
        now = _now(layout, partition, table)
        before = layout.before / partition / f"{table}.parquet"
        if now.exists():
            new[table] = _frame(now, table)
        if before.exists():
            old[table] = _frame(before, table)
        elif table in new and not (layout.before / partition / "rows.json").exists():
            old[table] = new[table]
    return PartitionRows(old, new)


def _now(layout: RunLayout, partition: str, table: str) -> Item:
    if table == "mechanisms":
        return catalog_part(layout, partition)
    return layout.rows(partition) / f"{table}.parquet"


def _frame(item: Item, table: str) -> pd.DataFrame:
    frame: pd.DataFrame = read_table(item, table).to_pandas()
    return frame


def changed_rows(layout: RunLayout, partition: str, is_new: bool = False) -> list[TableChange]:
    """Return how the rows of a partition differ from those of the last finished state.

    Parameters
    ----------
    layout : RunLayout
    partition : str
    is_new : bool
        Whether the last finished state had no such partition.
    """
    rows = read_partition_rows(layout, partition)
    found = []
    for table in _READ:
        now = rows.new.get(table)
        then = None if is_new else rows.old.get(table)
        kind = now if now is not None else then
        if kind is None:
            continue
        empty = kind.iloc[:0]
        change = compare_rows(table, empty if then is None else then, empty if now is None else now)
        if change:
            found.append(change)
    return found + _changed_shared(layout, rows)


def _changed_shared(layout: RunLayout, rows: PartitionRows) -> list[TableChange]:
    """Return how stations, reversals and corrections of a partition's readings differ."""
    codes: set[str] = set()
    for table in ("polarities", "picks"):
        for side in (rows.old, rows.new):
            if table in side:
                codes |= set(side[table]["station"].astype(str))
    return [
        change
        for table in _SHARED
        if (change := compare_shared(layout, table, codes)) is not None and change
    ]


def compare_shared(
    layout: RunLayout, table: str, codes: set[str] | None = None
) -> TableChange | None:
    """Return how a table that all partitions share differs; None where it was not replaced.

    Parameters
    ----------
    layout : RunLayout
    table : str
    codes : set of str, optional
        Stations that count; all if not given.
    """
    before, now = layout.before / "shared" / f"{table}.parquet", layout.ingest / f"{table}.parquet"
    if not before.exists() or not now.exists():
        return None
    old, new = _frame(before, table), _frame(now, table)
    if codes is not None:
        old, new = (f[f["station"].astype(str).isin(codes)] for f in (old, new))
    return compare_rows(table, old, new)


def changed_files(layout: RunLayout, partition: str) -> TableChange | None:
    """Return how the waveform files of a partition differ; None where they were not replaced."""
    before = layout.before / partition / "archive_files.parquet"
    now = layout.ingest / "archive" / partition / "archive_files.parquet"
    if not before.exists() or not now.exists():
        return None
    return compare_rows(
        "archive_files", _frame(before, "archive_files"), _frame(now, "archive_files")
    )
