"""From traces of probability to picks with time, uncertainty and probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_SIGMA_SAMPLES = 0.5


def find_peaks(
    trace: NDArray[np.float32], threshold: float, distance: int = 50
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Find the peaks of a trace of probability.

    A pick is the largest value of a contiguous run above the threshold; of picks closer than
    ``distance`` the most probable stays. The time is refined by the parabola through the
    logarithms of the peak and its neighbors (exact for a Gaussian). The width is the
    standard deviation of the Gaussian with the same area above half the peak's value.

    Parameters
    ----------
    trace : ndarray of float32, shape (samples,)
    threshold : float
        Least probability.
    distance : int
        Least distance of picks in samples.

    Returns
    -------
    position : ndarray of float64
        In samples, with fractions.
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
    position, width = np.empty(len(kept)), np.empty(len(kept))
    for i, p in enumerate(kept):
        position[i], width[i] = _refine(trace, p)
    return position, width, trace[kept].astype(np.float64)


def _refine(trace: NDArray[np.float32], peak: int) -> tuple[float, float]:
    position = float(peak)
    if 0 < peak < trace.size - 1:
        left, middle, right = (float(np.log(max(trace[peak + k], 1e-9))) for k in (-1, 0, 1))
        curvature = left - 2.0 * middle + right
        if curvature < 0.0:
            position += min(max(0.5 * (left - right) / curvature, -0.5), 0.5)
    half = 0.5 * float(trace[peak])
    first, last = _crossing(trace, peak, half, -1), _crossing(trace, peak, half, 1)
    return position, max((first + last) / 2.3548, _LEAST_SIGMA_SAMPLES)


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
