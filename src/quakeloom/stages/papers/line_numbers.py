"""Numbers of papers on ensemble tomography: problems whose posterior or truth is known."""

from __future__ import annotations

from typing import Literal

import numpy as np

from quakeloom.core import InputError
from quakeloom.inference import central_range, with_one_blas_thread
from quakeloom.stages.papers.results import PaperResults
from quakeloom.tomography import (
    LineSurvey,
    SamplerOptions,
    line_verification,
    prepare_posterior,
    sample_ensemble,
    synthetic_line,
)

_Sampler = Literal["rml", "psvgd", "fsvgd"]
"""Samplers of stage tomography."""

_SEED = 21
"""Root of the random numbers of simulated lines; that of benchmarks/tomography_coverage.py."""

_CORRECTION_STEPS = 10
"""Langevin steps that correct each member; chosen here, as for a line of a hundred picks."""

_PRIOR_KM_S = 0.4
"""Standard deviation of velocity in the prior of simulated lines, km/s; defines them."""

_COVERED_KM = 1e-3
"""Ray length from which a node counts as passed, km; that of benchmarks/tomography_coverage.py."""

_DEEP_KM = 10.5
"""Depth below which no ray of simulated lines goes, km."""

_NODE_KM = 0.2
"""Distance of nodes of the 1-D verification problem, km; part of its definition."""


def line_posterior(
    results: PaperResults, distance_km: float, quantity: Literal["mean", "deviation"]
) -> float:
    """Return ``mean`` or ``deviation`` of slowness at a node of the 1-D problem, s/km, exact."""
    line = results.once("line", line_verification)
    node = round(distance_km / _NODE_KM)
    if not 0 <= node < line.mean.size:
        raise InputError(
            f"{distance_km:g} km is not on the verification line, which is 10 km long. Nothing was "
            "computed."
        )
    return float((line.mean if quantity == "mean" else line.standard_deviation)[node])


def line_evidence(results: PaperResults) -> float:
    """Return the logarithm of the evidence of the 1-D problem."""
    return float(results.once("line", line_verification).problem.log_evidence())


def line_sampler(results: PaperResults, sampler: _Sampler, members: int, statistic: str) -> float:
    """Return how an ensemble of the 1-D problem agrees with its exact posterior.

    Parameters
    ----------
    results : PaperResults
    sampler : str
        ``rml``, ``psvgd`` or ``fsvgd``.
    members : int
    statistic : str
        ``largest error``: of the mean at any node, in exact standard deviations; ``least
        deviation``, ``mean deviation``, ``largest deviation``: standard deviation over the
        exact one, over nodes.
    """
    line = results.once("line", line_verification)

    def sample() -> tuple[np.ndarray, np.ndarray]:
        found = sample_ensemble(sampler, line.problem, 1, np.arange(members))
        slowness = line.field.evaluate(found.white)
        error = np.abs(slowness.mean(axis=0) - line.mean) / line.standard_deviation
        return error, slowness.std(axis=0, ddof=1) / line.standard_deviation

    error, ratio = results.once(("line", sampler, members), sample)
    values = {
        "largest error": error.max(), "least deviation": ratio.min(),
        "mean deviation": ratio.mean(), "largest deviation": ratio.max(),
    }  # fmt: skip
    if statistic not in values:
        raise InputError(
            f"There is no statistic '{statistic}' of the verification line. Nothing was computed; "
            f"write one of {', '.join(values)}."
        )
    return float(values[statistic])


def synthetic_refraction(
    results: PaperResults, sampler: _Sampler, members: int, statistic: str, truths: int = 3
) -> float:
    """Return how ensembles of simulated marine refraction lines hold their truths.

    The line of :func:`quakeloom.tomography.synthetic_line`: six ocean-bottom stations, 24 shots,
    40 km, a truth drawn from the prior, times on a finer grid. The mean over several truths.

    Parameters
    ----------
    results : PaperResults
    sampler : str
        ``rml`` or ``psvgd``.
    members : int
    statistic : str
        ``chi-square``: per datum, mean over members; ``coverage``: share of the nodes that rays
        pass whose 95 % range holds the true velocity; ``spread where rays pass`` and ``spread below
        rays``: standard deviation over that of the prior.
    truths : int
        How many truths.
    """

    def sample() -> dict[str, float]:
        found = [_hold_truth(sampler, members, truth) for truth in range(truths)]
        return {name: float(np.mean([f[name] for f in found])) for name in found[0]}

    values = results.once(("refraction", sampler, members, truths), sample)
    if statistic not in values:
        raise InputError(
            f"There is no statistic '{statistic}' of simulated lines. Nothing was computed; "
            f"write one of {', '.join(values)}."
        )
    return values[statistic]


@with_one_blas_thread
def _hold_truth(sampler: _Sampler, members: int, truth: int) -> dict[str, float]:
    """Sample one line and hold the ensemble against its truth."""
    line = synthetic_line(_SEED, truth, LineSurvey(6, 24))
    options = SamplerOptions(correction_steps=_CORRECTION_STEPS)
    prepared = prepare_posterior(line.problem, options)
    drawn = np.arange(members)
    found = sample_ensemble(sampler, line.problem, truth, drawn, options, prepared)
    velocity = np.stack([line.problem.velocity(w) for w in found.white])
    grid = line.problem.grid
    rays = line.problem.ray_coverage(prepared.center.white)
    seen = (rays > _COVERED_KM) & grid.below_ground
    deep = (rays == 0) & (grid.depth_km[:, None] > _DEEP_KM)
    low, high = central_range(velocity)
    spread = velocity.std(axis=0, ddof=1) / _PRIOR_KM_S
    held = (line.velocity >= low) & (line.velocity <= high)
    return {
        "chi-square": float(found.chi_square.mean()),
        "coverage": float(held[seen].mean()),
        "spread where rays pass": float(spread[seen].mean()),
        "spread below rays": float(spread[deep].mean()),
    }


NUMBERS = {
    f.__name__: f for f in (line_evidence, line_posterior, line_sampler, synthetic_refraction)
}
"""Functions by the name that a paper's file calls them by."""
