"""Krylov methods for precisions too large to factorize: log-determinants and draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import bsr_array

from quakeloom.core import QuakeloomError

Floats = NDArray[np.float64]
Apply = Callable[[Floats], Floats]


class ConvergenceError(QuakeloomError):
    """An iteration did not reach its tolerance."""


def lanczos_log_determinant(apply: Apply, probes: Floats, steps: int = 80) -> Floats:
    """Estimate ``ln |A|`` of a symmetric positive definite operator, one value per probe.

    Stochastic Lanczos quadrature: ``ln|A| = E[z^T ln(A) z]`` over random signs z, and each
    quadratic form is a Gauss quadrature whose nodes are the eigenvalues of the Lanczos
    matrix. Use the same probes for operators that are compared: the differences are then
    far more exact than the values.

    Parameters
    ----------
    apply : callable
        ``A x`` for x of shape (unknowns,).
    probes : ndarray, shape (unknowns, probes)
        Random signs, +1 or -1.
    steps : int
        Lanczos steps, with full orthogonalization.

    Returns
    -------
    ndarray, shape (probes,)
        The estimate is the mean; its standard error comes from the scatter.

    References
    ----------
    Ubaru, S., Chen, J. & Saad, Y. (2017). Fast estimation of tr(f(A)) via stochastic Lanczos
    quadrature. SIAM J. Matrix Anal. Appl. 38, 1075-1099.
    """
    values = np.empty(probes.shape[1])
    for number in range(probes.shape[1]):
        _, alpha, beta = _lanczos(apply, probes[:, number], steps)
        nodes, vectors = _tridiagonal(alpha, beta)
        values[number] = probes.shape[0] * np.sum(vectors[0] ** 2 * np.log(nodes))
    return values


def lanczos_inverse_root(apply: Apply, vector: Floats, steps: int = 80) -> Floats:
    """Approximate ``A^-1/2 z``, a draw from ``N(0, A^-1)`` where z is standard normal."""
    basis, alpha, beta = _lanczos(apply, vector, steps)
    nodes, vectors = _tridiagonal(alpha, beta)
    root: Floats = basis @ (vectors @ (vectors[0] / np.sqrt(nodes))) * np.linalg.norm(vector)
    return root


def conjugate_gradients(
    apply: Apply, right: Floats, start: Floats | None = None, tolerance: float = 1e-10
) -> Floats:
    """Solve ``A x = right`` for a symmetric positive definite operator.

    Raises
    ------
    ConvergenceError
        If the residual is above ``tolerance`` times the right-hand side after as many steps
        as there are unknowns (at most 5,000).
    """
    x = np.zeros_like(right) if start is None else start.copy()
    r = right - apply(x)
    p = r.copy()
    rho = float(r @ r)
    goal = (tolerance * float(np.linalg.norm(right))) ** 2
    limit = min(5000, 10 * right.size)
    for _ in range(limit):
        if rho <= goal:
            return x
        q = apply(p)
        step = rho / float(p @ q)
        x += step * p
        r -= step * q
        new = float(r @ r)
        p = r + (new / rho) * p
        rho = new
    if rho <= goal:
        return x
    raise ConvergenceError(
        f"Conjugate gradients left a residual of {np.sqrt(rho):.2e} after {limit} steps "
        f"({np.sqrt(goal):.2e} was asked for). The solution was not used; let the smoothing be "
        "solved by factorization, or make the grid coarser."
    )


class ScaledPrecision:
    """A block precision scaled by the Cholesky factors of its diagonal blocks.

    ``C = D^-1/2 H D^-T/2`` has unit diagonal blocks, so Krylov methods need few steps.

    Parameters
    ----------
    pairs : ndarray of int, shape (pairs, 2)
        Every unordered pair once, the whole diagonal included.
    values : ndarray, shape (pairs, block, block)
        Symmetric blocks.
    node_count : int
    """

    def __init__(self, pairs: NDArray[np.int64], values: Floats, node_count: int) -> None:
        k = values.shape[1]
        same = pairs[:, 0] == pairs[:, 1]
        diagonal = np.zeros((node_count, k, k))
        diagonal[pairs[same, 0]] = values[same]
        self._root = np.linalg.cholesky(diagonal)
        self._inverse_root = np.linalg.inv(self._root)
        off, blocks = pairs[~same], values[~same]
        left, right = self._inverse_root[off[:, 0]], self._inverse_root[off[:, 1]]
        scaled = left @ blocks @ right.transpose(0, 2, 1)
        row = np.concatenate([off[:, 0], off[:, 1], np.arange(node_count)])
        column = np.concatenate([off[:, 1], off[:, 0], np.arange(node_count)])
        eye = np.broadcast_to(np.eye(k), (node_count, k, k))
        data = np.concatenate([scaled, scaled.transpose(0, 2, 1), eye])
        order = np.lexsort((column, row))
        starts = np.zeros(node_count + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=node_count), out=starts[1:])
        n = node_count * k
        self._matrix = bsr_array((data[order], column[order], starts), shape=(n, n))
        self._shape = (node_count, k)
        diagonals = np.diagonal(self._root, axis1=1, axis2=2)
        self.scale_log_determinant = 2.0 * float(np.sum(np.log(diagonals)))
        """``ln |D|``; add it to ``ln |C|`` for ``ln |H|``."""

    def apply(self, x: Floats) -> Floats:
        """Return ``C x`` for x of shape (unknowns,)."""
        result: Floats = self._matrix @ x
        return result

    def log_determinant(self, probes: Floats, steps: int = 80) -> Floats:
        """Return an estimate of ``ln |H|`` for each probe."""
        return self.scale_log_determinant + lanczos_log_determinant(self.apply, probes, steps)

    def solve(self, right: Floats, tolerance: float = 1e-10) -> Floats:
        """Solve ``H x = right`` for ``right`` of shape (nodes, block)."""
        scaled = np.einsum("nij,nj->ni", self._inverse_root, right).ravel()
        y = conjugate_gradients(self.apply, scaled, tolerance=tolerance).reshape(self._shape)
        return np.asarray(np.einsum("nji,nj->ni", self._inverse_root, y))

    def draw(self, standard_normal: Floats, steps: int = 80) -> Floats:
        """Return draws of ``N(0, H^-1)`` for normal numbers of shape (nodes, block, draws)."""
        out = np.empty_like(standard_normal)
        for number in range(standard_normal.shape[2]):
            z = np.ascontiguousarray(standard_normal[:, :, number]).ravel()
            y = lanczos_inverse_root(self.apply, z, steps).reshape(self._shape)
            out[:, :, number] = np.einsum("nji,nj->ni", self._inverse_root, y)
        return out


def _lanczos(apply: Apply, start: Floats, steps: int) -> tuple[Floats, Floats, Floats]:
    n = start.size
    steps = min(steps, n)
    basis = np.empty((steps, n))
    alpha, beta = np.empty(steps), np.empty(max(steps - 1, 0))
    vector = start / np.linalg.norm(start)
    for j in range(steps):
        basis[j] = vector
        w = apply(vector)
        alpha[j] = w @ vector
        for _ in range(2):  # one pass of Gram-Schmidt loses orthogonality to rounding
            w -= basis[: j + 1].T @ (basis[: j + 1] @ w)
        if j == steps - 1:
            break
        beta[j] = np.linalg.norm(w)
        if beta[j] < 1e-12 * abs(alpha[0]):
            return basis[: j + 1].T, alpha[: j + 1], beta[:j]
        vector = w / beta[j]
    return basis.T, alpha, beta


def _tridiagonal(alpha: Floats, beta: Floats) -> tuple[Floats, Floats]:
    from scipy.linalg import eigh_tridiagonal

    nodes, vectors = eigh_tridiagonal(alpha, beta)
    return np.maximum(nodes, np.finfo(float).tiny), vectors
