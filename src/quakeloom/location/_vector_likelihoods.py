"""Log-likelihoods of an ensemble, Gaussian and Student's t: the loops that most time is spent in.

Nodes are taken in small blocks, so that sums over picks and the few rows of the tables that
neighboring nodes share stay in the fastest memory, and the loop over members becomes vector
instructions in single precision. Residuals are counted from that of the first pick in the first
member at the node, which keeps sums of squares small: logarithms are exact to about 1e-3 where
members disagree by a second, and far better near the maximum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.location._interpolation import (
    KERNEL,
    Arrivals,
    Axis,
    Floats,
    Ints,
    Receivers,
    TimeTables,
    find_cell,
    find_rows,
)
from quakeloom.location._student_likelihoods import make_student_space, padded, student_node
from quakeloom.location._wide_sums import LANES, interpolate_wide

Singles = NDArray[np.float32]

_BLOCK = 16
"""Nodes in a block. Chosen here: sums of 16 nodes and 100 members take 13 kB, and two of them
stay in a first cache of 32 kB."""

_NO_RAY_S = 1e6
"""Times of tables where no ray arrives are 1e30; a shift beyond this comes from one of them."""


class Stencil(NamedTuple):
    """Rows of tables that make the time of each node of a block to one station.

    Attributes
    ----------
    row : int64, shape (_BLOCK, 8)
    weight : float32, shape (_BLOCK, 8)
    used : int64, shape (nodes,)
        How many rows: four, eight, or none where the tables do not reach a node.
    """

    row: Ints
    weight: Singles
    used: Ints


class Block(NamedTuple):
    """Nodes of a block, and where they lie in tables of depth and distance.

    Attributes
    ----------
    nodes : float64, shape (nodes, 3)
    cell : int64, shape (_BLOCK,)
        Cell of depth.
    share : float64, shape (_BLOCK,)
        Place in it, from 0 to 1.
    away, path : float64, shape (_BLOCK,)
        Epicentral distance and straight distance to a station.
    """

    nodes: Floats
    cell: Ints
    share: Floats
    away: Floats
    path: Floats


@compiled(**KERNEL)
def _add_pick(
    rows: Singles,
    stencil: Stencil,
    seconds: Singles,
    delay: Singles,
    w: np.float32,
    first: Singles,
    second: Singles,
) -> None:
    """Add one pick to the sums of all nodes of a block and all members.

    ``seconds`` are the arrival times after the node's shift, ``delay`` those of the pick in every
    member. Rows are written out one by one:
    a loop over them would be inside that over members, and neither would be vector instructions.
    """
    index, weight, used = stencil.row, stencil.weight, stencil.used
    members = rows.shape[1]
    for b in range(used.size):
        t = seconds[b]
        i0, i1, i2, i3 = index[b, 0], index[b, 1], index[b, 2], index[b, 3]
        w0, w1, w2, w3 = weight[b, 0], weight[b, 1], weight[b, 2], weight[b, 3]
        if used[b] == 4:
            for k in range(members):
                r = (t - delay[k]) - (
                    w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k]
                )
                q = w * r
                first[b, k] += q
                second[b, k] += q * r
        elif used[b] == 8:
            i4, i5, i6, i7 = index[b, 4], index[b, 5], index[b, 6], index[b, 7]
            w4, w5, w6, w7 = weight[b, 4], weight[b, 5], weight[b, 6], weight[b, 7]
            for k in range(members):
                r = (t - delay[k]) - (
                    (w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k])
                    + (w4 * rows[i4, k] + w5 * rows[i5, k] + w6 * rows[i6, k] + w7 * rows[i7, k])
                )
                q = w * r
                first[b, k] += q
                second[b, k] += q * r


@compiled(**KERNEL)
def _store_pick(
    rows: Singles, stencil: Stencil, seconds: Singles, delay: Singles, pick: int, residual: Singles
) -> None:
    """Store residuals of one pick for all nodes of a block and all members."""
    index, weight, used = stencil.row, stencil.weight, stencil.used
    members = rows.shape[1]
    for b in range(used.size):
        t, line, i, w = seconds[b], residual[b, pick], index[b], weight[b]
        if members < LANES:
            for k in range(members if used[b] > 0 else 0):
                total = np.float32(0.0)
                for c in range(used[b]):
                    total += w[c] * rows[i[c], k]
                line[k] = (t - delay[k]) - total
        elif used[b] == 4:
            four = (i[0], i[1], i[2], i[3])
            interpolate_wide(rows, four, (w[0], w[1], w[2], w[3]), delay, t, line)
        elif used[b] == 8:
            eight = (i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7])
            shares = (w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7])
            interpolate_wide(rows, eight, shares, delay, t, line)


@compiled(**KERNEL)
def _make_patches(tables: TimeTables, nodes: Floats, receivers: Receivers, place: Ints) -> Singles:
    """Interpolate tables between receiver levels once, where all nodes of an event need them.

    A station between two levels needs eight rows a node. Where the nodes lie close together it
    is cheaper to make the few rows of the station's own level first, and to read four.

    ``place`` is filled with the first row, depth and distance of each pick's patch and its rows
    per depth; the first row is -1 where a patch would not pay.
    """
    z_grid, x_grid, values = tables.depth.grid, tables.north.grid, tables.rows
    group, level = receivers.group, receivers.level
    count, picks, members = nodes.shape[0], place.shape[0], values.shape[1]
    place[:, 0] = -1
    low = np.maximum(nodes[:, 0].min(), z_grid[0])
    high = np.minimum(nodes[:, 0].max(), z_grid[-1])
    total = 0
    if low <= high:
        i = find_cell(tables.depth, low)
        depths = find_cell(tables.depth, high) + 2 - i
        south, north = nodes[:, 1].min(), nodes[:, 1].max()
        west, east = nodes[:, 2].min(), nodes[:, 2].max()
        for p in range(picks):
            if level[p] <= 0.0 or level[p] >= 1.0:
                continue
            y, x = receivers.place[p, 1], receivers.place[p, 2]
            near = math.hypot(max(south - y, y - north, 0.0), max(west - x, x - east, 0.0))
            far = math.hypot(max(y - south, north - y), max(x - west, east - x))
            if near > x_grid[-1]:
                continue
            j = find_cell(tables.north, max(near - 1e-6, x_grid[0]))
            width = find_cell(tables.north, min(far + 1e-6, x_grid[-1])) + 2 - j
            # Rows to make against nodes to read them: one patch may take half of the nodes in
            # rows, all together twice as many.
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
def _place_depths(axis: Axis, block: Block, used: Ints) -> None:
    """Fill the cells of depth of a block of nodes; ``used`` is 0 above and below the tables."""
    grid = axis.grid
    for b in range(used.size):
        z = block.nodes[b, 0]
        used[b] = 0
        if grid[0] <= z <= grid[-1]:
            i = find_cell(axis, z)
            block.cell[b] = i
            block.share[b] = (z - grid[i]) / (grid[i + 1] - grid[i])
            used[b] = 4


@compiled(**KERNEL)
def _place_radial(
    tables: TimeTables, block: Block, receivers: Receivers, p: int, patch: Ints, stencil: Stencil
) -> None:
    """Fill rows and weights of a block of nodes for a pick, in tables of depth and distance.

    ``patch`` has the first row, depth and distance of the pick's patch and its rows per depth;
    without one, rows of two receiver levels count.
    """
    x_grid, x_bins, x_scale = tables.north
    cell, share, away, path = block.cell, block.share, block.away, block.path
    index, weight, used = stencil
    z, north, east = receivers.place[p, 0], receivers.place[p, 1], receivers.place[p, 2]
    level = receivers.level[p]
    lower = receivers.group[p, 0] * tables.depth.grid.size * x_grid.size
    upper = receivers.group[p, 1] * tables.depth.grid.size * x_grid.size
    origin, low, near, stride = patch[0], patch[1], patch[2], patch[3]
    both = origin < 0 and level > 0.0
    count = 8 if both else 4
    if origin < 0:
        origin, low, near, stride = lower, 0, 0, x_grid.size
    for b in range(used.size):
        dz = block.nodes[b, 0] - z
        dn = block.nodes[b, 1] - north
        de = block.nodes[b, 2] - east
        square = dn * dn + de * de
        away[b] = math.sqrt(square)
        path[b] = math.sqrt(square + dz * dz)
    for b in range(used.size):
        x, length = away[b], path[b]
        if used[b] == 0 or x > x_grid[-1]:
            used[b] = 0
            continue
        used[b] = count
        # As find_cell, but no call for every node.
        j = x_bins[int((x - x_grid[0]) * x_scale)]
        while j > 0 and x < x_grid[j]:
            j -= 1
        while j < x_grid.size - 2 and x >= x_grid[j + 1]:
            j += 1
        fx = (x - x_grid[j]) * tables.inverse_spacing[j]
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
def _place_volume(
    tables: TimeTables, block: Block, receivers: Receivers, p: int, stencil: Stencil
) -> None:
    """Fill rows and weights of a block of nodes for a pick, in tables of any other kind."""
    corners, shares = np.zeros(8, np.int64), np.zeros(8)
    for b in range(stencil.used.size):
        if stencil.used[b] == 0:
            continue
        stencil.used[b] = find_rows(tables, block.nodes, b, receivers, p, corners, shares)
        for c in range(stencil.used[b]):
            stencil.row[b, c] = corners[c]
            stencil.weight[b, c] = shares[c]


@compiled(**KERNEL)
def _find_shifts(rows: Singles, stencil: Stencil, time: float, shift: Floats) -> None:
    """Fill the residual of a pick in the first member at every node, 0 where it has no ray."""
    for b in range(stencil.used.size):
        shift[b] = time
        for c in range(stencil.used[b]):
            shift[b] -= stencil.weight[b, c] * rows[stencil.row[b, c], 0]
        if not abs(shift[b]) < _NO_RAY_S:
            shift[b] = 0.0


@compiled(**KERNEL)
def _finish_gaussian(
    first: Singles, second: Singles, inverse: float, shift: float, out: Floats, origin: Floats
) -> None:
    """Fill log-likelihoods and origin times of a node from its sums; no origins where empty."""
    for k in range(out.size):
        f = np.float64(first[k])
        value = -0.5 * (np.float64(second[k]) - f * f * inverse)
        out[k] = value if value > -1e300 else -np.inf
    for k in range(origin.size):
        f = np.float64(first[k])
        # where a member has no ray the sum is no number
        origin[k] = shift + f * inverse if abs(f) < 1e20 else 0.0


@compiled(**KERNEL)
def vector_likelihoods(
    tables: TimeTables,
    nodes: Floats,
    receivers: Receivers,
    arrivals: Arrivals,
    variance: Floats,
    freedom: float,
    out: Floats,
    origin: Floats,
) -> None:
    """Fill log-likelihoods of nodes, as :func:`log_likelihoods` does.

    Student's t where ``freedom`` is positive, else Gaussian.
    """
    time, delay = arrivals
    picks, members = time.size, tables.rows.shape[1]
    place = np.full((picks, 4), -1)
    patches = np.empty((0, members), np.float32)
    layered = tables.radial and tables.scaled
    if layered:
        patches = _make_patches(tables, nodes, receivers, place)
    index, weight = np.zeros((_BLOCK, 8), np.int64), np.zeros((_BLOCK, 8), np.float32)
    cell, share = np.zeros(_BLOCK, np.int64), np.zeros(_BLOCK)
    away, path = np.zeros(_BLOCK), np.zeros(_BLOCK)
    shift, seconds = np.zeros(_BLOCK), np.zeros(_BLOCK, np.float32)
    robust = freedom > 0.0
    first = np.empty((_BLOCK, members), np.float32)
    second = np.empty((_BLOCK, members), np.float32)
    residual = np.zeros((_BLOCK if robust else 0, picks, padded(members)), np.float32)
    space = make_student_space(variance, members if robust else 0, freedom if robust else 1.0)
    keep = origin.shape[0] > 0
    nothing = np.empty(0)
    total = 0.0
    for p in range(picks):
        total += 1.0 / variance[p]
    inverse = 1.0 / total
    for start in range(0, nodes.shape[0], _BLOCK):
        count = min(_BLOCK, nodes.shape[0] - start)
        block = Block(nodes[start : start + count], cell, share, away, path)
        stencil = Stencil(index, weight, np.full(count, 4))
        if layered:
            _place_depths(tables.depth, block, stencil.used)
        first[:] = np.float32(0.0)
        second[:] = np.float32(0.0)
        for p in range(picks):
            table = tables.rows
            if layered:
                if place[p, 0] >= 0:
                    table = patches
                _place_radial(tables, block, receivers, p, place[p], stencil)
            else:
                _place_volume(tables, block, receivers, p, stencil)
            if p == 0:
                _find_shifts(table, stencil, time[0], shift)
            for b in range(count):
                seconds[b] = time[p] - shift[b]
            if robust:
                _store_pick(table, stencil, seconds, delay[p], p, residual)
            else:
                w = np.float32(1.0 / variance[p])
                _add_pick(table, stencil, seconds, delay[p], w, first, second)
        for b in range(count):
            n = start + b
            if stencil.used[b] == 0:
                out[n, :] = -np.inf
                if keep:
                    origin[n, :] = 0.0
            elif robust:
                student_node(residual[b], variance, freedom, space, out[n])
                if keep:
                    for k in range(members):
                        origin[n, k] = shift[b] + np.float64(space.sums[0, k])
            else:
                times = origin[n] if keep else nothing
                _finish_gaussian(first[b], second[b], inverse, shift[b], out[n], times)
