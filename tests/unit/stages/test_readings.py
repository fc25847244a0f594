"""The way of readings: one record, one direction, and what every step does to it."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import quakeloom.stages.readings as room
from quakeloom.config import parse_settings
from quakeloom.core import distance_azimuth, string_keys
from quakeloom.mechanism import draw_epicenters
from quakeloom.schema import USES, empty_table, make_table
from quakeloom.stages.readings.block_readings import Shared, gather_readings
from quakeloom.stages.readings.observations import prepare_block
from quakeloom.stages.readings.reversals import turn_readings
from quakeloom.stages.readings.sites import place_rows
from quakeloom.stages.readings.usable_events import check_events
from quakeloom.stages.readings.use import choose_readings
from quakeloom.stages.takeoff.reading import trace_models
from quakeloom.travel import stack_tables

WAY = (
    "pick_errors", "station_epochs", "block_readings", "usable_events", "use", "reversals", "sites",
    "amplitude_ratios", "joined_observations", "angle_draws", "observations",
)  # fmt: skip
"""Modules of the room, each after those that it may import."""

DAY = np.datetime64("2020-01-01T00:00:00", "ns")


def settings(**changes):
    given = {"name": "x", "sources": [{"path": "x"}], "takeoff": {"angles": "given"}, **changes}
    return parse_settings(given, "test")


def events(**changes):
    return make_table(
        "events",
        {"event_id": ["a", "b"], "origin_time": np.array([DAY, DAY]), "longitude": [140.0, 140.1],
         "latitude": [36.0, 36.0], "depth_km": [5.0, 8.0], **changes},
    )  # fmt: skip


def polarities(**changes):
    """Two stations read event a, one of them twice; one reads event b."""
    return make_table(
        "polarities",
        {
            "event_id": ["a", "a", "a", "b"], "network": ["XX"] * 4,
            "station": ["S1", "S1", "S2", "S1"], "channel": ["HHZ"] * 4,
            "polarity": [1, 1, -1, 1], "onset": ["I", "E", "I", "I"],
            "probability_up": [0.9, 0.8, 0.1, 0.7], "azimuth_deg": [10.0, 10.0, 200.0, 40.0],
            "takeoff_deg": [100.0, 100.0, 80.0, 90.0], **changes,
        },
    )  # fmt: skip


def shared(**tables):
    names = ("stations", "reversals", "sp_corrections")
    return Shared(**{name: tables.get(name, empty_table(name)) for name in names})


def reversals(station="S1"):
    return make_table("reversals", {"network": ["XX"], "station": [station]})


def test_modules_of_the_way_import_only_what_comes_before():
    folder = Path(room.__file__).parent
    assert {f.stem for f in folder.glob("*.py")} == {*WAY, "__init__"}
    for module in WAY:
        tree = ast.parse((folder / f"{module}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(room.__name__):
                other = str(node.module).rpartition(".")[2]
                assert WAY.index(other) < WAY.index(module), f"{module} imports {other}"


def test_a_step_leaves_the_readings_that_it_was_given_as_they_are():
    s, block = settings(), check_events(settings(), events(), None)
    steps = [
        lambda r: turn_readings(s, r, shared(reversals=reversals())),
        lambda r: place_rows(s, block, r, empty_table("stations")),
        lambda r: choose_readings(s, block, r),
    ]
    readings = gather_readings(block, polarities())
    for step in steps:
        before = {n: np.array(v) for n, v in vars(readings).items() if n != "table"}
        after = step(readings)
        for name, values in before.items():
            np.testing.assert_array_equal(getattr(readings, name), values)
        assert any(not _same(getattr(after, n), v) for n, v in before.items())
        readings = after


def _same(a, b):
    return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")


def test_a_reversed_station_reads_down_what_went_up():
    block = check_events(settings(), events(), None)
    readings = gather_readings(block, polarities())
    turned = turn_readings(settings(), readings, shared(reversals=reversals()))
    assert turned.is_turned.tolist() == [True, True, False, True]
    assert turned.polarity.tolist() == [-1, -1, -1, -1]
    np.testing.assert_allclose(turned.probability_up, [0.1, 0.2, 0.1, 0.3])
    again = turn_readings(settings(), turned, shared(reversals=reversals()))
    assert again.polarity.tolist() == readings.polarity.tolist()
    off = settings(selection={"reversals": False})
    assert not turn_readings(off, readings, shared(reversals=reversals())).is_turned.any()


def test_every_reading_says_what_became_of_it():
    """A doubled reading of a station, one without angles, one of an event without depth."""
    found = prepare_block(settings(), events(), polarities(), empty_table("amplitudes"), shared())
    assert found.readings["use"].tolist() == ["used", "doubled", "used", "used"]
    assert found.reading_rows.tolist() == [0, 2, 3]
    assert found.observations.offsets.tolist() == [0, 2, 3]
    without = polarities(takeoff_deg=[100.0, 100.0, np.nan, 90.0])
    found = prepare_block(settings(), events(), without, empty_table("amplitudes"), shared())
    assert found.readings["use"].tolist() == ["used", "doubled", "no_angles", "used"]
    assert set(found.readings["use"]) <= set(USES)
    traced = settings(takeoff={"models": ["generic_crust"]})
    block = check_events(traced, events(depth_km=[5.0, np.nan]), None)
    assert block.unusable == {1: ("invalid_event", "the depth is not known")}
    stations = make_table(
        "stations",
        {"network": ["XX"] * 2, "station": ["S1", "S2"], "longitude": [140.2, 140.3],
         "latitude": [36.1, 36.2], "elevation_m": [0.0, 0.0]},
    )  # fmt: skip
    placed = place_rows(traced, block, gather_readings(block, polarities()), stations)
    use = choose_readings(traced, block, placed).use
    assert [USES[u] for u in use] == ["used", "doubled", "used", "event_not_used"]


def test_a_ratio_takes_the_angles_of_the_reading_at_its_station():
    amplitudes = make_table(
        "amplitudes",
        {"event_id": ["a", "a"], "network": ["XX"] * 2, "station": ["S2", "S9"],
         "channel": ["HHZ"] * 2, "p_amplitude": [10.0, 10.0], "s_amplitude": [100.0, 100.0],
         "p_noise": [1.0, 1.0], "s_noise": [1.0, 1.0]},
    )  # fmt: skip
    given = settings(mechanism={"use_amplitudes": True, "trials": 1})
    found = prepare_block(given, events(), polarities(), amplitudes, shared())
    assert found.reading_rows.tolist() == [0, 2, -1, 3]
    assert found.observations.sp_log_ratio[2] == pytest.approx(1.0)
    assert found.observations.azimuth_deg[0, 2] == found.observations.azimuth_deg[0, 1]


def traced(tmp_path, **takeoff):
    """Settings and what blocks share for angles traced in one layered model."""
    (tmp_path / "v.txt").write_text("0 5.0\n10 6.0\n40 8.0\n")
    given = settings(
        takeoff={"angles": "layered", "models": [str(tmp_path / "v.txt")], **takeoff},
        mechanism={"trials": 201},
        selection={"maximum_distance_km": 200},
    )
    stations = make_table(
        "stations",
        {"network": ["XX"] * 2, "station": ["S1", "S2"], "longitude": [140.05, 140.9],
         "latitude": [36.0, 36.0], "elevation_m": [0.0, 0.0]},
    )  # fmt: skip
    tables = stack_tables(list(trace_models(given)))
    return given, Shared(stations, *(empty_table(n) for n in ("reversals", "sp_corrections")),
                         tables=tables)  # fmt: skip


def prepared(tmp_path, table, rows=slice(None), **takeoff):
    given, common = traced(tmp_path, **takeoff)
    readings = polarities().take([0, 2, 3])
    if rows != slice(None):
        readings = readings.slice(rows.start, rows.stop - rows.start)
    found = prepare_block(given, table, readings, empty_table("amplitudes"), common)
    return found.observations


def test_epicenters_are_drawn_by_their_errors(tmp_path):
    """A shift of 1 km turns a ray to 4.5 km by 13 degrees and one to 81 km by 0.7."""
    both = events(horizontal_error_km=[1.0, np.nan], vertical_error_km=[1.0, 1.0])
    found = prepared(tmp_path, both)
    azimuth = (found.azimuth_deg - found.azimuth_deg[0] + 180.0) % 360.0 - 180.0
    for k, away in enumerate((4.506, 81.1)):
        expected = np.degrees(1.0 / away)
        # stratified: the spread is that of the distribution; near ones are no longer linear
        assert np.std(azimuth[1:, k]) == pytest.approx(expected, rel=0.12 if k == 0 else 0.03)
    # The two stations see the same shift.
    assert np.corrcoef(np.sin(np.radians(azimuth[1:, :2])).T)[0, 1] > 0.8
    # The event without an error keeps its azimuth; the reference trial that of the catalog.
    assert np.all(azimuth[:, 2] == 0.0)
    still = prepared(tmp_path, both, epicenter_errors=False)
    assert np.array_equal(still.azimuth_deg[0], found.azimuth_deg[0])
    assert np.array_equal(still.takeoff_deg[:, 2], found.takeoff_deg[:, 2])
    assert np.ptp(still.azimuth_deg, axis=0).max() == 0.0
    # Depths alone leave the far ray at rest, and shifts of the epicenter move the near one.
    assert np.std(found.takeoff_deg[1:, 0]) > 1.3 * np.std(still.takeoff_deg[1:, 0])
    stated = prepared(tmp_path, both, epicenter_error_km=2.0)
    assert np.std(stated.azimuth_deg[1:, 2]) > 1.0
    assert np.array_equal(stated.azimuth_deg[:, :2], found.azimuth_deg[:, :2])


def test_shifted_epicenters_see_their_stations_as_geodesics_do(tmp_path):
    """Distances and azimuths of trials are those of the displaced epicenters."""
    table = events(horizontal_error_km=[3.0, 3.0]).slice(0, 1)
    found = prepared(tmp_path, table, slice(0, 2))
    keys = string_keys(["a"], settings().seed)
    east, north = draw_epicenters(keys, 3.0, 201, 1)
    longitude = 140.0 + east[:, 0] / (111.32 * np.cos(np.radians(36.0)))
    latitude = 36.0 + north[:, 0] / 110.96
    for k, station in enumerate((140.05, 140.9)):
        _, azimuth = distance_azimuth(longitude, latitude, station, 36.0, "geodesic")
        apart = (found.azimuth_deg[:, k] - azimuth + 180.0) % 360.0 - 180.0
        # 1 % of the shift for kilometers in a degree; near the station it turns by more
        assert np.median(np.abs(apart)) < 0.3


def test_drawn_epicenters_belong_to_their_event(tmp_path):
    """Whatever else a block holds, an event keeps its draws."""
    table = events(horizontal_error_km=[1.0, 2.0])
    whole = prepared(tmp_path, table)
    alone = prepared(tmp_path, table.slice(1, 1), slice(2, 3))
    assert np.array_equal(whole.azimuth_deg[:, 2:], alone.azimuth_deg)
    assert np.array_equal(whole.takeoff_deg[:, 2:], alone.takeoff_deg)
