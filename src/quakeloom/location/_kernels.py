"""Travel times of all members at once, and the log-likelihoods they give.

The members of an ensemble lie side by side in memory. Where a node lies among the points of the
tables is found once for every pick; the loop over members is then a weighted sum of rows, which
the compiler turns into vector instructions. This makes an ensemble of a hundred models hardly
slower than a few.
"""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled

GAUSSIAN = 0
STUDENT_T = 1
EDT = 2
EDT_ORIGIN = 3

_KERNEL = {"error_model": "numpy", "nogil": True}
_STEPS = 8
_SCATTER_FLOOR = math.log(1e-5)


@compiled(**_KERNEL)
def _cell(grid, bins, scale, value):
    """Number of the cell of a grid that holds a value; bins are as fine as the finest cell."""
    i = bins[int((value - grid[0]) * scale)]
    while i > 0 and value < grid[i]:
        i -= 1
    while i < grid.size - 2 and value >= grid[i + 1]:
        i += 1
    return i


@compiled(**_KERNEL)
def _corners_radial(
    z_grid, z_bins, z_scale, x_grid, x_bins, x_scale, z, distance, length, lower, upper, level,
    index, weight,
):  # fmt: skip
    """Rows and weights of a point of tables in depth and distance; 0 if it is outside."""
    if not (z_grid[0] <= z <= z_grid[-1] and distance <= x_grid[-1]):
        return 0
    i = _cell(z_grid, z_bins, z_scale, z)
    j = _cell(x_grid, x_bins, x_scale, distance)
    fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
    fx = (distance - x_grid[j]) / (x_grid[j + 1] - x_grid[j])
    row = i * x_grid.size + j
    used = 0
    for side in range(2):
        share = length * (level if side == 1 else 1.0 - level)
        if share == 0.0:
            continue
        start = (upper if side == 1 else lower) * z_grid.size * x_grid.size + row
        index[used] = start
        index[used + 1] = start + 1
        index[used + 2] = start + x_grid.size
        index[used + 3] = start + x_grid.size + 1
        weight[used] = (1.0 - fz) * (1.0 - fx) * share
        weight[used + 1] = (1.0 - fz) * fx * share
        weight[used + 2] = fz * (1.0 - fx) * share
        weight[used + 3] = fz * fx * share
        used += 4
    return used


@compiled(**_KERNEL)
def _corners_volume(
    z_grid, z_bins, z_scale, n_grid, n_bins, n_scale, e_grid, e_bins, e_scale, z, north, east,
    length, group, index, weight,
):  # fmt: skip
    """Rows and weights of a point of tables in depth, north and east; 0 if it is outside."""
    inside = z_grid[0] <= z <= z_grid[-1] and n_grid[0] <= north <= n_grid[-1]
    if not (inside and (e_grid.size == 1 or e_grid[0] <= east <= e_grid[-1])):
        return 0
    i = _cell(z_grid, z_bins, z_scale, z)
    j = _cell(n_grid, n_bins, n_scale, north)
    fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
    fn = (north - n_grid[j]) / (n_grid[j + 1] - n_grid[j])
    k = 0
    fe = 0.0
    sides = 1
    if e_grid.size > 1:
        k = _cell(e_grid, e_bins, e_scale, east)
        fe = (east - e_grid[k]) / (e_grid[k + 1] - e_grid[k])
        sides = 2
    used = 0
    for a in range(2):
        for b in range(2):
            for c in range(sides):
                row = ((group * z_grid.size + i + a) * n_grid.size + j + b) * e_grid.size + k + c
                index[used] = row
                weight[used] = (
                    (fz if a else 1.0 - fz) * (fn if b else 1.0 - fn) * (fe if c else 1.0 - fe)
                ) * length
                used += 1
    return used


@compiled(**_KERNEL)
def _predict(
    radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, nodes, node,
    station, group, level, p, index, weight,
):  # fmt: skip
    """Rows and weights of one node for one pick; 0 if the tables do not reach it."""
    depth = nodes[node, 0]
    north = nodes[node, 1]
    east = nodes[node, 2]
    dz = depth - station[p, 0]
    dn = north - station[p, 1]
    de = east - station[p, 2]
    length = 1.0
    if scaled:
        length = math.sqrt(dz * dz + dn * dn + de * de)
    if radial:
        distance = math.sqrt(dn * dn + de * de)
        return _corners_radial(
            z, z_bins, z_scale, n, n_bins, n_scale, depth, distance, length, group[p, 0],
            group[p, 1], level[p], index, weight,
        )  # fmt: skip
    return _corners_volume(
        z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, depth, north, east,
        length, group[p, 0], index, weight,
    )  # fmt: skip


