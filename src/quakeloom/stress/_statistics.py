"""Sufficient statistics: all that a stress inversion needs to know of its mechanisms.

They are sums over events, kept as 64-bit integers in units of 2^-40. Integer sums are exact,
so partitions can be added in any order and grouping, and taken away again, with the same
bytes; rounding one event costs 5e-13 of a datum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, compiled
from quakeloom.stress._grid import Method, StressGrid
from quakeloom.stress._mechanisms import STATISTIC_COUNT, UPPER

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SCALE = 2.0**40
"""Units of the integer sums per one: 2^63 holds eight million mechanisms of weight 1 a node."""

MOMENT_COUNT = 210
"""Numbers in the upper triangle of a product of the 20 statistics of a mechanism."""


class _Sums(NamedTuple):
    """The integer arrays of :class:`StressStatistics` that a loop adds to; one ``square``."""

    normal: Integers
    slip: Integers
    weight: Integers
    square: Integers
    moment: Integers
    mechanisms: Integers


@compiled()
def _accumulate(
    sums: _Sums,
    nodes: Integers,
    shares: Floats,
    codes: Integers,
    table: Integers,
    statistics: Floats,
    weights: Floats,
) -> None:
    """Add events to sums.

    ``nodes`` and ``shares`` (events, corners) are what each event loads, ``table`` the pair of a
    node and the code of a step, ``codes`` the codes of the steps between corners.
    """
    normal, slip, weight, square, moment, count = sums
    corners = nodes.shape[1]
    for e in range(nodes.shape[0]):
        w = weights[e]
        if w <= 0.0:
            continue
        nearest, most = -1, 0.0
        for a in range(corners):
            i = nodes[e, a]
            if i < 0:
                continue
            if shares[e, a] > most:
                nearest, most = i, shares[e, a]
            wa = w * shares[e, a]
            weight[i] += np.int64(np.rint(wa * SCALE))
            for k in range(5):
                slip[i, k] += np.int64(np.rint(wa * statistics[e, 15 + k] * SCALE))
            for b in range(a, corners):
                if nodes[e, b] < 0:
                    continue
                pair = table[i, codes[a, b]]
                wab = wa * shares[e, b]
                for k in range(15):
                    normal[pair, k] += np.int64(np.rint(wab * statistics[e, k] * SCALE))
        if nearest >= 0:
            square[0] += np.int64(np.rint(w * SCALE))
            count[nearest] += 1
            k = 0
            for a in range(20):
                for b in range(a, 20):
                    product = w * w * statistics[e, a] * statistics[e, b]
                    moment[nearest, k] += np.int64(np.rint(product * SCALE))
                    k += 1


@dataclass
class StressStatistics:
    """Sums over mechanisms on the nodes of a grid.

    Attributes
    ----------
    normal : ndarray of int64, shape (pairs, 15)
        Upper triangles of the normal matrices of :attr:`StressGrid.pairs`, times 2^40.
    slip : ndarray of int64, shape (nodes, 5)
        Vectors ``G^T s``, times 2^40.
    weight : ndarray of int64, shape (nodes,)
        Sum of event weights times node weights, times 2^40.
    square : int
        Sum of event weights, times 2^40; ``d^T d`` since slips are unit vectors.
    mechanism_count : ndarray of int64, shape (nodes,)
        Mechanisms whose nearest node it is.
    outside_count : int
        Mechanisms that load no node or have no weight.
    moment : ndarray of int64, shape (nodes, 210)
        Upper triangles of ``sum w^2 q q^T`` with the 20 statistics q of each mechanism at its
        nearest node, times 2^40: how much the mechanisms of a place differ.
    """

    normal: Integers
    slip: Integers
    weight: Integers
    square: int
    mechanism_count: Integers
    outside_count: int
    moment: Integers

    @classmethod
    def empty(cls, grid: StressGrid) -> StressStatistics:
        """Return the statistics of no mechanism."""
        n = grid.node_count
        return cls(
            np.zeros((grid.pairs.shape[0], 15), dtype=np.int64),
            np.zeros((n, 5), dtype=np.int64),
            np.zeros(n, dtype=np.int64),
            0,
            np.zeros(n, dtype=np.int64),
            0,
            np.zeros((n, MOMENT_COUNT), dtype=np.int64),
        )

    def __add__(self, other: StressStatistics) -> StressStatistics:
        """Add the mechanisms of two partitions."""
        return self._combine(other, 1)

    def __sub__(self, other: StressStatistics) -> StressStatistics:
        """Take the mechanisms of a partition away again."""
        return self._combine(other, -1)

    def _combine(self, other: StressStatistics, sign: int) -> StressStatistics:
        if self.normal.shape != other.normal.shape or self.slip.shape != other.slip.shape:
            raise InputError(
                f"Statistics of {self.slip.shape[0]} and of {other.slip.shape[0]} nodes stand on "
                "different grids and cannot be added. Accumulate both on the same grid."
            )
        return StressStatistics(
            self.normal + sign * other.normal,
            self.slip + sign * other.slip,
            self.weight + sign * other.weight,
            self.square + sign * other.square,
            self.mechanism_count + sign * other.mechanism_count,
            self.outside_count + sign * other.outside_count,
            self.moment + sign * other.moment,
        )

    def times(self, factor: float) -> StressStatistics:
        """Return the statistics of mechanisms that each count a number of times as much."""

        def scaled(values: Integers, by: float) -> Integers:
            return np.asarray(np.rint(values * by), dtype=np.int64)

        return StressStatistics(
            scaled(self.normal, factor),
            scaled(self.slip, factor),
            scaled(self.weight, factor),
            round(self.square * factor),
            self.mechanism_count,
            self.outside_count,
            scaled(self.moment, factor**2),
        )

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all mechanisms; the number of data is twice this."""
        return self.square / SCALE

    def normal_blocks(self) -> Floats:
        """Return the normal matrices, shape (pairs, 5, 5), orthonormal basis."""
        out = np.empty((self.normal.shape[0], 5, 5))
        out[:, UPPER[0], UPPER[1]] = self.normal / SCALE
        out[:, UPPER[1], UPPER[0]] = self.normal / SCALE
        return out

    def score_covariance(self, components: Floats) -> Floats:
        """Return the scatter of what mechanisms ask for at each node, shape (nodes, 5, 5).

        ``sum w^2 g g^T`` with the score ``g = b - K m`` of each mechanism at a stress m.

        Parameters
        ----------
        components : ndarray, shape (nodes, 5)
            Orthonormal basis.
        """
        n = self.slip.shape[0]
        moments = np.empty((n, 20, 20))
        rows, columns = np.triu_indices(20)
        moments[:, rows, columns] = self.moment / SCALE
        moments[:, columns, rows] = self.moment / SCALE
        score = np.zeros((n, 5, 20))
        for k, (i, j) in enumerate(zip(*UPPER, strict=True)):
            score[:, i, k] -= components[:, j]
            if i != j:
                score[:, j, k] -= components[:, i]
        score[:, np.arange(5), 15 + np.arange(5)] = 1.0
        return score @ moments @ score.transpose(0, 2, 1)

    def slip_vectors(self) -> Floats:
        """Return ``G^T s`` of every node, shape (nodes, 5), orthonormal basis."""
        return self.slip / SCALE


