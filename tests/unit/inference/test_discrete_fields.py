"""Potts fields: exact by enumeration, near it by belief propagation and by sampling."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from quakeloom.core import InputError
from quakeloom.inference import propagate_beliefs, sample_potts

COUPLING, OUTER = 0.4, 0.1


def ising_weights(shape):
    """Weights of spins -1 and +1 in an outer field."""
    return np.broadcast_to([-OUTER, OUTER], (*shape, 2)).copy()


def enumerate_spins(shape):
    """ln Z and mean spins of the Ising model over all its states."""
    states = np.array(list(itertools.product((-1, 1), repeat=int(np.prod(shape)))), dtype=float)
    grid = states.reshape(-1, *shape)
    exponent = OUTER * states.sum(axis=1)
    for axis in range(len(shape)):
        n = grid.shape[axis + 1]
        pairs = np.take(grid, range(1, n), axis + 1) * np.take(grid, range(n - 1), axis + 1)
        exponent += COUPLING * pairs.reshape(len(states), -1).sum(axis=1)
    top = exponent.max()
    z = np.exp(exponent - top).sum()
    spins = np.tensordot(np.exp(exponent - top), grid, 1) / z
    return top + np.log(z), spins


def test_all_states_of_a_small_grid_have_the_sum_found_elsewhere():
    log_z, spins = enumerate_spins((4, 4))
    assert log_z == pytest.approx(13.55719885, abs=1e-8)
    # the number of the corner that was found elsewhere ends with 5 where ours has 8
    assert [spins[0, 0], spins[0, 1], spins[1, 1]] == pytest.approx(
        [0.354818505, 0.433144281, 0.519307073], abs=4e-9
    )


def test_belief_propagation_is_exact_on_a_line():
    log_z, spins = enumerate_spins((7,))
    found = propagate_beliefs(ising_weights((7,)), 2 * COUPLING)
    assert found.settled
    assert found.marginals[:, 1] - found.marginals[:, 0] == pytest.approx(spins, abs=1e-8)
    assert found.log_partition - 6 * COUPLING == pytest.approx(log_z, abs=1e-8)


def test_belief_propagation_is_near_on_a_grid_and_says_too_much():
    _, spins = enumerate_spins((4, 4))
    found = propagate_beliefs(ising_weights((4, 4)), 2 * COUPLING)
    error = found.marginals[..., 1] - found.marginals[..., 0] - spins
    assert found.settled
    # measured: up to 0.25 in the middle, where loops feed what came from a node back to it
    assert 0.02 < np.abs(error).max() < 0.35
    assert (error > 0).all()


def test_exchange_sampling_agrees_with_enumeration():
    _, spins = enumerate_spins((4, 4))
    marginals, errors = sample_potts(
        ising_weights((4, 4)), 2 * COUPLING, np.random.default_rng(3), 3000
    )
    found = marginals[..., 1] - marginals[..., 0]
    assert (np.abs(found - spins) < 4 * 2 * errors[..., 1]).all()
    assert errors.max() < 0.03


def test_without_coupling_every_node_stands_alone():
    weights = np.log(np.random.default_rng(0).random((3, 5, 4)))
    found = propagate_beliefs(weights, 0.0)
    alone = np.exp(weights) / np.exp(weights).sum(axis=-1, keepdims=True)
    assert found.marginals == pytest.approx(alone)
    assert found.log_partition == pytest.approx(np.log(np.exp(weights).sum(axis=-1)).sum())


def test_a_node_without_a_possible_state_is_refused():
    weights = np.zeros((3, 2))
    weights[1] = -np.inf
    with pytest.raises(InputError, match="no possible state"):
        propagate_beliefs(weights, 1.0)
