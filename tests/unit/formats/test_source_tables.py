"""Rows collected one by one become registered tables."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from quakeloom.core import SchemaError
from quakeloom.formats import SourceTables, read_source
from quakeloom.formats._source_tables import (
    SOURCE_TABLES,
    Rejects,
    TableBuilder,
    put_aside_non_events,
)
from quakeloom.schema import make_table, table_schema


def test_source_tables_are_empty_registered_tables_at_first():
    tables = SourceTables()
    assert tuple(tables.counts()) == SOURCE_TABLES
    for name in SOURCE_TABLES:
        assert getattr(tables, name).schema == table_schema(name)


def test_absent_columns_have_their_missing_value():
    builder = TableBuilder("polarities", source_file="f")
    builder.add(event_id="1", station="A", polarity=1)
    builder.add(event_id="1", station="B", azimuth_deg=None, pick_weight=None)
    first, second = builder.table().to_pylist()
    assert (first["pick_weight"], second["polarity"]) == (-1, 0)
    assert np.isnan([first["azimuth_deg"], second["azimuth_deg"]]).all()
    assert first["arrival_time"] is None
    assert {first["source_file"], second["source_file"]} == {"f"}


def test_times_come_as_nanoseconds_datetime64_or_datetime():
    builder = TableBuilder("events")
    builder.add(event_id="1", origin_time=86_400_000_000_123)
    builder.add(event_id="2", origin_time=np.datetime64("1970-01-02T00:00:00.000000123"))
    builder.add(event_id="3", origin_time=dt.datetime(1970, 1, 2))
    builder.add(event_id="4")
    times = builder.table().column("origin_time").to_numpy()
    assert times.astype("datetime64[ns]").view("int64").tolist() == [
        86_400_000_000_123,
        86_400_000_000_123,
        86_400_000_000_000,
        np.iinfo(np.int64).min,
    ]


def test_many_rows_are_kept_in_order_across_blocks():
    builder = TableBuilder("events")
    for i in range(150_000):
        builder.add(event_id=str(i), source_line=i)
    table = builder.table()
    assert len(builder) == table.num_rows == 150_000
    assert np.array_equal(table.column("source_line").to_numpy(), np.arange(150_000))


def test_unknown_tables_and_columns_are_refused():
    with pytest.raises(SchemaError, match="'nothing'"):
        TableBuilder("nothing")
    builder = TableBuilder("events")
    builder.add(event_id="1", speed=3)
    with pytest.raises(SchemaError, match="'speed'"):
        builder.table()


def test_the_text_of_a_reject_is_cut():
    rejects = Rejects("f")
    rejects.add(7, "event", "why", "x" * 1000 + "\n", "e", "s")
    row = rejects.table().to_pylist()[0]
    assert (len(row["text"]), row["source_line"], row["source_file"]) == (200, 7, "f")


def test_events_that_are_none_are_put_aside_in_any_format_with_their_readings(tmp_path):
    (tmp_path / "events.csv").write_text(
        "event_id,longitude,latitude,event_type\na,1,2,Earthquake\nb,1,2,not_existing\n"
        "c,1,2,quarry_blast\n"
    )
    tables = read_source(tmp_path / "events.csv")
    assert tables.events.column("event_id").to_pylist() == ["a", "c"]
    assert tables.events.column("event_type").to_pylist() == ["earthquake", "quarry blast"]
    assert tables.rejects.column("reason").to_pylist() == ["its type is 'not existing'"]
    rows = make_table("events", {"event_id": ["a", "b"], "event_type": ["", "duplicate"]})
    picks = make_table(
        "picks", {"event_id": ["b", "a"], "station": ["X", "Y"], "source_line": [7, 8]}
    )
    left = put_aside_non_events(SourceTables(events=rows, picks=picks))
    assert left.picks.column("station").to_pylist() == ["Y"]
    told = left.rejects.select(["record", "station", "source_line"]).to_pylist()
    assert [tuple(r.values()) for r in told] == [("event", "", -1), ("pick", "X", 7)]
