"""Travel times between the nodes of tables.

The members of an ensemble lie side by side in memory: a row holds one point of the tables in all
of them. Where a node lies among the points is found once for every pick, and a time is a weighted
sum of rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import UNCOUNTED, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KERNEL = {"error_model": "numpy", "nogil": True}
"""How the loops of this room are compiled: a division by zero gives infinity, not an error whose
checks would keep loops from becoming vector instructions."""

LEAF = {**KERNEL, **UNCOUNTED}
"""How loops are compiled that make no array and return none."""


class Axis(NamedTuple):
    """Nodes of tables along one axis, and how to find the cell of a value at once.

    Attributes
    ----------
    grid : float64
        Nodes in km, increasing.
    bins : int64
        Cell that each of many equal bins starts in; a bin is as wide as the narrowest cell.
    scale : float
        Bins per km.
    """

    grid: Floats
    bins: Ints
    scale: float


class TimeTables(NamedTuple):
    """The times of an ensemble as the compiled loops read them.

    Attributes
    ----------
    radial, scaled : bool
        See :class:`quakeloom.location.EnsembleTimes`.
    rows : float32, shape (points, members)
        Points by group, depth, north and east.
    depth, north, east : Axis
    inverse_spacing : float64
        One over the spacing of north (or distance).
    """

    radial: bool
    scaled: bool
    rows: NDArray[np.float32]
    depth: Axis
    north: Axis
    east: Axis
    inverse_spacing: Floats


class Receivers(NamedTuple):
    """The stations of picks, in space and among the tables.

    Attributes
    ----------
    place : float64, shape (picks, 3)
        Depth, north, east in km.
    group : int64, shape (picks, 2)
        Tables of a pick; two where its station lies between two receiver levels.
    level : float64, shape (picks,)
        Share of the second.
    """

    place: Floats
    group: Ints
    level: Floats


class Arrivals(NamedTuple):
    """Arrival times of picks, and what is added to the travel times of every member.

    Attributes
    ----------
    time : float64, shape (picks,)
        In s after a reference.
    delay : float32, shape (picks, members)
        In s; zero where members are taken as they are.
    """

    time: Floats
    delay: NDArray[np.float32]


@compiled(**LEAF)
def find_cell(axis: Axis, value: float) -> int:
    """Number of the cell of an axis that holds a value."""
    grid = axis.grid
    i = axis.bins[int((value - grid[0]) * axis.scale)]
    # The bin says where to start; a node within it, or rounding, is one cell off.
    while i > 0 and value < grid[i]:
        i -= 1
    while i < grid.size - 2 and value >= grid[i + 1]:
        i += 1
    cell: int = i
    return cell


@compiled(**LEAF)
def _corners_radial(
    tables: TimeTables,
    z: float,
    distance: float,
    length: float,
    group: Ints,
    level: float,
    index: Ints,
    weight: Floats,
) -> int:
    """Rows and weights of a point of tables in depth and distance; 0 if it is outside."""
    z_grid, x_grid = tables.depth.grid, tables.north.grid
    if not (z_grid[0] <= z <= z_grid[-1] and distance <= x_grid[-1]):
        return 0
    i = find_cell(tables.depth, z)
    j = find_cell(tables.north, distance)
    fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
    fx = (distance - x_grid[j]) / (x_grid[j + 1] - x_grid[j])
    row = i * x_grid.size + j
    used = 0
    for side in range(2):
        share = length * (level if side == 1 else 1.0 - level)
        if share == 0.0:
            continue
        start = group[side] * z_grid.size * x_grid.size + row
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


@compiled(**LEAF)
def _corners_volume(
    tables: TimeTables,
    z: float,
    north: float,
    east: float,
    length: float,
    group: int,
    index: Ints,
    weight: Floats,
) -> int:
    """Rows and weights of a point of tables in depth, north and east; 0 if it is outside."""
    z_grid, n_grid, e_grid = tables.depth.grid, tables.north.grid, tables.east.grid
    inside = z_grid[0] <= z <= z_grid[-1] and n_grid[0] <= north <= n_grid[-1]
    if not (inside and (e_grid.size == 1 or e_grid[0] <= east <= e_grid[-1])):
        return 0
    i = find_cell(tables.depth, z)
    j = find_cell(tables.north, north)
    fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
    fn = (north - n_grid[j]) / (n_grid[j + 1] - n_grid[j])
    k = 0
    fe = 0.0
    sides = 1
    # A section has one east, and four corners instead of eight.
    if e_grid.size > 1:
        k = find_cell(tables.east, east)
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


@compiled(**LEAF)
def find_rows(
    tables: TimeTables,
    nodes: Floats,
    node: int,
    receivers: Receivers,
    p: int,
    index: Ints,
    weight: Floats,
) -> int:
    """Rows and weights of one node for one pick; 0 if the tables do not reach it.

    Scaled tables hold slownesses, which are smooth near a station where times have a corner;
    the length of the straight path is part of the weights.
    """
    place, group = receivers.place, receivers.group
    depth = nodes[node, 0]
    north = nodes[node, 1]
    east = nodes[node, 2]
    dz = depth - place[p, 0]
    dn = north - place[p, 1]
    de = east - place[p, 2]
    length = 1.0
    if tables.scaled:
        length = math.sqrt(dz * dz + dn * dn + de * de)
    if tables.radial:
        distance = math.sqrt(dn * dn + de * de)
        used: int = _corners_radial(
            tables, depth, distance, length, group[p], receivers.level[p], index, weight
        )
    else:
        used = _corners_volume(tables, depth, north, east, length, group[p, 0], index, weight)
    return used


@compiled(**KERNEL)
def member_times(
    tables: TimeTables, nodes: Floats, member: Ints, receivers: Receivers, out: Floats
) -> None:
    """Fill the travel times of nodes, each in one member, to every pick; NaN where there is none.

    Parameters
    ----------
    tables : TimeTables
    nodes : float64 array, shape (nodes, 3)
    member : int64 array, shape (nodes,)
        -1 takes the mean of all members.
    receivers : Receivers
    out : float64 array, shape (nodes, picks)
    """
    values = tables.rows
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    for node in range(nodes.shape[0]):
        for p in range(out.shape[1]):
            used = find_rows(tables, nodes, node, receivers, p, index, weight)
            t = 0.0
            for c in range(used):
                if member[node] >= 0:
                    t += weight[c] * values[index[c], member[node]]
                else:
                    t += weight[c] * np.mean(values[index[c]])
            out[node, p] = t if used else np.nan


@compiled(**KERNEL)
def all_times(tables: TimeTables, nodes: Floats, receivers: Receivers, out: Floats) -> None:
    """Fill the travel times of the first node in every member, shape (picks, members)."""
    values = tables.rows
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    for p in range(out.shape[0]):
        used = find_rows(tables, nodes, 0, receivers, p, index, weight)
        out[p, :] = 0.0 if used else np.nan
        for c in range(used):
            row = values[index[c]]
            for k in range(values.shape[1]):
                out[p, k] += weight[c] * row[k]
