"""What is said of a finished ensemble: figures in JSON, NetCDF, CSV, and fits of the picks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Settings, Tomography
from quakeloom.inference import assess_mixture
from quakeloom.schema import make_table
from quakeloom.stages.ensemble.blocks import blocks_of
from quakeloom.stages.tomography.inputs import LineInputs, line_settings, read_compared
from quakeloom.store import (
    RunLayout,
    atomic_file,
    open_array,
    read_json,
    write_array,
    write_dataset,
    write_json_if_changed,
    write_table,
)
from quakeloom.tomography import (
    PreparedPosterior,
    exceedance_probability,
    isovelocity_depths,
    point_of_member,
    summarize_sections,
)

_COVERED_SHARE = 0.15
"""Length of all rays at a node over the spacing from which it counts as covered; chosen here."""


def covered_nodes(
    coverage: NDArray[np.floating], spacing_km: tuple[float, float], picks: int
) -> NDArray[np.bool_]:
    """Return the nodes where rays pass: together they run a seventh of a spacing or more there.

    ``coverage`` is the mean ray length per node over the picks in km; the measure is relative to
    the spacing, so that it holds for lines of 50 m and of 350 km.
    """
    size = float(np.sqrt(spacing_km[0] * spacing_km[1]))
    return np.asarray(coverage * picks > _COVERED_SHARE * size)


_MISFIT = (0.4, 2.0)
"""Chi-square per datum outside of which a reader is warned; chosen here."""

_NARROW = {
    "psvgd": "on a real line its standard deviations are a fifth below those of `rml`",
    "fsvgd": "where the answer is known it has three quarters of the standard deviation",
}
"""What samplers state that move members together. Measured: docs/tomography.md."""

_SPREAD = (0.5, 2.0)
"""Variance of the members over the posterior's outside of which a reader is warned; chosen here."""


def write_products(
    settings: Settings, layout: RunLayout, inputs: LineInputs, prepared: Sequence[PreparedPosterior]
) -> dict[str, Any]:
    """Write all products of a complete ensemble; return the summary."""
    line = line_settings(settings)
    group = layout.root / "ensemble.zarr"
    arrays = {
        n: np.asarray(open_array(group, n)[...])
        for n in (
            "p_velocity",
            "chi_square",
            "log_likelihood",
            "noise_factor",
            "white_coordinates",
            "white_score",
            "member_time_s",
        )
    }
    problem = inputs.problem
    coverage = problem.ray_coverage(prepared[0].center.white).astype(np.float32)
    write_array(group, "ray_coverage", coverage)
    names = [b.name for b in blocks_of(line)]
    markers = [read_json(layout.done("tomography", n)) for n in names]
    timings = [read_json(layout.part("tomography", n) / "timing.json") for n in names]
    summary: dict[str, Any] = {
        "name": settings.name,
        "sampler": line.sampler,
        "rejects": int(inputs.rejects.num_rows),
        **assess_members(line, inputs, prepared, arrays),
        "converged": float(np.mean([c for m in markers for c in m["converged"]])),
        "correction_accepted": _mean([a for m in markers for a in m["accepted"]]),
        "seconds_per_member": _mean(_flat(timings, "seconds_per_member")),
        "processor_seconds_per_member": _mean(_flat(timings, "processor_seconds_per_member")),
        "prior": inputs.prior.as_json(),
    }
    velocities = arrays["p_velocity"].astype(np.float64)
    ground = problem.grid.below_ground
    velocities[:, ~ground] = np.nan
    compared = _compare(settings, problem.grid, velocities, coverage, int(problem.data.size))
    if compared:
        summary["compared"] = compared
    data = describe_sections(settings.name, line, inputs, velocities, coverage)
    write_dataset(layout.root / "sections.nc", data)
    with atomic_file(layout.root / "sections.csv") as temporary:
        _write_csv(temporary, data, ground)
    fits = fit_table(inputs.used, arrays["member_time_s"])
    write_table(layout.table("travel_time_fits"), "travel_time_fits", fits, validate=False)
    write_json_if_changed(layout.root / "tomography.json", summary)
    return summary


def assess_members(
    line: Tomography,
    inputs: LineInputs,
    prepared: Sequence[PreparedPosterior],
    arrays: Mapping[str, NDArray[Any]],
) -> dict[str, Any]:
    """Return how well the members of an ensemble fit, and why their spread cannot be believed.

    Parameters
    ----------
    line : Tomography
    inputs : LineInputs
    prepared : sequence of PreparedPosterior
        One per point of the prior.
    arrays : mapping of str to ndarray
        Registered arrays of the members, one row each.
    """
    problem = inputs.problem
    together = 1 if line.sampler == "rml" else line.block_members
    quality = assess_mixture(
        arrays["white_coordinates"],
        arrays["white_score"],
        [p.subspace for p in prepared],
        [point_of_member(m, len(prepared), together) for m in range(len(arrays["chi_square"]))],
    )
    residuals = (arrays["member_time_s"] - problem.data) / problem.sigma
    found: dict[str, Any] = {
        "members": len(arrays["chi_square"]),
        "picks": int(problem.data.size),
        "modes": int(problem.size),
        "informed_directions": int(prepared[0].subspace.values.size),
        "chi_square_per_datum": float(arrays["chi_square"].mean()),
        "chi_square_of_most_probable": prepared[0].chi_square,
        "chi_square_of_mean_times": float(np.mean(residuals.mean(axis=0) ** 2)),
        "noise_factor": float(arrays["noise_factor"].mean()),
        "effective_sample_size": _finite(quality.effective_sample_size),
        "spread_ratio": _finite(float(np.mean(quality.spread_ratio))),
        "largest_mean_shift": _finite(float(np.abs(quality.mean_shift).max(initial=0.0))),
    }
    return {**found, "warnings": _warnings(found, line.sampler)}


