"""Stress and its joint uncertainty between nodes."""

import numpy as np
import pytest

from quakeloom.stress import (
    StressGrid,
    StressInversion,
    accumulate_statistics,
    interpolate_covariance,
    interpolate_field,
    mechanism_statistics,
)

from .simulated import simulate_planes, tensor_from


def _inversion(basis="orthonormal"):
    mask = np.ones((5, 6), dtype=bool)
    mask[0, 4:] = False
    grid = StressGrid({"northing": np.arange(5.0), "easting": np.arange(6.0)}, mask)
    rng = np.random.default_rng(2)
    points = rng.uniform(0, 4, (150, 2))
    angles = simulate_planes(np.array([tensor_from(70, 0.4)] * 150), rng, 20.0)
    sums = accumulate_statistics(grid, points, mechanism_statistics(*angles))
    return grid, StressInversion(grid, sums, basis)


@pytest.mark.parametrize("basis", ["orthonormal", "satsi"])
def test_covariance_between_nodes_is_that_of_the_joint_posterior(basis):
    """Between nodes the covariance is w^T C w with the dense inverse of the whole system."""
    grid, inversion = _inversion(basis)
    field = inversion.solve((3.0,))
    points = np.random.default_rng(5).uniform(0, 4, (40, 2))
    found = interpolate_covariance(grid, field.covariance, field.neighbor_covariance, points)
    n = grid.node_count
    dense = np.zeros((n, 5, n, 5))
    for (i, j), block in zip(
        inversion.dissection.pairs, inversion.inversion.precision((3.0,)), strict=True
    ):
        dense[i, :, j], dense[j, :, i] = block, block
    inverse = np.linalg.inv(dense.reshape(5 * n, 5 * n)).reshape(n, 5, n, 5)
    change = inversion._change
    joint = field.noise_variance * np.einsum("ai,nimj,bj->namb", change, inverse, change)
    nodes, shares = grid.locate(points)
    for row in range(len(points)):
        expected = sum(
            shares[row, a] * shares[row, b] * joint[nodes[row, a], :, nodes[row, b]]
            for a in range(4)
            for b in range(4)
            if nodes[row, a] >= 0 and nodes[row, b] >= 0
        )
        np.testing.assert_allclose(found[row], expected, atol=1e-10)


def test_between_nodes_the_stress_is_known_better_than_their_mean():
    """Independent errors of the corners average out; perfect correlation would keep them."""
    grid, inversion = _inversion()
    field = inversion.solve((0.05,))
    middle = np.array([[2.5, 2.5]])
    joint = interpolate_covariance(grid, field.covariance, field.neighbor_covariance, middle)
    marginal = interpolate_field(grid, field.covariance.reshape(-1, 25), middle).reshape(5, 5)
    assert np.trace(joint[0]) < 0.7 * np.trace(marginal)
    outside = interpolate_covariance(
        grid, field.covariance, field.neighbor_covariance, [[30.0, 0.0]]
    )
    assert np.isnan(outside).all()
