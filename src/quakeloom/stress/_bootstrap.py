"""Bootstrap over earthquakes by reweighting what they say, at a fixed smoothing strength."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled, random_stream
from quakeloom.inference import BlockCholesky, ConvergenceError, with_one_blas_thread
from quakeloom.stress._grid import Method
from quakeloom.stress._inversion import StressInversion
from quakeloom.stress._mechanisms import UPPER

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DAMP = 1e-9
"""Added to the diagonal of a replicate's matrix, where a mechanism adds about 1. Chosen here:
far below the tolerance."""

_MOST_STEPS = 200
"""Most steps of conjugate gradients before a replicate is given up. Chosen here."""


@compiled()
def _apply(
    normal: Floats, pairs: Integers, penalty: Floats, penalty_pairs: Integers, x: Floats, y: Floats
) -> None:
    """y = (data blocks of each replicate + common penalty) x, shapes (replicates, nodes, 5)."""
    for r in range(x.shape[0]):
        xr, yr = x[r], y[r]
        yr[:] = 0.0
        for p in range(pairs.shape[0]):
            i, j = pairs[p, 0], pairs[p, 1]
            k = 0
            for a in range(5):
                for b in range(a, 5):
                    v = normal[r, p, k]
                    k += 1
                    yr[i, a] += v * xr[j, b]
                    if a != b:
                        yr[i, b] += v * xr[j, a]
                    if i != j:
                        yr[j, a] += v * xr[i, b]
                        if a != b:
                            yr[j, b] += v * xr[i, a]
        for p in range(penalty.size):
            i, j, v = penalty_pairs[p, 0], penalty_pairs[p, 1], penalty[p]
            for a in range(5):
                yr[i, a] += v * xr[j, a]
                if i != j:
                    yr[j, a] += v * xr[i, a]


class _Cells(NamedTuple):
    """Events sorted by the cell of the grid that they lie in, and what each cell loads.

    Attributes
    ----------
    limits : int64, shape (cells + 1,)
        Events of cell ``c`` are ``limits[c]:limits[c + 1]``.
    nodes : int64, shape (cells, corners)
        -1 where there is none.
    pairs : int64, shape (cells, pairs of corners)
        -1 where there is none.
    shares : float64, shape (events, corners)
    values : float64, shape (events, 20)
        Statistics.
    weights : float64, shape (events,)
    """

    limits: Integers
    nodes: Integers
    pairs: Integers
    shares: Floats
    values: Floats
    weights: Floats


@compiled(nogil=True)
def _sum_cells(counts: Floats, cells: _Cells, normal: Floats, slip: Floats) -> None:
    """Add up K and b of all replicates, cell by cell; counts has shape (events, replicates).

    The events of a cell load the same nodes: their terms are summed in a small array of each
    replicate first, and only that sum is added to the large ones.
    """
    limits, cell_nodes, cell_pairs, shares, values, weights = cells
    corners = shares.shape[1]
    pairs = cell_pairs.shape[1]
    length = 15 * pairs + 5 * corners
    terms = np.empty(length)
    sums = np.empty((counts.shape[1], length))
    for cell in range(limits.size - 1):
        sums[:] = 0.0
        for e in range(limits[cell], limits[cell + 1]):
            k = 0
            for a in range(corners):
                wa = weights[e] * shares[e, a]
                for j in range(5):
                    terms[15 * pairs + 5 * a + j] = wa * values[e, 15 + j]
                for b in range(a, corners):
                    wab = wa * shares[e, b]
                    for j in range(15):
                        terms[15 * k + j] = wab * values[e, j]
                    k += 1
            for r in range(counts.shape[1]):
                c = counts[e, r]
                if c != 0.0:
                    for j in range(length):
                        sums[r, j] += c * terms[j]
        for k in range(pairs):
            pair = cell_pairs[cell, k]
            if pair >= 0:
                for r in range(counts.shape[1]):
                    for j in range(15):
                        normal[r, pair, j] += sums[r, 15 * k + j]
        for a in range(corners):
            node = cell_nodes[cell, a]
            if node >= 0:
                for r in range(counts.shape[1]):
                    for j in range(5):
                        slip[r, node, j] += sums[r, 15 * pairs + 5 * a + j]


class Bootstrap:
    """Resamples the mechanisms behind an inversion.

    Parameters
    ----------
    inversion : StressInversion
        Its smoothing, basis and grid are kept.
    alpha2 : sequence of float
        Smoothing strength, the same for all replicates.
    points : array_like, shape (events, dimensions)
    statistics : ndarray, shape (events, 20)
    weights : array_like, shape (events,), optional
    method : {"bilinear", "nearest"}
        As for :func:`accumulate_statistics`.

    Notes
    -----
    A replicate weighs every event by a multinomial count (events drawn with replacement) or
    by an exponential number (Bayesian bootstrap, Rubin 1981). Sums for many replicates are
    matrix products, cell by cell. The system of each replicate differs little from the
    original one, whose Cholesky factor therefore preconditions conjugate gradients for a
    whole batch. A relative residual of 1e-4 is far below the scatter of replicates.
    """

    def __init__(
        self,
        inversion: StressInversion,
        alpha2: Sequence[float],
        points: ArrayLike,
        statistics: Floats,
        weights: ArrayLike | None = None,
        method: Method = "bilinear",
    ) -> None:
        self.inversion = inversion
        grid = inversion.grid
        values = _change_statistics(np.asarray(statistics, dtype=float), inversion._change)
        n = values.shape[0]
        w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
        usable = np.isfinite(values).all(axis=1) & np.isfinite(w) & (w > 0)
        nodes, shares = grid.locate(points, method)
        usable &= shares.any(axis=1)
        nodes, shares, values, w = nodes[usable], shares[usable], values[usable], w[usable]
        order = np.lexsort(nodes.T[::-1])
        self.order = np.flatnonzero(usable)[order]
        nodes, shares = nodes[order], shares[order]
        new = np.full(grid.node_count, -1, dtype=np.int64)
        new[inversion.kept] = np.arange(inversion.kept.size)
        self._new = new
        share = np.where(new >= 0, inversion.share[new], 1.0)
        first = nodes[np.arange(order.size), np.argmax(shares, axis=1)]
        self._weights = w[order] * share[first]
        used = inversion._pair_used
        number = np.full(used.size, -1, dtype=np.int64)
        number[used] = np.arange(int(used.sum()))
        self._pairs = np.ascontiguousarray(new[grid.pairs[used]])
        limits, cell_nodes, cell_pairs = self._place_cells(nodes, number)
        self._cells = _Cells(limits, cell_nodes, cell_pairs, shares, values[order], self._weights)
        precision = inversion.inversion.precision(alpha2)
        penalty = (precision - inversion._own)[:, 0, 0]
        rows = np.flatnonzero(penalty)
        self._penalty_pairs = np.ascontiguousarray(inversion.dissection.pairs[rows])
        self._penalty = penalty[rows]
        diagonal = inversion.dissection.pairs[:, 0] == inversion.dissection.pairs[:, 1]
        # an isolated area may lose all its events in a replicate; this keeps it solvable
        precision[diagonal] += _DAMP * np.eye(5)
        self._factor = BlockCholesky(inversion.dissection, precision)
        vector = inversion.inversion.data_vector
        self._start = self._factor.solve(vector)

    def _place_cells(
        self, nodes: Integers, number: Integers
    ) -> tuple[Integers, Integers, Integers]:
        """Runs of events of one cell, with the nodes and pairs that they load; -1 for none."""
        _, table, codes = self.inversion.grid._stencil
        changes = np.flatnonzero(np.any(np.diff(nodes, axis=0) != 0, axis=1)) + 1
        limits = np.concatenate([[0], changes, [nodes.shape[0]]])
        cells = nodes[limits[:-1]]
        one, two = np.triu_indices(cells.shape[1])
        pair = table[cells[:, one], codes[one, two]]
        there = (cells[:, one] >= 0) & (cells[:, two] >= 0)
        cell_pairs = np.where(there, number[pair], -1)
        return limits, np.where(cells >= 0, self._new[cells], -1), cell_pairs

    @with_one_blas_thread
    def run(
        self,
        replicates: int,
        kind: Literal["multinomial", "bayesian"] = "multinomial",
        seed: int = 0,
        batch: int = 64,
        first: int = 0,
        tolerance: float = 1e-2,
    ) -> NDArray[np.float32]:
        """Return the field of each replicate, shape (replicates, nodes, 5), float32.

        Parameters
        ----------
        replicates : int
        kind : {"multinomial", "bayesian"}
        seed : int
            Each replicate has a stream of its own, whatever the batches.
        batch : int
            Replicates computed together.
        first : int
            Number of the first replicate, to go on where an earlier call ended.
        tolerance : float
            Residual at which a replicate is solved, relative to that of the original field.

        Returns
        -------
        ndarray of float32
            Orthonormal basis; NaN where the field has no stress.
        """
        grid = self.inversion.grid
        out = np.full((replicates, grid.node_count, 5), np.nan, dtype=np.float32)
        for start in range(0, replicates, batch):
            numbers = range(first + start, first + min(start + batch, replicates))
            counts = np.stack([self._draw(kind, seed, r) for r in numbers], axis=1)
            normal, slip = self._sum(counts)
            m = self._solve(normal, slip, tolerance)
            out[start : start + len(numbers), self.inversion.kept] = m @ self.inversion._change.T
        return out

    def _draw(self, kind: str, seed: int, replicate: int) -> Floats:
        n = self._weights.size
        stream = random_stream(seed, "bootstrap", kind, replicate)
        if kind == "bayesian":
            return np.asarray(stream.standard_exponential(n))
        return np.bincount(stream.integers(0, n, n), minlength=n).astype(float)

    def _sum(self, counts: Floats) -> tuple[Floats, Floats]:
        """Data blocks and vectors of every replicate from counts (events, replicates)."""
        replicates = counts.shape[1]
        normal = np.zeros((replicates, self._pairs.shape[0], 15))
        slip = np.zeros((replicates, self.inversion.kept.size, 5))
        _sum_cells(counts, self._cells, normal, slip)
        return normal, slip

    def _solve(self, normal: Floats, slip: Floats, tolerance: float) -> Floats:
        x = np.repeat(self._start[None], slip.shape[0], axis=0)
        y = np.empty_like(x)

        def apply(v: Floats) -> Floats:
            _apply(normal, self._pairs, self._penalty, self._penalty_pairs, v, y)
            return y + _DAMP * v

        def precondition(v: Floats) -> Floats:
            solved = self._factor.solve(np.ascontiguousarray(v.transpose(1, 2, 0)))
            return np.ascontiguousarray(solved.transpose(2, 0, 1))

        r = slip - apply(x)
        # a replicate that equals the original has next to no residual to begin with
        size = np.sqrt(np.sum(slip**2, axis=(1, 2)))
        goal = np.maximum(tolerance * np.sqrt(np.sum(r**2, axis=(1, 2))), 1e-12 * size)
        p, rho = np.zeros_like(r), np.ones(r.shape[0])
        for _ in range(_MOST_STEPS):
            left = np.sqrt(np.sum(r**2, axis=(1, 2))) > goal
            if not left.any():
                return x
            z = precondition(r)
            new = np.sum(r * z, axis=(1, 2))
            p = z + (new / np.maximum(rho, 1e-300))[:, None, None] * p
            rho = new
            q = apply(p)
            # a replicate that is done stays as it is, whatever the others of its batch need
            step = np.where(left, rho / np.maximum(np.sum(p * q, axis=(1, 2)), 1e-300), 0.0)
            x += step[:, None, None] * p
            r -= step[:, None, None] * q
        raise ConvergenceError(
            f"Some bootstrap replicates did not converge in {_MOST_STEPS} iterations and none is "
            "returned. "
            "Areas with very few mechanisms may be the reason; use the Bayesian bootstrap or a "
            "stronger smoothing."
        )


def bootstrap_confidence(best: Floats, draws: Floats, level: float = 0.95) -> NDArray[np.bool_]:
    """Return which replicates of each node belong to its confidence region.

    As in SATSI: the share ``level`` of tensors with the largest normalized product
    ``sum s_ij s'_ij / (|s| |s'|)`` with the best one.

    Parameters
    ----------
    best : ndarray, shape (nodes, 5)
    draws : ndarray, shape (replicates, nodes, 5)
    level : float

    Returns
    -------
    ndarray of bool, shape (replicates, nodes)
    """
    product = np.einsum("nk,rnk->rn", best, draws)
    product /= np.linalg.norm(best, axis=1) * np.linalg.norm(draws, axis=2)
    inside: NDArray[np.bool_] = product >= np.quantile(product, 1.0 - level, axis=0)
    return inside


def _change_statistics(statistics: Floats, change: Floats) -> Floats:
    if np.array_equal(change, np.eye(5)):
        return statistics
    full = np.empty((statistics.shape[0], 5, 5))
    full[:, UPPER[0], UPPER[1]] = statistics[:, :15]
    full[:, UPPER[1], UPPER[0]] = statistics[:, :15]
    full = change.T @ full @ change
    return np.concatenate([full[:, UPPER[0], UPPER[1]], statistics[:, 15:] @ change], axis=1)
