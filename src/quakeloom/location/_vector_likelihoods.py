"""Log-likelihoods of an ensemble, Gaussian and Student's t: the loops that most time is spent in.

Nodes are taken in small blocks, so that sums over picks and the few rows of the tables that
neighboring nodes share stay in the fastest memory, and the loop over members becomes vector
instructions in single precision. Residuals are counted from that of the first pick in the first
member at the node, which keeps sums of squares small: logarithms are exact to about 1e-3 where
members disagree by a second, and far better near the maximum.
"""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled
from quakeloom.location._interpolation import KERNEL, find_cell, find_rows
from quakeloom.location._student_likelihoods import student_node

_BLOCK = 16


@compiled(**KERNEL)
def _add_pick(rows, index, weight, used, seconds, w, first, second):
    """Add one pick to the sums of all nodes of a block and all members.

    ``used`` rows make a time: four, eight, or none where the tables do not reach a node;
    ``seconds`` are the arrival times after the node's shift.
    """
    members = rows.shape[1]
    for b in range(used.size):
        t = seconds[b]
        i0, i1, i2, i3 = index[b, 0], index[b, 1], index[b, 2], index[b, 3]
        w0, w1, w2, w3 = weight[b, 0], weight[b, 1], weight[b, 2], weight[b, 3]
        if used[b] == 4:
            for k in range(members):
                r = t - (w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k])
                q = w * r
                first[b, k] += q
                second[b, k] += q * r
        elif used[b] == 8:
            i4, i5, i6, i7 = index[b, 4], index[b, 5], index[b, 6], index[b, 7]
            w4, w5, w6, w7 = weight[b, 4], weight[b, 5], weight[b, 6], weight[b, 7]
            for k in range(members):
                r = t - (
                    (w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k])
                    + (w4 * rows[i4, k] + w5 * rows[i5, k] + w6 * rows[i6, k] + w7 * rows[i7, k])
                )
                q = w * r
                first[b, k] += q
                second[b, k] += q * r


@compiled(**KERNEL)
def _store_pick(rows, index, weight, used, seconds, pick, residual):
    """Store residuals of one pick for all nodes of a block and all members."""
    members = rows.shape[1]
    for b in range(used.size):
        t = seconds[b]
        i0, i1, i2, i3 = index[b, 0], index[b, 1], index[b, 2], index[b, 3]
        w0, w1, w2, w3 = weight[b, 0], weight[b, 1], weight[b, 2], weight[b, 3]
        if used[b] > 0:
            for k in range(members):
                residual[b, pick, k] = t - (
                    w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k]
                )
        if used[b] == 8:
            i0, i1, i2, i3 = index[b, 4], index[b, 5], index[b, 6], index[b, 7]
            w0, w1, w2, w3 = weight[b, 4], weight[b, 5], weight[b, 6], weight[b, 7]
            for k in range(members):
                residual[b, pick, k] -= (
                    w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k]
                )


