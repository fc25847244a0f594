"""Gaussian densities of numbers that are not negative."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm, truncnorm

from quakeloom.core import InputError
from quakeloom.inference import log_positive_probability, sample_positive

MEAN, COVARIANCE = np.array([0.4, -0.7]), np.array([[1.0, 0.6], [0.6, 0.8]])


def quadrature():
    """Probability, mean and covariance of the positive quadrant, by a fine grid."""
    axis = (np.arange(600) + 0.5) * 0.01
    place = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = multivariate_normal(MEAN, COVARIANCE).pdf(place) * 1e-4
    mean = mass @ place / mass.sum()
    return mass.sum(), mean, (place - mean).T @ ((place - mean) * mass[:, None]) / mass.sum()


def test_one_number_is_exact():
    found = log_positive_probability(np.array([0.3]), np.array([[2.0]]))
    assert found == pytest.approx(norm.logcdf(0.3 / np.sqrt(2.0)), abs=1e-12)
    far = log_positive_probability(np.array([-30.0]), np.array([[1.0]]))
    assert far == pytest.approx(norm.logcdf(-30.0), rel=1e-6)


def test_numbers_that_are_independent_multiply():
    mean, spread = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.5, 2.0])
    found = log_positive_probability(mean, np.diag(spread**2))
    assert found == pytest.approx(norm.logcdf(mean / spread).sum(), abs=1e-10)


def test_two_numbers_agree_with_quadrature():
    """Expectation propagation is no exact method: two hundredths are its error here."""
    chance, _, _ = quadrature()
    assert log_positive_probability(MEAN, COVARIANCE) == pytest.approx(np.log(chance), abs=0.02)


def test_ten_numbers_agree_with_an_integral_in_ten_dimensions():
    near = np.exp(-np.abs(np.subtract.outer(np.arange(10), np.arange(10))) / 3.0)
    mean = np.linspace(-1.0, 1.0, 10)
    exact = multivariate_normal(np.zeros(10), near, abseps=1e-6, releps=1e-3).cdf(mean)
    assert log_positive_probability(mean, near) == pytest.approx(np.log(exact), abs=0.05)


def test_samples_have_the_moments_of_the_quadrant_and_none_is_negative():
    normals = np.random.default_rng(4).standard_normal((8_020, 2))
    found = sample_positive(MEAN, COVARIANCE, normals)
    _, mean, covariance = quadrature()
    assert found.min() >= 0.0
    assert len(found) == 8_000
    # trajectories are alike: the worth of some 3,000 independent ones, three standard errors
    assert np.allclose(found.mean(axis=0), mean, atol=3 * np.sqrt(np.diag(covariance) / 3000))
    assert np.allclose(np.cov(found.T), covariance, atol=0.06)


def test_a_tail_is_sampled_as_well():
    """Far below zero the density is that of an exponential at the wall."""
    normals = np.random.default_rng(4).standard_normal((5_020, 1))
    found = sample_positive(np.array([-5.0]), np.array([[1.0]]), normals)[:, 0]
    assert found.mean() == pytest.approx(truncnorm(5.0, np.inf, -5.0).mean(), rel=0.1)


def test_far_from_the_walls_nothing_is_changed():
    normals = np.random.default_rng(4).standard_normal((8_020, 2))
    found = sample_positive(MEAN + 20.0, COVARIANCE, normals)
    assert np.allclose(found.mean(axis=0), MEAN + 20.0, atol=0.05)
    assert np.allclose(np.cov(found.T), COVARIANCE, atol=0.05)
    assert log_positive_probability(MEAN + 20.0, COVARIANCE) == pytest.approx(0.0, abs=1e-9)


def test_what_is_no_covariance_is_refused():
    with pytest.raises(InputError, match="not positive definite"):
        log_positive_probability(MEAN, np.array([[1.0, 2.0], [2.0, 1.0]]))