def _warnings(summary: dict[str, Any], sampler: str) -> list[str]:
    """Say why the spread of an ensemble cannot be believed, where it cannot."""
    found = []
    if sampler in _NARROW:
        found.append(
            f"The sampler `{sampler}` states less than the posterior's spread: "
            f"{_NARROW[sampler]}. It is there for comparison; take ranges from `rml`."
        )
    chi_square, ratio = summary["chi_square_per_datum"], summary["spread_ratio"]
    if chi_square > _MISFIT[1]:
        found.append(
            f"The members miss the picks by {chi_square**0.5:.2g} times their errors, so their "
            "spread is too small. Look at the residuals for later arrivals and wrong picks "
            "(`--phases`, `tomography.picks.first_arrivals`), or give larger errors (`--error`, "
            "`--relative-error`, `tomography.infer_noise`)."
        )
    elif chi_square < _MISFIT[0]:
        found.append(
            f"The members fit the picks to {chi_square**0.5:.2g} of their errors, so the errors "
            "are too large and the spread as well. Give smaller ones (`--error`, "
            "`--relative-error`, `tomography.infer_noise`)."
        )
    if ratio is not None and not _SPREAD[0] <= ratio <= _SPREAD[1]:
        found.append(
            f"The variance of the members is {ratio:.2g} of the posterior's. More "
            "`tomography.correction_steps` bring it nearer."
        )
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _flat(timings: list[dict[str, list[float]]], name: str) -> list[float | None]:
    return [s for t in timings for s in t.get(name, [])]


def _mean(values: list[float | None]) -> float | None:
    found = [v for v in values if v is not None]
    return float(np.mean(found)) if found else None


def prior_spread(inputs: LineInputs) -> NDArray[np.float64]:
    """Return the prior's standard deviation of velocity at the nodes in km/s.

    Over all equally probable points of the hyper-parameters.
    """
    spreads, means = [], []
    for problem in inputs.problems:
        field = problem.prior.field
        at_nodes = problem.grid.interpolation(
            problem.prior.below_ground_km, problem.prior.distance_km
        )
        spread = at_nodes @ np.sqrt(field.variance()).ravel()
        center = at_nodes @ field.mean.ravel()
        if problem.prior.scale == "log_velocity":
            # standard deviation of a lognormal velocity
            center = np.exp(center + 0.5 * spread**2)
            spread = center * np.sqrt(np.expm1(spread**2))
        spreads.append(spread)
        means.append(center)
    # of the mixture: the mean variance, and that of the means, which blocks make differ
    mixed = np.sqrt(np.mean(np.square(spreads), axis=0) + np.var(means, axis=0))
    return np.asarray(mixed).reshape(inputs.problem.grid.shape)


def _compare(
    settings: Settings,
    grid: Any,
    velocities: NDArray[np.float64],
    coverage: NDArray[np.float32],
    picks: int,
) -> dict[str, float] | None:
    """Compare mean and spread with a published model where rays pass."""
    model = read_compared(settings)
    if model is None:
        return None
    published = model.evaluate(grid.depth_km[:, None], grid.distance_km[None, :])
    mean, spread = velocities.mean(axis=0), velocities.std(axis=0, ddof=1)
    good = (
        covered_nodes(coverage, grid.spacing_km, picks) & np.isfinite(published) & np.isfinite(mean)
    )
    difference = (mean - published)[good]
    weight = coverage[good]
    return {
        "nodes": int(good.sum()),
        "mean_difference_km_s": float(np.average(difference, weights=weight)),
        "rms_difference_km_s": float(np.sqrt(np.average(difference**2, weights=weight))),
        "median_absolute_difference_km_s": float(np.median(np.abs(difference))),
        "share_within_two_deviations": float(np.mean(np.abs(difference) < 2 * spread[good])),
    }


