"""Locating in ensembles of other runs, in grids of NonLinLoc, from the picks of the stage."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from quakeloom.config import Locate, load_configuration, parse_settings
from quakeloom.core import InputError, geographic_position
from quakeloom.schema import make_table
from quakeloom.stages.locate.blocks import make_tasks
from quakeloom.stages.locate.catalog import locate_catalog
from quakeloom.stages.planning import plan_run
from quakeloom.stages.run_here import run_here
from quakeloom.store import (
    RunLayout,
    open_item,
    read_table,
    write_json_if_changed,
    write_table,
)

ORIGIN = (140.0, 36.0)
START = np.datetime64("2020-01-01T00:00:00", "ns")


def tables(place, source, speed, ratio=1.73):
    """Picks of one event at stations (north, east) at sea level in a constant velocity."""
    longitude, latitude = geographic_position(*ORIGIN, place[:, 0], place[:, 1])
    names = [f"S{i}" for i in range(len(place))]
    stations = make_table(
        "stations",
        {"network": ["XX"] * len(names), "station": names, "longitude": longitude,
         "latitude": latitude, "elevation_m": np.zeros(len(names))},
    )  # fmt: skip
    length = np.sqrt(((place - source[1:]) ** 2).sum(axis=1) + source[0] ** 2)
    rows = {"network": [], "station": [], "phase": [], "time": []}
    for name, way in zip(names, length, strict=True):
        for phase, factor in (("P", 1.0), ("S", ratio)):
            rows["network"].append("XX")
            rows["station"].append(name)
            rows["phase"].append(phase)
            rows["time"].append(START + np.timedelta64(round(way / speed * factor * 1e9), "ns"))
    count = len(rows["time"])
    rows["time"] = np.array(rows["time"])
    picks = make_table(
        "picks",
        {**rows, "event_id": ["e"] * count, "uncertainty_s": [0.05] * count,
         "picker": ["test"] * count},
        rows=count,
    )  # fmt: skip
    return make_table("events", {}, rows=0), picks, stations


def position(row):
    """North, east and depth of a located event."""
    from quakeloom.core import local_position

    north, east = local_position(*ORIGIN, row["longitude"], row["latitude"])
    return float(north), float(east), row["depth_km"]


def test_events_are_located_in_the_members_of_a_region(tmp_path):
    """Members scatter around 6 km/s, and so does the event around where it was."""
    rows = [f"{z} 6.0" for z in (0, 30)]
    (tmp_path / "model.txt").write_text("\n".join(rows) + "\n")
    place = np.array([[10.0, 2.0], [-9.0, 6.0], [3.0, -12.0], [-5.0, -7.0], [1.0, 11.0]])
    events, picks, stations = tables(place, np.array([8.0, 2.0, -1.0]), 6.0)
    longitude, latitude = (stations.column(c).to_pylist() for c in ("longitude", "latitude"))
    lines = ["network,station,longitude,latitude,elevation_m"]
    lines += [f"XX,S{i},{longitude[i]:.6f},{latitude[i]:.6f},0" for i in range(5)]
    (tmp_path / "stations.csv").write_text("\n".join(lines) + "\n")
    settings = parse_settings(
        {
            "name": "region",
            "data": str(tmp_path),
            "regional": {
                "origin_longitude_deg": ORIGIN[0], "origin_latitude_deg": ORIGIN[1],
                "depth_range_km": [-1, 15], "north_range_km": [-16, 16],
                "east_range_km": [-16, 16], "spacing_km": [1, 2, 2], "lengths_km": [4, 10, 10],
                "model": "model.txt", "stations": "stations.csv", "members": 4,
                "block_members": 2, "standard_deviation": [[0, 0.02]],
            },
        },
        "test",
    )  # fmt: skip
    layout = RunLayout(tmp_path / "results" / "region")
    plan_run(settings, layout)
    run_here(settings, layout)
    locate = Locate(
        models=[str(layout.root)], maximum_depth_km=14, radius_km=15, draws=5,
        boundary_velocity_km_s=5.0, vp_vs_spread=0.01,
    )  # fmt: skip
    found = locate_catalog(locate, events, picks, stations, tmp_path / "out").to_pylist()[0]
    assert found["status"] == "located"
    np.testing.assert_allclose(position(found), (2.0, -1.0, 8.0), atol=1.0)
    assert 1.0 <= found["effective_model_count"] <= 4.0
    # everything is faster than 5 km/s, so the boundary is the top
    assert found["probability_below_boundary"] == pytest.approx(1.0)


def test_events_are_located_in_the_members_of_a_line(tmp_path):
    """Stations beside the line are not used; the event lies in the section."""
    rows = ["shot_distance_km,receiver_distance_km,travel_time_s,time_error_s"]
    for shot in (0.0, 15.0, 30.0):
        rows += [
            f"{shot},{r},{abs(r - shot) / 6.0:.5f},0.02"
            for r in np.arange(0.5, 30, 1.5)
            if abs(r - shot) > 0.4
        ]
    (tmp_path / "picks.csv").write_text("\n".join(rows) + "\n")
    settings = parse_settings(
        {
            "name": "line",
            "data": str(tmp_path),
            "tomography": {
                "picks": {"path": "picks.csv"},
                "section": {
                    "spacing_km": [0.5, 0.5], "depth_range_km": [0, 14],
                    "distance_range_km": [-2, 32],
                },
                "prior": {
                    "lengths_km": [3, 10], "reference": [[0, 6.0], [14, 6.05]],
                    "standard_deviation": [[0, 0.1]],
                },
                "members": 3, "block_members": 3, "steps": 3, "correction_steps": 0,
            },
        },
        "test",
    )  # fmt: skip
    layout = RunLayout(tmp_path / "results" / "line")
    plan_run(settings, layout)
    run_here(settings, layout)
    # the line runs east from the origin; one station lies far beside it
    place = np.array([[0.2, 3.0], [-0.3, 8.0], [0.0, 15.0], [0.1, 24.0], [9.0, 12.0]])
    events, picks, stations = tables(place, np.array([7.0, 0.0, 19.0]), 6.0)
    locate = Locate(
        models=[str(layout.root)], maximum_depth_km=13.5, minimum_depth_km=0, radius_km=28,
        section_start=ORIGIN, section_azimuth_deg=90, section_width_km=2, draws=5,
        vp_vs_spread=0.01,
    )  # fmt: skip
    out = tmp_path / "out"
    found = locate_catalog(locate, events, picks, stations, out).to_pylist()[0]
    assert found["status"] == "located"
    north, east, depth = position(found)
    assert abs(north) < 0.05
    assert east == pytest.approx(19.0, abs=0.6)
    assert depth == pytest.approx(7.0, abs=1.0)
    use = read_table(open_item(out) / "arrivals.parquet", "arrivals").to_pylist()
    assert {r["pick_use"] for r in use if r["station"] == "S4"} == {"no_table"}
    with pytest.raises(InputError, match="section_start"):
        locate_catalog(
            locate.model_copy(update={"section_start": None}), events, picks, stations,
            tmp_path / "other",
        )  # fmt: skip


def test_events_are_located_in_grids_of_nonlinloc(tmp_path):
    """Two-dimensional grids of P, one per station, S by a ratio."""
    place = np.array([[10.0, 2.0], [-9.0, 6.0], [3.0, -12.0], [-5.0, -7.0]])
    events, picks, stations = tables(place, np.array([8.0, 2.0, -1.0]), 6.0)
    distance, depth = np.arange(0, 41.0), np.arange(-1.0, 21.0)
    times = np.hypot(distance[:, None], depth) / 6.0
    for i in range(4):
        header = tmp_path / f"layer.P.S{i}.time.hdr"
        header.write_text(
            f"1 {distance.size} {depth.size} 0 0 -1 1 1 1 TIME2D FLOAT\nS{i} 0 0 0\n"
            "TRANSFORM SIMPLE LatOrig 36 LongOrig 140 RotCW 0\n"
        )
        times.astype("<f4").tofile(header.with_suffix(".buf"))
    locate = Locate(models=[str(tmp_path / "layer")], maximum_depth_km=19, radius_km=30, draws=5,
                    minimum_depth_km=0)  # fmt: skip
    found = locate_catalog(locate, events, picks, stations, tmp_path / "out").to_pylist()[0]
    assert found["status"] == "located"
    np.testing.assert_allclose(position(found), (2.0, -1.0, 8.0), atol=0.3)


FRAME = "TRANSFORM SIMPLE LatOrig 36 LongOrig 140 RotCW 20"


def write_space_grids(folder, stations, frame=FRAME, moved_km=0.0):
    """Grids of 6 km/s in space, S a 1.8th as fast, turned by 20 degrees, as Grid2Time has them."""
    axis, depth = np.arange(-24.0, 25.0, 2.0), np.arange(-1.0, 19.0)
    turn = np.radians(20.0)
    for name, longitude, latitude in zip(
        *(stations.column(c).to_pylist() for c in ("station", "longitude", "latitude")), strict=True
    ):
        x = (longitude - 140.0) * 111.19508 * np.cos(np.radians(latitude))
        y = (latitude - 36.0) * 111.19508
        east = x * np.cos(turn) + y * np.sin(turn) + moved_km
        north = y * np.cos(turn) - x * np.sin(turn)
        way = np.sqrt(
            (axis[:, None, None] - east) ** 2 + (axis[None, :, None] - north) ** 2 + depth**2
        )
        for phase, speed in (("P", 6.0), ("S", 6.0 / 1.8)):
            header = folder / f"grid.{phase}.{name}.time.hdr"
            header.write_text(
                f"{axis.size} {axis.size} {depth.size} -24 -24 -1 2 2 1 TIME FLOAT\n"
                f"{name} {east:.6f} {north:.6f} 0\n{frame}\n"
            )
            (way / speed).astype("<f4").tofile(header.with_suffix(".buf"))


def test_events_are_located_in_turned_grids_in_space(tmp_path):
    """The grid's north is not geographic north, and epicenters come out on the globe."""
    place = np.array([[10.0, 2.0], [-9.0, 6.0], [3.0, -12.0], [-5.0, -7.0], [12.0, 11.0]])
    events, picks, stations = tables(place, np.array([8.0, 6.0, -3.0]), 6.0, 1.8)
    write_space_grids(tmp_path, stations)
    locate = Locate(models=[str(tmp_path / "grid")], maximum_depth_km=17, radius_km=20, draws=5,
                    minimum_depth_km=0)  # fmt: skip
    found = locate_catalog(locate, events, picks, stations, tmp_path / "out").to_pylist()[0]
    assert found["status"] == "located"
    # times are linear between nodes 2 km apart
    np.testing.assert_allclose(position(found), (6.0, -3.0, 8.0), atol=0.25)
    for i, row in enumerate(
        read_table(open_item(tmp_path) / "out" / "arrivals.parquet", "arrivals").to_pylist()
    ):
        assert row["pick_use"] == "used", i
        assert abs(row["residual_s"]) < 0.05


