"""One run's slip: the mixture of models, the answer of one, and the tables of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Slip
from quakeloom.core import geographic_position, random_stream
from quakeloom.inference import sample_positive, with_one_blas_thread
from quakeloom.schema import make_table
from quakeloom.slip import (
    GaussianPrediction,
    HyperPoint,
    SlipModel,
    SlipPrior,
    centroids,
    gaussian_data,
    gaussian_prediction,
    invert_slip,
    network_warnings,
    simulate_displacements,
    simulate_slip,
    slip_amplitudes,
)
from quakeloom.stages.slip.answers import Answer, answer_of, patch_areas
from quakeloom.stages.slip.displacements import RunDisplacements, read_run_displacements
from quakeloom.stages.slip.models import (
    drawn_models,
    listed_models,
    model_green,
    model_patches,
    moment_row,
    reference_model,
    slip_prior,
    true_model,
)

Floats = NDArray[np.float64]

_TRUE_TRAJECTORIES = 100
"""Trajectories that a simulated positive slip is away from where its sampler begins."""


@dataclass(frozen=True)
class RunSlip:
    """Everything that a run finds.

    Attributes
    ----------
    tables : dict of str to pyarrow.Table
        ``displacements``, ``slip_patches``, ``slip_models``.
    figures : dict
        JSON values for ``slip.json``.
    """

    tables: dict[str, pa.Table]
    figures: dict[str, Any]


@dataclass(frozen=True)
class _Truth:
    """Simulated amounts of slip (m), displacements (m) and moment (N m)."""

    slip: Floats
    values: Floats
    moment: float


@dataclass(frozen=True)
class _Solved:
    """What the tables are made from."""

    models: list[SlipModel]
    values: Floats
    mixture: Answer
    alone: Answer
    gaussian: GaussianPrediction | None
    prior: SlipPrior
    best: HyperPoint
    truth: _Truth | None


@with_one_blas_thread
def find_slip(settings: Settings, slip: Slip) -> RunSlip:
    """Read or simulate displacements and invert them in all models."""
    data = read_run_displacements(settings, slip)
    solved = _solve(settings, slip, data)
    tables = {
        "displacements": _displacement_table(data, solved),
        "slip_patches": _patch_table(slip, solved),
        "slip_models": _model_table(solved),
    }
    return RunSlip(tables, _figures(slip, solved, data))


def _simulate(settings: Settings, slip: Slip, data: RunDisplacements, prior: SlipPrior) -> _Truth:
    """Simulate slip in a model that is none of the ensemble."""
    assert slip.simulation is not None
    event, seed = slip.simulation.event, settings.seed
    model = true_model(slip, seed, event)
    if slip.one_way:
        normals = random_stream(seed, "simulated positive slip", event).standard_normal(
            (_TRUE_TRAJECTORIES, prior.mean.size)
        )
        truth = sample_positive(prior.mean, prior.covariances[0], normals, 0)[-1]
    else:
        truth = simulate_slip(prior.mean, prior.covariances[0], seed, event)
    root = np.asarray(np.linalg.cholesky(data.covariance))
    green = model_green(slip, model, data.observed)
    values = simulate_displacements(green, truth, root, seed, event)
    amounts = slip_amplitudes(truth[None], np.array(slip.rakes_deg))[0]
    moment = float(moment_row(slip, model)[0, : amounts.size] @ amounts)
    return _Truth(amounts, values, moment)


def _solve(settings: Settings, slip: Slip, data: RunDisplacements) -> _Solved:
    prior, reference = slip_prior(slip), reference_model(slip)
    truth = _simulate(settings, slip, data, prior) if slip.simulation is not None else None
    values = data.values if truth is None else truth.values
    given = gaussian_data(values, data.covariance)

    def evidence_of(models: list[SlipModel], log_prior: Floats) -> Floats:
        greens = [model_green(slip, m, data.observed) for m in models]
        return invert_slip(greens, given, prior, None, 0.0, log_prior).log_evidence

    models, log_prior = listed_models(slip), None
    if slip.models.draws:
        models, log_prior = drawn_models(slip, settings.seed, evidence_of)
    mixture = answer_of(slip, models, data, given, prior, settings.seed, log_prior)
    alone = answer_of(slip, [reference], data, given, prior, settings.seed)
    best = prior.points[int(np.argmax(mixture.point_weights))]
    gaussian = None
    if not slip.one_way:
        # of the first round alone: those have the scatter of the prior
        first = models[: slip.models.draws or len(models)]
        greens = [model_green(slip, m, data.observed) for m in first]
        gaussian = gaussian_prediction(greens, given, prior, best, moment_row(slip, reference))
    return _Solved(models, values, mixture, alone, gaussian, prior, best, truth)


def _patch_table(slip: Slip, solved: _Solved) -> pa.Table:
    patches = model_patches(slip, reference_model(slip))
    east, north, depth = patches.centers_km.T
    lon, lat = geographic_position(slip.fault.longitude, slip.fault.latitude, north, east)
    nothing = np.full(patches.count, np.nan)
    mixed, alone, gaussian = solved.mixture.slip, solved.alone.slip, solved.gaussian
    columns = {
        "patch": np.arange(patches.count), "longitude": lon, "latitude": lat, "depth_km": depth,
        "strike_deg": patches.rectangles[:, 3], "dip_deg": patches.rectangles[:, 4],
        "rake_deg": solved.mixture.rakes_deg,
        "patch_along_km": patches.along_km, "patch_down_km": patches.down_km,
        "patch_length_km": patches.rectangles[:, 5], "patch_width_km": patches.rectangles[:, 6],
        "slip_m": mixed.mean, "slip_std_m": np.sqrt(mixed.variance),
        "slip_within_std_m": np.sqrt(mixed.within),
        "slip_low_m": mixed.low, "slip_high_m": mixed.high,
        "slip_prior_std_m": np.sqrt(np.diag(solved.prior.covariances[0]))[: patches.count],
        "exceedance_probability": solved.mixture.exceedance,
        "one_model_slip_m": alone.mean, "one_model_slip_std_m": np.sqrt(alone.variance),
        "one_model_low_m": alone.low, "one_model_high_m": alone.high,
        "gaussian_slip_m": nothing if gaussian is None else gaussian.mean,
        "gaussian_slip_std_m": nothing if gaussian is None else np.sqrt(gaussian.variance),
        "true_slip_m": nothing if solved.truth is None else solved.truth.slip,
    }  # fmt: skip
    return make_table("slip_patches", columns, rows=patches.count)


def _model_table(solved: _Solved) -> pa.Table:
    planes = [m.plane for m in solved.models]
    evidence = solved.mixture.log_evidence
    known = np.isfinite(evidence)
    columns = {
        "model": np.arange(len(planes)),
        "slip_model_status": np.where(known, "used", "failed").tolist(),
        "reason": np.where(known, "", "its evidence is nothing beside that of others").tolist(),
        "model_strike_deg": [p.strike_deg for p in planes],
        "model_dip_deg": [p.dip_deg for p in planes], "model_top_km": [p.top_km for p in planes],
        "model_offset_km": [p.offset_km for p in planes],
        "poisson_ratio": [m.poisson_ratio for m in solved.models],
        "rigidity_gpa": [m.rigidity_pa / 1e9 for m in solved.models],
        "log_evidence": np.where(known, evidence, np.nan),
        "model_weight": np.clip(solved.mixture.mixture.weights, 0.0, 1.0),
        **solved.mixture.model_rows,
    }  # fmt: skip
    return make_table("slip_models", columns, rows=len(planes))


def _displacement_table(data: RunDisplacements, solved: _Solved) -> pa.Table:
    predicted, alone = np.full((2, data.table.num_rows), np.nan)
    predicted[data.used] = solved.mixture.predicted
    alone[data.used] = solved.alone.predicted
    columns = {n: data.table.column(n) for n in data.table.column_names}
    if solved.truth is not None:
        columns["displacement_m"] = solved.values
    return make_table(
        "displacements",
        {**columns, "predicted_m": predicted, "one_model_predicted_m": alone},
        rows=data.table.num_rows,
    )


def _range_of(answer: Answer) -> dict[str, Any]:
    mean = float(answer.moment.mean[0])
    return {
        "moment_nm": mean,
        "moment_std_nm": float(np.sqrt(answer.moment.variance[0])),
        "moment_within_std_nm": float(np.sqrt(answer.moment.within[0])),
        "moment_low_nm": float(answer.moment.low[0]),
        "moment_high_nm": float(answer.moment.high[0]),
        "moment_magnitude": _magnitude(mean),
        "log_mean_evidence": answer.mixture.log_mean_evidence,
    }


def _magnitude(moment_nm: float) -> float | None:
    """Moment magnitude (Hanks & Kanamori 1979, with the constant of the IASPEI: 9.1)."""
    return (2.0 / 3.0) * (float(np.log10(moment_nm)) - 9.1) if moment_nm > 0.0 else None


def _drawn(slip: Slip, answer: Answer) -> dict[str, Any]:
    """Potency and centroid, which are no linear sums, with their 95 % ranges from draws."""
    if not len(answer.draws):
        return {}
    reference = reference_model(slip)
    patches, areas = model_patches(slip, reference), patch_areas(slip, reference)
    places = np.column_stack([patches.along_km, patches.down_km])
    found = {"potency_m3": answer.draws @ areas}
    centers = centroids(answer.draws, areas, places)
    found |= {"centroid_along_km": centers[:, 0], "centroid_down_km": centers[:, 1]}
    return {
        name: [float(q) for q in np.nanquantile(values, (0.5, 0.025, 0.975))]
        for name, values in found.items()
        if np.isfinite(values).mean() > 0.5
    }


def _figures(slip: Slip, solved: _Solved, data: RunDisplacements) -> dict[str, Any]:
    mixed, gaussian = solved.mixture.mixture, solved.gaussian
    patches = model_patches(slip, reference_model(slip))
    warnings = [mixed.warning, *network_warnings(data.observed.points_km, patches)]
    return {
        "models": len(solved.models),
        "effective_models": mixed.effective_number,
        "log_mean_evidence": mixed.log_mean_evidence,
        "displacements": int(data.used.sum()),
        "put_aside": int((~data.used).sum()),
        "mixture": _range_of(solved.mixture) | _drawn(slip, solved.mixture),
        "one_model": _range_of(solved.alone) | _drawn(slip, solved.alone),
        "gaussian": None if gaussian is None else {
            "moment_nm": float(gaussian.sum_mean[0]),
            "moment_std_nm": float(np.sqrt(gaussian.sum_variance[0])),
            "log_evidence": gaussian.log_evidence,
        },
        "true_moment_nm": None if solved.truth is None else solved.truth.moment,
        "best_noise_factor": solved.best.noise,
        "best_spread_factor": solved.best.spread,
        "best_length_factor": slip.prior.length_factors[solved.best.correlation],
        "positive": slip.one_way,
        "exceedance_m": slip.exceedance_m,
        "patches": list(slip.fault.patches),
        "warnings": [w for w in warnings if w],
    }  # fmt: skip
