"""Slip in one model of the medium and the fault: exact, with its evidence, in data space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from quakeloom.core import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HyperPoint:
    """A point of the grid of hyper-parameters that all models share.

    Attributes
    ----------
    noise : float
        Factor of the standard errors of the data.
    spread : float
        Factor of the standard deviation of the prior.
    correlation : int
        Which of the prior's correlations.
    """

    noise: float = 1.0
    spread: float = 1.0
    correlation: int = 0


@dataclass(frozen=True)
class SlipPrior:
    """Gaussian prior of the parameters, of unit factors.

    Attributes
    ----------
    mean : ndarray, shape (parameters,)
    covariances : sequence of ndarray, shape (parameters, parameters)
        One for every correlation that is tried.
    points : sequence of HyperPoint
        The common grid.
    log_weight : ndarray, shape (points,)
        Natural logarithms of the prior probabilities of the points, which sum to 1.
    """

    mean: Floats
    covariances: Sequence[Floats]
    points: Sequence[HyperPoint]
    log_weight: Floats


@dataclass(frozen=True)
class GaussianData:
    """Displacements with their covariance, and the root that makes their errors equal.

    Attributes
    ----------
    values : ndarray, shape (data,)
    root : ndarray, shape (data, data)
        Lower Cholesky factor of the covariance.
    """

    values: Floats
    root: Floats

    @property
    def log_determinant(self) -> float:
        """Natural logarithm of the determinant of the covariance."""
        return float(2.0 * np.sum(np.log(np.diag(self.root))))

    def whiten(self, columns: Floats) -> Floats:
        """Return columns in units of their errors."""
        return np.asarray(solve_triangular(self.root, columns, lower=True, check_finite=False))


def gaussian_data(values: Floats, covariance: Floats) -> GaussianData:
    """Check data and their covariance, and factorize it.

    Raises
    ------
    InputError
        For values that are not finite, or a covariance that is none.
    """
    values = np.asarray(values, dtype=float)
    covariance = np.asarray(covariance, dtype=float)
    if not np.isfinite(values).all() or not np.isfinite(covariance).all():
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} displacements are no finite "
            "numbers, or their covariance is not. No slip follows from them; leave them out."
        )
    try:
        root = cholesky(covariance, lower=True)
    except np.linalg.LinAlgError:
        raise InputError(
            f"The covariance of {values.size} displacements is not positive definite: some errors "
            "are 0, or correlations exceed 1. Nothing can be weighed by it; correct the errors."
        ) from None
    return GaussianData(values, root)


@dataclass(frozen=True)
class MemberSlip:
    """Slip in one model at every point of the hyper-parameters.

    Attributes
    ----------
    log_evidence : ndarray, shape (points,)
    mean, variance : ndarray, shape (points, parameters)
    sum_mean, sum_variance : ndarray, shape (points, sums)
        Of the linear sums asked for, such as the moment.
    """

    log_evidence: Floats
    mean: Floats
    variance: Floats
    sum_mean: Floats
    sum_variance: Floats


@dataclass(frozen=True)
class MemberFactor:
    """A model and a correlation of the prior, diagonalized in units of the data's errors.

    Attributes
    ----------
    values, vectors : ndarray, shapes (data,) and (data, data)
        Eigenvalues and eigenvectors ``V`` of the whitened ``G S G'``.
    gain : ndarray, shape (parameters, data)
        ``S G' W V`` with the whitening ``W``.
    covariance : ndarray, shape (parameters, parameters)
        ``S``, of unit factors.
    """

    values: Floats
    vectors: Floats
    gain: Floats
    covariance: Floats

    def weights(self, point: HyperPoint) -> Floats:
        """Inverse eigenvalues of the covariance of the data."""
        return np.asarray(1.0 / (point.noise**2 + point.spread**2 * self.values))


def factorize(
    green: Floats, data: GaussianData, prior: SlipPrior, correlation: int
) -> MemberFactor:
    """Diagonalize one model, so that every noise and spread is cheap afterwards."""
    covariance = prior.covariances[correlation]
    white = data.whiten(green)
    shared = white @ covariance
    values, vectors = np.linalg.eigh(shared @ white.T)
    return MemberFactor(np.maximum(values, 0.0), vectors, shared.T @ vectors, covariance)


def solve_member(
    green: Floats, data: GaussianData, prior: SlipPrior, sums: Floats | None = None
) -> MemberSlip:
    """Return the posterior of one model and its evidence at every hyper-parameter.

    With ``C = E + G S G'``, ``r = d - G m0``: ``ln Z = -r' C^-1 r / 2 - ln|2 pi C| / 2``, mean
    ``m0 + S G' C^-1 r`` and covariance ``S - S G' C^-1 G S`` (Tarantola 2005, section 3.2).

    Parameters
    ----------
    green : ndarray, shape (data, parameters)
    data : GaussianData
    prior : SlipPrior
    sums : ndarray, shape (sums, parameters), optional
        Rows of linear sums of the parameters whose mean and variance are wanted.

    Returns
    -------
    MemberSlip

    Raises
    ------
    InputError
        For Green's functions of another shape, or that are not finite.
    """
    size = (data.values.size, prior.mean.size)
    if green.shape != size or not np.isfinite(green).all():
        raise InputError(
            f"Green's functions have the shape {green.shape}, not {size}, or are not finite. The "
            "model cannot be weighed."
        )
    rows = np.zeros((0, prior.mean.size)) if sums is None else np.asarray(sums, dtype=float)
    constant = data.values.size * np.log(2.0 * np.pi) + data.log_determinant
    factors = {c: factorize(green, data, prior, c) for c in {p.correlation for p in prior.points}}
    white = data.whiten((data.values - green @ prior.mean)[:, None])[:, 0]
    evidence, means, variances, totals, scatters = [], [], [], [], []
    for point in prior.points:
        f = factors[point.correlation]
        turned = f.vectors.T @ white
        inverse, scale = f.weights(point), point.spread**2
        misfit = float(np.sum(turned**2 * inverse))
        evidence.append(-0.5 * (misfit - float(np.sum(np.log(inverse))) + constant))
        means.append(prior.mean + scale * (f.gain @ (inverse * turned)))
        known = (f.gain**2) @ inverse
        variances.append(np.maximum(scale * np.diag(f.covariance) - scale**2 * known, 0.0))
        totals.append(rows @ means[-1])
        gain = rows @ f.gain
        before = np.einsum("ij,ij->i", rows @ f.covariance, rows)
        scatters.append(np.maximum(scale * before - scale**2 * (gain**2 @ inverse), 0.0))
    return MemberSlip(
        np.array(evidence), np.array(means), np.array(variances), np.array(totals),
        np.array(scatters),
    )  # fmt: skip


def draw_member(
    green: Floats,
    data: GaussianData,
    prior: SlipPrior,
    point: HyperPoint,
    normals: Floats,
) -> Floats:
    """Return draws of the posterior of one model at one point, by Matheron's rule.

    Parameters
    ----------
    green : ndarray, shape (data, parameters)
    data : GaussianData
    prior : SlipPrior
    point : HyperPoint
    normals : ndarray, shape (draws, parameters + data)
        Standard normal numbers.

    Returns
    -------
    ndarray, shape (draws, parameters)
    """
    count = prior.mean.size
    covariance = prior.covariances[point.correlation]
    root = np.linalg.cholesky(covariance + 1e-12 * np.mean(np.diag(covariance)) * np.eye(count))
    offset = point.spread * normals[:, :count] @ root.T
    # the whitened residual less that of the draw and of its noise, in the same directions
    white = data.whiten(green)
    residual = data.whiten((data.values - green @ prior.mean)[:, None])[:, 0]
    left = residual - offset @ white.T - point.noise * normals[:, count:]
    inner = white @ covariance @ white.T * point.spread**2
    inner[np.diag_indices_from(inner)] += point.noise**2
    weights = np.linalg.solve(inner, left.T)
    return np.asarray(
        prior.mean + offset + (point.spread**2 * (covariance @ (white.T @ weights))).T
    )
