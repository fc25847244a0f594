"""Slip in one model and in many: exact posteriors, evidence, mixture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from quakeloom.core import InputError
from quakeloom.slip import (
    FaultPlane,
    HyperPoint,
    ModelSpread,
    Observed,
    SlipModel,
    SlipPrior,
    centroids,
    divide_plane,
    draw_mixture,
    draw_model,
    draw_slip_models,
    gaussian_data,
    gaussian_prediction,
    half_space_green,
    held_share,
    invert_slip,
    make_positive,
    mean_rakes,
    network_warnings,
    rank_truths,
    simulate_displacements,
    simulate_sites,
    simulate_slip,
    slip_amplitudes,
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


def test_positive_slip_of_two_models_agrees_with_quadrature():
    """Evidence, weights and mean of two patches, against sums over a fine grid."""
    green, values, error, _ = problem(seed=11, data=3, parameters=2)
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    greens = [green, 0.5 * green[::-1]]
    prior = SlipPrior(np.array([0.3, 0.1]), [covariance], ONE, np.zeros(1))
    data = gaussian_data(values, error)
    found = make_positive(invert_slip(greens, data, prior), greens, data, prior, 4000, 1)
    axis = (np.arange(400) + 0.5) * 0.0125
    slips = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = multivariate_normal(prior.mean, covariance).pdf(slips)
    mass /= mass.sum()
    like = [mass * multivariate_normal(np.zeros(3), error).pdf(values - slips @ g.T)
            for g in greens]  # fmt: skip
    exact = np.log([w.sum() for w in like])
    # expectation propagation errs by hundredths
    assert np.allclose(found.log_evidence, exact, atol=0.04)
    assert found.draws.min() >= 0.0
    mean = np.sum(like, axis=0) @ slips / np.sum(like)
    # 4,000 draws that are a little alike, three standard errors
    assert np.allclose(found.draws.mean(axis=0), mean, atol=3 * found.draws.std() / np.sqrt(2000))
    assert found.weights.sum() == pytest.approx(1.0)


def test_amounts_and_directions_of_slip_with_two_parts():
    draws = np.array([[3.0, 0.0, 4.0, 2.0]])
    assert np.allclose(slip_amplitudes(draws, np.array([0.0, 90.0])), [[5.0, 2.0]])
    assert np.allclose(slip_amplitudes(draws, np.array([45.0, 45.0])), [[7.0, 2.0]])
    assert np.allclose(mean_rakes(draws, np.array([90.0, 180.0])), [143.130102, 180.0])


def test_the_centroid_is_weighed_by_potency():
    places = np.array([[0.0, 0.0], [10.0, 4.0]])
    found = centroids(np.array([[1.0, 1.0], [-1.0, 0.5]]), np.array([1.0, 3.0]), places)
    assert np.allclose(found[0], [7.5, 3.0])
    assert np.allclose(found[1], [30.0, 12.0])
    assert np.isnan(centroids(-np.ones((1, 2)), np.ones(2), places)).all()


def test_ranges_hold_the_truth_as_often_as_they_say():
    """30 slow slips in uncertain models: the mixture holds 95 % of patches, one model fewer.

    Slip on patches, 30 events of 6: a share of 0.95 has a standard error of 0.02.
    """
    reference = SlipModel(FaultPlane(0, 0, 225, 15, 60, 12, 24), 0.25, 4e10)
    spread = ModelSpread(3.0, 3.0, 2.0, 2.0, 0.02, 0.1)
    points = np.repeat(simulate_sites(12, 50.0, (0.0, 0.0), 1), 3, axis=0)
    observed = Observed(points, np.tile(np.eye(3), (12, 1)))

    def green(model):
        return half_space_green(
            divide_plane(model.plane, 3, 2), observed, [90.0], model.poisson_ratio
        )

    patches = divide_plane(reference.plane, 3, 2)
    near = 0.01 * slip_correlation(patches.along_km, patches.down_km, (20.0, 20.0))
    prior = SlipPrior(np.full(6, 0.2), [near], ONE, np.zeros(1))
    root = 0.003 * np.eye(36)
    slips = np.array([simulate_slip(prior.mean, near, 2, k) for k in range(30)])
    true = [draw_model(reference, spread, 2, "truth", k) for k in range(30)]
    values = np.array([
        simulate_displacements(green(m), s, root, 2, k)
        for k, (m, s) in enumerate(zip(true, slips, strict=True))
    ])  # fmt: skip
    data = gaussian_data(values[0], root @ root.T)
    held = []
    for models in (draw_slip_models(reference, spread, 400, 5), [reference]):
        greens = [green(m) for m in models]
        sums = [np.zeros((0, 6))] * len(greens)
        ranks = rank_truths(greens, data, values, prior, sums, (slips, np.zeros((30, 0))))
        held.append(held_share(ranks.slip))
        if len(models) > 1:
            found = invert_slip(greens, gaussian_data(values[7], root @ root.T), prior)
            low, high = found.quantile(0.025), found.quantile(0.975)
            inside = (ranks.slip[7] >= 0.025) & (ranks.slip[7] <= 0.975)
            assert (inside == ((slips[7] >= low) & (slips[7] <= high))).all()
            assert ranks.effective_models[7] == pytest.approx(found.mixture.effective_number)
    assert 0.89 <= held[0] <= 1.0
    assert held[1] < held[0] - 0.05


def test_what_a_network_does_not_see_is_told():
    deep = divide_plane(FaultPlane(0, 0, 0, 45, 20, 5, 15), 4, 2)
    around = np.array([[20.0, 20.0], [20.0, -20.0], [-20.0, 0.0]])
    assert not network_warnings(around, deep)
    (told,) = network_warnings(around + np.array([60.0, 0.0]), deep)
    assert "one side" in told
    shallow = divide_plane(FaultPlane(0, 0, 0, 45, 20, 0, 10), 4, 2)
    (told,) = network_warnings(np.vstack([around, [[0.5, 1.0]]]), shallow)
    assert "1 site stands" in told
