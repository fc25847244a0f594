"""Log-likelihoods of nodes in all members, the origin time integrated out."""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled
from quakeloom.location._interpolation import KERNEL, find_rows
from quakeloom.location._student_likelihoods import robust_time
from quakeloom.location._vector_likelihoods import vector_likelihoods

GAUSSIAN = 0
STUDENT_T = 1
EDT = 2
EDT_ORIGIN = 3

_SCATTER_FLOOR = math.log(1e-5)


@compiled(**KERNEL)
def _student_t(residual, variance, freedom, guess):
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
def _equal_differential(residual, variance, with_origin, guess):
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
            if x < 60.0:
                share += math.exp(-0.5 * x) / math.sqrt(v)
        total += share
        r = residual[a] - residual[0]
        weight += share
        moment += share * r
        square += share * r * r
        mean += variance[a]
    time, _ = robust_time(residual, variance, 4.0, guess)
    if total <= 0.0:
        return -1e300, time
    pairs = 0.5 * residual.size * (residual.size - 1.0)
    value = residual.size * math.log(total / pairs)
    if with_origin:
        scatter = square / weight - (moment / weight) ** 2
        value += max(-scatter * residual.size / mean, _SCATTER_FLOOR)
    return value, time


@compiled(**KERNEL)
def log_likelihoods(
    tables, nodes, station, group, level, time, variance, kind, freedom, out, origin
):
    """Fill the log-likelihood of every node and member, the origin time integrated out.

    Parameters
    ----------
    tables : tuple
        See :attr:`quakeloom.location.EnsembleTimes.arrays`.
    nodes : float64 array, shape (nodes, 3)
        Depth, north, east in km.
    station : float64 array, shape (picks, 3)
    group : int64 array, shape (picks, 2)
    level : float64 array, shape (picks,)
    time, variance : float64 array, shape (picks,)
        Arrival times in s after a reference and their variances.
    kind : int
        ``GAUSSIAN``, ``STUDENT_T``, ``EDT`` or ``EDT_ORIGIN``.
    freedom : float
        Degrees of freedom of Student's t.
    out : float64 array, shape (nodes, members)
        ``-inf`` where the tables do not reach a station.
    origin : float64 array, shape (nodes, members) or (0, 0)
        Origin times of most likelihood.
    """
    if kind in (GAUSSIAN, STUDENT_T):
        vector_likelihoods(
            tables, nodes, station, group, level, time, variance,
            freedom if kind == STUDENT_T else 0.0, out, origin,
        )  # fmt: skip
        return
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, _ = tables
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
            used = find_rows(
                radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
                nodes, node, station, group, level, p, index, weight,
            )  # fmt: skip
            if used == 0:
                reached = False
                break
            residual[p, :] = time[p]
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
        guess = np.nan
        for k in range(members):
            for p in range(picks):
                column[p] = residual[p, k]
            value, t0 = _equal_differential(column, variance, kind == EDT_ORIGIN, guess)
            guess = t0
            out[node, k] = value if value > -1e300 else -np.inf
            if keep:
                origin[node, k] = t0


@compiled(**KERNEL)
def likelihoods_of_times(predicted, time, variance, kind, freedom, out, origin):
    """Fill log-likelihood and origin time of predicted travel times, shape (nodes, picks)."""
    picks = time.size
    column = np.empty(picks)
    for node in range(predicted.shape[0]):
        for p in range(picks):
            column[p] = time[p] - predicted[node, p]
        if kind == GAUSSIAN:
            total = 0.0
            first = 0.0
            second = 0.0
            for p in range(picks):
                total += 1.0 / variance[p]
                first += column[p] / variance[p]
                second += column[p] * column[p] / variance[p]
            value = -0.5 * (second - first * first / total)
            t0 = first / total
        elif kind == STUDENT_T:
            value, t0 = _student_t(column, variance, freedom, np.nan)
        else:
            value, t0 = _equal_differential(column, variance, kind == EDT_ORIGIN, np.nan)
        out[node] = value if value > -1e300 else -np.inf
        origin[node] = t0
