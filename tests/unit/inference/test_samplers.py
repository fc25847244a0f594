"""Samplers on problems with known posteriors, and what they say of themselves."""

import numpy as np
import pytest

from quakeloom.inference import (
    Linearization,
    LinearProblem,
    MemberStreams,
    assess_ensemble,
    averaged_subspace,
    coverage_spread,
    ensemble_agreement,
    function_space_stein,
    informed_subspace,
    langevin_walk,
    laplace_particles,
    log_evidence,
    maximize_posterior,
    posterior_score,
    projected_stein,
    randomized_member,
    robust_weights,
)

STREAMS = MemberStreams(1, "test")


def linear_problem(size=12, count=20, seed=0):
    rng = np.random.default_rng(seed)
    operator = rng.normal(size=(count, size)) * np.logspace(1, -1, size)
    white = rng.standard_normal(size)
    sigma = np.full(count, 0.5)
    return LinearProblem(operator, np.zeros(count), operator @ white + 0.5, sigma)


@pytest.mark.parametrize("count", [8, 20])
def test_laplace_s_evidence_is_exact_for_a_linear_problem(count):
    problem = linear_problem(count=count)
    white = maximize_posterior(problem).white
    there = Linearization(white, *problem.linearize(white))
    assert log_evidence(problem, there) == pytest.approx(problem.log_evidence(), abs=1e-6)


class CurvedProblem:
    """Data that are a smooth nonlinear function of three coordinates."""

    size = 3
    sigma = np.full(4, 0.05)
    data = np.array([0.5, 0.3, 0.9, 0.4])

    def predict(self, w):
        return np.array([np.sin(w[0]), w[1] * w[0], np.exp(0.3 * w[2]), w[1] + 0.2 * w[2] ** 2])

    def linearize(self, w):
        j = np.array(
            [
                [np.cos(w[0]), 0, 0],
                [w[1], w[0], 0],
                [0, 0, 0.3 * np.exp(0.3 * w[2])],
                [0, 1, 0.4 * w[2]],
            ]
        )
        return self.predict(w), j

    def pull_back(self, w, weights):
        return self.linearize(w)[1].T @ weights


def linearized(problem, white):
    return Linearization(white, *problem.linearize(white))


def test_most_probable_model_of_a_linear_problem_is_its_posterior_mean():
    problem = linear_problem()
    fit = maximize_posterior(problem, tolerance=1e-12)
    np.testing.assert_allclose(fit.white, problem.posterior()[0], atol=1e-8)
    assert fit.converged


def test_more_data_than_coordinates_and_fewer_give_the_same_step():
    for shape in ((6, 15), (15, 6)):
        problem = linear_problem(shape[1], shape[0])
        fit = maximize_posterior(problem, tolerance=1e-12)
        np.testing.assert_allclose(fit.white, problem.posterior()[0], atol=1e-8)


def test_most_probable_model_of_a_nonlinear_problem_has_no_gradient():
    problem = CurvedProblem()
    fit = maximize_posterior(problem, start=linearized(problem, np.full(3, 0.3)), steps=60,
                             tolerance=1e-14)  # fmt: skip
    gradient = posterior_score(problem, fit.white)[0]
    # a gain of 1e-14 of the objective is a gradient of about 1e-5 at a curvature of 400
    assert np.abs(gradient).max() < 1e-3


def test_randomized_members_of_a_linear_problem_are_draws_of_its_posterior():
    problem = linear_problem()
    draws = np.array([randomized_member(problem, STREAMS, m).white for m in range(2000)])
    mean, covariance = problem.posterior()
    sd = np.sqrt(np.diag(covariance))
    # 2000 draws: standard errors 0.022 in the mean, 0.016 in the spread; four of them
    assert np.abs((draws.mean(axis=0) - mean) / sd).max() < 0.09
    assert np.abs(draws.std(axis=0) / sd - 1).max() < 0.065


def test_a_member_depends_on_its_number_and_nothing_else():
    problem = linear_problem()
    alone = randomized_member(problem, STREAMS, 7).white
    others = [randomized_member(problem, STREAMS, m).white for m in (3, 7, 11)]
    assert (alone == others[1]).all()
    assert not np.allclose(alone, others[0])
    assert not np.allclose(alone, randomized_member(problem, MemberStreams(2, "test"), 7).white)


