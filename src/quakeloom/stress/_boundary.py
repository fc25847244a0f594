"""Polylines that cut the smoothness of a stress field, such as tectonic lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]


@compiled()
def _crossings(start: Floats, end: Floats, lines: Floats) -> NDArray[np.bool_]:
    """Which connections cross lines (two ends a row) an odd number of times."""
    out = np.zeros(start.shape[0], dtype=np.bool_)
    for i in range(start.shape[0]):
        ax, ay, bx, by = start[i, 0], start[i, 1], end[i, 0], end[i, 1]
        count = 0
        for k in range(lines.shape[0]):
            cx, cy, dx, dy = lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3]
            # a point on the line counts as left of it, so no crossing is lost at a vertex
            a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx) >= 0.0
            b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx) >= 0.0
            if a != b:
                c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) >= 0.0
                d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax) >= 0.0
                if c != d:
                    count += 1
        out[i] = count % 2 == 1
    return out


def crosses_boundary(
    start: ArrayLike, end: ArrayLike, boundaries: Sequence[ArrayLike]
) -> NDArray[np.bool_]:
    """Return which straight connections lead to the other side of a boundary.

    Parameters
    ----------
    start, end : array_like, shape (connections, 2)
        Horizontal coordinates, e.g. longitude and latitude.
    boundaries : sequence of array_like, each shape (points, 2)
        Polylines in the same coordinates.

    Returns
    -------
    ndarray of bool, shape (connections,)
        True where the connection crosses any of the polylines an odd number of times.
    """
    a = np.ascontiguousarray(start, dtype=float)
    b = np.ascontiguousarray(end, dtype=float)
    out = np.zeros(a.shape[0], dtype=bool)
    for line in boundaries:
        points = np.asarray(line, dtype=float)
        out |= _crossings(a, b, np.concatenate([points[:-1], points[1:]], axis=1))
    return out
