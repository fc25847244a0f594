"""The inverse problem of a line: its derivative, water, topography, and what is known of truth."""

import numpy as np
import pytest

from quakeloom.inference import Linearization, maximize_posterior
from quakeloom.tomography import (
    LineSurvey,
    RefractionProblem,
    SamplerOptions,
    TravelTimePicks,
    VelocityCorrelation,
    check_picks,
    make_line_grid,
    make_velocity_prior,
    prepare_posterior,
    sample_ensemble,
    synthetic_line,
)


def small_problem(scale="velocity", order=2):
    ground = [[0, 0.3], [5, 0.6], [12, 0.2]]
    grid = make_line_grid((0, 12), (0, 4), (0.2, 0.25), ground)
    prior = make_velocity_prior(
        grid,
        [[0, 2.0], [5, 5.0]],
        0.3 if scale == "velocity" else 0.1,
        VelocityCorrelation((0.8, 3.0)),
        scale,
    )
    x = np.arange(1.0, 11.5, 0.7)
    receivers = np.column_stack([grid.ground_at(x), x])
    shots = np.array([[0.36, 1.0], [0.3, 10.9]])
    pairs = [(s, r) for s in shots for r in receivers if abs(s[1] - r[1]) > 0.5]
    picks = TravelTimePicks(
        np.array([s for s, _ in pairs]),
        np.array([r for _, r in pairs]),
        np.zeros(len(pairs)),
        np.full(len(pairs), 0.02),
        np.full(len(pairs), "P"),
    )
    return RefractionProblem(grid, prior, picks, order)


@pytest.mark.parametrize("scale", ["velocity", "log_velocity"])
@pytest.mark.parametrize("order", [1, 2])
def test_derivative_by_white_coordinates_is_that_of_the_predicted_times(scale, order):
    problem = small_problem(scale, order)
    rng = np.random.default_rng(0)
    white, change = 0.3 * rng.standard_normal((2, problem.size))
    _, jacobian = problem.linearize(white)
    step = 1e-5
    ahead, behind = (problem.predict(white + k * step * change) for k in (1, -1))
    difference = (ahead - behind) / (2 * step)
    # kinks where the upwind side changes leave a few picks with one-sided derivatives
    np.testing.assert_allclose(difference, jacobian @ change, atol=3e-3 * np.abs(difference).max())


def test_reverse_sweep_is_the_transposed_derivative():
    problem = small_problem()
    white = 0.3 * np.random.default_rng(1).standard_normal(problem.size)
    weights = np.random.default_rng(2).standard_normal(len(problem.picks))
    _, jacobian = problem.linearize(white)
    np.testing.assert_allclose(problem.pull_back(white, weights), weights @ jacobian, atol=1e-12)


def test_shots_and_receivers_can_be_exchanged():
    problem = small_problem()
    turned = RefractionProblem(
        problem.grid,
        problem.prior,
        TravelTimePicks(
            problem.picks.receivers_km,
            problem.picks.shots_km,
            *(getattr(problem.picks, n) for n in ("times_s", "errors_s", "phases")),
        ),
    )
    assert turned.solutions_per_model == problem.solutions_per_model == 2
    white = np.zeros(problem.size)
    np.testing.assert_allclose(turned.predict(white), problem.predict(white), rtol=1e-12)


def test_velocity_is_the_reference_below_the_ground_and_water_above():
    grid = make_line_grid((0, 20), (0, 6), (0.25, 0.5), [[0, 1.0], [20, 2.0]], 0.0)
    prior = make_velocity_prior(grid, [[0, 2.0], [6, 5.0]], 0.3, VelocityCorrelation((1.0, 4.0)))
    picks = TravelTimePicks(
        np.array([[0.0, 2.0]]), np.array([[1.9, 18.0]]), np.ones(1), np.ones(1), np.array([""])
    )
    velocity = RefractionProblem(grid, prior, picks).velocity(np.zeros(prior.field.size))
    assert velocity[0] == pytest.approx(1.5)
    deep = 5.0
    below = deep - grid.ground_depth_km
    assert velocity[round(deep / 0.25)] == pytest.approx(2.0 + 0.5 * below, abs=1e-6)


def test_prior_is_finer_near_the_ground_where_lengths_grow():
    grid = make_line_grid((0, 20), (0, 6), (0.25, 0.5))
    prior = make_velocity_prior(grid, [[0, 2.0]], 0.3, VelocityCorrelation((0.5, 4.0), 0.3))
    steps = np.diff(prior.below_ground_km)
    assert (np.diff(steps) > 0).all()
    assert steps[0] < 0.5 / 1.5
    assert prior.below_ground_km[-1] == pytest.approx(6.0)