def test_outliers_do_not_move_the_robust_fit():
    problem = linear_problem()
    clean = maximize_posterior(problem, degrees_of_freedom=3.0, tolerance=1e-10, steps=60).white
    data = problem.data.copy()
    data[4] += 1000.0
    spoiled = LinearProblem(problem.operator, problem.offset, data, problem.sigma)
    robust = maximize_posterior(spoiled, degrees_of_freedom=3.0, tolerance=1e-10, steps=60).white
    normal = maximize_posterior(spoiled, tolerance=1e-10, steps=60).white
    assert np.linalg.norm(robust - clean) < 0.1 * np.linalg.norm(normal - clean)


def test_robust_weights_are_the_slope_of_their_log_likelihood():
    r, step = np.array([0.3, -2.0, 7.0]), 1e-6
    for nu in (None, 4.0):
        weights, _ = robust_weights(r, nu)
        for k in range(3):
            e = np.eye(3)[k] * step
            slope = (robust_weights(r + e, nu)[1] - robust_weights(r - e, nu)[1]) / (2 * step)
            assert slope == pytest.approx(-weights[k] * r[k], rel=1e-5)


def test_noise_level_is_found_when_errors_are_three_times_too_small():
    rng = np.random.default_rng(5)
    operator = rng.normal(size=(300, 5))
    white = rng.standard_normal(5)
    data = operator @ white + 0.3 * rng.standard_normal(300)
    problem = LinearProblem(operator, np.zeros(300), data, np.full(300, 0.1))
    factors = [
        randomized_member(problem, STREAMS, m, noise_shape=5.0).noise_factor for m in range(20)
    ]
    assert np.mean(factors) == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(
    ("dimension", "variance", "tolerance"), [(1, 0.98, 0.05), (20, 0.26, 0.06), (50, 0.10, 0.04)]
)
def test_radial_kernels_lose_variance_as_dimension_grows(dimension, variance, tolerance):
    """Ensemble variance of Stein descent for a standard normal, 256 particles.

    The values were computed independently with the same kernel and bandwidth; they depend on
    the start and on the stopping of the descent in the second decimal.
    """
    start = np.random.default_rng(0).standard_normal((256, dimension))
    particles = function_space_stein(start, lambda x: -x, np.eye(dimension), 150, 0.1)
    assert particles.var(axis=0).mean() == pytest.approx(variance, abs=tolerance)


def test_coordinate_kernels_keep_their_variance_in_fifty_dimensions():
    size = 50
    problem = LinearProblem(
        np.diag(np.logspace(1, 0, size)), np.zeros(size), np.ones(size), np.ones(size)
    )
    mean, covariance = problem.posterior()
    subspace = informed_subspace(problem, linearized(problem, mean))
    start = np.random.default_rng(1).standard_normal((128, size))

    def scores(x):
        return (problem.data - x @ problem.operator.T) @ problem.operator - x

    particles = projected_stein(start, scores, subspace, steps=300, rate=2.0)
    ratio = particles.std(axis=0) / np.sqrt(np.diag(covariance))
    assert np.all((ratio > 0.93) & (ratio < 1.1))


@pytest.mark.parametrize("particles", [8, 16, 32])
def test_few_particles_keep_their_variance(particles):
    """With the median heuristic itself 8 particles keep 0.85 of it, and 16 keep 0.91."""
    size = 200
    problem = LinearProblem(np.eye(size) * 3.0, np.zeros(size), np.zeros(size), np.ones(size))
    mean, covariance = problem.posterior()
    subspace = informed_subspace(problem, linearized(problem, mean))
    start = np.random.default_rng(2).standard_normal((particles, size))

    def scores(x):
        return (problem.data - x @ problem.operator.T) @ problem.operator - x

    moved = projected_stein(start, scores, subspace, steps=300)
    variance = (moved.var(axis=0, ddof=1) / np.diag(covariance)).mean()
    assert 0.97 < variance < 1.06


