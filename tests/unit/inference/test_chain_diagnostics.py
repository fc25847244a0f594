"""Chains that agree have R-hat near 1; those that do not are told."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.inference import diagnose_chains


def test_independent_draws_are_worth_their_number():
    x = np.random.default_rng(1).normal(size=(4, 1000, 3))
    found = diagnose_chains(x)
    assert (np.abs(found.r_hat - 1) < 0.01).all()
    assert found.bulk_draws == pytest.approx(4000, rel=0.15)


def test_a_chain_with_memory_is_worth_what_its_correlation_says():
    """An autoregressive chain of coefficient a is worth (1 - a) / (1 + a) of its draws."""
    r = np.random.default_rng(2)
    x = np.zeros((4, 5000, 1))
    for k in range(1, 5000):
        x[:, k] = 0.8 * x[:, k - 1] + r.normal(size=(4, 1))
    assert diagnose_chains(x).bulk_draws == pytest.approx(20000 * 0.2 / 1.8, rel=0.2)


def test_chains_in_different_places_or_of_different_width_disagree():
    r = np.random.default_rng(3)
    x = r.normal(size=(4, 500, 2))
    x[0, :, 0] += 3
    x[0, :, 1] *= 5
    assert (diagnose_chains(x).r_hat > 1.05).all()
    assert diagnose_chains(np.zeros((2, 10, 1))).r_hat == pytest.approx(1.0)
