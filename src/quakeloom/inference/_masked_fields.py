"""Gaussian Markov random fields on grids with holes, known errors or edges, by iteration.

Cosine transforms no longer diagonalize the posterior there, but they still precondition it: all
that is solved here is solved by conjugate gradients in that preconditioner, with a few arrays of
the size of the field and no matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.inference._grid_fields import (
    ROUGHNESS,
    Floats,
    GridFit,
    Roughness,
    fit_grid_field,
    spectral_diagonal,
)
from quakeloom.inference._lanczos import ConvergenceError

_PROBES = 24
"""Random signs that determinants are estimated with; chosen here."""

_TRACE_SIGNS = 8
"""Random signs that the degrees of freedom are estimated with; chosen here: of a field of 10,000
their error is then below 0.5 %."""

_LANCZOS = 60
"""Steps of the quadrature of a log determinant; chosen here."""

_ROUNDS = 60
"""Rounds of the fixed point of noise and smoothness at most."""

_NEAR = 0.1
"""Move of the logarithms from which Newton's method takes over; chosen here."""

_NEWTON = 5
"""Newton steps at most; it takes two or three."""

_SETTLED = 1e-3
"""Newton step at which noise and smoothness are found; chosen here, a hundredth of their errors."""

_DIFFERENCE = 0.02
"""Step of differences of the gradient in ln a and ln b; chosen here."""

_DENSE = 1500
"""Nodes up to which determinants and traces are exact, by a dense Cholesky factor."""


