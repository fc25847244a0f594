"""What other stages read of what was ingested."""

from __future__ import annotations

import pyarrow as pa

from quakeloom.schema import empty_table
from quakeloom.store import RunLayout, read_table


def day_picks(layout: RunLayout, day: str) -> pa.Table:
    """Read the picks of sources of a day of UTC; none where there is no such day."""
    folder = layout.ingest / "days" / day
    return (
        read_table(folder / "picks.parquet", "picks") if folder.exists() else empty_table("picks")
    )
