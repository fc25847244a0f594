"""Errors of station terms and picks, and structure in residuals, against made catalogs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.location import (
    TermEvent,
    estimate_pick_noise,
    fit_station_terms,
    measure_residual_structure,
)
from quakeloom.location._locate import temper_weights
from quakeloom.stages.locate.corrections import mean_square

from .linear_ensembles import linear_ensemble, linear_picks, wide_options

STATIONS, EVENTS = 20, 120

ERROR, DELAY = 0.05, 0.15
"""Errors of picks and delays of the made catalogs, s."""


def made_catalog(random, events=20, spread_km=15.0, members=12, path=0.0, stations=12):
    """A catalog in times that are linear around every event; half of the stations have S."""
    network = random.uniform(-40, 40, (stations, 2))
    own = [*range(stations), *range(stations // 2)]
    keys = len(own)
    delays = DELAY * random.standard_normal(keys)
    shared = path * random.standard_normal(keys)
    is_s = np.arange(keys) >= stations
    made = []
    for _ in range(events):
        place = np.array([10.0, *(spread_km * random.uniform(-1, 1, 2))])
        away = network[own] - place[1:]
        slow = np.where(is_s, 1.73, 1.0)[:, None] / 6.0
        ray = np.column_stack([np.full(keys, place[0]), -away]) * slow
        slope = ray / np.hypot(place[0], np.hypot(*away.T))[:, None]
        ensemble = linear_ensemble(slope, np.zeros((keys, members)))
        time = slope @ place + 30.0 + delays + shared + ERROR * random.standard_normal(keys)
        made.append((ensemble.times, linear_picks(ensemble, time, ERROR), place))
    return delays, is_s, made


def fit(made, is_s, random, crowd=1.0, path=0.0, members=12, shared=None):
    """Terms of a made catalog; every event has tables of its own."""
    holder = _Tables([m[0] for m in made])
    options = wide_options(time_error_fraction=0.0)

    def events():
        for i, (_, picks, place) in enumerate(made):
            holder.now = i
            known = replace(picks, variance=picks.variance + path**2)
            yield TermEvent(
                known, np.arange(is_s.size), is_s, place + np.array([1.0, 2.0, -2.0]),
                np.full(is_s.size, path**2), np.full(is_s.size, crowd),
            )  # fmt: skip

    rank = 0 if shared is None else shared.scatter_s.shape[1]
    standard = random.standard_normal((is_s.size + rank, members))
    return fit_station_terms(holder, events, is_s, options, standard, False, shared)


class _Tables:
    """Tables of the event that is looked at, as one ensemble."""

    def __init__(self, times):
        self.every, self.now, self.member_count = times, 0, times[0].member_count

    @property
    def arrays(self):
        return self.every[self.now].arrays


@pytest.mark.parametrize("spread_km", [0.0, 15.0])
def test_ranges_of_terms_hold_at_one_place_and_over_many(spread_km):
    """Forty catalogs, three standard errors: what shifts a whole catalog is in the errors."""
    inside = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        delays, is_s, made = made_catalog(random, spread_km=spread_km)
        found = fit(made, is_s, random)
        inside.append(np.mean(np.abs(found.term_s - delays) < 1.96 * found.error_s))
        assert found.error_s.max() < 2.0 * DELAY
    assert 0.95 - 3 * np.std(inside) / np.sqrt(40) - 0.01 < np.mean(inside)
    assert np.mean(inside) < 0.985


def test_a_shift_of_the_catalog_keeps_the_spread_of_the_terms():
    """Events at one place: no data tell of terms that look like another hypocenter."""
    random = np.random.default_rng(7)
    _, is_s, made = made_catalog(random, events=40, spread_km=0.0, members=400)
    found = fit(made, is_s, random, members=400)
    axes = np.linalg.svd(found.draw_s - found.mean_s, full_matrices=False)[1] / np.sqrt(400)
    # four numbers of a hypocenter and its origin time; the others are known to the picks' error
    assert axes[:4] == pytest.approx(found.spread_s.mean(), rel=0.4)
    assert np.all(axes[4:] < 1.5 * ERROR / np.sqrt(40))


def test_an_error_that_events_share_does_not_average_out():
    """Twenty catalogs at one place, three standard errors; scatter alone holds less."""
    inside, alone = [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        delays, is_s, made = made_catalog(random, events=30, spread_km=0.0, path=0.1, stations=30)
        for held, found in (
            (inside, fit(made, is_s, random, crowd=30.0, path=0.1)),
            (alone, fit(made, is_s, random)),
        ):
            held.append(np.mean(np.abs(found.term_s - delays) < 1.96 * found.error_s))
    assert np.mean(inside) > 0.95 - 3 * np.std(inside) / np.sqrt(20)
    assert np.mean(inside) > np.mean(alone)


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


def test_delays_are_known_from_as_many_stations_as_there_are():
    """The mean over catalogs of squares in units of the stated variance is one, and was 16/14."""
    random = np.random.default_rng(8)
    delays = DELAY * random.standard_normal((20_000, 16))
    spread, fresh = np.sqrt(np.mean(delays**2, axis=1)), DELAY * random.standard_normal(20_000)
    stated = np.array([mean_square(s, 16) for s in spread])
    assert np.mean(fresh**2 / stated) == pytest.approx(1.0, abs=0.03)
    assert np.mean(fresh**2 / spread**2) > 1.1
    assert mean_square(0.1, 1) == pytest.approx(0.02)


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
