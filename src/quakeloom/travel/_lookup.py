"""Take-off angles and travel times between the points of traced tables.

What is interpolated is smooth: the take-off angle less that of the straight line from source
to receiver, and the travel time over the length of that line. Both are constant in a
homogeneous medium. Cells across which the first arrival changes branch are marked when
tables are stacked; in them the branch that arrives first at the very point is found from
the plane waves of the corners, and other branches do not enter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, compiled
from quakeloom.travel._tables import Law, TakeoffTable

Floats = NDArray[np.float64]
Number = TypeVar("Number", bound=np.generic)

_JUMP_DEG = 4.0
"""Corners of a cell whose angles, less those of the straight lines, differ by more than this,
degrees, are taken for different branches of the first arrival (chosen here)."""

_BINS = 4_000
"""Most bins of an axis (chosen here: 16 kB of cell numbers)."""

_KERNEL = {"error_model": "numpy", "nogil": True}
"""Numba's options: NaN instead of errors, and threads that look up at the same time."""


class GridAxis(NamedTuple):
    """An axis of the tables, with bins in which a cell is found in one step (or a few).

    Attributes
    ----------
    nodes : ndarray, shape (n,)
        Increasing, km.
    bins_per_km : float
    cells : ndarray of int32
        The cell at the start of every bin.
    """

    nodes: Floats
    bins_per_km: float
    cells: NDArray[np.int32]


class LinearTables(NamedTuple):
    """What is interpolated, see :class:`TableStack`, and the depth of the receivers, km."""

    values: NDArray[np.float32]
    jumps: NDArray[np.bool_]
    source_slowness_s_km: Floats
    receiver_depth_km: float


@dataclass(frozen=True)
class TableStack:
    """Tables of several models on one grid, ready for :func:`lookup`.

    Attributes
    ----------
    model_names : tuple of str
    depth_km, distance_km : ndarray
        The common grid.
    values : ndarray of float32, shape (models, depths, distances, 2)
        ``linear``: take-off angle less that of the straight line (degrees), and time over
        the length of the line (s/km). ``hash``: take-off angle and travel time.
    jumps : ndarray of bool, shape (models, depths - 1, distances - 1)
        Cells across which the first arrival changes branch.
    source_slowness_s_km : ndarray, shape (models, depths)
    receiver_depth_km : float
    law : {"linear", "hash"}
    """

    model_names: tuple[str, ...]
    depth_km: Floats
    distance_km: Floats
    values: NDArray[np.float32]
    jumps: NDArray[np.bool_]
    source_slowness_s_km: Floats
    receiver_depth_km: float
    law: Law
    _depth_axis: GridAxis
    _distance_axis: GridAxis


def stack_tables(tables: Sequence[TakeoffTable]) -> TableStack:
    """Stack tables of several models on one grid.

    Raises
    ------
    InputError
        If there is no table, or grids, laws or receiver depths differ.
    """
    if not tables:
        raise InputError(
            "No take-off table was given, so no angle can be looked up. Trace at least one model."
        )
    first = tables[0]
    for table in tables[1:]:
        same = (
            np.array_equal(table.depth_km, first.depth_km)
            and np.array_equal(table.distance_km, first.distance_km)
            and table.law == first.law
            and (table.law == "hash" or table.receiver_depth_km == first.receiver_depth_km)
        )
        if not same:
            raise InputError(
                f"The take-off tables of '{first.model_name}' and '{table.model_name}' differ in "
                "grid, law or receiver depth and cannot be stacked. Trace all models with the "
                "same arguments."
            )
    height = first.depth_km[:, None] - first.receiver_depth_km
    values = np.empty((len(tables), *first.takeoff_deg.shape, 2), np.float32)
    jumps = np.zeros((len(tables), first.depth_km.size - 1, first.distance_km.size - 1), np.bool_)
    for i, table in enumerate(tables):
        if table.law == "hash":
            values[i, ..., 0] = table.takeoff_deg
            values[i, ..., 1] = table.travel_time_s
            continue
        straight = 180.0 - np.degrees(np.arctan2(table.distance_km, height))
        length = np.hypot(table.distance_km, height)
        straight[length == 0.0] = table.takeoff_deg[length == 0.0]
        residual = table.takeoff_deg - straight
        slowness = np.repeat(table.source_slowness_s_km[:, None], table.distance_km.size, axis=1)
        np.divide(table.travel_time_s, length, out=slowness, where=length > 0.0)
        values[i, ..., 0] = residual
        values[i, ..., 1] = slowness
        jumps[i] = _find_jumps(residual, table.direct)
    return TableStack(
        tuple(t.model_name for t in tables),
        first.depth_km,
        first.distance_km,
        values,
        jumps,
        np.array([t.source_slowness_s_km for t in tables]),
        first.receiver_depth_km,
        first.law,
        _bin_axis(first.depth_km),
        _bin_axis(first.distance_km),
    )


