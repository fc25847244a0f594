"""What is wrong with a channel: dead, clipped, spikes, gaps; and signal over noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAGS = ("nan", "dead", "constant", "clipped", "spikes", "gap", "short")
"""Names of flags, from the bit of lowest value."""

_BIT = {name: 1 << i for i, name in enumerate(FLAGS)}
"""The bit of each flag."""

_CLIPPED_SHARE = 0.002
"""Share of the samples that must lie at a limit for a channel to count as clipped (chosen here)."""

_CLIPPED_RUN = 4
"""Samples in a row that must lie at a limit: a sine has fewer at its crest (chosen here)."""

_NEAR_LIMIT = 0.85
"""Share of the largest value from which on a sample of a clipped channel is at its limit: above it
is what a filter adds at an edge, 9 % (Gibbs)."""

_SPIKE = 30.0
"""Jump of a spike in units of the typical difference of samples (chosen here)."""


def flag_quality(samples: NDArray[Any]) -> int:
    """Return the flags of one channel as a sum of bits; 0 is a good one.

    ``nan``: a value is no number. ``dead``: all zero. ``constant``: all the same.
    ``clipped``: at least 0.2 % of the samples, in runs of four and more, lie within 0.1 % of
    the largest or smallest value. ``spikes``: one sample jumps away and back by more
    than 30 times the typical difference, and carries the largest value.

    Parameters
    ----------
    samples : ndarray, shape (n,)
    """
    data = np.asarray(samples)
    flags = 0
    finite = np.isfinite(data)
    if not finite.all():
        flags |= _BIT["nan"]
        data = data[finite]
    if data.size < 2:
        return flags | _BIT["short"]
    low, high = float(data.min()), float(data.max())
    if low == high:
        return flags | _BIT["dead" if high == 0.0 else "constant"]
    if _is_clipped(data, low, high):
        flags |= _BIT["clipped"]
    if _has_spikes(data):
        flags |= _BIT["spikes"]
    return flags


def flag_names(flags: int) -> list[str]:
    """Return the names of the flags in a sum of bits."""
    return [name for name, bit in _BIT.items() if flags & bit]


def flag_bit(name: str) -> int:
    """Return the bit of a flag."""
    return _BIT[name]


def is_clipped_before(samples: NDArray[Any], at: int) -> bool:
    """Say whether a clipped channel was at its limit by a sample already.

    For channels that :func:`flag_quality` calls clipped, whose later readings say little.
    Resampling rings at the edges of what was cut off, so what is near the limit counts.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        A record, or a window of it, also filtered and resampled.
    at : int
        The sample of the reading.
    """
    size = np.abs(samples - np.median(samples))
    near = size[: max(at, 0) + 1] >= _NEAR_LIMIT * size.max(initial=0.0)
    return bool(size.any()) and int(near.sum()) >= _CLIPPED_RUN


def _is_clipped(data: NDArray[Any], low: float, high: float) -> bool:
    reach = 1e-3 * (high - low)
    for at in (data <= low + reach, data >= high - reach):
        # a sine touches its crest as well, but not in many long flat runs
        if np.count_nonzero(at) < max(2 * _CLIPPED_RUN, _CLIPPED_SHARE * data.size):
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], at.astype(np.int8), [0]])))
        runs = edges[1::2] - edges[::2]
        flat = runs[runs >= _CLIPPED_RUN]
        if flat.size >= 2 and flat.sum() >= _CLIPPED_SHARE * data.size:
            return True
    return False


def _has_spikes(data: NDArray[Any]) -> bool:
    """Say whether the sample farthest from the middle stands alone, far off its neighbors."""
    center = float(np.median(data[:: max(data.size // 2000, 1)]))
    low, high = int(np.argmin(data)), int(np.argmax(data))
    peak = high if float(data[high]) - center >= center - float(data[low]) else low
    if not 0 < peak < data.size - 1:
        return False
    around = np.abs(np.diff(data[max(peak - 200, 0) : peak + 200].astype(np.float64)))
    typical = float(np.sort(around)[int(0.9 * around.size)])
    before, after = (float(data[peak]) - float(data[peak + k]) for k in (-1, 1))
    return min(abs(before), abs(after)) > _SPIKE * max(typical, 1e-300) and before * after > 0


def signal_to_noise(
    data: NDArray[Any], pick: int, rate_hz: float, noise_s: float = 3.0, signal_s: float = 1.0
) -> float:
    """Return root mean square after a pick over that before it; NaN without enough noise.

    The mean of the noise window is taken off both. The noise ends 0.1 s before the pick.

    Parameters
    ----------
    data : ndarray, shape (n,) or (components, n)
    pick : int
        Sample of the pick.
    rate_hz : float
    noise_s, signal_s : float
        Lengths of the windows.
    """
    rows = np.atleast_2d(np.asarray(data))
    end = pick - round(0.1 * rate_hz)
    begin = max(end - round(noise_s * rate_hz), 0)
    stop = min(pick + round(signal_s * rate_hz), rows.shape[1])
    if end - begin < round(0.5 * rate_hz) or stop - pick < round(0.2 * rate_hz):
        return float("nan")
    noise, signal = (rows[:, a:b].astype(np.float64) for a, b in ((begin, end), (pick, stop)))
    mean = noise.mean(axis=1, keepdims=True)
    power = float(((noise - mean) ** 2).mean())
    if power <= 0.0:
        return float("nan")
    return float(np.sqrt(((signal - mean) ** 2).mean() / power))
