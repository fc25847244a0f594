"""Log-likelihoods of nodes in all members, the origin time integrated out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from quakeloom.core import compiled
from quakeloom.location._interpolation import (
    KERNEL,
    Arrivals,
    Floats,
    Receivers,
    TimeTables,
    find_rows,
)
from quakeloom.location._student_likelihoods import robust_time
from quakeloom.location._vector_likelihoods import vector_likelihoods

GAUSSIAN = 0
STUDENT_T = 1
EDT = 2
EDT_ORIGIN = 3
"""Numbers of the likelihoods in compiled loops, see :class:`LocationOptions`."""

_SCATTER_FLOOR = math.log(1e-5)
"""Least logarithm of the factor by which scattered origin times lower a likelihood. Chosen here,
so that one wrong pick does not rule a node out that equal differential times would keep."""

_VANISHING = -1e300
"""A likelihood of no pair of picks that agree; above it logarithms are those of numbers."""

_FAR = 60.0
"""Squared misfit of a pair of picks over its variance from which its share is nothing: e^-30 of
a pair that agrees."""

_EDT_FREEDOM = 4.0
"""Degrees of freedom of Student's t that the origin time of equal differential times is found
with; chosen here as the default of ``freedom``."""


class ErrorModel(NamedTuple):
    """How arrival times err.

    Attributes
    ----------
    kind : int
        ``GAUSSIAN``, ``STUDENT_T``, ``EDT`` or ``EDT_ORIGIN``.
    freedom : float
        Degrees of freedom of Student's t.
    """

    kind: int
    freedom: float


@compiled(**KERNEL)
def _student_t(
    residual: Floats, variance: Floats, freedom: float, guess: float
) -> tuple[float, float]:
    """Log-likelihood under Student's t with the origin time integrated out, and that time."""
    time, total = robust_time(residual, variance, freedom, guess)
    product = 1.0
    log = 0.0
    for p in range(residual.size):
        d = residual[p] - time
        product *= 1.0 + d * d / (freedom * variance[p])
        if product > 1e200:
            log += math.log(product)
            product = 1.0
    log += math.log(product)
    return -0.5 * (freedom + 1.0) * log - 0.5 * math.log(total), time


@compiled(**KERNEL)
def _equal_differential(
    residual: Floats, variance: Floats, with_origin: bool, guess: float
) -> tuple[float, float]:
    """Equal differential times; optionally with the scatter of the origin times they tell."""
    total = 0.0
    weight = 0.0
    moment = 0.0
    square = 0.0
    mean = 0.0
    for a in range(residual.size):
        share = 0.0
        for b in range(a + 1, residual.size):
            v = variance[a] + variance[b]
            d = residual[a] - residual[b]
            x = d * d / v
            if x < _FAR:
                share += math.exp(-0.5 * x) / math.sqrt(v)
        total += share
        r = residual[a] - residual[0]
        weight += share
        moment += share * r
        square += share * r * r
        mean += variance[a]
    time, _ = robust_time(residual, variance, _EDT_FREEDOM, guess)
    if total <= 0.0:
        return _VANISHING, time
    pairs = 0.5 * residual.size * (residual.size - 1.0)
    value = residual.size * math.log(total / pairs)
    if with_origin:
        scatter = square / weight - (moment / weight) ** 2
        value += max(-scatter * residual.size / mean, _SCATTER_FLOOR)
    return value, time


@compiled(**KERNEL)
def log_likelihoods(
    tables: TimeTables,
    nodes: Floats,
    receivers: Receivers,
    arrivals: Arrivals,
    variance: Floats,
    errors: ErrorModel,
    out: Floats,
    origin: Floats,
) -> None:
    """Fill the log-likelihood of every node and member, the origin time integrated out.

    Parameters
    ----------
    tables : TimeTables
        See :attr:`quakeloom.location.EnsembleTimes.arrays`.
    nodes : float64 array, shape (nodes, 3)
        Depth, north, east in km.
    receivers : Receivers
    arrivals : Arrivals
    variance : float64 array, shape (picks,)
        Of the arrival times.
    errors : ErrorModel
    out : float64 array, shape (nodes, members)
        ``-inf`` where the tables do not reach a station.
    origin : float64 array, shape (nodes, members) or (0, 0)
        Origin times of most likelihood.
    """
    if errors.kind in (GAUSSIAN, STUDENT_T):
        freedom = errors.freedom if errors.kind == STUDENT_T else 0.0
        vector_likelihoods(tables, nodes, receivers, arrivals, variance, freedom, out, origin)
        return
    time, delay = arrivals
    values = tables.rows
    members = values.shape[1]
    picks = time.size
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    residual = np.empty((picks, members))
    column = np.empty(picks)
    keep = origin.shape[0] > 0
    for node in range(nodes.shape[0]):
        reached = True
        for p in range(picks):
            used = find_rows(tables, nodes, node, receivers, p, index, weight)
            if used == 0:
                reached = False
                break
            residual[p, :] = time[p] - delay[p]
            for c in range(used):
                w = weight[c]
                row = values[index[c]]
                for k in range(members):
                    residual[p, k] -= w * row[k]
        if not reached:
            out[node, :] = -np.inf
            if keep:
                origin[node, :] = 0.0
            continue
        # Members differ little, so each starts from the origin time of the one before.
        guess = np.nan
        for k in range(members):
            for p in range(picks):
                column[p] = residual[p, k]
            value, t0 = _equal_differential(column, variance, errors.kind == EDT_ORIGIN, guess)
            guess = t0
            out[node, k] = value if value > _VANISHING else -np.inf
            if keep:
                origin[node, k] = t0


@compiled(**KERNEL)
def likelihoods_of_times(
    predicted: Floats,
    time: Floats,
    variance: Floats,
    errors: ErrorModel,
    out: Floats,
    origin: Floats,
) -> None:
    """Fill log-likelihood and origin time of predicted travel times, shape (nodes, picks)."""
    picks = time.size
    column = np.empty(picks)
    for node in range(predicted.shape[0]):
        for p in range(picks):
            column[p] = time[p] - predicted[node, p]
        if errors.kind == GAUSSIAN:
            total = 0.0
            first = 0.0
            second = 0.0
            for p in range(picks):
                total += 1.0 / variance[p]
                first += column[p] / variance[p]
                second += column[p] * column[p] / variance[p]
            value = -0.5 * (second - first * first / total)
            t0 = first / total
        elif errors.kind == STUDENT_T:
            value, t0 = _student_t(column, variance, errors.freedom, np.nan)
        else:
            value, t0 = _equal_differential(column, variance, errors.kind == EDT_ORIGIN, np.nan)
        out[node] = value if value > _VANISHING else -np.inf
        origin[node] = t0
