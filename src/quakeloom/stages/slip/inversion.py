"""One run's slip: the mixture of models, the answer of one, and the tables of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Slip
from quakeloom.core import geographic_position
from quakeloom.inference import with_one_blas_thread
from quakeloom.schema import make_table
from quakeloom.slip import (
    GaussianPrediction,
    SlipMixture,
    SlipModel,
    SlipPrior,
    gaussian_data,
    gaussian_prediction,
    invert_slip,
    simulate_displacements,
    simulate_slip,
)
from quakeloom.stages.slip.displacements import RunDisplacements, read_run_displacements
from quakeloom.stages.slip.models import (
    ensemble_models,
    model_green,
    model_patches,
    moment_row,
    reference_model,
    slip_prior,
    true_model,
)

Floats = NDArray[np.float64]


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
class _Solved:
    """What the tables are made from."""

    models: list[SlipModel]
    greens: list[Floats]
    values: Floats
    mixture: SlipMixture
    alone: SlipMixture
    gaussian: GaussianPrediction
    prior: SlipPrior
    truth: Floats | None
    true_moment: float | None


@with_one_blas_thread
def find_slip(settings: Settings, slip: Slip) -> RunSlip:
    """Read or simulate displacements and invert them in all models."""
    data = read_run_displacements(settings, slip)
    solved = _solve(settings, slip, data)
    tables = {
        "displacements": _displacement_table(data, solved, slip),
        "slip_patches": _patch_table(slip, solved),
        "slip_models": _model_table(slip, solved, data),
    }
    return RunSlip(tables, _figures(slip, solved, data))


def _solve(settings: Settings, slip: Slip, data: RunDisplacements) -> _Solved:
    prior, reference = slip_prior(slip), reference_model(slip)
    values, truth, true_moment = data.values, None, None
    if slip.simulation is not None:
        event = slip.simulation.event
        model = true_model(slip, settings.seed, event)
        truth = simulate_slip(prior.mean, prior.covariances[0], settings.seed, event)
        root = np.asarray(np.linalg.cholesky(data.covariance))
        green = model_green(slip, model, data.observed)
        values = simulate_displacements(green, truth, root, settings.seed, event)
        true_moment = float((moment_row(slip, model) @ truth)[0])
    given = gaussian_data(values, data.covariance)
    models = ensemble_models(slip, settings.seed)
    greens = [model_green(slip, m, data.observed) for m in models]
    moments = [moment_row(slip, m) for m in models]
    mixture = invert_slip(greens, given, prior, moments, slip.models.minimum)
    alone = invert_slip(
        [model_green(slip, reference, data.observed)], given, prior, [moment_row(slip, reference)]
    )
    best = prior.points[int(np.argmax(mixture.point_weights))]
    gaussian = gaussian_prediction(greens, given, prior, best, moment_row(slip, reference))
    return _Solved(models, greens, values, mixture, alone, gaussian, prior, truth, true_moment)


def _patch_table(slip: Slip, solved: _Solved) -> pa.Table:
    reference = reference_model(slip)
    patches = model_patches(slip, reference)
    mean, variance, within = solved.mixture.moments()
    one, one_variance, _ = solved.alone.moments()
    east, north, depth = patches.centers_km.T
    lon, lat = geographic_position(slip.fault.longitude, slip.fault.latitude, north, east)
    count = patches.count
    nothing = np.full(count, np.nan)
    above = slip.exceedance_m[0] if slip.exceedance_m else np.nan
    columns = {
        "patch": np.arange(count), "longitude": lon, "latitude": lat, "depth_km": depth,
        "strike_deg": patches.rectangles[:, 3], "dip_deg": patches.rectangles[:, 4],
        "rake_deg": np.full(count, (slip.rake_deg + 180.0) % 360.0 - 180.0),
        "patch_along_km": patches.along_km, "patch_down_km": patches.down_km,
        "patch_length_km": patches.rectangles[:, 5], "patch_width_km": patches.rectangles[:, 6],
        "slip_m": mean, "slip_std_m": np.sqrt(variance), "slip_within_std_m": np.sqrt(within),
        "slip_low_m": solved.mixture.quantile(0.025),
        "slip_high_m": solved.mixture.quantile(0.975),
        "slip_prior_std_m": np.sqrt(np.diag(solved.prior.covariances[0])),
        "exceedance_probability": (
            np.clip(solved.mixture.exceedance(above), 0.0, 1.0) if slip.exceedance_m else nothing
        ),
        "one_model_slip_m": one, "one_model_slip_std_m": np.sqrt(one_variance),
        "gaussian_slip_m": solved.gaussian.mean,
        "gaussian_slip_std_m": np.sqrt(solved.gaussian.variance),
        "true_slip_m": nothing if solved.truth is None else solved.truth,
    }  # fmt: skip
    return make_table("slip_patches", columns, rows=count)


def _model_table(slip: Slip, solved: _Solved, data: RunDisplacements) -> pa.Table:
    planes = [m.plane for m in solved.models]
    errors = np.sqrt(np.diag(data.covariance))
    given = solved.mixture.weights / solved.mixture.weights.sum(axis=1, keepdims=True)
    moments, scatters, residuals = [], [], []
    for k, member in enumerate(solved.mixture.members):
        mean = given[k] @ member.sum_mean[:, 0]
        offset = member.sum_mean[:, 0] - mean
        moments.append(mean)
        scatters.append(np.sqrt(given[k] @ (member.sum_variance[:, 0] + offset**2)))
        left = solved.values - solved.greens[k] @ (given[k] @ member.mean)
        residuals.append(np.sqrt(np.mean((left / errors) ** 2)))
    columns = {
        "model": np.arange(len(planes)), "slip_model_status": ["used"] * len(planes),
        "model_strike_deg": [p.strike_deg for p in planes],
        "model_dip_deg": [p.dip_deg for p in planes], "model_top_km": [p.top_km for p in planes],
        "model_offset_km": [p.offset_km for p in planes],
        "poisson_ratio": [m.poisson_ratio for m in solved.models],
        "rigidity_gpa": [m.rigidity_pa / 1e9 for m in solved.models],
        "log_evidence": solved.mixture.log_evidence,
        "model_weight": np.clip(solved.mixture.mixture.weights, 0.0, 1.0),
        "moment_nm": moments, "moment_std_nm": scatters, "residual_rms": residuals,
    }  # fmt: skip
    return make_table("slip_models", columns, rows=len(planes))


def _displacement_table(data: RunDisplacements, solved: _Solved, slip: Slip) -> pa.Table:
    predicted, alone = np.full((2, data.table.num_rows), np.nan)
    predicted[data.used] = sum(
        (green @ (weights @ member.mean) for green, weights, member in zip(
            solved.greens, solved.mixture.weights, solved.mixture.members, strict=True
        )), start=np.zeros(solved.values.size),
    )  # fmt: skip
    green = model_green(slip, reference_model(slip), data.observed)
    alone[data.used] = green @ solved.alone.moments()[0]
    columns = {n: data.table.column(n) for n in data.table.column_names}
    if solved.truth is not None:
        columns["displacement_m"] = solved.values
    return make_table(
        "displacements",
        {**columns, "predicted_m": predicted, "one_model_predicted_m": alone},
        rows=data.table.num_rows,
    )


def _range_of(mixture: SlipMixture) -> dict[str, Any]:
    mean, variance, within = mixture.moments(sums=True)
    low, high = mixture.quantile(0.025, sums=True), mixture.quantile(0.975, sums=True)
    return {
        "moment_nm": float(mean[0]),
        "moment_std_nm": float(np.sqrt(variance[0])),
        "moment_within_std_nm": float(np.sqrt(within[0])),
        "moment_low_nm": float(low[0]),
        "moment_high_nm": float(high[0]),
        "moment_magnitude": _magnitude(float(mean[0])),
    }


def _magnitude(moment_nm: float) -> float | None:
    """Moment magnitude (Hanks & Kanamori 1979, with the constant of the IASPEI: 9.1)."""
    return (2.0 / 3.0) * (float(np.log10(moment_nm)) - 9.1) if moment_nm > 0.0 else None


def _figures(slip: Slip, solved: _Solved, data: RunDisplacements) -> dict[str, Any]:
    mixed = solved.mixture.mixture
    best = solved.prior.points[int(np.argmax(solved.mixture.point_weights))]
    warnings = [w for w in (mixed.warning,) if w]
    return {
        "models": len(solved.models),
        "effective_models": mixed.effective_number,
        "log_mean_evidence": mixed.log_mean_evidence,
        "displacements": int(data.used.sum()),
        "put_aside": int((~data.used).sum()),
        "mixture": _range_of(solved.mixture),
        "one_model": _range_of(solved.alone) | {
            "log_evidence": float(solved.alone.mixture.log_mean_evidence)
        },
        "gaussian": {
            "moment_nm": float(solved.gaussian.sum_mean[0]),
            "moment_std_nm": float(np.sqrt(solved.gaussian.sum_variance[0])),
            "log_evidence": solved.gaussian.log_evidence,
        },
        "true_moment_nm": solved.true_moment,
        "best_noise_factor": best.noise,
        "best_spread_factor": best.spread,
        "best_length_factor": slip.prior.length_factors[best.correlation],
        "exceedance_m": slip.exceedance_m,
        "patches": list(slip.fault.patches),
        "warnings": warnings,
    }  # fmt: skip