def accumulate_statistics(
    grid: StressGrid,
    points: ArrayLike,
    statistics: Floats,
    weights: ArrayLike | None = None,
    method: Method = "bilinear",
) -> StressStatistics:
    """Sum what mechanisms say about stress on the nodes of a grid.

    A stress interpolated from nodes i with shares ``a_i`` gives the pair (i, j) the term
    ``a_i a_j K`` and node i the term ``a_i b`` of an event's K and b.

    Parameters
    ----------
    grid : StressGrid
    points : array_like, shape (events, dimensions)
        Coordinates in the order of ``grid.axes``.
    statistics : ndarray, shape (events, 20)
        From :func:`mechanism_statistics` or :func:`weigh_acceptance`.
    weights : array_like, shape (events,), optional
        Weight of each event, 0 to leave it out; all 1 if not given.
    method : {"bilinear", "nearest"}

    Returns
    -------
    StressStatistics
    """
    values = np.ascontiguousarray(statistics, dtype=float).reshape(-1, STATISTIC_COUNT)
    n = values.shape[0]
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float).copy()
    w[~np.isfinite(values).all(axis=1) | ~np.isfinite(w)] = 0.0
    nodes, shares = grid.locate(points, method)
    out = StressStatistics.empty(grid)
    _, table, codes = grid._stencil
    square = np.zeros(1, dtype=np.int64)
    sums = _Sums(out.normal, out.slip, out.weight, square, out.moment, out.mechanism_count)
    _accumulate(sums, nodes, shares, codes, table, values, w)
    out.square = int(square[0])
    out.outside_count = n - int(out.mechanism_count.sum())
    return out


def sum_statistics(grid: StressGrid, parts: Iterable[StressStatistics]) -> StressStatistics:
    """Add the statistics of partitions; any order gives the same result."""
    total = StressStatistics.empty(grid)
    for part in parts:
        total = total + part
    return total
