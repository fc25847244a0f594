"""Readings that did not rise above their noise: they say that an event was not larger."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.spectra._event_fit import CornerGrid, corner_nodes
from quakeloom.spectra._models import SHAPES, log_shape
from quakeloom.spectra._multitaper import frequency_bins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODES = 12
"""Nodes of Gauss and Hermite over ln moment at a corner (chosen here: shares to 1e-4)."""

_DIP = 0.25
"""By how much the lowest of some bins in a row lies below the level of its spectrum, ln amplitude:
that much more is needed for all of them to count (chosen here, by simulated records)."""

_FLOOR = 1e-6
"""Smallest probability that a reading stays in its noise: a pick may be wrong (chosen here)."""


@dataclass(frozen=True)
class QuietReadings:
    """Readings without a usable spectrum whose noise is known, in the order of their events.

    Attributes
    ----------
    offsets : ndarray, shape (events + 1,)
    log_limit : ndarray, shape (readings, bins)
        ln of the moment spectrum (N m) from which on a bin would have counted; infinite where
        none can.
    attenuation_s, term, term_variance : ndarray, shape (readings,)
        As those of :class:`Readings`.
    least_bins : int
        Bins in a row that a spectrum needs to be used.
    """

    offsets: Ints
    log_limit: Floats
    attenuation_s: Floats
    term: Floats
    term_variance: Floats
    least_bins: int


def heed_quiet(grid: CornerGrid, quiet: QuietReadings, shapes: tuple[str, ...]) -> CornerGrid:
    """Return what is known of events when readings that stayed in their noise are heeded as well.

    Stations that rise above the noise by chance are the ones that are measured: without the others
    small events come out too large, by 0.1 in Mw at four stations. At a corner a quiet reading
    has the probability that its level lies below the one that it needed.

    Parameters
    ----------
    grid : CornerGrid
    quiet : QuietReadings
    shapes : tuple of str
        As the grid was made with.

    References
    ----------
    Tobin, J. (1958), Econometrica 26, 24-36.
    """
    if not quiet.log_limit.shape[0]:
        return grid
    f = frequency_bins().center_hz
    names = [name for name, _, _ in SHAPES]
    table = np.ascontiguousarray(
        np.stack([log_shape(f, corner_nodes()[:, None], names.index(n)) for n in shapes])
    )
    x, w = np.polynomial.hermite_e.hermegauss(_NODES)
    found = [np.array(v) for v in (grid.log_weight, grid.mean, grid.variance)]
    priors = np.column_stack([quiet.attenuation_s, quiet.term, quiet.term_variance])
    _heed(
        (found[0], found[1], found[2], grid.scatter), quiet.offsets, quiet.log_limit, priors,
        (table, -np.pi * f), (x, w / w.sum()), quiet.least_bins,
    )  # fmt: skip
    return replace(grid, log_weight=found[0], mean=found[1], variance=found[2])


@compiled(nogil=True, error_model="numpy")
def _needed_level(limit: Floats, shape: Floats, slope: Floats, t: float, least: int) -> float:
    """Return ln moment from which on ``least`` bins in a row lie above their limits."""
    bins = limit.size
    best = np.inf
    for a in range(bins - least + 1):
        most = -np.inf
        for k in range(a, a + least):
            most = max(most, limit[k] - shape[k] - slope[k] * t)
            if most >= best:
                break
        best = min(best, most)
    return best


@compiled(nogil=True, error_model="numpy")
def _heed(
    grid: tuple[Floats, Floats, Floats, Floats], offsets: Ints, limits: Floats, priors: Floats,
    tables: tuple[Floats, Floats], nodes: tuple[Floats, Floats], least: int,
) -> None:  # fmt: skip
    """Change ln weights, means and variances by what quiet readings say."""
    weight, mean, variance, scatter = grid
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b == a:
            continue
        level = np.empty(b - a)
        for m in range(weight.shape[1]):
            for c in range(weight.shape[2]):
                if weight[i, m, c] == -np.inf:
                    continue
                for j in range(a, b):
                    level[j - a] = (
                        _needed_level(limits[j], tables[0][m, c], tables[1], priors[j, 0], least)
                        + _DIP
                        - priors[j, 1]
                    )
                sd = np.sqrt(variance[i, m, c])
                total, first, second = 0.0, 0.0, 0.0
                for k in range(nodes[0].size):
                    mu = mean[i, m, c] + sd * nodes[0][k]
                    share = nodes[1][k]
                    for j in range(a, b):
                        width = np.sqrt(2.0 * (scatter[i, m, c] ** 2 + priors[j, 2]))
                        z = (level[j - a] - mu) / width
                        share *= max(0.5 * math.erfc(-z), _FLOOR)
                    total += share
                    first += share * mu
                    second += share * mu * mu
                if total > 0.0:
                    weight[i, m, c] += np.log(total)
                    first /= total
                    mean[i, m, c] = first
                    variance[i, m, c] = max(second / total - first * first, 1e-8)
