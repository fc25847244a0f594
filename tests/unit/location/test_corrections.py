"""Errors of station terms and picks, and structure in residuals, against made catalogs."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.location import (
    SharedErrors,
    count_paths,
    estimate_pick_noise,
    estimate_station_terms,
    measure_residual_structure,
)
from quakeloom.location._locate import temper_weights

STATIONS, EVENTS = 20, 120


def made_residuals(seed, delay=0.15, path=0.1, noise=0.05):
    """Delays of stations, errors of paths that all events of one place share, and picks."""
    random = np.random.default_rng(seed)
    delays = delay * random.standard_normal(STATIONS)
    key = np.tile(np.arange(STATIONS), EVENTS)
    shared = path * random.standard_normal(STATIONS)
    common = (delays + shared)[key] - np.mean(delays + shared)
    return delays, key, common + noise * random.standard_normal(key.size)


def test_errors_of_terms_hold_paths_that_events_share():
    """Events at one place share their paths, however many there are."""
    inside, wide = [], []
    for seed in range(40):
        delays, key, residual = made_residuals(seed)
        shared = SharedErrors(np.full(STATIONS, 0.1), np.ones(STATIONS))
        found = estimate_station_terms(
            key, residual, np.full(key.size, 0.05**2), STATIONS, 1.0, shared=shared
        )
        inside.append(np.abs(found.term_s - delays) < 1.96 * found.error_s)
        alone = estimate_station_terms(key, residual, np.full(key.size, 0.05**2), STATIONS, 1.0)
        wide.append(np.mean(np.abs(alone.term_s - delays) < 1.96 * alone.error_s))
    assert 0.92 < np.mean(inside) < 0.98
    assert np.mean(wide) < 0.3  # scatter alone says 0.005 s


def test_paths_of_one_place_are_one_and_those_far_apart_are_many():
    assert count_paths(np.zeros((50, 3)), 10.0) == pytest.approx(1.0)
    apart = np.column_stack([np.zeros(50), np.arange(50) * 500.0, np.zeros(50)])
    assert count_paths(apart, 10.0) == pytest.approx(50.0)


@pytest.mark.parametrize("freedom", [np.inf, 4.0])
def test_noise_beyond_the_stated_errors_is_found_among_wrong_picks(freedom):
    random = np.random.default_rng(3)
    draw = random.standard_normal if np.isinf(freedom) else lambda n: random.standard_t(freedom, n)
    n, picks = 3000, 20
    residual = np.hypot(0.05, 0.15) * np.sqrt(1 - 4 / picks) * draw(n)
    residual[:90] = random.uniform(-5, 5, 90)
    found = estimate_pick_noise(residual, np.full(n, 0.05**2), np.full(n, picks), freedom)
    assert found.noise_s == pytest.approx(0.15, abs=4 * found.noise_error_s)
    assert found.noise_error_s < 0.01
    assert found.contamination == pytest.approx(0.03, abs=0.012)


def test_picks_as_good_as_stated_have_no_more_noise():
    residual = 0.1 * np.sqrt(0.8) * np.random.default_rng(1).standard_normal(2000)
    found = estimate_pick_noise(residual, np.full(2000, 0.1**2), np.full(2000, 20))
    assert found.noise_s < 0.03


def test_lateral_structure_is_told_from_independent_picks():
    random = np.random.default_rng(5)
    place = np.column_stack([random.uniform(5, 9, EVENTS), *random.uniform(-30, 30, (2, EVENTS))])
    station = random.uniform(-40, 40, (STATIONS, 2))
    key = np.tile(np.arange(STATIONS), EVENTS)
    where = np.repeat(place, STATIONS, axis=0)
    distance = np.hypot(*(where[:, 1:] - station[key]).T)
    noise = 0.05 * random.standard_normal(key.size)
    plain = measure_residual_structure(key, noise, distance, where, 15.0)
    assert plain is not None
    assert abs(plain.path_correlation) < 4 * plain.path_correlation_error
    assert plain.station_s < 0.02
    # one side is slower by 5 %
    slow = 0.05 * distance / 6.0 * (where[:, 2] > 0)
    found = measure_residual_structure(key, noise + slow, distance, where, 15.0)
    assert found is not None
    assert found.path_correlation > 0.4
    assert found.path_correlation > 8 * found.path_correlation_error


class _Evidence:
    def __init__(self, evidence):
        self.log_evidence = evidence
        weight = np.exp(evidence - evidence.max())
        self.effective_member_count = weight.sum() ** 2 / np.sum(weight**2)


def test_weights_are_tempered_until_enough_members_count():
    evidence = -0.5 * 3000.0 * np.random.default_rng(2).standard_normal(60) ** 2
    prior = np.full(60, -np.log(60.0))
    tempered = temper_weights(_Evidence(evidence), prior, 10.0)
    value = tempered + evidence
    weight = np.exp(value - value.max())
    assert weight.sum() ** 2 / np.sum(weight**2) == pytest.approx(10.0, rel=1e-3)
    # the order of the members stays
    assert np.array_equal(np.argsort(weight), np.argsort(evidence))
    assert temper_weights(_Evidence(0.01 * evidence), prior, 10.0) is None
    assert temper_weights(_Evidence(evidence[:5]), prior[:5], 10.0) is None
