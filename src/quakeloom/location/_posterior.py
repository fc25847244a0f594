"""What a posterior on a grid says: moments, quantiles, members, draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from quakeloom.core import compiled
from quakeloom.inference import between_covariance, effective_number
from quakeloom.location._interpolation import KERNEL, Floats
from quakeloom.location._search import Grid

QUANTILES = (0.025, 0.16, 0.84, 0.975)
"""Levels of the quantiles of depth that are written: 95 % and 68 % ranges."""

_FINE = 16
"""Parts of a plane of nodes in which its density of depth is taken as constant. Chosen here."""


@dataclass(frozen=True)
class Posterior:
    """The posterior of one event over nodes and members.

    Attributes
    ----------
    grid : Grid
    mass : ndarray, shape (nodes, members)
        Sums to 1.
    node_mass : ndarray, shape (nodes,)
        Mass of every node, summed over members.
    weights : ndarray, shape (members,)
        Posterior weights of the members.
    origin_mean_s, origin_deviation_s : float
        Mean origin time after the reference, and its standard deviation.
    origin_error_s : float
        Standard error of the origin time at a node.
    log_evidence : ndarray, shape (members,)
        Natural logarithm of each member's evidence, up to a common constant.
    coarser : int
        Levels short of the wanted spacing.
    """

    grid: Grid
    mass: Floats
    node_mass: Floats
    weights: Floats
    origin_mean_s: float
    origin_deviation_s: float
    origin_error_s: float
    log_evidence: Floats
    coarser: int

    @property
    def effective_member_count(self) -> float:
        """Effective number of members, one over the sum of squared weights."""
        return effective_number(self.weights)

    @cached_property
    def mean(self) -> Floats:
        """Mean depth, north, east in km."""
        mean: Floats = self.node_mass @ self.grid.nodes
        return mean

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of depth, north, east in km squared: within and between members."""
        offset = self.grid.nodes - self.mean
        covariance: Floats = (offset * self.node_mass[:, None]).T @ offset
        return covariance

    @cached_property
    def member_means(self) -> Floats:
        """Mean depth, north, east of each member, shape (members, 3)."""
        weights = self.weights
        safe = np.where(weights > 0, weights, 1.0)
        means: Floats = (self.mass.T @ self.grid.nodes) / safe[:, None]
        return means

    @cached_property
    def between_covariance(self) -> Floats:
        """Covariance of the members' means; what is left is the mean of their covariances."""
        return between_covariance(self.weights, self.member_means, self.mean)

    def depth_quantiles(self, levels: ArrayLike = QUANTILES) -> Floats:
        """Return quantiles of depth in km.

        Planes of nodes give the density of depth; its logarithm is taken as quadratic between
        them, so that planes half a standard deviation apart are enough.
        """
        plane = self.grid.cells[:, 0]
        first = int(plane.min())
        count = int(plane.max()) - first + 1
        mass = np.bincount(plane - first, self.node_mass, count).astype(float)
        size = abs(self.grid.basis[0, 0]) * self.grid.size[0]
        low = self.grid.center[0] + self.grid.basis[0, 0] * self.grid.size[0] * (
            first + np.arange(count)
        )
        share = np.ones(count)
        share[plane - first] = self.grid.share
        depth = np.zeros(count)
        depth[plane - first] = self.grid.nodes[:, 0]
        empty = share * 0.0
        empty[plane - first] = 1.0
        depth = np.where(empty > 0, depth, low + 0.5 * size)
        return _quantiles(depth - 0.5 * share * size, share * size, mass, levels)

    def probability_below(self, boundary_km: ArrayLike) -> float:
        """Return the probability that the event is deeper than a boundary.

        Parameters
        ----------
        boundary_km : array_like, shape (members,) or (nodes, members)
            Depth of the boundary in each member (at the node, where it is not flat), so that its
            uncertainty and that of the hypocenter go together. A cell of the grid counts by its
            part below.
        """
        half = 0.5 * abs(self.grid.basis[0, 0]) * self.grid.size[0] * self.grid.share
        below = (self.grid.nodes[:, 0] + half)[:, None] - np.atleast_1d(
            np.asarray(boundary_km, dtype=float)
        )
        part = np.clip(below / (2.0 * half[:, None]), 0.0, 1.0)
        # masses add up to one but for rounding
        return min(float(np.sum(self.mass * part)), 1.0)


