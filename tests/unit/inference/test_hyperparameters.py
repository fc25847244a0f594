"""Hyper-parameters are weighed, not chosen."""

import numpy as np
import pytest

from quakeloom.inference import (
    InformedSubspace,
    LinearProblem,
    SummedField,
    assess_ensemble,
    assess_mixture,
    explore_lattice,
    gaussian_field,
)

X = np.linspace(0.0, 10.0, 41)
SEEN = np.arange(0, 20, 2)
"""The left half is observed, the right half is not."""


def problem_of(width, length):
    field = gaussian_field([X], [length], width, 0.0, "matern52", share=1.0)
    rng = np.random.default_rng(3)
    data = 0.3 * np.sin(X[SEEN]) + 0.1 * rng.standard_normal(SEEN.size)
    operator = field.modes[SEEN]
    return field, LinearProblem(operator, np.zeros(SEEN.size), data, np.full(SEEN.size, 0.1))


def moments_of(widths_and_lengths, weights):
    """Mean and standard deviation of the mixture of exact posteriors at all nodes."""
    means, squares = [], []
    for width, length in widths_and_lengths:
        field, problem = problem_of(width, length)
        white, covariance = problem.posterior()
        mean = field.modes @ white
        variance = np.einsum("ij,jk,ik->i", field.modes, covariance, field.modes)
        means.append(mean)
        squares.append(variance + mean**2)
    mean = weights @ np.array(means)
    return mean, np.sqrt(weights @ np.array(squares) - mean**2)


def test_a_coarse_lattice_gives_the_posterior_of_a_brute_force_quadrature():
    """Linear and Gaussian: where data are and where none are, within a tenth of the width.

    The brute force has steps of 15 % in both hyper-parameters; the lattice has steps of 60 %,
    and stands for it by sixteen equally probable points, as lines do.
    """
    low, high = np.log(0.03), np.log(3.0)
    fine_width = np.exp(np.arange(low, high, 0.15))
    fine_length = np.exp(np.arange(np.log(0.5), np.log(8.0), 0.15))
    grid = [(w, ell) for w in fine_width for ell in fine_length]
    log = np.array([problem_of(*p)[1].log_evidence() + np.log(p[0]) for p in grid])
    weights = np.exp(log - log.max())
    exact = moments_of(grid, weights / weights.sum())

    def place(step):
        return 0.3 * 1.6 ** step[0], 2.0 * 1.6 ** step[1]

    def density(step):
        width, length = place(step)
        return problem_of(width, length)[1].log_evidence() + np.log(width)

    lattice = explore_lattice(density, (0, 0), (-5, -3), (5, 3), drop=6.0)
    assert lattice.tried < 60
    full = moments_of([place(s) for s in lattice.steps], lattice.weights)
    np.testing.assert_allclose(full[1], exact[1], rtol=0.1)
    points = lattice.equally_probable(16)
    few = moments_of([place(s) for s in points], np.full(16, 1 / 16))
    # 64 members of an ensemble know their mean to an eighth of a standard deviation
    for found in (full, few):
        assert np.all(np.abs(found[0] - exact[0]) < 0.125 * exact[1])
    np.testing.assert_allclose(few[1], exact[1], rtol=0.1)
    # what is most probable alone is too sure where nothing is seen
    best = moments_of([place(lattice.best)], np.ones(1))
    assert np.mean(best[1][25:]) < 0.95 * np.mean(exact[1][25:])


def test_points_that_are_not_allowed_have_no_weight():
    lattice = explore_lattice(
        lambda s: -np.inf if s[0] > 1 else -0.1 * s[0] ** 2, (0,), (-9,), (9,)
    )
    assert lattice.steps[:, 0].max() == 1
    assert lattice.weights.sum() == pytest.approx(1.0)
    assert lattice.best == (0,)


def test_a_sum_of_fields_has_the_variance_of_both_and_padding_says_nothing():
    one = gaussian_field([X, X[:5]], [2.0, 3.0], 0.5, 1.0, "exponential", share=0.9)
    two = gaussian_field([X, X[:5]], [1.0, 50.0], 0.2, 0.0)
    total = SummedField((one, two), padded=7)
    assert total.size == one.size + two.size + 7
    np.testing.assert_allclose(total.variance(), one.variance() + two.variance())
    white = np.random.default_rng(1).standard_normal(total.size)
    np.testing.assert_allclose(
        total.evaluate(white).ravel(), total.mean.ravel() + total.modes @ white, atol=1e-12
    )
    rows = np.random.default_rng(2).standard_normal((6, *total.mean.shape))
    np.testing.assert_allclose(total.project(rows), rows.reshape(6, -1) @ total.modes, atol=1e-12)
    assert not total.modes[:, -7:].any()


def test_members_of_several_priors_are_assessed_against_their_own_posterior():
    """Exact draws of two posteriors of different width are worth about their number."""
    rng = np.random.default_rng(5)
    narrow = InformedSubspace(np.eye(6), np.full(6, 9.0), np.full(6, 3.0))
    wide = InformedSubspace(np.eye(6)[:, :5], np.full(5, 1.0), np.full(6, -2.0))
    which = np.arange(60) % 2
    spread = np.where(which == 0, narrow.spread[0], wide.spread[0])[:, None]
    center = np.where(which == 0, 3.0, -2.0)[:, None]
    off = spread * rng.standard_normal((60, 6))
    found = assess_mixture(center + off, -off / spread**2, [narrow, wide], which)
    assert found.spread_ratio.size == 5, "as many directions as both have"
    assert found.effective_sample_size > 30
    assert np.mean(found.spread_ratio) == pytest.approx(1.0, abs=0.15)
    half = assess_mixture(center + 0.5 * off, -0.5 * off / spread**2, [narrow, wide], which)
    assert np.mean(half.spread_ratio) == pytest.approx(0.25, abs=0.04), "a collapse is seen"
    assert half.effective_sample_size < 10
    same = assess_mixture(off, -off / spread**2, [narrow, narrow], which)
    alone = assess_ensemble(off, -off / spread**2, narrow)
    assert same.effective_sample_size == alone.effective_sample_size
