"""Sorting within compiled functions.

Not ``np.sort`` and ``np.argsort`` of numba: both compile to functions of the same names, told
apart only by a number that every process counts for itself. Where machine code of one file was
stored as that number for ``sort`` and of another for ``argsort``, a process that loads both runs
one for the other, and ends in a segmentation fault (seen with numba 0.68).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core.compiled import compiled

_GAPS = (701, 301, 132, 57, 23, 10, 4, 1)
"""Gaps of Shell's method with the fewest comparisons (Ciura, M. 2001, Best increments for the
average case of shellsort, FCT 2001)."""


@compiled(nogil=True)
def sort_ascending(values: NDArray[np.float64]) -> None:
    """Sort an array in place, by Shell's method with the gaps of Ciura (2001).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without NaN, whose place is not defined.
    """
    for gap in _GAPS:
        for i in range(gap, values.size):
            value = values[i]
            j = i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value


@compiled(nogil=True)
def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct numbers of an array in ascending order.

    Parameters
    ----------
    values : ndarray of int, shape (n,)
        Below 2^53, as they are sorted as floats.
    """
    ordered = values.astype(np.float64)
    sort_ascending(ordered)
    found = np.empty(values.size, np.int64)
    count = 0
    for value in ordered:
        if count == 0 or found[count - 1] != np.int64(value):
            found[count] = np.int64(value)
            count += 1
    return found[:count].copy()


@compiled(nogil=True)
def middle_value(values: NDArray[np.float64]) -> float:
    """Return the median, sorting ``values`` in place; of an even number, the mean of two."""
    sort_ascending(values)
    half = values.size // 2
    if values.size % 2:
        return float(values[half])
    return float(0.5 * (values[half - 1] + values[half]))
