"""Magnitudes are those of the books, and their stated errors hold."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.magnitude import (
    GAIN_CLASSIC,
    GAIN_UHRHAMMER,
    b_positive,
    b_stability,
    b_value,
    goodness_of_fit,
    local_magnitude,
    maximum_curvature,
    network_magnitudes,
)


@pytest.mark.parametrize(
    ("name", "amplitude", "distance", "magnitude"),
    [
        ("ML_hutton_boore", 1.0, 100.0, 3.0),  # the definition
        ("ML_hutton_boore", 10.0, 17.0, 2.9889),
        ("ML_hutton_boore", 0.01, 30.0, 0.2873),
        ("M_tsuboi", 10.0, 100.0, 3.63),
        ("Mv_watanabe", 1e-4, 30.0, 1.2417),
        ("Mv_watanabe", 1e-3, 100.0, 3.4824),
    ],
)
def test_formulas_give_the_numbers_of_the_books(name, amplitude, distance, magnitude):
    assert local_magnitude(name, amplitude, distance) == pytest.approx(magnitude, abs=5e-5)


def test_beyond_its_range_a_formula_says_nothing():
    found = local_magnitude(
        "Mv_watanabe", [1e-3, 1e-3, 0.0, 1e-3], [100, 250, 100, 100], [9, 9, 9, 90]
    )
    assert np.array_equal(np.isnan(found), [False, True, True, True])
    with pytest.raises(InputError, match="no formula"):
        local_magnitude("ML", 1.0, 100.0)


def test_the_two_gains_differ_by_an_eighth_of_a_magnitude():
    assert np.log10(GAIN_UHRHAMMER / GAIN_CLASSIC) == pytest.approx(-0.129, abs=5e-4)


def simulate(seed, events=100, stations=20, noise=0.15):
    random = np.random.default_rng(seed)
    terms = 0.25 * random.standard_normal(stations)
    terms -= terms.mean()
    magnitude = random.exponential(0.6, events)
    e, s = (v.ravel() for v in np.meshgrid(np.arange(events), np.arange(stations), indexing="ij"))
    r = random.uniform(10.0, 150.0, e.size)
    # standard deviation of Student's t with 4 degrees is 1.41 times its scale
    error = noise / np.sqrt(2.0) * random.standard_t(4, e.size)
    y = magnitude[e] - terms[s] - 1.2 * np.log10(r / 100) - 0.0015 * (r - 100) - 3.0 + error
    kept = random.random(e.size) < 0.6
    return magnitude, terms, (e[kept], s[kept], y[kept], r[kept])


def test_station_terms_and_attenuation_are_recovered_and_errors_hold():
    inside, total = 0, 0
    for seed in range(8):
        magnitude, terms, data = simulate(seed)
        found = network_magnitudes(*data)
        assert np.sqrt(np.mean((found.station_term - terms) ** 2)) < 0.05
        assert found.spreading == pytest.approx(1.2, abs=0.1)
        inside += int((np.abs(found.magnitude - magnitude) < found.magnitude_sd).sum())
        total += magnitude.size
    # 68.3 % of 800, correlated within a catalog by what its terms and attenuation share
    assert 0.63 < inside / total < 0.73


def test_one_wrong_amplitude_of_a_thousand_moves_no_magnitude():
    _, _, (e, s, y, r) = simulate(3)
    before = network_magnitudes(e, s, y, r)
    wrong = y.copy()
    wrong[5] += 3.0
    after = network_magnitudes(e, s, wrong, r)
    assert np.abs(after.magnitude - before.magnitude).max() < 0.05
    assert after.weight[5] < 0.02


def test_given_attenuation_is_kept_and_bad_amplitudes_are_refused():
    _, _, data = simulate(1)
    found = network_magnitudes(*data, attenuation=(1.11, 0.00189))
    assert (found.spreading, found.absorption) == (1.11, 0.00189)
    with pytest.raises(InputError, match="finite amplitudes"):
        network_magnitudes([0], [0], [np.nan], [10.0])
    with pytest.raises(InputError, match="finite amplitudes"):
        network_magnitudes([0], [0], [1.0], [0.0])


def catalog(b, count, seed=0, least=1.0):
    """Magnitudes of Gutenberg and Richter in bins of 0.1, from a bin's lower edge on."""
    random = np.random.default_rng(seed)
    exact = least - 0.05 + random.exponential(1.0 / (b * np.log(10.0)), count)
    return np.round(exact, 1)


def test_b_is_that_of_the_law_within_its_error():
    inside = 0
    for seed in range(200):
        found = b_value(catalog(1.0, 400, seed), 1.0)
        assert found.count == 400
        inside += abs(found.b - 1.0) < found.b_sd
    # 200 trials of 68.3 %: 95 % lie between 0.62 and 0.75
    assert 0.62 < inside / 200 < 0.75


def test_b_of_bins_agrees_with_aki_and_utsu():
    values = catalog(0.9, 5000)
    utsu = np.log10(np.e) / (values.mean() - (1.0 - 0.05))
    assert b_value(values, 1.0).b == pytest.approx(utsu, rel=5e-3)


def test_b_positive_bears_what_is_missed_after_a_large_event():
    values = catalog(1.0, 20_000, 4)
    random = np.random.default_rng(5)
    # completeness falls from 2.5 to 1 again and again, as after mainshocks
    limit = 1.0 + 1.5 * np.exp(-((np.arange(values.size) % 500) / 120.0))
    seen = values[values >= limit + 0.05 * random.standard_normal(values.size)]
    biased, positive = b_value(seen, maximum_curvature(seen)), b_positive(seen)
    assert abs(positive.b - 1.0) < 3.0 * positive.b_sd
    assert biased.b < 1.0 - 5.0 * biased.b_sd


def test_completeness_is_where_the_law_begins():
    random = np.random.default_rng(6)
    values = catalog(1.0, 30_000, 6, least=0.0)
    seen = values[random.random(values.size) < 1.0 / (1.0 + np.exp(-(values - 0.8) / 0.08))]
    assert maximum_curvature(seen) == pytest.approx(1.0, abs=0.11)
    assert 0.8 < goodness_of_fit(seen, 0.95) < 1.25
    assert 0.8 < b_stability(seen) < 1.35


def test_few_magnitudes_have_no_b():
    assert np.isnan(b_value([1.0, 1.2, 1.1], 1.0).b)
    with pytest.raises(InputError, match="no magnitudes"):
        maximum_curvature([np.nan])
    with pytest.raises(InputError, match="width above 0"):
        b_value([1.0], 1.0, 0.0)
