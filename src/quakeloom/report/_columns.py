"""Columns of Arrow tables as NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


def number_column(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column as floats; nulls and an absent column are NaN."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=float)


def text_column(table: pa.Table, name: str) -> NDArray[np.object_]:
    """Return a column as texts; nulls and an absent column are empty."""
    if name not in table.column_names:
        return np.full(table.num_rows, "", dtype=object)
    values = np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=object).copy()
    values[[v is None for v in values]] = ""
    return values


def time_column(table: pa.Table, name: str) -> NDArray[np.datetime64]:
    """Return a column as ``datetime64[ns]``; nulls and an absent column are NaT."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.datetime64("NaT", "ns"))
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype="datetime64[ns]")


def mechanism_column(table: pa.Table) -> NDArray[np.float64]:
    """Return strike, dip and rake, shape (rows, 3)."""
    return np.stack(
        [number_column(table, c) for c in ("strike_deg", "dip_deg", "rake_deg")], axis=-1
    )


def match_rows(first: NDArray[Any], second: NDArray[Any]) -> tuple[NDArray, NDArray]:
    """Return the rows of two identifier columns that hold the same identifier.

    Where an identifier is doubled its first row counts.

    Returns
    -------
    rows of ``first``, rows of ``second`` : ndarray of int, in the order of ``first``
    """
    kept = np.flatnonzero(~pd.Index(second).duplicated())
    place = pd.Index(second[kept]).get_indexer(pd.Index(first))
    rows = np.flatnonzero((place >= 0) & ~pd.Index(first).duplicated())
    return rows, kept[place[rows]]
