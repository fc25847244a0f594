"""Of tables with a row for every reading the report holds what it shows, of a part of events."""

from __future__ import annotations

import pytest

from quakeloom.report import _large_tables
from quakeloom.report._large_tables import count_values, judged_events, read_shown
from quakeloom.schema import make_table
from quakeloom.store import RunLayout, write_table

EVENTS = [f"e{i}" for i in range(10)]


@pytest.fixture
def layout(tmp_path) -> RunLayout:
    layout = RunLayout(tmp_path)
    twice = [e for e in EVENTS for _ in range(2)]
    tables = {
        "events": {"event_id": EVENTS},
        "picks": {"event_id": twice, "station": ["A", "B"] * 10, "phase": ["P", "S"] * 10},
        "polarities": {"event_id": twice, "station": ["A", "B"] * 10},
    }
    for name, columns in tables.items():
        write_table(layout.table(name), name, make_table(name, columns))
    return layout


def test_all_events_of_a_small_catalog_are_judged(layout):
    assert judged_events(layout) is None
    assert read_shown(layout, "picks").num_rows == 20


def test_an_even_part_of_a_large_catalog_is_judged_and_all_is_counted(layout, monkeypatch):
    monkeypatch.setattr(_large_tables, "MOST_JUDGED", 4)
    picks = read_shown(layout, "picks")
    assert picks.column("event_id").unique().to_pylist() == ["e0", "e3", "e6", "e9"]
    assert picks.num_rows == 8
    assert count_values(layout, "picks", "phase") == {"P": 10, "S": 10}
    # mechanisms are drawn with the first motions of every event
    assert read_shown(layout, "polarities").num_rows == 20
    assert "source_file" not in read_shown(layout, "polarities").column_names


def test_what_is_not_there_counts_nothing(layout):
    assert count_values(layout, "windows", "window_status") == {}