@dataclass(frozen=True)
class MaskedField:
    """A field seen with its own precision at every node, 0 in holes.

    Attributes
    ----------
    values : ndarray
        Data; what stands in holes counts for nothing.
    relative : ndarray
        Precision of every datum over the noise precision ``b``: 0 in holes, 1 where all are alike.
    """

    values: Floats
    relative: Floats

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Nodes with data."""
        return self.relative > 0


class PrecisionOperator:
    """The posterior precision ``a P + diag(b w)`` of a field, applied, solved and drawn from.

    Parameters
    ----------
    penalty : ndarray
        Eigenvalues of ``P`` in cosine transforms, shape of the field.
    smoothness : float
        ``a``.
    weights : ndarray
        ``b w``, shape of the field.
    """

    def __init__(self, penalty: Floats, smoothness: float, weights: Floats) -> None:
        self.prior = smoothness * penalty
        self.weights = weights
        self.scale = self.prior + max(float(weights.mean()), 1e-12 * float(self.prior.max()))

    def apply(self, x: Floats) -> Floats:
        """Return ``Q x``."""
        from scipy.fft import dctn, idctn

        spectrum = dctn(x, norm="ortho")
        spectrum *= self.prior
        found = idctn(spectrum, norm="ortho", overwrite_x=True)
        found += self.weights * x
        return np.asarray(found)

    def precondition(self, r: Floats) -> Floats:
        """Return ``M^-1 r`` with the mean weight everywhere."""
        from scipy.fft import dctn, idctn

        spectrum = dctn(r, norm="ortho")
        spectrum /= self.scale
        return np.asarray(idctn(spectrum, norm="ortho", overwrite_x=True))

    def solve(self, right: Floats, tolerance: float = 1e-8) -> Floats:
        """Solve ``Q x = right``.

        Raises
        ------
        ConvergenceError
            If so many steps do not reach the tolerance.
        """
        return solve_preconditioned(self.apply, self.precondition, right, tolerance)

    def draw_right(self, stream: np.random.Generator) -> Floats:
        """Return a draw of ``N(0, Q)``: solved, it is one of the posterior about its mean."""
        from scipy.fft import idctn

        shape = self.weights.shape
        spectrum = stream.standard_normal(shape) * np.sqrt(self.prior)
        found = np.asarray(idctn(spectrum, norm="ortho", overwrite_x=True))
        found += np.sqrt(self.weights) * stream.standard_normal(shape)
        return found

    def whitened(self, z: Floats) -> Floats:
        """Return ``M^-1/2 Q M^-1/2 z`` for z in the cosine domain, for log determinants."""
        from scipy.fft import dctn, idctn

        root = z / np.sqrt(self.scale)
        x = idctn(root, norm="ortho")
        found = self.prior * root
        found += dctn(self.weights * x, norm="ortho", overwrite_x=True)
        return np.asarray(found / np.sqrt(self.scale))


def solve_preconditioned(
    apply: Callable[[Floats], Floats],
    precondition: Callable[[Floats], Floats],
    right: Floats,
    tolerance: float = 1e-8,
    most: int = 5000,
) -> Floats:
    """Solve a symmetric positive definite system by preconditioned conjugate gradients."""
    x = np.zeros_like(right)
    r = right.copy()
    size = float(np.sqrt(np.vdot(right, right)))
    if size == 0.0:
        return x
    s = precondition(r)
    p = s.copy()
    now = float(np.vdot(r, s))
    for _ in range(most):
        q = apply(p)
        step = now / float(np.vdot(p, q))
        x += step * p
        r -= step * q
        if float(np.sqrt(np.vdot(r, r))) <= tolerance * size:
            return x
        s = precondition(r)
        before, now = now, float(np.vdot(r, s))
        p *= now / before
        p += s
    raise ConvergenceError(
        f"A field of {right.size} nodes is not solved to {tolerance:g} after {most} steps of "
        "conjugate gradients. Nothing was kept; its holes are too wide for so smooth a prior, or "
        "its errors too unlike: take first differences (`membrane`), or cut the field."
    )


def fit_masked_field(
    field: MaskedField,
    stream: np.random.Generator,
    roughness: Roughness = "membrane",
    noise_known: bool = False,
    weights: Sequence[float] | None = None,
) -> GridFit:
    """Find noise and smoothness of a field with holes or unequal errors by evidence.

    MacKay's fixed point, ``b = (n - g) / |y - x|^2_w`` and ``a = (g - 1) / x' P x`` with the
    effective degrees of freedom g, then Newton's method on the evidence whose gradient that is.
    The trace in g is estimated with random signs, always the same.

    Parameters
    ----------
    field : MaskedField
    stream : numpy.random.Generator
        Of the signs.
    roughness : str
        A Matern field has the correlation length of the field with holes filled by their median.
    noise_known : bool
        The relative precisions are absolute: ``b`` stays 1.
    weights : sequence of float, optional
        Strength of differences along every axis.

    Raises
    ------
    InputError
        If fewer than four nodes have data, or these are all alike.
    """
    seen = field.seen
    count = int(seen.sum())
    data = field.values[seen]
    if count < 4 or not np.ptp(data) > 0:
        raise InputError(
            f"A field of {field.values.size} nodes has {count} values that differ by "
            f"{np.ptp(data) if count else 0:g}: no noise and no shape to find. Nothing was "
            "restored; give a field that changes."
        )
    typical = float(np.median(field.relative[seen]))
    start = fit_grid_field(
        # data that hardly count would mislead the start
        np.where(field.relative > 0.01 * typical, field.values, np.median(data)), roughness,
        typical**-0.5 if noise_known else None, weights,
    )  # fmt: skip
    rounds = _Rounds(field, start.penalty(field.values.shape), stream)
    place = np.log([start.smoothness, 1.0 if noise_known else start.noise_precision])
    free = slice(0, 1) if noise_known else slice(0, 2)
    doubt = start.doubt or "the fixed point of noise and smoothness did not settle"
    for _ in range(_ROUNDS):
        # a step at most of a factor of 20 in a round: from far away the fixed point overshoots
        move = np.clip(rounds.fixed_point(place), -3.0, 3.0)
        place[free] += move[free]
        if np.abs(move[free]).max() < _NEAR:
            doubt = start.doubt
            break
    hessian: Floats = np.eye(2, dtype=np.float64)
    for _ in range(_NEWTON):
        gradient, hessian = rounds.bowl(place)
        if np.linalg.eigvalsh(hessian[free, free])[0] <= 0:
            doubt = doubt or "the evidence has no maximum near the fixed point"
            break
        move = np.asarray(-np.linalg.solve(hessian[free, free], gradient[free]), dtype=np.float64)
        if np.abs(move).max() > 1.0:
            doubt = doubt or "the evidence has no maximum near the fixed point"
            break
        place[free] += move
        if np.abs(move).max() < _SETTLED:
            break
    deviations: Floats = np.zeros(2)
    with np.errstate(invalid="ignore"):
        inverse = np.linalg.pinv(hessian[free, free])
        deviations[free] = np.sqrt(np.diag(inverse))
    fit = replace(
        start, smoothness=float(np.exp(place[0])), noise_precision=float(np.exp(place[1])),
        degrees=rounds.look(place)[0], doubt=doubt,
        log_deviations=(float(deviations[0]), float(deviations[1])),
    )  # fmt: skip
    evidence, error = masked_log_evidence(field, fit, stream)
    return replace(fit, log_evidence=evidence, evidence_error=error)


class _Rounds:
    """Degrees of freedom, roughness and misfit of a field at places (ln a, ln b)."""

    def __init__(self, field: MaskedField, penalty: Floats, stream: np.random.Generator) -> None:
        seen = field.seen
        middle = float(np.average(field.values[seen], weights=field.relative[seen]))
        self.count = int(seen.sum())
        self.penalty, self.relative = penalty, field.relative
        self.data = np.where(seen, field.values - middle, 0.0)
        self.signs = stream.choice([-1.0, 1.0], size=(_TRACE_SIGNS, *self.data.shape))

    def look(self, place: Floats) -> tuple[float, float, float]:
        """Return degrees, ``a x' P x`` and ``b |y - x|^2``."""
        a, b = np.exp(place)
        operator = PrecisionOperator(self.penalty, a, b * self.relative)
        x = operator.solve(operator.weights * self.data, 1e-7)
        left = float(np.sum(operator.weights * (self.data - x) ** 2))
        return _degrees(operator, self.signs), a * _roughness(self.penalty, x), left

    def fixed_point(self, place: Floats) -> Floats:
        """Return the moves of (ln a, ln b) to MacKay's next values."""
        degrees, rough, left = self.look(place)
        up = np.maximum([degrees - 1.0, self.count - degrees], 1e-3)
        return np.log(up / np.maximum([rough, left], 1e-300))

    def bowl(self, place: Floats) -> tuple[Floats, Floats]:
        """Return gradient and Hessian of -ln p by differences, always with the same signs."""
        here = self._gradient(place)
        rows = [
            (self._gradient(place + step) - here) / _DIFFERENCE for step in np.eye(2) * _DIFFERENCE
        ]
        hessian: Floats = np.asarray(rows, dtype=np.float64)
        return here, np.asarray(0.5 * (hessian + hessian.T), dtype=np.float64)

    def _gradient(self, place: Floats) -> Floats:
        degrees, rough, left = self.look(place)
        return -0.5 * np.array([degrees - 1.0 - rough, self.count - degrees - left])


