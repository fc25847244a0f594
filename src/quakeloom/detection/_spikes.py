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
    if data.size < 3:
        return np.zeros(0, np.int64)
    step = np.diff(data)
    # of few samples many are candidates: those that are extremes and stand off both neighbors
    least = np.minimum(np.abs(step[:-1]), np.abs(step[1:]))
    turns = step[:-1] * step[1:] < 0.0
    size = np.concatenate([[0.0], np.abs(step), [0.0]])
    turns &= np.maximum(size[:-3], size[3:]) * _ALONE < least
    if np.asarray(samples).dtype.kind in "iu":
        # where a coarse digitizer repeats its values, one count is no spike
        turns &= least >= _SPIKE
    found = _standing_out(np.abs(step), np.where(turns, least, 0.0), _AROUND, _SPIKE)
    return np.asarray(np.flatnonzero(found) + 1, dtype=np.int64)


@compiled(nogil=True, error_model="numpy")
def _standing_out(
    step: NDArray[np.float64], least: NDArray[np.float64], around: int, factor: float
) -> NDArray[np.bool_]:
    """Say which interior samples stand out; ``least[i]`` is of sample ``i + 1``."""
    found = np.zeros(least.size, np.bool_)
    for i in range(least.size):
        jump = least[i]
        if not jump > 0.0:
            continue
        first, last = max(i + 1 - around, 0), min(i + 1 + around, step.size)
        # a cheap look first: of a spike nearly all steps around are smaller by far
        limit = jump / factor
        larger = 0
        allowed = (last - first) // 4
        for j in range(first, last):
            if step[j] >= limit:
                larger += 1
                if larger > allowed:
                    break
        found[i] = larger <= allowed
    return found


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
