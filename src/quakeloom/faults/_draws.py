"""Draws of planes: how far each may turn, shift and grow, and whether it is there at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.core.double_couples import plane_angles
from quakeloom.faults._hypocenters import Hypocenters
from quakeloom.faults._mixture import Mixture, PlaneModel, fit_mixture
from quakeloom.faults._rectangles import CENTER, COLUMNS, LENGTH, NORMAL, SCALE, WIDTH, axes_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAME_DEG = 15.0
"""Planes of two searches are the same if their normals differ by less, and"""

SAME_OVERLAP = 0.5
"""if so much of the smaller lies over the larger."""

_ITERATIONS = 12
"""Steps of a draw, which starts at the best fit; chosen here: a draw moves by its own error."""


@dataclass(frozen=True)
class PlaneDraws:
    """Draws of planes.

    Attributes
    ----------
    planes : ndarray, shape (draws, planes, COLUMNS)
        Normals are on the side of the best fit's; NaN where a draw has no such plane.
    """

    planes: Floats

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether a draw has the plane, shape (draws, planes)."""
        return np.isfinite(self.planes[:, :, 0])

    def angles(self) -> tuple[Floats, Floats]:
        """Return strike and dip of the draws, shape (draws, planes), degrees.

        Strikes are continuous about that of the best fit and dips may exceed 90, which is a dip
        to the other side, so that means and ranges of columns have a meaning.
        """
        normal = self.planes[:, :, NORMAL]
        return unwrapped_angles(normal)


def unwrapped_angles(normals: Floats) -> tuple[Floats, Floats]:
    """Return strike and dip of normals about the first, shape (draws, planes), degrees."""
    with np.errstate(invalid="ignore"):
        strike = np.degrees(np.arctan2(-normals[..., 0], normals[..., 1]))
        dip = np.degrees(np.arccos(np.clip(-normals[..., 2], -1.0, 1.0)))
    reference = strike[:1]
    strike = reference + (strike - reference + 180.0) % 360.0 - 180.0
    return strike, dip


def strike_dip(normals: Floats) -> tuple[Floats, Floats]:
    """Return strike and dip of normals, which may point either way, degrees."""
    up = np.where((normals[..., 2] > 0)[..., None], -normals, normals)
    along = np.stack([up[..., 1], -up[..., 0], np.zeros(up.shape[:-1])], axis=-1)
    strike, dip, _ = plane_angles(up, along)
    return strike, dip


def draw_planes(
    events: Hypocenters,
    mixture: Mixture,
    volume: Floats,
    model: PlaneModel,
    draws: int,
    keys: Sequence[str],
    seed: int,
    members: Floats | None = None,
) -> PlaneDraws:
    """Draw planes from what the events leave open, by the Bayesian bootstrap.

    In every draw each event counts as often as a number of the exponential distribution says
    (Rubin 1981), and the best fit is improved for these weights. Errors of location that events do
    not share are in the likelihood already and scatter with the events; those that they share, as
    the members of an ensemble of velocity models have them, move them together.

    Parameters
    ----------
    events, mixture, volume, model
        The best fit; see :func:`quakeloom.faults.search_planes`.
    draws : int
    keys : sequence of str
        Names of the events, by which the random numbers go.
    seed : int
    members : ndarray, shape (members, n, 3), optional
        Hypocenters in each member of an ensemble, km; draw ``d`` takes member ``d`` modulo their
        number.
    """
    found = np.full((draws, len(mixture.planes), COLUMNS), np.nan)
    weights = draw_weights(keys, draws, seed)
    for d in range(draws):
        drawn = events.reweighted(events.weights * weights[:, d])
        if members is not None:
            drawn = drawn.moved(np.ascontiguousarray(members[d % len(members)]))
        fit = fit_mixture(drawn, mixture.planes, volume, model, _ITERATIONS, 0.1)
        for k, j in enumerate(match_planes(mixture.planes, fit.planes)):
            if j >= 0:
                plane = fit.planes[j].copy()
                if plane[NORMAL] @ mixture.planes[k, NORMAL] < 0:
                    plane[NORMAL] = -plane[NORMAL]
                found[d, k] = plane
    return PlaneDraws(found)


def draw_weights(keys: Sequence[str], draws: int, seed: int) -> Floats:
    """Return numbers of the exponential distribution with mean 1, shape (n, draws), by key."""
    return np.array(
        [random_stream(seed, "fault draws", key).standard_exponential(draws) for key in keys]
    ).reshape(len(keys), draws)


def match_planes(planes: Floats, others: Floats) -> Integers:
    """Return which of other planes is each plane, -1 where none is.

    The one with the smallest angle of those whose normals differ by less than 15 degrees and that
    overlap by half.
    """
    found = np.full(len(planes), -1, np.int64)
    for k, plane in enumerate(planes):
        cosine = np.abs(others[:, NORMAL] @ plane[NORMAL]) if len(others) else np.empty(0)
        for j in np.argsort(-cosine, kind="stable"):
            if cosine[j] < np.cos(np.radians(SAME_DEG)):
                break
            if overlap(plane, others[j]) >= SAME_OVERLAP:
                found[k] = j
                break
    return found


def overlap(one: Floats, other: Floats) -> float:
    """Return which part of the smaller of two rectangles lies over the larger, seen across it."""
    if one[LENGTH] * one[WIDTH] < other[LENGTH] * other[WIDTH]:
        one, other = other, one
    mine = axes_of(np.ascontiguousarray(one[NORMAL]))
    theirs = axes_of(np.ascontiguousarray(other[NORMAL]))
    steps = np.linspace(-0.9, 0.9, 7)
    a, b = np.meshgrid(steps, steps)
    points = (
        other[CENTER]
        + a[..., None] * other[LENGTH] * theirs[0]
        + b[..., None] * other[WIDTH] * theirs[1]
    ).reshape(-1, 3) - one[CENTER]
    inside = np.abs(points @ mine[0]) < 1.1 * one[LENGTH]
    inside &= np.abs(points @ mine[1]) < 1.1 * one[WIDTH]
    reach = 0.15 * min(one[LENGTH], one[WIDTH]) + 4.0 * (one[SCALE] + other[SCALE])
    inside &= np.abs(points @ one[NORMAL]) < reach + 0.27 * np.linalg.norm(points, axis=1)
    return float(inside.mean())
