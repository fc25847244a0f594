"""First arrivals in flat layers by plain NumPy, which shares nothing with quakeloom.

Layers of constant velocity over a half-space; sources anywhere, receivers at the surface. The
direct ray by bisection of its ray parameter, and the head wave along every interface below the
source; the earliest of them arrives first. Branches are told apart by nature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_HALVINGS = 60
"""Steps of the bisection of the ray parameter: to the last bit."""


@dataclass(frozen=True)
class Layers:
    """Tops of layers in km, the first 0, and their velocities in km/s."""

    top_km: Floats
    velocity_km_s: Floats

    def lines(self) -> str:
        """Return the model as the text of a file of depth and velocity, two lines per layer."""
        bottom = np.append(self.top_km[1:], self.top_km[-1] + 80.0)
        rows = zip(self.top_km, bottom, self.velocity_km_s, strict=True)
        return "".join(f"{a:.6f} {v:.6f}\n{b:.6f} {v:.6f}\n" for a, b, v in rows)


@dataclass(frozen=True)
class Arrivals:
    """First arrivals: time, take-off angle (0 is down) and branch.

    Attributes
    ----------
    time_s, takeoff_deg : ndarray, shape (n,)
    branch : ndarray of int, shape (n,)
        -1 for the direct ray, else the number of the layer below the interface of a head wave.
    lead_s : ndarray, shape (n,)
        How much earlier it is than the next branch.
    """

    time_s: Floats
    takeoff_deg: Floats
    branch: NDArray[np.int64]
    lead_s: Floats


def first_arrivals(layers: Layers, depth_km: ArrayLike, distance_km: ArrayLike) -> Arrivals:
    """Return the first arrivals of sources at receivers at the surface."""
    depth = np.atleast_1d(np.asarray(depth_km, dtype=float))
    distance = np.broadcast_to(np.asarray(distance_km, dtype=float), depth.shape)
    top, v = layers.top_km, layers.velocity_km_s
    own = np.searchsorted(top, depth, side="right") - 1
    bottom = np.append(top[1:], np.inf)
    above = np.clip(depth[:, None] - top, 0.0, (bottom - top)[None, :])
    time, slow = _direct(above, v, own, distance)
    times, takeoffs = [time], [180.0 - np.degrees(np.arcsin(np.clip(slow * v[own], 0.0, 1.0)))]
    for j in range(1, len(v)):
        below = np.clip(np.minimum(bottom, top[j]) - np.maximum(top, depth[:, None]), 0.0, None)
        path = above + 2.0 * below  # down to the interface, and up to the surface
        crossed = path > 0
        fast = (own < j) & ~np.any(crossed & (v[None, :] >= v[j]), axis=1)
        p = 1.0 / v[j]
        cosine = np.sqrt(np.maximum(1.0 - (v * p) ** 2, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.sum(np.where(crossed, path * v * p / cosine, 0.0), axis=1)
            delay = np.sum(np.where(crossed, path * cosine / v, 0.0), axis=1)
        there = fast & (distance >= reach)
        times.append(np.where(there, distance * p + delay, np.inf))
        takeoffs.append(np.degrees(np.arcsin(np.clip(v[own] * p, 0.0, 1.0))))
    stack, angle = np.stack(times), np.stack(takeoffs)
    best = np.argmin(stack, axis=0)
    column = np.arange(depth.size)
    ordered = np.sort(stack, axis=0)
    lead = ordered[1] - ordered[0] if len(stack) > 1 else np.full(depth.size, np.inf)
    return Arrivals(stack[best, column], angle[best, column], np.where(best == 0, -1, best), lead)


def _direct(
    above: Floats, v: Floats, own: NDArray[np.int64], distance: Floats
) -> tuple[Floats, Floats]:
    """Times and ray parameters of the direct rays."""
    crossed = above > 0
    fastest = np.where(crossed, v[None, :], 0.0).max(axis=1)
    fastest = np.where(fastest > 0, fastest, v[own])
    low, high = np.zeros(own.size), np.full(own.size, 1.0)
    for _ in range(_HALVINGS):
        # the share of the largest ray parameter, close to 1 where rays are nearly flat
        middle = 0.5 * (low + high)
        p = np.sin(0.5 * np.pi * middle) / fastest
        cosine = np.sqrt(np.maximum(1.0 - (v[None, :] * p[:, None]) ** 2, 1e-300))
        reach = np.sum(np.where(crossed, above * v * p[:, None] / cosine, 0.0), axis=1)
        far = reach > distance
        high, low = np.where(far, middle, high), np.where(far, low, middle)
    p = np.sin(0.25 * np.pi * (low + high)) / fastest
    cosine = np.sqrt(np.maximum(1.0 - (v[None, :] * p[:, None]) ** 2, 0.0))
    delay = np.sum(np.where(crossed, above * cosine / v, 0.0), axis=1)
    return p * distance + delay, p


def draw_layers(
    reference: Layers,
    random: np.random.Generator,
    velocity_spread: float,
    thickness_spread: float,
    correlation_km: float = 15.0,
) -> Layers:
    """Draw a model: logarithms of velocity (correlated over depth) and thickness are Gaussian."""
    top, v = reference.top_km, reference.velocity_km_s
    bottom = np.append(top[1:], top[-1] + 80.0)
    middle = 0.5 * (top + bottom)
    covariance = np.exp(-np.abs(middle[:, None] - middle) / correlation_km)
    change = random.multivariate_normal(np.zeros(v.size), covariance, method="cholesky")
    stretch = np.exp(thickness_spread * random.standard_normal(v.size - 1))
    tops = np.concatenate([[0.0], np.cumsum(np.diff(top) * stretch)])
    return Layers(tops, v * np.exp(velocity_spread * change))
