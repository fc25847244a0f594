"""The multifrontal factor against dense linear algebra, and closed forms of chains."""

import numpy as np
import pytest

from quakeloom.inference import (
    BlockCholesky,
    NotPositiveDefiniteError,
    dissect_graph,
    grounded_log_determinant,
)


def _map_graph(rows, columns):
    index = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1),
        np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1),
        np.stack([index[:-1, :-1].ravel(), index[1:, 1:].ravel()], axis=1),
        np.stack([index[:-1, 1:].ravel(), index[1:, :-1].ravel()], axis=1),
    ]
    return np.concatenate(pairs), np.argwhere(index >= 0)


def _random_blocks(pairs, block, rng):
    values = 0.1 * rng.normal(size=(len(pairs), block, block))
    values += values.transpose(0, 2, 1)
    values[pairs[:, 0] == pairs[:, 1]] += 8.0 * np.eye(block)
    return values


def _dense(pairs, values, nodes):
    block = values.shape[1]
    out = np.zeros((nodes, block, nodes, block))
    for (i, j), v in zip(pairs, values, strict=True):
        out[i, :, j, :] = v
        out[j, :, i, :] = v
    return out.reshape(nodes * block, nodes * block)


@pytest.mark.parametrize("leaf", [1, 6, 1000])
def test_factor_equals_dense_algebra(leaf):
    """Determinant, solution and selected inverse do not depend on how the map is cut."""
    rng = np.random.default_rng(3)
    pairs, places = _map_graph(11, 7)
    dissection = dissect_graph(pairs, places, leaf=leaf)
    values = _random_blocks(dissection.pairs, 5, rng)
    dense = _dense(dissection.pairs, values, 77)
    factor = BlockCholesky(dissection, values)
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], rel=1e-12)
    right = rng.normal(size=(77, 5))
    np.testing.assert_allclose(
        factor.solve(right).ravel(), np.linalg.solve(dense, right.ravel()), atol=1e-12
    )
    inverse = np.linalg.inv(dense).reshape(77, 5, 77, 5)
    for (i, j), block in zip(dissection.pairs, factor.selected_inverse(), strict=True):
        either = [inverse[i, :, j, :], inverse[j, :, i, :]]
        assert min(np.abs(block - e).max() for e in either) < 1e-13


def test_two_separate_maps_are_two_determinants():
    """Disconnected pieces only add their log-determinants."""
    pairs, places = _map_graph(6, 5)
    rng = np.random.default_rng(0)
    one = dissect_graph(pairs, places, leaf=4)
    values = _random_blocks(one.pairs, 2, rng)
    both = dissect_graph(
        np.concatenate([one.pairs, one.pairs + 30]), np.concatenate([places, places + 50]), leaf=4
    )
    factor = BlockCholesky(both, np.concatenate([values, values]))
    assert factor.log_determinant == pytest.approx(
        2 * BlockCholesky(one, values).log_determinant, rel=1e-12
    )


def test_draws_have_the_covariance_of_the_inverse():
    """z -> L^-T z turns the unit matrix into a square root of the inverse."""
    pairs, places = _map_graph(4, 3)
    dissection = dissect_graph(pairs, places, leaf=2)
    values = _random_blocks(dissection.pairs, 2, np.random.default_rng(1))
    factor = BlockCholesky(dissection, values)
    root = factor.draw(np.eye(24).reshape(12, 2, 24)).reshape(24, 24)
    np.testing.assert_allclose(
        root @ root.T, np.linalg.inv(_dense(dissection.pairs, values, 12)), atol=1e-13
    )


def test_pseudo_determinant_of_a_chain_is_its_cosine_product():
    """The path graph has eigenvalues 2 - 2 cos(pi k / n), whose product over k > 0 is n."""
    n = 40
    pairs = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
    dissection = dissect_graph(pairs, np.arange(n)[:, None])
    i, j = dissection.pairs.T
    weights = np.where(i != j, -1.0, np.where((i == 0) | (i == n - 1), 1.0, 2.0))
    value = grounded_log_determinant(dissection, weights, np.zeros(n, dtype=np.int64))
    eigenvalues = 2.0 - 2.0 * np.cos(np.pi * np.arange(1, n) / n)
    assert value == pytest.approx(np.log(eigenvalues).sum(), rel=1e-12)
    assert value == pytest.approx(np.log(n), rel=1e-12)


def test_a_free_unknown_is_said_so():
    """A precision that leaves an unknown free raises an error that counts the nodes."""
    dissection = dissect_graph(np.array([[0, 1]]), np.array([[0.0], [1.0]]))
    values = np.where((dissection.pairs[:, 0] != dissection.pairs[:, 1])[:, None, None], -1.0, 1.0)
    with pytest.raises(NotPositiveDefiniteError, match="2 nodes"):
        BlockCholesky(dissection, values)
