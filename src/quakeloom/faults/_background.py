"""The background of planes: seismicity everywhere, and clusters of any shape off the planes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core.compiled import compiled
from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import Mixture, PlaneModel, fit_mixture, mix
from quakeloom.faults._rectangles import COUNT
from quakeloom.faults._starts import Neighborhoods, find_neighborhoods

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ORDERS = (2, 4, 8, 16)
"""Neighbors whose distances set the widths of the kernels, from fine to coarse; chosen here."""

_WIDTH = 0.5
"""Standard deviation of a kernel as a part of that distance; chosen here by held-out events of
six catalogs: 0.35 and 0.5 differ by less than 0.1 an event."""

_REACH = 60
"""Neighbors whose kernels are summed at an event; chosen here: farther ones add nothing."""

_STEPS = 12
"""Times that clusters and planes are improved in turn; chosen here: then nothing moves."""

_LEAST_PART = 1e-3
"""Least part of the background that each scale keeps, so that none is lost for good."""


@dataclass(frozen=True)
class Background:
    """Density of events that no plane explains.

    A sum of an even density and of kernels about events, each with the weight by which it is off
    all planes, of several widths; parts are those at which events are predicted best from the
    others.

    Attributes
    ----------
    even : ndarray, shape (n,)
        The even density at each event, per km^3.
    density : ndarray, shape (n,)
        The whole density at each event, its own kernels left out, per km^3.
    parts : ndarray, shape (scales + 1,)
        Parts of the even density and of the kernels; sum to 1.
    shares : ndarray, shape (n,)
        Part of each event that is off all planes.
    """

    even: Floats
    density: Floats
    parts: Floats
    shares: Floats

    def in_order(self, order: Integers) -> Background:
        """Return the background of events of which these are rows ``order``, in their own order."""
        each = [np.empty_like(v) for v in (self.even, self.density, self.shares)]
        for to, of in zip(each, (self.even, self.density, self.shares), strict=True):
            to[order] = of
        return Background(each[0], each[1], self.parts, each[2])


def even_density(positions: Floats, cell_km: float) -> Floats:
    """Return a density without clusters smaller than a cell, at each event, per km^3.

    In a region no wider than a cell it is one over the volume of the convex hull. In a larger one
    it follows the number of events in square cells, interpolated between their middles, over the
    range of depths.
    """
    low, high = positions.min(axis=0), positions.max(axis=0)
    if max(high[0] - low[0], high[1] - low[1]) <= 2.0 * cell_km:
        return np.full(len(positions), 1.0 / hull_volume(positions))
    start = low[:2] - cell_km
    size = np.ceil((high[:2] - start) / cell_km).astype(int) + 2
    at = (positions[:, :2] - start) / cell_km - 0.5
    cell = np.floor(at).astype(int)
    part = at - cell
    counts = np.zeros(size + 1)
    corners = []
    for north in (0, 1):
        for east in (0, 1):
            weight = np.abs(1 - north - part[:, 0]) * np.abs(1 - east - part[:, 1])
            corners.append((cell[:, 0] + north, cell[:, 1] + east, weight))
            np.add.at(counts, corners[-1][:2], weight)
    depth = max(float(np.ptp(np.quantile(positions[:, 2], [0.005, 0.995]))), 1.0)
    density = sum(counts[i, j] * w for i, j, w in corners) / (len(positions) * cell_km**2 * depth)
    return np.asarray(density)


def hull_volume(positions: Floats) -> float:
    """Return the volume that events fill, km^3; a thin slab where they lie in one plane or point.

    Of the convex hull; where it is flatter than a thousandth of its greatest extent, the extents
    along the principal axes are taken, each at least that.
    """
    from scipy.spatial import ConvexHull, QhullError

    centered = positions - positions.mean(axis=0)
    extent = np.sort(np.ptp(centered @ np.linalg.svd(centered, full_matrices=False)[2].T, axis=0))
    greatest = max(float(extent[-1]), 1e-3)
    least = float(np.prod(np.maximum(extent, 1e-3 * greatest)))
    if len(positions) < 5 or extent[0] < 1e-3 * greatest:
        return least
    try:
        return max(float(ConvexHull(positions).volume), 1e-3 * least)
    except QhullError:
        return least


def fit_background(
    events: Hypocenters, mixture: Mixture, even: Floats, model: PlaneModel, clusters: bool
) -> tuple[Mixture, Background]:
    """Improve planes and background in turn.

    Parameters
    ----------
    events : Hypocenters
    mixture : Mixture
        Planes to begin with.
    even : ndarray, shape (n,)
        Of :func:`even_density`.
    model : PlaneModel
    clusters : bool
        Whether events off the planes gather in clusters; else the background is even.

    Notes
    -----
    With clusters a plane must explain its events better than a cloud of the same density does, so
    that dense clouds make no planes.
    """
    n = len(events)
    mixture = mix(events, mixture.planes, _count(events, mixture.planes) * even, model)
    shares = mixture.background / mixture.total
    if not clusters or n <= _ORDERS[-1] + 1:
        mixture = fit_mixture(events, mixture.planes, even, model, 30, 0.02)
        return mixture, Background(even, even, np.ones(1), mixture.background / mixture.total)
    near = find_neighborhoods(events.positions, _REACH)
    widths = kernel_widths(near)
    parts = np.full(len(_ORDERS) + 1, 1.0 / (len(_ORDERS) + 1))
    density = even
    for _ in range(_STEPS):
        each = np.vstack([even, kernel_densities(near, widths, shares * events.weights)])
        density = parts @ each
        mixture = fit_mixture(events, mixture.planes, density, model, 2)
        shares = mixture.background / mixture.total
        owed = (events.weights * shares * parts[:, None] * each / density).sum(axis=1)
        parts = np.maximum(owed / owed.sum(), _LEAST_PART)
        parts /= parts.sum()
    return mixture, Background(even, density, parts, shares)


def _count(events: Hypocenters, planes: Floats) -> float:
    whole = float(events.weights.sum())
    return max(whole - float(planes[:, COUNT].sum()), 0.05 * whole)


def kernel_widths(near: Neighborhoods) -> Floats:
    """Return the widths of each event's kernels, shape (scales, n), km."""
    last = near.distance_km.shape[1] - 1
    floor = 1e-6 + 1e-6 * float(near.distance_km[:, last].max())
    return np.stack([_WIDTH * near.distance_km[:, min(k, last)] + floor for k in _ORDERS])


