"""A generator that gives the same numbers in every language, for checks against other programs."""

from __future__ import annotations

import numpy as np


def lcg_normal(count: int, state: int = 314159) -> np.ndarray:
    """Sums of twelve uniform numbers of the generator that HASH draws from, less 6."""
    found = np.empty(count)
    for i in range(count):
        total = 0.0
        for _ in range(12):
            state = (2311 * state + 25367) % 120050
            total += state / 120050
        found[i] = total - 6.0
    return found
