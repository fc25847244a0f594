"""Interpolation in stacked tables."""

import numpy as np
import pytest

from quakeloom.core import InputError, LayeredModel
from quakeloom.travel import LayeredTakeoffs, lookup, stack_tables, table_grid, trace_table

CRUST = LayeredModel(
    "crust",
    np.array([0.0, 3, 18, 35, 35, 90]),
    np.array([4.0, 5.6, 6.2, 7.0, 7.8, 8.3]),
)
GRADIENT = LayeredModel("gradient", np.array([0.0, 90]), np.array([5.0, 8.6]))


def test_a_homogeneous_medium_is_interpolated_exactly():
    model = LayeredModel("even", np.array([0.0, 30]), np.array([6.0, 6.0]))
    stack = stack_tables([trace_table(model, [0, 10, 20, 40], [0, 25, 50, 100])])
    rng = np.random.default_rng(1)
    depth, distance = rng.uniform(0, 40, 500), rng.uniform(0, 100, 500)
    takeoff, time = lookup(stack, 0, depth, distance)
    assert takeoff == pytest.approx(180 - np.degrees(np.arctan2(distance, depth)), abs=1e-4)
    assert time == pytest.approx(np.hypot(depth, distance) / 6.0, rel=1e-6)


def test_interpolation_converges_with_the_square_of_the_spacing():
    depth = np.linspace(4.1, 19.7, 40)[:, None]
    distance = np.linspace(10.3, 77.1, 60)
    exact = trace_table(GRADIENT, depth[:, 0], distance)
    angles, times = [], []
    for step in (2.0, 1.0, 0.5):
        table = trace_table(GRADIENT, np.arange(4, 20.1, step), np.arange(10, 78.1, step))
        takeoff, time = lookup(stack_tables([table]), 0, depth, distance)
        angles.append(np.abs(takeoff - exact.takeoff_deg).mean())
        times.append(np.abs(time - exact.travel_time_s).mean())
    for errors in (angles, times):
        order = np.log2(np.array(errors[:-1]) / errors[1:])
        assert np.all((order > 1.8) & (order < 2.2))


def test_across_the_jump_from_direct_to_refracted_no_angle_between_them_appears():
    depth, distance = table_grid(34.0, 300.0, models=[CRUST])
    stack = stack_tables([trace_table(CRUST, depth, distance)])
    assert stack.jumps.any()
    query = np.linspace(60.0, 299.0, 4000)
    z = np.array([11.3, 24.6])
    takeoff, time = lookup(stack, 0, z[:, None], query)
    exact = trace_table(CRUST, z, query)
    # Wherever the right branch is chosen the angle is near; the wrong branch may be chosen
    # only where the two arrive at nearly the same time.
    wrong = np.abs(takeoff - exact.takeoff_deg) > 1.0
    assert wrong.mean() < 0.002
    assert np.abs(time - exact.travel_time_s).max() < 0.01
    nearest = np.abs(takeoff[..., None] - exact.takeoff_deg[:, None, ::10]).min(axis=-1)
    assert nearest.max() < 1.0


def test_the_default_grid_follows_a_layered_crust_closely():
    stack = stack_tables([trace_table(CRUST)])
    rng = np.random.default_rng(3)
    depth, distance = np.sort(rng.uniform(0, 40, 50)), np.sort(rng.uniform(0, 300, 150))
    exact = trace_table(CRUST, depth, distance)
    takeoff, time = lookup(stack, 0, depth[:, None], distance)
    error = np.abs(takeoff - exact.takeoff_deg)
    assert np.quantile(error, 0.95) < 0.1
    assert np.quantile(error, 0.995) < 1.0
    assert np.abs(time - exact.travel_time_s).max() < 5e-3


def test_a_station_above_the_source_sees_a_ray_that_goes_straight_up():
    stack = stack_tables([trace_table(CRUST)])
    takeoff, time = lookup(stack, 0, [0.0, 0.5, 1.7, 30.0, 50.0], 0.0)
    assert np.array_equal(takeoff, np.full(5, 180.0))
    assert time[0] == 0.0
    gradient = 1.6 / 3.0
    assert time[1] == pytest.approx(np.log(1 + gradient * 0.5 / 4.0) / gradient, rel=1e-5)


def test_outside_the_table_is_nan_but_above_its_top_is_its_top():
    stack = stack_tables([trace_table(CRUST, [0, 10, 20], [0, 50, 100])])
    takeoff, time = lookup(
        stack, 0, [20.1, 5.0, 5.0, np.nan, 5.0, -2.0], [10, 100.1, np.nan, 10, -1, 10]
    )
    assert np.array_equal(np.isnan(takeoff), [True, True, True, True, True, False])
    assert np.array_equal(np.isnan(time), np.isnan(takeoff))
    assert takeoff[-1] == lookup(stack, 0, 0.0, 10.0)[0]


def test_lookup_broadcasts_trials_against_stations():
    stack = stack_tables([trace_table(m, [0, 5, 10], [0, 5, 50, 90]) for m in (CRUST, GRADIENT)])
    index = np.array([0, 1, 0])[:, None]
    depth = np.array([3.0, 4.0, 5.0])[:, None]
    distance = np.linspace(0, 90, 7)
    takeoff, time = lookup(stack, index, depth, distance)
    assert takeoff.shape == time.shape == (3, 7)
    for i in range(3):
        for j in range(7):
            one = lookup(stack, index[i, 0], depth[i, 0], distance[j])
            assert (takeoff[i, j], time[i, j]) == one
    assert lookup(stack, 0, np.empty((0, 4)), 1.0)[0].shape == (0, 4)
    assert lookup(stack, 0, np.full((2, 3, 4), 5.0), 1.0)[0].shape == (2, 3, 4)


def test_an_unknown_model_is_refused():
    stack = stack_tables([trace_table(CRUST, [0, 5], [0, 5])])
    with pytest.raises(InputError, match="Model index 1"):
        lookup(stack, [0, 1], 1.0, 1.0)
    with pytest.raises(InputError, match="differ in"):
        stack_tables([trace_table(CRUST, [0, 5], [0, 5]), trace_table(CRUST, [0, 6], [0, 5])])
    with pytest.raises(InputError, match="at least one"):
        stack_tables([])


def test_layered_takeoffs_answer_per_trial_and_station():
    stack = stack_tables([trace_table(m, [0, 5, 10], [0, 5, 50, 90]) for m in (CRUST, GRADIENT)])
    source = LayeredTakeoffs(stack)
    azimuth, takeoff = source.draw_takeoffs(
        [0, 1], [140.0, 140.1], [36.0, 36.0], [4.0, 6.0], [140.0, 140.4, 139.7], [36.3, 36.0, 36.0]
    )
    assert source.member_count == 2
    assert azimuth.shape == takeoff.shape == (2, 3)
    assert azimuth[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert np.all((takeoff > 0) & (takeoff < 180))
