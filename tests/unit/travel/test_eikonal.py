"""The eikonal solver against analytic solutions, reciprocity and its own derivative."""

import numpy as np
import pytest
from scipy import sparse

from quakeloom.core import InputError
from quakeloom.travel import _eikonal, solve_eikonal, trace_rays


def gradient_times(v0, g, source, *axes):
    """Times in v = v0 + g depth, the linear-gradient formula (Slotnick)."""
    depth = axes[0]
    square = sum((a - s) ** 2 for a, s in zip(axes, source, strict=True))
    return np.arccosh(1 + g**2 * square / (2 * (v0 + g * source[0]) * (v0 + g * depth))) / g


def grid(shape, h):
    return np.meshgrid(*[np.arange(n) * h for n in shape], indexing="ij")


def mean_relative_error(shape, h, source, order):
    axes = grid(shape, h)
    solution = solve_eikonal(4 + 0.08 * axes[0], h, source, order=order)
    exact = gradient_times(4, 0.08, source, *axes)
    there = exact > 0
    return np.mean(np.abs(solution.times_s - exact)[there] / exact[there])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("source", [(0.0, 0.0), (3.03, 7.17), (3.0, 7.5)])
def test_homogeneous_medium_gives_straight_rays(order, source):
    z, x = grid((31, 76), 0.2)
    solution = solve_eikonal(np.full(z.shape, 5.0), 0.2, source, order=order)
    distance = np.hypot(z - source[0], x - source[1])
    # the factored equation has u = 1/v as its exact discrete solution
    np.testing.assert_allclose(solution.times_s, distance / 5.0, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("order", "source", "lowest", "highest"),
    [(1, (4.0, 10.0), 0.8, 1.2), (2, (4.0, 10.0), 1.6, 2.4), (2, (0.0, 0.0), 1.7, 2.4)],
)
def test_observed_order_of_convergence(order, source, lowest, highest):
    errors = [
        mean_relative_error((40 * k + 1, 100 * k + 1), 0.4 / k, source, order) for k in (1, 2, 4)
    ]
    observed = np.log2(errors[0] / errors[2]) / 2
    assert lowest < observed < highest


def test_three_dimensions_converge_with_second_order():
    errors = [
        mean_relative_error((8 * k + 1, 10 * k + 1, 12 * k + 1), 1.6 / k, (3.2, 6.4, 9.6), 2)
        for k in (1, 2, 4)
    ]
    assert 1.6 < np.log2(errors[0] / errors[2]) / 2 < 2.6


def test_second_order_error_is_a_few_millionths_on_the_benchmark_grid():
    # eikonalfm of second order has 2e-7 and 1e-6 in the mean on this model and grid
    assert mean_relative_error((200, 500), 0.1, (0.0, 0.0), 2) < 5e-7
    assert mean_relative_error((200, 500), 0.1, (10.0, 25.0), 2) < 2e-6
    assert mean_relative_error((200, 500), 0.1, (10.03, 25.07), 2) < 2e-5


def test_two_dimensions_are_three_with_nothing_along_the_middle_axis():
    z, x = grid((25, 40), 0.5)
    v = 3 + 0.2 * z + 0.5 * np.sin(x / 4)
    flat = solve_eikonal(v, 0.5, (2.0, 6.0)).times_s
    deep = np.repeat(v[:, None, :], 9, axis=1)
    full = solve_eikonal(deep, 0.5, (2.0, 2.0, 6.0)).times_s
    np.testing.assert_allclose(full[:, 4], flat, rtol=2e-3, atol=2e-3)


