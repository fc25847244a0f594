"""Compiled derivatives of the eikonal solution: every node's update, reversed exactly.

Arrays are laid out as in :mod:`quakeloom.travel._eikonal_kernels`.
"""

from __future__ import annotations

import math

from quakeloom.core import compiled
from quakeloom.travel._eikonal_kernels import FIXED, update_node


@compiled(error_model="numpy")
def local_derivatives(
    u, s, state, codes, order, n, pad, stride, h, source, by_slowness, by_near, by_far
):
    """Differentiate every node's update by its slowness and its upwind nodes.

    ``by_near`` and ``by_far`` (nodes, 3) belong to the first and the second upwind node of
    every axis; ``order`` lists the nodes that were reached.
    """
    w2 = n[2] + 2 * pad[2]
    w1 = n[1] + 2 * pad[1]
    inverse = (1.0 / h[0], 1.0 / h[1], 1.0 / h[2])
    for m in range(order.size):
        p = order[m]
        if state[p] == FIXED:
            continue
        d0 = (p // (w1 * w2) - pad[0] - source[0]) * h[0]
        d1 = ((p // w2) % w1 - pad[1] - source[1]) * h[1]
        d2 = (p % w2 - pad[2] - source[2]) * h[2]
        r = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
        _, used, scheme, a0, b0, a1, b1, a2, b2 = update_node(
            u, p, codes[p], s[p], stride, inverse, d0, d1, d2, r
        )
        a = (a0 if used & 1 else 0.0, a1 if used & 2 else 0.0, a2 if used & 4 else 0.0)
        b = (b0, b1, b2)
        total = 0.0
        for axis in range(3):
            if a[axis] > 0.0:
                total += a[axis] * (a[axis] * u[p] - b[axis])
        by_slowness[m] = s[p] / total
        for axis in range(3):
            code = (codes[p] >> (3 * axis)) & 7
            if a[axis] <= 0.0 or code == 0:
                continue
            slope = (a[axis] * u[p] - b[axis]) * r * inverse[axis] / total
            if scheme == 2 and code & 4:
                by_near[m, axis] = 2.0 * slope
                by_far[m, axis] = -0.5 * slope
            else:
                by_near[m, axis] = slope


@compiled(error_model="numpy")
def reverse_sweep(
    order, start, codes, stride, by_slowness, by_near, by_far, lam, gradient, touched
):
    """Carry sensitivities of ``u`` back to the slowness, node by node against the flow.

    ``order`` lists nodes by ascending first-order time; work starts at position ``start``.
    ``lam`` holds d J / d u and is used up; ``gradient`` gains d J / d slowness. What reaches
    the fixed nodes around the source is left in ``lam``. Nodes whose gradient changed are
    listed in ``touched``; their count is returned.
    """
    count = 0
    for m in range(start, -1, -1):
        p = order[m]
        value = lam[p]
        if value == 0.0 or by_slowness[m] == 0.0:
            continue
        lam[p] = 0.0
        gradient[p] += value * by_slowness[m]
        touched[count] = p
        count += 1
        for axis in range(3):
            near = by_near[m, axis]
            if near != 0.0:
                st = stride[axis]
                if (codes[p] >> (3 * axis)) & 2:
                    st = -st
                lam[p - st] += value * near
                far = by_far[m, axis]
                if far != 0.0:
                    lam[p - 2 * st] += value * far
    return count


@compiled(error_model="numpy")
def reverse_rows(
    order, starts, codes, stride, by_slowness, by_near, by_far, lam, gradient, touched,
    index, weight, fixed, fixed_index, fixed_weight, node, pointer, column, value, rows,
):  # fmt: skip
    """Fill one row of derivatives by parameters for every point; see :func:`reverse_sweep`.

    ``index`` and ``weight`` (points, corners) inject a point; ``node`` maps padded to plain
    nodes, whose derivatives by parameters are the compressed rows ``pointer``, ``column``,
    ``value``. ``lam`` and ``gradient`` come and leave as zeros.
    """
    for k in range(len(starts)):
        for c in range(index.shape[1]):
            lam[index[k, c]] += weight[k, c]
        count = reverse_sweep(
            order, starts[k], codes, stride, by_slowness, by_near, by_far, lam, gradient, touched
        )
        for j in range(len(fixed)):
            share = lam[fixed[j]]
            lam[fixed[j]] = 0.0
            if share != 0.0:
                for m in range(fixed_index.shape[1]):
                    w = share * fixed_weight[j, m]
                    i = node[fixed_index[j, m]]
                    for e in range(pointer[i], pointer[i + 1]):
                        rows[k, column[e]] += w * value[e]
        for m in range(count):
            p = touched[m]
            w = gradient[p]
            gradient[p] = 0.0
            i = node[p]
            for e in range(pointer[i], pointer[i + 1]):
                rows[k, column[e]] += w * value[e]
