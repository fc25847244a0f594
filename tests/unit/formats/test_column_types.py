"""Columns of every Arrow type, at the ends of their ranges: cells are kept or blamed in words."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakeloom.core import QuakeloomError
from quakeloom.formats import read_mechanisms, read_source
from quakeloom.formats._cells import REQUIRED, convert_column
from quakeloom.formats._named_columns import RawTable
from quakeloom.formats._source_tables import Rejects
from quakeloom.schema import TABLES, arrow_type, out_of_bounds, range_problem, variable

COLUMNS = sorted({name for table in REQUIRED for name in TABLES[table].columns})
"""Every column of every table that is read."""

INTEGERS = (
    pa.int8(), pa.int16(), pa.int32(), pa.int64(),
    pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
)  # fmt: skip
"""All whole numbers of Arrow."""

FLOATS = (pa.float16(), pa.float32(), pa.float64())
"""All floats of Arrow."""


def ends_of(kind: pa.DataType) -> list[object]:
    if kind in INTEGERS:
        info = np.iinfo(kind.to_pandas_dtype())
        return [info.min, info.max, info.max - 1, 1]
    info = np.finfo(kind.to_pandas_dtype())
    return [float(info.max), float(info.min), np.inf, -np.inf, np.nan, 0.5]


OTHERS = [
    (pa.decimal128(38, 0), [Decimal(10) ** 37, Decimal(1)]),
    (pa.decimal128(38, 10), [Decimal("-1.5")]),
    (pa.decimal256(76, 0), [Decimal(10) ** 75]),
    (pa.bool_(), [True]),
    (pa.date32(), [1, -(2**31)]),
    (pa.date64(), [86_400_000, 86_400_000 * 10**9]),
    (pa.time32("s"), [1]),
    (pa.time64("ns"), [1]),
    (pa.timestamp("s"), [2**30, 2**62]),
    (pa.timestamp("s"), [-(2**62)]),
    (pa.timestamp("us", tz="Asia/Tokyo"), [2**50]),
    (pa.timestamp("us", tz="Nowhere/There"), [2**50]),
    (pa.duration("s"), [2**40, -(2**62)]),
    (pa.month_day_nano_interval(), [(1, 1, 1)]),
    (pa.string(), ["99999999999999999999", "1e400", "-1e39", "x"]),
    (pa.large_string(), ["-1e39"]),
    (pa.string_view(), ["1e39"]),
    (pa.binary(), [b"\xff"]),
    (pa.binary_view(), [b"\xff"]),
    (pa.list_(pa.int64()), [[2**62]]),
    (pa.struct([("a", pa.int64())]), [{"a": 2**62}]),
    *[(pa.dictionary(pa.int32(), kind), ends_of(kind)) for kind in (*INTEGERS, *FLOATS)],
    (pa.dictionary(pa.int32(), pa.timestamp("s")), [2**62]),
    (pa.dictionary(pa.int32(), pa.binary()), [b"\xff"]),
    (pa.dictionary(pa.int32(), pa.string()), ["1e39"]),
]
"""Other types, with cells that are at their ends or mean nothing in a catalog."""

KINDS = [*[(kind, ends_of(kind)) for kind in (*INTEGERS, *FLOATS)], *OTHERS]
"""Types with cells."""


def column_of(kind: pa.DataType, cells: list[object]) -> pa.ChunkedArray:
    """A column of these cells and an empty one."""
    if pa.types.is_dictionary(kind):
        values = pa.array(cells, kind.value_type)
        index = pa.array([*range(len(cells)), None], kind.index_type)
        return pa.chunked_array([pa.DictionaryArray.from_arrays(index, values)])
    return pa.chunked_array([pa.array([*cells, None], kind)])


@pytest.mark.parametrize(
    ("kind", "cells"), KINDS, ids=lambda x: str(x) if isinstance(x, pa.DataType) else ""
)
def test_a_cell_of_any_type_is_kept_as_it_is_or_blamed(kind, cells):
    raw = RawTable(Path("cells"), pa.table({"x": column_of(kind, cells)}), Rejects("cells"))
    for name in COLUMNS:
        blamed: set[int] = set()

        def blame(mask, reason, blamed=blamed):
            for row in np.flatnonzero(mask).tolist():
                assert not callable(reason) or reason(row)
                assert raw.text(row) is not None
                blamed.add(row)

        found = convert_column(name, raw.data.column("x"), blame)
        v = variable(name)
        assert found.type == arrow_type(name), name
        assert len(found) == len(cells) + 1
        if v.dtype.startswith(("int", "uint", "float")):
            kept = [r for r in range(len(cells)) if r not in blamed]
            values = found.to_numpy()
            assert not out_of_bounds(name, values[kept]).any(), name
            whole = kind in INTEGERS and not name.endswith("_deg")  # angles are turned by 360
            for row in kept if whole else []:
                assert values[row] == arrow_type(name).to_pandas_dtype()(cells[row]), (name, row)


@pytest.mark.parametrize(
    "table", [t for t in REQUIRED if t not in ("travel_time_picks", "tendency")]
)
def test_a_parquet_table_with_a_column_of_any_type_is_read_or_refused(tmp_path, table):
    for kind, cells in KINDS:
        path = tmp_path / "cells.parquet"
        columns = {name: column_of(kind, cells) for name in TABLES[table].columns}
        try:
            pq.write_table(pa.table(columns), path)
        except pa.ArrowException:  # Parquet has no such type
            continue
        with contextlib.suppress(QuakeloomError):
            read_mechanisms(path) if table == "mechanisms" else read_source(path, table=table)


@pytest.mark.parametrize("name", [n for n in COLUMNS if "int" in variable(n).dtype])
def test_a_whole_number_beyond_its_type_is_outside_of_its_range(name):
    low, high = variable(name).limits
    for value in (2.0 * high, -2.0 * max(high, -low)):
        assert out_of_bounds(name, [value]).all()
        assert "is outside [" in range_problem(name, value)
    assert not out_of_bounds(name, [low, high, np.nan]).any()
    stored = arrow_type(name).to_pandas_dtype()
    assert stored(int(high)) == high
    assert stored(int(low)) == low