def lookup(
    stack: TableStack, model_index: ArrayLike, depth_km: ArrayLike, distance_km: ArrayLike
) -> tuple[Floats, Floats]:
    """Interpolate take-off angles and travel times of first arrivals.

    Parameters
    ----------
    stack : TableStack
    model_index : array_like of int
        Which table, from 0.
    depth_km, distance_km : array_like
        Source depth below sea level and epicentral distance. All three are broadcast to
        shape ``S``, e.g. (trials, 1), (trials, 1) and (stations,) give (trials, stations).

    Returns
    -------
    takeoff_deg, travel_time_s : ndarray, shape ``S``
        0 straight down, 180 straight up (at zero distance). NaN outside the table, save
        that a source above the first depth of the table is given that depth. In a stack of
        law ``hash``: bilinear in angle and time; where a corner is missing or at zero
        distance, and beyond the last distance, extrapolated from the nearest valid pair of
        distances, as HASH does (the angle may then leave 0 to 180); outside the depths NaN.

    Raises
    ------
    InputError
        If a model index is not one of the stack.
    """
    index = np.asarray(model_index)
    count = len(stack.model_names)
    if index.size and (index.min() < 0 or index.max() >= count):
        raise InputError(
            f"Model index {int(index.max() if index.max() >= count else index.min())} was asked "
            f"of a stack of {count} take-off tables; no angle can be looked up. Use 0 to "
            f"{count - 1}."
        )
    shape = np.broadcast_shapes(index.shape, np.shape(depth_km), np.shape(distance_km))
    model = _as_table(index.astype(np.int64, copy=False), shape)
    depth = _as_table(np.asarray(depth_km, dtype=float), shape)
    distance = _as_table(np.asarray(distance_km, dtype=float), shape)
    takeoff, time = np.empty(model.shape), np.empty(model.shape)
    if stack.law == "hash":
        grid = stack.depth_km, stack.distance_km
        _lookup_hash(model, depth, distance, *grid, stack.values, takeoff, time)
    else:
        tables = LinearTables(
            stack.values, stack.jumps, stack.source_slowness_s_km, stack.receiver_depth_km
        )
        # plain tuples: numba takes several times as long to know a named one
        axes = (*stack._depth_axis,), (*stack._distance_axis,)
        _lookup_linear(model, depth, distance, *axes, (*tables,), takeoff, time)
    return takeoff.reshape(shape), time.reshape(shape)


def _as_table(values: NDArray[Number], shape: tuple[int, ...]) -> NDArray[Number]:
    """Broadcast, without a copy where there are two axes, as one of rows and columns."""
    full = np.broadcast_to(values, shape)
    return full if full.ndim == 2 else full.reshape(1, -1)


def _find_jumps(residual: Floats, direct: NDArray[np.bool_]) -> NDArray[np.bool_]:
    corners = np.stack([residual[:-1, :-1], residual[:-1, 1:], residual[1:, :-1], residual[1:, 1:]])
    same = direct[:-1, :-1] & direct[:-1, 1:] & direct[1:, :-1] & direct[1:, 1:]
    return np.asarray((np.ptp(corners, axis=0) > _JUMP_DEG) & ~same)


def _bin_axis(grid: Floats) -> GridAxis:
    width = max(float(np.diff(grid).min()), float(grid[-1] - grid[0]) / _BINS)
    starts = grid[0] + width * np.arange(int((grid[-1] - grid[0]) / width) + 2)
    cells = np.clip(np.searchsorted(grid, starts, side="right") - 1, 0, grid.size - 2)
    return GridAxis(grid, 1.0 / width, cells.astype(np.int32))


