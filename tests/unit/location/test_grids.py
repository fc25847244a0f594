"""Ensembles on grids: kernels, tables per station, boundaries that are not flat, rays."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import LayeredModel, distance_azimuth
from quakeloom.location import (
    EnsembleTakeoffs,
    LocationOptions,
    PickSet,
    Plane,
    draw_layered_models,
    grid_times,
    locate_picks,
    make_ensemble,
    stack_members,
    station_times,
    trace_member,
)
from quakeloom.location._boundaries import boundary_at
from quakeloom.location._interpolation import Arrivals, Receivers, member_times
from quakeloom.location._likelihoods import GAUSSIAN, ErrorModel, log_likelihoods

SPEED = 6.0
LEVELS = (-1.0, 0.0)


@pytest.fixture(scope="module")
def layered():
    """Seven members around two layers, receivers at sea level and at 1 km."""
    model = LayeredModel("a", np.array([0.0, 12.0, 12.0]), np.array([5.5, 5.5, 6.6]))
    depth, distance = np.arange(-2.0, 41.0), np.arange(0.0, 90.1, 1.5)
    members = [trace_member(m, depth, distance, LEVELS) for m in draw_layered_models(model, 7, 3)]
    return stack_members([f"m{k}" for k in range(7)], members, depth, distance, LEVELS)


@pytest.fixture(scope="module")
def volume():
    """Two members of constant velocity, one 10 % faster, and three stations, on a 2 km grid."""
    depth, north, east = (
        np.arange(-2.0, 25.0, 1.0),
        np.arange(-40.0, 41, 2),
        np.arange(-40.0, 41, 2),
    )
    station = np.array([[0.0, 20.0, 10.0], [-0.5, -20.0, 5.0], [0.0, 3.0, -25.0], [0.0, 2.0, 24.0]])
    z, n, e = np.meshgrid(depth, north, east, indexing="ij")
    time = np.stack(
        [
            np.sqrt((z - s[0]) ** 2 + (n - s[1]) ** 2 + (e - s[2]) ** 2)[..., None]
            / (SPEED * np.array([1.0, 1.1]))
            for s in station
        ]
    )
    names = tuple(f"XX.S{i}" for i in range(4))
    both = np.stack([time, time * 1.73])
    return grid_times(["slow", "fast"], names, both, depth, north, east), station


@pytest.mark.parametrize("spread_km", [0.4, 25.0])
def test_single_precision_sums_agree_with_double_precision(layered, spread_km):
    """Fast loops, with patches of tables (close nodes) and without, against plain arithmetic."""
    random = np.random.default_rng(2)
    nodes = np.column_stack(
        [random.uniform(8, 8 + spread_km, 900), *random.uniform(-spread_km, spread_km, (2, 900))]
    )
    station = np.column_stack([random.uniform(-1, 0, 9), *random.uniform(-40, 40, (2, 9))])
    group, level = layered.receivers(["P", "S", "P"] * 3, station[:, 0])
    variance = np.full(9, 0.05**2)
    out, origin = np.empty((900, 7)), np.empty((900, 7))
    truth, known = np.array([[9.0, 1.0, 2.0]]), np.empty((1, 9))
    receivers = Receivers(station, group, level)
    member_times(layered.arrays, truth, np.zeros(1, np.int64), receivers, known)
    time = known[0] + 17.0
    errors = ErrorModel(GAUSSIAN, 4.0)
    delay = np.zeros((time.size, out.shape[1]), np.float32)
    log_likelihoods(
        layered.arrays, nodes, receivers, Arrivals(time, delay), variance, errors, out, origin
    )
    for k in range(7):
        predicted = np.empty((900, 9))
        member = np.full(900, k)
        member_times(layered.arrays, nodes, member, receivers, predicted)
        residual = time - predicted
        mean = residual.mean(axis=1)
        exact = -0.5 * np.sum((residual - mean[:, None]) ** 2, axis=1) / 0.05**2
        near = exact > -40.0
        np.testing.assert_allclose(out[near, k], exact[near], atol=5e-3)
        np.testing.assert_allclose(out[:, k], exact, rtol=1e-4, atol=5e-3)
        np.testing.assert_allclose(origin[:, k], mean, atol=1e-5)


def test_tables_per_station_locate_as_levels_do(layered):
    """The same times, given once per station instead of per receiver level."""
    random = np.random.default_rng(5)
    longitude, latitude = 140 + random.uniform(-0.3, 0.3, 8), 36 + random.uniform(-0.3, 0.3, 8)
    elevation = np.array([0.0, 1000.0] * 4)
    names = [f"XX.S{i}" for i in range(8)]
    length = np.hypot(
        layered.north_km[None, :], layered.depth_km[:, None] - np.array(LEVELS)[:, None, None]
    )
    time = (layered.values[:, :, :, 0, :].reshape(2, 2, *length.shape[1:], 7)) * length[..., None]
    which = (elevation == 0.0).astype(int)
    tables = station_times(
        layered.names, [n.split(".")[1] for n in names], time[:, which], layered.depth_km,
        layered.north_km, -elevation / 1000.0,
    )  # fmt: skip
    plane = Plane(140.0, 36.0)
    here = plane.forward(longitude, latitude)
    station = np.column_stack([-elevation / 1000.0, here])
    phase = ["P", "S"] * 4
    group, level = layered.receivers(phase, station[:, 0])
    predicted = np.empty((1, 8))
    receivers = Receivers(station, group, level)
    member_times(layered.arrays, np.array([[10.0, 3.0, -4.0]]), np.array([2]), receivers, predicted)
    picks = PickSet(names, phase, predicted[0], np.full(8, 0.1), longitude, latitude, elevation)
    options = LocationOptions(maximum_depth_km=35.0, radius_km=60.0)
    first, second = (locate_picks(make_ensemble(t), picks, options) for t in (layered, tables))
    for name in ("longitude", "latitude", "depth_km", "cov_dd", "effective_model_count"):
        assert second.values[name] == pytest.approx(first.values[name], rel=1e-4)


def test_boundary_that_dips_is_read_where_the_event_is(volume):
    """A boundary that deepens to the north, and lies 2 km deeper in the second member."""
    times, station = volume
    plane = Plane(140.0, 36.0)
    boundary = 10.0 + 0.1 * times.north_km[:, None, None] + np.array([0.0, 2.0])
    boundary = np.broadcast_to(boundary, (times.north_km.size, times.east_km.size, 2))
    longitude, latitude = plane.inverse(station[:, 1], station[:, 2])
    names, phase = list(times.stations) * 2, ["P"] * 4 + ["S"] * 4
    both = np.concatenate([station, station])
    group, level = times.receivers(phase, both[:, 0], names)
    predicted = np.empty((1, 8))
    receivers = Receivers(both, group, level)
    member_times(times.arrays, np.array([[12.0, 10.0, 0.0]]), np.array([0]), receivers, predicted)
    picks = PickSet(names, phase, predicted[0], np.full(8, 0.05), np.tile(longitude, 2),
                    np.tile(latitude, 2), np.tile(-1000 * station[:, 0], 2))  # fmt: skip
    options = LocationOptions(maximum_depth_km=24.0, radius_km=39.0)
    found = locate_picks(make_ensemble(times), picks, options, boundary_km=boundary, plane=plane)
    assert found.status == "located"
    assert found.values["depth_km"] == pytest.approx(12.0, abs=1.0)
    # 11 km at 10 km north in the first member, which the picks choose
    assert found.values["probability_below_boundary"] > 0.85
    flat = boundary_at(times, np.array([3.0, np.nan]), np.zeros((1, 3)))
    assert flat.tolist() == [[3.0, 1e9]]


def test_rays_in_space_point_at_the_stations(volume):
    """In constant velocity azimuth and take-off angle are those of the straight line."""
    times, station = volume
    plane = Plane(140.0, 36.0)
    longitude, latitude = plane.inverse(station[:, 1], station[:, 2])
    rays = EnsembleTakeoffs(times, plane, times.stations, longitude, latitude)
    source = plane.inverse(np.array([4.0, -6.0]), np.array([1.0, 7.0]))
    depth = np.array([9.0, 14.0])
    azimuth, takeoff = rays.draw_takeoffs(
        np.array([0, 1]), *source, depth, longitude, latitude, -1000 * station[:, 0]
    )
    away, straight = distance_azimuth(source[0][:, None], source[1][:, None], longitude, latitude)
    # the stations are seen upward; the grid of 2 km is linear between its nodes
    np.testing.assert_allclose(np.mod(azimuth - straight + 180, 360) - 180, 0.0, atol=2.0)
    up = 180 - np.degrees(np.arctan2(away, depth[:, None] - station[:, 0]))
    np.testing.assert_allclose(takeoff, up, atol=2.5)
    unknown = rays.draw_takeoffs([0], [140.0], [36.0], [9.0], [141.0], [37.0])[1]
    assert np.isnan(unknown).all()
