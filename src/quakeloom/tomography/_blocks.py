"""Blocks in the prior of a line: layers that turn no ray, and basins with an edge.

A Gaussian field rules them out: a velocity that falls by a tenth and rises again, or steps, costs
it tens of standard deviations. Here they have a probability of their own, and where the picks
allow them members have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quakeloom.inference import population_posterior, walk_in_cube

_LAYER, _BASIN = 0.5, 0.5
"""Probabilities that there is a hidden layer, and a basin; chosen here: as likely as not."""

_LAYER_TOP, _LAYER_THICK = (0.04, 0.6), (0.03, 0.35)
"""Top and thickness of a layer in depths of the section, even in their logarithms; chosen here."""

_LAYER_WIDE = (0.2, 2.0)
"""Length of a layer along the line, in lengths of the line; chosen here."""

_LAYER_CONTRAST = (0.02, 0.2)
"""Fall of the logarithm of velocity in a layer: from what no picks could show to the contrast of
sediments below basalt. Chosen here."""

_BASIN_DEEP, _BASIN_CONTRAST = (0.02, 0.3), (0.03, 0.4)
"""Depth of a basin in depths of the section, even in its logarithm, and fall of the logarithm of
velocity in it; chosen here: up to soft sediments beside bedrock."""

_FLATTENED = 2.0
"""Divisor of the logarithm of the evidence: in Laplace's approximation about one most probable
model, on a grid, it is known to a unit or two. Chosen here."""

_ROUNDS = (0.08, 0.04, 0.04, 0.04)
"""Shares of the evaluations that look for a basin, and that look for a layer: the first drawn from
the prior, each other stepping from those before. The walk has the rest. Chosen here."""

_BASIN_AXES, _LAYER_AXES = (0, 7, 8, 9), (0, 1, 2, 3, 4, 5, 6)
"""Coordinates of a place that say what a basin is, and a layer, both with the hyper-parameters."""

DIMENSION = 10
"""Coordinates of a place: hyper-parameters, six of a layer (with whether there is one), and three
of a basin (with its side and whether there is one)."""

Blocks = tuple[tuple[float, float, float, float, float], ...]
"""Blocks: top and bottom (km below ground), left and right (km), fall of the logarithm of velocity
as a negative number."""


@dataclass(frozen=True)
class Extent:
    """Where blocks may lie.

    Attributes
    ----------
    first_km, last_km : float
        Ends of the line.
    deep_km : float
        Depth of the section below ground.
    """

    first_km: float
    last_km: float
    deep_km: float


def blocks_at(place: NDArray[np.float64], extent: Extent) -> Blocks:
    """Return the blocks of a place in the unit cube, which may be none.

    Parameters
    ----------
    place : ndarray, (DIMENSION,)
        Uniform between 0 and 1 before there are data.
    extent : Extent
    """
    length = extent.last_km - extent.first_km
    found: list[tuple[float, float, float, float, float]] = []
    if place[1] < _LAYER:
        top = extent.deep_km * _even_log(place[2], _LAYER_TOP)
        thick = extent.deep_km * _even_log(place[3], _LAYER_THICK)
        middle = float(extent.first_km + place[4] * length)
        wide = length * _between(place[5], _LAYER_WIDE)
        fall = _between(place[6], _LAYER_CONTRAST)
        found.append((top, top + thick, middle - 0.5 * wide, middle + 0.5 * wide, -fall))
    if abs(place[7] - 0.5) < 0.5 * _BASIN:
        deep = extent.deep_km * _even_log(place[8], _BASIN_DEEP)
        # which side has the basin, and where on that side it ends
        edge = float(extent.first_km + 2.0 * abs(place[9] - 0.5) * length)
        # the other side ends well beyond the line
        ends = (extent.first_km - length, edge), (edge, extent.last_km + length)
        left, right = ends[0] if place[9] < 0.5 else ends[1]
        strength = (place[7] - (0.5 - 0.5 * _BASIN)) / _BASIN
        found.append((0.0, deep, left, right, -_between(strength, _BASIN_CONTRAST)))
    return tuple(found)


def _between(u: float, ends: tuple[float, float]) -> float:
    return float(ends[0] + u * (ends[1] - ends[0]))


def _even_log(u: float, ends: tuple[float, float]) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** u)


def block_shift(
    nodes: tuple[NDArray[np.float64], NDArray[np.float64]], blocks: Blocks
) -> NDArray[np.float64]:
    """Return what blocks add to the logarithm of velocity, averaged over the cells of nodes.

    Parameters
    ----------
    nodes : (depths below ground, distances)
    blocks : Blocks

    Returns
    -------
    ndarray, (depths, distances)
    """
    depths, distances = nodes
    total = np.zeros((depths.size, distances.size))
    for top, bottom, left, right, fall in blocks:
        share = _share(depths, top, bottom)[:, None] * _share(distances, left, right)[None, :]
        total += fall * share
    return total


def _share(nodes: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Share of the cell of every node that lies between two ends."""
    middles = 0.5 * (nodes[1:] + nodes[:-1])
    edges = np.concatenate([nodes[:1], middles, nodes[-1:]])
    inside = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None)
    return np.asarray(inside / np.diff(edges))


