"""The search for planes: take the best, fit all together, merge, give up, and look again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import (
    Mixture,
    PlaneModel,
    fit_alone,
    fit_mixture,
    fit_several,
    plane_gain,
    with_softness,
)
from quakeloom.faults._rectangles import (
    CENTER,
    COLUMNS,
    COUNT,
    LENGTH,
    NORMAL,
    SCALE,
    WIDTH,
    axes_of,
)
from quakeloom.faults._starts import (
    Neighborhoods,
    choose_apart,
    dense_clusters,
    find_neighborhoods,
    flat_neighborhoods,
    nodal_starts,
    plane_of,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SIZES = (12, 25, 50)
"""Neighbors of which a flat neighborhood consists, in turn; chosen here: 15 to 50 are usual."""

_SMOOTHING = 25
"""The neighbor that the ball of the density without planes reaches; chosen here."""

_ROUNDS = 12
"""Rounds of looking for planes in what is left; chosen here: three or four do."""

_STARTS = 30
"""Starts that are followed in a round, at least; one more for every 40 events."""


_SPLITS = 3
"""Times that every plane is tried as two; chosen here: eight out of one are enough."""


@dataclass(frozen=True)
class SearchResult:
    """Planes that were found.

    Attributes
    ----------
    mixture : Mixture
    gains : ndarray, shape (planes,)
        Rise of the log-likelihood by each plane, the others as they are.
    planarity : ndarray, shape (planes,)
        Log-likelihood of its events over that of clusters of the same density without planes.
    score : float
        Log-likelihood less the costs of all planes.
    """

    mixture: Mixture
    gains: Floats
    planarity: Floats
    score: float


def search_planes(
    events: Hypocenters, volume: Floats, model: PlaneModel, sizes: tuple[int, ...] = _SIZES
) -> SearchResult:
    """Find the planes of a cloud of hypocenters.

    Parameters
    ----------
    events : Hypocenters
    volume : ndarray, shape (n,)
        Density of the background at each event, per km^3.
    model : PlaneModel
    sizes : tuple of int
        Numbers of neighbors by which the search starts.
    """
    order = events.own_order()
    events, volume = events.take(order), volume[order]
    near = find_neighborhoods(events.positions, max(*sizes, _SMOOTHING))
    smooth = smooth_intensity(events, near)
    starts = _all_starts(events, near, sizes, model)
    mixture = fit_mixture(events, np.empty((0, COLUMNS)), volume, model)
    cost_mechanisms = bool(events.mechanisms.known.any())
    for _ in range(_ROUNDS):
        added = _best_starts(events, mixture, smooth, starts, model)
        if not len(added):
            break
        before = len(mixture.planes)
        planes = np.concatenate([mixture.planes, added])
        mixture = fit_mixture(events, planes, volume, model, 12, 0.5)
        mixture = tidy(events, mixture, volume, model)
        if len(mixture.planes) <= before and before:
            break
    mixture = fit_mixture(events, mixture.planes, volume, model, 60, 0.02)
    mixture = with_softness(events, mixture, model)
    for _ in range(_SPLITS):
        planes = _split_all(events, mixture, model)
        if len(planes) == len(mixture.planes):
            break
        mixture = fit_mixture(events, planes, volume, model, 12, 0.5)
        mixture = tidy(events, mixture, volume, model)
    mixture = fit_mixture(events, mixture.planes, volume, model, 60, 0.02)
    mixture = tidy(events, mixture, volume, model)
    found = describe(events, mixture, smooth, model, cost_mechanisms)
    return replace(found, mixture=mixture.in_order(order))


def smooth_intensity(events: Hypocenters, near: Neighborhoods | None = None) -> Floats:
    """Return the intensity of clusters without planes at each event, events per km^3.

    That of the ball that reaches the 25th neighbor: as dense as the events are, in no direction.
    """
    near = near or find_neighborhoods(events.positions, _SMOOTHING)
    found: Floats = near.intensity(_SMOOTHING) * events.weights.mean()
    return found


def describe(
    events: Hypocenters, mixture: Mixture, smooth: Floats, model: PlaneModel, mechanisms: bool
) -> SearchResult:
    """Return what speaks for each plane of a mixture."""
    count = len(mixture.planes)
    gains = np.array([plane_gain(mixture, k, events.weights) for k in range(count)])
    planarity = measure_planarity(events, mixture, smooth)
    cost = sum(model.cost(n, mechanisms) for n in mixture.planes[:, COUNT])
    total = float(events.weights @ np.log(mixture.total))
    return SearchResult(mixture, gains, planarity, total - cost)


def measure_planarity(events: Hypocenters, mixture: Mixture, smooth: Floats) -> Floats:
    """Return the log-likelihood of each plane's events over that of clusters without planes.

    Parameters
    ----------
    events : Hypocenters
    mixture : Mixture
    smooth : ndarray, shape (n,)
        Of :func:`smooth_intensity`.
    """
    return np.array(
        [
            _planarity(events, rows, value, mixture.total, smooth)
            for rows, value in zip(mixture.rows, mixture.intensity, strict=True)
        ]
    )


def _planarity(
    events: Hypocenters, rows: Integers, value: Floats, total: Floats, smooth: Floats
) -> float:
    shares = value / total[rows] * events.weights[rows]
    return float(shares @ (np.log(total[rows]) - np.log(smooth[rows])))


def _all_starts(
    events: Hypocenters, near: Neighborhoods, sizes: tuple[int, ...], model: PlaneModel
) -> tuple[Floats, Integers]:
    """Return starts from the likeliest to the least, and the event of each (-1: a cluster)."""
    flat, ratio, owner = flat_neighborhoods(events, near, sizes, model)
    clusters = [dense_clusters(events, least, model) for least in (15, 40)]
    nodal, nodal_owner = nodal_starts(events, near, sizes[0], model)
    order = np.argsort(ratio, kind="stable")
    none = [np.full(len(c), -1, np.int64) for c in clusters]
    planes = [p.reshape(-1, COLUMNS) for p in (*clusters, flat[order], nodal)]
    return np.concatenate(planes), np.concatenate([*none, owner[order], nodal_owner])


def _best_starts(
    events: Hypocenters,
    mixture: Mixture,
    smooth: Floats,
    starts: tuple[Floats, Integers],
    model: PlaneModel,
) -> Floats:
    """Return planes that explain what is left, the best first and none of the events of another."""
    planes, owner = starts
    free = mixture.background / mixture.total > 0.5
    order = np.flatnonzero((owner < 0) | free[owner])
    chosen = choose_apart(planes, order, _STARTS + len(events) // 40)
    mechanisms = bool(events.mechanisms.known.any())
    rest = mixture.total
    tried = []
    for i in chosen:
        plane, rows, value, gain = fit_alone(events, planes[i], rest, model, 25)
        if gain <= model.cost(plane[COUNT], mechanisms):
            continue
        total = rest.copy()
        total[rows] += value
        flat = _planarity(events, rows, value, total, smooth)
        tried.append((flat, gain, plane, rows, value))
    taken: list[Floats] = []
    used = np.zeros(len(events))
    for flat, gain, plane, rows, value in sorted(tried, key=lambda t: -t[0]):
        shares = value / (rest[rows] + value)
        if (shares @ used[rows]) > 0.1 * shares.sum():
            continue
        used[rows] = np.maximum(used[rows], shares)
        taken.append(plane)
        if flat <= 0 or gain <= 0:
            break
    return np.array(taken).reshape(-1, COLUMNS)


def tidy(events: Hypocenters, mixture: Mixture, volume: Floats, model: PlaneModel) -> Mixture:
    """Merge planes that are one and give up those that are not worth their numbers."""
    for _ in range(2 * len(mixture.planes) + 2):
        changed = _merge_best(events, mixture, model)
        if changed is None:
            changed = drop_worst(events, mixture, model)
        if changed is None:
            return mixture
        mixture = fit_mixture(events, changed, volume, model, 8, 0.5)
    return mixture


def _split_all(events: Hypocenters, mixture: Mixture, model: PlaneModel) -> Floats:
    """Return the planes, with two in the place of each that is worth it.

    Halves side by side, above each other, and two one behind the other are tried.
    """
    mechanisms = bool(events.mechanisms.known.any())
    new: list[Floats] = []
    for k, plane in enumerate(mixture.planes):
        rows = mixture.rows[k]
        if plane[COUNT] < 2 * model.least_events:
            new.append(plane)
            continue
        near = events.take(rows)
        rest = np.maximum(mixture.total[rows] - mixture.intensity[k], mixture.background[rows])
        gain = float(near.weights @ np.log(mixture.total[rows] / rest)) - plane[COUNT]
        worth, best = gain - model.cost(plane[COUNT], mechanisms), [plane]
        for halves in _halves(plane, near, model):
            fitted, together = fit_several(near, halves, rest, model, 25)
            value = together - sum(model.cost(n, mechanisms) for n in fitted[:, COUNT])
            if value > worth:
                worth, best = value, list(fitted)
        new += best
    return np.array(new).reshape(-1, COLUMNS)


def _halves(plane: Floats, near: Hypocenters, model: PlaneModel) -> list[Floats]:
    """Return pairs of planes into which a plane may fall."""
    along, down = axes_of(np.ascontiguousarray(plane[NORMAL]))
    error = np.einsum("i,nij,j->n", plane[NORMAL], near.covariances, plane[NORMAL])
    apart = max(plane[SCALE], float(np.sqrt(error.mean())))
    pairs = []
    for axis, column, step in (
        (along, LENGTH, 0.5 * plane[LENGTH]),
        (down, WIDTH, 0.5 * plane[WIDTH]),
        (plane[NORMAL], SCALE, apart),
    ):
        two = np.array([plane, plane])
        two[:, COUNT] /= 2.0
        two[:, CENTER] += np.outer([-step, step], axis)
        two[:, column] /= 2.0
        two[:, SCALE] = np.minimum(two[:, SCALE], model.thickest * two[:, 6:8].min(axis=1))
        pairs.append(two)
    return pairs


def drop_worst(
    events: Hypocenters, mixture: Mixture, model: PlaneModel, part: float = 1.0
) -> Floats | None:
    """Return the planes without the one that is least worth such a part of its cost, if any is."""
    mechanisms = bool(events.mechanisms.known.any())
    worth = [
        plane_gain(mixture, k, events.weights) - part * model.cost(p[COUNT], mechanisms)
        for k, p in enumerate(mixture.planes)
    ]
    if not worth or min(worth) >= 0:
        return None
    return np.delete(mixture.planes, int(np.argmin(worth)), axis=0)


def _merge_best(events: Hypocenters, mixture: Mixture, model: PlaneModel) -> Floats | None:
    """Return the planes with merged pairs, none in two merges; None where no merge is worth it."""
    found = []
    for j, k in near_pairs(mixture.planes, 35.0):
        worth, plane = _merged(events, mixture, j, k, model)
        if worth > 0:
            found.append((worth, j, k, plane))
    if not found:
        return None
    gone: set[int] = set()
    new = []
    for _, j, k, plane in sorted(found, key=lambda t: -t[0]):
        if j in gone or k in gone:
            continue
        gone |= {j, k}
        new.append(plane)
    kept = [p for i, p in enumerate(mixture.planes) if i not in gone]
    return np.array(kept + new).reshape(-1, COLUMNS)


def _merged(
    events: Hypocenters, mixture: Mixture, j: int, k: int, model: PlaneModel
) -> tuple[float, Floats]:
    """Return what is won by one plane in the place of two, and that plane."""
    weights = events.weights
    rest = mixture.total.copy()
    both = np.zeros(len(events))
    for i in (j, k):
        rest[mixture.rows[i]] -= mixture.intensity[i]
        both[mixture.rows[i]] += mixture.shares(i)
    rest = np.maximum(rest, mixture.background)
    rows = np.flatnonzero(both > 0.02)
    mechanisms = bool(events.mechanisms.known.any())
    counts = mixture.planes[[j, k], COUNT]
    separate = float(weights @ np.log(mixture.total / rest)) - counts.sum()
    separate -= sum(model.cost(n, mechanisms) for n in counts)
    best, plane = -np.inf, mixture.planes[j]
    start = plane_of(events, rows, model, (both * weights)[rows])
    larger = mixture.planes[j if counts[0] >= counts[1] else k]
    for first in (start, larger):
        fitted, _, _, gain = fit_alone(events, first, rest, model, 15)
        worth = gain - model.cost(fitted[COUNT], mechanisms)
        if worth > best:
            best, plane = worth, fitted
    return best - separate, plane


def near_pairs(planes: Floats, most_deg: float) -> list[tuple[int, int]]:
    """Return pairs of planes that touch and whose normals differ by less than an angle."""
    pairs = []
    cosine = np.cos(np.radians(most_deg))
    for j in range(len(planes)):
        for k in range(j + 1, len(planes)):
            if abs(planes[j, NORMAL] @ planes[k, NORMAL]) < cosine:
                continue
            if _touch(planes[j], planes[k]) or _touch(planes[k], planes[j]):
                pairs.append((j, k))
    return pairs


def _touch(one: Floats, other: Floats) -> bool:
    """Say whether the other plane comes near the box of one, seen in the frame of one."""
    d = other[CENTER] - one[CENTER]
    mine = axes_of(np.ascontiguousarray(one[NORMAL]))
    theirs = axes_of(np.ascontiguousarray(other[NORMAL]))
    for axis, half in zip(mine, one[6:8], strict=True):
        reach = sum(abs(axis @ t) * h for t, h in zip(theirs, other[6:8], strict=True))
        if abs(axis @ d) > 1.2 * (half + reach):
            return False
    across = sum(abs(one[NORMAL] @ t) * h for t, h in zip(theirs, other[6:8], strict=True))
    return bool(abs(one[NORMAL] @ d) < across + 4.0 * (one[SCALE] + other[SCALE]) + 0.2 * one[7])
