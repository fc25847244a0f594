"""The index of rows that were split into partitions: what they were made of, and whether whole."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from quakeloom.core import digest_json
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.ingest.row_partitions import SHARED_TABLES
from quakeloom.store import Item, RunLayout, is_sealed, read_json_or, write_json_if_changed

log = logging.getLogger(__name__)

INDEX = "index.json"
"""Name of the index among what was ingested."""


def write_index(
    layout: RunLayout, key: str, rows: Sequence[PlannedRows], folders: Sequence[Item]
) -> None:
    """Write the index of rows that were split.

    Parameters
    ----------
    layout : RunLayout
    key : str
        Digest of all that decides how rows are split.
    rows : sequence of PlannedRows
    folders : sequence of Item
        Sources as read.
    """
    shared = {n: (layout.ingest / f"{n}.parquet").digest() for n in SHARED_TABLES}
    content = {
        "key": key,
        "partitions": [vars(r) for r in rows],
        "shared": shared,
        "sources": [f.name for f in folders],
    }
    write_json_if_changed(layout.ingest / INDEX, {**content, "digest": digest_json(content)})


def read_whole_index(layout: RunLayout, key: str) -> list[PlannedRows] | None:
    """Return the partitions of the index, None if its key is another one or rows are damaged."""
    index = read_json_or(layout.ingest / INDEX, {})
    if index.get("key") != key or not _is_whole(layout, index):
        return None
    return [PlannedRows(**row) for row in index["partitions"]]


def _is_whole(layout: RunLayout, index: dict[str, Any]) -> bool:
    """Say whether the rows that an index speaks of are as they were written.

    What was removed by hand or damaged is sorted again, so that no command fails for good.
    """
    content = {k: v for k, v in index.items() if k != "digest"}
    if index.get("digest") != digest_json(content):
        return False
    damaged = [
        str(layout.rows(p["partition"]))
        for p in index["partitions"]
        if not is_sealed(layout.rows(p["partition"]))
    ]
    for name, digest in index["shared"].items():
        table = layout.ingest / f"{name}.parquet"
        if not table.exists() or table.digest() != digest:
            damaged.append(str(table))
    if damaged:
        log.warning("missing or changed since planned, and made again: %s", ", ".join(damaged))
    return not damaged
