"""Replica exchange goes between modes, gives the evidence, and says where it failed."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.inference import ExchangeOptions, exchange_replicas


class TwoHills:
    """Two narrow hills far apart under a normal prior; one of them may be out of reach."""

    def __init__(self, steps: int = 5) -> None:
        self.steps = steps

    def draw_prior(self, count, stream):
        return 5 * stream.normal(size=(count, 2))

    def misfit(self, states):
        one = -0.5 * ((states - 3) ** 2).sum(axis=1) / 0.01
        two = -0.5 * ((states + 3) ** 2).sum(axis=1) / 0.04 + np.log(0.5)
        return -np.logaddexp(one, two)

    def sweep(self, states, misfit, powers, stream):
        for _ in range(self.steps):
            size = np.minimum(5, 0.15 / np.sqrt(np.maximum(powers, 1e-4)))[:, None]
            trial = states + size * stream.normal(size=states.shape)
            new = self.misfit(trial)
            prior = -0.5 * ((trial**2).sum(axis=1) - (states**2).sum(axis=1)) / 25
            take = np.log(stream.random(len(states))) < powers * (misfit - new) + prior
            states = np.where(take[:, None], trial, states)
            misfit = np.where(take, new, misfit)
        return states, misfit


def evidence(mean, variance, weight):
    """A normal likelihood under the normal prior, in closed form."""
    total = variance + 25
    return np.log(weight) + np.log(variance / total) - mean**2 / total


def test_the_evidence_of_two_hills_is_that_of_the_closed_form():
    exact = np.logaddexp(evidence(3, 0.01, 1.0), evidence(-3, 0.04, 0.5))
    found = exchange_replicas(
        TwoHills(), np.random.default_rng(1), ExchangeOptions(draws=600, longer=1)
    )
    assert abs(found.log_evidence - exact) < max(0.05, 3 * found.log_evidence_error)
    share = np.exp(evidence(3, 0.01, 1.0) - exact)
    assert (found.states[..., 0] > 0).mean() == pytest.approx(share, abs=0.1)
    assert found.round_trips > 10
    assert found.refused.max() < 0.7


def test_chains_that_cannot_move_are_told():
    found = exchange_replicas(
        TwoHills(steps=0), np.random.default_rng(2),
        ExchangeOptions(replicas=3, rounds=1, draws=20, longer=0),
    )  # fmt: skip
    assert found.reason
