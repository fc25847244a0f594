"""Log-likelihoods of an ensemble, Gaussian and Student's t: the loops that most time is spent in.

Nodes are taken in small blocks, so that sums over picks and the few rows of the tables that
neighboring nodes share stay in the fastest memory, and the loop over members becomes vector
instructions in single precision. Residuals are counted from that of the first pick in the first
member at the node, which keeps sums of squares small: logarithms are exact to about 1e-3 where
members disagree by a second, and far better near the maximum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.location._interpolation import (
    KERNEL,
    LEAF,
    Arrivals,
    Floats,
    Receivers,
    TimeTables,
)
from quakeloom.location._stencils import (
    BLOCK,
    Block,
    Stencil,
    find_shifts,
    make_block,
    make_patches,
    place_depths,
    place_radial,
    place_volume,
)
from quakeloom.location._student_likelihoods import make_student_space, padded, student_block
from quakeloom.location._wide_sums import LANES, interpolate_wide

Singles = NDArray[np.float32]


@compiled(**LEAF)
def _add_pick(
    rows: Singles,
    stencil: Stencil,
    seconds: Singles,
    delay: Singles,
    pick: int,
    w: np.float32,
    first: Singles,
    second: Singles,
) -> None:
    """Add one pick to the sums of all nodes of a block and all members.

    ``seconds`` are the arrival times after the node's shift, ``delay`` those of all picks in every
    member. Rows are written out one by one:
    a loop over them would be inside that over members, and neither would be vector instructions.
    """
    index, weight, used = stencil.row, stencil.weight, stencil.used
    members = rows.shape[1]
    for b in range(seconds.size):
        t = seconds[b]
        i0, i1, i2, i3 = index[b, 0], index[b, 1], index[b, 2], index[b, 3]
        w0, w1, w2, w3 = weight[b, 0], weight[b, 1], weight[b, 2], weight[b, 3]
        if used[b] == 4:
            for k in range(members):
                r = (t - delay[pick, k]) - (
                    w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k]
                )
                q = w * r
                first[b, k] += q
                second[b, k] += q * r
        elif used[b] == 8:
            i4, i5, i6, i7 = index[b, 4], index[b, 5], index[b, 6], index[b, 7]
            w4, w5, w6, w7 = weight[b, 4], weight[b, 5], weight[b, 6], weight[b, 7]
            for k in range(members):
                r = (t - delay[pick, k]) - (
                    (w0 * rows[i0, k] + w1 * rows[i1, k] + w2 * rows[i2, k] + w3 * rows[i3, k])
                    + (w4 * rows[i4, k] + w5 * rows[i5, k] + w6 * rows[i6, k] + w7 * rows[i7, k])
                )
                q = w * r
                first[b, k] += q
                second[b, k] += q * r


@compiled(**LEAF)
def _store_pick(
    rows: Singles,
    stencil: Stencil,
    count: int,
    seconds: Singles,
    delay: Singles,
    pick: int,
    residual: Singles,
) -> None:
    """Store residuals of one pick for all nodes of a block and all members, node after node."""
    i, w, used = stencil.row, stencil.weight, stencil.used
    picks, members = delay.shape
    for b in range(count):
        t, to = seconds[b], b * picks + pick
        if members < LANES:
            for k in range(members if used[b] > 0 else 0):
                total = np.float32(0.0)
                for c in range(used[b]):
                    total += w[b, c] * rows[i[b, c], k]
                residual[to, k] = (t - delay[pick, k]) - total
        elif used[b] == 4:
            four = (i[b, 0], i[b, 1], i[b, 2], i[b, 3])
            shares = (w[b, 0], w[b, 1], w[b, 2], w[b, 3])
            interpolate_wide(rows, four, shares, delay, (pick, to), t, residual)
        elif used[b] == 8:
            eight = (i[b, 0], i[b, 1], i[b, 2], i[b, 3], i[b, 4], i[b, 5], i[b, 6], i[b, 7])
            parts = (w[b, 0], w[b, 1], w[b, 2], w[b, 3], w[b, 4], w[b, 5], w[b, 6], w[b, 7])
            interpolate_wide(rows, eight, parts, delay, (pick, to), t, residual)


@compiled(**LEAF)
def _gaussian_block(
    first: Singles,
    second: Singles,
    used: NDArray[np.int64],
    start: int,
    inverse: float,
    shift: Floats,
    out: Floats,
    origin: Floats,
) -> None:
    """Fill log-likelihoods and origin times of a block from its sums; no origins where empty."""
    keep, members = origin.shape[0] > 0, out.shape[1]
    for b in range(min(BLOCK, out.shape[0] - start)):
        n = start + b
        for k in range(members):
            f = np.float64(first[b, k])
            value = -0.5 * (np.float64(second[b, k]) - f * f * inverse)
            out[n, k] = value if value > -1e300 and used[b] > 0 else -np.inf
        for k in range(members if keep else 0):
            f = np.float64(first[b, k])
            # where a member has no ray the sum is no number
            origin[n, k] = shift[b] + f * inverse if abs(f) < 1e20 and used[b] > 0 else 0.0


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
        patches = make_patches(tables, nodes, receivers, place)
    room, stencil = make_block(nodes)
    shift, seconds = np.zeros(BLOCK), np.zeros(BLOCK, np.float32)
    robust = freedom > 0.0
    first = np.empty((0 if robust else BLOCK, members), np.float32)
    second = np.empty((0 if robust else BLOCK, members), np.float32)
    residual = np.zeros((picks * BLOCK if robust else 0, padded(members)), np.float32)
    space = make_student_space(variance, members if robust else 0, freedom if robust else 1.0)
    inverse = 1.0 / np.sum(1.0 / variance)
    for start in range(0, nodes.shape[0], BLOCK):
        count = min(BLOCK, nodes.shape[0] - start)
        block = Block(nodes, start, count, room.cell, room.share, room.away, room.path)
        stencil.used[:] = 4
        if layered:
            place_depths(tables.depth, block, stencil.used)
        first[:] = np.float32(0.0)
        second[:] = np.float32(0.0)
        for p in range(picks):
            table = tables.rows
            if layered:
                if place[p, 0] >= 0:
                    table = patches
                place_radial(tables, block, receivers, p, place, stencil)
            else:
                place_volume(tables, block, receivers, p, stencil)
            if p == 0:
                find_shifts(table, stencil, count, time[0], shift)
            for b in range(count):
                seconds[b] = time[p] - shift[b]
            if robust:
                _store_pick(table, stencil, count, seconds, delay, p, residual)
            else:
                w = np.float32(1.0 / variance[p])
                _add_pick(table, stencil, seconds[:count], delay, p, w, first, second)
        if robust:
            student_block(residual, stencil.used, start, shift, space, out, origin)
        else:
            _gaussian_block(first, second, stencil.used, start, inverse, shift, out, origin)
