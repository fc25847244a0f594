"""From settings to the ensemble of models, its Green's functions and the prior."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Slip
from quakeloom.slip import (
    FaultPlane,
    HyperPoint,
    ModelSpread,
    Observed,
    Patches,
    SlipModel,
    SlipPrior,
    combine_slip_models,
    divide_plane,
    draw_model,
    fit_proposal,
    half_space_green,
    log_importance,
    model_normals,
    model_of,
    prior_proposal,
    slip_correlation,
)

Floats = NDArray[np.float64]


def reference_model(slip: Slip) -> SlipModel:
    """Return the model that the settings give, around which others are drawn."""
    fault = slip.fault
    plane = FaultPlane(
        0.0, 0.0, fault.strike_deg, fault.dip_deg, fault.length_km, *fault.depth_range_km,
        fault.offset_km,
    )  # fmt: skip
    return SlipModel(plane, slip.models.poisson_ratio, slip.models.rigidity_gpa * 1e9)


def model_spread(slip: Slip) -> ModelSpread:
    """Return the standard deviations that models are drawn by."""
    m = slip.models
    return ModelSpread(
        m.strike_std_deg, m.dip_std_deg, m.depth_std_km, m.offset_std_km, m.poisson_std,
        m.rigidity_spread,
    )  # fmt: skip


def listed_models(slip: Slip) -> list[SlipModel]:
    """Return the models of the lists of the settings."""
    m = slip.models
    return combine_slip_models(
        reference_model(slip), m.strikes_deg, m.dips_deg, m.offsets_km, m.depth_shifts_km,
        m.poisson_ratios,
    )  # fmt: skip


def drawn_models(
    slip: Slip, seed: int, evidence_of: Callable[[list[SlipModel], Floats], Floats]
) -> tuple[list[SlipModel], Floats]:
    """Draw the models of the ensemble, in later rounds where the data want them.

    Parameters
    ----------
    slip : Slip
    seed : int
    evidence_of : callable
        Takes models and the logarithms of their prior weights, returns those of their evidence.

    Returns
    -------
    models : list of SlipModel
        Those of a round after those of the round before.
    log_prior : ndarray, shape (models,)
        Logarithms of their prior weights: the prior over the density that they are drawn from.
    """
    m, reference, spread = slip.models, reference_model(slip), model_spread(slip)
    numbers = np.stack([model_normals(seed, k) for k in range(m.draws)])
    models = [model_of(reference, spread, z) for z in numbers]
    log_prior, proposals = np.zeros(m.draws), [prior_proposal(numbers.shape[1])]
    for turn in range(m.rounds):
        proposals.append(fit_proposal(numbers, log_prior, evidence_of(models, log_prior)))
        normals = np.stack([model_normals(seed, "round", turn, k) for k in range(m.draws)])
        drawn = proposals[-1].draw(normals)
        models += [model_of(reference, spread, z) for z in drawn]
        numbers = np.concatenate([numbers, drawn])
        log_prior = log_importance(numbers, proposals)
    return models, log_prior


def true_model(slip: Slip, seed: int, event: int) -> SlipModel:
    """Draw the model that a simulated slip happens in; it is none of the ensemble."""
    return draw_model(reference_model(slip), model_spread(slip), seed, "truth", event)


def model_patches(slip: Slip, model: SlipModel) -> Patches:
    """Return the patches of a model's fault."""
    return divide_plane(model.plane, *slip.fault.patches)


def model_green(slip: Slip, model: SlipModel, observed: Observed) -> Floats:
    """Return the Green's functions of a model, (data, directions * patches)."""
    return half_space_green(
        model_patches(slip, model), observed, np.array(slip.rakes_deg), model.poisson_ratio
    )


def moment_row(slip: Slip, model: SlipModel) -> Floats:
    """Return moment (N m) by slip (m) along each direction, shape (1, directions * patches)."""
    moment = model.rigidity_pa * model_patches(slip, model).area_km2[None] * 1e6
    return np.tile(moment, len(slip.rakes_deg))


def slip_prior(slip: Slip) -> SlipPrior:
    """Return the prior with the grid of hyper-parameters that all models share."""
    asked, patches = slip.prior, model_patches(slip, reference_model(slip))
    directions = np.eye(len(slip.rakes_deg))
    lengths = [(asked.lengths_km[0] * f, asked.lengths_km[1] * f) for f in asked.length_factors]
    near = [
        slip_correlation(patches.along_km, patches.down_km, pair, asked.kernel, asked.hurst)
        for pair in lengths
    ]
    covariances = [
        np.asarray(asked.standard_deviation_m**2 * np.kron(directions, c), np.float64) for c in near
    ]
    points = [
        HyperPoint(noise, spread, k)
        for noise, spread, k in itertools.product(
            asked.noise_factors, asked.spread_factors, range(len(covariances))
        )
    ]
    equal = np.full(len(points), -np.log(len(points)))
    return SlipPrior(
        np.full(patches.count * len(directions), asked.mean_m), covariances, points, equal
    )
