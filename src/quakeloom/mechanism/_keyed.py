"""Random numbers that belong to a key, for use inside compiled loops.

A stream starts at a mixture of keys (event, station, purpose) and steps through splitmix64
(Steele et al. 2014), which passes the usual statistical tests for any start. The numbers of
an event or station do not depend on what else is in the block or in which order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

_STEP = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
"""Step and multipliers of splitmix64 (Steele et al. 2014)."""

_TO_UNIT = 2.0**-53
"""From the upper 53 bits of a word, all that a double holds, to the unit interval."""


@compiled(nogil=True)
def mix(word: np.uint64) -> np.uint64:
    """Scramble 64 bits (the finalizer of splitmix64)."""
    z = np.uint64(word)
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))


@compiled(nogil=True)
def stream_start(first_key: np.uint64, second_key: np.uint64, purpose: int) -> np.uint64:
    """Start of the stream of two keys and a purpose (a small number)."""
    first: np.uint64 = mix(np.uint64(first_key) + _STEP)
    both: np.uint64 = mix(first ^ np.uint64(second_key))
    start: np.uint64 = mix(both + np.uint64(purpose) * _STEP)
    return start


@compiled(nogil=True)
def uniform(start: np.uint64, counter: int) -> float:
    """Number ``counter`` of a stream, in (0, 1)."""
    word = mix(start + np.uint64(counter) * _STEP)
    return (np.float64(word >> np.uint64(11)) + 0.5) * _TO_UNIT


@compiled(nogil=True)
def normal_quantile(p: float) -> float:
    """Standard normal quantile (Wichura 1988, AS241 PPND7; error below 1e-6)."""
    q = p - 0.5
    r: float
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return (
            q
            * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
            / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
        )
    r = np.sqrt(-np.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        value = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) / (
            (0.12021132975 * r + 0.73700164250) * r + 1.0
        )
    else:
        r -= 5.0
        value = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) / (
            (0.012258202635 * r + 0.24197894225) * r + 1.0
        )
    return -value if q < 0.0 else value


@compiled(nogil=True)
def normal_draws(start: np.uint64, count: int, stratified: bool, out: NDArray[np.float64]) -> None:
    """Fill ``out[:count]`` with standard normal numbers of a stream.

    Stratified: one number from each of ``count`` slices of equal probability, in random
    order, so that the sample's distribution is right at any count.
    """
    if not stratified:
        for i in range(count):
            out[i] = normal_quantile(uniform(start, i))
        return
    for i in range(count):
        out[i] = i
    for i in range(count - 1, 0, -1):
        j = min(int(uniform(start, i) * (i + 1)), i)
        out[i], out[j] = out[j], out[i]
    for i in range(count):
        out[i] = normal_quantile((out[i] + uniform(start, count + i)) / count)
