"""Single samples that stand alone, far off their neighbors: found anywhere, and repaired."""

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
    data = np.ascontiguousarray(samples)
    if data.size < 5:
        return np.zeros(0, np.int64)
    if data.dtype.kind not in "iuf" or data.dtype.itemsize not in (4, 8):
        data = data.astype(np.float64)
    # where a coarse digitizer repeats its values, one count is no spike
    least = _SPIKE if data.dtype.kind in "iu" else 0.0
    candidates = np.flatnonzero(_stands_alone(data, _ALONE, least))
    return np.asarray(_standing_out(data, candidates, _AROUND, _SPIKE), dtype=np.int64)


@compiled(nogil=True, error_model="numpy")
def _stands_alone(data: NDArray[Any], alone: float, least: float) -> NDArray[np.uint8]:
    """Say which samples turn, by more than the steps beside; without branches, since all are asked.

    Of the two samples at either end nothing is said.
    """
    flags = np.zeros(data.size, np.uint8)
    for i in range(2, data.size - 2):
        middle = float(data[i])
        before, after = middle - float(data[i - 1]), middle - float(data[i + 1])
        beside = max(
            abs(float(data[i - 1]) - float(data[i - 2])),
            abs(float(data[i + 2]) - float(data[i + 1])),
        )
        jump = min(abs(before), abs(after))
        flags[i] = (
            np.uint8(before * after > 0.0)
            & np.uint8(jump > alone * beside)
            & np.uint8(jump >= least)
        )
    return flags


@compiled(nogil=True, error_model="numpy")
def _standing_out(
    data: NDArray[Any], candidates: NDArray[np.int64], around: int, factor: float
) -> NDArray[np.int64]:
    """Return those samples that stand out of three quarters of the steps around them."""
    found = np.empty(candidates.size, np.int64)
    count = 0
    for i in candidates:
        middle = float(data[i])
        jump = min(abs(middle - float(data[i - 1])), abs(middle - float(data[i + 1])))
        first, last = max(i - around, 0), min(i + around, data.size - 1)
        limit, larger, allowed = jump / factor, 0, (last - first) // 4
        for j in range(first, last):
            if abs(float(data[j + 1]) - float(data[j])) >= limit:
                larger += 1
                if larger > allowed:
                    break
        if larger <= allowed:
            found[count] = i
            count += 1
    return found[:count]


def repair_spikes(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return samples with spikes replaced by the middle of their neighbors, and where they were.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        Returned itself where there is none.
    """
    found = find_spikes(samples)
    if not found.size:
        return samples, found
    repaired = np.array(samples, copy=True)
    middle = 0.5 * (samples[found - 1].astype(np.float64) + samples[found + 1])
    exact = repaired.dtype.kind in "iu"
    repaired[found] = (np.round(middle) if exact else middle).astype(repaired.dtype)
    return repaired, found