def sample_blocks(
    evidence: Callable[[int, Blocks], float],
    hyper_points: int,
    extent: Extent,
    tries: int,
    count: int,
    seed: int = 0,
) -> list[tuple[int, Blocks]]:
    """Draw blocks, together with the hyper-parameters of the field, by the evidence of the picks.

    A population finds what the picks prefer; a walk from its best place samples what they allow.

    Parameters
    ----------
    evidence : callable
        Logarithm of the evidence of the number of a point of the hyper-parameters and of blocks.
    hyper_points : int
        Equally probable points of the hyper-parameters.
    extent : Extent
    tries : int
        Evaluations of the evidence.
    count : int
        Draws to return, evenly spaced on the walk.
    seed : int

    Returns
    -------
    list of (int, Blocks)
        Number of the point of the hyper-parameters, and blocks.
    """
    random = np.random.default_rng(seed)
    known: dict[tuple[int, Blocks], float] = {}

    def meaning(place: NDArray[np.float64]) -> tuple[int, Blocks]:
        return min(int(place[0] * hyper_points), hyper_points - 1), blocks_at(place, extent)

    def density(place: NDArray[np.float64]) -> float:
        found = meaning(place)
        if found not in known:
            known[found] = evidence(*found) / _FLATTENED
        return known[found]

    # neither a layer nor a basin; then the basin that the picks prefer, then the layer beside it
    best = np.array([random.uniform(), 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.5, 0.5])
    for axes in (_BASIN_AXES, _LAYER_AXES):
        rounds = [max(round(share * tries), 2) for share in _ROUNDS]
        part = partial(_density_of_part, density, best, axes)
        found = population_posterior(part, len(axes), rounds, random)
        there = _put(best, axes, found.best)
        best = there if density(there) > density(best) else best
    walked = tries - 2 * sum(round(share * tries) for share in _ROUNDS)
    visited = walk_in_cube(density, best, max(walked, 2), random)
    kept = visited[len(visited) // 4 :]
    rows = np.linspace(0, len(kept) - 1, count).round().astype(int)
    return [meaning(kept[r]) for r in rows]


def _density_of_part(
    density: Callable[[NDArray[np.float64]], float],
    place: NDArray[np.float64],
    axes: tuple[int, ...],
    values: NDArray[np.float64],
) -> float:
    return density(_put(place, axes, values))


def _put(
    place: NDArray[np.float64], axes: tuple[int, ...], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a place with other values of some coordinates."""
    changed = place.copy()
    changed[list(axes)] = values
    return changed
