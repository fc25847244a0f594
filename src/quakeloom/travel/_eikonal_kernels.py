"""Compiled sweeps of the factored eikonal equation.

All arrays are flat views of padded C-ordered grids of three axes; an axis of one node has
stride 0 and is left out. Unknown is the apparent slowness ``u`` with ``T = r u``, where ``r``
is the distance from the source. Along every axis the upwind slope of ``T`` is ``a u - b``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]
Codes = NDArray[np.uint16]
States = NDArray[np.uint8]

OUTSIDE, FREE, FIXED, FLAGGED = 0, 1, 2, 3
"""States of a node: inactive or padding; at rest; given, near the source; waiting for a value."""

LOWER, HIGHER, FAR = 1, 2, 4
"""Bits of an axis in the code of a node: its upwind neighbor is the lower, or the higher one (none
else), and a second node behind that one counts. Three bits per axis, those of axis 0 lowest."""

ALL_NEAR = 0b011_011_011
"""The bits of a code without those of second nodes: what the first order uses."""


class SolverGrid(NamedTuple):
    """Where the nodes of the padded arrays lie, and the source among them.

    Attributes
    ----------
    n, pad, stride : tuple of int
        Nodes, layers of padding on either side, and distance of neighbors in the flat arrays;
        per axis.
    spacing : tuple of float
        In km.
    source : tuple of float
        In nodes from the first; need not be whole.
    """

    n: tuple[int, int, int]
    pad: tuple[int, int, int]
    stride: tuple[int, int, int]
    spacing: tuple[float, float, float]
    source: tuple[float, float, float]


@compiled(error_model="numpy", forceinline=True)
def _solve(
    a0: float, b0: float, a1: float, b1: float, a2: float, b2: float, s: float
) -> tuple[float, int]:
    """Solve sum (a u - b)^2 = s^2 for the larger root; axes whose slope turns out negative go.

    An axis with ``a = 0`` does not take part. Returns ``u`` and a bit mask of the axes used.
    """
    for _ in range(4):  # three axes can go, and then none is left
        aa = a0 * a0 + a1 * a1 + a2 * a2
        ab = a0 * b0 + a1 * b1 + a2 * b2
        bb = b0 * b0 + b1 * b1 + b2 * b2
        disc = ab * ab - aa * (bb - s * s)
        if disc >= 0.0 and aa > 0.0:
            u = (ab + math.sqrt(disc)) / aa
            if a0 * u >= b0 and a1 * u >= b1 and a2 * u >= b2:
                return u, (a0 > 0.0) + 2 * (a1 > 0.0) + 4 * (a2 > 0.0)
        # no root, or one with a negative slope a u - b along an axis: the wave does not come
        # along all of them; the axis with the latest b / a is left out
        t0 = b0 / a0 if a0 > 0.0 else -1.0
        t1 = b1 / a1 if a1 > 0.0 else -1.0
        t2 = b2 / a2 if a2 > 0.0 else -1.0
        if t0 >= t1 and t0 >= t2:
            if a0 <= 0.0:
                return np.inf, 0
            a0 = b0 = 0.0
        elif t1 >= t2:
            a1 = b1 = 0.0
        else:
            a2 = b2 = 0.0
    return np.inf, 0


@compiled(error_model="numpy")
def _no_upwind(sine: float, steps: float) -> tuple[float, float]:
    """Slope along an axis without an upwind node: 0, or the cone's beside the source's axis."""
    # less than one node off the axis through the source no neighbor is earlier, but the cone
    # T = r u still slopes there, by sine u
    if abs(sine) * steps < 1.0:
        return abs(sine), 0.0
    return 0.0, 0.0


@compiled(error_model="numpy", forceinline=True)
def _slope_first(
    t: Floats, u: Floats, p: int, stride: int, sine: float, steps: float
) -> tuple[float, float]:
    """Coefficients of the first-order upwind slope along one axis, or (0, 0)."""
    if stride == 0:
        return 0.0, 0.0
    low, high = t[p - stride], t[p + stride]
    if low <= high:
        if low >= t[p]:
            return _no_upwind(sine, steps)
        a = sine + steps
        b = steps * u[p - stride]
    elif high >= t[p]:
        return _no_upwind(sine, steps)
    else:
        a = steps - sine
        b = steps * u[p + stride]
    # within a step of the source and against its cone: a slope that does not grow with u
    if a <= 1e-9:
        return 0.0, 0.0
    return a, b


@compiled(error_model="numpy", forceinline=True)
def _flag_later(
    t: Floats, state: States, rows: States, p: int, stride: int, row: int, row_step: int
) -> None:
    """Flag the neighbors along one axis whose time is later, as that of ``p`` has fallen."""
    if stride > 0:
        for q, k in ((p - stride, row - row_step), (p + stride, row + row_step)):
            if state[q] == FREE and t[q] > t[p]:
                state[q] = FLAGGED
                rows[k] = 1


@compiled(error_model="numpy")
def sweep_first_order(
    t: Floats,
    u: Floats,
    s: Floats,
    state: States,
    rows: States,
    grid: SolverGrid,
    limit: int,
    tolerance: float,
) -> bool:
    """Sweep until no node changes; first order, monotone, any medium.

    ``rows`` marks rows of the last axis that hold flagged nodes. Returns whether nodes still
    change after ``limit`` sweeps.
    """
    n, pad, stride, h, source = grid
    n0, n1, n2 = n
    h0, h1, h2 = h
    k0, k1, k2 = 1.0 / h0, 1.0 / h1, 1.0 / h2
    st0, st1, st2 = stride
    line1 = n1 + 2 * pad[1]
    base2 = pad[2]
    near0, near1, near2 = round(source[0]), round(source[1]), round(source[2])
    for sweep in range(limit):
        # the first eight go from the source into one octant each; upward ones come first, because
        # rays turn up and the next eight then find least to mend
        outward = sweep < 8
        up0, up1, up2 = sweep % 8 < 4, sweep % 4 >= 2, sweep % 2 >= 1
        if (n0 == 1 and up0) or (n1 == 1 and up1) or (n2 == 1 and up2):
            continue
        begin0, end0, step0 = (n0 - 1, -1, -1) if up0 else (0, n0, 1)
        begin1, end1, step1 = (n1 - 1, -1, -1) if up1 else (0, n1, 1)
        begin2, end2, step2 = (n2 - 1, -1, -1) if up2 else (0, n2, 1)
        if outward:
            begin0, begin1, begin2 = near0, near1, near2
        for i0 in range(begin0, end0, step0):
            d0 = (i0 - source[0]) * h0
            for i1 in range(begin1, end1, step1):
                row = (i0 + pad[0]) * line1 + i1 + pad[1]
                if rows[row] == 0:
                    continue
                # an outward sweep leaves the near part of its row unvisited
                rows[row] = outward
                d1 = (i1 - source[1]) * h1
                first = row * (n2 + 2 * pad[2]) + base2
                d01 = d0 * d0 + d1 * d1
                for i2 in range(begin2, end2, step2):
                    p = first + i2
                    if state[p] != FLAGGED:
                        continue
                    state[p] = FREE
                    d2 = (i2 - source[2]) * h2
                    r = math.sqrt(d01 + d2 * d2)
                    ir = 1.0 / r
                    a0, b0 = _slope_first(t, u, p, st0, d0 * ir, r * k0)
                    a1, b1 = _slope_first(t, u, p, st1, d1 * ir, r * k1)
                    a2, b2 = _slope_first(t, u, p, st2, d2 * ir, r * k2)
                    new, _ = _solve(a0, b0, a1, b1, a2, b2, s[p])
                    time = r * new
                    if time >= t[p] * (1.0 - tolerance):
                        continue
                    t[p] = time
                    u[p] = new
                    _flag_later(t, state, rows, p, st0, row, line1)
                    _flag_later(t, state, rows, p, st1, row, 1)
                    _flag_later(t, state, rows, p, st2, row, 0)
        left = False
        for k in range(rows.size):
            if rows[k]:
                left = True
                break
        if not left:
            return False
    return True


@compiled(error_model="numpy")
def _stencil(t: Floats, p: int, stride: int) -> int:
    """Bits of one axis.

    The second node counts only where it is no later than the first: then every node is later
    than all nodes that it is computed from.
    """
    if stride == 0:
        return 0
    low, high = t[p - stride], t[p + stride]
    if low <= high:
        if low >= t[p]:
            return 0
        return LOWER | FAR if t[p - 2 * stride] <= low else LOWER
    if high >= t[p]:
        return 0
    return HIGHER | FAR if t[p + 2 * stride] <= high else HIGHER


@compiled(error_model="numpy")
def choose_stencils(t: Floats, state: States, rows: States, grid: SolverGrid, codes: Codes) -> None:
    """Fix every node's upwind stencil from first-order times: a graph without cycles.

    Nodes that no neighbor is earlier than keep their first-order value and code 0. There are some
    only where velocity jumps up so much, or steps differ so much between axes, that the time
    grows by less along a step than its first-order error.
    """
    n, pad, stride, _, _ = grid
    n0, n1, n2 = n
    line1 = n1 + 2 * pad[1]
    for i0 in range(n0):
        for i1 in range(n1):
            row = (i0 + pad[0]) * line1 + i1 + pad[1]
            rows[row] = 1
            first = row * (n2 + 2 * pad[2]) + pad[2]
            for p in range(first, first + n2):
                if state[p] == FREE and t[p] < np.inf:
                    codes[p] = (
                        _stencil(t, p, stride[0])
                        | _stencil(t, p, stride[1]) << 3
                        | _stencil(t, p, stride[2]) << 6
                    )
                    if codes[p] != 0:
                        state[p] = FLAGGED


@compiled(error_model="numpy", forceinline=True)
def _slope(
    u: Floats, p: int, code: int, order: int, stride: int, sine: float, steps: float
) -> tuple[float, float]:
    """Coefficients of the upwind slope of the chosen order along one axis."""
    if code == 0:
        return _no_upwind(sine, steps) if stride else (0.0, 0.0)
    if code & HIGHER:
        stride = -stride
        sine = -sine
    if order == 2 and code & FAR:
        a = sine + 1.5 * steps
        b = steps * (2.0 * u[p - stride] - 0.5 * u[p - 2 * stride])
    else:
        a = sine + steps
        b = steps * u[p - stride]
    if a <= 1e-9:
        return 0.0, 0.0
    return a, b


@compiled(error_model="numpy", forceinline=True)
def update_node(
    u: Floats,
    p: int,
    code: int,
    s: float,
    stride: tuple[int, int, int],
    inverse: tuple[float, float, float],
    offset: tuple[float, float, float],
    r: float,
) -> tuple[float, int, int, float, float, float, float, float, float]:
    """Second-order value of one node; first order where the second has no causal solution.

    ``inverse`` are nodes per km, ``offset`` and ``r`` the way from the source in km. Returns the
    value, a bit mask of the axes used, the order, and the coefficients ``a``, ``b`` per axis.
    """
    c0, c1, c2 = code & 7, (code >> 3) & 7, (code >> 6) & 7
    d0, d1, d2 = offset
    k0, k1, k2 = inverse
    ir = 1.0 / r
    order = 2
    while True:
        a0, b0 = _slope(u, p, c0, order, stride[0], d0 * ir, r * k0)
        a1, b1 = _slope(u, p, c1, order, stride[1], d1 * ir, r * k1)
        a2, b2 = _slope(u, p, c2, order, stride[2], d2 * ir, r * k2)
        new, used = _solve(a0, b0, a1, b1, a2, b2, s)
        if order == 1:
            return new, used, order, a0, b0, a1, b1, a2, b2
        wanted = (a0 > 0.0) + 2 * (a1 > 0.0) + 4 * (a2 > 0.0)
        if used == wanted and used > 0:
            return new, used, order, a0, b0, a1, b1, a2, b2
        order = 1


@compiled(error_model="numpy")
def _waits(state: States, p: int, code: int, stride: int) -> bool:
    """Tell whether an upwind node along one axis has no value yet."""
    if code == 0:
        return False
    if code & HIGHER:
        stride = -stride
    if state[p - stride] == FLAGGED:
        return True
    return bool(code & FAR and state[p - 2 * stride] == FLAGGED)


@compiled(error_model="numpy")
def _waits_for(state: States, p: int, code: int, stride: int) -> int:
    """Return an upwind node along one axis that has no value yet, or -1."""
    if code == 0:
        return -1
    if code & HIGHER:
        stride = -stride
    if state[p - stride] == FLAGGED:
        return p - stride
    if code & FAR and state[p - 2 * stride] == FLAGGED:
        return p - 2 * stride
    return -1


@compiled(error_model="numpy")
def _first_missing(state: States, p: int, code: int, stride: tuple[int, int, int]) -> int:
    """Return an upwind node of any axis that has no value yet, or -1."""
    q = _waits_for(state, p, (code >> 6) & 7, stride[2])
    if q < 0:
        q = _waits_for(state, p, (code >> 3) & 7, stride[1])
    if q < 0:
        q = _waits_for(state, p, code & 7, stride[0])
    return q


@compiled(error_model="numpy")
def sweep_on_graph(
    u: Floats,
    s: Floats,
    state: States,
    rows: States,
    codes: Codes,
    grid: SolverGrid,
    limit: int,
) -> bool:
    """Give every node its value from its stencil, once, when its upwind nodes have theirs.

    Second order where ``codes`` names a second upwind node, else first. ``rows`` marks rows of
    the last axis that hold flagged nodes. Sweeps go along the first axis; every plane is swept
    to and fro while that gives values, because beside the source's axes dependences turn from
    one side to the other. Returns whether nodes are left: more turns along the first axis than
    ``limit`` are for :func:`follow_graph`.
    """
    n, pad, stride, h, source = grid
    n0, n1, n2 = n
    line1 = n1 + 2 * pad[1]
    inverse = (1.0 / h[0], 1.0 / h[1], 1.0 / h[2])
    # the first sweep goes from the source into the largest part of the grid
    far0, far1, far2 = 2 * source[0] > n0 - 1, 2 * source[1] > n1 - 1, 2 * source[2] > n2 - 1
    for sweep in range(limit):
        up0 = (sweep % 2 == 1) != far0
        left = False
        for m0 in range(n0):
            i0 = n0 - 1 - m0 if up0 else m0
            d0 = (i0 - source[0]) * h[0]
            waiting = False
            for turn in range(limit):
                up1 = (turn % 2 == 1) != far1
                made, waiting = False, False
                for m1 in range(n1):
                    i1 = n1 - 1 - m1 if up1 else m1
                    row = (i0 + pad[0]) * line1 + i1 + pad[1]
                    if rows[row] == 0:
                        continue
                    d1 = (i1 - source[1]) * h[1]
                    first = row * (n2 + 2 * pad[2]) + pad[2]
                    d01 = d0 * d0 + d1 * d1
                    still = False
                    for turn2 in range(2):
                        up2 = (turn2 == 1) != far2
                        new, still = False, False
                        for m2 in range(n2):
                            i2 = n2 - 1 - m2 if up2 else m2
                            p = first + i2
                            if state[p] != FLAGGED:
                                continue
                            code = codes[p]
                            if (
                                _waits(state, p, (code >> 6) & 7, stride[2])
                                or _waits(state, p, (code >> 3) & 7, stride[1])
                                or _waits(state, p, code & 7, stride[0])
                            ):
                                still = True
                                continue
                            state[p] = FREE
                            new = True
                            d2 = (i2 - source[2]) * h[2]
                            r = math.sqrt(d01 + d2 * d2)
                            offset = (d0, d1, d2)
                            u[p] = update_node(u, p, code, s[p], stride, inverse, offset, r)[0]
                        made = made or new
                        if not (still and new):
                            break
                    waiting = waiting or still
                    rows[row] = still
                if n1 == 1 or not (waiting and made):
                    break
            left = left or waiting
        if not left:
            return False
    return True


@compiled(error_model="numpy")
def locate_node(p: int, grid: SolverGrid) -> tuple[tuple[float, float, float], float]:
    """Offset per axis and distance of a node of the flat arrays from the source, km."""
    n, pad, _, h, source = grid
    w2 = n[2] + 2 * pad[2]
    w1 = n[1] + 2 * pad[1]
    row = p // w2
    slab = row // w1
    d0 = (slab - pad[0] - source[0]) * h[0]
    d1 = (row - slab * w1 - pad[1] - source[1]) * h[1]
    d2 = (p - row * w2 - pad[2] - source[2]) * h[2]
    return (d0, d1, d2), math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)


@compiled(error_model="numpy")
def _follow(
    u: Floats,
    s: Floats,
    state: States,
    codes: Codes,
    first: int,
    grid: SolverGrid,
    stack: NDArray[np.int64],
) -> None:
    """Give one node its value, after all upwind nodes that still lack theirs.

    A chain may be as long as the grid has nodes, so it is kept in ``stack``, not in calls.
    """
    h = grid.spacing
    inverse = (1.0 / h[0], 1.0 / h[1], 1.0 / h[2])
    stack[0] = first
    depth = 1
    while depth > 0:
        p = stack[depth - 1]
        q = _first_missing(state, p, codes[p], grid.stride)
        if q >= 0:
            stack[depth] = q
            depth += 1
            continue
        depth -= 1
        state[p] = FREE
        offset, r = locate_node(p, grid)
        u[p] = update_node(u, p, codes[p], s[p], grid.stride, inverse, offset, r)[0]


@compiled(error_model="numpy")
def follow_graph(u: Floats, s: Floats, state: States, codes: Codes, grid: SolverGrid) -> None:
    """Give the flagged nodes their values, each after the upwind nodes that it needs."""
    count = 0
    for p in range(state.size):
        count += state[p] == FLAGGED
    stack = np.empty(count, dtype=np.int64)
    for first in range(state.size):
        if state[first] == FLAGGED:
            _follow(u, s, state, codes, first, grid, stack)


@compiled(error_model="numpy")
def count_unsolved(t: Floats, u: Floats) -> int:
    """Count the nodes that the wave reaches but whose value is no positive number."""
    count = 0
    for p in range(t.size):
        count += t[p] < np.inf and not (0.0 < u[p] < np.inf)
    return count
