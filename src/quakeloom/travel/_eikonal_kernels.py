"""Compiled sweeps of the factored eikonal equation.

All arrays are flat views of padded C-ordered grids of three axes; an axis of one node has
stride 0 and is left out. Unknown is the apparent slowness ``u`` with ``T = r u``, where ``r``
is the distance from the source. Along every axis the upwind slope of ``T`` is ``a u - b``.
"""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled

OUTSIDE, FREE, FIXED, FLAGGED = 0, 1, 2, 3


@compiled(error_model="numpy", forceinline=True)
def _solve(a0, b0, a1, b1, a2, b2, s):
    """Solve sum (a u - b)^2 = s^2 for the larger root; axes whose slope turns out negative go.

    An axis with ``a = 0`` does not take part. Returns ``u`` and a bit mask of the axes used.
    """
    while True:
        aa = a0 * a0 + a1 * a1 + a2 * a2
        ab = a0 * b0 + a1 * b1 + a2 * b2
        bb = b0 * b0 + b1 * b1 + b2 * b2
        disc = ab * ab - aa * (bb - s * s)
        if disc >= 0.0 and aa > 0.0:
            u = (ab + math.sqrt(disc)) / aa
            if a0 * u >= b0 and a1 * u >= b1 and a2 * u >= b2:
                return u, (a0 > 0.0) + 2 * (a1 > 0.0) + 4 * (a2 > 0.0)
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


@compiled(error_model="numpy")
def _no_upwind(sine, steps):
    """Slope along an axis without an upwind node: 0, or the cone's beside the source's axis."""
    if abs(sine) * steps < 1.0:
        return abs(sine), 0.0
    return 0.0, 0.0


@compiled(error_model="numpy", forceinline=True)
def _slope_first(t, u, p, stride, sine, steps):
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
    if a <= 1e-9:
        return 0.0, 0.0
    return a, b


@compiled(error_model="numpy")
def sweep_first_order(t, u, s, state, rows, n, pad, stride, h, source, limit, tolerance):
    """Sweep until no node changes; first order, monotone, any medium. Returns the sweeps made.

    ``rows`` marks rows of the last axis that hold flagged nodes.
    """
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
                    if st0 > 0:
                        for q, k in ((p - st0, row - line1), (p + st0, row + line1)):
                            if state[q] == FREE and t[q] > time:
                                state[q] = FLAGGED
                                rows[k] = 1
                    if st1 > 0:
                        for q, k in ((p - st1, row - 1), (p + st1, row + 1)):
                            if state[q] == FREE and t[q] > time:
                                state[q] = FLAGGED
                                rows[k] = 1
                    if st2 > 0:
                        for q in (p - st2, p + st2):
                            if state[q] == FREE and t[q] > time:
                                state[q] = FLAGGED
                                rows[row] = 1
        left = False
        for k in range(rows.size):
            if rows[k]:
                left = True
                break
        if not left:
            return sweep + 1
    return limit


@compiled(error_model="numpy")
def _stencil(t, p, stride):
    """Upwind side along one axis: 0 none, 1 lower, 2 higher; +4 where a second node counts."""
    if stride == 0:
        return 0
    low, high = t[p - stride], t[p + stride]
    if low <= high:
        if low >= t[p]:
            return 0
        return 5 if t[p - 2 * stride] <= low else 1
    if high >= t[p]:
        return 0
    return 6 if t[p + 2 * stride] <= high else 2


@compiled(error_model="numpy")
def choose_stencils(t, state, rows, n, pad, stride, codes):
    """Fix every node's upwind stencil from first-order times: a graph without cycles."""
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
                    state[p] = FLAGGED


@compiled(error_model="numpy", forceinline=True)
def _slope(u, p, code, order, stride, sine, steps):
    """Coefficients of the upwind slope of the chosen order along one axis."""
    if code == 0:
        return _no_upwind(sine, steps) if stride else (0.0, 0.0)
    if code & 2:
        stride = -stride
        sine = -sine
    if order == 2 and code & 4:
        a = sine + 1.5 * steps
        b = steps * (2.0 * u[p - stride] - 0.5 * u[p - 2 * stride])
    else:
        a = sine + steps
        b = steps * u[p - stride]
    if a <= 1e-9:
        return 0.0, 0.0
    return a, b


