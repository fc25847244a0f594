"""Gaussian Markov random fields on regular grids, exact by cosine transforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, compiled

Floats = NDArray[np.float64]
Roughness = Literal["membrane", "plate", "matern"]

ROUGHNESS: tuple[Roughness, ...] = ("membrane", "plate", "matern")
"""Priors that evidence may choose from: first differences, second differences, and a Matern field
of finite correlation length (SPDE of order 2)."""

_STEPS = 40
"""Newton steps at most; it takes four to eight."""

_TOLERANCE = 1e-10
"""Change of ln precision at which Newton's method ends; chosen here, near rounding."""

_FURTHEST = 30.0
"""Largest |ln| of a precision in units of the data: beyond it the noise, or the field, is nothing
that the data know of. Chosen here."""

_BINS = 256
"""Bins of the spectrum that the first scan looks at; chosen here."""


@dataclass(frozen=True)
class GridFit:
    """Noise and smoothness of a field on a regular grid, by evidence.

    Attributes
    ----------
    roughness : str
        Which prior, see :data:`ROUGHNESS`.
    smoothness : float
        Precision ``a`` of the prior: its exponent is ``-a/2 x' P x``.
    noise_precision : float
        ``b``, one over the variance of the noise.
    inverse_length : float
        ``kappa`` of the Matern field, 1 over nodes; 0 for the others.
    weights : tuple of float
        Strength of differences along every axis.
    log_evidence : float
        ``ln p(y | a, b)`` of all modes but the constant one.
    log_deviations : (float, float)
        Standard deviations of ``ln a`` and ``ln b``; 0 where one was given.
    degrees : float
        Effective degrees of freedom of the posterior mean.
    doubt : str
        Why the figures cannot be believed; empty if they can.
    evidence_error : float
        Standard error of the log evidence, 0 where it is exact.
    """

    roughness: Roughness
    smoothness: float
    noise_precision: float
    inverse_length: float
    weights: tuple[float, ...]
    log_evidence: float
    log_deviations: tuple[float, float]
    degrees: float
    doubt: str = ""
    evidence_error: float = 0.0

    @property
    def noise_deviation(self) -> float:
        """Standard deviation of the noise."""
        return float(self.noise_precision**-0.5)

    def penalty(self, shape: Sequence[int]) -> Floats:
        """Return the eigenvalues of the roughness ``P`` on a grid, all but ``a``."""
        return penalty_eigenvalues(shape, self.roughness, self.inverse_length, self.weights)


def laplacian_eigenvalues(shape: Sequence[int], weights: Sequence[float] | None = None) -> Floats:
    r"""Return the eigenvalues of the graph Laplacian of a grid with free edges.

    :math:`\sum_a w_a (2 - 2\cos(\pi k_a / n_a))`: cosine transforms (DCT-II) diagonalize the sum of
    squared differences between neighbors.

    Parameters
    ----------
    shape : sequence of int
    weights : sequence of float, optional
        One per axis, 1 where absent.

    Returns
    -------
    ndarray, of the shape
    """
    weights = weights or [1.0] * len(shape)
    total = np.zeros(tuple(shape))
    for axis, (n, weight) in enumerate(zip(shape, weights, strict=True)):
        one = weight * (2.0 - 2.0 * np.cos(np.pi * np.arange(n) / n))
        total += one.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return total


def penalty_eigenvalues(
    shape: Sequence[int],
    roughness: Roughness,
    inverse_length: float = 0.0,
    weights: Sequence[float] | None = None,
) -> Floats:
    """Return the eigenvalues of a prior's precision, up to its factor ``a``.

    ``l`` of first differences, ``l^2`` of second ones, ``(kappa^2 + l)^2`` of the Matern field
    (Lindgren, Rue & Lindstrom 2011).
    """
    values = laplacian_eigenvalues(shape, weights)
    if roughness == "membrane":
        return values
    if roughness == "plate":
        values *= values
        return values
    values += inverse_length**2
    values *= values
    return values


