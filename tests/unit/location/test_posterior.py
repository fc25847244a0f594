"""Posteriors of hypocenters against exact solutions and against brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.core import LayeredModel
from quakeloom.location import (
    EventPicks,
    LocationOptions,
    draw_hypocenters,
    draw_layered_models,
    find_start,
    locate_event,
    locate_gaussian,
    make_ensemble,
    stack_members,
    trace_member,
)
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.location._likelihoods import log_likelihoods

from .linear_ensembles import (
    linear_ensemble,
    linear_picks,
    projector,
    ring_slopes,
    wide_options,
)

CENTER = np.array([60.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def layered():
    """Five members around three layers, tables to 120 km."""
    reference = LayeredModel(
        "three layers",
        np.array([0.0, 6.0, 6.0, 20.0, 20.0, 40.0]),
        np.array([5.0, 5.0, 6.0, 6.0, 7.0, 7.0]),
    )
    models = draw_layered_models(reference, 5, 3)
    depth = np.concatenate([[-2.0], np.arange(0.0, 41.0)])
    distance = np.arange(0.0, 121.0)
    members = [trace_member(m, depth, distance, [0.0]) for m in models]
    return make_ensemble(stack_members([m.name for m in models], members, depth, distance, [0.0]))


def synthetic_event(ensemble, truth, random, member=0, sigma=0.1, picks=14):
    """Arrivals at stations around, P at all and S at every second."""
    place = random.uniform(-40, 40, (picks, 2))
    station = np.column_stack([np.zeros(picks), place])
    station = np.concatenate([station, station[::2]])
    phase = ["P"] * picks + ["S"] * len(station[picks:])
    group, level = ensemble.times.receivers(phase, station[:, 0])
    times = np.empty((1, len(phase)))
    receivers = Receivers(station, group, level)
    member_times(ensemble.times.arrays, np.array([truth]), np.array([member]), receivers, times)
    errors = np.where(np.array(phase) == "P", sigma, 2 * sigma)
    observed = times[0] + 3.0 + errors * random.standard_normal(len(phase))
    return EventPicks(station, group, level, observed, errors**2)


def brute_force(ensemble, picks, options, center, half, step):
    """Mean, covariance and mass per member on a fine regular grid."""
    top = max(center[0] - half[0], options.minimum_depth_km)
    bottom = min(center[0] + half[0], options.maximum_depth_km)
    count = round((bottom - top) / step)
    z = top + (np.arange(count) + 0.5) * (bottom - top) / count
    h = [np.arange(-f, f + step / 2, step) + c for f, c in zip(half[1:], center[1:], strict=True)]
    nodes = np.stack(np.meshgrid(z, *h, indexing="ij"), -1).reshape(-1, 3)
    out = np.empty((len(nodes), ensemble.times.member_count))
    log_likelihoods(
        ensemble.times.arrays, nodes, picks.receivers, picks.arrivals(out.shape[1]), picks.variance,
        options.error_model, out, np.empty((0, 0)),
    )  # fmt: skip
    mass = np.exp(out - out.max())
    mass /= mass.sum()
    mean = mass.sum(axis=1) @ nodes
    offset = nodes - mean
    planes = mass.sum(axis=1).reshape(z.size, -1).sum(axis=1)
    return mean, (offset * mass.sum(axis=1)[:, None]).T @ offset, mass.sum(axis=0), z, planes


def test_linear_times_and_gaussian_errors_give_the_exact_posterior():
    """For ``g_k(m) = A m + b_k`` the mixture over many members tends to a known Gaussian."""
    random = np.random.default_rng(1)
    count, members, sigma = 10, 2000, 0.1
    slope = ring_slopes(count, random)
    truth = CENTER + np.array([1.0, -2.0, 0.5])
    delay = 0.07 * random.standard_normal((count, members))
    ensemble = linear_ensemble(slope, delay)
    observed = slope @ truth + 30.0 + 0.07 * random.standard_normal(count)
    picks = linear_picks(ensemble, observed + sigma * random.standard_normal(count), sigma)
    located = locate_event(ensemble, picks, wide_options(), CENTER)
    posterior = located.posterior
    pi = projector(np.eye(count) * (sigma**2 + 0.07**2))
    covariance = np.linalg.inv(slope.T @ pi @ slope)
    mean = covariance @ slope.T @ pi @ (picks.time_s - 30.0)
    # A mixture of K weighted members differs from its limit by a standard error of mean and
    # covariance that the effective number of members decides: three of it, and 10 %.
    error = np.sqrt(np.diag(covariance) / posterior.effective_member_count)
    assert posterior.effective_member_count > 100
    assert np.all(np.abs(posterior.mean - mean) < 3 * error)
    found = posterior.covariance
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.abs((found - covariance) / scale).max() < 0.1
    approximate = locate_gaussian(ensemble, located, wide_options())
    assert np.all(np.abs(approximate[0] - mean) < 0.1 * np.sqrt(np.diag(covariance)))


def test_one_member_has_its_exact_mean_covariance_and_evidence():
    """With one member the answer is Gaussian least squares; evidences are known as well."""
    random = np.random.default_rng(2)
    slope = ring_slopes(8, random)
    delay = 0.05 * random.standard_normal((8, 6))
    ensemble = linear_ensemble(slope, delay)
    sigma = 0.1
    picks = linear_picks(ensemble, slope @ CENTER + 30.0 + sigma * random.standard_normal(8), sigma)
    posterior = locate_event(ensemble, picks, wide_options(), CENTER + 2.0).posterior
    pi = projector(np.eye(8) * sigma**2)
    covariance = np.linalg.inv(slope.T @ pi @ slope)
    residual = picks.time_s[:, None] - 30.0 - delay
    means = (covariance @ slope.T @ pi @ residual).T
    left = residual - slope @ means.T
    evidence = -0.5 * np.einsum("pk,pq,qk->k", left, pi, left)
    # Sums over nodes 0.9 standard deviations apart are exact to 1e-8; what is left is the mass
    # that was cut off, a few parts in a thousand far from the middle.
    spread = np.sqrt(np.diag(covariance))
    assert np.abs((posterior.member_means - means) / spread).max() < 0.02
    found = posterior.log_evidence - posterior.log_evidence[0]
    assert np.abs(found - (evidence - evidence[0])).max() < 0.01
    within = posterior.covariance - posterior.between_covariance
    assert np.abs(np.diag(within) / np.diag(covariance) - 1).max() < 0.03


def test_total_variance_is_that_within_members_plus_that_between(layered):
    """The mixture is at least as wide as its members are on average (law of total variance)."""
    random = np.random.default_rng(3)
    options = LocationOptions(maximum_depth_km=39.0, minimum_depth_km=0.0, radius_km=60.0)
    picks = synthetic_event(layered, [10.0, 3.0, -4.0], random)
    posterior = locate_event(layered, picks, options, [10.0, 3.0, -4.0]).posterior
    alone = []
    for k in range(layered.times.member_count):
        one = make_ensemble(layered.times.subset([k]))
        alone.append(locate_event(one, picks, options, [10.0, 3.0, -4.0]).posterior)
    weights = np.array([np.exp(p.log_evidence[0]) for p in alone])
    weights /= weights.sum()
    within = sum(w * np.diag(p.covariance) for w, p in zip(weights, alone, strict=True))
    means = np.array([p.mean for p in alone])
    between = weights @ (means - weights @ means) ** 2
    assert np.all(np.diag(posterior.covariance) >= 0.97 * within)
    assert posterior.weights == pytest.approx(weights, abs=0.01)
    assert np.diag(posterior.covariance) == pytest.approx(within + between, rel=0.03)


def test_weight_goes_to_the_true_member():
    """With ever better picks the posterior weight of the true member tends to one."""
    random = np.random.default_rng(4)
    slope = ring_slopes(12, random)
    delay = 0.3 * random.standard_normal((12, 50))
    ensemble = linear_ensemble(slope, delay)
    clean = slope @ CENTER + 30.0 + delay[:, 17]
    noise = random.standard_normal(12)
    weight = []
    for sigma in (1.0, 0.3, 0.05):
        picks = linear_picks(ensemble, clean + sigma * noise, sigma)
        weight.append(locate_event(ensemble, picks, wide_options(), CENTER).posterior.weights[17])
    assert weight[0] < 0.2
    assert weight[2] > 0.999


@pytest.mark.parametrize("likelihood", ["gaussian", "student_t", "edt"])
def test_adaptive_grid_agrees_with_brute_force(layered, likelihood):
    """Mean, covariance, weights and depth range are those of a fine grid over everything."""
    random = np.random.default_rng(5)
    options = LocationOptions(
        likelihood=likelihood, minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0
    )
    picks = synthetic_event(layered, [9.0, 5.0, -8.0], random, member=2)
    start, cloud = find_start(layered, picks, options, np.zeros(3))
    posterior = locate_event(layered, picks, options, start, cloud).posterior
    spread = np.sqrt(np.diag(posterior.covariance))
    mean, covariance, weights, z, planes = brute_force(
        layered, picks, options, posterior.mean, 6.5 * spread, 0.3 * spread.min()
    )
    # The search drops 0.05 % of the mass per level and the grid has 1.8 nodes per standard
    # deviation of depth; heavy tails of robust likelihoods lose a little more.
    assert np.abs((posterior.mean - mean) / spread).max() < 0.05
    assert np.diag(posterior.covariance) == pytest.approx(np.diag(covariance), rel=0.06)
    assert posterior.weights == pytest.approx(weights, abs=0.02)
    total = np.concatenate([[0.0], np.cumsum(planes) / planes.sum()])
    edges = np.append(z, 2 * z[-1] - z[-2]) - 0.5 * (z[1] - z[0])
    exact = np.interp([0.025, 0.16, 0.84, 0.975], total, edges)
    assert np.abs(posterior.depth_quantiles() - exact).max() < 0.1 * spread[0]


def test_posterior_ends_at_the_limit_of_depth(layered):
    """A shallow event has no mass above the top of the volume, and the right mass below."""
    random = np.random.default_rng(6)
    options = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0)
    picks = synthetic_event(layered, [0.6, 2.0, 1.0], random, sigma=0.2)
    start, cloud = find_start(layered, picks, options, np.zeros(3))
    posterior = locate_event(layered, picks, options, start, cloud).posterior
    spread = np.sqrt(np.diag(posterior.covariance))
    mean, _, _, _, _ = brute_force(
        layered, picks, options, posterior.mean, 7 * spread, 0.3 * spread.min()
    )
    assert posterior.grid.nodes[:, 0].min() > 0.0
    assert posterior.depth_quantiles()[0] > 0.0
    assert np.abs((posterior.mean - mean) / spread).max() < 0.05


def test_draws_have_the_moments_of_the_posterior(layered):
    """Draws of hypocenter and member follow the posterior, not the staircase of its cells."""
    random = np.random.default_rng(7)
    options = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0)
    picks = synthetic_event(layered, [12.0, 3.0, -4.0], random)
    located = locate_event(layered, picks, options, [12.0, 3.0, -4.0])
    nodes, origin, member = draw_hypocenters(layered, located, options, 4000, random)
    posterior = located.posterior
    spread = np.sqrt(np.diag(posterior.covariance))
    # Standard errors of 4,000 draws: 1.6 % of a standard deviation, 2.2 % of a variance.
    assert np.abs((nodes.mean(axis=0) - posterior.mean) / spread).max() < 0.08
    assert nodes.var(axis=0) == pytest.approx(spread**2, rel=0.1)
    assert origin.mean() == pytest.approx(posterior.origin_mean_s, abs=0.02)
    share = np.bincount(member, minlength=5) / 4000
    assert share == pytest.approx(posterior.weights, abs=0.04)


def test_boundary_follows_each_member(layered):
    """The probability to be below a boundary counts every member with its own boundary."""
    random = np.random.default_rng(8)
    options = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0)
    picks = synthetic_event(layered, [12.0, 3.0, -4.0], random)
    posterior = locate_event(layered, picks, options, [12.0, 3.0, -4.0]).posterior
    high, low = np.full(5, -1.0), np.full(5, 39.5)
    assert 1.0 - 1e-9 < posterior.probability_below(high) <= 1.0
    heavy = replace(posterior, mass=posterior.mass * (1.0 + 1e-14))
    assert heavy.probability_below(high) == 1.0
    assert posterior.probability_below(low) == pytest.approx(0.0, abs=1e-6)
    mixed = np.where(np.arange(5) == 2, -1.0, 39.5)
    assert posterior.probability_below(mixed) == pytest.approx(posterior.weights[2], abs=1e-6)


def test_one_wrong_pick_does_not_move_a_robust_location(layered):
    """A pick five seconds off moves the Gaussian location, and hardly that of Student's t."""
    random = np.random.default_rng(9)
    truth = np.array([10.0, 2.0, 3.0])
    picks = synthetic_event(layered, truth, random)
    wrong = picks.time_s.copy()
    wrong[3] += 5.0
    picks = EventPicks(picks.station, picks.group, picks.level, wrong, picks.variance)
    off = {}
    for likelihood in ("gaussian", "student_t", "edt"):
        options = LocationOptions(
            likelihood=likelihood, minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0
        )
        start, cloud = find_start(layered, picks, options, np.zeros(3))
        found = locate_event(layered, picks, options, start, cloud).posterior.mean
        off[likelihood] = float(np.linalg.norm(found - truth))
    assert off["gaussian"] > 3.0
    assert off["student_t"] < 2.5
    assert off["edt"] < 2.5


