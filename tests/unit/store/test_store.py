"""The store: complete or absent, aligned, the same bytes."""

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.core import AlignmentError, InputError, SchemaError
from quakeloom.schema import make_table
from quakeloom.store import (
    atomic_file,
    atomic_folder,
    create_array,
    open_array,
    read_provenance,
    read_table,
    write_array,
    write_json_if_changed,
    write_region,
    write_table,
    write_tables,
)


def events(n, start=0):
    return make_table("events", {"event_id": [f"e{i:07d}" for i in range(start, start + n)]})


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")

    def fail():
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_folder_is_replaced_as_a_whole_and_leftovers_of_kills_go(tmp_path):
    folder = tmp_path / "f"
    (tmp_path / ".f.123.tmp").mkdir()
    with atomic_folder(folder) as temporary:
        (temporary / "a").write_text("1")
    with atomic_folder(folder) as temporary:
        (temporary / "b").write_text("2")
    assert [p.name for p in folder.iterdir()] == ["b"]
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_an_unchanged_plan_file_is_not_touched(tmp_path):
    path = tmp_path / "plan.json"
    assert write_json_if_changed(path, {"a": 1})
    before = path.stat().st_mtime_ns
    assert not write_json_if_changed(path, {"a": 1})
    assert path.stat().st_mtime_ns == before
    assert write_json_if_changed(path, {"a": 2})


def test_the_bytes_of_a_table_do_not_depend_on_its_pieces(tmp_path):
    whole = events(300_000)
    pieces = [whole.slice(a, b - a) for a, b in ((0, 1), (1, 131_073), (131_073, 300_000))]
    write_table(tmp_path / "a.parquet", "events", whole)
    assert write_tables(tmp_path / "b.parquet", "events", pieces) == 300_000
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_provenance_travels_with_the_table(tmp_path):
    write_table(tmp_path / "a.parquet", "events", events(2), {"seed": 3})
    assert read_provenance(tmp_path / "a.parquet") == {"seed": 3}
    assert read_table(tmp_path / "a.parquet", "events").num_rows == 2


def test_a_table_against_the_registry_is_not_written(tmp_path):
    bad = pa.concat_tables([events(1), events(1)])
    with pytest.raises(SchemaError, match="doubled key"):
        write_table(tmp_path / "a.parquet", "events", bad)
    assert not list(tmp_path.iterdir())


def test_missing_and_broken_tables_are_named(tmp_path):
    with pytest.raises(InputError, match="missing"):
        read_table(tmp_path / "none.parquet", "events")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(InputError, match=r"bad\.parquet"):
        read_table(tmp_path / "bad.parquet", "events")


def test_only_whole_shards_are_written(tmp_path):
    create_array(tmp_path, "acceptance", (25, 4), chunk=5, shard=10)
    block = np.ones((10, 4), dtype=np.uint8)
    write_region(tmp_path, "acceptance", 10, block)
    write_region(tmp_path, "acceptance", 20, block[:5] * 2)
    for start, values, word in (
        (5, block, "no whole shards"),
        (0, block[:5], "no whole shards"),
        (20, block, "no whole shards"),
        (0, block.astype(np.int16), "type"),
        (0, block[:, :3], "shape"),
    ):
        with pytest.raises(AlignmentError, match=word):
            write_region(tmp_path, "acceptance", start, values)
    values = open_array(tmp_path, "acceptance")[...]
    assert values[:10].sum() == 0
    assert values[10:20].sum() == 40
    assert values[20:].sum() == 40


def test_arrays_carry_unit_and_meaning_from_the_registry(tmp_path):
    write_array(tmp_path, "strike_deg", np.arange(4.0))
    array = open_array(tmp_path, "strike_deg")
    assert array.attrs["unit"] == "deg"
    assert array.metadata.dimension_names == ("mechanism",)
    with pytest.raises(SchemaError, match="not registered"):
        create_array(tmp_path, "anything", (3,), 1, 1)
    with pytest.raises(AlignmentError, match="whole chunks"):
        create_array(tmp_path, "acceptance", (30, 4), chunk=4, shard=10)