def fit_grid_field(
    values: ArrayLike,
    roughness: Roughness = "membrane",
    noise_deviation: float | None = None,
    weights: Sequence[float] | None = None,
) -> GridFit:
    r"""Find noise and smoothness of a complete field by maximum evidence, exactly.

    Model: :math:`y = x + N(0, 1/b)`, :math:`p(x) \propto \exp(-\frac a2 x^T P x)` with free edges.
    In the cosine transform :math:`c` of the data all is diagonal:
    :math:`\ln p = -\frac12 \sum_{k \ne 0} [\ln 2\pi v_k + c_k^2/v_k]`,
    :math:`v_k = 1/b + 1/(a p_k)`. The constant mode is left out: the prior says nothing of it.

    Parameters
    ----------
    values : array_like, of any shape
        Without missing values.
    roughness : str
    noise_deviation : float, optional
        Of the noise where it is known; else it is found.
    weights : sequence of float, optional
        Strength of differences along each axis.

    Returns
    -------
    GridFit

    Raises
    ------
    InputError
        If the field is constant, or has fewer than four values.
    """
    from scipy.fft import dctn

    y = np.asarray(values, dtype=np.float64)
    if y.size < 4 or not np.ptp(y) > 0:
        raise InputError(
            f"A field of {y.size} values from {np.min(y, initial=0.0):g} to "
            f"{np.max(y, initial=0.0):g} has no noise and no shape to find. Nothing was restored; "
            "give a field that changes."
        )
    power = dctn(y - y.mean(), norm="ortho").ravel()
    np.multiply(power, power, out=power)
    scale = float(power[1:].mean())
    power /= scale
    noise = None if noise_deviation is None else noise_deviation**2 / scale
    given = tuple(weights or [1.0] * y.ndim)
    if roughness != "matern":
        penalty = penalty_eigenvalues(y.shape, roughness, 0.0, given).ravel()
        found = _maximize(power, penalty, noise)
        return _as_fit(found, roughness, 0.0, given, power.size, scale)
    return _fit_matern(power, y.shape, noise, given, scale)


@dataclass(frozen=True)
class _Maximum:
    """Where the evidence of a spectrum is largest: ln a, ln b, value, Hessian, degrees."""

    place: Floats
    value: float
    hessian: Floats
    degrees: float
    fixed: bool


def _fit_matern(
    power: Floats,
    shape: tuple[int, ...],
    noise: float | None,
    weights: tuple[float, ...],
    scale: float,
) -> GridFit:
    """Search the correlation length of the Matern field, with the rest at its best for each."""
    from scipy.optimize import minimize_scalar

    laplacian = laplacian_eigenvalues(shape, weights).ravel()
    kept: dict[float, _Maximum] = {}

    def worth(log_kappa: float) -> float:
        penalty = (np.exp(2.0 * log_kappa) + laplacian) ** 2
        kept[log_kappa] = _maximize(power, penalty, noise)
        return kept[log_kappa].value

    # from twice the grid to a tenth of a node
    low, high = np.log(0.5 / max(shape)), np.log(10.0)
    minimize_scalar(worth, bounds=(low, high), method="bounded", options={"xatol": 1e-3})
    best = min(kept, key=lambda k: kept[k].value)
    return _as_fit(kept[best], "matern", float(np.exp(best)), weights, power.size, scale)


def _as_fit(
    found: _Maximum,
    roughness: Roughness,
    kappa: float,
    weights: tuple[float, ...],
    size: int,
    scale: float,
) -> GridFit:
    """Put a maximum back into the units of the data."""
    log_a, log_b = found.place - np.log(scale)
    count = size - 1
    evidence = -found.value - 0.5 * count * (np.log(2.0 * np.pi) + np.log(scale))
    deviations = np.zeros(2)
    if found.fixed:
        deviations[0] = abs(found.hessian[0, 0]) ** -0.5 if found.hessian[0, 0] else np.inf
    else:
        with np.errstate(invalid="ignore"):
            try:
                deviations = np.sqrt(np.diag(np.linalg.inv(found.hessian)))
            except np.linalg.LinAlgError:
                deviations[:] = np.inf
    doubt = ""
    if abs(found.place[1]) >= _FURTHEST:
        doubt = "no noise can be told from the field's own roughness"
    elif found.place[0] >= _FURTHEST:
        doubt = "nothing can be told from noise"
    return GridFit(
        roughness, float(np.exp(log_a)), float(np.exp(log_b)), kappa, weights, float(evidence),
        (float(deviations[0]), float(deviations[1])), found.degrees, doubt,
    )  # fmt: skip