def _roughness(penalty: Floats, x: Floats) -> float:
    from scipy.fft import dctn

    return float(np.sum(penalty * dctn(x, norm="ortho") ** 2))


def _degrees(operator: PrecisionOperator, signs: Floats) -> float:
    """Trace of ``W Q^-1``: by the factor of a small field, else with random signs."""
    root = np.sqrt(operator.weights)
    if root.size <= _DENSE:
        return float(np.sum(operator.weights.ravel() * np.diag(np.linalg.inv(_dense(operator)))))
    found = [np.vdot(root * z, operator.solve(root * z, 1e-5)) for z in signs]
    return float(np.mean(found))


def _dense(operator: PrecisionOperator) -> Floats:
    """Return ``Q`` of a small field as a matrix."""
    from scipy.fft import dctn, idctn

    shape, n = operator.weights.shape, operator.weights.size
    axes = tuple(range(1, len(shape) + 1))
    spectra = dctn(np.eye(n).reshape(n, *shape), axes=axes, norm="ortho")
    spectra *= operator.prior
    columns = idctn(spectra, axes=axes, norm="ortho", overwrite_x=True).reshape(n, n)
    columns[np.diag_indices(n)] += operator.weights.ravel()
    return np.asarray(columns)


def masked_log_evidence(
    field: MaskedField, fit: GridFit, stream: np.random.Generator
) -> tuple[float, float]:
    """Return ``ln p(y | a, b)`` of a field with holes, and the standard error of that.

    ``-2 ln p = (n - 1) ln 2 pi - sum ln(b w) - ln|a P|_+ + ln|Q| - ln N + |y - x|^2 + x' a P x``,
    over the n nodes with data, with a flat prior on the mean of all N nodes; for a complete field
    it is that of :func:`quakeloom.inference.fit_grid_field`. ``ln|Q|`` is exact up to
    1,500 nodes, else by stochastic Lanczos quadrature in the cosine preconditioner (Ubaru, Chen &
    Saad 2017). Of a Matern field the constant mode is left out likewise.
    """
    seen = field.seen
    count = int(seen.sum())
    penalty = fit.penalty(field.values.shape)
    kept = penalty.ravel()[1:]
    if fit.roughness == "matern":
        penalty.flat[0] = 0.0
    operator = PrecisionOperator(penalty, fit.smoothness, fit.noise_precision * field.relative)
    middle = float(np.average(field.values[seen], weights=field.relative[seen]))
    y = np.where(seen, field.values - middle, 0.0)
    x = operator.solve(operator.weights * y, 1e-9)
    misfit = float(np.sum(operator.weights * (y - x) ** 2))
    misfit += fit.smoothness * _roughness(penalty, x)
    if y.size <= _DENSE:
        determinant, error = float(np.linalg.slogdet(_dense(operator))[1]), 0.0
    else:
        determinant, error = _log_determinant(operator, stream)
    total = (
        (count - 1) * np.log(2.0 * np.pi)
        - float(np.sum(np.log(operator.weights[seen])))
        - float(np.sum(np.log(fit.smoothness * kept)))
        + determinant
        + misfit
    )
    return -0.5 * total, 0.5 * error


