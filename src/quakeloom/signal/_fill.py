"""Samples that were never recorded: runs of one value, and straight lines across gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST_S = 1.0
"""Shorter runs are left: a quiet digitizer repeats values, a clipped one does for a while."""

_LEAST_SAMPLES = 50
"""No run of fewer samples counts, whatever the rate."""

_EXPECTED_STEPS = 50.0
"""A run counts if the noise beside it would have made this many steps in its length."""

_ROUGH = 8.0
"""A line counts if samples beside it are rougher than its rounding by this factor."""

_BESIDE = 200
"""Samples on each side of a run that say what the record is like there."""

_SMOOTH = 5.0
"""A clipped wave reaches its limit by steps of this many times the median one at most."""

_ROUNDING = 4.0 * float(np.finfo(np.float32).eps)
"""Second differences of a line in single precision, as a share of its values."""


@dataclass(frozen=True)
class Fill:
    """A run of samples that are no record of the ground.

    Attributes
    ----------
    start, stop : int
        Its samples are ``start ... stop - 1``.
    value : float or None
        The one value that it has; None for a line.
    """

    start: int
    stop: int
    value: float | None


def find_fill(samples: NDArray[Any], rate_hz: float) -> list[Fill]:
    """Find runs of one value, and straight lines, that cannot be ground motion.

    A run of at least one second and 50 samples is fill if noise like that of the other
    samples would have left it 50 times: where a coarse digitizer repeats most values anyway, a
    run must be longer. Lines, as programs draw them across gaps, must be as long, and smoother
    than the rest by far. A channel without any other samples is dead, not filled.

    Parameters
    ----------
    samples : ndarray, shape (n,)
    rate_hz : float
    """
    least = max(round(_LEAST_S * rate_hz), _LEAST_SAMPLES)
    # a run of this length holds at least one whole block, whose middle is the mean of its ends
    size = max(least // 2 - 1, 3) | 1
    count = samples.size // size
    if count < 2:
        return []
    blocks = samples[: count * size].reshape(count, size)
    exact = samples.dtype.kind in "iub"
    straight = _are_straight(blocks, exact)
    if not straight.any() or straight.all():
        return []
    found: list[Fill] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], straight.astype(np.int8), [0]])))
    for first, last in zip(edges[::2] * size, edges[1::2] * size, strict=True):
        for start, stop in _runs(samples, int(first), int(last), exact):
            is_known = bool(found) and start < found[-1].stop
            if stop - start >= least and not is_known and _is_fill(samples, start, stop, exact):
                constant = samples[start] == samples[stop - 1]
                found.append(Fill(start, stop, float(samples[start]) if constant else None))
    return found


def _is_fill(samples: NDArray[Any], start: int, stop: int, exact: bool) -> bool:
    """Say whether the samples on both sides of a run are too rough for it."""
    beside = [
        side
        for side in (samples[max(start - _BESIDE, 0) : start], samples[stop : stop + _BESIDE])
        if side.size > _LEAST_SAMPLES // 2
    ]
    if not beside:
        return True
    steps = [np.abs(np.diff(side.astype(np.float64))) for side in beside]
    if samples[start] != samples[stop - 1]:
        roughness = min(float(np.median(np.abs(np.diff(s)))) for s in steps)
        return roughness > _ROUGH * _tolerance(samples[start:stop], exact)
    # the side that repeats its values more says how coarse the digitizer is
    repeated = max(float(np.mean(s == 0.0)) for s in steps)
    if (stop - start) * (1.0 - repeated) < _EXPECTED_STEPS:
        return False
    return not _is_clipped(samples, start, stop, float(np.median(np.concatenate(steps))))


def _is_clipped(samples: NDArray[Any], start: int, stop: int, step: float) -> bool:
    """Say whether a run is the top of a wave: the largest or least value, reached smoothly."""
    value = float(samples[start])
    jumps = [abs(float(samples[k]) - value) for k in (start - 1, stop) if 0 <= k < samples.size]
    return max(jumps) <= _SMOOTH * step and value in (float(samples.min()), float(samples.max()))


def _tolerance(samples: NDArray[Any], exact: bool) -> float:
    """Return the largest second difference of a line: rounding to whole numbers makes 1."""
    return 1.0 if exact else _ROUNDING * float(np.max(np.abs(samples), initial=0.0))


def _are_straight(blocks: NDArray[Any], exact: bool) -> NDArray[np.bool_]:
    """Return which blocks are one value or one line."""
    ends = blocks[:, 0].astype(np.float64) + blocks[:, -1]
    bend = np.abs(blocks[:, blocks.shape[1] // 2] - 0.5 * ends)
    with np.errstate(invalid="ignore"):
        possible = bend <= (1.0 if exact else _ROUNDING * (1.0 + np.abs(ends)))
    straight = np.zeros(len(blocks), bool)
    at = np.flatnonzero(possible)
    second = np.abs(np.diff(blocks[at].astype(np.float64), 2, axis=1)).max(axis=1, initial=0.0)
    if exact:
        straight[at] = second <= 1.0
    else:
        straight[at] = second <= _ROUNDING * np.abs(blocks[at]).max(axis=1)
    return straight


def _runs(samples: NDArray[Any], first: int, last: int, exact: bool) -> list[tuple[int, int]]:
    """Return the runs in some straight blocks, as far as they go on beside them."""
    reach = max(last - first, _LEAST_SAMPLES)
    begin, end = max(first - reach, 0), min(last + reach, samples.size)
    data = samples[begin:end].astype(np.float64)
    steps = np.diff(data)
    same = steps == 0.0
    runs = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if b - a + 1 >= _LEAST_SAMPLES:
            runs.append((begin + int(a), begin + int(b) + 1))
    if runs:
        return runs
    bent = np.abs(np.diff(steps)) > _tolerance(data[first - begin : last - begin], exact)
    bends = np.flatnonzero(bent) + 1
    before, after = bends[bends <= first - begin], bends[bends >= last - begin - 1]
    start = int(before[-1]) if before.size else 0
    stop = int(after[0]) + 1 if after.size else data.size
    return [(begin + start, begin + stop)]
