"""Where a channel stood at its limit: runs of its largest or least value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_RUN = 4
"""Samples in a row at the limit: the crest of a wave has fewer that are equal (chosen here)."""

_RUNS = 2
"""Runs that there must be: one crest may be flat by chance (chosen here)."""

_EQUAL = 1e-5
"""Share of the span of values within which samples are equal: a wave of less than 500 samples a
period changes more within four samples at its crest (chosen here)."""

_FAR = 10.0
"""A limit is so many times farther from the middle than half of the samples (chosen here)."""


def find_clipped(samples: NDArray[Any]) -> list[tuple[int, int]]:
    """Return runs in which a channel stood at its limit.

    Runs of at least four samples that have the largest, or the least, of all values, of which there
    are two or more; the limit must lie ten times farther out than half of the samples do, so that
    coarse noise is none.

    Parameters
    ----------
    samples : ndarray, shape (n,)
        As recorded, before filters and resampling.

    Returns
    -------
    list of (int, int)
        Samples ``a ... b - 1``, in order.
    """
    data = np.asarray(samples)
    if data.size < 2 * _RUN:
        return []
    low, high = float(data.min()), float(data.max())
    if not np.isfinite(low + high) or low == high:
        return []
    found: list[tuple[int, int]] = []
    reach = _EQUAL * (high - low)
    for limit, at in ((low, data <= low + reach), (high, data >= high - reach)):
        if np.count_nonzero(at) < _RUN * _RUNS:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], at.astype(np.int8), [0]])))
        runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        runs = [(a, b) for a, b in runs if b - a >= _RUN]
        if len(runs) < _RUNS:
            continue
        thin = data[:: max(data.size // 20_000, 1)].astype(np.float64)
        middle = float(np.median(thin))
        if abs(limit - middle) > _FAR * float(np.median(np.abs(thin - middle))):
            found += runs
    return sorted(found)