def _log_determinant(
    operator: PrecisionOperator, stream: np.random.Generator
) -> tuple[float, float]:
    """``ln|Q|`` with its standard error: that of the preconditioner, plus a quadrature of the rest.

    Three-term recurrence without orthogonalizing anew, so that memory does not grow with the
    steps: what rounding repeats of eigenvalues leaves the quadrature as it is.
    """
    from scipy.linalg import eigh_tridiagonal

    shape = operator.weights.shape
    found = []
    for _ in range(_PROBES):
        v = stream.choice([-1.0, 1.0], size=shape) / np.sqrt(operator.weights.size)
        old, beta = np.zeros(shape), 0.0
        diagonal: list[float] = []
        beside: list[float] = []
        for _ in range(_LANCZOS):
            w = operator.whitened(v) - beta * old
            alpha = float(np.vdot(w, v))
            w -= alpha * v
            diagonal.append(alpha)
            beta = float(np.sqrt(np.vdot(w, w)))
            if beta < 1e-10:
                break
            beside.append(beta)
            old, v = v, w / beta
        values, vectors = eigh_tridiagonal(diagonal, beside[: len(diagonal) - 1])
        values = np.maximum(values, 1e-14)
        found.append(operator.weights.size * float(np.sum(vectors[0] ** 2 * np.log(values))))
    base = float(np.sum(np.log(operator.scale)))
    return base + float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(_PROBES))


def restore_masked_field(
    field: MaskedField, fit: GridFit, stream: np.random.Generator, draws: int = 64
) -> tuple[Floats, Floats]:
    """Return posterior mean and standard deviation of a field with holes.

    The standard deviation is exact up to 1,500 nodes; else from draws of the posterior, with the
    part that each node's neighbors leave open taken exactly (Rao-Blackwell):
    ``var_i = 1/Q_ii + E[(x_i - (Q x)_i / Q_ii)^2]``.

    Parameters
    ----------
    field : MaskedField
    fit : GridFit
    stream : numpy.random.Generator
        Of the draws.
    draws : int
    """
    penalty = fit.penalty(field.values.shape)
    operator = PrecisionOperator(penalty, fit.smoothness, fit.noise_precision * field.relative)
    seen = field.seen
    middle = float(np.average(field.values[seen], weights=field.relative[seen]))
    y = np.where(seen, field.values - middle, 0.0)
    mean = operator.solve(operator.weights * y) + middle
    if y.size <= _DENSE:
        variance = np.diag(np.linalg.inv(_dense(operator))).reshape(y.shape)
        return mean, np.sqrt(variance)
    return mean, np.sqrt(drawn_variance(operator, stream, draws))


def drawn_variance(operator: PrecisionOperator, stream: np.random.Generator, draws: int) -> Floats:
    """Return the posterior variances of an operator from draws, their own parts exact."""
    diagonal = spectral_diagonal(operator.prior) + operator.weights
    variance = np.zeros_like(diagonal)
    for _ in range(draws):
        right = operator.draw_right(stream)
        deviation = operator.solve(right, 1e-5)
        deviation -= right / diagonal
        variance += deviation * deviation
    variance /= draws
    variance += 1.0 / diagonal
    return variance


def best_masked_fit(
    field: MaskedField,
    stream: np.random.Generator,
    choices: Sequence[Roughness] = ROUGHNESS,
    noise_known: bool = False,
    weights: Sequence[float] | None = None,
) -> tuple[GridFit, dict[str, float]]:
    """Let evidence choose between priors of different roughness, as for complete fields."""
    fits = {c: fit_masked_field(field, stream, c, noise_known, weights) for c in choices}
    cost = 0.5 * np.log(field.seen.sum())
    evidences = {str(c): f.log_evidence - (cost if c == "matern" else 0.0) for c, f in fits.items()}
    return fits[max(fits, key=lambda c: evidences[str(c)])], evidences


def as_masked_field(values: ArrayLike, deviations: ArrayLike | None = None) -> MaskedField:
    """Make a field of data with NaN in holes and, where they are known, standard deviations.

    A datum without a positive standard deviation is a hole.
    """
    y = np.asarray(values, dtype=np.float64)
    good = np.isfinite(y)
    relative = good.astype(np.float64)
    if deviations is not None:
        s = np.broadcast_to(np.asarray(deviations, dtype=np.float64), y.shape)
        good &= np.isfinite(s) & (s > 0)
        relative = np.where(good, 1.0 / np.where(good, s, 1.0) ** 2, 0.0)
    return MaskedField(np.where(good, y, 0.0), relative)
