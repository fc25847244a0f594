"""The posterior of structure given sums over events: spreads and lengths by ABIC, mean, draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from quakeloom.core import InputError
from quakeloom.inference import (
    ExactSums,
    MemberStreams,
    covariance_in_modes,
    white_draw,
    with_one_blas_thread,
)
from quakeloom.structure._grid import StructurePrior

Floats = NDArray[np.float64]

_JITTER = 1e-6
"""Added to the diagonal of covariances of longer fields, which hold no short waves; chosen here."""

_LOG_RANGE = (-4.0, 6.0)
"""Range of the logarithm of the ratio of spreads, squared, that is tried; chosen here."""

_TOLERANCE = 0.05
"""Of that logarithm at the least ABIC; chosen here: its own uncertainty is larger."""

_STREAM = "structure"
"""Owner of the random numbers of members."""


@dataclass(frozen=True)
class Hyperparameters:
    """Spreads and lengths of the prior, and of the errors of picks.

    Attributes
    ----------
    length_factor : float
        Correlation lengths over the shortest ones.
    spread_factor : float
        Standard deviation of the field over the stated one.
    noise_factor : float
        Errors of picks over the stated ones.
    abic : float
        -2 times the logarithm of the marginal likelihood, up to a constant.
    """

    length_factor: float
    spread_factor: float
    noise_factor: float
    abic: float


@dataclass(frozen=True)
class StructurePosterior:
    """Gaussian posterior of all unknowns.

    Attributes
    ----------
    prior : StructurePrior
    chosen : Hyperparameters
    tried : tuple of Hyperparameters
        The best of every length.
    mean : ndarray, (size,)
        White coordinates (of the shortest lengths) of structure, and terms over their spread.
    root : ndarray, (size, size)
        Root of the prior covariance of all unknowns over the noise.
    factor : ndarray, (size, size)
        Lower Cholesky factor of the precision in the coordinates of ``root``.
    """

    prior: StructurePrior
    chosen: Hyperparameters
    tried: tuple[Hyperparameters, ...]
    mean: Floats
    root: Floats
    factor: Floats

    @cached_property
    def determined(self) -> float:
        """How many unknowns the data determine: all, less the trace of posterior over prior."""
        inverse = linalg.solve_triangular(self.factor, np.eye(self.mean.size), lower=True)
        return float(self.mean.size - np.einsum("ij,ij->", inverse, inverse))

    def roughness(self, unknowns: Floats) -> float:
        """Return the square of unknowns over the spread that the prior gives them."""
        white = linalg.solve_triangular(self.root, unknowns, lower=True)
        return float(white @ white) / self.chosen.noise_factor**2

    def perturbation(self, normal: Floats) -> Floats:
        """Turn standard normal numbers (size,) into a draw of the posterior less its mean."""
        white = linalg.solve_triangular(self.factor, normal, lower=True, trans="T")
        return np.asarray(self.chosen.noise_factor * (self.root @ white))

    def draw(self, seed: int, member: int) -> Floats:
        """Return all unknowns of one member; its random numbers belong to its number."""
        normal = white_draw(MemberStreams(seed, _STREAM), member, self.mean.size, "posterior")
        return np.asarray(self.mean + self.perturbation(normal))

    @cached_property
    def _spread(self) -> tuple[Floats, Floats]:
        """Prior and posterior covariance roots of the structure's coordinates, (size, all)."""
        n = self.prior.size
        prior = self.chosen.noise_factor * self.root[:n]
        posterior = linalg.solve_triangular(self.factor, prior.T, lower=True).T
        return prior, posterior

    def spreads(self) -> dict[str, tuple[Floats, Floats]]:
        """Return standard deviations of ln Vp and ln(Vp/Vs) at field nodes, prior and posterior.

        What the modes leave out of the prior is in both.
        """
        prior, field = self.prior, self.prior.field
        roots = [_split(prior, r) for r in self._spread]
        lost = np.maximum(field.standard_deviation**2 * self.chosen.spread_factor**2, 0.0)
        out: dict[str, tuple[Floats, Floats]] = {}
        first = [_variance(prior, r[0], None) for r in roots]
        missing = np.maximum(lost - first[0], 0.0)
        out["p"] = (np.sqrt(first[0] + missing), np.sqrt(first[1] + missing))
        a, c = prior.ratio_spread, prior.ratio_correlation
        both = [_variance(prior, c * r[0], np.sqrt(1.0 - c**2) * r[1]) for r in roots]
        missing = np.maximum(lost - both[0], 0.0)
        out["ratio"] = (a * np.sqrt(both[0] + missing), a * np.sqrt(both[1] + missing))
        return out

    def term_error_s(self) -> Floats:
        """Return the standard errors of the delays of stations in s, (groups,)."""
        n = self.prior.size
        tail = linalg.solve_triangular(self.factor, self.root[n:].T, lower=True)
        error = self.chosen.noise_factor * np.sqrt(np.einsum("ij,ij->j", tail, tail))
        return np.asarray(self.prior.term_spread_s * error)


