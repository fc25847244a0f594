"""How good a finer grid is where the truth is known: depth, slope, spectrum, rugged ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from quakeloom.core import InputError
from quakeloom.seafloor._features import STEP

Floats = NDArray[np.float64]

EDGE_CELLS = 8
"""Cells at each edge that are left out of scores, as in the reference figures of block J."""

RUGGED_SHARE = 0.2
"""Share of the cells with the largest local slope that count as rugged; chosen here."""

_BANDS = 12
"""Rings of wavenumber that spectra are averaged in; chosen here."""


def slope_of(depth: ArrayLike, spacing_m: float) -> Floats:
    """Return the slope at the middles of cells, m per m, by central differences."""
    dy, dx = np.gradient(np.asarray(depth, np.float64), spacing_m)
    return np.asarray(np.hypot(dy, dx))


def rugged_cells(truth: ArrayLike) -> NDArray[np.bool_]:
    """Return the fifth of the cells around which the ground is steepest, over a few cells."""
    slope = gaussian_filter(slope_of(truth, 1.0), 2.0)
    return np.asarray(slope >= np.quantile(slope, 1 - RUGGED_SHARE))


def score_grid(
    truth: ArrayLike,
    fine: ArrayLike,
    spacing_m: float,
    holes: NDArray[np.bool_] | None = None,
    edge: int = EDGE_CELLS,
) -> dict[str, float]:
    """Compare a finer grid with the truth.

    Parameters
    ----------
    truth, fine : array_like, shape (rows, columns)
        Depths in m. Cells that either does not have are left out.
    spacing_m : float
        Side of a fine cell.
    holes : ndarray of bool, optional
        Cells that lay in holes of the input: they have scores of their own.
    edge : int
        Cells at each edge that are left out.

    Returns
    -------
    dict
        ``rmse_m``, ``bias_m``, ``mae_m``, ``rugged_rmse_m``, ``slope_rmse`` (m per m),
        ``psnr_db`` (peak: range of the truth), ``hole_rmse_m`` (NaN without holes), and
        ``power_ratio`` between half and the whole of the coarse grid's Nyquist wavenumber.

    Raises
    ------
    InputError
        If no cell can be compared.
    """
    z, x = np.asarray(truth, np.float64), np.asarray(fine, np.float64)
    inside = np.zeros(z.shape, bool)
    inside[edge : z.shape[0] - edge, edge : z.shape[1] - edge] = True
    inside &= np.isfinite(z) & np.isfinite(x)
    if not inside.any():
        raise InputError(
            f"Two grids of {z.shape[0]} x {z.shape[1]} cells have none to compare inside an edge "
            f"of {edge}. No score was computed; take a larger area."
        )
    hole = np.zeros(z.shape, bool) if holes is None else holes
    error = x - z
    known = inside & ~hole
    measured = known if known.any() else inside
    rmse = _rms(error[measured])
    # of holes nothing but the fill is known; slopes and spectra are of the whole area
    filled = np.where(np.isfinite(z), z, np.nanmean(z))
    slopes = slope_of(np.where(np.isfinite(x), x, filled), spacing_m) - slope_of(filled, spacing_m)
    rugged = measured & rugged_cells(filled)
    box = slice(edge, z.shape[0] - edge), slice(edge, z.shape[1] - edge)
    ratio = power_ratio(filled[box], np.where(np.isfinite(x), x, filled)[box])
    return {
        "rmse_m": rmse,
        "bias_m": float(error[measured].mean()),
        "mae_m": float(np.abs(error[measured]).mean()),
        "rugged_rmse_m": _rms(error[rugged]),
        "slope_rmse": _rms(slopes[measured]),
        "psnr_db": float(20 * np.log10(np.ptp(z[inside]) / rmse)) if rmse > 0 else float("inf"),
        "hole_rmse_m": _rms(error[inside & hole]),
        "power_ratio": ratio,
    }


def power_spectrum(depth: ArrayLike) -> tuple[Floats, Floats]:
    """Return wavenumbers in cycles per cell and the power of a grid in rings of them.

    A plane is taken away and the edges are tapered (Hann).
    """
    z = np.asarray(depth, np.float64)
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in z.shape), indexing="ij")
    plane = np.stack([np.ones_like(x), x, y], -1).reshape(-1, 3)
    z = z - (plane @ np.linalg.lstsq(plane, z.ravel(), rcond=None)[0]).reshape(z.shape)
    z = z * np.outer(*(np.hanning(n) for n in z.shape))
    power = np.abs(np.fft.rfft2(z)) ** 2
    k = np.hypot(np.fft.fftfreq(z.shape[0])[:, None], np.fft.rfftfreq(z.shape[1])[None, :])
    edges = np.geomspace(2.0 / min(z.shape), 0.5, _BANDS + 1)
    ring = np.digitize(k, edges) - 1
    middles, values = [], []
    for b in range(_BANDS):
        here = ring == b
        if here.any():
            middles.append(float(k[here].mean()))
            values.append(float(power[here].mean()))
    return np.array(middles), np.array(values)


def power_ratio(truth: ArrayLike, fine: ArrayLike) -> float:
    """Return power of a finer grid over the true one at the finest waves of the coarse grid.

    Between half of and the whole Nyquist wavenumber of a grid twice as coarse.
    """
    k, true = power_spectrum(truth)
    _, own = power_spectrum(fine)
    nyquist = 0.5 / STEP
    here = (k >= 0.5 * nyquist) & (k <= nyquist)
    return float(own[here].sum() / true[here].sum()) if true[here].sum() > 0 else float("nan")


def pool_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the scores of several areas as one: root mean squares, and means of the others."""
    out: dict[str, Any] = {}
    for name in scores[0]:
        values = np.array([s[name] for s in scores], float)
        values = values[np.isfinite(values)]
        if not values.size:
            out[name] = float("nan")
        elif "rms" in name:
            out[name] = _rms(values)
        else:
            out[name] = float(values.mean())
    return out


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else float("nan")
