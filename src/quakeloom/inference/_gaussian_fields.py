"""Gaussian random fields on regular grids, by the axes' own covariances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Kernel = Literal["squared_exponential", "matern52", "matern32", "exponential"]


def correlation_matrix(
    coordinates: ArrayLike, length: float, kernel: Kernel = "squared_exponential"
) -> NDArray[np.float64]:
    """Return the correlations of a Gaussian process at points of one axis.

    Parameters
    ----------
    coordinates : array_like, (n,)
    length : float
        Correlation length in the unit of the coordinates, > 0: for the squared exponential
        the distance at which the correlation is exp(-1/2).
    kernel : str
        ``squared_exponential`` is infinitely smooth, ``matern52`` and ``matern32`` two and
        one times differentiable, ``exponential`` continuous.
    """
    if not length > 0:
        raise InputError(f"A correlation length of {length} is impossible; give a positive one.")
    x = np.asarray(coordinates, dtype=np.float64)
    d = np.abs(x[:, None] - x[None, :]) / length
    if kernel == "squared_exponential":
        return np.exp(-0.5 * d**2)
    if kernel == "matern52":
        d *= np.sqrt(5.0)
        return (1.0 + d + d**2 / 3.0) * np.exp(-d)
    if kernel == "matern32":
        d *= np.sqrt(3.0)
        return (1.0 + d) * np.exp(-d)
    if kernel == "exponential":
        return np.exp(-d)
    raise InputError(
        f"Kernel '{kernel}' does not exist; give squared_exponential, matern52, matern32 or "
        "exponential."
    )


@dataclass(frozen=True)
class GaussianField:
    r"""Gaussian prior on a function over a regular grid, by its leading modes.

    The covariance is :math:`\sigma(x)\,\sigma(x')\prod_a k_a(x_a, x'_a)`. Every axis is
    diagonalized on its own; the products of the axes' eigenvectors are the modes of the
    field (Karhunen-Loeve), and the fewest that hold the asked share of the variance are kept:
    a field is ``mean + modes @ white`` with standard normal ``white``. What is left out are
    the shortest wavelengths, which data that average over the field cannot see.

    Attributes
    ----------
    mean, standard_deviation : ndarray, shape of the grid
    vectors : tuple of ndarray, (n, n) per axis
        Eigenvectors of the axes' correlations.
    chosen : tuple of ndarray of int, (modes,) per axis
        Which eigenvector of every axis makes a mode.
    scale : ndarray, (modes,)
        Square roots of the modes' variances, descending.
    """

    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    vectors: tuple[NDArray[np.float64], ...]
    chosen: tuple[NDArray[np.int64], ...]
    scale: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of modes: the length of ``white``."""
        return self.scale.size

    @cached_property
    def modes(self) -> NDArray[np.float64]:
        """Scaled modes as a matrix (nodes, modes), nodes in C order."""
        columns = [v[:, c] for v, c in zip(self.vectors, self.chosen, strict=True)]
        product = reduce(
            lambda a, b: (a[:, None, :] * b[None, :, :]).reshape(-1, b.shape[1]), columns
        )
        return np.asarray(product * self.scale * self.standard_deviation.reshape(-1, 1))

    def evaluate(self, white: ArrayLike) -> NDArray[np.float64]:
        """Return the field of standard normal coordinates, ``(..., modes)`` to ``(..., *grid)``.

        Axis by axis, so that the matrix of all modes is never made.
        """
        white = np.asarray(white, dtype=np.float64)
        lead = white.shape[:-1]
        counts = tuple(int(c.max()) + 1 for c in self.chosen)
        values = np.zeros((*lead, *counts))
        corner: tuple[Any, ...] = (..., *self.chosen)
        values[corner] = white * self.scale
        for axis, (vectors, count) in enumerate(zip(self.vectors, counts, strict=True)):
            place = len(lead) + axis
            values = np.moveaxis(
                np.tensordot(values, vectors[:, :count], axes=(place, 1)), -1, place
            )
        return np.asarray(values * self.standard_deviation + self.mean)

    def rows_at(self, nodes: tuple[NDArray[np.int64], ...]) -> NDArray[np.float64]:
        """Return the rows of :attr:`modes` at nodes, one index array per axis, (n, modes)."""
        columns = [
            v[np.ix_(i, c)] for v, i, c in zip(self.vectors, nodes, self.chosen, strict=True)
        ]
        product = reduce(np.multiply, columns)
        return np.asarray(product * self.scale * self.standard_deviation[nodes][:, None])

    def project(self, rows: ArrayLike) -> NDArray[np.float64]:
        """Turn derivatives by the field, ``(n, *grid)``, into those by ``white``, axis by axis.

        The same as ``rows @ modes`` but for rounding; the matrix of all modes is never made.
        """
        values = np.asarray(rows, dtype=np.float64) * self.standard_deviation
        corner: list[Any] = [slice(None)]
        for axis, (vectors, chosen) in enumerate(zip(self.vectors, self.chosen, strict=True)):
            first, last = int(chosen.min()), int(chosen.max()) + 1
            values = np.moveaxis(
                np.tensordot(values, vectors[:, first:last], axes=(1 + axis, 0)), -1, 1 + axis
            )
            corner.append(chosen - first)
        return np.asarray(values[tuple(corner)] * self.scale)

    def pull_back(self, gradient: ArrayLike) -> NDArray[np.float64]:
        """Turn a derivative by the field, ``(..., *grid)``, into one by ``white``."""
        gradient = np.asarray(gradient, dtype=np.float64)
        lead = gradient.shape[: gradient.ndim - self.mean.ndim]
        return np.asarray(gradient.reshape(*lead, -1) @ self.modes)

    def variance(self) -> NDArray[np.float64]:
        """Return the variance of the kept modes at the nodes."""
        variance = np.einsum("ij,ij->i", self.modes, self.modes)
        return np.asarray(variance).reshape(self.mean.shape)


