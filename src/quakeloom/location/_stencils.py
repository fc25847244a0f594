"""Where the nodes of a search lie in the tables of an ensemble: rows and weights of every pick.

Nodes are taken in small blocks. In tables of depth and distance the few rows that a block needs
are found together, and made once where a station lies between two receiver levels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.location._interpolation import (
    KERNEL,
    LEAF,
    Axis,
    Floats,
    Ints,
    Receivers,
    TimeTables,
    find_cell,
    find_rows,
)

Singles = NDArray[np.float32]

BLOCK = 16
"""Nodes in a block. Chosen here: sums of 16 nodes and 100 members take 13 kB, and two of them
stay in a first cache of 32 kB; and sixteen numbers fill a register."""

_NO_RAY_S = 1e6
"""Times of tables where no ray arrives are 1e30; a shift beyond this comes from one of them."""


class Stencil(NamedTuple):
    """Rows of tables that make the time of each node of a block to one station.

    Attributes
    ----------
    row : int64, shape (BLOCK, 8)
    weight : float32, shape (BLOCK, 8)
    used : int64, shape (BLOCK,)
        How many rows: four, eight, or none where the tables do not reach a node.
    corner, part : int64 and float64, shape (8,)
        Scratch for one node.
    """

    row: Ints
    weight: Singles
    used: Ints
    corner: Ints
    part: Floats


class Block(NamedTuple):
    """Nodes of a block, and where they lie in tables of depth and distance.

    Attributes
    ----------
    nodes : float64, shape (nodes, 3)
        All nodes of an event.
    first, number : int
        The first of the block among them, and how many it has.
    cell : int64, shape (BLOCK,)
        Cell of depth.
    share : float64, shape (BLOCK,)
        Place in it, from 0 to 1.
    away, path : float64, shape (BLOCK,)
        Epicentral distance and straight distance to a station.
    """

    nodes: Floats
    first: int
    number: int
    cell: Ints
    share: Floats
    away: Floats
    path: Floats


@compiled(**KERNEL)
def make_patches(tables: TimeTables, nodes: Floats, receivers: Receivers, place: Ints) -> Singles:
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


@compiled(**LEAF)
def place_depths(axis: Axis, block: Block, used: Ints) -> None:
    """Fill the cells of depth of a block of nodes; ``used`` is 0 above and below the tables."""
    grid = axis.grid
    for b in range(block.number):
        z = block.nodes[block.first + b, 0]
        used[b] = 0
        if grid[0] <= z <= grid[-1]:
            i = find_cell(axis, z)
            block.cell[b] = i
            block.share[b] = (z - grid[i]) / (grid[i + 1] - grid[i])
            used[b] = 4


@compiled(**LEAF)
def place_radial(
    tables: TimeTables, block: Block, receivers: Receivers, p: int, patch: Ints, stencil: Stencil
) -> None:
    """Fill rows and weights of a block of nodes for a pick, in tables of depth and distance.

    Row ``p`` of ``patch`` has the first row, depth and distance of the pick's patch and its rows
    per depth; without one, rows of two receiver levels count.
    """
    x_grid, x_bins, x_scale = tables.north
    cell, share, away, path = block.cell, block.share, block.away, block.path
    index, weight, used = stencil.row, stencil.weight, stencil.used
    z, north, east = receivers.place[p, 0], receivers.place[p, 1], receivers.place[p, 2]
    level = receivers.level[p]
    lower = receivers.group[p, 0] * tables.depth.grid.size * x_grid.size
    upper = receivers.group[p, 1] * tables.depth.grid.size * x_grid.size
    origin, low, near, stride = patch[p, 0], patch[p, 1], patch[p, 2], patch[p, 3]
    both = origin < 0 and level > 0.0
    count = 8 if both else 4
    if origin < 0:
        origin, low, near, stride = lower, 0, 0, x_grid.size
    for b in range(block.number):
        dz = block.nodes[block.first + b, 0] - z
        dn = block.nodes[block.first + b, 1] - north
        de = block.nodes[block.first + b, 2] - east
        square = dn * dn + de * de
        away[b] = math.sqrt(square)
        path[b] = math.sqrt(square + dz * dz)
    for b in range(block.number):
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


@compiled(**LEAF)
def place_volume(
    tables: TimeTables, block: Block, receivers: Receivers, p: int, stencil: Stencil
) -> None:
    """Fill rows and weights of a block of nodes for a pick, in tables of any other kind."""
    corner, part = stencil.corner, stencil.part
    for b in range(block.number):
        if stencil.used[b] == 0:
            continue
        used = find_rows(tables, block.nodes, block.first + b, receivers, p, corner, part)
        stencil.used[b] = used
        for c in range(used):
            stencil.row[b, c] = corner[c]
            stencil.weight[b, c] = part[c]


@compiled(**LEAF)
def find_shifts(rows: Singles, stencil: Stencil, count: int, time: float, shift: Floats) -> None:
    """Fill the residual of a pick in the first member at every node, 0 where it has no ray."""
    for b in range(count):
        shift[b] = time
        for c in range(stencil.used[b]):
            shift[b] -= stencil.weight[b, c] * rows[stencil.row[b, c], 0]
        if not abs(shift[b]) < _NO_RAY_S:
            shift[b] = 0.0


@compiled(**KERNEL)
def make_block(nodes: Floats) -> tuple[Block, Stencil]:
    """Room for the blocks of an event."""
    whole, places = np.zeros((BLOCK, 8), np.int64), np.zeros((3, BLOCK))
    block = Block(nodes, 0, 0, np.zeros(BLOCK, np.int64), places[0], places[1], places[2])
    weight, used = np.zeros((BLOCK, 8), np.float32), np.zeros(BLOCK, np.int64)
    return block, Stencil(whole, weight, used, np.zeros(8, np.int64), np.zeros(8))