@compiled(**_KERNEL, forceinline=True)
def _find_cell(axis: tuple[Floats, float, NDArray[np.int32]], x: float) -> int:
    """Number of the cell that holds a value within a :class:`GridAxis`."""
    grid, bins_per_km, cells = axis
    i = int(cells[int((x - grid[0]) * bins_per_km)])
    # a bin may begin one cell off by rounding, and hold several cells of a fine grid
    while i > 0 and x < grid[i]:
        i -= 1
    while i < grid.size - 2 and x >= grid[i + 1]:
        i += 1
    return i


@compiled(**_KERNEL)
def _lookup_linear(
    model: NDArray[np.int64],
    depth: Floats,
    distance: Floats,
    depth_axis: tuple[Floats, float, NDArray[np.int32]],
    distance_axis: tuple[Floats, float, NDArray[np.int32]],
    tables: tuple[NDArray[np.float32], NDArray[np.bool_], Floats, float],
    takeoff: Floats,
    time: Floats,
) -> None:
    """Fill take-off angles and times of points (rows, columns).

    Takes two :class:`GridAxis` and a :class:`LinearTables` as tuples.
    """
    z_grid, x_grid = depth_axis[0], distance_axis[0]
    values, jumps, source_slowness, receiver = tables
    z_first = z_grid[0]
    z_last = z_grid[-1]
    x_first = x_grid[0]
    x_last = x_grid[-1]
    to_degrees = 180.0 / math.pi
    for r in range(depth.shape[0]):
        for c in range(depth.shape[1]):
            z = depth[r, c]
            x = distance[r, c]
            if not (z <= z_last and x_first <= x <= x_last):
                takeoff[r, c] = np.nan
                time[r, c] = np.nan
                continue
            if z < z_first:
                z = z_first
            i = _find_cell(depth_axis, z)
            j = _find_cell(distance_axis, x)
            m = model[r, c]
            fz = (z - z_grid[i]) / (z_grid[i + 1] - z_grid[i])
            fx = (x - x_grid[j]) / (x_grid[j + 1] - x_grid[j])
            if jumps[m, i, j]:
                takeoff[r, c], time[r, c] = _across_jump(
                    values[m, i : i + 2, j : j + 2],
                    source_slowness[m, i : i + 2],
                    z_grid[i : i + 2],
                    x_grid[j : j + 2],
                    receiver,
                    z,
                    x,
                )
                continue
            w00 = (1.0 - fz) * (1.0 - fx)
            w01 = (1.0 - fz) * fx
            w10 = fz * (1.0 - fx)
            w11 = fz * fx
            residual = (
                w00 * values[m, i, j, 0]
                + w01 * values[m, i, j + 1, 0]
                + w10 * values[m, i + 1, j, 0]
                + w11 * values[m, i + 1, j + 1, 0]
            )
            slowness = (
                w00 * values[m, i, j, 1]
                + w01 * values[m, i, j + 1, 1]
                + w10 * values[m, i + 1, j, 1]
                + w11 * values[m, i + 1, j + 1, 1]
            )
            height = z - receiver
            angle = 180.0 - to_degrees * math.atan2(x, height) + residual
            takeoff[r, c] = min(180.0, max(0.0, angle))
            time[r, c] = slowness * math.sqrt(x * x + height * height)


