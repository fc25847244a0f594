"""The section below a refraction line: nodes, ground, water, and coordinates below the ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quakeloom.core import InputError, depth_words


@dataclass(frozen=True)
class LineGrid:
    """A vertical section of nodes with the ground, and water above it if there is any.

    Attributes
    ----------
    depth_km, distance_km : ndarray
        Coordinates of the nodes, evenly spaced; depth positive down.
    ground_depth_km : ndarray, (distance,)
        Depth of the ground, or of the sea floor.
    water_surface_km : float or None
        Depth of the water's surface; water fills what lies between it and deeper ground.
    water_velocity_km_s : float
    """

    depth_km: NDArray[np.float64]
    distance_km: NDArray[np.float64]
    ground_depth_km: NDArray[np.float64]
    water_surface_km: float | None = None
    water_velocity_km_s: float = 1.5

    @property
    def spacing_km(self) -> tuple[float, float]:
        """Node spacing in depth and distance."""
        return (
            float(self.depth_km[1] - self.depth_km[0]),
            float(self.distance_km[1] - self.distance_km[0]),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of nodes in depth and distance."""
        return self.depth_km.size, self.distance_km.size

    @cached_property
    def top_km(self) -> NDArray[np.float64]:
        """Depth of the highest point that waves may use, per distance."""
        if self.water_surface_km is None:
            return self.ground_depth_km
        return np.minimum(self.ground_depth_km, self.water_surface_km)

    @cached_property
    def active(self) -> NDArray[np.bool_]:
        """Nodes of the solver: below the top, and one layer above it."""
        padded = np.pad(self.top_km, 1, mode="edge")
        highest = np.minimum(np.minimum(padded[:-2], padded[2:]), padded[1:-1])
        dz = self.spacing_km[0]
        return np.asarray(self.depth_km[:, None] > highest[None, :] - dz * (1 + 1e-6))

    @cached_property
    def below_ground(self) -> NDArray[np.bool_]:
        """Nodes in the ground, where velocity is sought."""
        dz = self.spacing_km[0]
        return np.asarray(self.depth_km[:, None] >= self.ground_depth_km[None, :] - 1e-6 * dz)

    @cached_property
    def rock_share(self) -> NDArray[np.float64]:
        """Share of rock, not water, within half a node above and below every node."""
        if self.water_surface_km is None:
            return np.ones(self.shape)
        dz = self.spacing_km[0]
        wet = self.ground_depth_km > self.water_surface_km + 1e-9
        share = (self.depth_km[:, None] - self.ground_depth_km[None, :]) / dz + 0.5
        return np.where(wet[None, :], np.clip(share, 0.0, 1.0), 1.0)

    def coarser(self) -> LineGrid:
        """Return the same section with half as many nodes either way."""
        axes = [
            x[0] + 2.0 * (x[1] - x[0]) * np.arange(-(-(x.size - 1) // 2) + 1)
            for x in (self.depth_km, self.distance_km)
        ]
        return LineGrid(
            axes[0],
            axes[1],
            self.ground_at(axes[1]),
            self.water_surface_km,
            self.water_velocity_km_s,
        )

    def ground_at(self, distance_km: ArrayLike) -> NDArray[np.float64]:
        """Return the depth of the ground at distances."""
        at = np.asarray(distance_km, dtype=np.float64)
        return np.asarray(np.interp(at, self.distance_km, self.ground_depth_km))

    def top_at(self, distance_km: ArrayLike) -> NDArray[np.float64]:
        """Return the highest depth that waves may use at distances."""
        at = np.asarray(distance_km, dtype=np.float64)
        return np.asarray(np.interp(at, self.distance_km, self.top_km))

    def interpolation(
        self, below_ground_km: NDArray[np.float64], distance_km: NDArray[np.float64]
    ) -> sparse.csr_array:
        """Return the bilinear map from a coarse grid below the ground to the nodes.

        The coarse grid's depth counts from the ground, so that structure follows topography
        and sea floor. Nodes above the ground get the value at the ground.

        Parameters
        ----------
        below_ground_km, distance_km : ndarray
            Coordinates of the coarse grid.
        """
        below = np.maximum(self.depth_km[:, None] - self.ground_depth_km[None, :], 0.0)
        along = np.broadcast_to(self.distance_km[None, :], self.shape)
        i, wi = bracket_nodes(below_ground_km, below.ravel())
        j, wj = bracket_nodes(distance_km, along.ravel())
        rows = np.repeat(np.arange(below.size), 4)
        n = distance_km.size
        columns = np.stack([i * n + j, i * n + j + 1, (i + 1) * n + j, (i + 1) * n + j + 1], 1)
        weights = np.stack([(1 - wi) * (1 - wj), (1 - wi) * wj, wi * (1 - wj), wi * wj], 1)
        keep = weights.ravel() > 0
        return sparse.csr_array(
            (weights.ravel()[keep], (rows[keep], columns.ravel()[keep])),
            shape=(below.size, below_ground_km.size * n),
        )


def make_line_grid(
    distance_range_km: tuple[float, float],
    depth_range_km: tuple[float, float],
    spacing_km: tuple[float, float],
    ground: ArrayLike | None = None,
    water_surface_km: float | None = None,
    water_velocity_km_s: float = 1.5,
) -> LineGrid:
    """Build the section of a line.

    Parameters
    ----------
    distance_range_km, depth_range_km : (first, last)
        Extent; the last node may lie up to one spacing beyond.
    spacing_km : (depth, distance)
    ground : array_like, (n, 2), optional
        Distance and depth of points on the ground or sea floor, linear between them and
        constant beyond; depth 0 if absent.
    water_surface_km, water_velocity_km_s
        See :class:`LineGrid`.
    """
    dz, dx = spacing_km
    if not (dz > 0 and dx > 0):
        raise InputError(f"Node spacings {dz} and {dx} km are impossible; give positive ones.")
    x0, x1 = distance_range_km
    z0, z1 = depth_range_km
    if not (x1 - x0 >= 2 * dx and z1 - z0 >= 2 * dz):
        raise InputError(
            f"The section from {x0} to {x1} km and {z0} to {z1} km depth has fewer than three "
            f"nodes at a spacing of {dz} and {dx} km. Widen it or use a finer spacing."
        )
    distance = _even_nodes(x0, x1, dx)
    depth = _even_nodes(z0, z1, dz)
    if ground is None:
        floor = np.zeros(distance.size)
    else:
        points = np.asarray(ground, dtype=float)
        points = points[np.argsort(points[:, 0], kind="stable")]
        floor = np.interp(distance, points[:, 0], points[:, 1])
    if floor.min() < z0 - 1e-9:
        raise InputError(
            f"The ground rises to {depth_words(floor.min())}, above the section's top at "
            f"{depth_words(z0)}. Rays would be cut off; start the depth range higher."
        )
    if floor.max() >= z1 - dz:
        raise InputError(
            f"The ground falls to {depth_words(floor.max())}, to the section's bottom at "
            f"{depth_words(z1)}. No velocity can be found below it; deepen the depth range."
        )
    return LineGrid(depth, distance, floor, water_surface_km, water_velocity_km_s)


def _even_nodes(first: float, last: float, step: float) -> NDArray[np.float64]:
    """Nodes from the first to the last, which may lie up to a step beyond."""
    count = int(np.ceil((last - first) / step - 1e-6)) + 1
    return np.asarray(first + step * np.arange(count), dtype=np.float64)


def bracket_nodes(
    nodes: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return lower nodes around values and shares of the upper ones, held at the ends."""
    i = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, nodes.size - 2)
    share = (values - nodes[i]) / (nodes[i + 1] - nodes[i])
    return i, np.clip(share, 0.0, 1.0)
