"""Rounds over all events of a run, spread in blocks; sums are the same for any blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.inference import ExactSums, no_sums
from quakeloom.stages.structure.inputs import structure_settings
from quakeloom.structure import (
    FittedSources,
    PickWeights,
    RoundOfEvents,
    StructurePoint,
    StructurePosterior,
    StructurePrior,
    find_posterior,
    infer_weights,
    later_round,
)

Floats = NDArray[np.float64]

BLOCK_EVENTS = 256
"""Events of a block of a later round; chosen here: each solves for all stations anew."""

_SHARES = (1.0, 0.5, 0.25)
"""Shares of a step that are tried until the fit gets better; chosen here."""


Run = Callable[[list["RoundTask"]], Iterable[tuple[FittedSources, ExactSums | None]]]
"""Maps :func:`run_block` over tasks."""


@dataclass(frozen=True)
class RoundTask:
    """A block of events and the model of the round."""

    settings: Settings
    point: StructurePoint
    events: RoundOfEvents
    summed: bool


def run_block(task: RoundTask) -> tuple[FittedSources, ExactSums | None]:
    """Fit and sum a block of events, on a worker."""
    asked = structure_settings(task.settings)
    return later_round(task.point, task.events, asked.source_error_km, asked.order, task.summed)


@dataclass(frozen=True)
class Inversion:
    """What all rounds gave.

    Attributes
    ----------
    posterior : StructurePosterior
        Of the last round.
    events : RoundOfEvents
        With the sources and weights of the last round.
    fitted : FittedSources
        Sources in the mean model.
    weights : PickWeights
    history : list of dict
        What each round chose and how well its model fits.
    """

    posterior: StructurePosterior
    events: RoundOfEvents
    fitted: FittedSources
    weights: PickWeights
    history: list[dict[str, Any]]


def invert(
    settings: Settings,
    prior: StructurePrior,
    first: ExactSums,
    events: RoundOfEvents,
    residual_s: Floats,
    run: Run,
) -> Inversion:
    """Go from the sums in the starting model to the posterior.

    Parameters
    ----------
    settings : Settings
    prior : StructurePrior
    first : ExactSums
        Over all partitions, in the starting model.
    events : RoundOfEvents
        All events that are used.
    residual_s : ndarray, (picks,)
        In the starting model.
    run : callable
        Maps :func:`run_block` over tasks.
    """
    asked = structure_settings(settings)
    sums, unknowns = first, np.zeros(first.size)
    history: list[dict[str, Any]] = []
    posterior: StructurePosterior | None = None
    for number in range(asked.rounds):
        # lengths are looked for in the starting model and again in the last one
        whole = posterior is None or number == asked.rounds - 1
        factors = asked.length_factors if posterior is None or whole else [
            posterior.chosen.length_factor
        ]  # fmt: skip
        posterior = find_posterior(prior, sums, factors, largest_spread=asked.largest_spread)
        posterior, fitted, share = _step(settings, posterior, unknowns, events, residual_s, run)
        unknowns = posterior.mean
        taken = 4.0 * len(events.source) + posterior.determined
        weights = infer_weights(events.arrivals, fitted.residual_s, taken, asked.largest_residual_s)
        facts = _facts(posterior, weights, events, fitted)
        history.append({"round": number + 1, "step": share, **facts})
        events = RoundOfEvents(
            events.arrivals, fitted.source, events.place_km, weights.share,
            weights.weight(events.arrivals),
        )  # fmt: skip
        if number < asked.rounds - 1:
            sums, residual_s = _sum_all(settings, _point(prior, unknowns), events, run)
    assert posterior is not None
    return Inversion(posterior, events, fitted, weights, history)


def _point(prior: StructurePrior, unknowns: Floats) -> StructurePoint:
    return StructurePoint(prior, unknowns[: prior.size], unknowns[prior.size :])


def _step(
    settings: Settings,
    posterior: StructurePosterior,
    before: Floats,
    events: RoundOfEvents,
    residual_s: Floats,
    run: Run,
) -> tuple[StructurePosterior, FittedSources, float]:
    """Go toward the mean, as far as the misfit with its prior gets less with new times.

    Returns
    -------
    StructurePosterior
        Around where the step ends.
    FittedSources
        In that model.
    float
        Share of the step.
    """
    noise2 = posterior.chosen.noise_factor**2

    def objective(unknowns: Floats, residual: Floats) -> float:
        return float(events.weight @ residual**2) / noise2 + posterior.roughness(unknowns)

    least = objective(before, residual_s)
    for share in _SHARES:
        unknowns = before + share * (posterior.mean - before)
        fitted = _fit_all(settings, _point(posterior.prior, unknowns), events, run)
        if objective(unknowns, fitted.residual_s) < least:
            break
    return replace(posterior, mean=unknowns), fitted, share


def _blocks(events: RoundOfEvents) -> list[NDArray[np.int64]]:
    count = len(events.source)
    return [np.arange(a, min(a + BLOCK_EVENTS, count)) for a in range(0, count, BLOCK_EVENTS)]


def _fit_all(
    settings: Settings, point: StructurePoint, events: RoundOfEvents, run: Run
) -> FittedSources:
    """Return the sources of all events in a model."""
    tasks = [RoundTask(settings, point, events.events(b), False) for b in _blocks(events)]
    found = [fitted for fitted, _ in run(tasks)]
    return FittedSources(
        *(np.concatenate([getattr(f, n) for f in found]) for n in ("source", "residual_s", "slope"))
    )


def _sum_all(
    settings: Settings, point: StructurePoint, events: RoundOfEvents, run: Run
) -> tuple[ExactSums, Floats]:
    """Return the sums over all events around a model, and the residuals there."""
    total, residual = no_sums(point.size), []
    tasks = [RoundTask(settings, point, events.events(b), True) for b in _blocks(events)]
    for fitted, sums in run(tasks):
        assert sums is not None
        total = total + sums
        residual.append(fitted.residual_s)
    return total, np.concatenate(residual)


def _facts(
    posterior: StructurePosterior,
    weights: PickWeights,
    events: RoundOfEvents,
    fitted: FittedSources,
) -> dict[str, Any]:
    """Say what a round chose, and how well its model fits."""
    chosen = posterior.chosen
    right = ~weights.is_outlier
    # in the errors that the inversion had and found: 1 where new times fit as its linear ones did
    z2 = events.weight * (fitted.residual_s / chosen.noise_factor) ** 2
    free = float(events.share.sum()) - 4.0 * len(events.source) - posterior.determined
    return {
        "length_factor": chosen.length_factor,
        "spread_factor": chosen.spread_factor,
        "noise_factor": chosen.noise_factor,
        "abic": {str(t.length_factor): t.abic for t in posterior.tried},
        "determined": posterior.determined,
        "noise_p": weights.noise[0],
        "noise_s": weights.noise[1],
        "contamination": weights.contamination,
        "outliers": int((~right).sum()),
        "rms_s": float(np.sqrt(np.mean(fitted.residual_s[right] ** 2))),
        "chi_square": float(z2.sum() / max(free, 1.0)),
    }
