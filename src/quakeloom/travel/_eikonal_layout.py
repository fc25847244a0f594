"""Where nodes lie in the padded arrays of the solver, and how the source starts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from quakeloom.travel import _eikonal_kernels as kernels
from quakeloom.travel._eikonal_reverse import NodeSums

Number = TypeVar("Number", bound=np.generic)


class StraightLines(NamedTuple):
    """Nodes around the source, and their ``u`` as sums of slownesses along straight lines.

    Attributes
    ----------
    nodes : ndarray of int64, shape (nodes,)
        Flat indices.
    sums : NodeSums
        One row per node.
    """

    nodes: NDArray[np.int64]
    sums: NodeSums


@dataclass(frozen=True)
class GridLayout:
    """Where the nodes of a grid of two or three axes lie in the padded flat arrays."""

    shape: tuple[int, ...]

    @cached_property
    def n(self) -> tuple[int, int, int]:
        """Nodes per axis; a grid of two axes gets one of one node between them."""
        first, *rest = self.shape
        return (first, 1, rest[0]) if len(rest) == 1 else (first, rest[0], rest[1])

    @cached_property
    def pad(self) -> tuple[int, int, int]:
        """Nodes of padding on either side: as many as the stencil of second order reaches."""
        return _per_axis(2 if n > 1 else 0 for n in self.n)

    @cached_property
    def padded(self) -> tuple[int, int, int]:
        """Nodes per axis with the padding."""
        return _per_axis(n + 2 * p for n, p in zip(self.n, self.pad, strict=True))

    @cached_property
    def stride(self) -> tuple[int, int, int]:
        """Distance of neighbors in the flat arrays; 0 along an axis of one node."""
        p = self.padded
        full = (p[1] * p[2], p[2], 1)
        return _per_axis(s if n > 1 else 0 for s, n in zip(full, self.n, strict=True))

    def three(self, values: Iterable[float], fill: float) -> tuple[float, float, float]:
        """Return values per axis, with ``fill`` for the axis of one node."""
        v = [float(x) for x in values]
        return (v[0], v[1], v[2]) if len(v) == 3 else (v[0], fill, v[1])

    def place(self, spacing: Iterable[float], source: Iterable[float]) -> kernels.SolverGrid:
        """Return the layout for the kernels; spacing in km, source in nodes from the first."""
        return kernels.SolverGrid(
            self.n, self.pad, self.stride, self.three(spacing, 1.0), self.three(source, 0.0)
        )

    def spread(self, values: NDArray[Any], fill: float, dtype: type[Number]) -> NDArray[Number]:
        """Return an array of the grid as a flat padded one."""
        out: NDArray[Number] = np.full(self.padded, fill, dtype=dtype)
        out[self._inner] = values.reshape(self.n)
        return out.ravel()

    def crop(self, flat: NDArray[Number]) -> NDArray[Number]:
        """Return a flat padded array as one of the grid."""
        return np.ascontiguousarray(flat.reshape(self.padded)[self._inner]).reshape(self.shape)

    @cached_property
    def _inner(self) -> tuple[slice, ...]:
        return tuple(slice(p, p + n) for p, n in zip(self.pad, self.n, strict=True))

    def flat_index(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Flat padded index of nodes of shape (..., axes)."""
        full = [
            np.asarray(nodes[..., 0] + self.pad[0]),
            *([] if len(self.shape) == 3 else [np.zeros(nodes.shape[:-1], dtype=np.int64)]),
            *(nodes[..., a] + 2 for a in range(1, len(self.shape))),
        ]
        return np.asarray(np.ravel_multi_index(tuple(full), self.padded))

    def corners(
        self, position: NDArray[np.float64], state: NDArray[np.uint8] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Flat indices and multilinear weights of the corners around positions (n, axes).

        Corners outside the active region get weight 0 and the others share it; a point with
        no active corner, or outside the grid, gets NaN.
        """
        index, weight, _ = self._corners(position, state, slopes=False)
        return index, weight

    def corner_slopes(
        self, position: NDArray[np.float64], state: NDArray[np.uint8] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """As :meth:`corners`, with the derivatives of the weights per node, (n, corners, axes)."""
        return self._corners(position, state, slopes=True)

    def _corners(
        self, position: NDArray[np.float64], state: NDArray[np.uint8] | None, slopes: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        axes = len(self.shape)
        top = np.array(self.shape) - 1
        outside = ((position < -1e-9) | (position > top + 1e-9)).any(axis=1)
        position = np.clip(np.nan_to_num(position), 0, top)
        cell = np.minimum(position.astype(np.int64), np.maximum(top - 1, 0))
        part = position - cell
        bits = np.array(np.meshgrid(*[[0, 1]] * axes, indexing="ij")).reshape(axes, -1).T
        nodes = np.minimum(cell[:, None, :] + bits, top)
        factor = np.where(bits == 1, part[:, None, :], 1.0 - part[:, None, :])
        weight = factor.prod(axis=2)
        index = self.flat_index(nodes)
        slope = np.empty((0, 0, 0))
        if state is not None:
            dead = state[index] == kernels.OUTSIDE
            weight = np.where(dead, 0.0, weight)
            total = weight.sum(axis=1, keepdims=True)
            weight = np.divide(weight, total, out=np.full_like(weight, np.nan), where=total > 1e-6)
        weight[outside] = np.nan
        if slopes:
            slope = np.empty((*weight.shape, axes))
            for a in range(axes):
                other = np.delete(factor, a, axis=2).prod(axis=2)
                slope[:, :, a] = np.where(bits[:, a] == 1, other, -other)
            if state is not None:
                # a difference needs both ends of the edge
                for a in range(axes):
                    partner = dead[:, _partner(bits, a)]
                    slope[:, :, a] = np.where(dead | partner, 0.0, slope[:, :, a])
        return index, weight, slope


def straight_lines(
    la: GridLayout, source: tuple[float, ...], state: NDArray[np.uint8]
) -> StraightLines:
    """Return what fixes the nodes around the source, where no upwind scheme holds.

    Their ``u`` is the mean slowness along the straight line, by Simpson's rule.
    """
    centre = np.array(source)
    axes = [
        np.arange(max(0, int(np.ceil(c - 1.5))), min(n - 1, int(np.floor(c + 1.5))) + 1)
        for c, n in zip(centre, la.shape, strict=True)
    ]
    nodes = np.array(np.meshgrid(*axes, indexing="ij")).reshape(len(la.shape), -1).T
    flat = la.flat_index(nodes)
    keep = state[flat] != kernels.OUTSIDE
    nodes, flat = nodes[keep], flat[keep]
    at_source = la.corners(np.repeat(centre[None], len(nodes), 0), None)
    at_middle = la.corners(0.5 * (centre + nodes), None)
    index = np.concatenate([at_source[0], at_middle[0], flat[:, None]], axis=1)
    weight = np.concatenate(
        [at_source[1] / 6, at_middle[1] * 4 / 6, np.full((len(flat), 1), 1 / 6)], axis=1
    )
    return StraightLines(flat, NodeSums(index, weight))


def start_around_source(
    la: GridLayout,
    source: tuple[float, ...],
    spacing: tuple[float, ...],
    slowness: NDArray[np.float64],
    state: NDArray[np.uint8],
    time: NDArray[np.float64],
    u: NDArray[np.float64],
    rows: NDArray[np.uint8],
) -> None:
    """Give the nodes around the source their values, and flag their neighbors."""
    flat, (index, weight) = straight_lines(la, source, state)
    u[flat] = (weight * slowness[index]).sum(axis=1)
    three = np.array(np.unravel_index(flat, la.padded)).T - la.pad
    offset = (three - la.three(source, 0.0)) * la.three(spacing, 1.0)
    time[flat] = np.linalg.norm(offset, axis=1) * u[flat]
    state[flat] = kernels.FIXED
    for stride in la.stride:
        if stride:
            for q in (flat - stride, flat + stride):
                q = q[state[q] == kernels.FREE]
                state[q] = kernels.FLAGGED
                rows[q // la.padded[2]] = 1


def _per_axis(values: Iterable[int]) -> tuple[int, int, int]:
    first, second, third = values
    return first, second, third


def _partner(bits: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Return the corner across the edge along one axis, for every corner."""
    flipped = bits.copy()
    flipped[:, axis] ^= 1
    scale = 2 ** np.arange(bits.shape[1])[::-1]
    return np.asarray(flipped @ scale)