@compiled(**_KERNEL)
def _robust_time(residual, variance, freedom, time):
    """Origin time of most likelihood under Student's t, with the sum of its weights.

    From a first guess, such as that of another member, else from the median.
    """
    if time != time:
        ordered = np.sort(residual)
        time = 0.5 * (ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2])
    total = 1.0
    for _ in range(_STEPS):
        total = 0.0
        moment = 0.0
        for p in range(residual.size):
            d = residual[p] - time
            w = (freedom + 1.0) / (freedom * variance[p] + d * d)
            total += w
            moment += w * d
        step = moment / total
        time += step
        if step * step * total < 1e-4:
            break
    return time, total


@compiled(**_KERNEL)
def _student_t(residual, variance, freedom, guess):
    time, total = _robust_time(residual, variance, freedom, guess)
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


@compiled(**_KERNEL)
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
    time, _ = _robust_time(residual, variance, 4.0, guess)
    if total <= 0.0:
        return -1e300, time
    pairs = 0.5 * residual.size * (residual.size - 1.0)
    value = residual.size * math.log(total / pairs)
    if with_origin:
        scatter = square / weight - (moment / weight) ** 2
        value += max(-scatter * residual.size / mean, _SCATTER_FLOOR)
    return value, time


@compiled(**_KERNEL)
def _gaussian_radial(
    values, z_grid, z_bins, z_scale, x_grid, x_bins, x_scale, x_inverse, nodes, station, group,
    level, time, variance, out, origin,
):  # fmt: skip
    """Gaussian log-likelihoods in one-dimensional models: the loop that most time is spent in."""
    members = values.shape[1]
    picks = time.size
    depths = z_grid.size
    distances = x_grid.size
    farthest = x_grid[distances - 1]
    first = np.empty(members)
    second = np.empty(members)
    keep = origin.shape[0] > 0
    total = 0.0
    for p in range(picks):
        total += 1.0 / variance[p]
    for node in range(nodes.shape[0]):
        depth = nodes[node, 0]
        reached = z_grid[0] <= depth <= z_grid[depths - 1]
        i = 0
        fz = 0.0
        if reached:
            i = _cell(z_grid, z_bins, z_scale, depth)
            fz = (depth - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
        for k in range(members):
            first[k] = 0.0
            second[k] = 0.0
        p = 0
        while reached and p < picks:
            dz = depth - station[p, 0]
            dn = nodes[node, 1] - station[p, 1]
            de = nodes[node, 2] - station[p, 2]
            square = dn * dn + de * de
            x = math.sqrt(square)
            if x > farthest:
                reached = False
                break
            length = math.sqrt(square + dz * dz)
            j = x_bins[int((x - x_grid[0]) * x_scale)]
            while j > 0 and x < x_grid[j]:
                j -= 1
            while j < distances - 2 and x >= x_grid[j + 1]:
                j += 1
            fx = (x - x_grid[j]) * x_inverse[j]
            w = 1.0 / variance[p]
            t = time[p]
            above = length * (1.0 - fz)
            below = length * fz
            w0 = above * (1.0 - fx)
            w1 = above * fx
            w2 = below * (1.0 - fx)
            w3 = below * fx
            share = level[p]
            a = (group[p, 0] * depths + i) * distances + j
            b = a + distances
            if share == 0.0:
                for k in range(members):
                    r = t - (
                        w0 * values[a, k]
                        + w1 * values[a + 1, k]
                        + w2 * values[b, k]
                        + w3 * values[b + 1, k]
                    )
                    first[k] += w * r
                    second[k] += w * r * r
            else:
                c = (group[p, 1] * depths + i) * distances + j
                d = c + distances
                rest = 1.0 - share
                for k in range(members):
                    r = (
                        t
                        - rest
                        * (
                            w0 * values[a, k]
                            + w1 * values[a + 1, k]
                            + w2 * values[b, k]
                            + w3 * values[b + 1, k]
                        )
                        - share
                        * (
                            w0 * values[c, k]
                            + w1 * values[c + 1, k]
                            + w2 * values[d, k]
                            + w3 * values[d + 1, k]
                        )
                    )
                    first[k] += w * r
                    second[k] += w * r * r
            p += 1
        if not reached:
            out[node, :] = -np.inf
            if keep:
                origin[node, :] = 0.0
            continue
        for k in range(members):
            value = -0.5 * (second[k] - first[k] * first[k] / total)
            out[node, k] = value if value > -1e300 else -np.inf
        if keep:
            for k in range(members):
                origin[node, k] = first[k] / total


@compiled(**_KERNEL)
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
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, _ = tables
    if kind == GAUSSIAN and radial and scaled:
        _gaussian_radial(
            values, z, z_bins, z_scale, n, n_bins, n_scale, tables[12], nodes, station, group,
            level, time, variance, out, origin,
        )  # fmt: skip
        return
    members = values.shape[1]
    picks = time.size
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    first = np.empty(members)
    second = np.empty(members)
    travel = np.empty(members)
    residual = np.empty((1 if kind == GAUSSIAN else picks, members))
    column = np.empty(picks)
    keep = origin.shape[0] > 0
    for node in range(nodes.shape[0]):
        reached = True
        if kind == GAUSSIAN:
            first[:] = 0.0
            second[:] = 0.0
        total = 0.0
        for p in range(picks):
            used = _predict(
                radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
                nodes, node, station, group, level, p, index, weight,
            )  # fmt: skip
            if used == 0:
                reached = False
                break
            if used == 4:
                i0, i1, i2, i3 = index[0], index[1], index[2], index[3]
                w0, w1, w2, w3 = weight[0], weight[1], weight[2], weight[3]
                for k in range(members):
                    travel[k] = (
                        w0 * values[i0, k]
                        + w1 * values[i1, k]
                        + w2 * values[i2, k]
                        + w3 * values[i3, k]
                    )
            else:
                travel[:] = 0.0
                for c in range(0, used, 4):
                    i0, i1, i2, i3 = index[c], index[c + 1], index[c + 2], index[c + 3]
                    w0, w1, w2, w3 = weight[c], weight[c + 1], weight[c + 2], weight[c + 3]
                    for k in range(members):
                        travel[k] += (
                            w0 * values[i0, k]
                            + w1 * values[i1, k]
                            + w2 * values[i2, k]
                            + w3 * values[i3, k]
                        )
            t = time[p]
            if kind == GAUSSIAN:
                w = 1.0 / variance[p]
                total += w
                for k in range(members):
                    r = t - travel[k]
                    first[k] += w * r
                    second[k] += w * r * r
            else:
                for k in range(members):
                    residual[p, k] = t - travel[k]
        if not reached:
            out[node, :] = -np.inf
            if keep:
                origin[node, :] = 0.0
            continue
        if kind == GAUSSIAN:
            for k in range(members):
                value = -0.5 * (second[k] - first[k] * first[k] / total)
                out[node, k] = value if value > -1e300 else -np.inf
            if keep:
                for k in range(members):
                    origin[node, k] = first[k] / total
        else:
            guess = np.nan
            for k in range(members):
                for p in range(picks):
                    column[p] = residual[p, k]
                if kind == STUDENT_T:
                    value, t0 = _student_t(column, variance, freedom, guess)
                else:
                    value, t0 = _equal_differential(column, variance, kind == EDT_ORIGIN, guess)
                guess = t0
                out[node, k] = value if value > -1e300 else -np.inf
                if keep:
                    origin[node, k] = t0


@compiled(**_KERNEL)
def member_times(tables, nodes, member, station, group, level, out):
    """Fill the travel times of nodes, each in one member, to every pick; NaN where there is none.

    Parameters
    ----------
    member : int64 array, shape (nodes,)
        -1 takes the mean of all members.
    out : float64 array, shape (nodes, picks)
    """
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, _ = tables
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    for node in range(nodes.shape[0]):
        for p in range(station.shape[0]):
            used = _predict(
                radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
                nodes, node, station, group, level, p, index, weight,
            )  # fmt: skip
            t = 0.0
            for c in range(used):
                if member[node] >= 0:
                    t += weight[c] * values[index[c], member[node]]
                else:
                    t += weight[c] * np.mean(values[index[c]])
            out[node, p] = t if used else np.nan


@compiled(**_KERNEL)
def all_times(tables, nodes, station, group, level, out):
    """Fill the travel times of the first node in every member, shape (picks, members)."""
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, _ = tables
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    for p in range(station.shape[0]):
        used = _predict(
            radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
            nodes, 0, station, group, level, p, index, weight,
        )  # fmt: skip
        out[p, :] = 0.0 if used else np.nan
        for c in range(used):
            row = values[index[c]]
            for k in range(values.shape[1]):
                out[p, k] += weight[c] * row[k]


@compiled(**_KERNEL)
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
