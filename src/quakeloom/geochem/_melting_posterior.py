"""The posterior of degrees of melting and of the source, by replica exchange.

Of incompatible elements only the ratio of source and degree of melting is known: draws lie along a
ridge on which all degrees and the source change together. A state is moved in four ways, each of
which keeps prior times likelihood to its power: every degree of melting given the source, on a grid
and so exactly; the source given the degrees, whose posterior is a Gaussian; the scatter, on a grid;
and all degrees together by a common factor, the source integrated out, which goes along the ridge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from quakeloom.geochem._melting import MeltModel, log_enrichment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_STEPS = 128
"""Steps of the grid of degrees of melting, even in their logarithm: 3 percent each over a range of
50. Chosen here: ranges are wider."""

_SCATTERS = np.geomspace(0.003, 0.5, 24)
"""Scatter of logarithms that errors of analyses do not explain, any logarithm alike beforehand.
Chosen here: from less than any error to a factor of 1.6."""

_RIDGE = np.array([1, 2, 4, 8, 16, 32])
"""Steps along the ridge, in cells of the grid; chosen here: all sizes."""


@dataclass(frozen=True)
class MeltingData:
    """Logarithms of concentrations in basalts of one source.

    Attributes
    ----------
    logs, errors : ndarray, (sample, element)
        NaN where missing; errors of the logarithms.
    bulk, melting : ndarray, (element,)
        Partition coefficients.
    source, source_scatter : ndarray, (element,)
        Logarithm of the source beforehand, and its standard deviation.
    fraction_range : (float, float)
        Degrees of melting, any alike beforehand.
    model : str
    """

    logs: Floats
    errors: Floats
    bulk: Floats
    melting: Floats
    source: Floats
    source_scatter: Floats
    fraction_range: tuple[float, float]
    model: MeltModel


class MeltingProblem:
    """Degrees of melting, source and scatter of basalts; a :class:`TemperedProblem`.

    A state is the cells of all degrees of melting, the logarithm of the source of every element,
    and the cell of the scatter.
    """

    def __init__(self, data: MeltingData) -> None:
        self.data = data
        self.samples, self.elements = data.logs.shape
        self.fraction = np.geomspace(*data.fraction_range, _STEPS)
        self.enrichment, self.exhausted = log_enrichment(
            self.fraction, data.bulk, data.melting, data.model
        )
        # cells are as wide as they are far out: any degree alike
        self.log_cell = np.log(self.fraction / self.fraction.sum())
        self._known = np.isfinite(data.logs)
        self._logs = np.where(self._known, data.logs, 0.0)
        variance = np.where(self._known, data.errors, 1.0)[None] ** 2
        scatter = _SCATTERS[:, None, None] ** 2
        self._weight = np.where(self._known, 1.0 / (variance + scatter), 0.0)
        norm = np.where(self._known, np.log(2.0 * np.pi * (variance + scatter)), 0.0)
        self._norm = 0.5 * norm.sum(axis=(1, 2))

    def parts(self, states: Floats) -> tuple[Integers, Floats, Integers]:
        """Return cells of degrees, logarithms of the source, and cells of the scatter."""
        n = self.samples
        return states[:, :n].astype(np.int64), states[:, n:-1], states[:, -1].astype(np.int64)

    def describe(self, states: Floats) -> Floats:
        """Return logarithms of degrees of melting, of the source and of the scatter."""
        cells, source, scatter = self.parts(states.reshape(-1, states.shape[-1]))
        values = np.concatenate(
            [np.log(self.fraction)[cells], source, np.log(_SCATTERS)[scatter][:, None]], axis=1
        )
        return np.asarray(values.reshape(states.shape))

    def draw_prior(self, count: int, stream: np.random.Generator) -> Floats:
        """Return independent draws of the prior."""
        ends = np.cumsum(np.exp(self.log_cell))
        cells = np.searchsorted(ends, stream.random((count, self.samples)) * ends[-1])
        source = self.data.source + self.data.source_scatter * stream.standard_normal(
            (count, self.elements)
        )
        scatter = stream.integers(0, len(_SCATTERS), (count, 1))
        return np.concatenate([cells, source, scatter], axis=1).astype(float)

    def misfit(self, states: Floats) -> Floats:
        """Return minus the log likelihood of every state."""
        cells, source, scatter = self.parts(states)
        off = self._logs - source[:, None, :] - self.enrichment[cells]
        square = np.einsum("sij,sij->s", self._weight[scatter], off**2)
        return np.asarray(0.5 * square + self._norm[scatter])

    def sweep(
        self, states: Floats, misfit: Floats, powers: Floats, stream: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Move every state so that prior times likelihood to its power is kept."""
        del misfit
        cells, source, scatter = self.parts(states)
        cells = self._draw_cells(source, scatter, powers, stream)
        scatter = self._draw_scatter(cells, source, powers, stream)
        for _ in range(2):
            cells = self._move_along_ridge(cells, scatter, powers, stream)
        source = self._draw_source(cells, scatter, powers, stream)
        moved = np.concatenate([cells, source, scatter[:, None]], axis=1).astype(float)
        return moved, self.misfit(moved)

    def _draw_cells(
        self, source: Floats, scatter: Integers, powers: Floats, stream: np.random.Generator
    ) -> Integers:
        """Draw every degree of melting given the source."""
        weight = self._weight[scatter]
        off = self._logs - source[:, None, :]
        h = self.enrichment
        # of the square of differences what does not depend on the degree is left out
        square = (weight.reshape(-1, self.elements) @ (h**2).T).reshape(*weight.shape[:2], -1)
        square -= 2.0 * ((weight * off).reshape(-1, self.elements) @ h.T).reshape(square.shape)
        logs = self.log_cell - 0.5 * powers[:, None, None] * square
        return _draw_along_last(logs, stream)

    def _draw_scatter(
        self, cells: Integers, source: Floats, powers: Floats, stream: np.random.Generator
    ) -> Integers:
        square = (self._logs - source[:, None, :] - self.enrichment[cells]) ** 2
        misfit = 0.5 * square.reshape(len(cells), -1) @ self._weight.reshape(len(_SCATTERS), -1).T
        return _draw_along_last(-powers[:, None] * (misfit + self._norm), stream)

    def _sums(
        self, cells: Integers, scatter: Integers, powers: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return precision and mean of the source given all else, and the tempered evidence."""
        weight = powers[:, None, None] * self._weight[scatter]
        off = self._logs - self.enrichment[cells] - self.data.source
        before = 1.0 / self.data.source_scatter**2
        precision = weight.sum(axis=1) + before
        pull = np.einsum("sij,sij->sj", weight, off)
        square = np.einsum("sij,sij->s", weight, off**2)
        evidence = 0.5 * (pull**2 / precision - np.log(precision / before)).sum(axis=1)
        return precision, self.data.source + pull / precision, evidence - 0.5 * square

    def collapsed(self, cells: Integers, scatter: Integers, powers: Floats) -> Floats:
        """Return the tempered likelihood with the source integrated out, times the prior of F."""
        evidence = self._sums(cells, scatter, powers)[2] - powers * self._norm[scatter]
        return np.asarray(evidence + self.log_cell[cells].sum(axis=1))

    def _move_along_ridge(
        self, cells: Integers, scatter: Integers, powers: Floats, stream: np.random.Generator
    ) -> Integers:
        """Change all degrees of melting by a common factor, the source integrated out."""
        step = stream.choice(_RIDGE, len(cells)) * stream.choice([-1, 1], len(cells))
        moved = cells + step[:, None]
        inside = np.all((moved >= 0) & (moved < _STEPS), axis=1)
        moved = np.where(inside[:, None], moved, cells)
        gain = self.collapsed(moved, scatter, powers) - self.collapsed(cells, scatter, powers)
        taken = inside & (np.log(stream.random(len(cells))) < gain)
        return np.where(taken[:, None], moved, cells)

    def _draw_source(
        self, cells: Integers, scatter: Integers, powers: Floats, stream: np.random.Generator
    ) -> Floats:
        precision, mean, _ = self._sums(cells, scatter, powers)
        return mean + stream.standard_normal(mean.shape) / np.sqrt(precision)


def _draw_along_last(logs: Floats, stream: np.random.Generator) -> Integers:
    """Draw places along the last axis by logarithms of weights."""
    weight = np.exp(logs - logs.max(axis=-1, keepdims=True))
    ends = np.cumsum(weight, axis=-1)
    at = stream.random(logs.shape[:-1])[..., None] * ends[..., -1:]
    return np.asarray(np.minimum((ends < at).sum(axis=-1), logs.shape[-1] - 1), dtype=np.int64)


def melting_log_evidence(problem: MeltingProblem) -> float:
    """Return the logarithm of the evidence of one or two basalts, by a sum over all cells.

    What the sampler finds is held against it.
    """
    grids = np.meshgrid(
        *[np.arange(_STEPS)] * problem.samples, np.arange(len(_SCATTERS)), indexing="ij"
    )
    flat = np.stack([g.ravel() for g in grids], axis=1)
    values = [
        problem.collapsed(part[:, :-1], part[:, -1], np.ones(len(part)))
        for part in np.array_split(flat, max(1, len(flat) // 50_000))
    ]
    return float(logsumexp(np.concatenate(values)) - np.log(len(_SCATTERS)))