@dataclass(frozen=True)
class SummedField:
    """Sum of independent Gaussian fields on one grid, in the white coordinates of all of them.

    Attributes
    ----------
    parts : tuple of GaussianField
        Their means are added.
    padded : int
        White coordinates that say nothing, at the end: problems with different priors can have
        the same number of coordinates.
    """

    parts: tuple[GaussianField, ...]
    padded: int = 0

    @property
    def size(self) -> int:
        """Number of white coordinates."""
        return sum(p.size for p in self.parts) + self.padded

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """Mean on the grid."""
        return np.asarray(sum(p.mean for p in self.parts))

    @cached_property
    def modes(self) -> NDArray[np.float64]:
        """Derivative of the field by the white coordinates, (nodes, size)."""
        nothing = np.zeros((self.mean.size, self.padded))
        return np.concatenate([*(p.modes for p in self.parts), nothing], axis=1)

    def evaluate(self, white: ArrayLike) -> NDArray[np.float64]:
        """Return the field of white coordinates, ``(..., size)`` to ``(..., *grid)``."""
        white = np.asarray(white, dtype=np.float64)
        total, first = np.zeros((*white.shape[:-1], *self.mean.shape)), 0
        for part in self.parts:
            total = total + part.evaluate(white[..., first : first + part.size])
            first += part.size
        return total

    def project(self, rows: ArrayLike) -> NDArray[np.float64]:
        """Turn derivatives by the field, ``(n, *grid)``, into those by ``white``."""
        rows = np.asarray(rows, dtype=np.float64)
        nothing = np.zeros((len(rows), self.padded))
        return np.concatenate([*(p.project(rows) for p in self.parts), nothing], axis=1)

    def variance(self) -> NDArray[np.float64]:
        """Return the variance of the kept modes at the nodes."""
        return np.asarray(sum(p.variance() for p in self.parts))


def gaussian_field(
    axes: Sequence[ArrayLike],
    lengths: Sequence[float],
    standard_deviation: ArrayLike,
    mean: ArrayLike,
    kernel: Kernel = "squared_exponential",
    share: float = 0.999,
    jitter: float = 0.0,
) -> GaussianField:
    """Build a Gaussian prior with one correlation length per axis.

    Parameters
    ----------
    axes : sequence of array_like
        Coordinates of the nodes along every axis.
    lengths : sequence of float
        Correlation lengths, in the units of the axes.
    standard_deviation, mean : array_like
        Broadcast to the grid; a mean that grows with depth, say.
    kernel : str
        See :func:`correlation_matrix`.
    share : float
        Share of the variance that the kept modes hold, at most 1.
    jitter : float
        Added to the diagonal of every axis' correlations.

    Returns
    -------
    GaussianField
    """
    shape = tuple(len(np.asarray(a)) for a in axes)
    values, vectors = [], []
    for axis, length in zip(axes, lengths, strict=True):
        matrix = correlation_matrix(axis, length, kernel)
        w, v = np.linalg.eigh(matrix + jitter * np.eye(len(matrix)))
        # the sign of an eigenvector is the library's whim; fix it
        v = v * np.where(v[np.argmax(np.abs(v), axis=0), np.arange(v.shape[1])] < 0, -1.0, 1.0)
        values.append(np.maximum(w, 0.0))
        vectors.append(v)
    product = reduce(np.multiply.outer, values).ravel()
    order = np.argsort(-product, kind="stable")
    total = np.cumsum(product[order])
    keep = order[: int(np.searchsorted(total, min(share, 1.0 - 1e-12) * total[-1])) + 1]
    return GaussianField(
        np.broadcast_to(np.asarray(mean, dtype=np.float64), shape).copy(),
        np.broadcast_to(np.asarray(standard_deviation, dtype=np.float64), shape).copy(),
        tuple(vectors),
        tuple(np.asarray(i) for i in np.unravel_index(keep, shape)),
        np.sqrt(product[keep]),
    )


def condition_white(
    operator: ArrayLike, observed: ArrayLike, sigma: ArrayLike, white: ArrayLike
) -> NDArray[np.float64]:
    r"""Turn prior samples into samples given linear observations (Matheron's rule).

    :math:`\xi' = \xi + A^T (A A^T + S)^{-1} (d + \epsilon - A \xi)`; exact for Gaussians.
    For noise-free knowledge give a small ``sigma``.

    Parameters
    ----------
    operator : array_like, (n, modes)
        Derivative of the observations by ``white``.
    observed : array_like, (n,) or (samples, n)
        Observations less the mean's prediction, each sample with its own noise added.
    sigma : array_like, (n,)
    white : array_like, (samples, modes)
    """
    a = np.asarray(operator, dtype=np.float64)
    white = np.asarray(white, dtype=np.float64)
    system = a @ a.T + np.diag(np.broadcast_to(np.asarray(sigma, dtype=float) ** 2, len(a)))
    residual = np.asarray(observed) - white @ a.T
    return white + np.linalg.solve(system, residual.T).T @ a
