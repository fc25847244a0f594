"""Samplers on problems with known posteriors, and what they say of themselves."""

import numpy as np
import pytest

from quakeloom.inference import (
    Linearization,
    LinearProblem,
    assess_ensemble,
    ensemble_agreement,
    function_space_stein,
    informed_subspace,
    laplace_particles,
    maximize_posterior,
    posterior_score,
    projected_stein,
    randomized_member,
    robust_weights,
)


def linear_problem(size=12, count=20, seed=0):
    rng = np.random.default_rng(seed)
    operator = rng.normal(size=(count, size)) * np.logspace(1, -1, size)
    white = rng.standard_normal(size)
    sigma = np.full(count, 0.5)
    return LinearProblem(operator, np.zeros(count), operator @ white + 0.5, sigma)


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
    draws = np.array([randomized_member(problem, 1, m).white for m in range(2000)])
    mean, covariance = problem.posterior()
    sd = np.sqrt(np.diag(covariance))
    # 2000 draws: standard errors 0.022 in the mean, 0.016 in the spread; four of them
    assert np.abs((draws.mean(axis=0) - mean) / sd).max() < 0.09
    assert np.abs(draws.std(axis=0) / sd - 1).max() < 0.065


def test_a_member_depends_on_its_number_and_nothing_else():
    problem = linear_problem()
    alone = randomized_member(problem, 1, 7).white
    others = [randomized_member(problem, 1, m).white for m in (3, 7, 11)]
    assert (alone == others[1]).all()
    assert not np.allclose(alone, others[0])
    assert not np.allclose(alone, randomized_member(problem, 2, 7).white)


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
    factors = [randomized_member(problem, 1, m, noise_shape=5.0).noise_factor for m in range(20)]
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
    # one-dimensional Stein descent with 128 particles holds 0.97 of the variance
    assert np.all((ratio > 0.93) & (ratio < 1.1))


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


def test_laplace_particles_have_the_prior_outside_the_informed_directions():
    problem = linear_problem(size=30, count=4)
    mean, covariance = problem.posterior()
    subspace = informed_subspace(problem, linearized(problem, mean))
    particles = laplace_particles(subspace, 3, np.arange(3000))
    assert particles.mean(axis=0) == pytest.approx(mean, abs=0.09)
    np.testing.assert_allclose(np.cov(particles.T), covariance, atol=0.12)


def test_equal_ensembles_agree():
    draws = np.random.default_rng(4).normal(size=(50, 3))
    difference, ratio = ensemble_agreement(draws, draws)
    assert np.abs(difference).max() == 0
    assert ratio == pytest.approx(1.0)
