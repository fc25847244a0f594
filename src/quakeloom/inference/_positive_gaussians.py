"""Gaussian densities of numbers that are not negative: exact samples, and how much is left."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

from quakeloom.core import InputError, compiled

Floats = NDArray[np.float64]

_SWEEPS = 200
"""Rounds of expectation propagation at most."""

_SETTLED = 1e-9
"""Change of the logarithm of the probability at which expectation propagation stops."""

_NO_HIT = 1e-10
"""Time to a wall that counts as none: the wall that the particle just left."""


@compiled()
def _bounce(
    root: Floats, mean: Floats, start: Floats, momenta: Floats, most: int, out: Floats
) -> int:
    """Follow particles for a quarter of a period each, reflected where a number would be negative.

    Returns the number of trajectories that met more than ``most`` walls.
    """
    count, size = momenta.shape
    place = start.copy()
    longest = 0
    norms = np.empty(size)
    for i in range(size):
        norms[i] = np.sum(root[i] ** 2)
    for s in range(count):
        speed = momenta[s].copy()
        left = 0.5 * np.pi
        hits = 0
        while True:
            heights = root @ place
            rates = root @ speed
            first, wall = left, -1
            for i in range(size):
                # a cos t + b sin t + mean = 0
                length = np.sqrt(heights[i] ** 2 + rates[i] ** 2)
                if length <= abs(mean[i]):
                    continue
                phase = np.arctan2(rates[i], heights[i])
                turn = np.arccos(-mean[i] / length)
                for sign in (-1.0, 1.0):
                    t = (phase + sign * turn) % (2.0 * np.pi)
                    if t < _NO_HIT:
                        continue
                    # only on the way down
                    if -heights[i] * np.sin(t) + rates[i] * np.cos(t) < 0.0 and t < first:
                        first, wall = t, i
            c, n = np.cos(first), np.sin(first)
            moved = place * c + speed * n
            speed = speed * c - place * n
            place = moved
            left -= first
            if wall < 0:
                break
            hits += 1
            if hits > most:
                longest += 1
                break
            speed = speed - 2.0 * (root[wall] @ speed) / norms[wall] * root[wall]
        out[s] = mean + root @ place
    return longest


def sample_positive(mean: Floats, covariance: Floats, normals: Floats, burn_in: int = 20) -> Floats:
    """Return samples of a Gaussian density of which no number is negative.

    Exact Hamiltonian Monte Carlo: in whitened coordinates particles move on ellipses, which are
    followed for a quarter of a period and reflected at the walls; every trajectory is accepted
    (Pakman & Paninski 2014, J. Comput. Graph. Stat. 23, 518-542).

    Parameters
    ----------
    mean : ndarray, shape (n,)
    covariance : ndarray, shape (n, n)
        Positive definite.
    normals : ndarray, shape (burn_in + samples, n)
        Standard normal numbers, one momentum per trajectory.
    burn_in : int
        Trajectories that are not returned.

    Returns
    -------
    ndarray, shape (samples, n)
        Consecutive ones are alike.
    """
    root = np.ascontiguousarray(cholesky(covariance, lower=True))
    inside = np.maximum(mean, 0.1 * np.sqrt(np.diag(covariance)))
    start = solve_triangular(root, inside - mean, lower=True)
    out = np.empty_like(normals)
    _bounce(root, np.ascontiguousarray(mean), start, np.ascontiguousarray(normals), 10_000, out)
    # rounding at a wall
    return np.asarray(np.maximum(out[burn_in:], 0.0))


@compiled()
def _log_normal_below(z: float) -> float:
    """Natural logarithm of the standard normal distribution function."""
    if z > -10.0:
        return float(np.log(0.5 * math.erfc(-z / np.sqrt(2.0))))
    # the continued series of Mills' ratio, good to 1e-7 below -10
    square = 1.0 / (z * z)
    series = 1.0 - square * (1.0 - 3.0 * square * (1.0 - 5.0 * square))
    return float(-0.5 * z * z - 0.5 * np.log(2.0 * np.pi) - np.log(-z) + np.log(series))


@compiled()
def _propagate(
    covariance: Floats, mean: Floats, tau: Floats, shift: Floats, sweeps: int, settled: float
) -> tuple[float, int]:
    """Match the first two moments of every wall in turn; fill the sites' precision and shift.

    Returns the sum over walls of the logarithms of their normalizations, less the sites' own
    Gaussian parts, and the sweeps that were needed.
    """
    size = mean.size
    sigma, mu = covariance.copy(), mean.copy()
    before = 1e300
    for sweep in range(sweeps):
        total = 0.0
        for i in range(size):
            variance = sigma[i, i]
            precision = 1.0 / variance - tau[i]
            if precision <= 0.0:
                continue
            cavity = 1.0 / precision
            center = cavity * (mu[i] / variance - shift[i])
            z = center / np.sqrt(cavity)
            log_below = _log_normal_below(z)
            ratio = np.exp(-0.5 * z * z - 0.5 * np.log(2.0 * np.pi) - log_below)
            new_mean = center + np.sqrt(cavity) * ratio
            new_variance = cavity * (1.0 - ratio * (ratio + z))
            new_variance = max(new_variance, 1e-12 * cavity)
            new_tau = max(1.0 / new_variance - precision, 0.0)
            new_shift = new_mean / new_variance - center * precision
            change = new_tau - tau[i]
            tau[i] = new_tau
            shift_change = new_shift - shift[i]
            shift[i] = new_shift
            column = sigma[:, i].copy()
            factor = change / (1.0 + change * variance)
            along = (shift_change - change * mu[i]) / (1.0 + change * variance)
            for a in range(size):
                mu[a] += along * column[a]
                for b in range(size):
                    sigma[a, b] -= factor * column[a] * column[b]
            # normalization of the site against its cavity
            joined = new_tau * cavity + 1.0
            site = log_below + 0.5 * np.log(joined)
            site += 0.5 * (center * center * precision - new_mean * new_mean / new_variance)
            total += site
        if abs(total - before) < settled * size:
            return total, sweep + 1
        before = total
    return before, sweeps


def log_positive_probability(mean: Floats, covariance: Floats) -> float:
    """Return the logarithm of the probability that no number of a Gaussian is negative.

    By expectation propagation (Cunningham, Hennig & Lacoste-Julien 2011, arXiv:1111.6832): not
    exact, but within hundredths for orthants of likely correlations, and cheap.

    Parameters
    ----------
    mean : ndarray, shape (n,)
    covariance : ndarray, shape (n, n)

    Raises
    ------
    InputError
        If the covariance is not positive definite.
    """
    mean = np.ascontiguousarray(mean, dtype=float)
    covariance = np.ascontiguousarray(covariance, dtype=float)
    try:
        root = cholesky(covariance, lower=True)
    except np.linalg.LinAlgError:
        raise InputError(
            f"A covariance of {mean.size} numbers is not positive definite, so no probability "
            "follows from it. Look at the prior's correlations."
        ) from None
    tau, shift = np.zeros(mean.size), np.zeros(mean.size)
    total, _ = _propagate(covariance, mean, tau, shift, _SWEEPS, _SETTLED)
    # ln of the integral of N(x; mean, C) prod N-like sites: determinants and quadratic forms
    half = np.sqrt(tau)
    inner = np.eye(mean.size) + half[:, None] * covariance * half[None, :]
    lower = cholesky(inner, lower=True)
    precise = cho_solve((root, True), mean)
    natural = precise + shift
    # posterior covariance (C^-1 + T)^-1 = C - C T^1/2 inner^-1 T^1/2 C
    turned = solve_triangular(lower, half[:, None] * covariance, lower=True)
    posterior = covariance - turned.T @ turned
    quadratic = float(natural @ posterior @ natural - mean @ precise)
    return float(total - np.sum(np.log(np.diag(lower))) + 0.5 * quadratic)
