"""Where nodes lie in the padded arrays of the solver, and how the source starts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quakeloom.travel import _eikonal_kernels as kernels


@dataclass(frozen=True)
class GridLayout:
    """Where the nodes of a grid of two or three axes lie in the padded flat arrays."""

    shape: tuple[int, ...]

    @cached_property
    def n(self) -> tuple[int, int, int]:
        return (self.shape[0], *((1,) if len(self.shape) == 2 else ()), *self.shape[1:])  # type: ignore[return-value]

    @cached_property
    def pad(self) -> tuple[int, int, int]:
        return tuple(2 if n > 1 else 0 for n in self.n)  # type: ignore[return-value]

    @cached_property
    def padded(self) -> tuple[int, int, int]:
        return tuple(n + 2 * p for n, p in zip(self.n, self.pad, strict=True))  # type: ignore[return-value]

    @cached_property
    def stride(self) -> tuple[int, int, int]:
        p = self.padded
        full = (p[1] * p[2], p[2], 1)
        return tuple(s if n > 1 else 0 for s, n in zip(full, self.n, strict=True))  # type: ignore[return-value]

    def three(self, values: Sequence[float], fill: float) -> tuple[float, float, float]:
        v = tuple(float(x) for x in values)
        return v if len(v) == 3 else (v[0], fill, v[1])  # type: ignore[return-value]

    def spread(self, values: NDArray, fill: float, dtype: type) -> NDArray:
        out = np.full(self.padded, fill, dtype=dtype)
        out[self._inner] = values.reshape(self.n)
        return out.ravel()

    def crop(self, flat: NDArray) -> NDArray:
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
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Nodes around the source, and the slownesses whose weighted sum is their ``u``.

    The mean along the straight line by Simpson's rule.
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
    return flat, index, weight


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
    flat, index, weight = straight_lines(la, source, state)
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


def _partner(bits: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Return the corner across the edge along one axis, for every corner."""
    flipped = bits.copy()
    flipped[:, axis] ^= 1
    scale = 2 ** np.arange(bits.shape[1])[::-1]
    return np.asarray(flipped @ scale)