def describe_sections(
    title: str,
    line: Tomography,
    inputs: LineInputs,
    velocities: NDArray[np.float64],
    coverage: NDArray[np.float32],
) -> xr.Dataset:
    """Return the sections of an ensemble by the CF conventions.

    Parameters
    ----------
    title : str
    line : Tomography
        Says which probabilities and depths of velocities are wanted.
    inputs : LineInputs
    velocities : ndarray, shape (members, depths, distances)
        km/s, NaN above the ground.
    coverage : ndarray, shape (depths, distances)
        Mean ray length per node over the picks in km.
    """
    grid = inputs.problem.grid
    summary = summarize_sections(velocities)
    plane = ("depth", "distance")

    def variable(values: NDArray, long_name: str, units: str = "km s-1") -> Any:
        return (plane, values.astype(np.float32), {"long_name": long_name, "units": units})

    prior = np.where(grid.below_ground, prior_spread(inputs), np.nan)
    data: dict[str, Any] = {
        "mean": variable(summary.mean, "mean P velocity of the ensemble"),
        "standard_deviation": variable(
            summary.standard_deviation, "standard deviation of the P velocity"
        ),
        "prior_standard_deviation": variable(prior, "standard deviation of the prior"),
        "ray_coverage": variable(coverage, "mean ray length per node over the picks", "km"),
    }
    for level, values in zip(summary.levels, summary.quantiles, strict=True):
        name = f"quantile_{100 * level:g}".replace(".", "_")
        data[name] = variable(values, f"{100 * level:g} % quantile of the P velocity")
    for value in line.exceedance_km_s:
        name = f"probability_above_{value:g}".replace(".", "_")
        data[name] = variable(
            exceedance_probability(velocities, value),
            f"probability that the P velocity exceeds {value:g} km/s",
            "1",
        )
    for value in line.isovelocities_km_s:
        data |= _isovelocity_variables(isovelocity_depths(velocities, grid.depth_km, value), value)
    return xr.Dataset(
        data,
        _line_coordinates(inputs),
        {
            "Conventions": "CF-1.10",
            "title": title,
            "source": f"quakeloom {__version__} tomography",
            "history": f"quakeloom {__version__} tomography: {len(velocities)} members from "
            f"{inputs.problem.data.size} picked travel times",
        },
    )


def _line_coordinates(inputs: LineInputs) -> dict[str, Any]:
    """Return depth and distance of nodes and the depth of the ground, by the CF conventions."""
    grid = inputs.problem.grid
    down = {"units": "km", "positive": "down", "standard_name": "depth"}
    along = {"units": "km", "axis": "X", "long_name": "distance along the line"}
    return {
        "depth": ("depth", grid.depth_km, {**down, "axis": "Z", "long_name": "depth"}),
        "distance": ("distance", grid.distance_km, along),
        "ground_depth": (
            "distance", grid.ground_depth_km, {**down, "long_name": "depth of the ground"},
        ),
    }  # fmt: skip


def _isovelocity_variables(
    depths: NDArray[np.float64], velocity_km_s: float
) -> dict[str, tuple[tuple[str], NDArray[np.float64], dict[str, str]]]:
    """Median and 95 % range of the depth of a velocity, and the share of members that reach it."""
    name = f"depth_of_{velocity_km_s:g}".replace(".", "_")
    reached = np.isfinite(depths).mean(axis=0)
    with np.errstate(invalid="ignore"):
        low, middle, high = (
            np.where(reached > 0, _quantile(depths, q), np.nan) for q in (0.025, 0.5, 0.975)
        )
    words = f"depth of {velocity_km_s:g} km/s"
    along = ("distance",)
    return {
        name: (along, middle, {"long_name": words, "units": "km"}),
        f"{name}_lower": (along, low, {"long_name": f"{words}, 2.5 % quantile", "units": "km"}),
        f"{name}_upper": (along, high, {"long_name": f"{words}, 97.5 % quantile", "units": "km"}),
        f"{name}_share": (
            along,
            reached,
            {"long_name": f"share of members that reach {velocity_km_s:g} km/s", "units": "1"},
        ),
    }


def _quantile(depths: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Quantile over the members that reach the velocity; NaN where none does."""
    out = np.full(depths.shape[1], np.nan)
    for j in range(depths.shape[1]):
        reached = depths[np.isfinite(depths[:, j]), j]
        if reached.size:
            out[j] = np.quantile(reached, level, method="weibull")
    return out


def _write_csv(path: Any, data: xr.Dataset, ground: NDArray[np.bool_]) -> None:
    names = [n for n in data.data_vars if data[n].ndim == 2]
    z, x = np.meshgrid(data["depth"].to_numpy(), data["distance"].to_numpy(), indexing="ij")
    columns = [z[ground], x[ground], *(data[n].to_numpy()[ground] for n in names)]
    header = ",".join(["depth_km", "distance_km", *(str(n) for n in names)])
    np.savetxt(path, np.column_stack(columns), "%.5g", ",", header=header, comments="")


def fit_table(used: pa.Table, times: NDArray[np.float64]) -> pa.Table:
    """Return the registered table ``travel_time_fits`` of picks and the times of all members."""
    columns = {n: used.column(n) for n in used.column_names}
    spread = times.std(axis=0, ddof=1) if len(times) > 1 else np.full(times.shape[1], np.nan)
    return make_table(
        "travel_time_fits",
        columns | {"predicted_time_s": times.mean(axis=0), "predicted_spread_s": spread},
    )
