"""Finer grids without learning: a spline in tension, and ordinary kriging of block means.

On a regular grid without holes both are sums over the coarse cells around, with weights that are
the same everywhere: they are computed once and applied as a filter.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import correlate
from scipy.sparse import bmat, csr_matrix, diags, eye, kron, vstack
from scipy.sparse.linalg import spsolve

from quakeloom.seafloor._resampling import project_consistent

Floats = NDArray[np.float64]

TENSION = 0.25
"""Tension of the spline: 0.25 is what the makers of the method advise for topography (Smith &
Wessel 1990, who call it T_I)."""

_REACH = 6
"""Coarse cells to either side that have a weight in the spline; farther weights are below 1e-3."""

_NEIGHBORS = 3
"""Coarse cells to either side that kriging takes, 7 x 7; chosen here: more change nothing."""

_POINTS = 4
"""Points per side of a coarse cell that its mean is made of in the covariances; chosen here."""

_EXPONENTS = (0.3, 1.9)
"""Bounds of the exponent of the variogram, which is twice the Hurst exponent."""


def interpolate_spline(coarse: ArrayLike, factor: int, tension: float = TENSION) -> Floats:
    """Return a finer grid by splines in tension whose block means are the coarse values.

    The surface has the least ``(1 - t) (lap z)^2 + t (grad z)^2`` (Smith & Wessel 1990) of all
    with the right means of blocks. There may be no hole.
    """
    return _apply(np.asarray(coarse, np.float64), spline_weights(factor, tension), factor)


@cache
def spline_weights(factor: int, tension: float) -> Floats:
    """Return the weights of the coarse cells around for every fine cell of a cell.

    Returns
    -------
    ndarray, shape (factor, factor, 13, 13)
    """
    side = 2 * _REACH + 7
    n = side * factor
    d2 = diags([1.0, -2.0, 1.0], [-1, 0, 1], shape=(n, n)).tolil()
    d2[0, 0] = d2[-1, -1] = -1.0  # no slope through the edge
    d2 = csr_matrix(d2)
    one = eye(n)
    laplace = kron(d2, one) + kron(one, d2)
    d1 = csr_matrix(diags([-1.0, 1.0], [0, 1], shape=(n - 1, n)))
    gradient = vstack([kron(d1, one), kron(one, d1)])
    # tension is that of a coarse cell as the unit of length
    energy = (1 - tension) * (laplace.T @ laplace) * factor**2 + tension * (gradient.T @ gradient)
    mean = csr_matrix(kron(eye(side), np.full((1, factor), 1.0 / factor)))
    blocks = kron(mean, mean)
    count = blocks.shape[0]
    system = bmat([[energy, blocks.T], [blocks, None]]).tocsc()
    right = np.zeros(n * n + count)
    middle = side // 2
    right[n * n + middle * side + middle] = 1.0
    answer = spsolve(system, right)[: n * n].reshape(side, factor, side, factor)
    # What one cell gives to the cells around it, turned into what a cell takes from those around.
    taken = answer[::-1, :, ::-1, :][middle - _REACH : middle + _REACH + 1]
    taken = taken[:, :, middle - _REACH : middle + _REACH + 1].transpose(1, 3, 0, 2)
    return _exact_on_planes(taken, factor)


def _exact_on_planes(weights: Floats, factor: int) -> Floats:
    """Return the nearest weights that leave a plane a plane: what was cut off is put back."""
    offset = np.arange(weights.shape[2]) - weights.shape[2] // 2
    dy, dx = (a.ravel().astype(float) for a in np.meshgrid(offset, offset, indexing="ij"))
    conditions = np.stack([np.ones_like(dx), dy, dx])
    fine = (np.arange(factor) + 0.5) / factor - 0.5
    out = np.empty_like(weights)
    for i, y in enumerate(fine):
        for j, x in enumerate(fine):
            w = weights[i, j].ravel()
            # put back in proportion to the weights, which are large near the middle alone
            size = np.abs(w)
            lack = np.array([1.0, y, x]) - conditions @ w
            scaled = conditions * size
            out[i, j] = (w + scaled.T @ np.linalg.solve(scaled @ conditions.T, lack)).reshape(
                weights.shape[2:]
            )
    return out


def variogram_exponent(coarse: ArrayLike) -> tuple[float, float]:
    """Return exponent and scale of the variogram ``c h^a`` of a grid, h in coarse cells.

    Fitted to lags of one to four cells along both axes, where both cells are known. Means of
    cells vary less than points do; that is taken into account when kriging, not here.
    """
    z = np.asarray(coarse, np.float64)
    lags = np.arange(1, 5)
    found = []
    for lag in lags:
        parts = [(z[lag:] - z[:-lag]).ravel(), (z[:, lag:] - z[:, :-lag]).ravel()]
        d = np.concatenate(parts)
        found.append(0.5 * np.nanmean(d**2) if np.isfinite(d).any() else np.nan)
    values = np.asarray(found)
    if not np.isfinite(values).all() or (values <= 0).any():
        return 1.0, 0.0
    # Differences of second order do not see the slope of the ground.
    ratio = np.polyfit(np.log(lags), np.log(values), 1)
    exponent = float(np.clip(ratio[0], *_EXPONENTS))
    return round(exponent, 2), float(np.exp(np.mean(np.log(values) - exponent * np.log(lags))))


def interpolate_kriging(
    coarse: ArrayLike, factor: int, exponent: float | None = None
) -> tuple[Floats, Floats]:
    """Return a finer grid by ordinary kriging of means of blocks, and its standard deviation.

    Parameters
    ----------
    coarse : array_like, shape (rows, columns)
        Without holes.
    factor : int
    exponent : float, optional
        Of the variogram; fitted to the grid without it.

    Returns
    -------
    (ndarray, ndarray), shape (factor * rows, factor * columns)
        Depths with the right block means, and standard deviations by the variogram.
    """
    z = np.asarray(coarse, np.float64)
    fitted, scale = variogram_exponent(z)
    weights, variance = kriging_weights(factor, fitted if exponent is None else exponent)
    fine = project_consistent(_apply(z, weights, factor), z, factor)
    deviation = np.tile(np.sqrt(scale * variance), z.shape)
    return fine, deviation


@cache
def kriging_weights(factor: int, exponent: float) -> tuple[Floats, Floats]:
    """Return weights (factor, factor, 7, 7) and the variance over the variogram's scale.

    The mean of a fine cell from means of coarse cells, under the variogram ``h^exponent`` between
    points (Kyriakidis 2004): all covariances are means over points of both cells.
    """
    side = 2 * _NEIGHBORS + 1
    offset = np.arange(-_NEIGHBORS, side - _NEIGHBORS)
    cy, cx = (a.ravel().astype(np.float64) for a in np.meshgrid(offset, offset, indexing="ij"))
    sub = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    py, px = (a.ravel() for a in np.meshgrid(sub, sub, indexing="ij"))

    def mean_power(dy: Floats, dx: Floats, qy: Floats, qx: Floats) -> Floats:
        """Mean of h^a between points of a coarse cell and points of another one (dy, dx) away."""
        h2 = (dy[..., None, None] + qy[:, None] - py) ** 2
        h2 = h2 + (dx[..., None, None] + qx[:, None] - px) ** 2
        return np.asarray((h2 ** (exponent / 2)).mean(axis=(-2, -1)))

    n = side * side
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n] = mean_power(cy[:, None] - cy, cx[:, None] - cx, py, px)
    matrix[n, :n] = matrix[:n, n] = 1.0
    weights, variance = np.empty((factor, factor, side, side)), np.empty((factor, factor))
    fine = (np.arange(factor) + 0.5) / factor - 0.5
    for i, y in enumerate(fine):
        for j, x in enumerate(fine):
            qy, qx = y + py / factor, x + px / factor
            right = np.append(mean_power(-cy, -cx, qy, qx), 1.0)
            answer = np.linalg.solve(matrix, right)
            weights[i, j] = answer[:n].reshape(side, side)
            apart = (py[:, None] - py) ** 2 + (px[:, None] - px) ** 2
            own = float(((apart / factor**2) ** (exponent / 2)).mean())
            w = answer[:n]
            spread = 2 * float(w @ right[:n]) - own - float(w @ matrix[:n, :n] @ w)
            variance[i, j] = max(spread, 0.0)
    return weights, variance


def _apply(coarse: Floats, weights: Floats, factor: int) -> Floats:
    """Sum the coarse cells around with the weights of each fine cell; edges go on straight."""
    half = weights.shape[2] // 2
    odd = min(coarse.shape) > half
    wide = np.pad(coarse, half, mode="reflect", reflect_type="odd") if odd else np.pad(
        coarse, half, mode="edge"
    )  # fmt: skip
    rows, columns = coarse.shape
    out = np.empty((rows, factor, columns, factor))
    level = float(np.mean(coarse))
    for i in range(factor):
        for j in range(factor):
            full = correlate(wide - level, weights[i, j], mode="constant")
            out[:, i, :, j] = full[half : half + rows, half : half + columns]
    return out.reshape(rows * factor, columns * factor) + level
