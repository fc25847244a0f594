"""Locating in models of SIMULPS: events come out where they were, by times computed otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "formats"))

from simul_files import at_nodes, simul_text

import quakeloom as ql
from quakeloom.cli._catalogs import export
from quakeloom.config import Locate, load_configuration, parse_settings
from quakeloom.core import (
    FormatError,
    InputError,
    SettingsError,
    geographic_position,
    local_position,
)
from quakeloom.location import EnsembleTakeoffs
from quakeloom.schema import make_table
from quakeloom.stages.locate.catalog import locate_catalog
from quakeloom.stages.locate.ensembles import ensemble_digest, read_ensemble
from quakeloom.stages.locate.places import station_places
from quakeloom.stages.planning import plan_run
from quakeloom.stages.run_here import run_here
from quakeloom.stages.without_a_run.input_checks import check_inputs
from quakeloom.store import RunLayout, open_item, read_json, read_table

ORIGIN = (140.0, 36.0)
START = np.datetime64("2020-01-01T00:00:00", "ns")
RATIO = 1.78

AXES = (
    [-500.0, -24.0, -8.0, 8.0, 24.0, 500.0],
    [-500.0, -24.0, 0.0, 24.0, 500.0],
    [-150.0, -2.0, 5.0, 12.0, 20.0, 300.0],
)
"""Nodes of x, y and z in km."""

PLACES = np.array(
    [[10.0, 2.0], [-9.0, 16.0], [13.0, -12.0], [-15.0, -17.0], [1.0, 11.0], [20.0, 20.0],
     [-3.0, -4.0], [-20.0, 3.0]]
)  # fmt: skip
"""North and east of the stations in km."""


def gradient_time(v0, gradient, one, other):
    """First arrival between two points (rows of depth, north, east) where velocity is linear.

    ``v = v0 + g . x``: ``cosh(|g| t) = 1 + |g|^2 d^2 / (2 v1 v2)``.
    """
    g = np.linalg.norm(gradient)
    v1, v2 = v0 + one @ gradient, v0 + other @ gradient
    square = ((one - other) ** 2).sum(axis=-1)
    return np.arccosh(1.0 + g**2 * square / (2.0 * v1 * v2)) / g


def gradient_direction(v0, gradient, source, station):
    """Direction (depth, north, east) in which the ray of :func:`gradient_time` leaves a source."""
    step, slope = 1e-5, np.empty(3)
    for axis in range(3):
        move = np.eye(3)[axis] * step
        slope[axis] = gradient_time(v0, gradient, source + move, station) - gradient_time(
            v0, gradient, source - move, station
        )
    return -slope / np.linalg.norm(slope)


def network(height_km=0.0):
    longitude, latitude = geographic_position(*ORIGIN, PLACES[:, 0], PLACES[:, 1])
    names = [f"S{i}" for i in range(len(PLACES))]
    return make_table(
        "stations",
        {"network": ["XX"] * len(names), "station": names, "longitude": longitude,
         "latitude": latitude, "elevation_m": np.full(len(names), 1000.0 * height_km)},
    )  # fmt: skip


def picks_of(sources, time, height_km=0.0, error_s=0.05, seed=None):
    """Picks of events ``e0``, ``e1``: rows of depth, north, east; a function that gives times."""
    rng = np.random.default_rng(seed)
    rows = {"event_id": [], "network": [], "station": [], "phase": [], "time": []}
    receivers = np.column_stack([np.full(len(PLACES), -height_km), PLACES])
    for e, source in enumerate(sources):
        origin = START + np.timedelta64(e * 600, "s")
        for i, receiver in enumerate(receivers):
            for phase, ratio in (("P", 1.0), ("S", RATIO)):
                late = rng.normal(0.0, error_s) if seed is not None else 0.0
                seconds = float(time(np.asarray(source, float), receiver)) * ratio + late
                rows["event_id"].append(f"e{e}")
                rows["network"].append("XX")
                rows["station"].append(f"S{i}")
                rows["phase"].append(phase)
                rows["time"].append(origin + np.timedelta64(round(seconds * 1e9), "ns"))
    count = len(rows["time"])
    rows["time"] = np.array(rows["time"])
    return make_table(
        "picks", {**rows, "uncertainty_s": [error_s] * count, "picker": ["test"] * count},
        rows=count,
    )  # fmt: skip


def write_model(path, v0, gradient, azimuth=0.0, x_axis="west", lists="  0  0  0\n"):
    """Write a model with velocity linear in depth, north and east, in axes turned so."""
    turn = np.radians(azimuth)

    def velocity(x, y, z):
        right = -x if x_axis == "west" else x
        east = np.cos(turn) * right + np.sin(turn) * y
        north = np.cos(turn) * y - np.sin(turn) * right
        v = v0 + gradient[0] * z + gradient[1] * north + gradient[2] * east
        return np.clip(v, 2.0, 8.5)  # the outermost nodes are far away

    p = at_nodes(AXES, velocity)
    path.write_text(simul_text(AXES, p, np.full_like(p, RATIO), lists=lists))
    return path


def settings_of(path, azimuth=0.0, x_axis="west", **changes):
    given = {
        "models": [str(path)], "model_origin": ORIGIN, "model_azimuth_deg": azimuth,
        "model_x_axis": x_axis, "maximum_depth_km": 19, "radius_km": 20, "draws": 20,
    }  # fmt: skip
    return Locate(**(given | changes))


def located(locate, picks, stations, out, **more):
    events = make_table("events", {}, rows=0)
    return locate_catalog(locate, events, picks, stations, out, **more).to_pylist()


def position(row):
    """Depth, north and east in km of a located event."""
    north, east = local_position(*ORIGIN, row["longitude"], row["latitude"])
    return np.array([row["depth_km"], float(north), float(east)])


CONSTANT = (6.0, np.array([0.0, 1e-9, 0.0]))
"""Velocity at the origin and its gradient (not zero, so that one formula serves)."""

TO_THE_EAST = (5.6, np.array([0.06, 0.0, 0.05]))
"""Faster downward by 0.06 /s and to the east by 0.05 /s."""


def straight(one, other):
    return np.linalg.norm(one - other) / CONSTANT[0]


def bent(one, other):
    return gradient_time(*TO_THE_EAST, one, other)


def test_events_come_out_where_they_were(tmp_path):
    """Straight rays in a constant velocity, with stations 0.8 km above the sea."""
    sources = [(8.0, 2.0, -1.0), (12.5, -6.0, 7.0)]
    picks = picks_of(sources, straight, 0.8)
    path = write_model(tmp_path / "MOD", *CONSTANT)
    for found, source in zip(
        located(settings_of(path), picks, network(0.8), tmp_path / "out"), sources, strict=True
    ):
        assert found["status"] == "located"
        np.testing.assert_allclose(position(found), source, atol=0.15)
    arrivals = read_table(open_item(tmp_path / "out") / "arrivals.parquet", "arrivals").to_pylist()
    assert {r["pick_use"] for r in arrivals} == {"used"}
    # S by its own velocities; times are linear between nodes 1 km apart
    assert max(abs(r["residual_s"]) for r in arrivals) < 0.03


@pytest.mark.parametrize(
    ("azimuth", "x_axis", "stns"),
    [
        (0.0, "west", ""),
        (0.0, "east", ""),
        (-40.0, "west", ""),
        (25.0, "east", ""),
        (-40.0, "west", "36 0.00 -140 0.00 40.0"),
        (-40.0, "west", "36N 0.00 140E 0.00 40.0  0"),
    ],
)
def test_fast_to_the_east_is_east_in_any_axes(tmp_path, azimuth, x_axis, stns):
    """One Earth in axes turned and mirrored: analytic times lead to the same hypocenter.

    A model the wrong way round is off by kilometers: velocities differ by 2 km/s across it.
    """
    source = (9.0, 3.0, -2.0)
    picks = picks_of([source], bent)
    path = write_model(tmp_path / "MOD", *TO_THE_EAST, azimuth, x_axis)
    locate = settings_of(path, azimuth, x_axis)
    if stns:
        (tmp_path / "STNS").write_text(stns + "\n 8\n")
        locate = Locate(
            models=["MOD"], model_stations="STNS", maximum_depth_km=19, radius_km=20, draws=5
        )
    (found,) = located(locate, picks, network(), tmp_path / "out", data=str(tmp_path))
    assert found["status"] == "located"
    np.testing.assert_allclose(position(found), source, atol=0.25)
    wrong = {"west": "east", "east": "west"}[x_axis]
    if not stns:
        mirrored = settings_of(path, azimuth, wrong)
        (other,) = located(mirrored, picks, network(), tmp_path / "wrong")
        assert np.linalg.norm(position(other) - source) > 1.5


def test_a_station_to_the_fast_side_has_early_arrivals(tmp_path):
    """Times of the tables themselves against the analytic ones, east earlier than west."""
    path = write_model(tmp_path / "MOD", *TO_THE_EAST, -40.0)
    picks = picks_of([(9.0, 3.0, -2.0)], bent)
    located(settings_of(path, -40.0), picks, network(), tmp_path / "out")
    stored = read_ensemble(open_item(tmp_path / "out") / "tables.zarr")
    times, plane = stored.times, stored.plane
    assert plane.azimuth_deg == -40.0
    north, east = np.meshgrid(times.north_km, times.east_km, indexing="ij")
    turn = np.radians(-40.0)
    true_north = np.cos(turn) * north - np.sin(turn) * east
    true_east = np.sin(turn) * north + np.cos(turn) * east
    depth = times.depth_km[:, None, None] + 0 * north
    nodes = np.stack([depth, true_north + 0 * depth, true_east + 0 * depth], axis=-1)
    # nearer to the sides rays bend out of the grid, and velocity is linear up to there alone
    inside = (np.abs(nodes[..., 1:]) < 16).all(axis=-1) & (nodes[..., 0] < 16)
    station = [f"XX.S{i}" for i in range(len(PLACES))]
    for i, name in enumerate(times.stations):
        place = np.array([0.0, *PLACES[station.index(name)]])
        beside = np.abs(plane.forward(*geographic_position(*ORIGIN, *place[1:]))).max() > 24
        analytic = bent(nodes.reshape(-1, 3), place).reshape(depth.shape)
        for phase, ratio in ((0, 1.0), (1, RATIO)):
            found = times.values[phase * len(times.stations) + i, ..., 0]
            error = np.abs(found - analytic * ratio)[inside].max()
            assert error < (0.03 if beside else 0.006 * ratio), name
    middle = np.array([9.0, 0.0, 0.0])
    to_the_east, to_the_west = (bent(middle, np.array([0.0, 0.0, e])) for e in (20.0, -20.0))
    assert to_the_east < to_the_west - 0.5


def test_rays_leave_as_the_analytic_ones(tmp_path):
    """Take-off angle and azimuth against the gradient of the analytic time, north from north."""
    path = write_model(tmp_path / "MOD", *TO_THE_EAST, -40.0)
    source = np.array([9.0, 3.0, -2.0])
    stations = network()
    located(settings_of(path, -40.0), picks_of([source], bent), stations, tmp_path / "out")
    stored = read_ensemble(open_item(tmp_path / "out") / "tables.zarr")
    places = station_places(stations)
    rays = EnsembleTakeoffs(
        stored.times, stored.plane, places.names, places.longitude, places.latitude
    )
    longitude, latitude = geographic_position(*ORIGIN, source[1], source[2])
    azimuth, takeoff = rays.draw_takeoffs(
        [0], [float(longitude)], [float(latitude)], [source[0]], places.longitude, places.latitude
    )
    for i, (north, east) in enumerate(PLACES):
        way = gradient_direction(*TO_THE_EAST, source, np.array([0.0, north, east]))
        assert takeoff[0, i] == pytest.approx(np.degrees(np.arccos(way[0])), abs=1.0)
        off = azimuth[0, i] - np.degrees(np.arctan2(way[2], way[1]))
        assert abs((off + 180) % 360 - 180) < 1.0 / np.sin(np.radians(takeoff[0, i]))


def test_several_files_are_an_ensemble_and_p_alone_takes_the_ratio(tmp_path):
    slow, fast = (
        write_model(tmp_path / name, v0, CONSTANT[1]) for name, v0 in (("slow", 5.7), ("fast", 6.3))
    )
    p = at_nodes(AXES, lambda x, y, z: 6.0 + 0.0 * x)
    (tmp_path / "alone").write_text(simul_text(AXES, p))
    picks = picks_of([(8.0, 2.0, -1.0)], straight)
    locate = settings_of(
        slow, models=[str(slow), str(tmp_path / "alone"), str(fast)], vp_vs_ratio=RATIO,
        boundary_velocity_km_s=6.1,
    )  # fmt: skip
    (found,) = located(locate, picks, network(), tmp_path / "out")
    assert found["status"] == "located"
    np.testing.assert_allclose(position(found), (8.0, 2.0, -1.0), atol=0.6)
    about = read_json(open_item(tmp_path / "out") / "tables.zarr" / "members.json")
    assert about["names"] == ["slow", "alone", "fast"]
    # only in the fast model is there anything faster than 6.1 km/s, and all of it
    assert 0.0 < found["probability_below_boundary"] < 1.0


def test_a_model_that_begins_at_the_sea_reaches_up_to_the_search(tmp_path):
    """Stations and an event above the first inner node, where SIMULPS interpolates upward."""
    nodes = (*AXES[:2], [-150.0, 0.0, 5.0, 12.0, 20.0, 300.0])
    p = at_nodes(nodes, lambda x, y, z: 6.0 + 0.0 * x)
    (tmp_path / "MOD").write_text(simul_text(nodes, p, np.full_like(p, RATIO)))
    source = (0.6, 2.0, -1.0)
    picks = picks_of([source], straight, 1.4, error_s=0.02)
    locate = settings_of(tmp_path / "MOD", minimum_depth_km=-1.4)
    (found,) = located(locate, picks, network(1.4), tmp_path / "out")
    np.testing.assert_allclose(position(found), source, atol=0.4)
    stored = read_ensemble(open_item(tmp_path / "out") / "tables.zarr")
    assert stored.times.depth_km[0] == -2.0


def test_events_and_stations_outside_are_told(tmp_path):
    path = write_model(tmp_path / "MOD", *CONSTANT)
    picks = picks_of([(8.0, 2.0, -1.0), (7.0, 70.0, 0.0)], straight)
    stations = network()
    far = stations.column("latitude").to_pylist()
    far[0] += 0.5
    index = stations.schema.get_field_index("latitude")
    moved = stations.set_column(index, stations.schema.field(index), [pa.array(far)])
    near, away = located(settings_of(path, radius_km=60), picks, moved, tmp_path / "out")
    assert near["status"] == "located"
    assert away["status"] == "outside_model"
    arrivals = read_table(open_item(tmp_path / "out") / "arrivals.parquet", "arrivals").to_pylist()
    assert {r["pick_use"] for r in arrivals if r["station"] == "S0"} == {"no_table"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_origin": None, "model_azimuth_deg": None, "model_x_axis": None},
         r"give locate\.model_stations .*locate\.model_origin \(longitude and latitude"),
        ({"model_azimuth_deg": None}, r"give locate\.model_azimuth_deg \(azimuth of the y axis"),
        ({"model_x_axis": None}, r"give locate\.model_x_axis \(west in SIMULPS, east in TomoDD\)"),
        ({"model_origin": (-140.0, 36.0)}, r"None of 8 stations lies in 'MOD'.*positive west"),
        ({"model_spacing_km": 0.05}, r"more than 20,000,000.*model_spacing_km to 0\.\d"),
        ({"model_origin": None, "model_azimuth_deg": None, "model_x_axis": None,
          "model_stations": "none"}, r"model_stations is 'none', and there is no file"),
        ({"models": ["MOD", "generic_crust"]}, r"mixes velocity models"),
    ],
)  # fmt: skip
def test_what_is_not_said_is_asked_for(tmp_path, changes, words):
    path = write_model(tmp_path / "MOD", *CONSTANT)
    picks = picks_of([(8.0, 2.0, -1.0)], straight)
    locate = settings_of(path).model_copy(update=changes)
    with pytest.raises(InputError, match=words):
        located(locate, picks, network(), tmp_path / "out", data=str(tmp_path))


@pytest.mark.parametrize(("maximum", "told"), [(19, 0), (45, 1)])
def test_a_search_below_the_models_is_told_once(tmp_path, caplog, maximum, told):
    path = write_model(tmp_path / "MOD", *CONSTANT)
    picks = picks_of([(8.0, 2.0, -1.0), (9.0, 1.0, -1.0)], straight)
    located(settings_of(path, maximum_depth_km=maximum), picks, network(), tmp_path / "out")
    said = [m for m in caplog.messages if f"maximum_depth_km is {maximum} km, and the models" in m]
    assert len(said) == told


@pytest.mark.parametrize("head", ["", "My model", "10.0 6 5 6"])
@pytest.mark.parametrize("others", [[], ["MOD"], ["generic_crust"]])
def test_a_model_with_a_wrong_first_line_is_named(tmp_path, head, others):
    """Alone and beside good ones; it was said that kinds of models are mixed."""
    good = write_model(tmp_path / "MOD", *CONSTANT)
    (tmp_path / "broken").write_text("\n".join([head, *good.read_text().splitlines()[1:]]) + "\n")
    locate = settings_of(good, models=[*others, "broken"])
    picks = picks_of([(8.0, 2.0, -1.0)], straight)
    with pytest.raises(FormatError, match=r"broken' is '.*its first line should be 'bld nx ny nz'"):
        located(locate, picks, network(), tmp_path / "out", data=str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_origin": [36, 140]}, "140 is no latitude"),
        ({"model_stations": "STNS", "model_x_axis": "west"}, "leave out model_origin"),
        ({"model_azimuth_deg": 400}, "360"),
        ({"model_x_axis": "north"}, "west"),
    ],
)
def test_settings_that_contradict_are_refused(changes, words):
    given = {"name": "x", "sources": [{"path": "a"}], "locate": {"models": ["MOD"], **changes}}
    with pytest.raises(SettingsError, match=words):
        parse_settings(given, "test")


def test_times_are_made_again_when_what_decides_them_changes(tmp_path):
    """Not otherwise: numbers of fixed nodes are part of the file, the number of draws is none."""
    path = write_model(tmp_path / "MOD", *CONSTANT)
    places = station_places(network())

    def digest(**changes):
        return ensemble_digest(settings_of(path, **changes), str(tmp_path), places, [0.0], 0, "c")

    first = digest()
    assert digest(draws=7) == first
    for changes in (
        {"model_origin": (140.01, 36.0)}, {"model_azimuth_deg": 1.0}, {"model_x_axis": "east"},
        {"model_spacing_km": 2.0}, {"model_margin_km": 3.0}, {"model_second_block": "vp_vs"},
    ):  # fmt: skip
        assert digest(**changes) != first
    write_model(path, 6.01, CONSTANT[1])
    assert digest() != first


def write_run(folder, sources):
    """Write the files of a run whose model lies by a station file; return settings and layout."""
    config = folder / "c.yaml"
    tables = ("picks", "stations", "polarities")
    config.write_text(yaml.safe_dump({
        "name": "c", "data": str(folder), "partition": {"calendar": "all"},
        "sources": [{"path": f"{n}.csv", "format": "csv"} for n in tables],
        "takeoff": {"angles": "ensemble"},
        "locate": {"models": ["MOD"], "model_stations": "STNS", "maximum_depth_km": 19,
                   "radius_km": 20, "draws": 20},
        "mechanism": {"trials": 4, "maximum_azimuthal_gap_deg": 180, "maximum_takeoff_gap_deg": 90},
    }))  # fmt: skip
    (folder / "STNS").write_text("36 0.00 -140 0.00 40.0\n 8\n")
    picks = picks_of(sources, bent).to_pandas()
    picks = picks[["event_id", "network", "station", "phase", "time", "uncertainty_s"]]
    picks.to_csv(folder / "picks.csv", index=False)
    signs = picks[picks["phase"] == "P"].drop(columns=["phase", "time", "uncertainty_s"])
    signs.assign(polarity=[1, -1, 1, 1, -1, 1, -1, 1] * len(sources)).to_csv(
        folder / "polarities.csv", index=False
    )
    places = ["network", "station", "longitude", "latitude", "elevation_m"]
    network().to_pandas()[places].to_csv(folder / "stations.csv", index=False)
    write_model(folder / "MOD", *TO_THE_EAST, -40.0)
    ((_, settings),) = load_configuration(config).cases.items()
    return settings, RunLayout(folder / "results")


def test_a_changed_model_or_station_file_changes_the_plan(tmp_path):
    settings, layout = write_run(tmp_path, [(8.0, 2.0, -1.0)])

    def planned():
        plan_run(settings, layout)
        return read_json(layout.plan_step("locate", "init"))["times"]

    first = planned()
    assert planned() == first
    write_model(tmp_path / "MOD", 5.7, TO_THE_EAST[1], -40.0)
    second = planned()
    assert second != first
    (tmp_path / "STNS").write_text("36 0.00 -140 0.00 41.0\n 8\n")
    assert planned() not in (first, second)


def test_a_run_takes_hypocenters_and_angles_of_mechanisms_from_a_model(tmp_path):
    source = np.array([9.0, 3.0, -2.0])
    settings, layout = write_run(tmp_path, [source])
    plan_run(settings, layout)
    run_here(settings, layout)
    (event,) = read_table(layout.table("events"), "events").to_pylist()
    np.testing.assert_allclose(position(event), source, atol=0.3)
    readings = read_table(layout.table("polarities"), "polarities").to_pylist()
    assert len(readings) == 8
    for row in readings:
        assert row["use"] == "used"
        north, east = PLACES[int(row["station"][1:])]
        way = gradient_direction(*TO_THE_EAST, position(event), np.array([0.0, north, east]))
        # the first trial has the mean hypocenter
        assert row["takeoff_deg"] == pytest.approx(np.degrees(np.arccos(way[0])), abs=1.5)


def test_what_a_model_holds_and_where_it_lies_is_told(tmp_path):
    write_run(tmp_path, [(8.0, 2.0, -1.0)])
    found = check_inputs(load_configuration(tmp_path / "c.yaml"))
    assert found.problems == []
    said = [line for line in found.opened if "SIMULPS" in line]
    assert len(said) == 1
    assert "6 x 5 x 6 nodes" in said[0]
    # the corner that is 24 km to the west and south of the origin in axes turned by -40 degrees
    turn = np.radians(-40.0)
    north = -24 * np.cos(turn) + 24 * np.sin(turn)
    east = -24 * np.cos(turn) - 24 * np.sin(turn)
    longitude, latitude = geographic_position(*ORIGIN, north, east)
    assert f"corners at longitude and latitude {longitude:.3f} {latitude:.3f}" in said[0]
    (tmp_path / "STNS").unlink()
    problems = check_inputs(load_configuration(tmp_path / "c.yaml")).problems
    assert ["model_stations" in p for p in problems] == [True]


def test_the_library_locates_in_a_model(tmp_path):
    path = write_model(tmp_path / "MOD", *TO_THE_EAST)
    picks = picks_of([(9.0, 3.0, -2.0)], bent).to_pandas()
    found = ql.locate(
        picks, network().to_pandas(), str(path), model_origin=ORIGIN, model_azimuth_deg=0,
        model_x_axis="west", maximum_depth_km=19, radius_km=20, draws=5, cache=tmp_path / "cache",
    )  # fmt: skip
    np.testing.assert_allclose(position(found.table.iloc[0]), (9.0, 3.0, -2.0), atol=0.25)


@pytest.mark.long
def test_ranges_hold_the_truth(tmp_path):
    """Of 60 events with noisy picks 95 % ranges hold 86 % or more (binomial, 3 sigma)."""
    rng = np.random.default_rng(7)
    sources = np.column_stack([rng.uniform(5, 14, 60), rng.uniform(-10, 10, (60, 2))])
    picks = picks_of(sources, bent, error_s=0.05, seed=11)
    path = write_model(tmp_path / "MOD", *TO_THE_EAST, -40.0)
    locate = settings_of(
        path, -40.0, likelihood="gaussian", station_error_s=0.0, time_error_fraction=0.0,
        station_iterations=0, pick_noise="stated",
    )  # fmt: skip
    rows = located(locate, picks, network(), tmp_path / "out")
    assert {r["status"] for r in rows} == {"located"}
    held, inside = [], []
    for row in rows:
        source = sources[int(row["event_id"][1:])]
        held.append(row["depth_025_km"] <= source[0] <= row["depth_975_km"])
        off = position(row)[1:] - source[1:]
        covariance = np.array([[row["cov_nn"], row["cov_en"]], [row["cov_en"], row["cov_ee"]]])
        inside.append(off @ np.linalg.solve(covariance, off) < 5.99)
    assert np.mean(held) >= 0.86
    assert np.mean(inside) >= 0.86


@pytest.mark.parametrize("form", ["csv", "meca", "gmt-table"])
def test_located_events_have_no_mechanisms_to_export(tmp_path, form):
    path = write_model(tmp_path / "MOD", *CONSTANT)
    picks = picks_of([(8.0, 2.0, -1.0)], straight)
    located(settings_of(path), picks, network(), tmp_path / "out")
    with pytest.raises(InputError, match=r"no mechanisms, which --format .* quakeml, nonlinloc"):
        export(tmp_path / "out", tmp_path / "to", form)
