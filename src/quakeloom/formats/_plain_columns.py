"""Columns of any Arrow type as columns that every cell can be judged of: texts, numbers, times.

Parquet files and tables in memory may hold more types than a catalog has. What is none of the
plain ones becomes text, so that it is refused in words or read as the same cell of a CSV file is.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_YEARS = (-62_135_596_800, 253_402_300_800)
"""Seconds from 1970 to the years 1 and 10000: those between which Python has times."""

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How often a unit of time fits into a second."""

_DAY_S = 86_400
"""Seconds of a day."""


def plain_columns(data: pa.Table) -> pa.Table:
    """Return a table of texts, numbers, truth values, and times of the years 1 to 9999.

    Columns of these types stay as they are, without a copy.
    """
    for i, field in enumerate(data.schema):
        column = data.column(i)
        if pa.types.is_dictionary(field.type) and not _is_text(field.type.value_type):
            column = pa.chunked_array(
                [chunk.dictionary_decode() for chunk in column.chunks], field.type.value_type
            )
        if not _is_plain(column):
            texts = [cell_text(column[row]) for row in range(len(column))]
            column = pa.chunked_array([pa.array(texts, pa.string())])
        if column is not data.column(i):
            data = data.set_column(i, field.name, column)
    return data


def cell_text(cell: pa.Scalar) -> str | None:
    """Return a cell as text; bytes that are no UTF-8 are Latin-1, as in text files."""
    if not cell.is_valid:
        return None
    try:
        value: Any = cell.as_py()
    except (ValueError, OverflowError, pa.ArrowException):  # a time that Python does not have
        return f"{getattr(cell, 'value', '?')} of type {cell.type}"
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _has_zone(kind) and _is_of_years(column.cast(pa.int64()), _PER_SECOND[kind.unit])
    if pa.types.is_date32(kind):
        return _is_of_years(column.cast(pa.int32()), 1 / _DAY_S)
    if pa.types.is_date64(kind):
        return _is_of_years(column.cast(pa.int64()), _PER_SECOND["ms"])
    return bool(
        _is_text(kind)
        or (pa.types.is_dictionary(kind) and _is_text(kind.value_type))
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )


def _is_of_years(counts: pa.ChunkedArray, per_second: float) -> bool:
    ends = pc.min_max(counts).as_py()
    if ends["min"] is None:
        return True
    # a day less at both ends: a time zone moves them
    first, last = _YEARS[0] + _DAY_S, _YEARS[1] - _DAY_S
    return bool(first <= ends["min"] / per_second and ends["max"] / per_second < last)


def _has_zone(kind: pa.DataType) -> bool:
    """Say whether the time zone of a column is known on this machine."""
    if kind.tz is None:
        return True
    try:
        pa.array([0], kind).cast(pa.string())
        pa.scalar(0, kind).as_py()
    except (ValueError, OSError, pa.ArrowException):
        return False
    return True
