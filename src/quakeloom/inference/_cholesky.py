"""Multifrontal block Cholesky: logarithm of the determinant, solutions, selected inverse.

The elimination of :class:`Dissection` is carried out with dense LAPACK on small fronts. All
results are exact to rounding. Blocks are symmetric matrices of a few unknowns per node.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dgemm, dsyrk, dtrsm
from scipy.linalg.lapack import dpotrf, dpotri

from quakeloom.core import QuakeloomError, compiled
from quakeloom.inference._dissection import Dissection

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class NotPositiveDefiniteError(QuakeloomError):
    """A precision matrix is not positive definite: something is not determined at all."""


@compiled()
def _add_blocks(
    front: Floats, values: Floats, pairs: Integers, rows: Integers, columns: Integers
) -> None:
    """Add the blocks of pairs to the lower triangle of a front, at rows >= columns."""
    k = values.shape[1]
    for p in range(pairs.size):
        r, c, v = rows[p] * k, columns[p] * k, pairs[p]
        for j in range(k):
            for i in range(k):
                front[r + i, c + j] += values[v, i, j]


@compiled()
def _add_lower(front: Floats, update: Floats, rows: Integers, k: int) -> None:
    """Add what the elimination of a child leaves to its parent (extend-add).

    ``rows`` are the child's boundary nodes in the parent. Only lower triangles are filled, and
    nodes may stand in another order in the parent: a block that comes out above the diagonal is
    added below it, transposed.
    """
    m = rows.size
    for cj in range(m):
        c = rows[cj] * k
        for ri in range(cj, m):
            r = rows[ri] * k
            if r >= c:
                for j in range(k):
                    for i in range(k):
                        front[r + i, c + j] += update[ri * k + i, cj * k + j]
            else:
                for j in range(k):
                    for i in range(k):
                        front[c + j, r + i] += update[ri * k + i, cj * k + j]


@compiled()
def _take_lower(full: Floats, rows: Integers, k: int) -> Floats:
    """Return the rows and columns of some nodes of a front, in Fortran order."""
    m = rows.size
    # the transpose of a C array is one in Fortran order, which LAPACK takes without a copy
    out = np.empty((m * k, m * k)).T
    for cj in range(m):
        c = rows[cj] * k
        for ri in range(m):
            r = rows[ri] * k
            for j in range(k):
                for i in range(k):
                    out[ri * k + i, cj * k + j] = full[r + i, c + j]
    return out


@compiled()
def _take_blocks(
    full: Floats, values: Floats, pairs: Integers, rows: Integers, columns: Integers
) -> None:
    """Write the blocks of pairs of a front into ``values``."""
    k = values.shape[1]
    for p in range(pairs.size):
        r, c, v = rows[p] * k, columns[p] * k, pairs[p]
        for j in range(k):
            for i in range(k):
                values[v, i, j] = full[r + i, c + j]


class BlockCholesky:
    """Cholesky factor of a sparse block matrix in the order of a dissection.

    Parameters
    ----------
    dissection : Dissection
    values : ndarray of float64, shape (pairs, block, block)
        The block of each pair of ``dissection.pairs``. Every block is a symmetric matrix;
        that of ``(i, j)`` stands at ``(i, j)`` and ``(j, i)``.

    Raises
    ------
    NotPositiveDefiniteError
        If a pivot is not positive. The message counts the nodes.

    Notes
    -----
    Work grows as ``nodes^1.5`` on maps and ``nodes^2`` in volumes; memory is
    :meth:`Dissection.factor_bytes`.
    """

    def __init__(self, dissection: Dissection, values: Floats) -> None:
        self.dissection = dissection
        self.block = k = values.shape[1]
        self._lower: list[tuple[Floats, Floats]] = []
        updates: dict[int, Floats] = {}
        log_determinant = 0.0
        for number, front in enumerate(dissection.fronts):
            p = front.pivots.size * k
            dense = np.zeros((front.size * k, front.size * k), order="F")
            _add_blocks(dense, values, front.pairs, front.rows, front.columns)
            for child in front.children:
                rows = dissection.fronts[child].parent_rows
                if rows.size:
                    _add_lower(dense, updates.pop(child), rows, k)
            factor, info = dpotrf(dense[:p, :p], lower=1, overwrite_a=0, clean=1)
            diagonal = np.diagonal(factor)
            # the second test is for NaN, which LAPACK lets pass
            if info != 0 or not diagonal.min() > 0.0:
                raise NotPositiveDefiniteError(
                    f"A precision matrix of {dissection.node_count} nodes is not positive "
                    f"definite (front {number} of {len(dissection.fronts)}): the data and the "
                    "prior together leave some combination of unknowns free. No solution was "
                    "computed; give more data, or a prior that holds every connected part."
                )
            log_determinant += 2.0 * float(np.sum(np.log(diagonal)))
            if front.boundary.size:
                below = dtrsm(1.0, factor, dense[p:, :p], side=1, lower=1, trans_a=1)
                # the Schur complement waits for the parent, which takes it out of the dictionary:
                # no more than the fronts along one branch are held at a time
                updates[number] = dsyrk(-1.0, below, 1.0, dense[p:, p:], lower=1, overwrite_c=0)
            else:
                below = np.empty((0, p), order="F")
            self._lower.append((factor, below))
        self.log_determinant = log_determinant
        """Natural logarithm of the determinant."""

    def solve(self, right: Floats) -> Floats:
        """Solve ``A x = right``; ``right`` has shape (nodes, block) or (nodes, block, columns)."""
        x, shape = self._flatten(right)
        for (i, j), (factor, below) in zip(self._unknowns, self._lower, strict=True):
            y = dtrsm(1.0, factor, x[i], lower=1)
            x[i] = y
            if j.size:
                x[j] -= below @ y
        return self._backward(x).reshape(shape)

    def draw(self, standard_normal: Floats) -> Floats:
        """Turn standard normal numbers into draws from ``N(0, A^-1)``: ``x = L^-T z``.

        Parameters
        ----------
        standard_normal : ndarray, shape (nodes, block, draws) or (nodes, block)
        """
        x, shape = self._flatten(standard_normal)
        return self._backward(x).reshape(shape)

    def selected_inverse(self) -> Floats:
        """Return the blocks of the inverse at ``dissection.pairs``, shape (pairs, block, block).

        The block of pair ``(i, j)`` is that of the inverse at the row of the one that is
        eliminated later; for ``i == j`` it is the covariance of the node. The recursion runs
        from the last front to the first (Takahashi et al. 1973) and costs about as much as
        two factorizations.
        """
        k = self.block
        out = np.zeros((self.dissection.pairs.shape[0], k, k))
        fronts = self.dissection.fronts
        waiting: dict[int, Floats] = {}
        for number in range(len(fronts) - 1, -1, -1):
            front = fronts[number]
            factor, below = self._lower[number]
            p = front.pivots.size * k
            inverse, _ = dpotri(factor, lower=1)
            upper = np.triu_indices(p, 1)
            inverse[upper] = inverse.T[upper]
            full = np.empty((front.size * k, front.size * k), order="F")
            if front.boundary.size:
                # the inverse at the boundary is known from the parent; that of the pivots follows
                rest = waiting.pop(number)
                gain = dtrsm(1.0, factor, below, side=1, lower=1)
                cross = dgemm(-1.0, rest, gain)
                full[p:, p:] = rest
                full[p:, :p] = cross
                full[:p, p:] = cross.T
                inverse -= dgemm(1.0, gain, cross, trans_a=1)
            full[:p, :p] = inverse
            _take_blocks(full, out, front.pairs, front.rows, front.columns)
            for child in front.children:
                rows = fronts[child].parent_rows
                if rows.size:
                    waiting[child] = _take_lower(full, rows, k)
        return out

    def _flatten(self, right: Floats) -> tuple[Floats, Sequence[int]]:
        n = self.dissection.node_count * self.block
        return np.array(right, dtype=float).reshape(n, -1), right.shape

    @functools.cached_property
    def _unknowns(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Unknowns of the pivots and of the boundary of every front."""
        within = np.arange(self.block)
        return [
            (
                (front.pivots[:, None] * self.block + within).ravel(),
                (front.boundary[:, None] * self.block + within).ravel(),
            )
            for front in self.dissection.fronts
        ]

    def _backward(self, x: Floats) -> Floats:
        for (i, j), (factor, below) in zip(
            reversed(self._unknowns), reversed(self._lower), strict=True
        ):
            y = x[i] - below.T @ x[j] if j.size else x[i]
            x[i] = dtrsm(1.0, factor, y, lower=1, trans_a=1)
        return x


