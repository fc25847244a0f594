"""Gaussian fields: covariance, draws, and knowledge added to them."""

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.inference import condition_white, correlation_matrix, gaussian_field

X = np.linspace(0, 4, 9)
Z = np.linspace(0, 2, 5)


def test_all_modes_give_the_covariance_exactly():
    field = gaussian_field((Z, X), (0.7, 1.5), 0.3, 5.0, share=1.0)
    expected = 0.09 * np.kron(correlation_matrix(Z, 0.7), correlation_matrix(X, 1.5))
    np.testing.assert_allclose(field.modes @ field.modes.T, expected, atol=1e-9)


def test_draws_have_mean_and_covariance_of_the_prior():
    field = gaussian_field((Z, X), (0.7, 1.5), 0.3, 5.0, kernel="matern52", share=0.999)
    draws = field.evaluate(np.random.default_rng(0).standard_normal((4000, field.size)))
    # errors of 4000 draws are 1.6 % of the standard deviation in the mean, 2.2 % in the spread
    assert np.abs(draws.mean(axis=0) - 5.0).max() < 0.3 * 0.07
    assert np.abs(draws.std(axis=0) / 0.3 - 1).max() < 0.08


def test_kept_modes_hold_the_asked_share_of_the_variance():
    field = gaussian_field((Z, X), (0.7, 1.5), 0.3, 0.0, share=0.9)
    share = field.variance().mean() / 0.09
    assert 0.9 <= share < 0.97


def test_width_may_vary_with_depth():
    width = np.linspace(0.1, 0.5, Z.size)[:, None]
    field = gaussian_field((Z, X), (0.7, 1.5), width, 0.0, share=1.0)
    np.testing.assert_allclose(np.sqrt(field.variance()), np.broadcast_to(width, (5, 9)), atol=1e-6)


def test_pull_back_is_the_transpose_of_evaluate():
    field = gaussian_field((Z, X), (0.7, 1.5), 0.3, 0.0)
    rng = np.random.default_rng(1)
    white, gradient = rng.standard_normal(field.size), rng.standard_normal((5, 9))
    assert np.sum(field.evaluate(white) * gradient) == pytest.approx(
        white @ field.pull_back(gradient)
    )


def test_conditioned_draws_pass_through_what_is_known():
    field = gaussian_field((Z, X), (0.7, 1.5), 0.3, 5.0, share=1.0)
    white = np.random.default_rng(2).standard_normal((500, field.size))
    known = field.modes[[3, 20]]
    posterior = condition_white(known, np.array([0.4, -0.2]), 1e-4, white)
    fields = field.evaluate(posterior).reshape(500, -1)
    np.testing.assert_allclose(fields[:, [3, 20]].mean(axis=0), [5.4, 4.8], atol=1e-3)
    # far away the prior is left as it was
    assert fields[:, 44].std() == pytest.approx(0.3, rel=0.15)


@pytest.mark.parametrize("kernel", ["squared_exponential", "matern52", "matern32", "exponential"])
def test_every_kernel_is_a_correlation(kernel):
    c = correlation_matrix(X, 1.5, kernel)
    assert np.diag(c) == pytest.approx(1.0)
    assert np.linalg.eigvalsh(c).min() > -1e-10
    assert (np.diff(c[0]) < 0).all()


def test_impossible_kernels_are_refused():
    with pytest.raises(InputError, match="correlation length"):
        correlation_matrix(X, 0.0)
    with pytest.raises(InputError, match="does not exist"):
        correlation_matrix(X, 1.0, "spline")
