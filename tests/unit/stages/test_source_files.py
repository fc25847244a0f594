"""Sources are files, folders and patterns, whatever their names are."""

from __future__ import annotations

import pytest

from quakeloom.config import parse_settings
from quakeloom.core import InputError
from quakeloom.stages.ingest.verbs import source_files

NAMES = ["a-1.csv", "a-2.csv", "b [old].csv", "it's a b.csv", "._a-1.csv", ".hidden.csv"]


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data [2021]"
    (data / "cat" / "inner").mkdir(parents=True)
    for name in NAMES:
        (data / name).write_text("x")
        (data / "cat" / name).write_text("x")
    (data / "cat" / "inner" / "c.csv").write_text("x")
    return data


def names(folder, *paths: str) -> list[str]:
    settings = parse_settings(
        {
            "name": "x",
            "data": str(folder),
            "sources": [{"path": p} for p in paths],
            "takeoff": {"models": ["generic_crust"]},
        }
    )
    return [name for _, _, name in source_files(settings)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a-1.csv", ["a-1.csv"]),
        ("a-*.csv", ["a-1.csv", "a-2.csv"]),
        ("*a-1.csv", ["a-1.csv"]),
        ("._a-1.csv", ["._a-1.csv"]),
        (".*.csv", ["._a-1.csv", ".hidden.csv"]),
        ("b [old].csv", ["b [old].csv"]),
        ("it's a b.csv", ["it's a b.csv"]),
        ("a-[12].csv", ["a-1.csv", "a-2.csv"]),
        ("cat", ["cat/a-1.csv", "cat/a-2.csv", "cat/b [old].csv", "cat/it's a b.csv"]),
        ("cat/", ["cat/a-1.csv", "cat/a-2.csv", "cat/b [old].csv", "cat/it's a b.csv"]),
        ("cat/*-2.csv", ["cat/a-2.csv"]),
        ("**/c.csv", ["cat/inner/c.csv"]),
        ("*/*-1.csv", ["cat/a-1.csv"]),
    ],
)
def test_a_source_stands_for_its_files(folder, path, expected):
    assert names(folder, path) == expected


def test_an_absolute_pattern_and_another_folder_are_found(folder, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "z.csv").write_text("x")
    assert names(folder, f"{plain}/*.csv") == ["z.csv"]
    assert names(folder, "../plain/*.csv")[0].endswith("z.csv")


@pytest.mark.parametrize("path", ["none.csv", "none-*.csv", "b [new].csv"])
def test_what_is_not_there_is_an_error_with_the_place(folder, path):
    with pytest.raises(InputError, match="does not exist"):
        names(folder, path)


def test_a_folder_without_files_is_named(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="is a folder without files"):
        names(folder, "empty")
