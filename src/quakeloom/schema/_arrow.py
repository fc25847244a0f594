"""Arrow schemas, empty tables, conversion and validation, all from the registry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.core import SchemaError
from quakeloom.schema._registry import Variable
from quakeloom.schema._tables import TABLES
from quakeloom.schema._variables import VARIABLES

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "time": pa.timestamp("ns", tz="UTC"),
}
"""Arrow's types by the names that variables are registered with."""

_FILL: dict[str, Any] = {"string": "", "bool": False, "float32": np.nan, "float64": np.nan}
"""What stands for a missing value, by type; of other types -1 where it is registered so, else 0."""


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a registered variable."""
    return _TYPES[variable(name).dtype]


def variable(name: str) -> Variable:
    """Return a registered variable; an unknown name is a :class:`SchemaError`."""
    try:
        return VARIABLES[name]
    except KeyError:
        raise SchemaError(f"Variable '{name}' is not registered in quakeloom.schema.") from None


def table_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a registered table, with units and meanings as metadata."""
    if table not in TABLES:
        raise SchemaError(f"Table '{table}' is not registered; known are {', '.join(TABLES)}.")
    fields = []
    for name in TABLES[table].columns:
        v = VARIABLES[name]
        meta = {"unit": v.unit, "meaning": v.meaning, "missing": v.missing}
        fields.append(pa.field(name, _TYPES[v.dtype], metadata=meta))
    return pa.schema(fields, metadata={"table": table, "meaning": TABLES[table].meaning})


def empty_table(table: str) -> pa.Table:
    """Return a registered table with no rows."""
    return table_schema(table).empty_table()


def make_table(table: str, columns: Mapping[str, Any], rows: int | None = None) -> pa.Table:
    """Build a registered table from columns; absent ones get their missing value.

    Parameters
    ----------
    table : str
        Name of the table.
    columns : mapping of str to array_like
        Lists, NumPy or Arrow arrays of one length. Times may be ``datetime64`` (NaT is
        null). Keys that the table does not have are a :class:`SchemaError`.
    rows : int, optional
        Number of rows, needed when no column is given.
    """
    schema = table_schema(table)
    unknown = [c for c in columns if c not in schema.names]
    if unknown:
        raise SchemaError(f"Table '{table}' has no column {', '.join(map(repr, unknown))}.")
    if rows is None:
        rows = len(next(iter(columns.values()))) if columns else 0
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(_to_arrow(columns[field.name], field, table))
        else:
            arrays.append(_missing(field, rows))
    return pa.Table.from_arrays(arrays, schema=schema)


def conform_table(table: str, data: pa.Table) -> pa.Table:
    """Bring an Arrow table to the registered schema: order, types, missing columns."""
    known = TABLES[table].columns if table in TABLES else ()
    return make_table(
        table, {n: data.column(n) for n in data.column_names if n in known}, rows=data.num_rows
    )


def validate_table(table: str, data: pa.Table) -> list[str]:
    """Return what is wrong with a table, in sentences; an empty list if nothing is."""
    schema = table_schema(table)
    problems: list[str] = []
    for field in schema:
        if field.name not in data.column_names:
            problems.append(f"Table '{table}' lacks column '{field.name}'.")
            continue
        column = data.column(field.name)
        if column.type != field.type:
            problems.append(
                f"Column '{field.name}' of '{table}' is {column.type}, registered as {field.type}."
            )
            continue
        problems += _value_problems(table, VARIABLES[field.name], column)
    key = TABLES[table].key
    if key and not problems and data.num_rows:
        unique = data.select(list(key)).group_by(list(key)).aggregate([]).num_rows
        if unique != data.num_rows:
            problems.append(
                f"Table '{table}' has {data.num_rows - unique} rows with a doubled key "
                f"({', '.join(key)})."
            )
    return problems


def time_values(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """Return a time column as ``datetime64[ns]``, null as NaT.

    Arrow's own conversion imports pandas, which costs a quarter of a second.
    """
    numbers = column.cast(pa.int64()).fill_null(np.iinfo(np.int64).min)
    values: NDArray[np.datetime64] = numbers.to_numpy().view("datetime64[ns]")
    return values


def out_of_bounds(name: str, values: Any) -> NDArray[np.bool_]:
    """Return a mask of the values outside a variable's bounds, or that its type cannot store.

    NaN is inside.
    """
    low, high = variable(name).limits
    x = np.asarray(values, dtype=float)
    bad: NDArray[np.bool_] = np.isinf(x)
    if low > -math.inf:
        bad |= x < low
    if high < math.inf:
        bad |= x > high
    return bad


def _value_problems(table: str, v: Variable, column: pa.ChunkedArray) -> list[str]:
    problems: list[str] = []
    if column.null_count and not v.missing.startswith("null"):
        problems.append(
            f"Column '{v.name}' of '{table}' has {column.null_count} nulls; "
            f"its missing value is {v.missing}."
        )
    if v.dtype.startswith(("float", "int", "uint")):
        bad = int(out_of_bounds(v.name, column.to_numpy()).sum())
        if bad:
            problems.append(
                f"Column '{v.name}' of '{table}' has {bad} values outside "
                f"[{v.minimum}, {v.maximum}] {v.unit}."
            )
    if v.values:
        allowed = {*v.values, *([""] if v.missing == "empty" else [])}
        found = set(pc.unique(column).to_pylist()) - allowed
        if found:
            problems.append(
                f"Column '{v.name}' of '{table}' has unknown codes {sorted(map(str, found))}."
            )
    return problems


def _missing(field: pa.Field, rows: int) -> pa.Array:
    v = VARIABLES[field.name]
    if v.dtype == "time":
        return pa.nulls(rows, field.type)
    fill = _FILL.get(v.dtype, -1 if v.missing == "-1" else 0)
    return (
        pa.array(np.full(rows, fill), field.type)
        if v.dtype != "string"
        else pa.array([fill] * rows, field.type)
    )


def _to_arrow(values: Any, field: pa.Field, table: str) -> pa.Array:
    v = VARIABLES[field.name]
    try:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if isinstance(values, pa.Array):
            array = values if values.type == field.type else values.cast(field.type)
        elif v.dtype == "time":
            array = pa.array(np.asarray(values, dtype="datetime64[ns]"), pa.timestamp("ns")).cast(
                field.type
            )
        else:
            array = pa.array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError) as error:
        raise SchemaError(
            f"Column '{field.name}' of table '{table}' cannot be made {field.type}: {error}"
        ) from error
    if array.null_count and not v.missing.startswith("null"):
        fill = _FILL.get(v.dtype, -1 if v.missing == "-1" else 0)
        array = array.fill_null(fill)
    return array