def kernel_densities(near: Neighborhoods, widths: Floats, weights: Floats) -> Floats:
    """Return the density of kernels of other events at each event, shape (scales, n)."""
    return _sum_kernels(
        near.rows[:, 1:], near.distance_km[:, 1:], widths, weights + 1e-9, weights.sum() + 1e-6
    )


def density_elsewhere(positions: Floats, events: Hypocenters, background: Background) -> Floats:
    """Return the density of a background at other places in its region, per km^3."""
    from scipy.spatial import cKDTree

    if len(background.parts) == 1:
        return np.full(len(positions), float(np.median(background.even)))
    widths = kernel_widths(find_neighborhoods(events.positions, _REACH))
    k = min(_REACH, len(events))
    distance, rows = cKDTree(events.positions).query(positions, k=k)
    weights = background.shares * events.weights
    each = _sum_kernels(
        rows.astype(np.int64), distance, widths, weights + 1e-9, weights.sum() + 1e-6
    )
    nearest = background.even[rows[:, 0]]
    found: Floats = background.parts @ np.vstack([nearest, each])
    return found


@compiled(nogil=True)
def _sum_kernels(
    rows: Integers, distance: Floats, widths: Floats, weights: Floats, whole: float
) -> Floats:
    n, k = rows.shape
    found = np.zeros((widths.shape[0], n))
    constant = (2.0 * math.pi) ** 1.5
    for s in range(widths.shape[0]):
        for i in range(n):
            total = 0.0
            for j in range(k):
                other = rows[i, j]
                width = widths[s, other]
                z = distance[i, j] / width
                if z < 6.0:
                    total += weights[other] * math.exp(-0.5 * z * z) / width**3
            found[s, i] = total / (constant * whole)
    return found
