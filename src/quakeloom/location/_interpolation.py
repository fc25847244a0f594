"""Travel times between the nodes of tables.

The members of an ensemble lie side by side in memory: a row holds one point of the tables in all
of them. Where a node lies among the points is found once for every pick, and a time is a weighted
sum of rows.
"""

from __future__ import annotations

import math

import numpy as np

from quakeloom.core import compiled

KERNEL = {"error_model": "numpy", "nogil": True}
"""How the loops of this room are compiled."""


@compiled(**KERNEL)
def find_cell(grid, bins, scale, value):
    """Number of the cell of a grid that holds a value; bins are as fine as the finest cell."""
    i = bins[int((value - grid[0]) * scale)]
    while i > 0 and value < grid[i]:
        i -= 1
    while i < grid.size - 2 and value >= grid[i + 1]:
        i += 1
    return i


@compiled(**KERNEL)
def _corners_radial(
    z_grid, z_bins, z_scale, x_grid, x_bins, x_scale, z, distance, length, lower, upper, level,
    index, weight,
):  # fmt: skip
    """Rows and weights of a point of tables in depth and distance; 0 if it is outside."""
    if not (z_grid[0] <= z <= z_grid[-1] and distance <= x_grid[-1]):
        return 0
    i = find_cell(z_grid, z_bins, z_scale, z)
    j = find_cell(x_grid, x_bins, x_scale, distance)
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


@compiled(**KERNEL)
def _corners_volume(
    z_grid, z_bins, z_scale, n_grid, n_bins, n_scale, e_grid, e_bins, e_scale, z, north, east,
    length, group, index, weight,
):  # fmt: skip
    """Rows and weights of a point of tables in depth, north and east; 0 if it is outside."""
    inside = z_grid[0] <= z <= z_grid[-1] and n_grid[0] <= north <= n_grid[-1]
    if not (inside and (e_grid.size == 1 or e_grid[0] <= east <= e_grid[-1])):
        return 0
    i = find_cell(z_grid, z_bins, z_scale, z)
    j = find_cell(n_grid, n_bins, n_scale, north)
    fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
    fn = (north - n_grid[j]) / (n_grid[j + 1] - n_grid[j])
    k = 0
    fe = 0.0
    sides = 1
    if e_grid.size > 1:
        k = find_cell(e_grid, e_bins, e_scale, east)
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


@compiled(**KERNEL)
def find_rows(
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


@compiled(**KERNEL)
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
            used = find_rows(
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


@compiled(**KERNEL)
def all_times(tables, nodes, station, group, level, out):
    """Fill the travel times of the first node in every member, shape (picks, members)."""
    radial, scaled, values, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale, _ = tables
    index = np.empty(8, np.int64)
    weight = np.empty(8)
    for p in range(station.shape[0]):
        used = find_rows(
            radial, scaled, z, z_bins, z_scale, n, n_bins, n_scale, e, e_bins, e_scale,
            nodes, 0, station, group, level, p, index, weight,
        )  # fmt: skip
        out[p, :] = 0.0 if used else np.nan
        for c in range(used):
            row = values[index[c]]
            for k in range(values.shape[1]):
                out[p, k] += weight[c] * row[k]