@compiled(error_model="numpy", forceinline=True)
def update_node(u, p, code, s, stride, k, d0, d1, d2, r):
    """Second-order value of one node; first order where the second has no causal solution."""
    c0, c1, c2 = code & 7, (code >> 3) & 7, (code >> 6) & 7
    ir = 1.0 / r
    order = 2
    while True:
        a0, b0 = _slope(u, p, c0, order, stride[0], d0 * ir, r * k[0])
        a1, b1 = _slope(u, p, c1, order, stride[1], d1 * ir, r * k[1])
        a2, b2 = _slope(u, p, c2, order, stride[2], d2 * ir, r * k[2])
        new, used = _solve(a0, b0, a1, b1, a2, b2, s)
        if order == 1:
            return new, used, order, a0, b0, a1, b1, a2, b2
        wanted = (a0 > 0.0) + 2 * (a1 > 0.0) + 4 * (a2 > 0.0)
        if used == wanted and used > 0:
            return new, used, order, a0, b0, a1, b1, a2, b2
        order = 1


@compiled(error_model="numpy")
def _waits(state, p, code, stride):
    """Tell whether an upwind node along one axis has no value yet."""
    if code == 0:
        return False
    if code & 2:
        stride = -stride
    return state[p - stride] == FLAGGED or (code & 4 and state[p - 2 * stride] == FLAGGED)


@compiled(error_model="numpy")
def _waits_for(state, p, code, stride):
    """Return an upwind node along one axis that has no value yet, or -1."""
    if code == 0:
        return -1
    if code & 2:
        stride = -stride
    if state[p - stride] == FLAGGED:
        return p - stride
    if code & 4 and state[p - 2 * stride] == FLAGGED:
        return p - 2 * stride
    return -1


@compiled(error_model="numpy")
def _first_missing(state, p, code, stride):
    """Return an upwind node of any axis that has no value yet, or -1."""
    q = _waits_for(state, p, (code >> 6) & 7, stride[2])
    if q < 0:
        q = _waits_for(state, p, (code >> 3) & 7, stride[1])
    if q < 0:
        q = _waits_for(state, p, code & 7, stride[0])
    return q


@compiled(error_model="numpy")
def sweep_on_graph(u, s, state, rows, codes, n, pad, stride, h, source, limit):
    """Give every node its value from its stencil, once, when its upwind nodes have theirs.

    Second order where ``codes`` names a second upwind node, else first. ``rows`` marks rows of
    the last axis that hold flagged nodes. Sweeps go along the first axis; every plane is swept
    to and fro while that gives values, because beside the source's axes dependences turn from
    one side to the other. Returns whether nodes are left: more turns along the first axis than
    ``limit`` are for :func:`follow_graph`.
    """
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
                            u[p] = update_node(u, p, code, s[p], stride, inverse, d0, d1, d2, r)[0]
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
def _follow(u, s, state, codes, first, w1, w2, pad, stride, h, inverse, source, stack):
    """Give one node its value, after all upwind nodes that still lack theirs."""
    stack[0] = first
    depth = 1
    while depth > 0:
        p = stack[depth - 1]
        q = _first_missing(state, p, codes[p], stride)
        if q >= 0:
            stack[depth] = q
            depth += 1
            continue
        depth -= 1
        state[p] = FREE
        row = p // w2
        slab = row // w1
        d0 = (slab - pad[0] - source[0]) * h[0]
        d1 = (row - slab * w1 - pad[1] - source[1]) * h[1]
        d2 = (p - row * w2 - pad[2] - source[2]) * h[2]
        r = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
        u[p] = update_node(u, p, codes[p], s[p], stride, inverse, d0, d1, d2, r)[0]


@compiled(error_model="numpy")
def follow_graph(u, s, state, codes, n, pad, stride, h, source):
    """Give the flagged nodes their values, each after the upwind nodes that it needs."""
    w2 = n[2] + 2 * pad[2]
    w1 = n[1] + 2 * pad[1]
    inverse = (1.0 / h[0], 1.0 / h[1], 1.0 / h[2])
    count = 0
    for p in range(state.size):
        count += state[p] == FLAGGED
    stack = np.empty(count, dtype=np.int64)
    for first in range(state.size):
        if state[first] == FLAGGED:
            _follow(u, s, state, codes, first, w1, w2, pad, stride, h, inverse, source, stack)
