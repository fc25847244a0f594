"""Random numbers by counting.

The n-th number of a key is a function of both and of nothing else, so an event draws the
same numbers in whatever chunk, order or process it is simulated. The function is two rounds
of the finalizer of SplitMix64 (Steele, Lea & Flood 2014, with Stafford's variant 13).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled


@compiled()
def mix(z):
    """Scramble a 64-bit number."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled()
def pair_key(a, b):
    """Key of a pair of keys, in this order."""
    return mix(mix(a + np.uint64(0x9E3779B97F4A7C15)) ^ b)


@compiled()
def uniform(key, n):
    """The n-th number of a key, in (0, 1)."""
    z = mix(key + np.uint64(n + 1) * np.uint64(0x9E3779B97F4A7C15))
    return (float(mix(z ^ key) >> np.uint64(12)) + 0.5) * 2.0**-52


@compiled()
def normal(key, n):
    """The n-th normal deviate of a key (uses numbers 2n and 2n + 1)."""
    return math.sqrt(-2.0 * math.log(uniform(key, 2 * n))) * math.cos(
        2.0 * math.pi * uniform(key, 2 * n + 1)
    )


@compiled()
def uniform_rows(keys, first, count):
    """Numbers ``first`` to ``first + count - 1`` of every key, shape (keys, count)."""
    out = np.empty((keys.size, count))
    for i in range(keys.size):
        for j in range(count):
            out[i, j] = uniform(keys[i], first + j)
    return out


def normal_rows(keys: NDArray[np.uint64], first: int, count: int) -> NDArray[np.float64]:
    """Normal deviates from the numbers ``first`` to ``first + 2 count - 1`` of every key."""
    u = uniform_rows(keys, first, 2 * count)
    return np.sqrt(-2.0 * np.log(u[:, ::2])) * np.cos(2.0 * np.pi * u[:, 1::2])
