"""A population of places stands for a posterior."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.inference import population_posterior


def two_humps(u):
    """Two Gaussians of unequal mass in the first two coordinates; the third says nothing."""
    a = 0.75 / 0.05**2 * np.exp(-0.5 * np.sum((u[:2] - [0.25, 0.3]) ** 2) / 0.05**2)
    b = 0.25 / 0.05**2 * np.exp(-0.5 * np.sum((u[:2] - [0.7, 0.8]) ** 2) / 0.05**2)
    return float(np.log(a + b + 1e-300))


def test_weights_give_means_and_shares_of_a_density_with_two_humps():
    shares, means, thirds = [], [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = population_posterior(two_humps, 3, (100, 100, 100, 100), random)
        w = np.exp(found.log_weights)
        assert w.sum() == pytest.approx(1.0)
        low = found.places[:, 0] < 0.5
        shares.append(w[low].sum())
        means.append((w[low] @ found.places[low, 0]) / w[low].sum())
        thirds.append(w @ found.places[:, 2])
    # places depend on those before, which biases by less than half the scatter of one population
    for values, truth in ((shares, 0.75), (means, 0.25), (thirds, 0.5)):
        scatter = np.std(values, ddof=1)
        assert abs(np.mean(values) - truth) < 0.5 * scatter + 3.0 * scatter / np.sqrt(len(values))
    assert np.std(shares) < 0.12


def test_a_flat_density_gives_even_weights_whatever_the_steps():
    found = population_posterior(lambda u: 0.0, 2, (200, 200, 200), np.random.default_rng(1))
    w = np.exp(found.log_weights)
    # places that step from others crowd nowhere: reflected, they stay even
    assert np.cov(found.places.T, aweights=w)[0, 0] == pytest.approx(1.0 / 12.0, rel=0.1)
    assert 1.0 / (w @ w) > 400


def test_the_same_numbers_give_the_same_places():
    one, two = (
        population_posterior(two_humps, 3, (30, 30), np.random.default_rng(5)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.places, two.places)
