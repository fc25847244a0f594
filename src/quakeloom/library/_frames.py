"""Pandas frames in and out of registered tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from quakeloom.core import InputError
from quakeloom.formats import register_rows
from quakeloom.schema import TABLES, empty_table, table_schema, validate_table

_KINDS = "a pandas frame, an Arrow table, a mapping of columns, a list of rows, or a result"
"""What a function of the library takes as a table, for messages."""


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Return a registered table as a pandas frame; times are UTC."""
    frame: pd.DataFrame = table.to_pandas()
    return frame


def take_rows(
    data: Any, name: str, what: str = "", optional: Sequence[str] = ()
) -> tuple[pa.Table, pa.Table]:
    """Bring what a user gives to a registered table.

    Parameters
    ----------
    data : DataFrame, pyarrow.Table, mapping, sequence of mappings, Result, Catalog or None
        None gives an empty table; of a catalog the table of that name is taken.
    name : str
        Registered table.
    what : str
        What messages call it; its name if empty.
    optional : sequence of str
        Columns that may be missing or empty, though a file needs them.

    Returns
    -------
    rows, rejects : pyarrow.Table

    Raises
    ------
    InputError
        If it is no table at all.
    FormatError
        If a required column is missing, or no row can be read.
    """
    if data is None:
        return empty_table(name), empty_table("rejects")
    what = what or f"{name} as given"
    table = _arrow_of(data, name, what)
    if table.schema.equals(table_schema(name)) and not validate_table(name, table):
        return table, empty_table("rejects")
    return register_rows(table, name, what, optional)


def _arrow_of(data: Any, name: str, what: str) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    tables = getattr(data, "arrow_tables", None)
    if tables is not None:
        return tables[name] if name in tables else empty_table(name)
    if hasattr(data, "to_arrow"):
        # a result of ours may know more than is asked for
        table = data.to_arrow()
        return table.select([n for n in table.column_names if n in TABLES[name].columns])
    try:
        if isinstance(data, pd.DataFrame):
            frame = data
        elif isinstance(data, Mapping):
            frame = pd.DataFrame({k: np.atleast_1d(plain_values(v)) for k, v in data.items()})
        elif isinstance(data, Sequence) and not isinstance(data, str):
            frame = pd.DataFrame(list(data))
        else:
            raise TypeError(type(data).__name__)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"'{what}' is a {type(data).__name__} that is no table ({error}). Nothing was "
            f"computed; give {_KINDS}."
        ) from None
    return _arrow_of_frame(frame, name, what)


def plain_values(values: Any) -> Any:
    """Values as an array or series; of a masked array what is masked is missing, not its data."""
    if isinstance(values, np.ma.MaskedArray):
        if values.dtype.kind in "iub":
            values = values.astype(float)
        return values.filled(np.nan if values.dtype.kind == "f" else None)
    return values if isinstance(values, pd.Series | np.ndarray) else np.asarray(values)


def _arrow_of_frame(frame: pd.DataFrame, name: str, what: str) -> pa.Table:
    known = TABLES[name].columns
    if any(n in known for n in frame.index.names if n is not None):
        frame = frame.reset_index()
    names = [str(c) for c in frame.columns]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise InputError(
            f"'{what}' has column {', '.join(map(repr, doubled))} more than once, so it is not "
            "certain which is meant. Nothing was computed; name every column once."
        )
    return pa.table({n: _column(frame.iloc[:, i]) for i, n in enumerate(names)})


def _column(values: pd.Series) -> pa.Array:
    """A column of any kind; what Arrow has no type for becomes text, to be read like a file's."""
    try:
        array = pa.Array.from_pandas(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([None if v is None or v is pd.NaT else str(v) for v in values], pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array
