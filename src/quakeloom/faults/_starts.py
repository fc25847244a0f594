"""Where the search for planes starts: flat neighborhoods, dense clusters, nodal planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import PlaneModel, make_plane
from quakeloom.faults._rectangles import CENTER, COLUMNS, NORMAL, axes_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MOST_PLANAR = 0.6
"""Neighborhoods are flat where their thickness over their lesser width is below this, errors of
location taken out (0.5 in Ouillon & Sornette's sense; chosen here: 0.6, as the fit decides)."""

_ALONE_DEG = 25.0
"""Starts in one neighborhood whose normals differ by less are one; chosen here."""


@dataclass(frozen=True)
class Neighborhoods:
    """The nearest neighbors of every event, by distance.

    Attributes
    ----------
    rows : ndarray of int, shape (n, k)
        The event itself first.
    distance_km : ndarray, shape (n, k)
    """

    rows: Integers
    distance_km: Floats

    def intensity(self, order: int) -> Floats:
        """Return events per km^3 in the ball that reaches the neighbor of an order."""
        k = min(order, self.rows.shape[1] - 1)
        radius = np.maximum(self.distance_km[:, k], 1e-6)
        found: Floats = max(k - 1, 0.5) / (4.0 / 3.0 * np.pi * radius**3)
        return found


def find_neighborhoods(positions: Floats, most: int) -> Neighborhoods:
    """Return the nearest neighbors of every event, itself included, at most ``most``."""
    from scipy.spatial import cKDTree

    k = min(most + 1, len(positions))
    distance, rows = cKDTree(positions).query(positions, k=k)
    return Neighborhoods(rows.reshape(-1, k).astype(np.int64), distance.reshape(-1, k))


def plane_of(events: Hypocenters, rows: Integers, model: PlaneModel, weights: Floats) -> Floats:
    """Return the plane through some events, errors of location taken out of its thickness."""
    x, s = events.positions[rows], events.covariances[rows]
    w = weights / weights.sum()
    center = w @ x
    d = x - center
    scatter = (d * w[:, None]).T @ d
    normal = np.linalg.eigh(scatter - np.tensordot(w, s, 1))[1][:, 0]
    return _box(center, normal, scatter, np.tensordot(w, s, 1), len(rows), model)


def _box(
    center: Floats, normal: Floats, scatter: Floats, error: Floats, count: float, model: PlaneModel
) -> Floats:
    """Return the plane with a normal that holds events of such a scatter."""
    normal = normal if normal[2] <= 0 else -normal
    sides: list[float] = []
    for axis in axes_of(np.ascontiguousarray(normal)):
        # the standard deviation of a uniform side is half of it over root 3
        inside = max(float(axis @ (scatter - error) @ axis), 0.1 * float(axis @ scatter @ axis))
        sides.append(max(float(np.sqrt(3.0 * inside)), 1e-4))
    across = float(normal @ scatter @ normal)
    own = float(np.sqrt(max(float(normal @ (scatter - error) @ normal), 0.02 * across)))
    scale = min(max(own, model.scale_km / 20.0, 1e-5), model.thickest * min(sides))
    return make_plane(center, normal, np.array(sides), scale, count, model.soft)


def flat_neighborhoods(
    events: Hypocenters, near: Neighborhoods, sizes: tuple[int, ...], model: PlaneModel
) -> tuple[Floats, Floats, Integers]:
    """Return the planes of events' neighborhoods, how flat they are, and the event of each."""
    planes, flatness, owner = [], [], []
    for size in sizes:
        if size + 1 > near.rows.shape[1]:
            continue
        at = near.rows[:, : size + 1]
        x = events.positions[at]
        center = x.mean(axis=1)
        d = x - center[:, None]
        scatter = np.einsum("nki,nkj->nij", d, d) / (size + 1)
        error = events.covariances[at].mean(axis=1)
        values, vectors = np.linalg.eigh(scatter - error)
        ratio = np.sqrt(np.maximum(values[:, 0], 0.0) / np.maximum(values[:, 1], 1e-12))
        ratio[values[:, 1] <= 0] = np.inf
        for i in np.flatnonzero(ratio < _MOST_PLANAR):
            planes.append(
                _box(center[i], vectors[i, :, 0], scatter[i], error[i], size + 1.0, model)
            )
            flatness.append(ratio[i])
            owner.append(i)
    return (
        np.array(planes).reshape(-1, COLUMNS),
        np.array(flatness),
        np.array(owner, dtype=np.int64),
    )


def dense_clusters(events: Hypocenters, least: int, model: PlaneModel) -> Floats:
    """Return the planes of the clusters that HDBSCAN finds (McInnes and others 2017).

    Of their leaves, the densest parts, not of the clusters that hold them.
    """
    from sklearn.cluster import HDBSCAN

    if len(events) < 2 * least:
        return np.empty((0, COLUMNS))
    search = HDBSCAN(
        min_cluster_size=least, min_samples=max(least // 2, 3), cluster_selection_method="leaf",
        copy=True,
    )  # fmt: skip
    labels = search.fit_predict(events.positions)
    planes = [
        plane_of(events, rows, model, np.ones(len(rows)))
        for rows in (np.flatnonzero(labels == c) for c in range(labels.max() + 1))
    ]
    return np.array(planes).reshape(-1, COLUMNS)


def nodal_starts(
    events: Hypocenters, near: Neighborhoods, size: int, model: PlaneModel
) -> tuple[Floats, Integers]:
    """Return both nodal planes of every event with mechanisms, as large as its neighborhood."""
    sets = events.mechanisms
    planes, owner = [], []
    k = min(size + 1, near.rows.shape[1])
    for i in np.flatnonzero(sets.known):
        part = slice(sets.starts[i], sets.starts[i + 1])
        at = near.rows[i, :k]
        x = events.positions[at]
        d = x - x.mean(axis=0)
        error = events.covariances[at].mean(axis=0)
        for side in (sets.normals, sets.slips):
            tensor = np.einsum("m,mi,mj->ij", sets.weights[part], side[part], side[part])
            normal = np.linalg.eigh(tensor)[1][:, -1]
            plane = _box(x.mean(axis=0), normal, d.T @ d / k, error, float(k), model)
            planes.append(plane)
            owner.append(i)
    return np.array(planes).reshape(-1, COLUMNS), np.array(owner, dtype=np.int64)


def choose_apart(planes: Floats, order: Integers, most: int) -> Integers:
    """Return starts in an order, without those that lie in one taken before and turn like it."""
    taken: list[int] = []
    cosine = np.cos(np.radians(_ALONE_DEG))
    for i in order:
        if len(taken) >= most:
            break
        if taken:
            others = planes[taken]
            apart = np.linalg.norm(others[:, CENTER] - planes[i, CENTER], axis=1)
            reach = np.maximum(others[:, 6], others[:, 7])
            alike = np.abs(others[:, NORMAL] @ planes[i, NORMAL]) > cosine
            if np.any((apart < 0.7 * reach) & alike):
                continue
        taken.append(int(i))
    return np.array(taken, dtype=np.int64)
