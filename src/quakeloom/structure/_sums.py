"""From arrivals in a model to the normal equations of structure, sources projected out exactly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import ExactSums, no_sums, sum_rows
from quakeloom.structure._arrivals import Arrivals
from quakeloom.structure._grid import StructurePrior
from quakeloom.structure._sources import FittedSources, ModelTimes, SourcePrior

Floats = NDArray[np.float64]

_CHUNK_VALUES = 8_000_000
"""Numbers of derivatives by nodes in memory at once, 64 MB; chosen here."""

_ROWS_VALUES = 40_000_000
"""Numbers of derivatives by nodes and unknowns of a block of events, 320 MB; chosen here."""


@dataclass(frozen=True)
class StructurePoint:
    """The model that is linearized around.

    Attributes
    ----------
    prior : StructurePrior
    white : ndarray, (prior.size,)
        White coordinates of the model.
    terms : ndarray, (groups,)
        Delays of stations over their standard deviation, by :attr:`Arrivals.group`.
    """

    prior: StructurePrior
    white: Floats
    terms: Floats

    @property
    def size(self) -> int:
        """Number of all unknowns."""
        return self.white.size + self.terms.size

    @property
    def coordinates(self) -> Floats:
        """All unknowns."""
        return np.concatenate([self.white, self.terms])


def sum_events(
    point: StructurePoint,
    times: ModelTimes,
    arrivals: Arrivals,
    fitted: FittedSources,
    weight: Floats,
    sources: SourcePrior,
) -> ExactSums:
    """Sum the normal equations of all unknowns over events, whose sources are projected out.

    With the derivatives ``A`` of the times of an event by its source and ``B`` by structure, over
    the errors of the picks, ``Q`` spans what the columns of ``A`` do not (Pavlis & Booker 1980):
    ``X = Q' B`` and ``Q' (r + B u)`` are free of the source, which is exact marginalization over a
    flat prior. A Gaussian prior adds rows to ``A`` and nothing to ``B``: the same as the covariance
    ``E + A S A'``.

    Parameters
    ----------
    point : StructurePoint
        What the times were computed in.
    times : ModelTimes
    arrivals : Arrivals
    fitted : FittedSources
    weight : ndarray, (picks,)
        One over the variance of the picks; 0 where a pick is not used.
    sources : SourcePrior

    References
    ----------
    Pavlis, G. L. & Booker, J. R. (1980). The mixed discrete-continuous inverse problem:
    application to the simultaneous determination of earthquake hypocenters and velocity structure.
    J. Geophys. Res. 85, 4801-4810.
    """
    used = np.flatnonzero(weight > 0)
    total = no_sums(point.size)
    if not used.size:
        return total
    width = int(np.prod(point.prior.grid.shape)) + 2 * point.size
    most = max(_ROWS_VALUES // width, 1)
    event = arrivals.event[used]
    starts = np.flatnonzero(np.diff(event, prepend=-1))
    first = 0
    while first < starts.size:
        last = first + 1
        while last < starts.size and (starts[last] - starts[first]) <= most:
            last += 1
        stop = starts[last] if last < starts.size else used.size
        which = used[starts[first] : stop]
        total = total + _sum_block(point, times, arrivals, fitted, weight, sources, which)
        first = last
    return total


def _sum_block(
    point: StructurePoint,
    times: ModelTimes,
    arrivals: Arrivals,
    fitted: FittedSources,
    weight: Floats,
    sources: SourcePrior,
    which: NDArray[np.int64],
) -> ExactSums:
    """Sum over a block of events, with all their picks that are used."""
    picks = arrivals.subset(which)
    by_node = derivatives_by_node(point.prior, times, picks, fitted.source[:, :3])
    starts = [*np.flatnonzero(np.diff(picks.event, prepend=-1)), picks.event.size]
    rows, left, count = [], [], 0
    for first, last in itertools.pairwise(starts):
        own = slice(first, last)
        # event by event, so that others change nothing of its rows, to the last bit
        white = point.prior.by_white(
            by_node[own].reshape(-1, *point.prior.grid.shape), picks.is_s[own]
        )
        x, r, n = _project_event(
            point, picks.subset(np.arange(first, last)), white, fitted, which[own], weight, sources
        )
        rows.append(x)
        left.append(r)
        count += n
    return sum_rows(np.concatenate(rows), np.concatenate(left), count)


def _project_event(
    point: StructurePoint,
    picks: Arrivals,
    white: Floats,
    fitted: FittedSources,
    numbers: NDArray[np.int64],
    weight: Floats,
    sources: SourcePrior,
) -> tuple[Floats, Floats, int]:
    """Return the rows and residuals of an event without its source, and how many count."""
    n, event = picks.event.size, int(picks.event[0])
    terms = np.zeros((n, point.terms.size))
    terms[np.arange(n), picks.group] = point.prior.term_spread_s
    b = np.concatenate([white, terms], axis=1)
    root = np.sqrt(weight[numbers])[:, None]
    # residuals hold the delays of the model that is linearized around; so they are added back
    data = fitted.residual_s[numbers] + b @ point.coordinates
    a = root * np.column_stack([fitted.slope[numbers], np.ones(n)])
    prior = np.sqrt(sources.precision)
    bound = prior > 0
    stacked = np.concatenate([a, np.diag(prior)[bound]])
    away = (sources.place_km[event] - fitted.source[event, :3])[bound[:3]] * prior[:3][bound[:3]]
    q, r, _ = _full_qr(stacked)
    rank = int((np.abs(np.diag(r)) > 1e-10 * max(np.abs(r).max(), 1e-300)).sum())
    free = q[:, rank:]
    x = free[:n].T @ (root * b)
    d = free.T @ np.concatenate([(root[:, 0] * data), away])
    return x, d, free.shape[1]


def _full_qr(matrix: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    from scipy.linalg import qr

    return qr(matrix, mode="full", pivoting=True)  # type: ignore[no-any-return]


def derivatives_by_node(
    prior: StructurePrior, times: ModelTimes, picks: Arrivals, source_km: Floats
) -> Floats:
    """Return the derivatives of times by ln v of their own phase at the field's nodes.

    Exact derivatives of the solver's scheme, so no ray is traced twice and none is lost.

    Returns
    -------
    ndarray, (picks, field nodes)
    """
    grid = prior.grid
    out = np.zeros((picks.event.size, int(np.prod(grid.shape))))
    group = picks.group
    chunk = max(_CHUNK_VALUES // out.shape[1], 1)
    for number in np.unique(group):
        which = np.flatnonzero(group == number)
        # a copy, so that what derivatives need of a solution is not kept with it
        solution = replace(times.solve(int(number), keep=False))
        phase = int(number) // len(times.station_km)
        # d ln v of a node changes its slowness by -1/v
        change = grid.interpolation.multiply(-1.0 / times.velocities[phase].reshape(-1, 1))
        for first in range(0, which.size, chunk):
            some = which[first : first + chunk]
            out[some] = solution.sensitivities(source_km[picks.event[some], :3], change)
    return out
