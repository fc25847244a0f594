"""Numbers of papers on ensemble tomography: problems whose posterior or truth is known."""

from __future__ import annotations

import numpy as np

from quakeloom.core import InputError
from quakeloom.stages.papers.results import PaperResults
from quakeloom.tomography import line_verification, sample_ensemble

_NODE_KM = 0.2
"""Distance of nodes of the 1-D verification problem, km; part of its definition."""


def line_posterior(results: PaperResults, distance_km: float, quantity: str) -> float:
    """Return ``mean`` or ``deviation`` of slowness at a node of the 1-D problem, s/km, exact."""
    line = results.once("line", line_verification)
    node = round(distance_km / _NODE_KM)
    return float((line.mean if quantity == "mean" else line.standard_deviation)[node])


def line_evidence(results: PaperResults) -> float:
    """Return the logarithm of the evidence of the 1-D problem."""
    return float(results.once("line", line_verification).problem.log_evidence())


def line_sampler(results: PaperResults, sampler: str, members: int, statistic: str) -> float:
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


NUMBERS = {f.__name__: f for f in (line_evidence, line_posterior, line_sampler)}
"""Functions by the name that a paper's file calls them by."""
