"""Parquet with registered column names: the way in for national catalogs."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._named_columns import RawTable
from quakeloom.formats._plain_tables import TABLE_OPTION, choose_table, source_tables
from quakeloom.formats._source_tables import Rejects, SourceTables

_MAGIC = b"PAR1"
"""First bytes of a Parquet file."""


def read_parquet(path: Path, table: str = "auto") -> SourceTables:
    """Read a registered table from Parquet.

    Columns of the registered types pass without a copy; others are converted. Bounds and
    doubled rows are checked for whole columns at once.

    Parameters
    ----------
    path : Path
    table : str
        Which table it holds; ``auto`` recognizes it.

    Raises
    ------
    FormatError
        If it is no Parquet file, columns are missing, or no row can be read.
    """
    raw = read_raw_parquet(path)
    return source_tables(raw, choose_table(path, raw.data.column_names, table))


def read_raw_parquet(path: Path) -> RawTable:
    """Read a Parquet file as it is; its rows are numbered from 1."""
    try:
        schema = pq.read_schema(path)
        texts = [
            f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
        ]
        data = pq.read_table(path, memory_map=True, read_dictionary=texts, partitioning=None)
        data.validate(full=True)  # texts that are no UTF-8 would fail where they are used
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise FormatError(
            f"'{path}' is no readable Parquet file ({reason}). Nothing is read from it; it may "
            "be cut off, so write it again, or name its format."
        ) from None
    return RawTable(path, data, Rejects(path))


def _sniff(head: bytes) -> bool:
    return head.startswith(_MAGIC)


FORMAT = Format(
    name="parquet",
    title="Parquet",
    read=read_parquet,
    sniff=_sniff,
    suffixes=(".parquet", ".pq"),
    options=TABLE_OPTION,
)
"""Parquet tables."""
