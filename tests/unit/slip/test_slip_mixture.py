"""Slip in one model and in many: exact posteriors, evidence, mixture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from quakeloom.core import InputError
from quakeloom.slip import (
    HyperPoint,
    SlipPrior,
    draw_mixture,
    gaussian_data,
    gaussian_prediction,
    invert_slip,
    slip_correlation,
    solve_member,
)

ONE = [HyperPoint()]


def problem(seed=3, data=7, parameters=4):
    random = np.random.default_rng(seed)
    green = random.standard_normal((data, parameters))
    root = random.standard_normal((parameters, parameters))
    covariance = root @ root.T + np.eye(parameters)
    error = np.diag(random.uniform(0.2, 1.0, data)) + 0.05
    return green, random.standard_normal(data), error, covariance


def test_posterior_and_evidence_of_one_model_are_those_of_the_textbook():
    green, values, error, covariance = problem()
    mean0 = np.array([0.3, -0.1, 0.0, 2.0])
    points = [HyperPoint(), HyperPoint(0.7, 1.9, 0), HyperPoint(2.0, 0.4, 1)]
    likeness = [covariance, 0.5 * covariance + np.eye(4)]
    prior = SlipPrior(mean0, likeness, points, np.full(3, -np.log(3)))
    rows = np.array([[1.0, 2.0, 0.0, -1.0]])
    found = solve_member(green, gaussian_data(values, error), prior, rows)
    for k, p in enumerate(points):
        s, e = p.spread**2 * likeness[p.correlation], p.noise**2 * error
        total = e + green @ s @ green.T
        gain = s @ green.T @ np.linalg.inv(total)
        mean, spread = mean0 + gain @ (values - green @ mean0), s - gain @ green @ s
        evidence = multivariate_normal(green @ mean0, total).logpdf(values)
        assert found.log_evidence[k] == pytest.approx(evidence, abs=1e-10)
        assert np.allclose(found.mean[k], mean, atol=1e-12)
        assert np.allclose(found.variance[k], np.diag(spread), atol=1e-12)
        assert np.allclose(found.sum_mean[k], rows @ mean, atol=1e-12)
        assert np.allclose(found.sum_variance[k], rows @ spread @ rows.T, atol=1e-12)


def test_a_mixture_of_random_green_functions_is_the_integral_over_them():
    """Against quadrature over slip with the likelihood averaged over the ensemble."""
    green, values, error, covariance = problem(data=5, parameters=2)
    random = np.random.default_rng(5)
    greens = green + 0.4 * random.standard_normal((60, *green.shape))
    prior = SlipPrior(np.zeros(2), [covariance], ONE, np.zeros(1))
    data = gaussian_data(values, error)
    found = invert_slip(greens, data, prior)
    mean, variance, within = found.moments()
    assert (variance > within).all()
    # a grid over ten standard deviations of the prior, finer than any model's posterior
    ends = 5 * np.sqrt(np.diag(covariance))
    axes = [np.linspace(-e, e, 161) for e in ends]
    slips = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    left = values - np.einsum("kdp,sp->ksd", greens, slips)
    misfit = np.einsum("ksd,de,kse->ks", left, np.linalg.inv(error), left, optimize=True)
    weight = np.exp(-0.5 * misfit).mean(axis=0) * cell
    weight *= multivariate_normal(np.zeros(2), covariance).pdf(slips)
    evidence = np.log(weight.sum()) - 0.5 * np.linalg.slogdet(2 * np.pi * error)[1]
    assert found.mixture.log_mean_evidence == pytest.approx(evidence, abs=1e-4)
    at = weight @ slips / weight.sum()
    scatter = weight @ (slips - at) ** 2 / weight.sum()
    assert np.allclose(at, mean, atol=1e-3 * np.sqrt(variance))
    assert np.allclose(scatter, variance, rtol=1e-3)
    draws, models = draw_mixture(found, list(greens), data, prior, 2000, 1)
    assert np.allclose(draws.mean(axis=0), mean, atol=4 * np.sqrt(variance / 2000))
    assert np.allclose(draws.var(axis=0), variance, rtol=0.12)
    share = np.bincount(models, minlength=60) / 2000
    assert np.abs(share - found.mixture.weights).max() < 1 / 2000 + 1e-9


def test_a_useless_model_moves_the_mean_by_less_than_its_weight():
    green, values, error, covariance = problem()
    prior = SlipPrior(np.zeros(4), [covariance], ONE, np.zeros(1))
    data = gaussian_data(values, error)
    one, two = invert_slip([green], data, prior), invert_slip([green, -3 * green], data, prior)
    apart = np.abs(two.members[1].mean[0] - one.moments()[0])
    change = np.abs(two.moments()[0] - one.moments()[0])
    assert (change <= two.mixture.weights[1] * apart + 1e-12).all()


def test_more_data_single_out_the_true_model():
    random = np.random.default_rng(0)
    greens = [random.standard_normal((60, 3)) for _ in range(5)]
    values = greens[2] @ [1.0, 2.0, -1.0]
    prior = SlipPrior(np.zeros(3), [4 * np.eye(3)], ONE, np.zeros(1))
    weights = [
        invert_slip([g[:n] for g in greens], gaussian_data(values[:n], np.eye(n)), prior)
        .mixture.weights[2] for n in (3, 60)
    ]  # fmt: skip
    assert weights[0] < 0.9 < 0.999 < weights[1]


def test_evidence_is_summed_over_a_grid_that_all_models_share():
    green, values, error, covariance = problem()
    points = [HyperPoint(), HyperPoint(1.0, 30.0, 0)]
    prior = SlipPrior(np.zeros(4), [covariance], points, np.log([0.25, 0.75]))
    found = invert_slip([green, 2 * green], gaussian_data(values, error), prior)
    alone = [solve_member(g, gaussian_data(values, error), prior) for g in (green, 2 * green)]
    for k, member in enumerate(alone):
        total = np.log(np.exp(member.log_evidence) @ [0.25, 0.75])
        assert found.log_evidence[k] == pytest.approx(total)
    assert found.weights.sum() == pytest.approx(1.0)


def test_models_that_are_alike_make_the_gaussian_answer_that_of_one():
    green, values, error, covariance = problem()
    prior = SlipPrior(np.zeros(4), [covariance], ONE, np.zeros(1))
    data = gaussian_data(values, error)
    found = gaussian_prediction([green] * 3, data, prior, HyperPoint())
    one = solve_member(green, data, prior)
    assert found.log_evidence == pytest.approx(one.log_evidence[0])
    assert np.allclose(found.mean, one.mean[0])
    wide = gaussian_prediction([0.8 * green, 1.2 * green], data, prior, HyperPoint())
    assert (wide.variance > found.variance).all()


def test_the_fewest_models_are_kept_where_asked():
    random = np.random.default_rng(8)
    greens = [random.standard_normal((30, 3)) for _ in range(60)]
    values = greens[7] @ [3.0, 1.0, 2.0]
    prior = SlipPrior(np.zeros(3), [4 * np.eye(3)], ONE, np.zeros(1))
    data = gaussian_data(values, 0.01 * np.eye(30))
    free, kept = invert_slip(greens, data, prior), invert_slip(greens, data, prior, None, 12.0)
    assert free.mixture.warning
    assert kept.mixture.effective_number == pytest.approx(12.0, rel=1e-3)


def test_von_karman_with_an_exponent_of_a_half_is_the_exponential():
    a, w = np.array([0.0, 3.0, 8.0, 1.0]), np.array([0.0, 4.0, 1.0, 1.0])
    both = [
        slip_correlation(a, w, (5.0, 2.0), "von_karman", 0.5),
        slip_correlation(a, w, (5.0, 2.0)),
    ]
    assert np.allclose(*both, atol=1e-7)
    smooth = slip_correlation(a, w, (5.0, 2.0), "von_karman", 1.0)
    assert np.linalg.eigvalsh(smooth).min() > 0
    assert (np.diag(smooth) == 1.0).all()


def test_data_that_cannot_be_weighed_are_refused():
    green, values, error, covariance = problem()
    with pytest.raises(InputError, match="no finite numbers"):
        gaussian_data(np.where(np.arange(7) == 3, np.nan, values), error)
    with pytest.raises(InputError, match="not positive definite"):
        gaussian_data(values, np.zeros((7, 7)))
    prior = SlipPrior(np.zeros(4), [covariance], ONE, np.zeros(1))
    with pytest.raises(InputError, match="Green's functions"):
        solve_member(green[:5], gaussian_data(values, error), prior)
    with pytest.raises(InputError, match="lengths"):
        slip_correlation([0.0, 1.0], [0.0, 1.0], (0.0, 1.0))
