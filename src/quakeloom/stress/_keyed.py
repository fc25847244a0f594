"""Statistics that are kept per partition: nodes named by where they are, not by a number.

Nodes stand at whole multiples of the step of each axis. A partition keeps only the nodes that
its mechanisms load, so that it does not depend on how far the map reaches; any later map that
holds these nodes can take its sums in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.stress._grid import StressGrid
from quakeloom.stress._statistics import StressStatistics

Integers = NDArray[np.int64]
Keyed = dict[str, Integers]


def grid_around(
    names: Sequence[str],
    steps: Sequence[float],
    points: ArrayLike,
    boundaries: Sequence[ArrayLike] = (),
) -> tuple[StressGrid, Integers]:
    """Return an unmasked grid at multiples of the steps that holds points, and its origin.

    Parameters
    ----------
    names : sequence of str
        Axes as for :class:`StressGrid`.
    steps : sequence of float
        0 for an axis of one value, which takes everything.
    points : array_like, shape (points, dimensions)

    Returns
    -------
    grid : StressGrid
    origin : ndarray of int64, shape (dimensions,)
        Multiple of the step of the first node of each axis.
    """
    x = np.asarray(points, dtype=float).reshape(-1, len(names))
    x = x[np.isfinite(x).all(axis=1)]
    axes, origin = {}, []
    for name, step, values in zip(names, steps, x.T, strict=True):
        if step == 0 or not values.size:
            middle = float(np.round(np.median(values), 6)) if values.size else 0.0
            axes[name], first = np.array([middle]), 0
        else:
            first = int(np.floor(values.min() / step))
            last = int(np.ceil(values.max() / step))
            axes[name] = np.arange(first, max(last, first + 1) + 1) * step
        origin.append(first)
    return StressGrid(axes, boundaries=boundaries), np.array(origin, dtype=np.int64)


def key_statistics(grid: StressGrid, origin: Integers, statistics: StressStatistics) -> Keyed:
    """Return statistics of the loaded nodes with their places, as plain integer arrays."""
    nodes = np.flatnonzero(statistics.weight)
    pair_nodes, table, _ = grid._stencil
    code_of = np.empty(pair_nodes.shape[0], dtype=np.int64)
    rows, codes = np.nonzero(table >= 0)
    code_of[table[rows, codes]] = codes
    pairs = np.flatnonzero(statistics.normal.any(axis=1))
    return {
        "node": grid.places[nodes] + origin,
        "weight": statistics.weight[nodes],
        "slip": statistics.slip[nodes],
        "count": statistics.mechanism_count[nodes],
        "moment": statistics.moment[nodes],
        "pair": grid.places[pair_nodes[pairs, 0]] + origin,
        "code": code_of[pairs],
        "normal": statistics.normal[pairs],
        "total": np.array([statistics.square, statistics.outside_count], dtype=np.int64),
    }


def add_keyed(grid: StressGrid, origin: Integers, parts: Iterable[Keyed]) -> StressStatistics:
    """Add the statistics of partitions on a map that holds all their nodes."""
    total = StressStatistics.empty(grid)
    _, table, _ = grid._stencil
    for part in parts:
        nodes = grid.index[tuple((part["node"] - origin).T)]
        total.weight[nodes] += part["weight"]
        total.slip[nodes] += part["slip"]
        total.mechanism_count[nodes] += part["count"]
        total.moment[nodes] += part["moment"]
        first = grid.index[tuple((part["pair"] - origin).T)]
        total.normal[table[first, part["code"]]] += part["normal"]
        total.square += int(part["total"][0])
        total.outside_count += int(part["total"][1])
    return total


def stack_keyed(parts: Iterable[Keyed]) -> Integers:
    """Return the places of all nodes that any partition loads, each once."""
    return np.unique(np.concatenate([part["node"] for part in parts]), axis=0)
