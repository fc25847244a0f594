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
    folder = layout.part(WINDOW.name, partition)
    return read_table(folder / "windows.parquet", "windows"), folder / "windows.zarr"


def iterate_windows(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of blocks of windows."""
    for first in range(0, count, size):
        yield first, min(first + size, count)
