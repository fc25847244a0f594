"""The store: complete or absent, aligned, the same bytes, wherever it lies."""

import contextlib
import fcntl
import io
import json
import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.core import AlignmentError, InputError, SchemaError, digest_bytes
from quakeloom.schema import make_table
from quakeloom.store import (
    InputDigests,
    Item,
    RunLayout,
    atomic_file,
    atomic_folder,
    create_array,
    create_group,
    digest_input,
    grow_array,
    list_inputs,
    open_array,
    open_dataset,
    open_folder,
    open_item,
    read_arrays,
    read_attributes,
    read_json,
    read_provenance,
    read_table,
    read_text,
    remove_others,
    resize_arrays,
    write_array,
    write_arrays,
    write_attributes,
    write_bytes,
    write_dataset,
    write_json_if_changed,
    write_region,
    write_table,
    write_tables,
    write_text_if_changed,
)


@pytest.fixture
def folder(tmp_path):
    return open_item(tmp_path)


def events(n, start=0):
    return make_table("events", {"event_id": [f"e{i:07d}" for i in range(start, start + n)]})


class ObjectStore:
    """A store without rename, append and folders, as object storages are: bytes by key.

    A group is written under names of its own; what is listed, read and found is what its
    publication names.
    """

    def __init__(self, scratch):
        self.objects, self.scratch = {}, scratch

    def describe(self, key):
        return f"memory://{key}"

    def above(self):
        raise NotImplementedError

    def name(self):
        return ""

    def exists(self, key):
        return key in self.objects or self.is_folder(key)

    def is_folder(self, key):
        return any(k.startswith(f"{key}/") for k in self.objects)

    def list(self, key):
        start = f"{key}/" if key else ""
        inside = {k.removeprefix(start) for k in self.objects if k.startswith(start)}
        return sorted({n.partition("/")[0] + ("/" if "/" in n else "") for n in inside})

    def read(self, key):
        try:
            return self.objects[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    def open(self, key):
        return io.BytesIO(self.read(key))

    def digest(self, key):
        return digest_bytes(self.read(key))

    @contextlib.contextmanager
    def write(self, key):
        local = self.scratch / key.replace("/", "+")
        yield local
        self.objects[key] = local.read_bytes()

    @contextlib.contextmanager
    def write_group(self, key):
        own = f".{len(self.objects)}.{key}"
        yield own
        made = {k.removeprefix(own): v for k, v in self.objects.items() if k.startswith(own)}
        kept = {k: v for k, v in self.objects.items() if not k.startswith((own, f"{key}/"))}
        self.objects = {**kept, **{f"{key}{k}": v for k, v in made.items()}}

    def remove(self, key):
        self.objects = {
            k: v for k, v in self.objects.items() if k != key and not k.startswith(f"{key}/")
        }


@pytest.fixture(params=["folder", "objects"])
def root(request, tmp_path):
    """The same in a folder and in a store that can neither rename nor append."""
    if request.param == "folder":
        return open_item(tmp_path / "results")
    return Item(ObjectStore(tmp_path), "results")


def test_what_is_written_is_found_listed_read_and_removed(root):
    write_text_if_changed(root / "b.txt", "Erdbeben")
    write_json_if_changed(root / "a.json", {"x": [1]})
    write_arrays(root / "parts" / "x.npz", first=np.arange(3), second=1.5)
    write_table(root / "parts" / "events.parquet", "events", events(3), {"seed": 3})
    assert [i.name for i in root.children()] == ["a.json", "b.txt", "parts"]
    assert [i.relative_to(root) for i in root.files()] == [
        "a.json", "b.txt", "parts/events.parquet", "parts/x.npz",
    ]  # fmt: skip
    assert (root / "parts").is_folder()
    assert not (root / "a.json").is_folder()
    assert read_text(root / "b.txt") == "Erdbeben"
    assert read_json(root / "a.json") == {"x": [1]}
    found = read_arrays(root / "parts" / "x.npz")
    np.testing.assert_array_equal(found["first"], [0, 1, 2])
    assert float(found["second"]) == 1.5
    assert read_table(root / "parts" / "events.parquet", "events").num_rows == 3
    assert read_provenance(root / "parts" / "events.parquet") == {"seed": 3}
    (root / "parts").remove()
    (root / "parts").remove()
    remove_others(root, {"b.txt"})
    assert [i.name for i in root.children()] == ["b.txt"]
    assert (root / "b.txt").parent / "b.txt" == root / "b.txt"
    assert (root / "b.txt").stem == "b"


def test_a_group_is_seen_whole_or_not_at_all(root):
    for content in ("1", "2"):
        with atomic_folder(root / "part") as group:
            write_text_if_changed(group / f"{content}.txt", content)
            write_json_if_changed(group / "deep" / "x.json", content)
            assert not (root / "part" / f"{content}.txt").exists()
    assert [i.relative_to(root) for i in root.files()] == ["part/2.txt", "part/deep/x.json"]

    def fail():
        with atomic_folder(root / "part") as group:
            write_text_if_changed(group / "half.txt", "")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert read_text(root / "part" / "2.txt") == "2"
    assert [i.name for i in (root / "part").children()] == ["2.txt", "deep"]


def test_a_digest_is_of_names_and_content(root):
    write_text_if_changed(root / "a" / "x", "1")
    write_text_if_changed(root / "a" / "c" / "y", "2")
    write_text_if_changed(root / "b" / "x", "1")
    write_text_if_changed(root / "b" / "c" / "z", "2")
    write_text_if_changed(root / "b" / ".hidden", "a lock")
    whole, other = (root / "a").digest(), (root / "b").digest()
    assert whole != other
    assert (root / "a").digest(["c"]) == (root / "b").digest(["c"])
    assert (root / "a" / "x").digest() == (root / "b" / "x").digest()
    write_text_if_changed(root / "a" / "c" / "y", "3")
    assert (root / "a").digest() != whole
    with pytest.raises(InputError, match="none is missing"):
        (root / "none").digest()


def test_missing_and_damaged_files_are_named(root):
    for read in (read_json, read_text, read_arrays, read_provenance):
        with pytest.raises(InputError, match=r"no\.where is missing"):
            read(root / "no.where")
    write_text_if_changed(root / "cut.json", '{"plan": "')
    with pytest.raises(InputError, match=r"cut\.json is no JSON"):
        read_json(root / "cut.json")
    write_arrays(root / "x.npz", values=np.arange(1000))
    write_bytes(root / "cut.npz", root.store.read((root / "x.npz").key)[:500])
    with pytest.raises(InputError, match=r"cut\.npz holds no arrays"):
        read_arrays(root / "cut.npz")


def test_a_failed_write_leaves_what_was_there(tmp_path, folder):
    write_text_if_changed(folder / "x", "old")

    def fail():
        with atomic_file(folder / "x") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert read_text(folder / "x") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_leftovers_of_kills_are_no_results_and_go_with_the_next_write(tmp_path, folder):
    (tmp_path / ".123.tmp.f").mkdir()
    (tmp_path / ".123.tmp.other").mkdir()
    (tmp_path / ".123.tmp.x.json").write_text("half")
    assert folder.children() == []
    with atomic_folder(folder / "f") as group:
        write_text_if_changed(group / "a", "1")
    write_json_if_changed(folder / "x.json", 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".123.tmp.other", "f", "x.json"]


def test_a_file_to_write_keeps_its_ending(folder):
    """Some writers choose what they write by it, or add one of their own."""
    with atomic_file(folder / "a.npz") as temporary:
        np.savez(temporary, x=np.arange(2))
    assert [i.name for i in folder.children()] == ["a.npz"]


def test_an_unchanged_plan_file_is_not_touched(tmp_path, folder):
    plan = folder / "plan.json"
    assert write_json_if_changed(plan, {"a": 1})
    before = plan.local.stat().st_mtime_ns
    assert not write_json_if_changed(plan, {"a": 1})
    assert plan.local.stat().st_mtime_ns == before
    assert write_json_if_changed(plan, {"a": 2})


def test_items_are_named_as_people_name_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, name in (("results/demo", "demo"), ("demo", "demo"), ("./demo/", "demo")):
        item = open_item(place)
        assert (str(item), item.name) == (place.strip("./"), name)
        assert str(item / "a" / "b.json") == f"{place.strip('./')}/a/b.json"
    here = open_item(".")
    assert here.name == tmp_path.name
    assert (here / "x").local.resolve() == tmp_path / "x"
    assert here.parent.local.resolve() == tmp_path.parent
    assert open_item("..").name == tmp_path.parent.name
    assert open_item(tmp_path / "x") == open_item(str(tmp_path / "x"))
    with pytest.raises(ValueError, match="does not lie"):
        (here / "ab").relative_to(here / "a")
    with pytest.raises(InputError, match="no file of this machine"):
        Item(ObjectStore(tmp_path), "x").local  # noqa: B018


def test_the_folder_of_all_results_is_found_from_a_run_wherever_one_stands(tmp_path, monkeypatch):
    (tmp_path / "results" / "demo" / "case").mkdir(parents=True)
    for here, root in ((tmp_path, "results/demo/case"), (tmp_path / "results" / "demo", "case"),
                       (tmp_path / "results" / "demo" / "case", ".")):  # fmt: skip
        monkeypatch.chdir(here)
        found = RunLayout(root).results("demo/case")
        assert found.local.resolve() == tmp_path / "results"


def test_a_folder_for_results_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made as a folder"):
        open_folder(tmp_path / "file")
    assert open_folder(tmp_path / "a" / "b").is_folder()


def test_names_and_patterns_of_settings_stand_for_files(tmp_path, monkeypatch):
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("QUAKELOOM_TEST_KIND", "csv")
    data = str(tmp_path)
    assert [p.name for p in list_inputs(data, "*.${QUAKELOOM_TEST_KIND}")] == ["a.csv", "b.csv"]
    assert list_inputs(data, "c.txt") == list_inputs("elsewhere", f"{data}/c.txt")
    assert list_inputs("elsewhere", f"{data}/?.csv") == list_inputs(data, "*.csv")
    assert list_inputs(data, "none.txt") == list_inputs(data, "*.none") == []
    monkeypatch.chdir(tmp_path)
    assert [str(p) for p in list_inputs("", "*.csv")] == ["a.csv", "b.csv"]


def test_one_at_a_time_holds_a_lock_which_is_no_content(tmp_path, folder):
    group = folder / "group"
    with group.lock():
        other = (tmp_path / "group" / ".lock").open("w")
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert group.children() == []


def test_the_bytes_of_a_table_do_not_depend_on_its_pieces(folder):
    whole = events(300_000)
    pieces = [whole.slice(a, b - a) for a, b in ((0, 1), (1, 131_073), (131_073, 300_000))]
    write_table(folder / "a.parquet", "events", whole)
    assert write_tables(folder / "b.parquet", "events", pieces) == 300_000
    assert (folder / "a.parquet").digest() == (folder / "b.parquet").digest()


def test_a_table_against_the_registry_is_not_written(tmp_path, folder):
    bad = pa.concat_tables([events(1), events(1)])
    with pytest.raises(SchemaError, match="doubled key"):
        write_table(folder / "a.parquet", "events", bad)
    assert not list(tmp_path.iterdir())


def test_missing_and_broken_tables_are_named(root):
    with pytest.raises(InputError, match="missing"):
        read_table(root / "none.parquet", "events")
    write_bytes(root / "bad.parquet", b"no parquet at all")
    with pytest.raises(InputError, match=r"bad\.parquet"):
        read_table(root / "bad.parquet", "events")


def test_only_whole_shards_are_written(folder):
    create_array(folder, "acceptance", (25, 4), chunk=5, shard=10)
    block = np.ones((10, 4), dtype=np.uint8)
    write_region(folder, "acceptance", 10, block)
    write_region(folder, "acceptance", 20, block[:5] * 2)
    for start, values, word in (
        (5, block, "no whole shards"),
        (0, block[:5], "no whole shards"),
        (20, block, "no whole shards"),
        (0, block.astype(np.int16), "type"),
        (0, block[:, :3], "shape"),
    ):
        with pytest.raises(AlignmentError, match=word):
            write_region(folder, "acceptance", start, values)
    values = open_array(folder, "acceptance")[...]
    assert values[:10].sum() == 0
    assert values[10:20].sum() == 40
    assert values[20:].sum() == 40


def test_arrays_carry_unit_and_meaning_from_the_registry(folder):
    write_array(folder, "strike_deg", np.arange(4.0))
    array = open_array(folder, "strike_deg")
    assert array.attrs["unit"] == "deg"
    assert array.metadata.dimension_names == ("mechanism",)
    with pytest.raises(SchemaError, match="not registered"):
        create_array(folder, "anything", (3,), 1, 1)
    with pytest.raises(AlignmentError, match="whole chunks"):
        create_array(folder, "acceptance", (30, 4), chunk=4, shard=10)


def test_a_growing_array_is_the_one_that_is_written_at_once(folder):
    """Three shards and a half, or none: the same bytes as if the number had been known."""
    values = np.arange(7 * 3 * 5, dtype=np.float32).reshape(7, 3, 5)
    for name, rows in (("some", values), ("none", values[:0])):
        with grow_array(folder / name, "waveform", (3, 5), 1, 2, compress=False, apart=True) as g:
            numbers = [g.append(row) for row in rows]
        assert (numbers, g.count) == (list(range(len(rows))), len(rows))
        known = folder / f"{name}-known"
        create_array(known, "waveform", rows.shape, 1, 2, compress=False, apart=True)
        for first in range(0, len(rows), 2):
            write_region(known, "waveform", first, rows[first : first + 2])
        assert (folder / name).digest() == known.digest()
        np.testing.assert_array_equal(open_array(folder / name, "waveform")[...], rows)
    assert len(folder.children()) == 4


def test_arrays_grow_and_shrink_with_their_members(folder):
    for name in ("chi_square", "noise_factor"):
        create_array(folder, name, (4,), 2, 2)
        write_region(folder, name, 0, np.arange(4.0))
    resize_arrays(folder, ("chi_square", "noise_factor"), 6)
    assert open_array(folder, "chi_square")[...].tolist() == [0, 1, 2, 3, 0, 0]
    resize_arrays(folder, ("chi_square",), 2)
    assert open_array(folder, "chi_square")[...].tolist() == [0, 1]
    assert open_array(folder, "noise_factor").shape == (6,)
    with pytest.raises(InputError, match="'acceptance' is missing"):
        open_array(folder, "acceptance")


def test_a_group_says_what_it_is(folder):
    group = folder / "x.zarr"
    assert read_attributes(group) == {}
    create_group(group, {"description": "first"})
    create_group(group, {"description": "second"})
    assert read_attributes(group) == {"description": "first"}
    write_attributes(group, {"plan": "abc"})
    assert read_attributes(group) == {"description": "first", "plan": "abc"}


@pytest.mark.parametrize("name", ["map.nc", "map.zarr"])
def test_datasets_come_back_as_they_were(folder, name):
    xarray = pytest.importorskip("xarray")
    made = xarray.Dataset({"a": (("x", "y"), np.arange(6.0).reshape(2, 3))}, {"x": [1.0, 2.0]})
    for _ in range(2):
        write_dataset(folder / name, made)
    with open_dataset(folder / name) as found:
        xarray.testing.assert_identical(found.load(), made)
    assert [i.name for i in folder.children()] == [name]
    with pytest.raises(InputError, match="none"), open_dataset(folder / f"none.{name}"):
        pass


@pytest.mark.parametrize("target", ["folder", "nothing"])
def test_a_link_in_the_place_of_a_folder_is_replaced_and_its_target_kept(tmp_path, target):
    """Whoever has moved a part to another disk and linked it loses neither of the two."""
    elsewhere = tmp_path / "elsewhere"
    if target == "folder":
        elsewhere.mkdir()
        (elsewhere / "old.txt").write_text("old")
    root = tmp_path / "results"
    root.mkdir()
    (root / "part").symlink_to(elsewhere)
    # and what a killed write has left of one
    (root / ".123.old.part").symlink_to(elsewhere)
    item = open_item(root) / "part"
    with atomic_folder(item) as group:
        write_bytes(group / "new.txt", b"new")
    assert not (root / "part").is_symlink()
    assert [p.name for p in root.iterdir()] == ["part"]
    assert (root / "part" / "new.txt").read_text() == "new"
    if target == "folder":
        assert (elsewhere / "old.txt").read_text() == "old"
    (root / "other").symlink_to(elsewhere)
    (open_item(root) / "other").remove()
    assert not (root / "other").is_symlink()
    assert elsewhere.exists() == (target == "folder")


@pytest.mark.parametrize("how", ["time is put back", "time is put back by a copy"])
def test_a_source_that_was_edited_with_its_size_and_time_is_read_again(tmp_path, how):
    """Editors and copies can keep size and time of a file, and change what is in it."""
    file = tmp_path / "picks.csv"
    file.write_text("a,1\n")
    digests = InputDigests({})
    before, times = digests.of(file), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    time.sleep(0.02)  # the system counts times in ticks
    if how == "time is put back":
        file.write_text("a,2\n")
    else:
        (tmp_path / "copy").write_text("a,2\n")
        (tmp_path / "copy").replace(file)
    os.utime(file, ns=times)
    assert file.stat().st_mtime_ns == times[1]
    assert digests.of(file) == digest_input(file) != before


def test_a_source_is_read_once_while_nothing_changes(tmp_path, monkeypatch):
    file = tmp_path / "picks.csv"
    file.write_text("a,1\n")
    digests = InputDigests({})
    before = digests.of(file)
    kept = InputDigests(json.loads(json.dumps(digests.known)))
    monkeypatch.setattr("quakeloom.store._inputs.digest_file", lambda path: "read again")
    assert kept.of(file) == before
    os.utime(file, (1, 1))
    assert kept.of(file) == "read again"


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A power cut after the rename finds the content: no file of zeros bears a result's name."""
    done: list[str] = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("content"), sync(number))[1])
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (done.append("name"), rename(self, target))[1]
    )
    with atomic_file(open_item(tmp_path) / "a.json") as place:
        Path(place).write_text("1")
    assert done == ["content", "name"]
    done.clear()
    with atomic_folder(open_item(tmp_path) / "group") as folder:
        for name in ("a", "b"):
            with atomic_file(folder / name) as place:
                Path(place).write_text("1")
    assert done == ["content", "content", "name"]