def test_coverage_adds_up_to_the_length_of_the_rays():
    problem = small_problem()
    coverage = problem.ray_coverage(np.zeros(problem.size))
    distance = np.linalg.norm(problem.picks.shots_km - problem.picks.receivers_km, axis=1)
    assert distance.mean() < coverage.sum() < 1.2 * distance.mean()


def test_shots_and_receivers_in_boreholes_see_straight_rays_in_a_homogeneous_medium():
    """Crosshole, downhole and uphole picks; a borehole through the water begins below it."""
    grid = make_line_grid((0, 10), (0, 6), (0.1, 0.1), [[0, 0.5], [10, 0.5]], 0.0)
    prior = make_velocity_prior(grid, [[0, 4.0], [10, 4.0]], 0.2, VelocityCorrelation((2.0, 4.0)))
    shots = np.array([[3.0, 2.0], [4.5, 2.0], [0.5, 5.0], [2.0, 8.03]])
    receivers = np.array([[1.0, 8.0], [5.55, 8.0], [4.0, 5.0], [np.nan, 3.0]])
    straight = np.linalg.norm(shots - np.nan_to_num(receivers, nan=0.5), axis=1)
    picks = TravelTimePicks(shots, receivers, straight / 4.0, np.full(4, 0.01), np.full(4, "P"))
    used, rows, aside = check_picks(picks, grid)
    assert rows.tolist() == [0, 1, 2, 3]
    assert not aside
    assert used.receivers_km[3, 0] == 0.5
    problem = RefractionProblem(grid, prior, used)
    predicted, jacobian = problem.linearize(np.zeros(problem.size))
    np.testing.assert_allclose(predicted[:2], straight[:2] / 4.0, rtol=1e-6)
    # the other two end on the sea floor, in a node that is half water: at most half a node's
    # length of the ray, 0.06 km with its slant, at the water's slowness instead of the rock's
    late = predicted[2:] - straight[2:] / 4.0
    assert late.min() >= 0
    assert late.max() < 0.06 * (1 / 1.5 - 1 / 4.0)
    assert np.abs(jacobian).max(axis=1).min() > 0
    deeper = picks.take(np.array([0, 1]))
    deeper.receivers_km[1, 0] = 7.0
    assert "lies below the section" in check_picks(deeper, grid)[2][1]


@pytest.mark.slow
def test_ensemble_of_a_synthetic_line_knows_what_it_knows():
    """Chi-square near 1, 95 % ranges that cover, and the prior's spread where no ray goes."""
    line = synthetic_line(1, 0, LineSurvey(6, 24))
    problem = line.problem
    options = SamplerOptions(tolerance=3e-3)
    prepared = prepare_posterior(problem, options)
    found = sample_ensemble("rml", problem, 1, np.arange(40), options, prepared)
    assert 0.8 < found.chi_square.mean() < 1.2
    v = np.stack([problem.velocity(w) for w in found.white])
    low, high = np.quantile(v, [0.025, 0.975], axis=0)
    covered = (problem.ray_coverage(prepared.center.white) > 1e-3) & problem.grid.below_ground
    inside = ((line.velocity >= low) & (line.velocity <= high))[covered].mean()
    # quantiles of 40 members are a little narrow: 0.925 where 0.95 is asked
    assert 0.82 < inside <= 0.99
    never = problem.ray_coverage(prepared.center.white) == 0
    deep = never & (problem.grid.depth_km[:, None] > 10.5)
    assert v.std(axis=0, ddof=1)[deep].mean() == pytest.approx(0.4, rel=0.2)


def test_most_probable_model_fits_its_picks():
    line = synthetic_line(2, 0, LineSurvey(5, 14), spacing_km=(0.3, 0.5), finer=1)
    fit = maximize_posterior(line.problem, steps=20, tolerance=3e-3)
    chi = np.mean(((fit.prediction - line.problem.data) / line.problem.sigma) ** 2)
    assert fit.converged
    # 62 picks and some 20 directions that they inform: the best model fits better than truth
    assert 0.2 < chi < 1.0
    start = Linearization(fit.white, *line.problem.linearize(fit.white))
    again = maximize_posterior(line.problem, start=start, steps=3, tolerance=3e-3)
    assert again.converged
