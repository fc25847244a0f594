"""What an ensemble says of slip and moment, free in sign or nowhere backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Slip
from quakeloom.inference import Mixture
from quakeloom.slip import (
    DrawnNumbers,
    GaussianData,
    PositiveSlip,
    SlipMixture,
    SlipModel,
    SlipPrior,
    describe_draws,
    draw_mixture,
    invert_slip,
    make_positive,
    mean_rakes,
    slip_amplitudes,
)
from quakeloom.stages.slip.displacements import RunDisplacements
from quakeloom.stages.slip.models import model_green, model_patches, moment_row

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """Slip and moment in an ensemble of one model or more.

    Attributes
    ----------
    mixture : Mixture
    log_evidence : ndarray, shape (models,)
    point_weights : ndarray, shape (points,)
    slip : DrawnNumbers
        Amount of slip of the patches.
    moment : DrawnNumbers
        One number, N m.
    exceedance : ndarray, shape (patches,)
        Probability of more than the first of ``slip.exceedance_m``; NaN without one.
    rakes_deg : ndarray, shape (patches,)
    draws : ndarray, shape (draws, patches)
        Amounts of slip.
    predicted : ndarray, shape (data,)
        Mean displacements.
    model_rows : dict of str to ndarray, shape (models,)
        Moment, its standard deviation, and residuals of every model; NaN where it has no draw.
    """

    mixture: Mixture
    log_evidence: Floats
    point_weights: Floats
    slip: DrawnNumbers
    moment: DrawnNumbers
    exceedance: Floats
    rakes_deg: Floats
    draws: Floats
    predicted: Floats
    model_rows: dict[str, Floats]


def answer_of(
    slip: Slip,
    models: Sequence[SlipModel],
    observed: RunDisplacements,
    data: GaussianData,
    prior: SlipPrior,
    seed: int,
    log_prior: Floats | None = None,
) -> Answer:
    """Invert displacements in some models and describe what comes of it."""
    greens = [model_green(slip, m, observed.observed) for m in models]
    rows = [moment_row(slip, m) for m in models]
    minimum = slip.models.minimum if len(models) > 1 else 0.0
    found = invert_slip(greens, data, prior, rows, 0.0 if slip.one_way else minimum, log_prior)
    if slip.one_way:
        positive = make_positive(found, greens, data, prior, slip.draws, seed, minimum)
        return _positive_answer(slip, positive, greens, rows, data)
    draws = draw_mixture(found, greens, data, prior, slip.draws, seed)[0]
    return _free_answer(slip, found, greens, data, draws)


def _positive_answer(
    slip: Slip,
    found: PositiveSlip,
    greens: Sequence[Floats],
    rows: Sequence[Floats],
    data: GaussianData,
) -> Answer:
    """Describe slip that is nowhere backward, by its draws."""
    rakes = np.array(slip.rakes_deg)
    amounts = slip_amplitudes(found.draws, rakes)
    size = np.stack([r[0, : amounts.shape[1]] for r in rows])
    moments = np.einsum("dp,dp->d", amounts, size[found.models])[:, None]
    own = [found.models == k for k in range(len(greens))]
    best = [
        found.draws[w].mean(axis=0) if w.any() else np.full(found.draws.shape[1], np.nan)
        for w in own
    ]
    predicted = np.zeros(data.values.size)
    for which, green, mean in zip(own, greens, best, strict=True):
        if which.any():
            predicted = predicted + which.mean() * (green @ mean)
    return Answer(
        found.mixture, found.log_evidence, found.weights.sum(axis=0),
        describe_draws(amounts, found.models), describe_draws(moments, found.models),
        (amounts > slip.exceedance_m[0]).mean(axis=0) if slip.exceedance_m
        else np.full(amounts.shape[1], np.nan),
        mean_rakes(found.draws, rakes), amounts, predicted,
        {
            "moment_nm": np.array([moments[w].mean() if w.any() else np.nan for w in own]),
            "moment_std_nm": np.array([
                moments[w].std() if w.sum() > 1 else np.nan for w in own
            ]),
            "residual_rms": _residuals(data, greens, best),
        },
    )  # fmt: skip


def _free_answer(
    slip: Slip, found: SlipMixture, greens: Sequence[Floats], data: GaussianData, draws: Floats
) -> Answer:
    """Describe slip that is free in sign: exactly, but for what is no linear sum."""
    within = found.weights / np.maximum(found.weights.sum(axis=1, keepdims=True), 1e-300)
    best = [w @ m.mean for w, m in zip(within, found.members, strict=True)]
    predicted = np.zeros(data.values.size)
    for weight, green, mean in zip(found.mixture.weights, greens, best, strict=True):
        predicted = predicted + weight * (green @ mean)
    means = np.array([w @ m.sum_mean[:, 0] for w, m in zip(within, found.members, strict=True)])
    spread = [
        np.sqrt(w @ (m.sum_variance[:, 0] + (m.sum_mean[:, 0] - at) ** 2))
        for w, m, at in zip(within, found.members, means, strict=True)
    ]
    count = draws.shape[1]
    return Answer(
        found.mixture, found.log_evidence, found.point_weights,
        DrawnNumbers(*found.moments(), found.quantile(0.025), found.quantile(0.975)),
        DrawnNumbers(
            *found.moments(True), found.quantile(0.025, True), found.quantile(0.975, True)
        ),
        np.clip(found.exceedance(slip.exceedance_m[0]), 0.0, 1.0) if slip.exceedance_m
        else np.full(count, np.nan),
        np.full(count, (slip.rakes_deg[0] + 180.0) % 360.0 - 180.0), draws, predicted,
        {
            "moment_nm": means, "moment_std_nm": np.array(spread),
            "residual_rms": _residuals(data, greens, best),
        },
    )  # fmt: skip


def _residuals(data: GaussianData, greens: Sequence[Floats], best: Sequence[Floats]) -> Floats:
    """Root mean square of residuals over their errors, of every model."""
    # rows of the Cholesky root have the standard errors as lengths
    errors = np.linalg.norm(data.root, axis=1)
    left = [data.values - g @ m for g, m in zip(greens, best, strict=True)]
    return np.array([np.sqrt(np.mean((v / errors) ** 2)) for v in left])


def patch_areas(slip: Slip, model: SlipModel) -> Floats:
    """Return the areas of the patches of a model in square meters."""
    return np.asarray(model_patches(slip, model).area_km2 * 1e6)