@compiled(**_KERNEL)
def _across_jump(
    values: NDArray[np.float32],
    slowness: Floats,
    z_ends: Floats,
    x_ends: Floats,
    receiver: float,
    z: float,
    x: float,
) -> tuple[float, float]:
    """Angle and time of the branch that arrives first, from the corners that belong to it.

    Every corner of the cell tells the time of its branch at the point by the plane wave through
    it: ``dt/dx = sin(i)/v``, ``dt/dz = -cos(i)/v`` at the source.
    """
    fz = (z - z_ends[0]) / (z_ends[1] - z_ends[0])
    fx = (x - x_ends[0]) / (x_ends[1] - x_ends[0])
    residuals = np.empty(4)
    times = np.empty(4)
    weights = np.empty(4)
    for corner in range(4):
        a = corner // 2
        b = corner % 2
        height = z_ends[a] - receiver
        x_corner = x_ends[b]
        residuals[corner] = values[a, b, 0]
        angle = math.pi - math.atan2(x_corner, height) + math.radians(residuals[corner])
        gradient_x = math.sin(angle) * slowness[a]
        gradient_z = -math.cos(angle) * slowness[a]
        times[corner] = (
            values[a, b, 1] * math.sqrt(x_corner * x_corner + height * height)
            + gradient_x * (x - x_corner)
            + gradient_z * (z - z_ends[a])
        )
        # Not quite zero on the edge, so that a branch with all its corners there has a mean.
        weights[corner] = (fz if a else 1.0 - fz) * (fx if b else 1.0 - fx) + 1e-9
    best = np.inf
    residual = 0.0
    for corner in range(4):
        total = 0.0
        time = 0.0
        mean = 0.0
        for other in range(4):
            if abs(residuals[other] - residuals[corner]) <= _JUMP_DEG:
                total += weights[other]
                time += weights[other] * times[other]
                mean += weights[other] * residuals[other]
        if time / total < best:
            best = time / total
            residual = mean / total
    angle = 180.0 - math.degrees(math.atan2(x, z - receiver)) + residual
    return min(180.0, max(0.0, angle)), best


@compiled(**_KERNEL)
def _lookup_hash(
    model: NDArray[np.int64],
    depth: Floats,
    distance: Floats,
    z_grid: Floats,
    x_grid: Floats,
    values: NDArray[np.float32],
    takeoff: Floats,
    time: Floats,
) -> None:
    """Fill take-off angles and times of points (rows, columns) as HASH interpolates."""
    nz = z_grid.size
    nx = x_grid.size
    for r in range(depth.shape[0]):
        for c in range(depth.shape[1]):
            z = depth[r, c]
            x = distance[r, c]
            m = model[r, c]
            takeoff[r, c] = np.nan
            time[r, c] = np.nan
            if not (z_grid[0] <= z <= z_grid[-1] and x == x):
                continue
            i = min(max(np.searchsorted(z_grid, z), 1), nz - 1)
            j = min(max(np.searchsorted(x_grid, x), 1), nx - 1)
            upper = _valid_pair(values[m, i - 1], j)
            lower = _valid_pair(values[m, i], j)
            if x > x_grid[j] or upper != j or lower != j:
                upper = _nearest_pair(values[m, i - 1], x_grid, x)
                lower = _nearest_pair(values[m, i], x_grid, x)
                if upper < 0 or lower < 0:
                    continue
            fz = (z - z_grid[i - 1]) / (z_grid[i] - z_grid[i - 1])
            for k in range(2):
                above = _along(values[m, i - 1], x_grid, upper, x, k)
                below = _along(values[m, i], x_grid, lower, x, k)
                value = above + fz * (below - above)
                if k == 0:
                    takeoff[r, c] = value
                else:
                    time[r, c] = value


@compiled(**_KERNEL)
def _is_valid(angle: float) -> bool:
    # HASH marks "no ray" by the angle that also stands for zero distance, straight up.
    return angle == angle and angle != 180.0


@compiled(**_KERNEL)
def _valid_pair(row: NDArray[np.float32], j: int) -> int:
    return j if _is_valid(row[j - 1, 0]) and _is_valid(row[j, 0]) else -1


@compiled(**_KERNEL)
def _nearest_pair(row: NDArray[np.float32], x_grid: Floats, x: float) -> int:
    """Upper index of the valid pair of neighbors whose middle is nearest to a distance."""
    nearest = 999.0
    best = -1
    for j in range(1, x_grid.size):
        if _is_valid(row[j - 1, 0]) and _is_valid(row[j, 0]):
            off = abs(0.5 * (x_grid[j - 1] + x_grid[j]) - x)
            if off < nearest:
                nearest = off
                best = j
    return best


@compiled(**_KERNEL)
def _along(row: NDArray[np.float32], x_grid: Floats, j: int, x: float, k: int) -> float:
    """Value k on the line through the pair of neighbors that ends with j."""
    share = (x - x_grid[j - 1]) / (x_grid[j] - x_grid[j - 1])
    return float(row[j - 1, k] + share * (row[j, k] - row[j - 1, k]))