def test_uniform_seismicity_stays_uniform(layered):
    """Located events do not gather at the nodes of the travel-time tables (chi-square test)."""
    random = np.random.default_rng(10)
    options = LocationOptions(minimum_depth_km=0.0, maximum_depth_km=39.0, radius_km=60.0)
    one = make_ensemble(layered.times.subset([0]))
    place = random.uniform(-40, 40, (12, 2))
    station = np.column_stack([np.zeros(12), place])
    station = np.concatenate([station, station[::2]])
    phase = ["P"] * 12 + ["S"] * 6
    group, level = one.times.receivers(phase, station[:, 0])
    found = []
    for _ in range(200):
        truth = np.array([[random.uniform(8, 18), *random.uniform(-15, 15, 2)]])
        times = np.empty((1, len(phase)))
        receivers = Receivers(station, group, level)
        member_times(one.times.arrays, truth, np.zeros(1, int), receivers, times)
        observed = times[0] + 0.02 * random.standard_normal(len(phase))
        picks = EventPicks(station, group, level, observed, np.full(len(phase), 0.02**2))
        located = locate_event(one, picks, options, truth[0])
        found.append((located.maximum[0], located.posterior.mean[0]))
    for depth in np.array(found).T:
        counts = np.histogram(depth % 1.0, bins=5, range=(0, 1))[0]
        # 13.3 is the 99 % point of chi-square with four degrees of freedom, 18.5 that of 99.9 %.
        assert np.sum((counts - 40.0) ** 2 / 40.0) < 18.5
