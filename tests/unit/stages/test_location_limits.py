"""What the stage locate says of hypocenters at its limits, and of events without picks."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from quakeloom.config import Locate
from quakeloom.core import InputError
from quakeloom.schema import make_table
from quakeloom.stages.locate.catalog import locate_tables, read_location_inputs
from quakeloom.stages.locate.ensembles import depth_limits, make_times
from quakeloom.stages.locate.events import count_at_limit, warn_of_limits
from quakeloom.stages.locate.places import station_places
from quakeloom.store import open_folder

STATIONS = make_table(
    "stations",
    {"network": ["X", "X"], "station": ["A", "B"], "longitude": [0.0, 0.1],
     "latitude": [0.0, 0.1], "elevation_m": [4000.0, 300.0]},
)  # fmt: skip


def test_hypocenters_at_the_least_depth_and_misfits_are_counted_in_words(caplog):
    table = make_table(
        "hypocenters",
        {"event_id": list("abcd"), "status": ["located", "located", "misfit", "outside_model"],
         "reason": ["", "at the least depth", "off", "edge"]},
    )  # fmt: skip
    assert count_at_limit(table) == 1
    with caplog.at_level(logging.WARNING):
        warn_of_limits(table, -1.0)
    assert "1 of 4 events lie at the least depth, locate.minimum_depth_km = -1 km" in caplog.text
    assert "the picks of 1 of 4 events do not fit" in caplog.text


def test_stations_above_the_search_are_told(tmp_path, caplog):
    (tmp_path / "m.txt").write_text("0 5\n40 7\n")
    locate = Locate(
        models=["m.txt"], members=0, minimum_depth_km=-1, maximum_depth_km=10, radius_km=10
    )
    with caplog.at_level(logging.WARNING):
        make_times(locate, str(tmp_path), station_places(STATIONS), [0.0], 0, tmp_path)
    assert "1 of 2 stations lie above the least depth" in caplog.text
    assert "the highest at -4 km" in caplog.text


def test_depths_that_are_searched_follow_the_stations_and_the_tables(caplog, tmp_path):
    assert depth_limits(Locate(models=["m"]), [0.0]) == (-1.0, 60.0)
    assert depth_limits(Locate(models=["m"]), [-4.0, -3.0]) == (-4.0, 60.0)
    assert depth_limits(Locate(models=["m"]), [0.0], 700.0) == (-1.0, 700.0)
    given = Locate(models=["m"], minimum_depth_km=0, maximum_depth_km=30)
    assert depth_limits(given, [-4.0], 700.0) == (0.0, 30.0)
    with pytest.raises(InputError, match=r"from 100 to 60 km are no range"):
        depth_limits(Locate(models=["m"], minimum_depth_km=100), [0.0])
    (tmp_path / "m.txt").write_text("0 5\n40 7\n")
    made = make_times(
        Locate(models=["m.txt"], members=0), str(tmp_path), station_places(STATIONS), [-4.0, -3.5],
        0, tmp_path,
    )  # fmt: skip
    assert made.limits_km == (-4.0, 60.0)
    assert made.times.depth_km[0] <= -4.0
    assert "above the least depth" not in caplog.text


def write_table(path, deepest, farthest):
    """Write times of 7 and 4 km/s as a table of the Japan Meteorological Agency has them."""
    path.write_text("\n".join(
        f"P {np.hypot(z, d) / 7:8.3f} S {np.hypot(z, d) / 4:8.3f} {z:3d} {d:6d}"
        for z in range(0, deepest + 1, 10) for d in range(0, farthest + 1, 10)
    ))  # fmt: skip


def picks_of(event, place, height_km=0.0):
    """Picks of 20 stations around the origin from an event (depth, east, north)."""
    random = np.random.default_rng(5)
    site = random.uniform(-60.0, 60.0, (20, 2))
    away = np.sqrt((place[0] + height_km) ** 2 + np.sum((site - place[1:]) ** 2, axis=1))
    start = np.datetime64("2024-01-01T00:00:00", "ns")
    times = [start + np.timedelta64(round(t * 1e9), "ns") for v in (7.0, 4.0) for t in away / v]
    names = [f"S{i}" for i in range(20)]
    picks = {
        "event_id": [event] * 40, "network": ["X"] * 40, "station": names * 2,
        "phase": ["P"] * 20 + ["S"] * 20, "time": np.array(times),
        "uncertainty_s": [0.05] * 40,
    }  # fmt: skip
    stations = {
        "network": ["X"] * 20, "station": names, "longitude": site[:, 0] / 111.32,
        "latitude": site[:, 1] / 110.57, "elevation_m": [1000.0 * height_km] * 20,
    }  # fmt: skip
    return make_table("picks", picks), make_table("stations", stations)


def locate_at(tmp_path, model, place, height_km=0.0, **settings):
    picks, stations = picks_of("e", place, height_km)
    locate = Locate(models=[model], draws=0, **settings)
    found = locate_tables(
        locate, make_table("events", {}, rows=0), picks, stations, open_folder(tmp_path / "t"),
        data=str(tmp_path),
    )  # fmt: skip
    return found.hypocenters.to_pylist()[0]


@pytest.mark.parametrize("depth", [10.0, 150.0, 600.0])
def test_deep_events_are_located_in_tables_that_reach_them(tmp_path, depth):
    write_table(tmp_path / "times", 700, 1500)
    found = locate_at(tmp_path, "times", np.array([depth, 20.0, -15.0]))
    assert found["status"] == "located"
    assert found["depth_025_km"] < depth < found["depth_975_km"]


def test_an_event_that_the_tables_do_not_reach_is_not_located(tmp_path):
    """600 km aside: with tables of 425 km the best place in them is another."""
    write_table(tmp_path / "times", 50, 420)
    found = locate_at(tmp_path, "times", np.array([10.0, 460.0, 0.0]))
    assert found["status"] != "located"
    assert found["reason"]


def test_an_event_far_aside_is_located_though_the_volume_is_small(tmp_path):
    write_table(tmp_path / "times", 50, 1000)
    found = locate_at(tmp_path, "times", np.array([10.0, 250.0, 0.0]), radius_km=100.0)
    assert found["status"] == "located"
    assert found["longitude"] * 111.32 == pytest.approx(250.0, abs=8.0)


def test_an_event_in_a_mountain_is_located_below_its_stations(tmp_path):
    """2.7 km above the sea, and stations at 4 km."""
    (tmp_path / "m.txt").write_text("-5 7 4\n60 7 4\n")
    found = locate_at(tmp_path, "m.txt", np.array([-2.7, 5.0, 5.0]), height_km=4.0, members=0)
    assert found["status"] == "located"
    assert found["depth_025_km"] < -2.7 < found["depth_975_km"]
    assert found["depth_km"] < -1.0


@pytest.mark.parametrize("kind", ["table", "grids"])
def test_a_boundary_needs_velocities(tmp_path, kind, shared_data):
    """Times alone say nothing of the depth where a velocity is exceeded."""
    if kind == "table":
        model = str(shared_data / "jma2001" / "tjma2001")
    else:
        headers = sorted((shared_data / "anchorage").rglob("*.P.*.time.hdr"))
        if not headers:
            pytest.skip("no time grids among the shared data")
        model = str(headers[0]).partition(".P.")[0]
    locate = Locate(models=[model], members=0, boundary_velocity_km_s=7.5)
    with pytest.raises(InputError, match="has travel times and no velocities"):
        make_times(locate, "", station_places(STATIONS), [0.0], 0, tmp_path)


def test_an_event_whose_picks_are_all_put_aside_has_a_row(tmp_path):
    (tmp_path / "picks.csv").write_text(
        "event_id,network,station,phase,time\n"
        "good,X,A,P,2020-01-01T00:00:01Z\n"
        "bad,X,A,P,yesterday\nbad,X,B,P,today\n"
    )
    (tmp_path / "stations.csv").write_text(
        "network,station,longitude,latitude\nX,A,0,0\nX,B,0.1,0.1\n"
    )
    events, picks, _ = read_location_inputs(tmp_path / "picks.csv", tmp_path / "stations.csv")
    assert picks.num_rows == 1
    assert "bad" in events.column("event_id").to_pylist()
    assert np.isnan(events.column("longitude").to_numpy()).all()
