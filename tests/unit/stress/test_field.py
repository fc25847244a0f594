"""The smoothed inversion: exactness, strength, boundaries, honesty where data are few."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.stress import (
    Bootstrap,
    PlacedMechanisms,
    StressGrid,
    StressInversion,
    accumulate_statistics,
    axial_difference,
    bootstrap_confidence,
    choose_random_planes,
    describe_stress,
    design_rows,
    grade_quality,
    interpolate_field,
    invert_stress,
    invert_unstable_planes,
    mechanism_statistics,
    plane_instability,
    stress_components,
    stress_tensors,
    sum_statistics,
    summarize_draws,
    summarize_posterior,
    summarize_replicates,
)
from quakeloom.stress._strengths import likely_strengths

from .simulated import simulate_planes, tensor_from


def _map(rows=6, columns=7, **options):
    axes = {"northing": np.arange(rows, dtype=float), "easting": np.arange(columns, dtype=float)}
    return StressGrid(axes, **options)


def _events(grid, count, tensor_at, seed=0, noise_deg=20.0):
    rng = np.random.default_rng(seed)
    high = [v.max() for v in grid.axes.values()]
    points = rng.uniform(0.0, high, (count, len(high)))
    angles = simulate_planes(np.array([tensor_at(*p) for p in points]), rng, noise_deg)
    return points, angles


def test_statistics_give_the_dense_solution_and_abic():
    """Sparse sums and factor equal the dense least squares with every row written out."""
    grid = _map(4, 5)
    points, angles = _events(grid, 60, lambda n, e: tensor_from(90 + 5 * n, 0.4))
    sums = accumulate_statistics(grid, points, mechanism_statistics(*angles, "given"))
    inversion = StressInversion(grid, sums)
    point, m = inversion.inversion.evaluate((3.0,))
    from quakeloom.core import fault_vectors

    normal, slip = fault_vectors(*angles)
    nodes, shares = grid.locate(points)
    rows = np.zeros((60, 3, 20, 5))
    for c in range(4):
        used = nodes[:, c] >= 0
        rows[np.flatnonzero(used), :, nodes[used, c]] += (
            shares[used, c, None, None] * design_rows(normal)[used]
        )
    design = rows.reshape(180, 100)
    laplacian = grid.smoothness()[0].toarray()
    penalty = np.kron(laplacian, np.eye(5))
    hessian = design.T @ design + 3.0 * penalty
    dense = np.linalg.solve(hessian, design.T @ slip.ravel())
    np.testing.assert_allclose(m.ravel(), dense, atol=1e-9)
    objective = np.sum((slip.ravel() - design @ dense) ** 2) + 3.0 * dense @ penalty @ dense
    abic = (120 + 95 - 100) * np.log(objective) - 95 * np.log(3.0)
    abic += np.linalg.slogdet(hessian)[1]
    assert point.abic == pytest.approx(abic, rel=1e-9)
    field = inversion.solve((3.0,))
    inverse = np.linalg.inv(hessian)
    blocks = inverse.reshape(20, 5, 20, 5)[np.arange(20), :, np.arange(20)]
    resolution = np.trace(
        (inverse @ design.T @ design).reshape(20, 5, 20, 5)[np.arange(20), :, np.arange(20)],
        axis1=1, axis2=2,
    ) / 5  # fmt: skip
    np.testing.assert_allclose(field.resolution, resolution, atol=1e-9)
    np.testing.assert_allclose(field.covariance, field.noise_variance * blocks, atol=1e-9)


def test_order_and_grouping_of_partitions_do_not_matter():
    """Sums of parts have the bytes of the whole, and a part can be taken away again."""
    grid = _map()
    points, angles = _events(grid, 500, lambda n, e: tensor_from(100, 0.5))
    statistics = mechanism_statistics(*angles)
    weights = np.random.default_rng(1).uniform(0, 1, 500)
    whole = accumulate_statistics(grid, points, statistics, weights)
    order = np.random.default_rng(2).permutation(500)
    parts = [
        accumulate_statistics(grid, points[i], statistics[i], weights[i])
        for i in np.array_split(order, 7)
    ]
    total = sum_statistics(grid, parts)
    for name in ("normal", "slip", "weight", "mechanism_count", "moment"):
        assert getattr(total, name).tobytes() == getattr(whole, name).tobytes()
    assert total.square == whole.square
    rest = total - parts[3]
    again = rest + parts[3]
    assert again.normal.tobytes() == whole.normal.tobytes()
    assert rest.mechanism_count.sum() == 500 - len(np.array_split(order, 7)[3])


def test_the_step_between_two_half_spaces_is_sharp_where_the_boundary_is_named():
    """SHmax 90 and 45 degrees: smoothing blurs the step, a named boundary keeps it."""

    def tensor_at(north, east):
        return tensor_from(90.0 if east < 5.5 else 45.0, 0.5)

    line = np.array([[5.5, -1.0], [5.5, 12.0]])
    results = []
    for boundaries in ((), (line,)):
        grid = _map(12, 12, boundaries=boundaries)
        points, angles = _events(grid, 1500, tensor_at, seed=3)
        sums = accumulate_statistics(grid, points, mechanism_statistics(*angles))
        field = invert_stress(grid, sums)
        east = grid.coordinate("easting")
        shmax = describe_stress(field.components).shmax_deg
        truth = np.where(east < 5.5, 90.0, 45.0)
        beside = (east == 5) | (east == 6)
        off = np.abs(axial_difference(shmax, truth))
        results.append((off[beside].mean(), off.mean(), field.point.evidence))
    blurred, sharp = results
    assert sharp[0] < 3.0
    assert blurred[0] > 2 * sharp[0]
    # the evidence prefers the map with the boundary
    assert sharp[2] < blurred[2] - 10


def test_abic_gives_the_smoothness_of_a_simulated_field_back():
    """Fields drawn from the prior, data from the model: alpha2 within its standard error."""
    grid = _map(12, 12)
    rng = np.random.default_rng(4)
    laplacian = grid.smoothness()[0].toarray()
    values, vectors = np.linalg.eigh(laplacian)
    alpha2, noise = 4.0, 0.3
    root = vectors[:, 1:] * np.sqrt(noise**2 / alpha2 / values[1:])
    m = root @ rng.normal(size=(143, 5)) + [0.5, 0.2, -0.6, 0.1, 0.3]
    points = rng.uniform(0, 11, (4000, 2))
    normal = rng.normal(size=(4000, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    rows = design_rows(normal)
    exact = np.einsum("nik,nk->ni", rows, interpolate_field(grid, m, points))
    scatter = noise * rng.normal(size=(4000, 3))
    scatter -= normal * np.sum(scatter * normal, axis=1)[:, None]
    data = exact + scatter
    upper = np.triu_indices(5)
    square = np.einsum("nik,nil->nkl", rows, rows)[:, upper[0], upper[1]]
    vector = np.einsum("nik,ni->nk", rows, data)
    sums = accumulate_statistics(grid, points, np.concatenate([square, vector], axis=1))
    inversion = StressInversion(grid, sums)
    inversion.inversion.data_square = float(np.sum(data**2))
    scan = inversion.scan()
    # 2/sqrt(P/2) of ln alpha2, P = 5 * 143; two and a half of them
    assert abs(np.log(scan.best.alpha2[0] / alpha2)) < 2.5 * 2 / np.sqrt(5 * 143 / 2)
    assert scan.best.noise_variance == pytest.approx(noise**2, rel=0.1)


def test_depth_and_map_have_their_own_strengths():
    """A field that turns with depth and not over the map is smoothed over the map only."""
    axes = {
        "depth_km": np.arange(5.0),
        "northing": np.arange(5.0),
        "easting": np.arange(5.0),
    }
    grid = StressGrid(axes)
    points, angles = _events(grid, 3000, lambda d, n, e: tensor_from(90.0 + 15.0 * d, 0.5), 5)
    field = invert_stress(grid, accumulate_statistics(grid, points, mechanism_statistics(*angles)))
    across, down = field.point.alpha2
    assert across > 10 * down
    shmax = describe_stress(field.components).shmax_deg
    truth = 90.0 + 15.0 * grid.coordinate("depth_km")
    assert np.abs(axial_difference(shmax, truth)).mean() < 5.0


def test_uncertainty_grows_away_from_the_data():
    """Nodes without data are known worse the farther they are from any, and resolve nothing."""
    grid = _map(3, 15)
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(0, 2, 300), rng.uniform(0, 4, 300)], axis=1)
    angles = simulate_planes(np.array([tensor_from(100, 0.5)] * 300), rng, 20.0)
    sums = accumulate_statistics(grid, points, mechanism_statistics(*angles))
    field = invert_stress(grid, sums, alpha2=2.0)
    row = grid.index[1]
    size = np.trace(field.covariance[row], axis1=1, axis2=2)
    assert np.all(np.diff(size[4:]) > 0)
    assert size[-1] > 10 * size[2]
    assert np.all(field.resolution[row[6:]] < 1e-12)
    spread = summarize_posterior(field.components, field.covariance, freedom=field.freedom)
    assert spread.shmax_std_deg[row[-1]] > 3 * spread.shmax_std_deg[row[2]]
    letters = grade_quality(spread.shmax_range_deg)
    assert letters[row[2]] < letters[row[-1]]


def test_areas_without_any_mechanism_have_no_stress():
    """An island of nodes that nothing reaches is left unknown, not given a confident value."""
    mask = np.ones((3, 9), dtype=bool)
    mask[:, 4] = False
    grid = _map(3, 9, mask=mask)
    points, angles = _events(_map(3, 4), 60, lambda n, e: tensor_from(20, 0.3))
    field = invert_stress(grid, accumulate_statistics(grid, points, mechanism_statistics(*angles)))
    west = grid.coordinate("easting") < 4
    assert np.isfinite(field.components[west]).all()
    assert np.isnan(field.components[~west]).all()
    assert np.isnan(field.covariance[~west]).all()
    spread = summarize_posterior(field.components, field.covariance, 50)
    assert (grade_quality(spread.shmax_range_deg)[~west] == "").all()


def test_no_mechanism_inside_the_grid_is_refused_with_numbers():
    """Without a single mechanism there is nothing to say, and the message counts them."""
    grid = _map()
    points, angles = _events(grid, 3, lambda n, e: tensor_from(20, 0.3))
    outside = accumulate_statistics(grid, points + 100.0, mechanism_statistics(*angles))
    with pytest.raises(InputError, match="3 lie outside"):
        StressInversion(grid, outside)


def _coverage(count, trials, alike=False):
    """Share of trials whose truth is in the ranges, and the mean standard deviation of SHmax."""
    grid = StressGrid({"northing": [0.0], "easting": [0.0]})
    inside, spread = [], []
    for trial in range(trials):
        rng = np.random.default_rng([5, trial])
        truth = rng.normal(size=5)
        angles = simulate_planes(np.repeat(stress_tensors(truth)[None], count, axis=0), rng, 20.0)
        if alike:
            angles = [np.repeat(a[:1], count) for a in angles]
        sums = accumulate_statistics(grid, np.zeros((count, 2)), mechanism_statistics(*angles))
        field = invert_stress(grid, sums)
        u = summarize_posterior(field.components, field.covariance, 400, field.freedom, trial)
        best, known = describe_stress(field.components), describe_stress(truth)
        off = axial_difference(known.shmax_deg, best.shmax_deg)
        inside.append(
            [
                bool(np.all((v >= r[0, 0]) & (v <= r[0, 1])))
                for v, r in (
                    (off, u.shmax_range_deg),
                    (known.shape_ratio, u.shape_ratio_range),
                    (known.a_phi, u.a_phi_range),
                )
            ]
        )
        spread.append(u.shmax_std_deg[0])
    return np.mean(inside, axis=0), np.mean(spread)


@pytest.mark.parametrize("count", [1, 3, 10])
def test_a_handful_of_mechanisms_gives_a_wide_and_honest_answer(count):
    """One, three and ten mechanisms: the ranges hold the truth, and narrow with their number."""
    inside, spread = _coverage(count, 100)
    # 95 % of 100 trials, three standard errors of 2.2 % below
    assert np.all(inside > 0.88), inside
    assert {1: 30.0, 3: 22.0, 10: 12.0}[count] < spread < {1: 50.0, 3: 40.0, 10: 25.0}[count]


def test_copies_of_one_mechanism_count_as_one():
    """Fifty identical mechanisms know no more than one of them: no failure, wide ranges."""
    inside, spread = _coverage(50, 100, alike=True)
    _, one = _coverage(1, 100)
    assert np.all(inside > 0.88), inside
    assert spread == pytest.approx(one, rel=0.05)
    grid = _map(3, 3)
    statistics = np.repeat(mechanism_statistics([30.0], [90.0], [0.0]), 50, axis=0)
    sums = accumulate_statistics(grid, np.full((50, 2), 1.0), statistics)
    field = invert_stress(grid, sums)
    assert field.held.all()
    assert field.independent_share == pytest.approx(1 / 50, abs=1e-6)
    assert np.isfinite(field.components).all()


def test_isolated_areas_with_hardly_any_mechanism_do_not_stop_the_map():
    """Two hundred islands of one mechanism each: more unknowns than data, and still an answer."""
    mask = np.zeros((20, 40), dtype=bool)
    mask[::2, ::2] = True
    grid = _map(20, 40, mask=mask)
    points = np.stack([grid.coordinate("northing"), grid.coordinate("easting")], axis=1)
    rng = np.random.default_rng(1)
    angles = simulate_planes(np.array([tensor_from(60, 0.5)] * len(points)), rng, 10.0)
    statistics = mechanism_statistics(*angles)
    field = invert_stress(grid, accumulate_statistics(grid, points, statistics, method="nearest"))
    assert field.held.all()
    spread = summarize_posterior(field.components, field.covariance, freedom=field.freedom)
    assert np.median(spread.shmax_std_deg) > 20.0


def test_bootstrap_of_three_mechanisms_does_not_fail():
    """Replicates that hold one mechanism three times are solved like any other."""
    grid = _map()
    points, angles = _events(grid, 3, lambda n, e: tensor_from(20, 0.3))
    statistics = mechanism_statistics(*angles)
    inversion = StressInversion(grid, accumulate_statistics(grid, points, statistics))
    draws = Bootstrap(inversion, (2.0,), points, statistics).run(64)
    assert np.isfinite(draws).all()


def test_all_mechanisms_in_one_place_make_one_stress():
    """Events on one node determine that node; the rest follows by smoothness, less sure."""
    grid = _map(5, 5)
    rng = np.random.default_rng(0)
    angles = simulate_planes(np.array([tensor_from(60, 0.5)] * 80), rng, 15.0)
    sums = accumulate_statistics(grid, np.full((80, 2), 2.0), mechanism_statistics(*angles))
    field = invert_stress(grid, sums)
    here = grid.index[2, 2]
    shmax = describe_stress(field.components).shmax_deg
    assert abs(axial_difference(shmax[here], 60.0)) < 8.0
    sizes = np.trace(field.covariance, axis1=1, axis2=2)
    assert np.argmin(sizes) == here


def test_broken_angles_and_empty_partitions_add_nothing():
    """NaN mechanisms count as outside; an empty partition is zero."""
    grid = _map()
    nothing = accumulate_statistics(grid, np.empty((0, 2)), np.empty((0, 20)))
    assert not nothing.normal.any()
    points, angles = _events(grid, 20, lambda n, e: tensor_from(20, 0.3))
    statistics = mechanism_statistics(*angles)
    statistics[4] = np.nan
    sums = accumulate_statistics(grid, points, statistics)
    assert sums.outside_count == 1
    assert sums.mechanism_count.sum() == 19


def test_soft_events_help_more_than_they_hurt():
    """Badly known mechanisms with their coherence as weight beat the same at full weight."""
    rng = np.random.default_rng(11)
    truth = tensor_from(110.0, 0.5)
    errors = {"soft": [], "full": []}
    for _ in range(30):
        good = simulate_planes(np.array([truth] * 20), rng, 10.0)
        bad = [rng.uniform(0, 360, 80), rng.uniform(0, 90, 80), rng.uniform(-180, 180, 80)]
        statistics = np.concatenate([mechanism_statistics(*good), mechanism_statistics(*bad)])
        grid = StressGrid({"northing": [0.0], "easting": [0.0]})
        for name, weight in (("soft", 0.05), ("full", 1.0)):
            weights = np.concatenate([np.ones(20), np.full(80, weight)])
            sums = accumulate_statistics(grid, np.zeros((100, 2)), statistics, weights)
            shmax = describe_stress(invert_stress(grid, sums).components).shmax_deg[0]
            errors[name].append(abs(axial_difference(shmax, 110.0)))
    assert np.mean(errors["soft"]) < 0.6 * np.mean(errors["full"])


def test_bootstrap_replicates_are_reweighted_inversions():
    """A replicate equals the inversion of the resampled mechanisms written out."""
    from quakeloom.core import random_stream

    grid = _map(4, 5)
    points, angles = _events(grid, 200, lambda n, e: tensor_from(90 + 5 * n, 0.4))
    statistics = mechanism_statistics(*angles)
    weights = np.random.default_rng(3).uniform(0.2, 1.0, 200)
    sums = accumulate_statistics(grid, points, statistics, weights)
    for basis in ("orthonormal", "satsi"):
        inversion = StressInversion(grid, sums, basis=basis)
        bootstrap = Bootstrap(inversion, (2.0,), points, statistics, weights)
        draws = bootstrap.run(3, seed=9, batch=2, tolerance=1e-10)
        counts = np.bincount(
            random_stream(9, "bootstrap", "multinomial", 2).integers(0, 200, 200), minlength=200
        )
        again = np.zeros(200)
        again[bootstrap.order] = counts
        resampled = accumulate_statistics(grid, points, statistics, weights * again)
        other = StressInversion(grid, resampled, basis=basis)
        _, m = other.inversion.evaluate((2.0,))
        np.testing.assert_allclose(draws[2], other.expand(m), atol=2e-6)
    assert np.array_equal(draws[1:], bootstrap.run(2, seed=9, first=1, tolerance=1e-10))


def test_bootstrap_is_solved_far_below_its_own_scatter():
    """The default tolerance errs by a few percent of the scatter, whatever shares the batch."""
    grid = _map(8, 9)
    points, angles = _events(grid, 900, lambda n, e: tensor_from(90 + 5 * n, 0.4))
    statistics = mechanism_statistics(*angles)
    inversion = StressInversion(grid, accumulate_statistics(grid, points, statistics))
    bootstrap = Bootstrap(inversion, (2.0,), points, statistics)
    fast, exact = bootstrap.run(40), bootstrap.run(40, tolerance=1e-10)
    error = np.sqrt(np.mean((fast - exact) ** 2, axis=0))
    assert np.median(error / exact.std(axis=0)) < 0.03
    assert np.array_equal(fast[7:9], bootstrap.run(2, first=7))
    field = inversion.solve((2.0,))
    whole = summarize_draws(field.components, fast.transpose(1, 0, 2))
    parts = summarize_replicates(field.components, fast, block=7)
    assert np.array_equal(whole.shmax_std_deg, parts.shmax_std_deg)
    assert np.array_equal(whole.regime_probability, parts.regime_probability)


def test_single_node_error_and_confidence_region():
    """300 random planes, slip scattered by 20 degrees: SHmax within 5 degrees, truth covered."""
    grid = StressGrid({"northing": [0.0], "easting": [0.0]})
    truth = stress_components(tensor_from(30.0, 0.5))
    inside, errors = 0, []
    for trial in range(20):
        rng = np.random.default_rng(100 + trial)
        tensors = np.array([tensor_from(30.0, 0.5)] * 300)
        statistics = mechanism_statistics(*simulate_planes(tensors, rng, 20.0, swap=False), "given")
        points = np.zeros((300, 2))
        inversion = StressInversion(grid, accumulate_statistics(grid, points, statistics))
        _, m = inversion.inversion.evaluate(())
        best = inversion.expand(m)
        errors.append(abs(axial_difference(describe_stress(best).shmax_deg[0], 30.0)))
        draws = Bootstrap(inversion, (), points, statistics).run(200, "bayesian", seed=trial)
        region = bootstrap_confidence(best, draws)
        assert region.mean() == pytest.approx(0.95, abs=0.01)
        spread = summarize_draws(best, draws.transpose(1, 0, 2))
        low, high = spread.shmax_range_deg[0]
        inside += low <= axial_difference(30.0, describe_stress(best).shmax_deg[0]) <= high
    assert max(errors) < 5.0
    # 95 % of 20 is 19; fewer than 16 happens once in 400 runs
    assert inside >= 16
    assert truth.shape == (5,)


def test_the_unstable_plane_is_found():
    """Faults near failure at friction 0.6: the plane of larger instability is the one that slid."""
    rng = np.random.default_rng(0)
    tensor = tensor_from(60.0, 0.5)
    normal = rng.normal(size=(20_000, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal[normal[:, 2] > 0] *= -1
    level = plane_instability(normal, np.broadcast_to(stress_components(tensor), (20_000, 5)), 0.6)
    normal = normal[level > 0.9][:400]
    traction = normal @ tensor
    slip = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    slip /= np.linalg.norm(slip, axis=1)[:, None]
    from quakeloom.core import plane_angles

    angles = np.stack(plane_angles(normal, slip))
    other = np.stack(plane_angles(slip, normal))
    swapped = rng.random(400) < 0.5
    grid = StressGrid({"northing": [0.0], "easting": [0.0]})
    given = np.where(swapped, other, angles)
    choice = invert_unstable_planes(grid, PlacedMechanisms(np.zeros((400, 2)), *given))
    assert np.mean(choice.auxiliary == swapped) > 0.95
    assert 0.4 <= choice.friction <= 0.8
    found = describe_stress(choice.field.components)
    assert abs(axial_difference(found.shmax_deg[0], 60.0)) < 2.0
    both = invert_stress(
        grid, accumulate_statistics(grid, np.zeros((400, 2)), mechanism_statistics(*given))
    )
    sharper = abs(found.shape_ratio[0] - 0.5)
    assert sharper < abs(describe_stress(both.components).shape_ratio[0] - 0.5)


def test_instability_is_one_at_the_optimum_and_zero_across_s1():
    """Planes 60.48 degrees from S1 at friction 0.6 are optimal; the pole along S1 is stable."""
    m = stress_components(tensor_from(0.0, 0.3))
    angle = np.radians(45.0 + np.degrees(np.arctan(0.6)) / 2)
    assert np.degrees(angle) == pytest.approx(60.48, abs=0.005)
    optimum = [np.cos(angle), np.sin(angle), 0.0]
    values = plane_instability([optimum, [1.0, 0.0, 0.0]], np.stack([m, m]), 0.6)
    np.testing.assert_allclose(values, [1.0, 0.0], atol=1e-12)


def test_random_planes_belong_to_events():
    """The plane picked for an event does not depend on the others, and half are swapped."""
    names = [f"event-{i}" for i in range(4000)]
    picked = choose_random_planes(names, 1)
    assert np.array_equal(picked[1000:2000], choose_random_planes(names[1000:2000], 1))
    assert picked.mean() == pytest.approx(0.5, abs=0.03)


def test_iterative_solver_agrees_with_the_factor():
    """Conjugate gradients and Lanczos give the field and, nearly, its covariance."""
    grid = _map()
    points, angles = _events(grid, 400, lambda n, e: tensor_from(90 + 4 * e, 0.5))
    sums = accumulate_statistics(grid, points, mechanism_statistics(*angles))
    direct = invert_stress(grid, sums, alpha2=5.0)
    krylov = invert_stress(grid, sums, alpha2=5.0, solver="iterative")
    np.testing.assert_allclose(krylov.components, direct.components, atol=1e-8)
    # 200 draws: the variance of a node to about 10 %, mean over 42 nodes much better
    ratio = np.trace(krylov.covariance, axis1=1, axis2=2) / np.trace(
        direct.covariance, axis1=1, axis2=2
    )
    assert ratio.mean() == pytest.approx(1.0, abs=0.1)


def test_joint_draws_have_the_marginal_covariance():
    """Draws of the whole field scatter at every node as its covariance says."""
    grid = _map(4, 4)
    points, angles = _events(grid, 300, lambda n, e: tensor_from(90, 0.5))
    statistics = mechanism_statistics(*angles, "given")
    inversion = StressInversion(grid, accumulate_statistics(grid, points, statistics))
    draws = inversion.draw_fields((5.0,), 4000)
    field = inversion.solve((5.0,))
    scatter = draws.var(axis=0).sum(axis=1)
    expected = np.trace(field.covariance, axis1=1, axis2=2) * field.noise_variance
    expected /= field.noise_variance
    np.testing.assert_allclose(scatter / expected, 1.0, atol=0.3)


def test_joint_draws_are_over_the_likely_strengths():
    """Where ABIC leaves the strength open, draws scatter about the map as its covariance says."""
    grid = _map(6, 6)
    points, angles = _events(grid, 60, lambda n, e: tensor_from(60 + 8 * n, 0.5))
    statistics = mechanism_statistics(*angles, "given")
    inversion = StressInversion(grid, accumulate_statistics(grid, points, statistics))
    scan = inversion.scan()
    assert len(likely_strengths(scan)) > 1
    field = inversion.solve(scan.best.alpha2, scan)
    draws = inversion.draw_fields(scan.best.alpha2, 6000, 3, scan)
    off = draws - field.components
    heavy = field.freedom / (field.freedom - 2.0)  # a t distribution is wider than its scale
    found = np.einsum("dni,dnj->nij", off, off) / len(off)
    size = np.trace(field.covariance, axis1=1, axis2=2)
    ratio = np.trace(found, axis1=1, axis2=2) / size
    # 6,000 draws: 3 % a node; heavy tails belong to the noise, not to the shift of strengths
    assert np.all((ratio > 0.93) & (ratio < 1.07 * heavy))


def test_stress_tensors_of_the_field_are_deviatoric():
    """No isotropic part is estimated."""
    grid = _map(3, 3)
    points, angles = _events(grid, 50, lambda n, e: tensor_from(90, 0.5))
    field = invert_stress(grid, accumulate_statistics(grid, points, mechanism_statistics(*angles)))
    tensors = stress_tensors(field.components)
    np.testing.assert_allclose(np.trace(tensors, axis1=1, axis2=2), 0.0, atol=1e-14)
