"""The nodes of a stress map: where they are, who their neighbors are, what events load them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array

from quakeloom.core import InputError
from quakeloom.stress._boundary import crosses_boundary

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Method = Literal["bilinear", "nearest"]
"""How an event loads nodes: the corners of its cell by multilinear weights, or one node."""

_EARTH_RADIUS_KM = 6371.0
"""Mean radius of the Earth."""

KM_PER_DEGREE = 111.195
"""Kilometers per degree of latitude on a sphere of 6,371 km."""


@dataclass(frozen=True)
class StressGrid:
    """A regular grid in two to four dimensions with a mask.

    Parameters
    ----------
    axes : mapping of str to array_like
        Ascending, evenly spaced coordinates; the last two are the horizontal ones, e.g.
        ``{"latitude": ..., "longitude": ...}``, ``{"northing": ..., "easting": ...}``, before
        them ``depth_km`` and ``time`` where they exist. An axis of one value takes all events.
    mask : array_like of bool, optional
        Nodes that exist; all if not given.
    boundaries : sequence of array_like, shape (points, 2)
        Polylines in the horizontal coordinates, (longitude, latitude) or (easting, northing),
        across which nothing is smoothed or interpolated.

    Attributes
    ----------
    index : ndarray of int64
        Number of each node on the grid, -1 where masked.
    """

    axes: Mapping[str, Floats]
    mask: NDArray[np.bool_]
    boundaries: tuple[Floats, ...] = ()
    index: Integers = field(init=False, repr=False)

    def __init__(
        self,
        axes: Mapping[str, ArrayLike],
        mask: ArrayLike | None = None,
        boundaries: Sequence[ArrayLike] = (),
    ) -> None:
        values = {name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in axes.items()}
        for name, v in values.items():
            steps = np.diff(v)
            if v.size == 0 or (
                v.size > 1 and not (steps[0] > 0 and np.ptp(steps) < 1e-6 * steps[0])
            ):
                raise InputError(
                    f"Grid axis '{name}' is empty, or not ascending and evenly spaced, so no "
                    "grid was made. Give evenly spaced coordinates."
                )
        shape = tuple(v.size for v in values.values())
        kept = np.ones(shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
        if kept.shape != shape:
            raise InputError(
                f"The mask has shape {kept.shape}, the grid {shape}; no grid was made. Give one "
                "value per node."
            )
        if not kept.any():
            raise InputError(
                "The mask leaves no node of the grid, so there is nothing to map. Widen the mask "
                "or the area."
            )
        index = np.full(shape, -1, dtype=np.int64)
        index[kept] = np.arange(int(kept.sum()))
        object.__setattr__(self, "axes", values)
        object.__setattr__(self, "mask", kept)
        object.__setattr__(
            self, "boundaries", tuple(np.asarray(b, dtype=float) for b in boundaries)
        )
        object.__setattr__(self, "index", index)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each axis."""
        return self.mask.shape

    @cached_property
    def node_count(self) -> int:
        """Number of nodes that exist."""
        return int(self.mask.sum())

    @cached_property
    def places(self) -> Integers:
        """Grid indices of the nodes, shape (nodes, dimensions)."""
        return np.argwhere(self.mask)

    @cached_property
    def is_geographic(self) -> bool:
        """Whether the horizontal axes are degrees of longitude and latitude."""
        return "longitude" in self.axes

    def coordinate(self, name: str) -> Floats:
        """Return a coordinate of every node, shape (nodes,)."""
        axis = list(self.axes).index(name)
        return self.axes[name][self.places[:, axis]]

    @cached_property
    def horizontal(self) -> Floats:
        """(longitude, latitude) or (easting, northing) of every node, shape (nodes, 2)."""
        names = list(self.axes)
        return np.stack([self.coordinate(names[-1]), self.coordinate(names[-2])], axis=1)

    @cached_property
    def corner_offsets(self) -> Integers:
        """Corners of a cell, shape (corners, dimensions), in lexicographic order."""
        spans = [(0, 1) if n > 1 else (0,) for n in self.shape]
        return np.array(list(itertools.product(*spans)), dtype=np.int64)

    @cached_property
    def _stencil(self) -> tuple[Integers, Integers, Integers]:
        """Pairs of nodes of one cell, pair of (node, code), and code of (corner, corner)."""
        dims = len(self.shape)
        powers = 3 ** np.arange(dims - 1, -1, -1)
        offsets = self.corner_offsets
        codes = (offsets[None, :, :] - offsets[:, None, :] + 1) @ powers
        table = np.full((self.node_count, 3**dims), -1, dtype=np.int64)
        pairs, count = [], 0
        for code in np.unique(codes[np.triu_indices(len(offsets))]):
            shift = (code // powers) % 3 - 1
            target = self.places + shift
            inside = np.all((target >= 0) & (target < np.array(self.shape)), axis=1)
            other = np.full(self.node_count, -1, dtype=np.int64)
            other[inside] = self.index[tuple(target[inside].T)]
            source = np.flatnonzero(other >= 0)
            table[source, code] = count + np.arange(source.size)
            count += source.size
            pairs.append(np.stack([source, other[source]], axis=1))
        return np.concatenate(pairs), table, codes

    @property
    def pairs(self) -> Integers:
        """Pairs of nodes of one cell, each node with itself included, shape (pairs, 2)."""
        return self._stencil[0]

    def locate(self, points: ArrayLike, method: Method = "bilinear") -> tuple[Integers, Floats]:
        """Return the nodes that events load, and their weights.

        Parameters
        ----------
        points : array_like, shape (events, dimensions)
            Coordinates in the order of the axes.
        method : {"bilinear", "nearest"}
            Multilinear weights of the corners of the cell, or all weight on one node.

        Returns
        -------
        nodes : ndarray of int64, shape (events, corners)
            -1 where there is none.
        weights : ndarray, shape (events, corners)
            They sum to 1, or are all 0 for events farther than half a step outside, or whose
            corners are all masked. Corners beyond a boundary get nothing, unless all are.
        """
        x = np.asarray(points, dtype=float).reshape(-1, len(self.shape))
        low = np.zeros(x.shape, dtype=np.int64)
        fraction = np.zeros(x.shape)
        inside = np.ones(x.shape[0], dtype=bool)
        for axis, values in enumerate(self.axes.values()):
            inside &= np.isfinite(x[:, axis])
            if values.size == 1:
                continue
            t = (np.where(inside, x[:, axis], values[0]) - values[0]) / (values[1] - values[0])
            inside &= (t >= -0.5) & (t <= values.size - 0.5)
            t = np.clip(t, 0.0, values.size - 1.0)
            low[:, axis] = np.minimum(t.astype(np.int64), values.size - 2)
            fraction[:, axis] = t - low[:, axis]
        if method == "nearest":
            fraction = np.floor(fraction + 0.5)
        offsets = self.corner_offsets
        corner = low[:, None, :] + offsets[None, :, :]
        nodes = self.index[tuple(np.moveaxis(corner, -1, 0))]
        parts = np.where(offsets[None, :, :] == 1, fraction[:, None, :], 1.0 - fraction[:, None, :])
        weights = np.prod(parts, axis=2)
        weights[(nodes < 0) | ~inside[:, None]] = 0.0
        if self.boundaries:
            weights = self._keep_side(x, nodes, weights)
        total = weights.sum(axis=1, keepdims=True)
        np.divide(weights, total, out=weights, where=total > 0)
        nodes[weights == 0.0] = -1
        return nodes, weights

    def _keep_side(self, x: Floats, nodes: Integers, weights: Floats) -> Floats:
        event, corner = np.nonzero(weights > 0)
        here = x[event][:, [-1, -2]]
        there = self.horizontal[nodes[event, corner]]
        cut = crosses_boundary(here, there, self.boundaries)
        kept = weights.copy()
        kept[event[cut], corner[cut]] = 0.0
        return np.where(kept.any(axis=1, keepdims=True), kept, weights)

    def edges(self, axis: int) -> Integers:
        """Return neighbors along an axis that no boundary separates, shape (edges, 2)."""
        shift = np.zeros(len(self.shape), dtype=np.int64)
        shift[axis] = 1
        target = self.places + shift
        inside = target[:, axis] < self.shape[axis]
        source = np.flatnonzero(inside)
        other = self.index[tuple(target[inside].T)]
        edges = np.stack([source[other >= 0], other[other >= 0]], axis=1)
        if self.boundaries and axis >= len(self.shape) - 2:
            cut = crosses_boundary(
                self.horizontal[edges[:, 0]], self.horizontal[edges[:, 1]], self.boundaries
            )
            edges = edges[~cut]
        return edges

    def smoothness(
        self, order: int = 1, metric: Literal["distance", "index"] = "distance"
    ) -> list[coo_array]:
        """Return the penalty matrices, one for the map and one for depth and time.

        Parameters
        ----------
        order : {1, 2}
            First differences, ``R = L`` with the graph Laplacian L (the sum of squared
            differences of neighbors), or second differences, ``R = L^T L``.
        metric : {"distance", "index"}
            Weigh map edges by the width of the cell over the distance of the nodes, which
            makes the sum of squares the integral of the squared gradient in km; or count
            every edge alike, as SATSI does.

        Returns
        -------
        list of sparse arrays, shape (nodes, nodes)
        """
        dims = len(self.shape)
        groups = [list(range(max(dims - 2, 0), dims)), list(range(dims - 2))]
        out = []
        for group in groups:
            laplacian = coo_array((self.node_count, self.node_count))
            for axis in group:
                edges = self.edges(axis)
                if not edges.size:
                    continue
                weight = np.ones(edges.shape[0])
                if metric == "distance" and axis >= dims - 2:
                    weight = self._aspect(axis, edges)
                i, j = edges.T
                entries = np.concatenate([weight, weight, -weight, -weight])
                rows, columns = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
                laplacian = laplacian + coo_array((entries, (rows, columns)), laplacian.shape)
            if laplacian.nnz:
                csr = laplacian.tocsr()
                out.append((csr if order == 1 else (csr.T @ csr)).tocoo())
        return out

    def _aspect(self, axis: int, edges: Integers) -> Floats:
        names = list(self.axes)
        step = [np.diff(self.axes[n][:2])[0] if self.axes[n].size > 1 else 1.0 for n in names[-2:]]
        stretch = np.ones(edges.shape[0])
        if self.is_geographic:
            latitude = 0.5 * (self.horizontal[edges[:, 0], 1] + self.horizontal[edges[:, 1], 1])
            stretch = np.maximum(np.cos(np.radians(latitude)), 1e-3)
        width = step[1] * stretch
        return width / step[0] if axis == len(self.shape) - 2 else step[0] / width


def fill_gaps(mask: ArrayLike) -> NDArray[np.bool_]:
    """Return the mask with empty nodes between filled ones of the same line filled in.

    As SATSI does: a node that has filled nodes on both sides along any axis exists.
    """
    kept = np.asarray(mask, dtype=bool)
    out = kept.copy()
    for axis in range(kept.ndim):
        before = np.maximum.accumulate(kept, axis=axis)
        after = np.flip(np.maximum.accumulate(np.flip(kept, axis), axis=axis), axis)
        out |= before & after
    return out


def mask_near(
    axes: Mapping[str, ArrayLike], points: ArrayLike, reach_km: float
) -> NDArray[np.bool_]:
    """Return the map nodes within a distance of any point, shape (latitude, longitude).

    Parameters
    ----------
    axes : mapping
        ``latitude`` and ``longitude``, or ``northing`` and ``easting`` in km.
    points : array_like, shape (points, 2)
        (longitude, latitude) or (easting, northing).
    reach_km : float
    """
    from scipy.spatial import cKDTree

    names = list(axes)[-2:]
    north, east = np.meshgrid(np.asarray(axes[names[0]]), np.asarray(axes[names[1]]), indexing="ij")
    nodes = np.stack([east.ravel(), north.ravel()], axis=1)
    known = np.asarray(points, dtype=float).reshape(-1, 2)
    known = known[np.isfinite(known).all(axis=1)]
    if not known.size:
        return np.zeros(north.shape, dtype=bool)
    reach = reach_km
    if names[1] == "longitude":
        nodes, known = _on_sphere(nodes), _on_sphere(known)
        reach = 2.0 * np.sin(min(reach_km / _EARTH_RADIUS_KM, np.pi) / 2.0)
    distance, _ = cKDTree(known).query(nodes, distance_upper_bound=reach * (1 + 1e-12))
    near: NDArray[np.bool_] = np.isfinite(distance).reshape(north.shape)
    return near


def mask_polygons(
    axes: Mapping[str, ArrayLike], polygons: Sequence[ArrayLike], buffer_km: float = 0.0
) -> NDArray[np.bool_]:
    """Return the map nodes inside polygons (land), or within a distance of their outlines.

    Parameters
    ----------
    axes : mapping
        ``latitude`` and ``longitude``, or ``northing`` and ``easting`` in km.
    polygons : sequence of array_like, each shape (points, 2)
        Closed outlines in (longitude, latitude) or (easting, northing).
    buffer_km : float
        How far off the outline nodes still count.
    """
    from matplotlib.path import Path

    names = list(axes)[-2:]
    north, east = np.meshgrid(np.asarray(axes[names[0]]), np.asarray(axes[names[1]]), indexing="ij")
    nodes = np.stack([east.ravel(), north.ravel()], axis=1)
    out = np.zeros(nodes.shape[0], dtype=bool)
    outline = []
    for polygon in polygons:
        points = np.asarray(polygon, dtype=float)
        out |= Path(points).contains_points(nodes)
        if buffer_km > 0:
            outline.append(_densify(points, 0.02 if names[1] == "longitude" else 2.0))
    out = out.reshape(north.shape)
    if outline:
        out |= mask_near(axes, np.concatenate(outline), buffer_km)
    return out


def _on_sphere(points: Floats) -> Floats:
    longitude, latitude = np.radians(points.T)
    c = np.cos(latitude)
    return np.stack([c * np.cos(longitude), c * np.sin(longitude), np.sin(latitude)], axis=1)


def _densify(points: Floats, step: float) -> Floats:
    lengths = np.hypot(*np.diff(points, axis=0).T)
    counts = np.maximum(np.ceil(lengths / step).astype(int), 1)
    pieces = [
        a + (b - a) * np.linspace(0.0, 1.0, n, endpoint=False)[:, None]
        for a, b, n in zip(points[:-1], points[1:], counts, strict=True)
    ]
    return np.concatenate([*pieces, points[-1:]])
