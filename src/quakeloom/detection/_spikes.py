"""Single samples that stand alone, far off their neighbors: found anywhere, and mended."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

_SPIKE = 30.0
"""Jump of a spike in units of the typical difference of samples around it, as for the flag
``spikes`` of windows."""

_ALONE = 4.0
"""A spike is so many times larger than the steps of the samples beside it (chosen here)."""

_AROUND = 100
"""Samples on either side that say what differences are typical (chosen here: a second)."""


def find_spikes(samples: NDArray[Any]) -> NDArray[np.int64]:
    """Return the samples that jump away from both neighbors and back.

    A sample counts whose differences to the one before and the one after have one sign, are both
    more than 30 times the typical difference in the 100 samples on either side (three quarters are
    smaller), and four times those of the samples beside: waves of high frequency swing on. No
    seismometer makes one: a digitizer's or a line's fault. What is found at a sample depends on
    those 201 samples alone, so not on where a record begins or ends.

    Parameters
    ----------
    samples : ndarray, shape (n,)

    Returns
    -------
    ndarray of int64
        Ascending.
    """
    data = np.asarray(samples, dtype=np.float64)
    # where a coarse digitizer repeats its values, one count is no spike
    least = _SPIKE if np.asarray(samples).dtype.kind in "iu" else 0.0
    return np.asarray(_standing_out(data, least, _AROUND, _SPIKE, _ALONE), dtype=np.int64)


@compiled(nogil=True, error_model="numpy")
def _standing_out(
    data: NDArray[np.float64], smallest: float, around: int, factor: float, alone: float
) -> NDArray[np.int64]:
    """Return the samples that stand alone; see :func:`find_spikes`."""
    found = np.empty(64, np.int64)
    count = 0
    for i in range(1, data.size - 1):
        before, after = data[i] - data[i - 1], data[i] - data[i + 1]
        if not before * after > 0.0:
            continue
        jump = min(abs(before), abs(after))
        # most samples end here: the steps beside them are of their size
        if not jump >= smallest or jump == 0.0:
            continue
        if i > 1 and alone * abs(data[i - 1] - data[i - 2]) >= jump:
            continue
        if i + 2 < data.size and alone * abs(data[i + 2] - data[i + 1]) >= jump:
            continue
        first, last = max(i - around, 0), min(i + around, data.size - 1)
        limit, larger, allowed = jump / factor, 0, (last - first) // 4
        for j in range(first, last):
            if abs(data[j + 1] - data[j]) >= limit:
                larger += 1
                if larger > allowed:
                    break
        if larger > allowed:
            continue
        if count == found.size:
            grown = np.empty(2 * found.size, np.int64)
            grown[:count] = found
            found = grown
        found[count] = i
        count += 1
    return found[:count]


def mend_spikes(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return samples with spikes replaced by the middle of their neighbors, and where they were.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Returned itself where there is none.
    """
    found = find_spikes(samples)
    if not found.size:
        return samples, found
    mended = np.array(samples, copy=True)
    middle = 0.5 * (samples[found - 1].astype(np.float64) + samples[found + 1])
    exact = mended.dtype.kind in "iu"
    mended[found] = (np.round(middle) if exact else middle).astype(mended.dtype)
    return mended, found
