"""Random numbers by counting.

The n-th number of a key is a function of both and of nothing else, so an event draws the
same numbers in whatever chunk, order or process it is simulated. The function is two rounds
of the finalizer of SplitMix64 (Steele, Lea & Flood 2014, with Stafford's variant 13).

Compiled code needs every operand to be ``uint64``: numba turns the sum of ``uint64`` and a
signed number into a float, which would drop the low bits of a key.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Keys = NDArray[np.uint64]


@compiled()
def mix(z: np.uint64) -> np.uint64:
    """Scramble a 64-bit number."""
    # Products wrap around at 2^64: numba's, unlike Python's, do so without a word.
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled()
def pair_key(a: np.uint64, b: np.uint64) -> np.uint64:
    """Key of a pair of keys, in this order."""
    # One of the two is scrambled first, so that (a, b) and (b, a) have nothing in common. The
    # constant added, 2^64 over the golden ratio, keeps a key of 0 from staying 0.
    key: np.uint64 = mix(mix(a + np.uint64(0x9E3779B97F4A7C15)) ^ b)
    return key


@compiled()
def uniform(key: np.uint64, n: int) -> float:
    """The n-th number of a key, in (0, 1)."""
    # Keys are scrambled in between, or key k at n + 1 would repeat a key that is one constant
    # further at n. 52 bits and the half keep both 0 and 1 out, so that logarithms are finite.
    z = mix(key + np.uint64(n + 1) * np.uint64(0x9E3779B97F4A7C15))
    return (float(mix(z ^ key) >> np.uint64(12)) + 0.5) * 2.0**-52


@compiled()
def normal(key: np.uint64, n: int) -> float:
    """The n-th normal deviate of a key (uses numbers 2n and 2n + 1)."""
    # Box-Muller throws its second deviate away, so that deviate n needs no state of n - 1.
    return math.sqrt(-2.0 * math.log(uniform(key, 2 * n))) * math.cos(
        2.0 * math.pi * uniform(key, 2 * n + 1)
    )


@compiled()
def uniform_rows(keys: Keys, first: int, count: int) -> NDArray[np.float64]:
    """Numbers ``first`` to ``first + count - 1`` of every key, shape (keys, count)."""
    out = np.empty((keys.size, count))
    for i in range(keys.size):
        for j in range(count):
            out[i, j] = uniform(keys[i], first + j)
    return out


def normal_rows(keys: Keys, first: int, count: int) -> NDArray[np.float64]:
    """Normal deviates from the numbers ``first`` to ``first + 2 count - 1`` of every key."""
    # NumPy's logarithm and cosine may differ from those of :func:`normal` in the last place; the
    # two are never used for one deviate.
    u: NDArray[np.float64] = uniform_rows(keys, first, 2 * count)
    return np.asarray(np.sqrt(-2.0 * np.log(u[:, ::2])) * np.cos(2.0 * np.pi * u[:, 1::2]))


class Draws:
    """Columns of uniform numbers, taken one after the other.

    What is drawn next depends on what was drawn before: an added quantity belongs at the end, so
    that the others stay as they were.
    """

    def __init__(self, columns: NDArray[np.float64]) -> None:
        self.columns = columns
        self.next = 0

    def uniform(self) -> NDArray[np.float64]:
        """Return the next column, in (0, 1)."""
        column: NDArray[np.float64] = self.columns[:, self.next]
        self.next += 1
        return column

    def uniform_in(self, low: float, high: float) -> NDArray[np.float64]:
        """Return the next column in a range."""
        values: NDArray[np.float64] = low + (high - low) * self.uniform()
        return values

    def log_uniform(self, low: float, high: float) -> NDArray[np.float64]:
        """Return the next column in a range, with a uniform logarithm."""
        values: NDArray[np.float64] = low * (high / low) ** self.uniform()
        return values
