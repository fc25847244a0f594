"""The registry: every table is made of registered variables, and tables are checked."""

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.core import SchemaError
from quakeloom.schema import (
    ARRAYS,
    TABLES,
    VARIABLES,
    conform_table,
    empty_table,
    make_table,
    table_schema,
    validate_table,
)

SUFFIXES = {"_deg": "deg", "_km": "km", "_m": "m", "_s": "s"}


def test_all_columns_are_registered_and_units_agree_with_names():
    for table in TABLES.values():
        assert set(table.columns) <= set(VARIABLES)
        assert set(table.key) <= set(table.columns)
    assert all(a.variable in VARIABLES for a in ARRAYS.values())
    for v in VARIABLES.values():
        assert v.meaning.endswith(".")
        for suffix, unit in SUFFIXES.items():
            if v.name.endswith(suffix) and not v.name.endswith(("_s_km", "_m_s")):
                assert v.unit == unit, v.name


@pytest.mark.parametrize("name", TABLES)
def test_absent_columns_get_their_missing_value_and_are_valid(name):
    rows = make_table(name, {}, rows=3 if not TABLES[name].key else 1)
    assert rows.schema.equals(table_schema(name))
    problems = [p for p in validate_table(name, rows) if "unknown codes" not in p]
    assert problems == []


def test_wrong_tables_are_described():
    good = make_table("events", {"event_id": ["a", "b"], "latitude": [1.0, 2.0]})
    assert validate_table("events", good) == []
    bad = make_table("events", {"event_id": ["a", "a"], "latitude": [1.0, 91.0]})
    assert any("latitude" in p and "outside" in p for p in validate_table("events", bad))
    twice = make_table("events", {"event_id": ["a", "a"]})
    assert any("doubled key" in p for p in validate_table("events", twice))
    assert any("lacks" in p for p in validate_table("events", good.drop(["latitude"])))
    wrong = good.set_column(3, "latitude", pa.array(["x", "y"]))
    assert any("registered as double" in p for p in validate_table("events", wrong))
    assert any(
        "unknown codes" in p
        for p in validate_table("mechanisms", make_table("mechanisms", {"event_id": ["a"]}))
    )


def test_conversion_failures_name_column_and_table():
    with pytest.raises(SchemaError, match=r"latitude.*events"):
        make_table("events", {"event_id": ["a"], "latitude": ["north"]})
    with pytest.raises(SchemaError, match="no column"):
        make_table("events", {"lat": [1]})
    with pytest.raises(SchemaError, match="not registered"):
        empty_table("nothing")


def test_an_older_table_is_brought_to_the_schema():
    old = pa.table({"magnitude": [1.0], "event_id": ["a"], "comment": ["x"]})
    new = conform_table("events", old)
    assert new.schema.equals(table_schema("events"))
    assert new.column("event_id").to_pylist() == ["a"]
    assert np.isnan(new.column("depth_km")[0].as_py())