def _maximize(power: Floats, penalty: Floats, noise: float | None) -> _Maximum:
    """Maximize the evidence over ln a and ln b: a scan of the binned spectrum, then Newton."""
    place = _scan(power, penalty, noise)
    fixed = noise is not None
    value, gradient, hessian, degrees = _moments(power, penalty, place)
    for _ in range(_STEPS):
        step = _newton_step(gradient, hessian, fixed)
        factor = 1.0
        while True:
            trial = np.clip(place + factor * step, -_FURTHEST, _FURTHEST)
            new = _moments(power, penalty, trial)
            if new[0] <= value + 1e-12 * abs(value) or factor < 1e-6:
                break
            factor *= 0.5
        moved = float(np.abs(trial - place).max())
        place, (value, gradient, hessian, degrees) = trial, new
        if moved < _TOLERANCE:
            break
    return _Maximum(place, value, hessian, degrees, fixed)


def _newton_step(gradient: Floats, hessian: Floats, fixed: bool) -> Floats:
    """Return a step down; along the gradient where the surface is not a bowl."""
    if fixed:
        curve = hessian[0, 0]
        step = -gradient[0] / curve if curve > 0 else -np.sign(gradient[0])
        return np.array([np.clip(step, -3.0, 3.0), 0.0])
    eigenvalues, vectors = np.linalg.eigh(hessian)
    floor = max(1e-10 * abs(eigenvalues).max(), 1e-300)
    along = -(vectors.T @ gradient) / np.maximum(np.abs(eigenvalues), floor)
    return np.asarray(vectors @ np.clip(along, -3.0, 3.0))


def _scan(power: Floats, penalty: Floats, noise: float | None) -> Floats:
    """Return a start: the best ratio of noise to smoothness for a spectrum in bins."""
    count, total, middle = _bin_spectrum(power, np.log(penalty[1:]))
    used = count > 0
    count, total, middle = count[used], total[used], np.exp(middle[used])
    size = count.sum()
    best, place = np.inf, np.zeros(2)
    for log_ratio in np.linspace(-25.0, 25.0, 101):  # ln(a/b)
        shape = 1.0 + 1.0 / (np.exp(log_ratio) * middle)
        variance = (total / shape).sum() / size if noise is None else noise
        value = (count * np.log(variance * shape)).sum() + (total / shape).sum() / variance
        if value < best:
            log_b = -np.log(max(variance, 1e-13))
            best, place = value, np.array([log_ratio + log_b, log_b])
    return np.clip(place, -_FURTHEST, _FURTHEST)


@compiled(nogil=True)
def _bin_spectrum(power: Floats, log_penalty: Floats) -> tuple[Floats, Floats, Floats]:
    """Counts, power and mean ln penalty of bins of equal width in ln penalty."""
    low, high = log_penalty.min(), log_penalty.max()
    width = (high - low) / _BINS + 1e-12
    count, total, middle = np.zeros(_BINS), np.zeros(_BINS), np.zeros(_BINS)
    for k in range(log_penalty.size):
        i = min(int((log_penalty[k] - low) / width), _BINS - 1)
        count[i] += 1.0
        total[i] += power[k + 1]
        middle[i] += log_penalty[k]
    for i in range(_BINS):
        if count[i] > 0:
            middle[i] /= count[i]
    return count, total, middle