def _split(prior: StructurePrior, root: Floats) -> tuple[Floats, Floats]:
    first = root[: prior.field.size]
    second = np.zeros_like(first)
    second[: prior.ratio_modes] = root[prior.field.size : prior.size]
    return first, second


def _variance(prior: StructurePrior, first: Floats, second: Floats | None) -> Floats:
    """Variance at field nodes of white coordinates with a covariance root, (modes, columns)."""
    root = first if second is None else first + second
    total = np.zeros(prior.grid.shape)
    for column in range(0, root.shape[1], 64):
        total += (prior.field.evaluate(root[:, column : column + 64].T) ** 2).sum(axis=0)
    return total


@with_one_blas_thread
def find_posterior(
    prior: StructurePrior,
    sums: ExactSums,
    length_factors: Sequence[float] = (1.0,),
    noise_factor: float = 1.0,
    largest_spread: float = np.inf,
) -> StructurePosterior:
    """Find spreads, lengths and noise of least ABIC, and the posterior with them.

    The field's spread over the noise is searched for every length; the noise follows, since its
    best value is known given the ratio. Delays of stations keep their spread over the noise of the
    round before.

    Parameters
    ----------
    prior : StructurePrior
    sums : ExactSums
        Of all unknowns; as many as ``prior.size`` and the stations' terms.
    length_factors : sequence of float
        Correlation lengths that are tried, over those of the prior's modes.
    noise_factor : float
        That of the round before.
    largest_spread : float
        Largest spread of the field over the stated one. Far from the starting model times are not
        linear, and a larger spread foresees a fit that new times do not keep.

    Raises
    ------
    InputError
        If there are no more data than none.
    """
    if sums.count < 1:
        raise InputError(
            "No arrival of any event is left for structure, so the model stays as it was. Give "
            "events with more picks, or widen the grid."
        )
    best: StructurePosterior | None = None
    tried = []
    for factor in length_factors:
        problem = _LengthProblem(prior, sums, float(factor), noise_factor)
        chosen = problem.choose(largest_spread)
        tried.append(chosen)
        if best is None or chosen.abic < best.chosen.abic:
            best = problem.posterior(chosen)
    assert best is not None
    return replace(best, tried=tuple(tried))


