"""Degrees of melting and source composition of basalts, with their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.geochem._melting import MeltModel
from quakeloom.geochem._melting_posterior import MeltingData, MeltingProblem
from quakeloom.inference import ExchangeOptions, ExchangeResult, exchange_replicas

Floats = NDArray[np.float64]

_QUANTILES = (0.025, 0.5, 0.975)
"""Ends of the 95 % ranges, and the median."""

_LOW_END, _HIGH_END = 0.1, 0.98
"""Parts of the range of logarithms of degrees of melting below and above which is an end of it.
Chosen here."""

_LEAST_ELEMENTS = 2
"""Elements that a basalt must have; chosen here: of one, source and degree cannot be parted."""


@dataclass(frozen=True)
class MeltingResult:
    """What became of basalts, mixed over models by their evidence.

    Attributes
    ----------
    fraction : ndarray, (3, sample)
        2.5 %, median and 97.5 % of the degree of melting.
    source : ndarray, (3, element)
    scatter : ndarray, (3,)
        Of logarithms, beyond the errors of analyses.
    trade_off : ndarray, (element,)
        Correlation of the logarithms of source and mean degree of melting.
    exhausted : ndarray, (sample,)
        Probability that an element is wholly in the melt.
    at_end : ndarray, (sample,)
        Probability of either end of the range of the degree: the lowest tenth of its logarithms or
        the highest fiftieth, each a few percent of the degrees beforehand.
    models : list of (str, float, float, float, str)
        Model, logarithm of its evidence, error of that, probability, and why not to rely on it.
    draws : ndarray, (draw, sample + element + 1)
        Logarithms of degrees, source and scatter.
    """

    fraction: Floats
    source: Floats
    scatter: Floats
    trade_off: Floats
    exhausted: Floats
    at_end: Floats
    models: list[tuple[str, float, float, float, str]]
    draws: Floats


def analyze_melting(
    data: MeltingData,
    models: Sequence[MeltModel],
    options: ExchangeOptions,
    stream: np.random.Generator,
) -> MeltingResult:
    """Determine degrees of melting and source of basalts.

    Parameters
    ----------
    data : MeltingData
        Its model is not looked at.
    models : sequence of str
        Those that are weighed by their evidence.
    options : ExchangeOptions
    stream : numpy.random.Generator

    Raises
    ------
    InputError
        If there are fewer than two elements, or a basalt has fewer.
    """
    known = np.isfinite(data.logs)
    if known.shape[1] < _LEAST_ELEMENTS or (known.sum(axis=1) < _LEAST_ELEMENTS).any():
        raise InputError(
            f"A basalt has fewer than {_LEAST_ELEMENTS} of the {known.shape[1]} elements, and its "
            "degree of melting cannot be parted from the source. Nothing was computed; leave it "
            "out, or give more elements."
        )
    problems = [MeltingProblem(replace(data, model=m)) for m in models]
    found = [exchange_replicas(p, stream, options) for p in problems]
    evidence = np.array([f.log_evidence for f in found])
    chance = np.exp(evidence - evidence.max())
    chance /= chance.sum()
    draws, exhausted = _mix(problems, found, chance, stream)
    n = problems[0].samples
    ranges = np.exp(np.quantile(draws, _QUANTILES, axis=0))
    mean = draws[:, :n].mean(axis=1)
    source = draws[:, n:-1]
    both = np.mean((source - source.mean(0)) * (mean - mean.mean())[:, None], axis=0)
    spread = np.maximum(source.std(axis=0) * mean.std(), 1e-300)
    low, high = np.log(data.fraction_range)
    place = (draws[:, :n] - low) / (high - low)
    return MeltingResult(
        ranges[:, :n], ranges[:, n:-1], ranges[:, -1], both / spread, exhausted,
        np.maximum((place < _LOW_END).mean(axis=0), (place > _HIGH_END).mean(axis=0)),
        [
            (m, f.log_evidence, f.log_evidence_error, float(c), f.reason)
            for m, f, c in zip(models, found, chance, strict=True)
        ],
        draws,
    )  # fmt: skip


def _mix(
    problems: list[MeltingProblem],
    found: list[ExchangeResult],
    chance: Floats,
    stream: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return draws of all models by their probability, and how often phases are used up."""
    total = min(f.states.shape[0] * f.states.shape[1] for f in found)
    count = stream.multinomial(total, chance)
    draws, exhausted = [], np.zeros(problems[0].samples)
    for problem, result, wanted in zip(problems, found, count, strict=True):
        states = result.states.reshape(-1, result.states.shape[-1])
        rows = np.linspace(0, len(states) - 1, wanted).astype(np.int64)
        cells = problem.parts(states[rows])[0]
        used = problem.data.logs
        gone = problem.exhausted[cells] & np.isfinite(used)[None]
        exhausted += gone.any(axis=2).sum(axis=0) / total
        draws.append(problem.describe(states[rows]))
    return np.concatenate(draws), exhausted
