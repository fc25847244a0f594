"""Twenty-odd kinds of broken input: no traceback, nothing lost, each named.

A defect of a row is a row in ``rejects`` and the run goes on; a file that is not what it
was said to be stops planning with one message that names it, and exit code 2.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import compute_run, quakeloom, write_config

from quakeloom.store import RunLayout, read_table

EVENTS, POLARITIES = "events_2019-01.csv", "polarities_2019-01.csv"


def edit(folder: Path, name: str, change) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


def replace_cell(row: int, column: int, value: str):
    """Change one cell of a CSV file; row 0 is the heading."""

    def change(data: bytes) -> bytes:
        lines = data.decode().splitlines()
        cells = lines[row].split(",")
        cells[column] = value
        lines[row] = ",".join(cells)
        return ("\n".join(lines) + "\n").encode()

    return change


def compute(folder: Path) -> RunLayout:
    return compute_run(write_config(folder), folder / "results")


ROWS = {
    "latitude beyond the pole": (EVENTS, replace_cell(3, 3, "91.5"), "event", "latitude"),
    "huge number": (EVENTS, replace_cell(3, 2, "1e308"), "event", "longitude"),
    "text in a number": (EVENTS, replace_cell(3, 4, "deep"), "event", "depth_km"),
    "infinite depth": (EVENTS, replace_cell(3, 4, "inf"), "event", "depth_km"),
    "no such date": (EVENTS, replace_cell(3, 1, "2019-02-31T00:00:00Z"), "event", "origin_time"),
    "no event id": (EVENTS, replace_cell(3, 0, ""), "event", "event_id"),
    "doubled event": (EVENTS, replace_cell(3, 0, "ev2019-01-000"), "event", "doubled"),
    "line cut short": (EVENTS, lambda d: d[: d.rindex(b",") - 6], "row", "cells"),
    "polarity neither up nor down": (POLARITIES, replace_cell(3, 4, "7"), "polarity", "polarity"),
    "polarity in words": (POLARITIES, replace_cell(3, 4, "sideways"), "polarity", "polarity"),
    "azimuth beyond the circle": (POLARITIES, replace_cell(3, 6, "400"), "polarity", "azimuth"),
    "take-off angle beyond": (POLARITIES, replace_cell(3, 7, "-3"), "polarity", "takeoff"),
    "unknown event": (POLARITIES, replace_cell(3, 0, "nobody"), "polarity", "no event"),
    "no station": (POLARITIES, replace_cell(3, 2, ""), "polarity", "station"),
    "stray quote": (POLARITIES, replace_cell(3, 2, '"S01'), "row", "quot"),
    "one comma too many": (POLARITIES, replace_cell(3, 8, "5,9"), "row", "cells"),
    "bytes of another encoding": (POLARITIES, lambda d: d.replace(b"S01", b"S\xff1", 1), "", ""),
    "null bytes": (POLARITIES, lambda d: d.replace(b"S01", b"S\x001", 1), "", ""),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_broken_row_is_named_and_the_run_goes_on(catalog, kind):
    name, change, record, word = ROWS[kind]
    edit(catalog, name, change)
    layout = compute(catalog)
    rejects = read_table(layout.table("rejects"), "rejects").to_pylist()
    if record:
        hits = [
            r
            for r in rejects
            if r["source_file"] == name and record in r["record"] and word in r["reason"].lower()
        ]
        assert hits, f"{kind} is not named in {rejects[:3]}"
    assert all(r["source_file"] and r["reason"] for r in rejects)
    lines = sum(len(p.read_bytes().splitlines()) - 1 for p in catalog.glob("polarities_*.csv"))
    kept = read_table(layout.table("polarities"), "polarities").num_rows
    put_aside = sum(r["source_file"].startswith("polarities") for r in rejects)
    assert kept + put_aside >= lines, "a reading was lost"
    assert read_table(layout.table("mechanisms"), "mechanisms").num_rows >= 28


FILES = {
    "empty file": lambda d: b"",
    "blank lines only": lambda d: b"\n\n\n",
    "a picture": lambda d: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "headings of another table": lambda d: d.replace(b"event_id", b"name", 1).replace(
        b"polarity", b"sign", 1
    ),
    "a zip archive": lambda d: b"PK\x03\x04" + d,
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_something_else_stops_the_plan_with_its_name(catalog, kind):
    edit(catalog, POLARITIES, FILES[kind])
    done = quakeloom(
        "plan", "--config", catalog / "tiny.yaml", "--results", catalog / "results", check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert POLARITIES in done.stderr


@pytest.mark.parametrize("kind", ["wrong encoding", "swapped columns", "truncated in the middle"])
def test_damage_to_a_whole_file_is_told_row_by_row(catalog, kind):
    change = {
        "wrong encoding": lambda d: d.decode().encode("utf-16"),
        "swapped columns": lambda d: d.replace(
            b"azimuth_deg,takeoff_deg", b"takeoff_deg,azimuth_deg"
        ),
        "truncated in the middle": lambda d: d[: len(d) // 2],
    }[kind]
    edit(catalog, POLARITIES, change)
    layout = compute(catalog)
    rejects = read_table(layout.table("rejects"), "rejects").to_pylist()
    named = any(r["source_file"] == POLARITIES for r in rejects)
    # UTF-16 with its mark is text like any other
    assert named == (kind != "wrong encoding")


def test_a_missing_file_and_a_wrong_format_are_named(catalog):
    for sources, words in (
        ([{"path": "nothing_*.csv"}], ["nothing_*.csv", "does not exist"]),
        ([{"path": EVENTS, "format": "cvs"}], ["cvs", "one of"]),
        ([{"path": EVENTS, "options": {"tabel": "events"}}], ["tabel", "table"]),
        ([{"path": EVENTS, "format": "quakeml"}], [EVENTS]),
    ):
        write_config(catalog, sources=sources)
        done = quakeloom(
            "plan", "--config", catalog / "tiny.yaml", "--results", catalog / "r", check=False
        )
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        for word in words:
            assert word in done.stderr


def test_typing_errors_on_the_command_line_are_answered(tmp_path):
    for arguments, word in (
        (["rum"], "No such command"),
        (["run", "--config", "config/demp.yaml"], "Did you mean"),
        (["config", "explain", "mechanism.trails"], "mechanism.trials"),
        (["mechanism", "part", "2019-01", "--run", str(tmp_path)], "no plan"),
        (["compare", str(tmp_path / "a"), str(tmp_path / "b")], "does not exist"),
        (["schema", "event"], "events"),
        (["report", "--run", str(tmp_path)], "no plan"),
    ):
        done = quakeloom(*arguments, check=False)
        assert done.returncode in (1, 2), arguments
        assert "Traceback" not in done.stderr
        assert word in done.stderr, (arguments, done.stderr)