def test_travel_times_are_reciprocal():
    rng = np.random.default_rng(5)
    z, x = grid((41, 81), 0.25)
    v = 3 + 0.2 * z + 0.6 * np.sin(x / 3) * np.cos(z / 4)
    ends = rng.uniform([0, 0], [10, 20], (2, 2))
    there = solve_eikonal(v, 0.25, ends[0]).times_at(ends[1])[0]
    back = solve_eikonal(v, 0.25, ends[1]).times_at(ends[0])[0]
    assert there == pytest.approx(back, rel=5e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirrored_media_give_mirrored_times(axis):
    """Sweeps begin at the source and upward; which way is up must not matter."""
    z, y, x = grid((21, 25, 29), 0.5)
    velocity = 4 + 0.08 * z + 0.3 * np.sin(y) * np.cos(0.7 * x)
    source = np.array([3.2, 5.1, 7.7])
    mirrored = source.copy()
    mirrored[axis] = 0.5 * (velocity.shape[axis] - 1) - source[axis]
    times = solve_eikonal(velocity, 0.5, source).times_s
    turned = np.flip(solve_eikonal(np.flip(velocity, axis), 0.5, mirrored).times_s, axis)
    # first-order times settle to 1e-5, and with them which neighbors lie upwind
    assert np.mean(np.abs(turned / times - 1)) < 1e-5


def test_unequal_spacing_changes_little():
    z = np.arange(41)[:, None] * 0.25
    x = np.arange(51)[None, :] * 0.5
    solution = solve_eikonal(4 + 0.08 * (z + 0 * x), (0.25, 0.5), (5.0, 12.5))
    exact = gradient_times(4, 0.08, (5.0, 12.5), z + 0 * x, x + 0 * z)
    there = exact > 0
    error = np.abs(solution.times_s - exact)[there] / exact[there]
    assert error.mean() < 3e-5


@pytest.mark.parametrize("order", [1, 2])
def test_gradient_is_the_derivative_of_the_discrete_times(order):
    rng = np.random.default_rng(3)
    z, x = grid((21, 41), 0.5)
    v = 2 + 0.25 * z + 0.5 * np.sin(x / 3)
    points = rng.uniform([0, 0], [10, 20], (6, 2))
    weights = rng.normal(size=6)
    change = rng.normal(size=v.shape)

    def objective(step):
        slowness = 1 / v + step * change
        return weights @ solve_eikonal(1 / slowness, 0.5, (0.3, 1.2), order=order).times_at(points)

    solution = solve_eikonal(v, 0.5, (0.3, 1.2), order=order)
    exact = np.sum(solution.backpropagate(points, weights) * change)
    # nodes are swept to 1e-10, so differences over 2e-5 are good to some 1e-5
    assert (objective(1e-5) - objective(-1e-5)) / 2e-5 == pytest.approx(exact, rel=1e-4)


def test_three_dimensional_gradient_is_the_derivative():
    rng = np.random.default_rng(4)
    v = 3 + 0.2 * grid((11, 12, 13), 0.5)[0]
    points = rng.uniform([0, 0, 0], [5, 5.5, 6], (3, 3))
    change = rng.normal(size=v.shape)

    def total(step):
        return solve_eikonal(1 / (1 / v + step * change), 0.5, (1.1, 2, 3)).times_at(points).sum()

    exact = np.sum(solve_eikonal(v, 0.5, (1.1, 2, 3)).backpropagate(points, np.ones(3)) * change)
    assert (total(1e-5) - total(-1e-5)) / 2e-5 == pytest.approx(exact, rel=1e-4)


def test_sensitivities_are_the_rows_of_the_gradient_and_add_up_to_the_time():
    z, x = grid((21, 41), 0.5)
    solution = solve_eikonal(2 + 0.25 * z + 0 * x, 0.5, (0.0, 1.0))
    points = np.array([[0.0, 18.0], [4.3, 9.9]])
    rows = solution.sensitivities(points, sparse.identity(z.size, format="csr"))
    both = solution.backpropagate(points, np.ones(2)).ravel()
    np.testing.assert_allclose(rows.sum(axis=0), both, atol=1e-12)
    # T is homogeneous of degree one in slowness (Euler), in the discrete scheme as well
    times = rows @ (1 / solution.velocity).ravel()
    np.testing.assert_allclose(times, solution.times_at(points), rtol=1e-9)


def test_sensitivity_lies_along_the_ray():
    z, x = grid((41, 81), 0.25)
    solution = solve_eikonal(3 + 0.3 * z + 0 * x, 0.25, (0.0, 1.0))
    receiver = np.array([[0.0, 19.0]])
    path = trace_rays(solution, receiver)[0]
    row = solution.sensitivities(receiver, sparse.identity(z.size, format="csr"))[0]
    depth_of_row = np.sum(row * z.ravel()) / row.sum()
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    depth_of_ray = np.sum(steps * 0.5 * (path[1:, 0] + path[:-1, 0])) / steps.sum()
    assert depth_of_row == pytest.approx(depth_of_ray, rel=0.02)
    assert steps.sum() == pytest.approx(row.sum(), rel=0.01)


def test_ray_in_a_gradient_is_a_circle_with_its_take_off_angle():
    v0, g = 4.0, 0.2
    z, x = grid((61, 161), 0.25)
    solution = solve_eikonal(v0 + g * z + 0 * x, 0.25, (0.0, 2.0))
    receiver = np.array([[0.0, 34.0]])
    path = trace_rays(solution, receiver)[0]
    centre = 18.0
    radius = np.hypot(v0 / g, 16.0)
    from_centre = np.hypot(path[:, 0] + v0 / g, path[:, 1] - centre)
    np.testing.assert_allclose(from_centre, radius, rtol=2e-3)
    # leaving downward, seen from the receiver's end by symmetry
    expected = np.degrees(np.arctan2(v0 / g, 16.0))
    assert solution.takeoff_angles(receiver)[0] == pytest.approx(expected, abs=1.0)


def test_take_off_and_azimuth_of_straight_rays():
    v = np.full((13, 13, 13), 5.0)
    station = (0.0, 3.0, 3.0)
    solution = solve_eikonal(v, 0.5, station)
    hypocenter = np.array([[4.0, 1.0, 5.0]])
    # the ray goes up by 4 and 2 km north, 2 km west
    assert solution.takeoff_angles(hypocenter)[0] == pytest.approx(
        180 - np.degrees(np.arctan2(np.hypot(2, 2), 4)), abs=1e-6
    )
    assert solution.takeoff_azimuths(hypocenter)[0] == pytest.approx(315.0, abs=1e-6)


def test_head_wave_along_a_fast_layer_is_the_first_arrival():
    h = 0.1
    z, _ = grid((41, 401), h)
    v = np.where(z > 1.95, 6.0, 3.0)
    solution = solve_eikonal(v, h, (0.0, 0.0))
    offset = 30.0
    thickness = 1.95
    head = offset / 6 + 2 * thickness * np.sqrt(1 / 3**2 - 1 / 6**2)
    # the interface is known to half a node
    assert solution.times_at([[0.0, offset]])[0] == pytest.approx(head, abs=h / 3)


def test_water_layer_is_crossed_once_to_the_sea_floor():
    h = 0.1
    z, _ = grid((41, 301), h)
    v = np.where(z < 1.95, 1.5, 4.0)
    solution = solve_eikonal(v, h, (2.0, 5.0))
    ship = np.array([[0.0, 25.0]])
    expected = 20.0 / 4 + 1.95 * np.sqrt(1 / 1.5**2 - 1 / 4**2)
    assert solution.times_at(ship)[0] == pytest.approx(expected, abs=h / 1.5)


def test_waves_go_round_a_valley_and_not_through_the_air():
    h = 0.25
    z, x = grid((41, 81), h)
    ground = np.where(np.abs(x - 10) < 4, 6.0, 2.0)
    v = np.full(z.shape, 3.0)
    ends = np.array([2.0, 5.0]), np.array([[2.0, 15.0]])
    around = solve_eikonal(v, h, ends[0], active=z >= ground - 1e-9).times_at(ends[1])[0]
    # edge to edge under the floor of the valley: 1 km + 4 km down, 8 km across, and back
    corner = (np.hypot(1.0, 4.0) * 2 + 8.0) / 3.0
    assert around == pytest.approx(corner, rel=0.02)
    assert solve_eikonal(v, h, ends[0]).times_at(ends[1])[0] == pytest.approx(10 / 3, rel=1e-6)


def test_points_in_the_air_or_outside_have_no_time():
    z, _ = grid((21, 21), 0.5)
    active = z >= 5
    solution = solve_eikonal(np.full(z.shape, 3.0), 0.5, (6.0, 5.0), active=active)
    times = solution.times_at([[1.0, 5.0], [11.0, 5.0], [6.0, 6.0]])
    assert np.isnan(times[:2]).all()
    assert times[2] == pytest.approx(1 / 3)
    with pytest.raises(InputError, match="above the ground"):
        solution.backpropagate([[1.0, 5.0]], [1.0])


def test_rough_media_settle_and_keep_fermat():
    rng = np.random.default_rng(8)
    v = 3 * np.exp(0.3 * rng.normal(size=(60, 90)))
    solution = solve_eikonal(v, 0.1, (3.0, 4.5))
    z, x = grid(v.shape, 0.1)
    distance = np.hypot(z - 3.0, x - 4.5)
    assert (solution.times_s <= distance / v.min() + 1e-9).all()
    assert (solution.times_s >= distance / v.max() - 1e-9).all()


def test_twice_the_slowness_is_twice_the_time_in_the_roughest_medium():
    """So T = sum of s dT/ds (Euler), where nodes without an earlier neighbor occur, too."""
    rng = np.random.default_rng(2)
    v = np.exp(rng.normal(0.0, 1.0, (40, 60)))
    spacing = np.array([0.1, 0.4])
    solution = solve_eikonal(v, spacing, (1.7, 9.1))
    assert np.isfinite(solution.times_s).all()
    points = rng.uniform(0, 1, (20, 2)) * (np.array(v.shape) - 1) * spacing
    gradient = solution.backpropagate(points, np.ones(len(points)))
    assert np.sum(gradient / v) == pytest.approx(solution.times_at(points).sum(), rel=1e-11)


def test_a_medium_too_rough_for_the_grid_is_refused():
    """With jumps of many orders of magnitude no order of first arrivals is found; say so."""
    v = np.exp(np.random.default_rng(0).normal(0.0, 3.0, (40, 60)))
    with pytest.raises(InputError, match="could not be put in order"):
        solve_eikonal(v, 0.1, (2.0, 3.0))


def meander(shape, every):
    """A path that walls along depth force to and fro, open at alternate ends."""
    open_nodes = np.ones(shape, dtype=bool)
    for k, wall in enumerate(range(every, shape[-1] - 1, every)):
        rows = slice(0, -4) if k % 2 else slice(4, None)
        open_nodes[rows, ..., wall : wall + 2] = False
    return open_nodes


@pytest.mark.parametrize("shape", [(40, 120), (22, 9, 66)])
def test_how_often_the_grid_is_swept_changes_nothing(shape, monkeypatch):
    """What sweeps leave is followed node by node; a path with twelve turns needs both."""
    followed = []
    follow = _eikonal.kernels.follow_graph
    monkeypatch.setattr(
        _eikonal.kernels, "follow_graph", lambda *a: followed.append(True) or follow(*a)
    )
    rng = np.random.default_rng(3)
    v = 3 * np.exp(0.1 * rng.normal(size=shape))
    active = meander(shape, shape[-1] // 12)
    source = np.full(len(shape), 0.23)
    times, used = [], []
    for sweeps in (1, 8, 200):
        monkeypatch.setattr(_eikonal, "_GRAPH_SWEEPS", sweeps)
        followed.clear()
        times.append(solve_eikonal(v, 0.1, source, active=active).times_s)
        used.append(bool(followed))
    assert used == [True, True, False]
    assert np.isfinite(times[0][active]).all()
    assert times[0].tobytes() == times[1].tobytes() == times[2].tobytes()
    # the far end is reached by the whole way to and fro, not by the straight one
    straight = np.linalg.norm((np.array(shape) - 1) * 0.1)
    assert times[0][active].max() > 2.5 * straight / 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source_km": (0.0, 99.0)}, "lies outside the grid"),
        ({"velocity": np.zeros((5, 5))}, "positive velocities"),
        ({"velocity": np.full((5, 5), np.nan)}, "positive velocities"),
        ({"velocity": np.ones(5)}, "two or three axes"),
        ({"order": 3}, "Order 3"),
        ({"active": np.zeros((5, 5))}, "in the air"),
    ],
)
def test_impossible_input_is_refused_with_the_remedy(change, message):
    arguments = {"velocity": np.ones((5, 5)), "spacing_km": 1.0, "source_km": (1.0, 1.0)}
    with pytest.raises(InputError, match=message):
        solve_eikonal(**(arguments | change))