class _LengthProblem:
    """The inversion with one correlation length."""

    def __init__(self, prior: StructurePrior, sums: ExactSums, factor: float, noise: float) -> None:
        self.prior, self.factor = prior, factor
        matrix, vector, self.square = sums.values()
        self.count = sums.count
        n, field = prior.size, prior.field
        self.unit = _prior_root(prior, factor)
        self.terms = np.full(vector.size - n, 1.0 / noise)
        top = self.unit.T @ matrix[:n, :n] @ self.unit
        side = self.unit.T @ (matrix[:n, n:] * self.terms)
        low = matrix[n:, n:] * np.outer(self.terms, self.terms)
        self.matrix = np.block([[top, side], [side.T, low]])
        self.vector = np.concatenate([self.unit.T @ vector[:n], self.terms * vector[n:]])
        self.structure = n
        self.field_size = field.size

    def _scale(self, log_ratio: float) -> Floats:
        """Roots of the prior's variance over the noise's, beyond those in the matrix."""
        scale = np.ones(self.vector.size)
        scale[: self.structure] = np.exp(0.5 * log_ratio)
        return scale

    def _solve(self, log_ratio: float) -> tuple[float, float, Floats, Floats]:
        """ABIC, noise factor, solution in scaled coordinates, factor."""
        scale = self._scale(log_ratio)
        system = self.matrix * scale[:, None] * scale[None, :]
        system[np.diag_indices_from(system)] += 1.0
        factor = linalg.cholesky(system, lower=True, overwrite_a=True, check_finite=False)
        right = scale * self.vector
        half = linalg.solve_triangular(factor, right, lower=True)
        noise2 = max(self.square - float(half @ half), 1e-12 * max(self.square, 1.0)) / self.count
        abic = self.count * (1.0 + np.log(noise2)) + 2.0 * float(np.log(np.diag(factor)).sum())
        return abic, float(np.sqrt(noise2)), half, factor

    def choose(self, largest_spread: float) -> Hyperparameters:
        """Return the ratio of least ABIC by golden section, as far as the spread may go."""
        golden = 0.5 * (np.sqrt(5.0) - 1.0)
        low, high = _LOG_RANGE
        inner = [high - golden * (high - low), low + golden * (high - low)]
        value = [self._solve(v)[0] for v in inner]
        while high - low > _TOLERANCE:
            if value[0] <= value[1]:
                high, inner[1], value[1] = inner[1], inner[0], value[0]
                inner[0] = high - golden * (high - low)
                value[0] = self._solve(inner[0])[0]
            else:
                low, inner[0], value[0] = inner[0], inner[1], value[1]
                inner[1] = low + golden * (high - low)
                value[1] = self._solve(inner[1])[0]
        found = self._at(0.5 * (low + high))
        if found.spread_factor <= largest_spread:
            return found
        low, high = _LOG_RANGE[0], 0.5 * (low + high)
        while high - low > _TOLERANCE:
            middle = 0.5 * (low + high)
            if self._at(middle).spread_factor > largest_spread:
                high = middle
            else:
                low = middle
        return self._at(low)

    def _at(self, log_ratio: float) -> Hyperparameters:
        """Return the hyperparameters with a ratio of spreads."""
        abic, noise, _, _ = self._solve(log_ratio)
        return Hyperparameters(self.factor, float(np.exp(0.5 * log_ratio)) * noise, noise, abic)

    def posterior(self, chosen: Hyperparameters) -> StructurePosterior:
        """Return the posterior with these hyperparameters."""
        log_ratio = 2.0 * float(np.log(chosen.spread_factor / chosen.noise_factor))
        _, _, half, factor = self._solve(log_ratio)
        scale = self._scale(log_ratio)
        n = self.structure
        root = np.zeros((scale.size, scale.size))
        root[:n, :n] = self.unit * scale[:n]
        root[range(n, scale.size), range(n, scale.size)] = self.terms
        mean = root @ linalg.solve_triangular(factor, half, lower=True, trans="T")
        return StructurePosterior(self.prior, chosen, (chosen,), mean, root, factor)


def _prior_root(prior: StructurePrior, factor: float) -> Floats:
    """Root of the covariance of white coordinates that lengths of a factor give."""
    n, m = prior.field.size, prior.ratio_modes
    if factor == 1.0:
        return np.eye(prior.size)
    lengths = tuple(factor * v for v in prior.lengths_km)
    covariance = covariance_in_modes(prior.field, prior.grid.axes_km, lengths)
    root = np.zeros((prior.size, prior.size))
    for first, count in ((0, n), (n, m)):
        if count:
            part = covariance[:count, :count] + _JITTER * np.eye(count)
            root[first : first + count, first : first + count] = linalg.cholesky(part, lower=True)
    return root