@compiled(**KERNEL)
def _make_patches(
    values, z_grid, z_bins, z_scale, x_grid, x_bins, x_scale, nodes, station, group, level, place
):
    """Interpolate tables between receiver levels once, where all nodes of an event need them.

    ``place`` is filled with the first row, depth and distance of each pick's patch and its rows
    per depth; the first row is -1 where a patch would not pay.
    """
    count, picks, members = nodes.shape[0], station.shape[0], values.shape[1]
    place[:, 0] = -1
    low = np.maximum(nodes[:, 0].min(), z_grid[0])
    high = np.minimum(nodes[:, 0].max(), z_grid[-1])
    total = 0
    if low <= high:
        i = find_cell(z_grid, z_bins, z_scale, low)
        depths = find_cell(z_grid, z_bins, z_scale, high) + 2 - i
        south, north = nodes[:, 1].min(), nodes[:, 1].max()
        west, east = nodes[:, 2].min(), nodes[:, 2].max()
        for p in range(picks):
            if level[p] <= 0.0 or level[p] >= 1.0:
                continue
            y, x = station[p, 1], station[p, 2]
            near = math.hypot(max(south - y, y - north, 0.0), max(west - x, x - east, 0.0))
            far = math.hypot(max(y - south, north - y), max(x - west, east - x))
            if near > x_grid[-1]:
                continue
            j = find_cell(x_grid, x_bins, x_scale, max(near - 1e-6, x_grid[0]))
            width = find_cell(x_grid, x_bins, x_scale, min(far + 1e-6, x_grid[-1])) + 2 - j
            if 2 * depths * width > count or total + depths * width > 2 * count:
                continue
            place[p, 0] = total
            place[p, 1] = i
            place[p, 2] = j
            place[p, 3] = width
            total += depths * width
    rows = np.empty((total, members), np.float32)
    for p in range(picks):
        if place[p, 0] < 0:
            continue
        upper = np.float32(level[p])
        lower = np.float32(1.0 - level[p])
        to = place[p, 0]
        for a in range(place[p, 1], place[p, 1] + depths):
            row = a * x_grid.size + place[p, 2]
            one = group[p, 0] * z_grid.size * x_grid.size + row
            two = group[p, 1] * z_grid.size * x_grid.size + row
            for b in range(place[p, 3]):
                for k in range(members):
                    rows[to + b, k] = lower * values[one + b, k] + upper * values[two + b, k]
            to += place[p, 3]
    return rows


@compiled(**KERNEL)
def _place_depths(z_grid, z_bins, z_scale, nodes, start, cell, share, used):
    """Fill the cells of depth of a block of nodes; ``used`` is 0 above and below the tables."""
    for b in range(used.size):
        z = nodes[start + b, 0]
        used[b] = 0
        if z_grid[0] <= z <= z_grid[-1]:
            i = find_cell(z_grid, z_bins, z_scale, z)
            cell[b] = i
            share[b] = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
            used[b] = 4


@compiled(**KERNEL)
def _place_radial(
    x_grid, x_bins, x_scale, x_inverse, depths, nodes, start, z, north, east, patch, group, level,
    cell, share, away, path, index, weight, used,
):  # fmt: skip
    """Fill rows and weights of a block of nodes for the pick of a station.

    ``patch`` has the first row, depth and distance of the pick's patch and its rows per depth;
    without one, rows of two receiver levels count.
    """
    origin, low, near, stride = patch
    lower = group[0] * depths * x_grid.size
    upper = group[1] * depths * x_grid.size
    both = origin < 0 and level > 0.0
    count = 8 if both else 4
    if origin < 0:
        origin, low, near, stride = lower, 0, 0, x_grid.size
    for b in range(used.size):
        dz = nodes[start + b, 0] - z
        dn = nodes[start + b, 1] - north
        de = nodes[start + b, 2] - east
        square = dn * dn + de * de
        away[b] = math.sqrt(square)
        path[b] = math.sqrt(square + dz * dz)
    for b in range(used.size):
        x, length = away[b], path[b]
        if used[b] == 0 or x > x_grid[-1]:
            used[b] = 0
            continue
        used[b] = count
        j = x_bins[int((x - x_grid[0]) * x_scale)]
        while j > 0 and x < x_grid[j]:
            j -= 1
        while j < x_grid.size - 2 and x >= x_grid[j + 1]:
            j += 1
        fx = (x - x_grid[j]) * x_inverse[j]
        under = length * share[b]
        over = length - under
        w0, w1 = over * (1.0 - fx), over * fx
        w2, w3 = under * (1.0 - fx), under * fx
        row = origin + (cell[b] - low) * stride + j - near
        index[b, 0] = row
        index[b, 1] = row + 1
        index[b, 2] = row + stride
        index[b, 3] = row + stride + 1
        rest = 1.0 - level if both else 1.0
        weight[b, 0] = w0 * rest
        weight[b, 1] = w1 * rest
        weight[b, 2] = w2 * rest
        weight[b, 3] = w3 * rest
        if both:
            row += upper - lower
            index[b, 4] = row
            index[b, 5] = row + 1
            index[b, 6] = row + stride
            index[b, 7] = row + stride + 1
            weight[b, 4] = w0 * level
            weight[b, 5] = w1 * level
            weight[b, 6] = w2 * level
            weight[b, 7] = w3 * level