def test_stein_identity_measures_collapse_and_shift():
    problem = linear_problem()
    mean, covariance = problem.posterior()
    subspace = informed_subspace(problem, linearized(problem, mean))
    root = np.linalg.cholesky(covariance)
    draws = mean + np.random.default_rng(2).standard_normal((400, problem.size)) @ root.T

    def quality(particles):
        scores = np.array([posterior_score(problem, w)[0] for w in particles])
        return assess_ensemble(particles, scores, subspace)

    exact = quality(draws)
    assert exact.effective_sample_size > 200
    assert exact.spread_ratio == pytest.approx(1.0, abs=0.3)
    collapsed = quality(mean + 0.5 * (draws - mean))
    assert collapsed.spread_ratio == pytest.approx(0.25 * exact.spread_ratio, rel=1e-6)
    assert collapsed.effective_sample_size < 5
    shifted = quality(draws + subspace.basis[:, 0] * subspace.spread[0])
    assert abs(shifted.mean_shift[0]) == pytest.approx(1.0, abs=0.25)


def bent_problem():
    """Data exp(a.x): the stiff direction's stiffness changes with the model."""

    class Bent:
        size = 2
        data = np.array([1.6, 0.2])
        sigma = np.array([0.1, 0.3])
        a = np.array([[0.9, 0.3], [0.2, -0.8]])

        def predict(self, x):
            return np.array([np.exp(self.a[0] @ x), self.a[1] @ x])

        def linearize(self, x):
            return self.predict(x), np.array([np.exp(self.a[0] @ x) * self.a[0], self.a[1]])

        def pull_back(self, x, weights):
            return weights @ self.linearize(x)[1]

    return Bent()


def bent_moments(problem):
    """Mean and standard deviation by summation over a fine grid."""
    axis = np.linspace(-4, 4, 401)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    points = np.stack([x.ravel(), y.ravel()])
    predicted = np.stack([np.exp(problem.a[0] @ points), problem.a[1] @ points])
    residual = (predicted - problem.data[:, None]) / problem.sigma[:, None]
    weight = np.exp(-0.5 * (residual**2).sum(0) - 0.5 * (points**2).sum(0))
    weight /= weight.sum()
    mean = points @ weight
    return mean, np.sqrt(((points - mean[:, None]) ** 2) @ weight)


def test_langevin_walks_end_in_the_posterior_of_a_nonlinear_problem_from_a_wrong_start():
    problem = bent_problem()
    mean, spread = bent_moments(problem)
    fit = maximize_posterior(problem, steps=30, tolerance=1e-6)
    subspace = averaged_subspace(problem, [fit.white], fit.white)

    def target(x):
        gradient, _, log_likelihood = posterior_score(problem, x)
        return log_likelihood - 0.5 * x @ x, gradient

    walks = [
        langevin_walk(target, fit.white + 0.5, subspace, STREAMS, m, steps=60) for m in range(600)
    ]
    drawn = np.array([w.white for w in walks])
    # standard error of the mean 4 % of a standard deviation, of a standard deviation 3 %
    assert np.abs((drawn.mean(axis=0) - mean) / spread).max() < 0.14
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.12)
    assert np.mean([w.accepted for w in walks]) > 0.4
    again = langevin_walk(target, fit.white + 0.5, subspace, STREAMS, 7, steps=60)
    assert (again.white == drawn[7]).all()


def test_langevin_steps_of_any_length_are_accepted_where_the_posterior_is_gaussian():
    problem = linear_problem()
    mean, covariance = problem.posterior()
    subspace = averaged_subspace(problem, [mean], mean, threshold=0.0)

    def target(x):
        gradient, _, log_likelihood = posterior_score(problem, x)
        return log_likelihood - 0.5 * x @ x, gradient

    walks = [langevin_walk(target, mean, subspace, STREAMS, m, 3, step=2.0) for m in range(1500)]
    assert min(w.accepted for w in walks) == 1.0
    np.testing.assert_allclose(np.cov(np.array([w.white for w in walks]).T), covariance, atol=0.13)


