"""Times in tables are those of a moment, or left out with a reason."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import read_mechanisms, read_source
from quakeloom.formats._mechanism_tables import Rejects

WHOLE = {
    "2020-01-31T12:34:56.789Z": "2020-01-31T12:34:56.789",
    "20200131T123456.789": "2020-01-31T12:34:56.789",
    "20200131123456.789": "2020-01-31T12:34:56.789",
    "2020/01/31 12:34:56,789": "2020-01-31T12:34:56.789",
    "2020-01-31T21:34:56+09:00": "2020-01-31T12:34:56",
    "2016-12-31T23:59:60Z": "2017-01-01T00:00:00",
    "2020-01-31T24:00:00": "2020-02-01T00:00:00",
    "1614834367.25": "2021-03-04T05:06:07.25",
}
COARSE = ["2020-01-31", "20200131", "2020-01-31T12", "2020-01-31 12:34", "2020-01-31T12:34Z"]
NONE = [
    "1614834367",
    "1614834367000",
    "1712011200",
    "2021-02-29T00:00:00",
    "2021-13-01T00:00:00",
    "2021-366T00:00:00",
    "21-03-04T05:06:07",
    "03/04/2021 05:06:07",
    "05:06.3",
    "43893.5",
]


def stamp(value) -> str | None:
    return value.tz_localize(None).isoformat().removesuffix("000") if value is not None else None


def as_csv(path, table: str, column: str, cells: list[str]) -> None:
    heads = {
        "events": "event_id,longitude,latitude",
        "picks": "event_id,station,phase",
        "polarities": "event_id,station,polarity",
        "stations": "station,longitude,latitude",
        "mechanisms": "event_id,strike,dip,rake",
    }
    rows = {
        "events": "e{},139,35",
        "picks": "e,S{},P",
        "polarities": "e,S{},1",
        "stations": "S{},139,35",
        "mechanisms": "e{},10,20,30",
    }
    lines = [f'{rows[table].format(i)},"{cell}"' for i, cell in enumerate(cells)]
    path.write_text("\n".join([f"{heads[table]},{column}", *lines]) + "\n")


def as_parquet(path, column: str, values: pa.Array) -> None:
    count = len(values)
    base = {"event_id": [f"e{i}" for i in range(count)], "longitude": [1.0] * count,
            "latitude": [2.0] * count}  # fmt: skip
    pq.write_table(pa.table({**base, column: values}), path)


@pytest.mark.parametrize(("cell", "moment"), WHOLE.items())
@pytest.mark.parametrize(
    ("table", "column"),
    [("events", "origin_time"), ("picks", "time"), ("polarities", "arrival_time")],
)
def test_a_time_to_the_second_is_read(tmp_path, cell, moment, table, column):
    as_csv(tmp_path / "a.csv", table, column, [cell])
    tables = read_source(tmp_path / "a.csv", "csv", table=table)
    (value,) = getattr(tables, table).column(column).to_pylist()
    assert dt.datetime.fromisoformat(stamp(value)) == dt.datetime.fromisoformat(moment)
    assert tables.rejects.num_rows == 0


@pytest.mark.parametrize("cell", COARSE)
def test_a_day_or_a_minute_is_no_time_of_a_pick(tmp_path, cell):
    as_csv(tmp_path / "a.csv", "picks", "time", ["2020-01-31T12:34:56", cell])
    tables = read_source(tmp_path / "a.csv")
    assert tables.picks.num_rows == 1
    assert f"'{cell}' is not given to the second" in tables.rejects.column("reason")[0].as_py()


@pytest.mark.parametrize("cell", COARSE)
@pytest.mark.parametrize("table", ["events", "mechanisms"])
def test_an_event_of_a_day_is_kept_without_a_time_and_said_so(tmp_path, cell, table):
    path = tmp_path / "a.csv"
    as_csv(path, table, "origin_time", ["2020-01-31T12:34:56", cell])
    if table == "mechanisms":
        rejects = Rejects(path)
        rows, said = read_mechanisms(path, rejects), rejects.table()
    else:
        tables = read_source(path)
        rows, said = tables.events, tables.rejects
    assert rows.column("origin_time").is_valid().to_pylist() == [True, False]
    assert "the row is kept without it" in said.column("reason")[0].as_py()


@pytest.mark.parametrize("cell", COARSE[:2])
def test_a_day_begins_and_ends_the_time_of_a_station(tmp_path, cell):
    as_csv(tmp_path / "a.csv", "stations", "start_time", [cell])
    tables = read_source(tmp_path / "a.csv")
    assert stamp(tables.stations.column("start_time")[0].as_py()) == "2020-01-31T00:00:00"
    assert tables.rejects.num_rows == 0


@pytest.mark.parametrize("cell", NONE)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("events", "origin_time"),
        ("picks", "time"),
        ("polarities", "arrival_time"),
        ("stations", "start_time"),
    ],
)
def test_what_is_no_time_is_put_aside_with_its_row(tmp_path, cell, table, column):
    as_csv(tmp_path / "a.csv", table, column, ["2020-01-31T12:34:56", cell])
    tables = read_source(tmp_path / "a.csv", "csv", table=table)
    assert getattr(tables, table).num_rows == 1
    assert f"'{cell}' is no time" in tables.rejects.column("reason")[0].as_py()


PLACED = "1.0,2.0,3.0"


@pytest.mark.parametrize(
    ("header", "cells", "moment"),
    [
        ("date,time", "2023-05-06,19:05:01.3", "2023-05-06T19:05:01.300000"),
        ("Date,Time", "2023/05/06,19:05:01", "2023-05-06T19:05:01"),
        ("date,time", "2023-05-06,", None),
        ("year,month,day,hour,minute,second", "2023,5,6,9,5,1.3", "2023-05-06T09:05:01.300000"),
        ("Yr,Mon,Day,Hr,Min,Sec", "2023,05,06,19,05,60.0", "2023-05-06T19:06:00"),
        ("year,month,day,hour,minute,second", "2023,5,6,,,", None),
        ("year,month,day,hour,minute,second", "2023,5,6,9,,1", None),
    ],
)
def test_a_time_in_several_columns_is_put_together(tmp_path, header, cells, moment):
    path = tmp_path / "a.csv"
    path.write_text(f"id,{header},lat,lon,depth\na,{cells},{PLACED}\n")
    tables = read_source(path)
    (time,) = tables.events.column("origin_time").to_pylist()
    if moment is None:
        assert time is None
        assert "the row is kept without it" in tables.rejects.column("reason")[0].as_py()
    else:
        assert time.replace(tzinfo=None) == dt.datetime.fromisoformat(moment)
        assert tables.rejects.num_rows == 0


@pytest.mark.parametrize("end", ["2599-12-31T23:59:59", "2500-12-31", "3000/01/01", "9999-12-31"])
def test_the_far_future_is_no_end_of_a_station(tmp_path, end):
    as_csv(tmp_path / "a.csv", "stations", "end_time", [end])
    tables = read_source(tmp_path / "a.csv")
    assert tables.stations.column("end_time").to_pylist() == [None]
    assert tables.rejects.num_rows == 0


def test_whole_numbers_of_parquet_are_no_times(tmp_path):
    """The unit of 1614834367 is not said; taken for nanoseconds it would be 1.6 s after 1970."""
    as_parquet(tmp_path / "a.parquet", "origin_time", pa.array([1614834367, 1614834368]))
    with pytest.raises(FormatError, match="origin_time 1614834367 is a number, whose unit"):
        read_source(tmp_path / "a.parquet")


def test_days_of_parquet_are_no_times_of_events(tmp_path):
    as_parquet(tmp_path / "a.parquet", "origin_time", pa.array([dt.date(2021, 3, 4)]))
    with pytest.raises(FormatError, match="a day without a time"):
        read_source(tmp_path / "a.parquet")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_parquet_have_their_unit(tmp_path, unit):
    moment = dt.datetime(2021, 3, 4, 5, 6, 7)
    as_parquet(tmp_path / "a.parquet", "origin_time", pa.array([moment], pa.timestamp(unit)))
    (time,) = read_source(tmp_path / "a.parquet").events.column("origin_time").to_pylist()
    assert time.replace(tzinfo=None) == moment