def _quantiles(low: Floats, width: Floats, mass: Floats, levels: ArrayLike) -> Floats:
    """Quantiles of a density that is given by the masses of adjoining cells."""
    center = low + 0.5 * width
    density = mass / width
    floor = density.max() * 1e-12
    log = np.log(np.maximum(density, floor))
    points = low[:, None] + width[:, None] * (np.arange(_FINE) + 0.5) / _FINE
    if center.size >= 3:
        i = np.clip(np.arange(center.size), 1, center.size - 2)
        x0, x1, x2 = center[i - 1], center[i], center[i + 1]
        a = ((points - x1[:, None]) * (points - x2[:, None])) / ((x0 - x1) * (x0 - x2))[:, None]
        b = ((points - x0[:, None]) * (points - x2[:, None])) / ((x1 - x0) * (x1 - x2))[:, None]
        c = ((points - x0[:, None]) * (points - x1[:, None])) / ((x2 - x0) * (x2 - x1))[:, None]
        shape = a * log[i - 1][:, None] + b * log[i][:, None] + c * log[i + 1][:, None]
    else:
        shape = np.zeros_like(points)
    shape = np.exp(shape - shape.max(axis=1, keepdims=True))
    share = (shape / shape.sum(axis=1, keepdims=True) * mass[:, None]).ravel()
    edges = np.append(low[:, None] + width[:, None] * np.arange(_FINE) / _FINE, low[-1] + width[-1])
    total = np.concatenate([[0.0], np.cumsum(share)])
    total /= total[-1]
    quantiles: Floats = np.interp(np.asarray(levels, dtype=float), total, edges)
    return quantiles


@compiled(**KERNEL)
def _fill_masses(
    log_likelihood: Floats, log_weight: Floats, log_prior: Floats, mass: Floats
) -> float:
    """Fill the masses over the largest one, whose logarithm is returned.

    The exponential of values between -30 and 0 is that of a 64th of them, by its series, squared
    six times: exact to 1e-9, and unlike a library's it becomes vector instructions.
    """
    nodes, members = log_likelihood.shape
    best = np.full(members, -np.inf)
    for n in range(nodes):
        for k in range(members):
            value = log_likelihood[n, k] + log_prior[n]
            best[k] = value if value > best[k] else best[k]
    peak = -np.inf
    for k in range(members):
        peak = max(peak, best[k] + log_weight[k])
    if peak == -np.inf:
        return peak
    for n in range(nodes):
        offset = log_prior[n] - peak
        for k in range(members):
            value = log_likelihood[n, k] + log_weight[k] + offset
            y = (value if value > -30.0 else -30.0) / 64.0
            series = 1.0 + y * (1 / 9) * (1.0 + y * (1 / 10))
            series = 1.0 + y * (1 / 7) * (1.0 + y * (1 / 8) * series)
            series = 1.0 + y * (1 / 5) * (1.0 + y * (1 / 6) * series)
            series = 1.0 + y * (1 / 3) * (1.0 + y * (1 / 4) * series)
            series = 1.0 + y * (1.0 + y * (1 / 2) * series)
            series *= series
            series *= series
            series *= series
            series *= series
            series *= series
            series *= series
            mass[n, k] = series if value > -30.0 else 0.0
    return peak


@compiled(**KERNEL)
def _normalize(
    mass: Floats, origin: Floats, node_mass: Floats, weights: Floats
) -> tuple[float, float, float]:
    """Divide masses by their sum; fill sums per node and member; mean and square of the origin."""
    nodes, members = mass.shape
    weights[:] = 0.0
    for n in range(nodes):
        for k in range(members):
            weights[k] += mass[n, k]
    total = weights.sum()
    first = np.zeros(members)
    second = np.zeros(members)
    for n in range(nodes):
        here = 0.0
        for k in range(members):
            share = mass[n, k] / total
            mass[n, k] = share
            here += share
            moment = share * origin[n, k]
            first[k] += moment
            second[k] += moment * origin[n, k]
        node_mass[n] = here
    weights /= total
    return total, first.sum(), second.sum()


def make_posterior(
    grid: Grid,
    log_likelihood: Floats,
    origin_s: Floats,
    log_weight: Floats,
    log_prior: Floats,
    origin_error_s: float,
    coarser: int,
) -> Posterior | None:
    """Normalize the posterior on a grid; None if it is nowhere."""
    mass = np.empty_like(log_likelihood)
    peak = _fill_masses(log_likelihood, log_weight, log_prior + np.log(grid.share), mass)
    if not np.isfinite(peak):
        return None
    node_mass, weights = np.empty(mass.shape[0]), np.empty(mass.shape[1])
    total, first, second = _normalize(mass, origin_s, node_mass, weights)
    with np.errstate(divide="ignore"):
        evidence = np.log(weights * total) - log_weight + peak
    volume = float(np.log(abs(np.prod(np.diag(grid.basis) * grid.size))))
    deviation = float(np.sqrt(max(second - first**2, 0.0) + origin_error_s**2))
    return Posterior(
        grid, mass, node_mass, weights, first, deviation, origin_error_s, evidence + volume,
        coarser,
    )  # fmt: skip
