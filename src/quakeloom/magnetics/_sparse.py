"""Sparse magnetization: L1 and L2 penalties, chosen on flight lines that were left out.

The two penalties together are those of Utsugi (2019), Earth Planets Space 71: L1 alone gives all
to one of two prisms that the data hardly distinguish. Solved by FISTA (Beck & Teboulle, 2009,
SIAM J. Imaging Sci. 2) with the restart of O'Donoghue & Candes (2015, Found. Comput. Math. 15).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

_STEPS = 20000
"""Steps at most; chosen here, strong penalties need some hundred."""

_STILL = 1e-7
"""Largest change in a step, relative to the largest value, at which a solution is done."""

_LOWEST = 1e-4
"""Weakest L1 penalty tried, relative to that at which nothing is magnetized; chosen here."""


@dataclass(frozen=True)
class Validation:
    """How well penalties predict lines that were left out.

    Attributes
    ----------
    l1, l2 : ndarray, (penalty,)
        Penalties tried, for weighed prisms.
    error : ndarray, (penalty,)
        Mean squared residual of lines left out, in variances of the noise.
    best : int
        Position of the smallest error.
    at_edge : bool
        Whether the best L1 penalty is the weakest or strongest tried: it may lie beyond.
    """

    l1: Floats
    l2: Floats
    error: Floats
    best: int
    at_edge: bool


def _fista(gram: Floats, pull: Floats, l1: float, l2: float, begin: Floats) -> Floats:
    """Minimize ``x' gram x / 2 - pull' x + l1 |x|_1 + l2 |x|^2 / 2``."""
    bound = float(np.linalg.eigvalsh(gram)[-1]) + l2
    return _fista_steps((gram, bound), pull, (l1, l2), begin)


def _fista_steps(
    quadratic: tuple[Floats, float], pull: Floats, penalty: tuple[float, float], begin: Floats
) -> Floats:
    """Take the steps of FISTA with a known bound of the curvature."""
    gram, bound = quadratic
    l1, l2 = penalty
    here, ahead, speed = begin, begin, 1.0
    for _ in range(_STEPS):
        moved = ahead - (gram @ ahead + l2 * ahead - pull) / bound
        new = np.sign(moved) * np.maximum(np.abs(moved) - l1 / bound, 0.0)
        change = new - here
        if float((ahead - new) @ change) > 0:
            speed = 1.0
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead = new + (speed - 1) / faster * change
        here, speed = new, faster
        if np.abs(change).max() <= _STILL * np.abs(new).max():
            return here
    raise InputError(
        f"The sparse magnetization did not settle in {_STEPS} steps (L1 {l1:.3g}, L2 {l2:.3g}). "
        "It would depend on where it began. Take a stronger L2 penalty or fewer prisms."
    )


def _weigh(matrix: Floats, noise: Floats, power: float) -> tuple[Floats, Floats]:
    """Return the matrix in standard deviations of the noise, with weighed columns."""
    scaled = matrix / noise[:, None]
    weight = np.linalg.norm(scaled, axis=0) ** power
    return scaled / weight, weight


def sparse_magnetization(
    matrix: Floats, anomaly: Floats, noise: Floats, penalty: tuple[float, float], power: float = 1.0
) -> Floats:
    """Return the magnetization that fits the data with small L1 and L2 norms.

    Minimizes ``|(d - G m) / s|^2 / 2 + l1 |w m|_1 + l2 |w m|^2 / 2`` where w are the norms of the
    columns of ``G / s`` to a power, so that deep prisms are not put at a disadvantage.

    Parameters
    ----------
    matrix : ndarray, (station, prism)
        nT per A/m.
    anomaly, noise : ndarray, (station,)
        Data and their standard deviations, nT.
    penalty : (l1, l2)
        For weighed prisms.
    power : float
        Of the norms; 0.5 to 1 is usual.

    Returns
    -------
    ndarray, (prism,)
        A/m.

    Raises
    ------
    InputError
        The steps did not settle.
    """
    scaled, weight = _weigh(matrix, noise, power)
    pull = scaled.T @ (anomaly / noise)
    solution = _fista(scaled.T @ scaled, pull, *penalty, np.zeros(len(weight)))
    return solution / weight


def validate_penalties(
    problem: tuple[Floats, Floats, Floats],
    lines: NDArray[np.int64],
    ratios: tuple[float, ...] = (0.01, 0.1, 1.0),
    count: int = 13,
    power: float = 1.0,
) -> Validation:
    """Try penalties on whole flight lines left out; neighbors on a line share their errors.

    Parameters
    ----------
    problem : (matrix, anomaly, noise)
        As in :func:`sparse_magnetization`.
    lines : ndarray of int, (station,)
        Number of the block of lines that is left out together.
    ratios : tuple of float
        L2 over L1 penalties.
    count : int
        L1 penalties per ratio, down from that at which nothing is magnetized.
    power : float
        Of the norms of columns.

    Raises
    ------
    InputError
        All data lie in one block.
    """
    matrix, anomaly, noise = problem
    blocks = np.unique(lines)
    if len(blocks) < 2:
        raise InputError(
            "All data lie on one flight line. No line can be left out to choose penalties. "
            "Give line numbers, or penalties of your own."
        )
    scaled, _ = _weigh(matrix, noise, power)
    data = anomaly / noise
    strongest = float(np.abs(scaled.T @ data).max())
    path = strongest * np.geomspace(1.0, _LOWEST, count)
    error = np.zeros((len(ratios), count))
    for block in blocks:
        out = lines == block
        gram = scaled[~out].T @ scaled[~out]
        pull = scaled[~out].T @ data[~out]
        largest = float(np.linalg.eigvalsh(gram)[-1])
        for row, ratio in enumerate(ratios):
            solution = np.zeros(len(gram))
            for column, l1 in enumerate(path):
                l2 = ratio * l1
                solution = _fista_steps((gram, largest + l2), pull, (l1, l2), solution)
                error[row, column] += np.sum((data[out] - scaled[out] @ solution) ** 2)
    error /= len(data)
    best = int(np.argmin(error))
    return Validation(
        l1=np.tile(path, len(ratios)),
        l2=np.outer(ratios, path).ravel(),
        error=error.ravel(),
        best=best,
        at_edge=best % count in (0, count - 1),
    )
