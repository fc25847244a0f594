"""Locations against NonLinLoc's own sample, and JMA's travel-time table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from quakeloom.config import Locate, load_configuration
from quakeloom.core import geographic_position, local_position
from quakeloom.formats import read_travel_time_table
from quakeloom.location import (
    LocationOptions,
    PickSet,
    locate_picks,
    make_ensemble,
    scale_times,
    stack_members,
)
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.stages.locate.catalog import locate_catalog, read_location_inputs


@pytest.fixture(scope="module")
def located(shared_data, tmp_path_factory):
    """The sample located as the case ``nonlinloc`` of config/anchorage.yaml does."""
    folder = shared_data / "anchorage"
    if not folder.is_dir():
        pytest.skip("no anchorage sample")
    settings = load_configuration(Path(__file__).parents[2] / "config" / "anchorage.yaml").cases[
        "anchorage/nonlinloc"
    ]
    assert isinstance(settings.locate, Locate)
    inputs = read_location_inputs(
        folder / "obs" / "2018-11-30-mww70-southern-alaska.obs",
        folder / "obs" / "station_coordinates.txt",
    )
    out = tmp_path_factory.mktemp("anchorage")
    return locate_catalog(settings.locate, *inputs, out, data=str(folder)).to_pylist()


def test_anchorage_sample_gives_nonlinlocs_hypocenters(located, shared_data):
    """With the same model, picks and likelihood the means differ by less than its errors."""
    files = sorted((shared_data / "anchorage" / "original_output").glob("alaska.2018*.loc.hyp"))
    assert len(files) == len(located) == 7
    close = 0
    for file, row in zip(files, located, strict=True):
        text = file.read_text()
        latitude, longitude, depth = map(
            float, re.search(r"ExpectLat (\S+) Long (\S+) Depth (\S+)", text).groups()
        )
        xx, xy, xz, yy, yz, zz = map(
            float,
            re.search(r"CovXX (\S+) XY (\S+) XZ (\S+) YY (\S+) YZ (\S+) ZZ (\S+)", text).groups(),
        )
        theirs = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        north, east = local_position(longitude, latitude, row["longitude"], row["latitude"])
        off = np.array([float(east), float(north), row["depth_km"] - depth])
        distance = float(np.sqrt(off @ np.linalg.solve(theirs, off)))
        # One standard error; NonLinLoc's own scatter between runs with other octrees is 0.1, and
        # it takes one pick more or less of far stations, whose grids it does not reach.
        assert distance < 1.0, file.name
        close += distance < 0.2
        deviation = np.sqrt([row["cov_ee"], row["cov_nn"], row["cov_dd"]])
        ratio = deviation / np.sqrt(np.diag(theirs))
        # The sixth event has two modes 15 km apart and the most unlike weights of them.
        assert np.all((ratio > 0.5) & (ratio < 2.0)), file.name
    assert close >= 5


def test_mainshock_is_where_nonlinloc_has_it(located):
    """The maximum of the main shock: NonLinLoc gives 61.335856, -149.948920, 44.94 km."""
    north, east = local_position(
        -149.948920, 61.335856, located[0]["longitude_map"], located[0]["latitude_map"]
    )
    # Its grid has 1 km, its octree's smallest cell 0.2 km.
    assert abs(float(north)) < 0.2
    assert abs(float(east)) < 0.2
    assert located[0]["depth_map_km"] == pytest.approx(44.94, abs=0.3)


def test_jma2001_is_reproduced_to_its_print_precision(shared_data):
    """Times looked up at the nodes of ``tjma2001`` are those printed (three decimals)."""
    path = shared_data / "jma2001" / "tjma2001"
    if not path.is_file():
        pytest.skip("no tjma2001")
    table = read_travel_time_table(path)
    assert (table.depth_km.size, table.distance_km.size) == (106, 236)
    printed = {
        (float(w[2]), float(w[3])): (float(w[0]), float(w[1]))
        for w in (line.split() for line in path.read_text(errors="replace").splitlines())
        if len(w) == 4
    }
    near = table.distance_km <= 600
    values = np.stack(
        [scale_times(t[:, near], table.depth_km, table.distance_km[near], 0.0)
         for t in (table.p_time_s, table.s_time_s)]
    )  # fmt: skip
    times = stack_members(["jma2001"], [values], table.depth_km, table.distance_km[near], [0.0])
    worst = 0.0
    group, level = times.receivers(["P", "S"], np.zeros(2))
    for depth in (0.0, 10.0, 36.0, 50.0, 120.0, 600.0):
        for distance in (2.0, 20.0, 100.0, 350.0, 600.0):
            found = np.empty((1, 2))
            member_times(
                times.arrays, np.array([[depth, distance, 0.0]]), np.zeros(1, np.int64),
                Receivers(np.zeros((2, 3)), group, level), found,
            )  # fmt: skip
            worst = max(worst, float(np.abs(found[0] - printed[(depth, distance)]).max()))
    assert worst < 0.0005
    # and an event located with it, from noise-free times between its nodes
    random = np.random.default_rng(1)
    north, east = random.uniform(-120, 120, (2, 10))
    station = np.column_stack([np.zeros(10), north, east]).repeat(2, axis=0)
    phase = ["P", "S"] * 10
    group, level = times.receivers(phase, np.zeros(20))
    observed = np.empty((1, 20))
    truth = np.array([[47.0, 3.0, -5.0]])
    receivers = Receivers(station, group, level)
    member_times(times.arrays, truth, np.zeros(1, np.int64), receivers, observed)
    longitude, latitude = geographic_position(140.0, 38.0, station[:, 1], station[:, 2])
    picks = PickSet([f"S{i // 2}" for i in range(20)], phase, observed[0], np.full(20, 0.1),
                    longitude, latitude, np.zeros(20))  # fmt: skip
    options = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=200.0, radius_km=150.0)
    found = locate_picks(make_ensemble(times), picks, options)
    north, east = local_position(140.0, 38.0, found.values["longitude"], found.values["latitude"])
    assert found.status == "located"
    assert [float(north), float(east)] == pytest.approx([3.0, -5.0], abs=0.2)
    assert found.values["depth_km"] == pytest.approx(47.0, abs=0.5)
