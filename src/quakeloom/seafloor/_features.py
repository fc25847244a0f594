"""What the networks see of a grid: detail without its level and slope, in units of its own size.

Level and slope of the ground say nothing about what lies between the cells, and the size of its
detail spans four orders of magnitude. Both are taken away in the same way everywhere, by
averages over a few cells, so that moving a tile changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from quakeloom.seafloor._linear_methods import interpolate_spline
from quakeloom.seafloor._resampling import fill_holes, interpolate_bicubic, project_consistent

Floats = NDArray[np.float64]

STEP = 2
"""Factor of one pass of every network; larger ones are made of several passes."""

_SMOOTH_CELLS, _SIZE_CELLS = 2.0, 3.0
"""Standard deviations, in coarse cells, of the averages that are taken from the depths and that
the size of the detail is measured with; chosen here: as wide as what the networks see."""

_REACH = 4.0
"""Where the averages are cut, in standard deviations."""

_LEAST_DETAIL_M = 0.01
"""Detail that counts as flat ground, m; chosen here: below the resolution of any sonar."""


@dataclass(frozen=True)
class Features:
    """A coarse grid as networks see it.

    Attributes
    ----------
    coarse : ndarray, shape (rows, columns)
        Depths, with holes filled.
    mask : ndarray of float64, the same shape
        1 where the depth is known, 0 in holes.
    detail : ndarray, the same shape
        Depths without level and slope, over their local size.
    base : ndarray, shape (2 rows, 2 columns)
        Spline in tension with the right block means, to which networks add.
    size : ndarray, the same shape as ``base``
        Local size of the detail, m.
    """

    coarse: Floats
    mask: Floats
    detail: Floats
    base: Floats
    size: Floats


def describe_grid(coarse: ArrayLike) -> Features:
    """Return what the networks see of a coarse grid.

    Parameters
    ----------
    coarse : array_like, shape (rows, columns)
        Depths in m, means of cells; NaN in holes.
    """
    y = np.asarray(coarse, np.float64)
    mask = np.isfinite(y)
    filled = fill_holes(y)
    rough = filled - smooth_grid(filled, _SMOOTH_CELLS)
    size = np.sqrt(smooth_grid(rough**2, _SIZE_CELLS) + _LEAST_DETAIL_M**2)
    return Features(
        filled,
        mask.astype(np.float64),
        rough / size,
        interpolate_base(filled),
        np.maximum(interpolate_bicubic(size, STEP), _LEAST_DETAIL_M),
    )


def interpolate_base(filled: Floats, factor: int = STEP) -> Floats:
    """Return the spline in tension of a grid without holes, with its block means exact."""
    return project_consistent(interpolate_spline(filled, factor), filled, factor)


def smooth_grid(values: Floats, deviation: float) -> Floats:
    """Return Gaussian averages; cells beyond the edges go on in a straight line."""
    pad = int(_REACH * deviation + 0.5)
    wide = np.pad(values, pad, mode="reflect", reflect_type="odd") if min(
        values.shape
    ) > pad else np.pad(values, pad, mode="edge")  # fmt: skip
    out = gaussian_filter(wide, deviation, truncate=_REACH)
    return np.asarray(out[pad:-pad, pad:-pad])