@compiled(**KERNEL)
def vector_likelihoods(tables, nodes, station, group, level, time, variance, freedom, out, origin):
    """Fill log-likelihoods of nodes, as :func:`log_likelihoods` does.

    Student's t where ``freedom`` is positive, else Gaussian.
    """
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, inv = tables
    picks, members = time.size, values.shape[1]
    place = np.full((picks, 4), -1)
    patches = np.empty((0, members), np.float32)
    layered = radial and scaled
    if layered:
        patches = _make_patches(
            values, z, z_bins, z_scale, n, n_bins, n_scale, nodes, station, group, level, place
        )
    index = np.zeros((_BLOCK, 8), np.int64)
    weight = np.zeros((_BLOCK, 8), np.float32)
    cell = np.zeros(_BLOCK, np.int64)
    share = np.zeros(_BLOCK)
    away, path = np.zeros(_BLOCK), np.zeros(_BLOCK)
    shift = np.zeros(_BLOCK)
    seconds = np.zeros(_BLOCK, np.float32)
    first = np.empty((_BLOCK, members), np.float32)
    second = np.empty((_BLOCK, members), np.float32)
    robust = freedom > 0.0
    residual = np.empty((_BLOCK if robust else 0, picks, members), np.float32)
    work = np.empty((4 if robust else 0, members), np.float32)
    double_work = np.empty((2 if robust else 0, members))
    corners, shares = np.zeros(8, np.int64), np.zeros(8)
    keep = origin.shape[0] > 0
    total = 0.0
    for p in range(picks):
        total += 1.0 / variance[p]
    inverse = 1.0 / total
    for start in range(0, nodes.shape[0], _BLOCK):
        count = min(_BLOCK, nodes.shape[0] - start)
        used = np.full(count, 4)
        if layered:
            _place_depths(z, z_bins, z_scale, nodes, start, cell, share, used)
        first[:] = np.float32(0.0)
        second[:] = np.float32(0.0)
        for p in range(picks):
            table = values
            if layered:
                if place[p, 0] >= 0:
                    table = patches
                patch = (place[p, 0], place[p, 1], place[p, 2], place[p, 3])
                _place_radial(
                    n, n_bins, n_scale, inv, z.size, nodes, start, station[p, 0], station[p, 1],
                    station[p, 2], patch, (group[p, 0], group[p, 1]), level[p], cell, share,
                    away, path, index, weight, used,
                )  # fmt: skip
            else:
                for b in range(count):
                    if used[b] == 0:
                        continue
                    used[b] = find_rows(
                        radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
                        nodes, start + b, station, group, level, p, corners, shares,
                    )  # fmt: skip
                    for c in range(used[b]):
                        index[b, c] = corners[c]
                        weight[b, c] = shares[c]
            for b in range(count):
                if p == 0:
                    shift[b] = time[0]
                    for c in range(used[b]):
                        shift[b] -= weight[b, c] * table[index[b, c], 0]
                    if not abs(shift[b]) < 1e6:  # no ray in this member
                        shift[b] = 0.0
                seconds[b] = time[p] - shift[b]
            if robust:
                _store_pick(table, index, weight, used, seconds, p, residual)
                continue
            _add_pick(
                table, index, weight, used, seconds, np.float32(1.0 / variance[p]), first, second
            )
        for b in range(count):
            if used[b] == 0:
                out[start + b, :] = -np.inf
                if keep:
                    origin[start + b, :] = 0.0
                continue
            if robust:
                student_node(residual[b], variance, freedom, work, double_work, out[start + b])
                if keep:
                    for k in range(members):
                        origin[start + b, k] = shift[b] + np.float64(work[0, k])
                continue
            for k in range(members):
                f = np.float64(first[b, k])
                value = -0.5 * (np.float64(second[b, k]) - f * f * inverse)
                out[start + b, k] = value if value > -1e300 else -np.inf
            if keep:
                for k in range(members):
                    f = np.float64(first[b, k])
                    # where a member has no ray the sum is no number
                    origin[start + b, k] = shift[b] + f * inverse if abs(f) < 1e20 else 0.0
