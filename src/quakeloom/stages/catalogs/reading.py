"""Mechanisms of catalogs by calendar bin, as the stress map reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from quakeloom.store import Item, RunLayout, read_table


def catalog_part(layout: RunLayout, partition: str) -> Item:
    """Return where the mechanisms of a partition are kept."""
    return layout.ingest / "catalog" / f"{partition}.parquet"


def catalog_rejects(layout: RunLayout) -> Item:
    """Return where the records of catalogs that were put aside are kept."""
    return layout.ingest / "catalog_rejects.parquet"


def catalog_tables(layout: RunLayout, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the mechanisms of partitions, one table each."""
    for name in names:
        yield read_table(catalog_part(layout, name), "mechanisms")
