"""From traces of probability to picks with time, uncertainty and probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_SIGMA_SAMPLES = 0.5
"""Smallest width of a peak, samples; chosen here: no pick is finer than half a sample."""

_FULL_WIDTH = 2.3548
"""Full width at half maximum of a Gaussian over its standard deviation: 2 sqrt(2 ln 2)."""


def find_peaks(
    trace: NDArray[np.float32], threshold: float, distance: int = 50
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Find the peaks of a trace of probability.

    A pick is the sample of largest value of a contiguous run above the threshold; of picks
    closer than ``distance`` the most probable stays. (A parabola through the peak gave no
    smaller residuals against analysts' picks.) The width is the standard deviation of the
    Gaussian with the same full width at half of the peak's value.

    Parameters
    ----------
    trace : ndarray of float32, shape (samples,)
    threshold : float
        Minimum probability.
    distance : int
        Least distance of picks in samples.

    Returns
    -------
    position : ndarray of float64
        In samples.
    width : ndarray of float64
        In samples.
    probability : ndarray of float64
    """
    above = trace >= threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    peaks = [a + int(np.argmax(trace[a:b])) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    kept: list[int] = []
    for p in sorted(peaks, key=lambda q: (-trace[q], q)):
        if all(abs(p - k) >= distance for k in kept):
            kept.append(p)
    kept.sort()
    width = np.array([_half_width(trace, p) for p in kept], dtype=np.float64)
    return np.array(kept, dtype=np.float64), width, trace[kept].astype(np.float64)


def _half_width(trace: NDArray[np.float32], peak: int) -> float:
    half = 0.5 * float(trace[peak])
    first, last = _crossing(trace, peak, half, -1), _crossing(trace, peak, half, 1)
    return max((first + last) / _FULL_WIDTH, _LEAST_SIGMA_SAMPLES)


def _crossing(trace: NDArray[np.float32], peak: int, level: float, step: int) -> float:
    """Distance from the peak to where the trace falls below the level, interpolated."""
    i = peak
    while 0 <= i + step < trace.size and trace[i + step] >= level:
        i += step
    reached = abs(i - peak)
    if not 0 <= i + step < trace.size:
        return float(reached)
    high, low = float(trace[i]), float(trace[i + step])
    return reached + (high - level) / max(high - low, 1e-12)