@pytest.mark.parametrize(
    ("frame", "moved_km", "codes", "words"),
    [
        (FRAME, 3.0, "S", r"times to a place 3\.0 km from where station 'XX\.S0' is"),
        ("TRANSFORM SDC LatOrig 36 LongOrig 140 RotCW 20", 0.0, "S", "'SDC', which is not known"),
        (FRAME, 0.0, "T", r"none of the 4 stations is among them"),
    ],
)
def test_grids_of_other_places_are_refused(tmp_path, frame, moved_km, codes, words):
    place = np.array([[10.0, 2.0], [-9.0, 6.0], [3.0, -12.0], [-5.0, -7.0]])
    events, picks, stations = tables(place, np.array([8.0, 6.0, -3.0]), 6.0)
    names = [f"{codes}{i}" for i in range(4)]
    write_space_grids(
        tmp_path, stations.set_column(stations.schema.get_field_index("station"), "station",
                                      [names]), frame, moved_km,
    )  # fmt: skip
    locate = Locate(models=[str(tmp_path / "grid")], maximum_depth_km=17, radius_km=20, draws=0)
    with pytest.raises(InputError, match=words):
        locate_catalog(locate, events, picks, stations, tmp_path / "out")


def test_with_waveforms_events_are_located_from_the_picks_of_the_stage(tmp_path):
    """Rows of the stage's picks are by time; they are given to their events."""
    (tmp_path / "c.yaml").write_text(
        yaml.safe_dump(
            {
                "name": "w", "sources": [{"path": "x.csv"}], "waveforms": {"archives": ["a"]},
                "locate": {"models": ["generic_crust"]}, "takeoff": {"models": ["generic_crust"]},
            }
        )
    )  # fmt: skip
    (settings,) = load_configuration(tmp_path / "c.yaml").cases.values()
    layout = RunLayout(tmp_path / "w")
    write_table(layout.rows("all") / "events.parquet", "events",
                make_table("events", {"event_id": ["a", "b"]}))  # fmt: skip
    picks = make_table(
        "picks",
        {"event_id": ["b", "a", "none", "b"], "station": ["S1", "S2", "S3", "S4"],
         "picker": ["own"] * 4},
    )  # fmt: skip
    write_table(layout.part("pick", "all") / "picks.parquet", "picks", picks)
    write_json_if_changed(layout.plan_step("locate", "init"), {"rounds": {"every": 0, "terms": 0}})
    (task,) = make_tasks(settings, layout, "all", None, 0)
    assert task.picks.column("station").to_pylist() == ["S2", "S1", "S4"]
