"""The order of places along Hilbert's curve: near rows of a file are near on the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_LEVELS = 16
"""Bits of a coordinate; chosen here: 1/65,536 of the extent, some 50 m of a nation."""

_QUARTER = 90.0
"""Degrees of latitude from the equator to a pole."""


def hilbert_order(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.int64]:
    """Return the rows in the order of Hilbert's curve over the extent of the places.

    Rows whose place is not known come last, in their order; so do ties.

    Parameters
    ----------
    longitude, latitude : array_like, shape (rows,)
        Degrees.

    Returns
    -------
    ndarray of int64, shape (rows,)
    """
    x, y = (np.asarray(v, dtype=float) for v in (longitude, latitude))
    known = np.isfinite(x) & np.isfinite(y) & (np.abs(y) <= _QUARTER)
    key = np.full(len(x), np.iinfo(np.int64).max)
    if known.any():
        key[known] = hilbert_key(_whole(x[known]), _whole(y[known]))
    return np.argsort(key, kind="stable")


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return values as whole numbers of the extent's parts."""
    low, span = values.min(), np.ptp(values)
    whole = (values - low) / max(float(span), 1e-9) * (2**_LEVELS - 1)
    return np.asarray(whole, dtype=np.int64)


def hilbert_key(
    column: NDArray[np.int64], row: NDArray[np.int64], levels: int = _LEVELS
) -> NDArray[np.int64]:
    """Return the distance along Hilbert's curve of the cells of a square of ``2**levels``.

    From the largest square to the smallest: which quarter, then that quarter's own curve, turned
    or mirrored so that its ends meet those of its neighbors.

    Parameters
    ----------
    column, row : ndarray of int64, shape (cells,)
        From 0.
    levels : int

    References
    ----------
    Skilling, J. (2004). Programming the Hilbert curve. AIP Conference Proceedings 707, 381-387.
    """
    x, y = column.copy(), row.copy()
    key = np.zeros(len(x), dtype=np.int64)
    for bit in reversed(range(levels)):
        size = 1 << bit
        right, upper = (x & size) > 0, (y & size) > 0
        key += size * size * np.where(right, np.where(upper, 2, 3), np.where(upper, 1, 0))
        x, y = x & (size - 1), y & (size - 1)
        mirrored = right & ~upper
        x, y = np.where(mirrored, size - 1 - x, x), np.where(mirrored, size - 1 - y, y)
        turned = ~upper
        x, y = np.where(turned, y, x), np.where(turned, x, y)
    return key
