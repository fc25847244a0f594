"""Sources and archives in an object storage are found as files of a folder are."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakeloom.store import (
    InputDigests,
    archive_file,
    digest_input,
    find_input,
    find_velocity_model,
    input_name,
    input_place,
    input_stamp,
    is_input,
    list_archive,
    list_inputs,
    read_input_text,
    walk_inputs,
)
from quakeloom.store import _object_inputs as inputs

obstore = pytest.importorskip("obstore", reason="pip install 'quakeloom[s3]'")

DATA = "s3://bucket/data"
FILES = ("events_1.csv", "events_2.csv", "stations.csv", "._events_3.csv", "sds/2019/a.mseed",
         "sds/2019/b.mseed", "sds/2020/a.mseed", "model.txt")  # fmt: skip


@pytest.fixture
def memory(tmp_path, monkeypatch):
    from obstore.store import MemoryStore

    made = MemoryStore()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inputs, "open_client", lambda scheme, bucket: made)
    inputs._brought.clear()
    inputs._stamps.clear()
    for name in FILES:
        obstore.put(made, f"data/{name}", name.encode())
    return made


def on_disk(tmp_path: Path) -> str:
    for name in FILES:
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return str(tmp_path / "data")


@pytest.mark.parametrize(
    "pattern",
    ["events_*.csv", "events_?.csv", "stations.csv", "*.csv", "none.csv", "*.none", "sds/*/a.mseed",
     "sds/2019", "sds/**/*.mseed", ""],
)  # fmt: skip
def test_names_folders_and_patterns_stand_for_the_same_files_as_on_disk(memory, tmp_path, pattern):
    folder = on_disk(tmp_path)
    wanted = [p.relative_to(folder) for p in list_inputs(folder, pattern)]
    base = input_place(DATA, "")
    assert [p.relative_to(base) for p in list_inputs(DATA, pattern)] == wanted
    assert all(p.read_text() == str(p.relative_to(base)) for p in list_inputs(DATA, pattern))


def test_an_address_as_a_name_goes_before_the_data_folder(memory):
    (file,) = list_inputs("/data/here", "s3://bucket/data/stations.csv")
    assert file.read_text() == "stations.csv"
    assert find_input("/data/here", f"{DATA}/model.txt").read_text() == "model.txt"
    assert find_input(DATA, "none.txt") is None
    assert find_velocity_model(DATA, "model.txt").name == "model.txt"
    assert find_velocity_model(DATA, "generic_crust").name == "generic_crust.txt"


def test_copies_are_kept_until_the_object_changes(memory):
    first = find_input(DATA, "stations.csv")
    before, stamp = digest_input(first), input_stamp(first)
    kept = InputDigests({}).of(first)
    obstore.put(memory, "data/stations.csv", b"longer than before")
    assert find_input(DATA, "stations.csv").read_text() == "stations.csv"  # within one command
    inputs._brought.clear()
    second = find_input(DATA, "stations.csv")
    assert second == first
    assert second.read_text() == "longer than before"
    assert (digest_input(second), input_stamp(second)) != (before, stamp)
    assert InputDigests({}).of(second) != kept
    obstore.delete(memory, "data/stations.csv")
    inputs._brought.clear()
    assert find_input(DATA, "stations.csv") is None


@pytest.mark.parametrize(
    ("name", "count"), [("sds", 3), ("sds/2019", 2), ("sds/*/a.mseed", 2), ("sds/2020/a.mseed", 1)]
)
def test_files_of_an_archive_are_listed_and_read_without_staying(memory, name, count):
    found = list_archive(DATA, name)
    assert len(found.files) == count
    for file in found.files:
        assert is_input(file)
        assert file.is_relative_to(found.below)
        assert input_name(file) == f"{DATA}/{file.relative_to('s3:/bucket/data')}"
        assert input_stamp(file)[0] == len(input_name(file)) - len(DATA) - 1
        with archive_file(file) as place:
            assert place.name == file.name
            assert input_name(file).endswith(read_input_text(place))
        assert not place.exists()
    assert not list(Path().rglob("*.mseed"))
    assert list_archive("/data/here", "sds") is None


def test_what_is_not_there_is_nothing(memory, tmp_path):
    assert list_archive(DATA, "none").files == []
    assert list(walk_inputs(Path("s3:/bucket/data/none"))) == []
    assert not is_input(Path("s3:/bucket/data/none"))
    with pytest.raises(FileNotFoundError):
        input_stamp(Path("s3:/bucket/data/none"))
    (tmp_path / "x").write_text("here")
    with archive_file(tmp_path / "x") as place:
        assert place == tmp_path / "x"
