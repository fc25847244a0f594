"""The mass ratio follows from the elements that did not move, whichever they are."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.geochem import (
    IsoconData,
    IsoconOptions,
    IsoconRecipe,
    analyze_isocon,
    sample_isocon,
    simulate_isocon,
    sparse_isocon,
)

BASE = np.array([60, 0.8, 16, 7, 0.15, 3, 5, 3.5, 2.5, 0.2])
CHANGE = np.array([0, 0, 0, 0.3, -0.4, 0.5, -0.6, 0.2, -0.3, 0.1])


def data_of(ratio, noise=0.02, upper=None):
    y = np.log(np.atleast_2d(np.asarray(ratio, float).T).T)
    return IsoconData(
        y,
        np.full_like(y, np.nan) if upper is None else upper,
        np.full_like(y, noise),
        np.full(len(y), 0.01),
    )


def test_logarithms_find_the_mass_ratio_where_plain_residuals_follow_enriched_elements():
    """Ten elements, three of them immobile, mass ratio 1.25; computed independently."""
    ratio = (1 + CHANGE) / 1.25
    data = data_of(ratio)
    assert 1 / ratio == pytest.approx(
        [1.25, 1.25, 1.25, 0.9615, 2.0833, 0.8333, 3.1250, 1.0417, 1.7857, 1.1364], abs=1e-4
    )
    assert sparse_isocon(data) == pytest.approx([1.25], abs=2e-4)
    assert sparse_isocon(data, scale="linear") == pytest.approx([1.1364], abs=2e-3)


def test_one_sample_is_the_median_of_ratios():
    r = np.random.default_rng(2)
    ratio = r.lognormal(0.0, 0.5, 11)
    assert sparse_isocon(data_of(ratio)) == pytest.approx([1 / np.median(ratio)], rel=1e-4)


def test_the_solution_is_the_minimum_of_the_sum_of_norms():
    """The objective is convex: no neighbor in any direction is better."""
    r = np.random.default_rng(3)
    data = data_of(r.lognormal(0.0, 0.4, (12, 4)))
    a = np.log(sparse_isocon(data))

    def cost(log_a):
        return np.linalg.norm(data.log_ratio + log_a, axis=1).sum()

    steps = 0.01 * r.normal(size=(200, 4))
    assert cost(a) <= min(cost(a + s) for s in steps) + 1e-9


def test_three_immobile_elements_of_ten_are_found_in_noise():
    """Mobile elements change by 20 to 50 %, noise is 2 %: three smallest norms.

    Mass ratios are right to 2 % on average by the posterior, and to 3 % by the sparse solution.
    """
    r = np.random.default_rng(4)
    gains = np.zeros((10, 6))
    gains[3:] = r.choice([-1, 1], (7, 6)) * r.uniform(0.2, 0.5, (7, 6))
    a = r.uniform(0.7, 1.4, 6)
    ratio = (1 + gains) / a * np.exp(0.02 * r.normal(size=(10, 6)))
    data = data_of(ratio)
    found = sparse_isocon(data)
    assert np.sqrt(np.mean(np.log(found / a) ** 2)) < 0.03
    starts = found * np.exp(0.1 * r.normal(size=(2, 1)))
    draws = sample_isocon(data, starts, r, sweeps=300).log_mass_ratio
    assert np.sqrt(np.mean((np.median(draws, axis=(0, 1)) - np.log(a)) ** 2)) < 0.02
    norms = np.linalg.norm(data.log_ratio + np.log(found), axis=1)
    assert set(np.argsort(norms)[:3]) == {0, 1, 2}


def test_a_value_below_its_limit_counts_only_where_it_is_a_loss():
    ratio = np.array([1.0, 1.0, 1.0, 2.0, 2.2])
    upper = np.full((5, 1), np.nan)
    data = data_of(ratio)
    values = data.log_ratio.copy()
    values[2] = np.nan
    for limit, expected in ((1.5, 1.0), (0.2, 1.0)):
        upper[2] = np.log(limit)
        censored = IsoconData(values, upper.copy(), data.noise, data.protolith_noise)
        assert sparse_isocon(censored)[0] >= 1 / 2.0 - 1e-6
        assert sparse_isocon(censored)[0] <= expected + 1e-6
    # two of the four with values say 1, and the limit of 0.2 is a loss with both
    upper[2] = np.log(0.2)
    censored = IsoconData(values, upper, data.noise, data.protolith_noise)
    assert sparse_isocon(censored) == pytest.approx([1.0], abs=1e-4)


def test_a_sample_without_elements_is_refused_in_words():
    data = data_of(np.ones((5, 2)))
    data.log_ratio[:, 1] = np.nan
    with pytest.raises(InputError, match=r"1 samples \(the first is number 2\) have no element"):
        sparse_isocon(data)
    none = np.full((2, 3), np.nan)
    with pytest.raises(InputError, match="0 elements have values"):
        analyze_isocon(
            (none, none, none), (none, none, none), IsoconOptions(), np.random.default_rng(0)
        )


def test_gains_and_immobile_elements_of_synthetic_rocks_are_found():
    truth = simulate_isocon(IsoconRecipe(samples=4, elements=16), np.random.default_rng(5))
    options = IsoconOptions(bootstraps=50, sweeps=400)
    found = analyze_isocon(truth.altered, truth.protolith, options, np.random.default_rng(6))
    still = truth.immobile[found.elements]
    assert (found.immobile[still] > 0.5).mean() >= 0.8
    assert (found.immobile[~still] < 0.5).mean() >= 0.8
    assert np.abs(found.mass_ratio[1] / truth.mass_ratio - 1).max() < 0.1
    assert found.r_hat.max() < 1.05
    low, _, high = found.gains
    true = np.expm1(truth.log_gains[found.elements])
    known = np.isfinite(low)
    inside = (low - 1e-9 <= true) & (true <= high + 1e-9)
    assert inside[known].mean() > 0.8


def test_chains_that_settle_on_other_sets_of_immobile_elements_are_told():
    """Two coherent sets of elements explain the rocks: each chain stays with its own."""
    ratio = np.ones((10, 8))
    ratio[5:] = 3.0
    data = data_of(ratio * np.exp(0.01 * np.random.default_rng(7).normal(size=(10, 8))), 0.01)
    starts = np.array([np.full(8, 1.0), np.full(8, 1 / 3.0)])
    posterior = sample_isocon(data, starts, np.random.default_rng(8), sweeps=200)
    from quakeloom.inference import diagnose_chains

    assert diagnose_chains(posterior.log_mass_ratio).r_hat.min() > 1.5


@pytest.mark.long
def test_ranges_of_mass_ratios_hold_as_often_as_they_say():
    """Of 150 synthetic sets 93 to 97 % of 95 % ranges hold the truth, within two errors."""
    recipe = IsoconRecipe()
    held = []
    for seed in range(150):
        stream = np.random.default_rng(seed)
        truth = simulate_isocon(recipe, stream)
        options = IsoconOptions(bootstraps=50, sweeps=500)
        found = analyze_isocon(truth.altered, truth.protolith, options, stream)
        low, _, high = found.mass_ratio
        held.append(((low <= truth.mass_ratio) & (truth.mass_ratio <= high)).mean())
    error = np.std(held) / np.sqrt(len(held))
    assert 0.93 - 2 * error < np.mean(held) < 0.97 + 2 * error
