"""Where tables belong to stations: those that moved, that have no network code, and the sides."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from test_locate_simulps import (
    CONSTANT,
    PLACES,
    located,
    network,
    picks_of,
    position,
    settings_of,
    straight,
    write_model,
)

from quakeloom.schema import make_table
from quakeloom.stages.locate.places import station_of, station_places
from quakeloom.stages.readings.station_epochs import StationPlaces
from quakeloom.store import open_item, read_table

SOURCE = (8.0, 2.0, -1.0)


@pytest.fixture
def model(tmp_path):
    return settings_of(write_model(tmp_path / "MOD", *CONSTANT))


def renamed(table, **columns):
    """The table with one value in every row of some columns."""
    for name, value in columns.items():
        column = pa.array([value] * table.num_rows, table.schema.field(name).type)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table


def test_times_are_to_where_a_station_stood_then(tmp_path, model):
    """Three stations stood elsewhere until 2015; the picks are of 2020. The order never matters."""
    now = network()
    moved = now.slice(0, 3).to_pydict()
    moved["longitude"] = [v + 0.05 for v in moved["longitude"]]
    moved["end_time"] = [np.datetime64("2015-01-01T00:00:00", "ns")] * 3
    before = make_table("stations", moved, rows=3)
    later = now.to_pydict()
    since = np.datetime64("2015-01-01T00:00:00", "ns")
    later["start_time"] = [since] * 3 + [None] * (len(PLACES) - 3)
    now = make_table("stations", later, rows=len(PLACES))
    for number, stations in enumerate(
        (pa.concat_tables([before, now]), pa.concat_tables([now, before]))
    ):
        out = tmp_path / f"out{number}"
        (found,) = located(model, picks_of([SOURCE], straight), stations, out)
        assert found["status"] == "located"
        np.testing.assert_allclose(position(found), SOURCE, atol=0.15)
        arrivals = read_table(open_item(out) / "arrivals.parquet", "arrivals")
        assert np.abs(arrivals.column("residual_s").to_numpy()).max() < 0.03


@pytest.mark.parametrize(
    ("in_picks", "in_stations"), [("", "XX"), ("XX", ""), ("YY", "XX"), ("", "")]
)
def test_a_station_is_found_in_the_tables_as_in_the_list(tmp_path, model, in_picks, in_stations):
    """By the code alone where the network is missing or another one, as everywhere."""
    picks = renamed(picks_of([SOURCE], straight), network=in_picks)
    stations = renamed(network(), network=in_stations)
    (found,) = located(model, picks, stations, tmp_path / "out")
    assert found["status"] == "located"
    assert found["pick_count"] == 2 * len(PLACES)
    np.testing.assert_allclose(position(found), SOURCE, atol=0.15)


def test_events_beside_the_model_are_outside_of_it(tmp_path, model):
    """The grid ends 24 km from its middle on all sides; rays go on straight."""
    sources = [(8.0, 28.0, 0.0), (8.0, 0.0, -31.0), (8.0, 29.0, 29.0), (8.0, 20.0, -20.0)]
    found = located(
        model.model_copy(update={"radius_km": 60}), picks_of(sources, straight), network(),
        tmp_path / "out",
    )  # fmt: skip
    assert [f["status"] for f in found] == ["outside_model"] * 3 + ["located"]
    np.testing.assert_allclose(position(found[3]), sources[3], atol=0.5)


def test_rows_of_one_place_are_one_and_moves_are_counted():
    rows = {
        "network": ["XX"] * 4, "station": ["A", "A", "A", "B"],
        "longitude": [140.0, 140.0005, 140.02, 140.0], "latitude": [36.0] * 4,
        "elevation_m": [100.0, 103.0, 100.0, np.nan],
    }  # fmt: skip
    places = station_places(make_table("stations", rows, rows=4))
    assert places.names == ("XX.A", "XX.A#2", "XX.B")
    assert [station_of(n) for n in places.names] == ["XX.A", "XX.A", "XX.B"]
    assert places.depth_km.tolist() == [-0.1, -0.1, 0.0]
    names = np.array(["XX.A", "XX.A", "A", "XX.B", "XX.C", ".D"], dtype=object)
    longitude = np.array([140.0, 140.02, 140.02, 140.0, 141.0, np.nan])
    elevation = np.array([100.0, 100.0, 100.0, np.nan, 0.0, np.nan])
    found = StationPlaces(longitude, np.full(6, 36.0), elevation, np.full(6, "", dtype=object))
    at = places.names_at(names, found)
    assert at.tolist() == ["XX.A", "XX.A#2", "XX.A#2", "XX.B", "XX.C", ".D"]
