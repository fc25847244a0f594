"""Responses of paths, noise, and onsets, in compiled code."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.simulate._counted_random import pair_key, uniform
from quakeloom.simulate._scatter_kernels import UNIFORM_ROOT

Floats = NDArray[np.float64]


@compiled(nogil=True)
def path_response(
    frequency: Floats,
    corner: Floats,
    falloff: Floats,
    t_star: Floats,
    order: Floats,
    layer_time: Floats,
    reflection: Floats,
) -> NDArray[np.complex128]:
    """Ground velocity of an impulse of moment: source, attenuation, topmost layer.

    Returns complex responses, shape (records, frequencies).
    """
    out = np.empty((corner.size, frequency.size), np.complex128)
    for r in range(corner.size):
        # the loss of exp(-pi f t*) at 10 Hz, shared by so many relaxations
        relaxation = math.sqrt(math.expm1(20.0 * math.pi * t_star[r] / order[r])) / (20.0 * math.pi)
        for k in range(frequency.size):
            # The falloff is a fractional power, so size and phase are summed as logarithm and
            # angle; a product of complex poles would cost a complex power per frequency.
            omega = 2.0 * math.pi * frequency[k]
            x, y = frequency[k] / corner[r], omega * relaxation
            size = math.exp(-0.5 * (falloff[r] * math.log1p(x * x) + order[r] * math.log1p(y * y)))
            phase = 0.5 * math.pi - falloff[r] * math.atan(x) - order[r] * math.atan(y)
            turn = 2.0 * omega * layer_time[r]
            layer = 1.0 - reflection[r] * complex(math.cos(turn), -math.sin(turn))
            out[r, k] = omega * size * complex(math.cos(phase), math.sin(phase)) / layer
    return out


@compiled(nogil=True)
def fill_uniform_noise(keys: NDArray[np.uint64], out: Floats) -> None:
    """White noise of variance 1, shape (records, 3, samples), by key."""
    # Uniform numbers cost less than normal ones, and the filter that follows sums many of them.
    for r in range(keys.size):
        for component in range(out.shape[1]):
            stream = pair_key(keys[r], np.uint64(31 + component))
            for i in range(out.shape[2]):
                out[r, component, i] = UNIFORM_ROOT * (uniform(stream, i) - 0.5)


@compiled(nogil=True)
def visible_onset(
    trace: Floats, start: float, floor: float, share: float, span: int, early: int
) -> float:
    """First sample (with fraction) where a wave can be seen, after it could begin.

    That is where ``|trace|`` passes ``share`` of its peak within ``span`` samples, or
    ``floor`` if that is more, but not more than half the peak. NaN if it never does.
    """
    first = max(int(start) - early, 1)
    stop = min(int(start) + span, trace.shape[0])
    peak = 0.0
    for i in range(first, stop):
        peak = max(peak, abs(trace[i]))
    level = min(max(share * peak, floor), 0.5 * peak)
    if level <= 0.0:
        return np.nan
    # The search begins ``early`` samples before: interpolated impulses and linear-phase filters
    # move before the arrival.
    for i in range(first, stop):
        here = abs(trace[i])
        if here >= level:
            before = abs(trace[i - 1])
            if here > before:
                share_between: float = (level - before) / (here - before)
                return i - 1 + max(0.0, min(1.0, share_between))
            return float(i)
    return np.nan


@compiled(nogil=True)
def peak_within(trace: Floats, start: float, span: int) -> float:
    """Largest ``|trace|`` of so many samples from a start on; 0 outside the trace."""
    peak: float = 0.0
    for i in range(max(int(start), 0), min(int(start) + span, trace.shape[0])):
        peak = max(peak, abs(trace[i]))
    return peak
