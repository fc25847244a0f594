"""An object storage as a store: whole or not at all, and what lies on disk beside it.

The storage is one in memory that comes with the library; tests/s3 has a real server.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from quakeloom.core import InputError, StorageError
from quakeloom.schema import make_table
from quakeloom.store import (
    Item,
    ObjectStore,
    RunLayout,
    _object_client,
    _objects,
    atomic_file,
    atomic_folder,
    create_array,
    create_group,
    digest_array,
    grow_array,
    link_item,
    local_copy,
    local_side,
    open_array,
    open_dataset,
    open_folder,
    open_item,
    open_results,
    read_arrays,
    read_attributes,
    read_json,
    read_table,
    read_text,
    remove_others,
    resize_arrays,
    write_array,
    write_arrays,
    write_bytes,
    write_dataset,
    write_json_if_changed,
    write_region,
    write_table,
    write_text_if_changed,
)
from quakeloom.store._addresses import find_address
from quakeloom.store._layout_names import lies_beside
from quakeloom.store._object_client import what_it_means

obstore = pytest.importorskip("obstore", reason="pip install 'quakeloom[s3]'")


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """A storage in memory; what lies beside it is below the folder of the test."""
    from obstore.store import MemoryStore

    made = MemoryStore()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_objects, "open_client", lambda scheme, bucket: made)
    monkeypatch.setattr(_objects, "_FRESH_S", 0.0)
    _objects._sent.clear()
    return made


@pytest.fixture
def root(memory):
    return open_item("s3://bucket/prefix") / "run"


def keys(memory) -> list[str]:
    return sorted(o["path"] for o in obstore.list(memory).collect())


def test_addresses_are_found_in_texts_paths_and_paths_beside():
    for text in ("s3://b/x/y", "s3:/b/x/y", "s3://b//x/./y/"):
        found = find_address(text)
        assert (found.scheme, found.bucket, found.key, found.is_written_out) == (
            "s3", "b", "x/y", True,
        )  # fmt: skip
    assert find_address(Path("gs://b") / "run").key == "run"
    assert find_address("az://container").key == ""
    for place in ("results/demo", "/data/s3", "./s3:/b", "s3:", "http://b/x", "results/s3:/b/x"):
        assert find_address(place) is None
    found = find_address(Path("/home/a/.quakeloom/s3/b/x/y"))
    assert (found.bucket, found.key, found.is_written_out) == ("b", "x/y", False)
    assert found.beside == Path("/home/a/.quakeloom")
    assert find_address("/home/a/.quakeloom/cache") is None


def test_small_files_of_the_workflow_lie_beside():
    for prefix in ("", "plan/", "parts/x/", "a/ingest-2/"):
        for key in ("plan.json", "plan/settings.yaml", "plan/mechanism/2019.json", "report.html",
                    "parts/mechanism.finalise.json", "parts/mechanism/2019.json",
                    "case/plan/finished.json", "benchmarks/stress/2019.tsv"):  # fmt: skip
            assert lies_beside(f"{prefix}run/{key}"), key
        for key in ("mechanisms.parquet", "parts/mechanism/2019/mechanisms.parquet",
                    "accepted.zarr/zarr.json", "stress.nc", "ingest/partitions/2019/rows.json",
                    "ingest/sources/ab/digests.json"):  # fmt: skip
            assert not lies_beside(f"{prefix}run/{key}"), key


def test_what_is_written_is_found_listed_read_and_removed(root):
    write_text_if_changed(root / "b.txt", "Erdbeben")
    write_json_if_changed(root / "a.json", {"x": [1]})
    write_arrays(root / "parts" / "s" / "p" / "x.npz", first=np.arange(3))
    events = make_table("events", {"event_id": ["e1", "e2"]})
    write_table(root / "events.parquet", "events", events)
    assert [i.name for i in root.children()] == ["a.json", "b.txt", "events.parquet", "parts"]
    assert [i.relative_to(root) for i in root.files()] == [
        "a.json", "b.txt", "events.parquet", "parts/s/p/x.npz",
    ]  # fmt: skip
    assert (root / "parts").is_folder()
    assert not (root / "a.json").is_folder()
    assert (root / "a.json").exists()
    assert not (root / "a").exists()
    assert read_text(root / "b.txt") == "Erdbeben"
    assert read_arrays(root / "parts" / "s" / "p" / "x.npz")["first"].tolist() == [0, 1, 2]
    assert read_table(root / "events.parquet", "events").num_rows == 2
    assert read_table(root / "events.parquet", "events", ["event_id"]).num_rows == 2
    for read in (read_json, read_text, read_arrays):
        with pytest.raises(InputError, match=r"no\.where is missing"):
            read(root / "no.where")
    with pytest.raises(InputError, match="none is missing"):
        (root / "none").digest()
    (root / "parts").remove()
    (root / "parts").remove()
    remove_others(root, {"b.txt"})
    assert [i.name for i in root.children()] == ["b.txt"]
    assert str(root / "b.txt") == "s3://bucket/prefix/run/b.txt"
    assert (root.parent.name, root.parent.parent.name) == ("prefix", "bucket")


def test_the_same_content_has_the_digests_and_bytes_of_a_folder_on_disk(root, tmp_path):
    values = np.arange(40, dtype=np.uint8).reshape(10, 4)
    found = []
    for place in (root, open_item(tmp_path / "on-disk")):
        with atomic_folder(place / "x.zarr") as group:
            create_array(group, "acceptance", values.shape, chunk=5, shard=10)
            write_region(group, "acceptance", 0, values)
        create_group(place / "direct.zarr", {"description": "made at once"})
        write_array(place / "direct.zarr", "strike_deg", np.arange(4.0))
        write_text_if_changed(place / "a" / "x.txt", "1")
        np.testing.assert_array_equal(open_array(place / "x.zarr", "acceptance")[...], values)
        assert open_array(place / "direct.zarr", "strike_deg")[...].tolist() == [0, 1, 2, 3]
        assert read_attributes(place / "direct.zarr") == {"description": "made at once"}
        files = {f.relative_to(place): f.store.read(f.key) for f in place.files()}
        found.append((place.digest(), place.digest(["a"]), files))
    assert found[0] == found[1]
    # nothing is written around what was asked for
    assert all(k.startswith("prefix/run/") for k in keys(root.store.client))


def test_arrays_grow_shrink_and_are_missed_by_name(root):
    group = root / "ensemble.zarr"
    for name in ("chi_square", "noise_factor"):
        create_array(group, name, (4,), 2, 2)
        write_region(group, name, 0, np.arange(4.0))
    resize_arrays(group, ("chi_square",), 2)
    assert open_array(group, "chi_square")[...].tolist() == [0, 1]
    assert digest_array(group, "chi_square") != digest_array(group, "noise_factor")
    with pytest.raises(InputError, match="'acceptance' is missing"):
        open_array(group, "acceptance")
    assert digest_array(group, "acceptance") == ""
    with grow_array(root / "grown", "waveform", (3, 5), 1, 2, compress=False, apart=True) as g:
        g.append(np.ones((3, 5), np.float32))
    assert open_array(root / "grown", "waveform").shape == (1, 3, 5)


@pytest.mark.parametrize("name", ["map.nc", "map.zarr"])
def test_datasets_come_back_as_they_were(root, name):
    xarray = pytest.importorskip("xarray")
    made = xarray.Dataset({"a": (("x", "y"), np.arange(6.0).reshape(2, 3))}, {"x": [1.0, 2.0]})
    write_dataset(root / name, made)
    with open_dataset(root / name) as found:
        xarray.testing.assert_identical(found.load(), made)
    with local_copy(root / name) as copy:
        assert copy.name == name
        assert copy.exists()
    assert not copy.exists()


def test_a_group_is_seen_whole_or_not_at_all(root):
    for content in ("1", "2"):
        with atomic_folder(root / "part") as group:
            write_text_if_changed(group / f"{content}.txt", content)
            write_text_if_changed(group / "deep" / "x.txt", content)
            assert not (root / "part" / f"{content}.txt").exists()
    assert [i.relative_to(root) for i in root.files()] == ["part/2.txt", "part/deep/x.txt"]

    def fail():
        with atomic_folder(root / "part") as group:
            write_text_if_changed(group / "half.txt", "")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert read_text(root / "part" / "2.txt") == "2"


def test_a_file_of_a_group_that_is_named_like_a_marker_is_read_as_all_others(root, memory):
    group = root / "parts" / "tables.zarr"
    for value in (1, 2):
        with atomic_folder(group) as made:
            write_json_if_changed(made / "members.json", value)
            write_json_if_changed(made / f"only-{value}.json", value)
        assert read_json(group / "members.json") == value
        assert [i.name for i in group.children()] == ["members.json", f"only-{value}.json"]
    assert not (group / "only-1.json").exists()
    Path(".quakeloom").rename("elsewhere")
    assert read_json(open_item("s3://bucket/prefix/run") / "parts/tables.zarr/members.json") == 2


def write_part(root):
    with atomic_folder(root / "part") as group:
        for name in "abc":
            write_text_if_changed(group / f"{name}.txt", name)


def half_sent(root, monkeypatch):
    """Leave a group as a kill does while it is sent: some of its objects are there."""
    with atomic_folder(root / "part") as group:
        write_text_if_changed(group / "old.txt", "old")

    class Killed(BaseException):
        pass

    send = ObjectStore._send

    def some(self, path, key):
        if key.endswith("b.txt"):
            raise Killed
        send(self, path, key)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "_send", some)
        with pytest.raises(Killed):
            write_part(root)


@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_group_that_was_not_sent_to_its_end_is_absent_and_made_again(
    root, memory, monkeypatch, disk
):
    half_sent(root, monkeypatch)
    if disk == "lost":
        Path(".quakeloom").rename("elsewhere")
    root = open_item("s3://bucket/prefix/run")
    part = root / "part"
    assert any(k.endswith("part/a.txt") for k in keys(memory))
    assert not part.exists()
    assert not part.is_folder()
    assert part.children() == []
    assert list(part.files()) == []
    assert not (part / "a.txt").exists()
    with pytest.raises(InputError, match="missing"):
        read_text(part / "a.txt")
    with pytest.raises(InputError, match="missing"):
        (part / "a.txt").open()
    with pytest.raises(InputError, match="is missing"):
        open_array(part, "acceptance")
    with atomic_folder(part) as group:
        write_text_if_changed(group / "new.txt", "new")
    assert [i.relative_to(root) for i in root.files()] == ["part/new.txt"]
    assert keys(memory) == ["prefix/run/part/new.txt"]


def test_a_group_that_was_not_sent_to_its_end_is_removed_with_all_others(root, memory, monkeypatch):
    half_sent(root, monkeypatch)
    remove_others(root, {"other"})
    assert keys(memory) == []
    write_text_if_changed(root / "part" / "x.txt", "1")
    assert read_text(root / "part" / "x.txt") == "1"


def test_plans_and_markers_lie_on_disk_too_and_follow_the_storage(root, memory):
    layout = RunLayout(root)
    for item in (layout.plan("stress", "2019"), layout.done("stress", "2019"), layout.settings):
        write_text_if_changed(item, "first")
    on_disk = Path(".quakeloom/s3/bucket/prefix/run")
    assert local_side("s3://bucket/prefix/run") == on_disk
    assert (on_disk / "plan/stress/2019.json").read_text() == "first"
    assert (on_disk / "parts/stress/2019.json").read_text() == "first"
    beside = RunLayout(open_item(on_disk))
    assert beside.root == layout.root
    # a job that reads what lies on disk asks the storage for nothing
    assert [i.name for i in beside.plans("stress").children()] == ["2019.json"]
    # another machine has computed more, and removed something
    obstore.put(memory, "prefix/run/plan/stress/2020.json", b"second")
    obstore.put(memory, "prefix/run/plan/stress/2019.json", b"third")
    obstore.delete(memory, "prefix/run/parts/stress/2019.json")
    open_item(on_disk)
    assert (on_disk / "plan/stress/2019.json").read_text() == "first"
    before = (on_disk / "plan/settings.yaml").stat().st_mtime_ns
    open_item("s3://bucket/prefix")
    assert (on_disk / "plan/stress/2019.json").read_text() == "third"
    assert (on_disk / "plan/stress/2020.json").read_text() == "second"
    assert not (on_disk / "parts/stress/2019.json").exists()
    assert (on_disk / "plan/settings.yaml").stat().st_mtime_ns == before
    # without the folder it comes again, with the times of the objects
    Path(".quakeloom").rename("elsewhere")
    open_item("s3://bucket/prefix")
    time_there = obstore.head(memory, "prefix/run/plan/stress/2020.json")["last_modified"]
    assert abs((on_disk / "plan/stress/2020.json").stat().st_mtime - time_there.timestamp()) < 1e-3
    layout.plan("stress", "2020").remove()
    assert not (on_disk / "plan/stress/2020.json").exists()
    assert "prefix/run/plan/stress/2020.json" not in keys(memory)


def test_an_unchanged_plan_file_is_not_sent_again(root, memory):
    plan = RunLayout(root).plan("stress", "2019")
    assert write_json_if_changed(plan, {"a": 1})
    time_there = obstore.head(memory, plan.key)["last_modified"]
    time.sleep(0.01)
    assert not write_json_if_changed(plan, {"a": 1})
    assert obstore.head(memory, plan.key)["last_modified"] == time_there


def test_while_a_run_is_at_work_what_lies_on_disk_is_left_alone(root, memory):
    plan = RunLayout(root).plan("stress", "2019")
    write_json_if_changed(plan, {"a": 1})
    obstore.delete(memory, plan.key)
    with root.claim() as is_free:
        assert is_free
        open_item("s3://bucket/prefix")
        assert plan.exists()
        with root.claim() as again:
            assert not again
        open_item("s3://bucket/prefix/run/case")
        assert plan.exists()
    open_item("s3://bucket/prefix")
    assert not plan.exists()


def test_times_of_jobs_are_kept(root, memory):
    place = Path(".quakeloom/s3/bucket/prefix/run/benchmarks/stress/2019.tsv")
    place.parent.mkdir(parents=True)
    place.write_text("s\n1.0\n")
    open_item("s3://bucket/prefix")
    assert place.exists()
    root.store.send_timings(root.key)
    assert "prefix/run/benchmarks/stress/2019.tsv" in keys(memory)
    Path(".quakeloom").rename("elsewhere")
    again = open_item("s3://bucket/prefix") / "run" / "benchmarks" / "stress"
    assert [read_text(i) for i in again.children()] == ["s\n1.0\n"]


def test_scratch_of_processes_that_are_gone_is_removed(root):
    import socket

    scratch = Path(".quakeloom/s3/bucket/.scratch")
    gone, other = scratch / f"{socket.gethostname()}.4194305.0", scratch / "other-machine.1.0"
    for folder in (gone, other):
        folder.mkdir(parents=True)
    with root.store.write((root / "x.txt").key) as path:
        path.write_text("")
        open_item("s3://bucket/prefix")
        assert path.exists()
    assert [f.name for f in scratch.iterdir()] == [other.name]


def test_the_digest_of_what_was_sent_is_known_once_and_read_then(root, memory):
    item = root / "x.bin"
    write_bytes(item, b"sent")
    obstore.put(memory, item.key, b"changed behind our back")
    assert item.digest() != item.digest()
    assert item.digest() == item.digest()


def test_a_large_file_is_read_in_pieces(root, monkeypatch):
    from quakeloom.store import _object_reader

    for module in (_objects, _object_reader):
        monkeypatch.setattr(module, "PIECE", 1000)
    content = np.random.default_rng(3).bytes(5500)
    write_bytes(root / "x.bin", content)
    _objects._sent.clear()
    assert root.store.read((root / "x.bin").key) == content
    write_bytes(root / "on-disk.bin", content)
    assert (root / "x.bin").digest() == (root / "on-disk.bin").digest()
    with (root / "x.bin").open() as stream:
        assert stream.read(3) == content[:3]
        assert stream.seek(-10, 2) == 5490
        assert stream.read() == content[-10:]
        stream.seek(2000)
        assert stream.read(2000) == content[2000:4000]
    table = make_table("events", {"event_id": [f"e{i:06d}" for i in range(3000)]})
    write_table(root / "events.parquet", "events", table)
    found = read_table(root / "events.parquet", "events")
    assert found.column("event_id").equals(table.column("event_id"))
    write_bytes(root / "empty.bin", b"")
    assert root.store.read((root / "empty.bin").key) == b""


def test_a_second_name_is_a_copy_in_the_storage(root):
    write_bytes(root / "a.bin", b"1")
    link_item(root / "a.bin", root / "b.bin")
    write_bytes(root / "a.bin", b"2")
    assert root.store.read((root / "b.bin").key) == b"1"
    with pytest.raises(InputError, match="none is missing"):
        link_item(root / "none", root / "c.bin")


def test_items_travel_to_other_processes(root):
    assert pickle.loads(pickle.dumps(root)) == root
    assert isinstance(root, Item)


def test_what_needs_this_machine_says_so(root):
    with pytest.raises(InputError, match="no file of this machine"):
        root.local  # noqa: B018
    with pytest.raises(InputError, match="nothing around the bucket"):
        open_item("s3://bucket").parent  # noqa: B018


def test_results_are_tried_by_writing(memory):
    assert str(open_results("s3://bucket/x")) == "s3://bucket/x"
    assert str(open_folder("s3://bucket/x")) == "s3://bucket/x"
    assert keys(memory) == []


def test_without_the_library_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(InputError, match=r"pip install 'quakeloom\[s3\]'"):
        open_item("s3://bucket/x")


@pytest.mark.parametrize(
    ("text", "said", "kind"),
    [
        ("404 Not Found: <Error><Code>NoSuchBucket</Code></Error>", "no bucket s3://b", InputError),
        ("status code: 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code>",
         r"refused \(InvalidAccessKeyId\)", InputError),
        ("GET http://x in 1s, after 8 retries, max_retries: 8 - Server returned non-2xx status "
         "code: 503 Service Unavailable: x", "answers 503 Service Unavailable after 8 retries",
         StorageError),
        ("PUT http://x in 8s, after 3 retries - HTTP error: error sending\n kind: Timeout,",
         "does not answer in time after 3 retries", StorageError),
        ("PUT http://x in 8s, after 3 retries - HTTP error: error sending\n kind: Connect,",
         "no server answers", StorageError),
        ("GET http://169.254.169.254/latest in 8s, after 3 retries - HTTP error",
         "no credentials for s3://b", InputError),
    ],
)  # fmt: skip
def test_errors_of_the_library_are_one_line_that_says_what_to_do(text, said, kind):
    from obstore.exceptions import GenericError

    found = what_it_means(GenericError(f"Generic S3 error: {text}"), "s3://b/x")
    assert isinstance(found, kind)
    with pytest.raises(kind, match=said):
        raise found
    assert len(str(found).splitlines()) == 1


def test_other_errors_are_left_as_they_are():
    assert what_it_means(ValueError("x"), "s3://b/x") is None
    assert what_it_means(FileNotFoundError(2, "No such file"), "s3://b/x") is None


def test_credentials_are_taken_from_the_files_of_the_aws_command(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = A\naws_secret_access_key = B\n[mine]\n"
        "aws_access_key_id = C\naws_secret_access_key = D%x\naws_session_token = T\n"
    )
    (tmp_path / "config").write_text(
        "[profile mine]\nregion = eu-north-1\nendpoint_url = http://h:1\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    found = _object_client._amazon_settings()
    assert found == {"access_key_id": "A", "secret_access_key": "B", "region": "us-east-1"}
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert _object_client._amazon_settings() == {
        "access_key_id": "C", "secret_access_key": "D%x", "session_token": "T",
        "endpoint": "http://h:1", "region": "eu-north-1",
    }  # fmt: skip
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://other:2")
    assert _object_client._amazon_settings() == {
        "endpoint": "http://other:2", "region": "us-west-2",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["many", "-1"])
def test_a_wrong_number_of_tries_is_refused(monkeypatch, text):
    monkeypatch.setenv(_object_client.TRIES_VARIABLE, text)
    with pytest.raises(InputError, match="QUAKELOOM_STORAGE_TRIES"):
        _object_client._open_client("s3", "bucket", -1)


def test_a_failed_write_leaves_what_was_there(root):
    write_bytes(root / "x", b"old")

    def fail():
        with atomic_file(root / "x") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert root.store.read((root / "x").key) == b"old"
    assert (root / "x").digest() == (root / "x").digest()
