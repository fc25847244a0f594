"""Windows of a partition, as other stages read them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from quakeloom.stages.frame.partition_states import refuse_damaged
from quakeloom.stages.window import WINDOW
from quakeloom.store import Item, RunLayout, read_table


def window_tables(layout: RunLayout, partition: str) -> tuple[pa.Table, Item]:
    """Return the table of windows of a partition, and the group of their array.

    Raises
    ------
    VerificationError
        If they are not those that the stage wrote.
    """
    refuse_damaged(layout, WINDOW.name, partition)
    return window_table(layout, partition), window_group(layout, partition)


def window_table(layout: RunLayout, partition: str) -> pa.Table:
    """Return the table of windows of a partition."""
    return read_table(layout.part(WINDOW.name, partition) / "windows.parquet", "windows")


def window_group(layout: RunLayout, partition: str) -> Item:
    """Return the group of the array of a partition.

    Its content is not compared with its digest, for which gigabytes are read: whoever computes
    with it takes :func:`window_tables`.
    """
    return layout.part(WINDOW.name, partition) / "windows.zarr"


def iterate_windows(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of windows."""
    for first in range(0, count, size):
        yield first, min(first + size, count)