def grounded_log_determinant(
    dissection: Dissection,
    weights: Floats,
    components: NDArray[np.int64],
    proper: NDArray[np.int64] | None = None,
) -> float:
    """Return ``ln`` of the product of the non-zero eigenvalues of a graph matrix.

    For a symmetric matrix whose null space is spanned by the constants on the connected
    components (a weighted graph Laplacian, or a product of such), the pseudo-determinant of
    a component of n nodes is n times any of its cofactors (matrix-tree theorem). One node
    per component is grounded and the rest factorized.

    Parameters
    ----------
    dissection : Dissection
    weights : ndarray, shape (pairs,)
        Entries of the matrix at ``dissection.pairs``.
    components : ndarray of int64, shape (nodes,)
        Number of the component of each node, from 0.
    proper : ndarray of int64, optional
        Components on which the matrix has its full rank; they are not grounded.
    """
    labels, first, counts = np.unique(components, return_index=True, return_counts=True)
    if proper is not None:
        singular = ~np.isin(labels, proper)
        labels, first, counts = labels[singular], first[singular], counts[singular]
    grounded = np.zeros(dissection.node_count, dtype=bool)
    grounded[first] = True
    pairs = dissection.pairs
    held = np.where(grounded[pairs[:, 0]] | grounded[pairs[:, 1]], 0.0, weights)
    # row and column taken out, a 1 in their place: the pattern stays, the determinant is the minor
    held[(pairs[:, 0] == pairs[:, 1]) & grounded[pairs[:, 0]]] = 1.0
    factor = BlockCholesky(dissection, held[:, None, None])
    return factor.log_determinant + float(np.sum(np.log(counts[: labels.size])))
