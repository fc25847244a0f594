"""Structure from arrivals: derivatives, sources projected out, spreads, checks of events."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bent_rays import SmoothMedium, bent_times

from quakeloom.core import InputError
from quakeloom.inference import no_sums
from quakeloom.structure import (
    Arrivals,
    EventChecks,
    ModelTimes,
    SourcePrior,
    StructureGrid,
    StructurePoint,
    check_events,
    derivatives_by_node,
    find_posterior,
    first_round,
    fit_sources,
    infer_weights,
    make_structure_prior,
    starting_point,
    station_gap,
    sum_events,
)

MODEL = np.array([[-2.0, 4.0], [3.0, 5.2], [12.0, 6.2]])


def small_prior(modes=(24, 10), grid=None):
    grid = grid or StructureGrid(
        (np.linspace(-2, 10, 5), np.linspace(-12, 12, 7), np.linspace(-12, 12, 7)), (2, 2, 2)
    )
    return make_structure_prior(grid, MODEL, 1.75, 0.06, (4.0, 8.0, 8.0), modes, (0.5, -0.3))


def network(count=9, seed=2):
    rng = np.random.default_rng(seed)
    return np.column_stack([-rng.uniform(0, 0.8, count), rng.uniform(-10, 10, (count, 2))])


def observed(prior, white, events=6, noise_s=0.0, seed=4):
    """Arrivals of P everywhere and S at a third of the stations, in the model of coordinates."""
    rng = np.random.default_rng(seed)
    stations = network()
    source = np.column_stack(
        [rng.uniform(2, 7, events), rng.uniform(-6, 6, (events, 2)), rng.normal(0, 0.2, events)]
    )
    rows = [
        (e, s, phase)
        for e in range(events)
        for s in range(len(stations))
        for phase in ((False, True) if s % 3 == 0 else (False,))
    ]
    event, station, is_s = (np.array(c) for c in zip(*rows, strict=True))
    arrivals = Arrivals(
        event, station, is_s, np.zeros(event.size), np.full(event.size, 0.05), stations
    )
    times = ModelTimes(prior.grid, prior.velocities(white), stations).at(arrivals, source)[:, 0]
    time = times + source[event, 3] + noise_s * rng.standard_normal(event.size)
    return replace(arrivals, time_s=time), source


@pytest.fixture(scope="module")
def setting():
    prior = small_prior()
    truth = np.random.default_rng(1).standard_normal(prior.size)
    return prior, truth, *observed(prior, truth)


def test_derivatives_are_those_of_a_small_change_of_the_field(setting):
    prior, truth, arrivals, source = setting
    times = ModelTimes(prior.grid, prior.velocities(truth), arrivals.station_km)
    rows = derivatives_by_node(prior, times, arrivals, source)
    by_white = prior.by_white(rows.reshape(-1, *prior.grid.shape), arrivals.is_s)
    step = 1e-3 * np.random.default_rng(6).standard_normal(prior.size)
    found = [
        ModelTimes(prior.grid, prior.velocities(truth + s * step), arrivals.station_km).at(
            arrivals, source
        )[:, 0]
        for s in (-1.0, 1.0)
    ]
    np.testing.assert_allclose(by_white @ step, 0.5 * (found[1] - found[0]), atol=3e-7)


def test_sources_are_found_in_the_true_model_whatever_other_events_are_there(setting):
    prior, truth, arrivals, source = setting
    times = ModelTimes(prior.grid, prior.velocities(truth), arrivals.station_km)
    start = source + np.array([1.5, -2.0, 1.0, 0.3])
    free = SourcePrior(start[:, :3])
    weight = 1.0 / arrivals.sigma_s**2
    fitted = fit_sources(times, arrivals, start, weight, free)
    np.testing.assert_allclose(fitted.source, source, atol=0.01)
    alone = arrivals.event == 2
    one = replace(arrivals.subset(alone), event=np.zeros(alone.sum(), int))
    own = fit_sources(times, one, start[2:3], weight[alone], SourcePrior(start[2:3, :3]))
    assert own.source.tobytes() == fitted.source[2:3].tobytes()


def test_moving_a_source_changes_nothing_of_what_is_said_of_structure(setting):
    """Projected out: data that a source could explain carry no structure."""
    prior, _, arrivals, source = setting
    point = starting_point(prior, len(arrivals.station_km))
    times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km)
    weight = 1.0 / arrivals.sigma_s**2
    fitted = fit_sources(times, arrivals, source, weight, SourcePrior(source[:, :3]))
    free = SourcePrior(source[:, :3])
    sums = sum_events(point, times, arrivals, fitted, weight, free)
    shift = np.array([0.3, -0.2, 0.1])
    moved = fitted.residual_s + fitted.slope @ shift + 0.25
    other = sum_events(point, times, arrivals, replace(fitted, residual_s=moved), weight, free)
    assert sums.count == arrivals.event.size - 4 * len(source)
    np.testing.assert_allclose(other.values()[1], sums.values()[1], atol=0.02)
    assert np.abs(sums.values()[1]).max() > 1.0


def test_a_gaussian_prior_of_sources_is_the_covariance_with_their_spread(setting):
    prior, _, arrivals, source = setting
    few = arrivals.subset(arrivals.event == 0)
    point = starting_point(prior, len(arrivals.station_km))
    times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km)
    weight, at = 1.0 / few.sigma_s**2, source[:1]
    known = SourcePrior(at[:, :3], (2.0, 3.0))
    fitted = fit_sources(times, few, at, weight, known)
    matrix, _, _ = sum_events(point, times, few, fitted, weight, known).values()
    rows = derivatives_by_node(prior, times, few, fitted.source)
    b = prior.by_white(rows.reshape(-1, *prior.grid.shape), few.is_s)
    spread = np.diag(np.square([2.0, 3.0, 3.0, 1e4]))
    a = np.column_stack([fitted.slope, np.ones(few.event.size)])
    covariance = np.diag(few.sigma_s**2) + a @ spread @ a.T
    n = prior.size
    np.testing.assert_allclose(
        matrix[:n, :n], b.T @ np.linalg.solve(covariance, b), rtol=1e-3, atol=2e-3
    )


def test_sums_of_single_events_are_those_of_all_to_the_last_bit(setting):
    prior, _, arrivals, source = setting
    time = arrivals.time_s.copy()
    time[np.flatnonzero(arrivals.event == 3)[2]] += 4.0  # one event is fitted more than once
    arrivals = replace(arrivals, time_s=time)
    checks = EventChecks(6, 360.0)
    whole = first_round(prior, arrivals, source[:, :3], checks).sums
    total = no_sums(whole.size)
    for e in (3, 0, 5, 1, 4, 2):
        own = arrivals.event == e
        one = replace(arrivals.subset(own), event=np.zeros(own.sum(), int))
        total = total + first_round(prior, one, source[e : e + 1, :3], checks).sums
    assert total.matrix.tobytes() == whole.matrix.tobytes()
    assert total.vector.tobytes() == whole.vector.tobytes()
    assert (total.square, total.count) == (whole.square, whole.count)


def test_the_posterior_is_that_of_the_linear_problem(setting):
    prior, _, arrivals, source = setting
    first = first_round(prior, arrivals, source[:, :3], EventChecks(6, 360.0))
    found = find_posterior(prior, first.sums, (1.0, 1.5))
    matrix, vector, _ = first.sums.values()
    c = found.chosen
    covariance = found.root @ found.root.T * c.noise_factor**2
    precision = matrix / c.noise_factor**2 + np.linalg.inv(covariance)
    mean = np.linalg.solve(precision, vector / c.noise_factor**2)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-4, atol=1e-5)
    draws = np.stack([found.draw(7, m) - found.mean for m in range(2000)])
    np.testing.assert_allclose(
        np.sqrt(np.mean(draws**2, axis=0)), np.sqrt(np.diag(np.linalg.inv(precision))), rtol=0.1
    )
    assert 0 < found.determined < first.sums.count


def test_rounds_come_to_the_true_velocities_where_the_data_decide():
    prior = small_prior((150, 60))
    truth = np.random.default_rng(1).standard_normal(prior.size)
    arrivals, source = observed(prior, truth, events=40, noise_s=0.02)
    arrivals = replace(arrivals, sigma_s=np.full(arrivals.event.size, 0.02))
    start = source[:, :3] + 0.5
    checks = EventChecks(6, 360.0)
    sums = first_round(prior, arrivals, start, checks).sums
    for _ in range(2):
        found = find_posterior(prior, sums)
        point = StructurePoint(prior, found.mean[: prior.size], found.mean[prior.size :])
        times = ModelTimes(prior.grid, prior.velocities(point.white), arrivals.station_km)
        free = SourcePrior(start)
        weight = 1.0 / arrivals.sigma_s**2
        at = np.column_stack([start, np.zeros(len(start))])
        delay = prior.term_spread_s * point.terms[arrivals.group]
        fitted = fit_sources(times, arrivals, at, weight, free, delay)
        sums = sum_events(point, times, arrivals, fitted, weight, free)
    found = find_posterior(prior, sums)
    spread = found.spreads()["p"]
    narrow = spread[1] < 0.7 * spread[0]
    p, mean = prior.fields(truth)[0], prior.fields(found.mean)[0]
    assert narrow.sum() > 5
    assert np.corrcoef(p[narrow], mean[narrow])[0, 1] > 0.7
    assert np.mean(np.abs(p - mean) < 1.96 * spread[1]) > 0.8
    assert found.chosen.noise_factor == pytest.approx(1.0, abs=0.25)


def test_wrong_picks_are_told_from_right_ones_and_noise_is_that_of_each_phase():
    rng = np.random.default_rng(8)
    n = 4000
    is_s = np.arange(n) % 2 == 1
    sigma = np.full(n, 0.05)
    arrivals = Arrivals(np.zeros(n, int), np.zeros(n, int), is_s, np.zeros(n), sigma, network(1))
    residual = rng.normal(0, np.where(is_s, 0.1, 0.05))
    wrong = rng.random(n) < 0.03
    residual[wrong] = rng.uniform(-1, 1, wrong.sum())
    found = infer_weights(arrivals, residual, 0.0, 1.0)
    assert found.noise == pytest.approx((1.0, 2.0), rel=0.05)
    assert found.contamination == pytest.approx(0.03, abs=0.01)
    assert found.is_outlier[~wrong].mean() < 0.005


@pytest.mark.parametrize(
    ("place", "keep", "status", "words"),
    [
        ((5.0, 0.0, 0.0), slice(None), "used", ""),
        ((5.0, 0.0, 0.0), slice(0, 3), "too_few_picks", "3 usable picks"),
        ((5.0, 40.0, 0.0), slice(None), "outside_model", "north 40.0"),
        ((np.nan, 0.0, 0.0), slice(None), "no_place", "locate it first"),
        ((5.0, -9.9, 0.0), slice(None), "one_sided", "gap of"),
    ],
)
def test_an_event_that_cannot_be_used_says_why(place, keep, status, words):
    stations = np.array([[0.0, n, e] for n in (-5.0, 0.0, 6.0) for e in (-6.0, 1.0, 7.0)])
    numbers = np.arange(9)[keep]
    n = numbers.size
    arrivals = Arrivals(
        np.zeros(n, int), numbers, np.zeros(n, bool), np.zeros(n), np.ones(n), stations
    )
    grid = small_prior().grid
    found, reason = check_events(arrivals, np.array([place]), grid, EventChecks(6, 180.0))
    assert found == [status]
    assert words in reason[0]


def test_the_gap_of_stations_on_one_side_is_more_than_half_a_circle():
    east = np.array([[1.0, 5.0], [0.0, 4.0], [-1.0, 6.0]])
    assert station_gap(east) > 180.0
    assert station_gap(np.array([[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0]])) < 150.0
    assert station_gap(east[:1]) == 360.0


def test_nothing_to_invert_is_told():
    prior = small_prior()
    with pytest.raises(InputError, match="No arrival"):
        find_posterior(prior, no_sums(prior.size + 4))
    with pytest.raises(InputError, match="positive velocities"):
        make_structure_prior(
            prior.grid, [[0.0, 0.0], [1.0, 5.0]], 1.7, 0.05, (4.0, 8.0, 8.0), (5, 0), (0.5, 0.0)
        )


def test_times_are_those_of_bent_rays_which_know_no_grid():
    """An independent forward: paths of least time between points of a smooth medium."""
    grid = StructureGrid(
        (np.linspace(-2, 10, 5), np.linspace(-12, 12, 7), np.linspace(-12, 12, 7)), (4, 4, 4)
    )
    prior = small_prior(grid=grid)
    velocities = prior.velocities(np.random.default_rng(1).standard_normal(prior.size))
    arrivals, source = observed(prior, np.zeros(prior.size), events=3)
    found = ModelTimes(grid, velocities, arrivals.station_km).at(arrivals, source)[:, 0]
    for phase, velocity in enumerate(velocities):
        own = arrivals.is_s == bool(phase)
        medium = SmoothMedium(velocity, grid.spacing_km, grid.origin_km)
        bent = bent_times(
            medium, source[arrivals.event[own], :3], arrivals.station_km[arrivals.station[own]]
        )
        assert np.abs(found[own] - bent).max() < 0.015
        assert abs(np.mean(found[own] - bent)) < 0.005


@pytest.mark.long
def test_95_percent_ranges_of_velocity_hold_the_truth_at_nodes():
    """Over random Earths, whose times are those of bent rays in fields with all wavelengths."""
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    from structure import measure_coverage

    found = measure_coverage(4, 30, 10, (250, 100))
    for name in ("p_held", "ratio_held"):
        held, error = found[name]
        assert 0.95 - 3 * error - 0.03 < held <= 1.0
    assert found["noise_factor"][0] == pytest.approx(1.0, abs=0.2)
