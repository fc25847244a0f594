"""Compiled derivatives of the eikonal solution: every node's update, reversed exactly.

Arrays are laid out as in :mod:`quakeloom.travel._eikonal_kernels`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.travel._eikonal_kernels import (
    FAR,
    FIXED,
    HIGHER,
    Codes,
    Floats,
    SolverGrid,
    States,
    locate_node,
    update_node,
)

Integers = NDArray[np.int64]


class LinearUpdates(NamedTuple):
    """The update of every node that was reached, linearized: how ``u`` follows from others.

    Attributes
    ----------
    order : ndarray of int64, shape (nodes,)
        The nodes by ascending first-order time, as flat indices.
    codes : ndarray of uint16
        Upwind sides of all nodes of the padded grid.
    stride : tuple of int
        Distance of neighbors in the flat arrays, per axis.
    by_slowness : ndarray, shape (nodes,)
        Derivative by the slowness of the node; 0 at the fixed nodes around the source.
    by_near, by_far : ndarray, shape (nodes, 3)
        Derivatives by the first and the second upwind node of every axis.
    """

    order: Integers
    codes: Codes
    stride: tuple[int, int, int]
    by_slowness: Floats
    by_near: Floats
    by_far: Floats


class Sensitivities(NamedTuple):
    """What a reversal carries: derivatives of a number J, on the padded grid.

    Attributes
    ----------
    by_u : ndarray, shape (padded nodes,)
        d J / d u, still to be carried back.
    by_slowness : ndarray, shape (padded nodes,)
        d J / d slowness, gathered so far.
    touched : ndarray of int64, shape (nodes,)
        Room for the list of nodes whose ``by_slowness`` changed.
    """

    by_u: Floats
    by_slowness: Floats
    touched: Integers


class NodeSums(NamedTuple):
    """Weighted sums over nodes, one per row.

    Attributes
    ----------
    node : ndarray of int64, shape (sums, terms)
        Flat indices.
    weight : ndarray, shape (sums, terms)
    """

    node: Integers
    weight: Floats


class ParameterRows(NamedTuple):
    """Derivatives of the slowness of every node by parameters, as compressed rows.

    Attributes
    ----------
    row : ndarray of int64
        Of every padded node.
    pointer, column : ndarray of int64
        Where a row begins, and the parameter of every entry.
    value : ndarray
    """

    row: Integers
    pointer: Integers
    column: Integers
    value: Floats


@compiled(error_model="numpy")
def linearize_updates(
    u: Floats, s: Floats, state: States, grid: SolverGrid, updates: LinearUpdates
) -> None:
    """Fill the derivatives of every node's update.

    The update solves ``F = sum (a u - b)^2 - s^2 = 0``, so every derivative of ``u`` is one of
    ``F`` over ``dF/du = 2 sum a (a u - b)``. A node stays 0 where it is fixed.
    """
    h = grid.spacing
    inverse = (1.0 / h[0], 1.0 / h[1], 1.0 / h[2])
    codes, by_near, by_far = updates.codes, updates.by_near, updates.by_far
    for m in range(updates.order.size):
        p = updates.order[m]
        if state[p] == FIXED:
            continue
        if codes[p] == 0:
            # no neighbor to carry on to: with the whole path at this slowness the derivative by a
            # common factor of all slownesses stays right
            updates.by_slowness[m] = u[p] / s[p]
            continue
        offset, r = locate_node(p, grid)
        _, used, scheme, a0, b0, a1, b1, a2, b2 = update_node(
            u, p, codes[p], s[p], grid.stride, inverse, offset, r
        )
        a = (a0 if used & 1 else 0.0, a1 if used & 2 else 0.0, a2 if used & 4 else 0.0)
        b = (b0, b1, b2)
        total = 0.0
        for axis in range(3):
            if a[axis] > 0.0:
                total += a[axis] * (a[axis] * u[p] - b[axis])
        updates.by_slowness[m] = s[p] / total
        for axis in range(3):
            code = (codes[p] >> (3 * axis)) & 7
            if a[axis] <= 0.0 or code == 0:
                continue
            slope = (a[axis] * u[p] - b[axis]) * r * inverse[axis] / total
            if scheme == 2 and code & FAR:
                by_near[m, axis] = 2.0 * slope
                by_far[m, axis] = -0.5 * slope
            else:
                by_near[m, axis] = slope


@compiled(error_model="numpy")
def reverse_sweep(updates: LinearUpdates, start: int, carried: Sensitivities) -> int:
    """Carry sensitivities of ``u`` back to the slowness, node by node against the flow.

    Work starts at position ``start`` of the order. ``carried.by_u`` is used up; what reaches the
    fixed nodes around the source is left in it. Returns the length of the list
    ``carried.touched``.
    """
    order, codes, stride, by_slowness, by_near, by_far = updates
    lam, gradient, touched = carried
    count = 0
    for m in range(start, -1, -1):
        p = order[m]
        value = lam[p]
        if value == 0.0 or by_slowness[m] == 0.0:
            continue
        # every node that depends on this one is later and has been passed: its sum is complete
        lam[p] = 0.0
        gradient[p] += value * by_slowness[m]
        touched[count] = p
        count += 1
        for axis in range(3):
            near = by_near[m, axis]
            if near != 0.0:
                st = stride[axis]
                if (codes[p] >> (3 * axis)) & HIGHER:
                    st = -st
                lam[p - st] += value * near
                far = by_far[m, axis]
                if far != 0.0:
                    lam[p - 2 * st] += value * far
    return count


@compiled(error_model="numpy")
def reverse_rows(
    updates: LinearUpdates,
    starts: Integers,
    points: NodeSums,
    fixed: Integers,
    straight: NodeSums,
    parameters: ParameterRows,
    carried: Sensitivities,
    rows: Floats,
) -> None:
    """Fill one row of derivatives by parameters for every point; see :func:`reverse_sweep`.

    ``points`` are the times as sums of ``u``, ``straight`` is ``u`` of the ``fixed`` nodes as
    sums of slownesses. ``carried`` comes and leaves as zeros: only what was touched is set back,
    which spares a pass over the whole grid for every point.
    """
    lam, gradient, touched = carried
    row, pointer, column, value = parameters
    for k in range(len(starts)):
        for c in range(points.node.shape[1]):
            lam[points.node[k, c]] += points.weight[k, c]
        count = reverse_sweep(updates, starts[k], carried)
        for j in range(len(fixed)):
            share = lam[fixed[j]]
            lam[fixed[j]] = 0.0
            if share != 0.0:
                for m in range(straight.node.shape[1]):
                    w = share * straight.weight[j, m]
                    i = row[straight.node[j, m]]
                    for e in range(pointer[i], pointer[i + 1]):
                        rows[k, column[e]] += w * value[e]
        for m in range(count):
            p = touched[m]
            w = gradient[p]
            gradient[p] = 0.0
            i = row[p]
            for e in range(pointer[i], pointer[i + 1]):
                rows[k, column[e]] += w * value[e]
