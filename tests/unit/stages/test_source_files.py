"""Sources are files, folders and patterns, whatever their names are."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.config import parse_settings
from quakeloom.core import InputError
from quakeloom.stages.ingest.source_files import source_files
from quakeloom.stages.ingest.verbs import ingest_sources
from quakeloom.stages.without_a_run.source_checks import check_sources
from quakeloom.store import RunLayout, open_folder, read_table

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


PICKS = "event_id,network,station,phase,time\n"
EVENTS = "event_id,origin_time,longitude,latitude,depth_km\n"


@pytest.fixture
def two_sources(tmp_path):
    """Events, and picks in another file that are so many seconds after them."""

    def write(seconds: list[float]):
        origin = np.datetime64("2020-05-01T12:00:00", "ms")
        (tmp_path / "events.csv").write_text(f"{EVENTS}e,{origin}Z,138,36,10\n")
        rows = "".join(
            f"e,XX,S{i},P,{origin + np.timedelta64(round(s * 1e3), 'ms')}Z\n"
            for i, s in enumerate(seconds)
        )
        (tmp_path / "picks.csv").write_text(PICKS + rows)
        return parse_settings(
            {
                "name": "x",
                "data": str(tmp_path),
                "sources": [{"path": "events.csv"}, {"path": "picks.csv"}],
                "takeoff": {"angles": "given"},
            }
        )

    return write


@pytest.mark.parametrize("hours", [0, 1, 2, 9, -8])
def test_picks_in_local_time_are_put_aside_and_told_by_plan_and_check(two_sources, tmp_path, hours):
    settings = two_sources([3600.0 * hours + s for s in (2.0, 4.0, 9.0)])
    said: list[str] = []
    layout = RunLayout(open_folder(tmp_path / "results"))
    ingested = ingest_sources(settings, layout, open_folder(tmp_path / "cache"), said.append)
    (rows,) = ingested.partitions
    aside = read_table(layout.rows(rows.partition) / "rejects.parquet", "rejects").to_pylist()
    _, doubts = check_sources(settings)
    if not hours:
        assert (rows.picks, aside, doubts) == (3, [], [])
        return
    side = "after" if hours > 0 else "before"
    assert rows.picks == 0
    assert {r["record"] for r in aside} == {"pick"}
    for text in (said[-1], doubts[0], aside[0]["reason"]):
        assert f"{abs(hours)} hour{'s' * (hours != 1)} {side} their events" in text