def test_scores_of_exact_draws_have_variance_one_in_the_averaged_directions():
    problem = bent_problem()
    fit = maximize_posterior(problem, steps=30, tolerance=1e-6)
    at_center = averaged_subspace(problem, [fit.white], fit.white)

    def target(x):
        gradient, _, log_likelihood = posterior_score(problem, x)
        return log_likelihood - 0.5 * x @ x, gradient

    drawn = np.array(
        [langevin_walk(target, fit.white, at_center, STREAMS, m, 60).white for m in range(400)]
    )
    averaged = averaged_subspace(problem, drawn, fit.white)
    scores = np.array([posterior_score(problem, x)[0] for x in drawn])
    along = (scores @ averaged.basis * averaged.spread).var(axis=0)
    # E[s s^T] = 1 + E[J^T J] + E[residual times curvature]; the last is small here
    np.testing.assert_allclose(along, 1.0, atol=0.25)
    assert assess_ensemble(drawn, scores, averaged).effective_sample_size > 100
    collapsed = drawn.mean(axis=0) + 0.4 * (drawn - drawn.mean(axis=0))
    theirs = np.array([posterior_score(problem, x)[0] for x in collapsed])
    assert assess_ensemble(collapsed, theirs, averaged).effective_sample_size < 10


def test_unknown_noise_is_integrated_out():
    problem = linear_problem()
    x = np.full(problem.size, 0.3)
    gradient, residuals, value = posterior_score(problem, x, noise_shape=5.0)
    for axis in range(problem.size):
        step = np.zeros(problem.size)
        step[axis] = 1e-6
        ahead = posterior_score(problem, x + step, noise_shape=5.0)[2] - 0.5 * (x + step) @ (
            x + step
        )
        behind = posterior_score(problem, x - step, noise_shape=5.0)[2] - 0.5 * (x - step) @ (
            x - step
        )
        assert (ahead - behind) / 2e-6 == pytest.approx(gradient[axis], rel=1e-4, abs=1e-5)
    # a gamma integral in closed form, here by summation over the factor's logarithm
    log_square = np.linspace(-12, 12, 20001)
    square = np.exp(log_square)
    n, s = residuals.size, 0.5 * np.sum(residuals**2)
    density = square ** (-5.0 - n / 2) * np.exp(-(6.0 + s) / square)
    reference = square ** (-5.0) * np.exp(-6.0 / square)
    by_sum = np.log(density.sum() / reference.sum())
    other = posterior_score(problem, np.zeros(problem.size), noise_shape=5.0)
    s2 = 0.5 * np.sum(other[1] ** 2)
    density = square ** (-5.0 - n / 2) * np.exp(-(6.0 + s2) / square)
    assert value - other[2] == pytest.approx(
        by_sum - np.log(density.sum() / reference.sum()), rel=1e-6
    )


def test_coverage_of_single_truths_scatters_as_the_number_of_independent_nodes_says():
    """100 nodes that are all one, or all independent: the mean is 95 % in both."""
    alone = coverage_spread(np.eye(100), 39, 400, 1)
    assert alone.mean() == pytest.approx(0.95, abs=0.004)
    assert alone.std() == pytest.approx(np.sqrt(0.05 * 0.95 / 100), rel=0.15)
    one = coverage_spread(np.ones((100, 1)), 39, 2000, 1)
    assert set(np.unique(one)) == {0.0, 1.0}
    assert one.mean() == pytest.approx(0.95, abs=0.015)


def test_laplace_particles_have_the_prior_outside_the_informed_directions():
    problem = linear_problem(size=30, count=4)
    mean, covariance = problem.posterior()
    subspace = informed_subspace(problem, linearized(problem, mean))
    particles = laplace_particles(subspace, STREAMS, np.arange(3000))
    assert particles.mean(axis=0) == pytest.approx(mean, abs=0.09)
    np.testing.assert_allclose(np.cov(particles.T), covariance, atol=0.12)


def test_equal_ensembles_agree():
    draws = np.random.default_rng(4).normal(size=(50, 3))
    difference, ratio = ensemble_agreement(draws, draws)
    assert np.abs(difference).max() == 0
    assert ratio == pytest.approx(1.0)
