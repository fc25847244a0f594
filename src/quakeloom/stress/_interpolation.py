"""A stress field and its joint uncertainty between the nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.stress._grid import Method, StressGrid

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NEIGHBOR_SHIFTS = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Steps along the two horizontal axes to the neighbors whose covariance with a node is kept:
with the opposite steps they are all pairs of a cell."""


def interpolate_field(
    grid: StressGrid, components: Floats, points: ArrayLike, method: Method = "bilinear"
) -> Floats:
    """Return stress components at points, shape (points, 5), NaN outside the field."""
    nodes, shares = grid.locate(points, method)
    values = np.where(nodes[..., None] >= 0, components[nodes], 0.0)
    known = shares.any(axis=1)
    out: Floats = np.einsum("nc,nck->nk", shares, values)
    out[~known] = np.nan
    return out


def find_neighbors(grid: StressGrid) -> Integers:
    """Return the neighbors of every node at :data:`NEIGHBOR_SHIFTS`, shape (nodes, 4).

    -1 where there is none.
    """
    out = np.full((grid.node_count, len(NEIGHBOR_SHIFTS)), -1, dtype=np.int64)
    for number, shift in enumerate(NEIGHBOR_SHIFTS):
        step = np.zeros(len(grid.shape), dtype=np.int64)
        step[-2:] = shift
        target = grid.places + step
        inside = np.all((target >= 0) & (target < np.array(grid.shape)), axis=1)
        out[inside, number] = grid.index[tuple(target[inside].T)]
    return out


def interpolate_covariance(
    grid: StressGrid, covariance: Floats, neighbor_covariance: Floats, points: ArrayLike
) -> Floats:
    """Return the covariance of the interpolated stress at points, shape (points, 5, 5).

    ``sum_ab w_a w_b Cov(m_a, m_b)`` over the corners a, b of a point's cell: what draws of
    the whole field, interpolated one by one, would scatter. Interpolating the covariances of
    the nodes instead takes them for perfectly correlated.

    Parameters
    ----------
    grid : StressGrid
        Of two dimensions.
    covariance : ndarray, shape (nodes, 5, 5)
    neighbor_covariance : ndarray, shape (nodes, 4, 5, 5)
        ``Cov(m_node, m_neighbor)`` for :data:`NEIGHBOR_SHIFTS`.
    points : array_like, shape (points, 2)

    Returns
    -------
    ndarray
        NaN outside the field.
    """
    nodes, shares = grid.locate(points)
    out = np.zeros((nodes.shape[0], 5, 5))
    offsets = grid.corner_offsets
    for a in range(len(offsets)):
        here = nodes[:, a]
        used = here >= 0
        out[used] += (shares[used, a] ** 2)[:, None, None] * covariance[here[used]]
        for b in range(a + 1, len(offsets)):
            # corners come in lexicographic order, so that the step is one of those kept
            number = NEIGHBOR_SHIFTS.index(tuple(int(v) for v in offsets[b] - offsets[a]))
            both = used & (nodes[:, b] >= 0)
            block = neighbor_covariance[here[both], number]
            product = (shares[both, a] * shares[both, b])[:, None, None]
            out[both] += product * (block + block.transpose(0, 2, 1))
    out[~shares.any(axis=1)] = np.nan
    return out
