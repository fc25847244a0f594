"""Rays against analytic answers."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from quakeloom.core import InputError, LayeredModel
from quakeloom.travel import trace_table

DISTANCE = np.linspace(0.0, 150.0, 76)


def make_model(*nodes, name="test"):
    z, v = np.array(nodes, dtype=float).T
    return LayeredModel(name, z, v)


def gradient_rays(v0, g, depth, distance):
    """Take-off angle and time in v0 + g z to the surface, in closed form."""
    x = distance
    vs = v0 + g * depth
    p = 2.0 * g * x / np.sqrt((g**2 * x**2 + v0**2 + vs**2) ** 2 - 4.0 * v0**2 * vs**2)
    angle = np.degrees(np.arcsin(np.minimum(1.0, p * vs)))
    down = g**2 * x**2 > vs**2 - v0**2
    time = np.arccosh(1.0 + g**2 * (x**2 + depth**2) / (2.0 * v0 * vs)) / g
    return np.where(down, angle, 180.0 - angle), time


def test_a_homogeneous_medium_gives_straight_rays():
    table = trace_table(make_model((0, 6.0), (30, 6.0)), [1.0, 10.0, 45.0], DISTANCE)
    depth = table.depth_km[:, None]
    straight = 180.0 - np.degrees(np.arctan2(DISTANCE, depth))
    assert table.takeoff_deg == pytest.approx(straight, abs=1e-7)
    assert table.travel_time_s == pytest.approx(np.hypot(DISTANCE, depth) / 6.0, rel=1e-12)


@pytest.mark.parametrize("nodes", [1, 7])
@pytest.mark.parametrize("g", [0.02, 0.08, 0.5])
def test_rays_in_a_linear_gradient_are_circles(g, nodes):
    v0 = 4.5
    z = np.linspace(0.0, 900.0, nodes + 1)
    depth = np.array([0.5, 4.0, 15.0, 37.0])
    distance = np.linspace(0.5, 150.0, 70)
    table = trace_table(LayeredModel("gradient", z, v0 + g * z), depth, distance)
    takeoff, time = gradient_rays(v0, g, depth[:, None], distance)
    assert table.travel_time_s == pytest.approx(time, rel=1e-11)
    # Near a horizontal start the angle hangs on the slowness by a square root.
    assert table.takeoff_deg == pytest.approx(takeoff, abs=2e-3)
    steep = np.abs(takeoff - 90.0) > 1.0
    assert table.takeoff_deg[steep] == pytest.approx(takeoff[steep], abs=1e-6)
    assert np.all(table.direct)


def test_a_negative_gradient_bends_rays_upward_to_the_receiver_as_circles():
    v0, g, depth = 6.5, -0.03, 12.0
    distance = np.linspace(1.0, 60.0, 30)
    table = trace_table(make_model((0, v0), (40, v0 + 40 * g)), [depth, 20.0], distance)
    vs = v0 + g * depth
    time = np.arccosh(1.0 + g**2 * (distance**2 + depth**2) / (2.0 * v0 * vs)) / abs(g)
    assert table.travel_time_s[0] == pytest.approx(time, rel=1e-11)


def test_the_head_wave_of_two_layers_leaves_at_the_critical_angle():
    v1, v2, thickness, depth = 6.0, 8.0, 30.0, 10.0
    table = trace_table(
        make_model((0, v1), (thickness, v1), (thickness, v2), (60, v2)), [depth, 20.0], DISTANCE
    )
    critical = np.arcsin(v1 / v2)
    direct = np.hypot(DISTANCE, depth) / v1
    head = DISTANCE / v2 + (2 * thickness - depth) * np.cos(critical) / v1
    offset = (2 * thickness - depth) * np.tan(critical)
    is_head = (head < direct) & (offset <= DISTANCE)
    assert is_head.any()
    assert not is_head.all()
    assert table.travel_time_s[0] == pytest.approx(np.where(is_head, head, direct), rel=1e-12)
    straight = 180.0 - np.degrees(np.arctan2(DISTANCE, depth))
    expected = np.where(is_head, np.degrees(critical), straight)
    assert table.takeoff_deg[0] == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(table.direct[0], ~is_head)


def test_the_last_node_is_the_top_of_a_half_space_that_carries_a_head_wave():
    with_half_space = trace_table(make_model((0, 6.0), (30, 6.0), (30, 8.0)), [10, 20], DISTANCE)
    with_layer = trace_table(
        make_model((0, 6.0), (30, 6.0), (30, 8.0), (90, 8.0)), [10, 20], DISTANCE
    )
    assert np.array_equal(with_half_space.travel_time_s, with_layer.travel_time_s)


def test_a_source_on_a_discontinuity_is_in_the_upper_medium():
    model = make_model((0, 6.0), (30, 6.0), (30, 8.0), (90, 8.0))
    on, below = trace_table(model, [30.0, 30.001], [100.0, 140.0]).takeoff_deg
    assert on == pytest.approx(np.degrees(np.arcsin(6.0 / 8.0)))
    # From just below the interface the same wave runs along it and leaves almost level.
    assert np.all((below > 90.0) & (below < 91.0))


def test_a_shadow_zone_is_crossed_along_the_velocity_maximum_above_it():
    model = make_model((0, 5.0), (10, 6.4), (14, 5.4), (40, 6.6), (80, 8.0))
    table = trace_table(model, [5.0, 8.0], DISTANCE)
    slowness = np.gradient(table.travel_time_s, DISTANCE, axis=1)
    creeping = np.isclose(slowness, 1 / 6.4, rtol=1e-6)
    assert creeping[0].sum() > 5
    angle = np.degrees(np.arcsin((5.0 + 0.14 * 5.0) / 6.4))
    assert table.takeoff_deg[0][creeping[0]] == pytest.approx(angle)
    assert np.all(np.isfinite(table.takeoff_deg))


def test_first_arrivals_from_the_surface_come_ever_more_steeply_from_below():
    model = make_model((0, 4.0), (3, 5.6), (18, 6.2), (35, 7.0), (35, 7.8), (90, 8.3))
    table = trace_table(model, [0.0, 1.0], np.linspace(1.0, 400.0, 400))
    assert np.all(np.diff(table.takeoff_deg[0]) <= 1e-9)
    assert np.all(np.diff(table.travel_time_s[0]) > 0)


def test_travel_times_are_reciprocal():
    model = make_model((0, 4.0), (3, 5.6), (12, 6.4), (15, 5.9), (35, 7.0), (35, 7.8), (90, 8.3))
    for lower in (2.0, 13.0, 40.0):
        up = trace_table(model, [lower, 100.0], DISTANCE, receiver_depth_km=1.0)
        down = trace_table(model, [1.0, 100.0], DISTANCE, receiver_depth_km=lower)
        assert up.travel_time_s[0] == pytest.approx(down.travel_time_s[0], rel=1e-11)


def test_traced_rays_obey_the_ray_equations():
    model = make_model((0, 4.0), (3, 5.6), (12, 6.4), (35, 7.0), (90, 8.3))
    depth = 9.0
    table = trace_table(model, [depth, 20.0], np.array([5.0, 40.0, 90.0, 200.0]))

    def velocity(z):
        i = min(max(np.searchsorted(model.depth_km, z) - 1, 0), 3)
        z0, z1 = model.depth_km[i : i + 2]
        v0, v1 = model.p_velocity_km_s[i : i + 2]
        slope = (v1 - v0) / (z1 - z0)
        return v0 + slope * (z - z0), slope

    def rhs(_, y):
        v, slope = velocity(y[1])
        return [v * np.sin(y[2]), v * np.cos(y[2]), np.sin(y[2]) * slope]

    def surface(_, y):
        return y[1]

    surface.terminal = True
    for target, angle, time in zip(
        table.distance_km, table.takeoff_deg[0], table.travel_time_s[0], strict=True
    ):
        ray = solve_ivp(
            rhs, (0, 100), [0, depth, np.radians(angle)], events=surface, rtol=1e-9, max_step=0.1
        )
        # The integrator's steps straddle the kinks of the model and miss the station by
        # meters; the time at the station follows to second order from the slowness.
        miss = ray.y_events[0][0][0] - target
        assert abs(miss) < 0.1
        slowness = np.sin(np.radians(angle)) / velocity(depth)[0]
        assert ray.t_events[0][0] - slowness * miss == pytest.approx(time, abs=1e-5)


def test_in_a_homogeneous_sphere_rays_are_chords():
    radius, v, depth = 6371.0, 8.0, 300.0
    distance = np.linspace(50.0, 2000.0, 40)
    model = make_model((0, v), (900, v))
    table = trace_table(model, [depth, 400.0], distance, spherical=True)
    angle = distance / radius
    r = radius - depth
    chord = np.sqrt(r**2 + radius**2 - 2 * r * radius * np.cos(angle))
    from_up = np.arctan2(radius * np.sin(angle), radius * np.cos(angle) - r)
    assert table.travel_time_s[0] == pytest.approx(chord / v, rel=1e-6)
    assert table.takeoff_deg[0] == pytest.approx(180.0 - np.degrees(from_up), abs=2e-3)


def test_an_S_table_needs_S_velocities():
    model = make_model((0, 6.0), (30, 6.0))
    with pytest.raises(InputError, match="no S velocities"):
        trace_table(model, phase="S")
    both = LayeredModel("both", model.depth_km, model.p_velocity_km_s, np.array([3.0, 3.0]))
    table = trace_table(both, [1.0, 4.0], [0.0, 3.0], phase="S")
    assert table.travel_time_s[1, 1] == pytest.approx(5.0 / 3.0)


@pytest.mark.parametrize(
    ("depth", "distance"), [([5.0, 4.0], [0, 1]), ([0, 1], [0, np.nan]), ([0, 1], [-1.0, 4.0])]
)
def test_a_grid_that_does_not_increase_is_refused(depth, distance):
    with pytest.raises(InputError, match="No table was traced"):
        trace_table(make_model((0, 6.0), (30, 6.5)), depth, distance)