@compiled(nogil=True, error_model="numpy")
def _moments(power: Floats, penalty: Floats, place: Floats) -> tuple[float, Floats, Floats, float]:
    """Half of -2 ln p without its constant, with its derivatives by (ln a, ln b), and degrees.

    The constant mode, first of all, is left out, but counts as one degree of freedom.
    """
    a, b = np.exp(place[0]), np.exp(place[1])
    w = 1.0 / b
    value = 0.0
    g0 = g1 = h00 = h01 = h11 = 0.0
    degrees = 1.0
    for k in range(1, power.size):
        u = 1.0 / (a * penalty[k])
        v = u + w
        first = 1.0 / v
        fit = power[k] * first
        value += np.log(v) + fit
        slope = first * (1.0 - fit)
        bend = first * first * (2.0 * fit - 1.0)
        g0 -= slope * u
        g1 -= slope * w
        h00 += bend * u * u + slope * u
        h11 += bend * w * w + slope * w
        h01 += bend * u * w
        degrees += u * first
    gradient = np.array([0.5 * g0, 0.5 * g1])
    hessian = np.array([[0.5 * h00, 0.5 * h01], [0.5 * h01, 0.5 * h11]])
    return 0.5 * value, gradient, hessian, degrees


def grid_log_evidence(values: ArrayLike, fit: GridFit) -> float:
    """Return ``ln p(y | a, b)`` of a complete field at the precisions of a fit."""
    from scipy.fft import dctn

    y = np.asarray(values, dtype=np.float64)
    power = dctn(y, norm="ortho").ravel()[1:] ** 2
    variance = 1.0 / fit.noise_precision + 1.0 / (fit.smoothness * fit.penalty(y.shape).ravel()[1:])
    return float(-0.5 * np.sum(np.log(2.0 * np.pi * variance) + power / variance))


def posterior_mean(values: ArrayLike, fit: GridFit) -> Floats:
    """Return the posterior mean of a complete field: each mode times ``b / (b + a p)``."""
    from scipy.fft import dctn, idctn

    y = np.asarray(values, dtype=np.float64)
    spectrum = dctn(y, norm="ortho")
    gain = fit.penalty(y.shape)
    gain *= fit.smoothness / fit.noise_precision
    gain += 1.0
    spectrum /= gain
    return np.asarray(idctn(spectrum, norm="ortho", overwrite_x=True))


def posterior_deviation(shape: Sequence[int], fit: GridFit) -> Floats:
    """Return the posterior standard deviation of a complete field, exactly.

    The squares of the cosines are separate along the axes, so that the diagonal of the covariance
    is a product of one matrix per axis with the spectrum ``1 / (b + a p)``.
    """
    spectrum = fit.penalty(shape)
    spectrum *= fit.smoothness
    spectrum += fit.noise_precision
    np.reciprocal(spectrum, out=spectrum)
    return np.sqrt(spectral_diagonal(spectrum))


def spectral_diagonal(spectrum: Floats) -> Floats:
    """Return the diagonal of a matrix that cosine transforms diagonalize, from its eigenvalues."""
    diagonal = spectrum
    for axis, n in enumerate(spectrum.shape):
        place = np.arange(n) + 0.5
        squares = (1.0 + np.cos(2.0 * np.pi * np.outer(place, np.arange(n)) / n)) / n
        squares[:, 0] = 1.0 / n
        diagonal = np.moveaxis(np.tensordot(squares, diagonal, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(diagonal)


def best_grid_fit(
    values: ArrayLike,
    choices: Sequence[Roughness] = ROUGHNESS,
    noise_deviation: float | None = None,
    weights: Sequence[float] | None = None,
) -> tuple[GridFit, dict[str, float]]:
    """Let evidence choose between priors of different roughness.

    A Matern field costs the half logarithm of the modes for its own length (BIC), so that it is
    taken only where it explains more.

    Returns
    -------
    fit : GridFit
        The best one.
    evidences : dict of str to float
        Log evidence of every choice, the cost taken off.
    """
    fits = {c: fit_grid_field(values, c, noise_deviation, weights) for c in choices}
    cost = 0.5 * np.log(np.size(values))
    evidences = {str(c): f.log_evidence - (cost if c == "matern" else 0.0) for c, f in fits.items()}
    return fits[max(fits, key=lambda c: evidences[str(c)])], evidences


def with_precisions(fit: GridFit, smoothness: float, noise_precision: float) -> GridFit:
    """Return a fit with other precisions; what depends on them is left to who asks."""
    return replace(fit, smoothness=smoothness, noise_precision=noise_precision)
