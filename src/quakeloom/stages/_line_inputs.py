"""From the settings of a line to its inverse problem: picks, ground, section, prior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import nnls

from quakeloom.config import Settings, Tomography, expand_variables
from quakeloom.core import InputError, digest_file, digest_json
from quakeloom.formats import LinePicks, RayinvrModel, read_line_picks, read_rayinvr_model
from quakeloom.schema import make_table
from quakeloom.tomography import (
    LineGrid,
    RefractionProblem,
    SamplerOptions,
    TravelTimePicks,
    VelocityPrior,
    check_picks,
    make_line_grid,
    make_velocity_prior,
)

_KNOTS, _REWEIGHTED = 25, 5
"""Offsets where the slope of fitted times may change, and rounds of robust weights."""

_ROOM = 1.4
"""Depth of a section over that where rays turn in the fitted velocity."""


@dataclass(frozen=True)
class LineInputs:
    """The inverse problem of a line, and what was put aside on the way.

    Attributes
    ----------
    problem : RefractionProblem
    used : pyarrow.Table
        Rows of ``travel_time_picks`` that are used, positions and errors as they are used.
    rejects : pyarrow.Table
        Registered table ``rejects``.
    reference : ndarray, (n, 2)
        Depth below ground and mean velocity of the prior.
    """

    problem: RefractionProblem
    used: pa.Table
    rejects: pa.Table
    reference: NDArray[np.float64]


def line_settings(settings: Settings) -> Tomography:
    """Return the tomography settings of a run.

    Raises
    ------
    InputError
        If the run has none.
    """
    if settings.tomography is None:
        raise InputError(
            f"Run '{settings.name}' has no `tomography` settings, so there is no line. Give "
            "`tomography` with `picks`."
        )
    return settings.tomography


def input_digest(settings: Settings) -> str:
    """Return the digest of the files that a line rests on."""
    line = line_settings(settings)
    files = [line.picks.path, line.section.ground]
    return digest_json([digest_file(_existing(settings, f)) if f else "" for f in files])


def read_line(settings: Settings) -> LineInputs:
    """Read picks and ground, lay out the section and the prior, and check every pick."""
    line = line_settings(settings)
    path = _existing(settings, line.picks.path)
    source = read_line_picks(path, line.picks.format, line.picks.unit)
    picks = _pick_arrays(source.picks)
    grid = _section(settings, line, source, picks)
    used, rows, aside = check_picks(
        picks,
        grid,
        tuple(line.picks.first_arrivals),
        line.picks.maximum_velocity_km_s,
        line.picks.moveout_velocity_km_s,
        line.picks.error_s,
        line.picks.relative_error,
    )
    reference = np.array(line.prior.reference, dtype=float).reshape(-1, 2)
    if not len(reference):
        reference = fit_reference(used)
    problem = RefractionProblem(grid, _prior(line, grid, reference), used, line.order)
    return LineInputs(
        problem, _used_table(source.picks, rows, used), _reject_table(source, aside), reference
    )


def sampler_options(line: Tomography) -> SamplerOptions:
    """Return the sampler's options that the settings ask for."""
    return SamplerOptions(
        line.steps,
        line.tolerance,
        line.particle_steps,
        degrees_of_freedom=line.degrees_of_freedom,
        noise_shape=5.0 if line.infer_noise else None,
        pilots=line.pilots,
        correction_steps=line.correction_steps,
        networks=line.travel_times == "networks",
    )


def read_compared(settings: Settings) -> RayinvrModel | None:
    """Read the published model that the mean is compared with, if there is one."""
    line = line_settings(settings)
    return read_rayinvr_model(_existing(settings, line.compare)) if line.compare else None


def fit_reference(picks: TravelTimePicks) -> NDArray[np.float64]:
    """Return the velocity over depth that travel times by offset ask for.

    For a prior mean where the settings give none. Times are fitted by an increasing and concave
    function of offset (a sum of ``min(x, x_j)`` with weights of one sign), robustly; the integral
    of Herglotz and Wiechert over its slopes gives depths, ``z(p) = 1 / pi * integral of
    arcosh(p(x) / p) dx``.

    Returns
    -------
    ndarray, (n, 2)
        Depth below ground in km and velocity in km/s, down to where rays turn.

    References
    ----------
    Aki, K., Richards, P. G. (2002), Quantitative Seismology, 2nd ed., section 9.4.
    """
    x = np.abs(picks.shots_km[:, 1] - picks.receivers_km[:, 1])
    near = np.isfinite(x) & np.isfinite(picks.times_s) & (picks.times_s > 0)
    x, t = np.maximum(x[near], 1e-9), picks.times_s[near]
    knots = np.unique(np.quantile(x, np.linspace(0.0, 1.0, _KNOTS)))
    weight = 1.0 / np.maximum(t, np.median(t) / 10.0)
    for _ in range(_REWEIGHTED):
        bends = np.minimum(x[:, None], knots[None, :])
        strength, _ = nnls(bends * weight[:, None], t * weight)
        late = np.abs(bends @ strength / t - 1.0)
        weight = 1.0 / np.maximum(t, np.median(t) / 10.0) / np.sqrt(1.0 + (late / 0.1) ** 2)
    slope = np.cumsum(strength[::-1])[::-1]
    slope = slope[slope > 0]
    width = np.diff(knots[: slope.size], prepend=0.0)
    depth = [
        float(np.sum(width[:k] * np.arccosh(np.maximum(slope[:k] / slope[k], 1.0)))) / math.pi
        for k in range(slope.size)
    ]
    changes = np.flatnonzero(np.diff(slope, prepend=np.inf) < 0)
    return np.column_stack([np.array(depth)[changes], 1.0 / slope[changes]])


def _existing(settings: Settings, name: str) -> Path:
    path = Path(expand_variables(settings.data)) / expand_variables(name)
    if not path.is_file():
        raise InputError(
            f"'{name}' of '{settings.name}' does not exist (looked for {path}). Nothing was "
            "planned; correct the path, `data`, or the variable they use."
        )
    return path


def _pick_arrays(table: pa.Table) -> TravelTimePicks:
    column = {n: table.column(n).to_numpy() for n in table.column_names}
    return TravelTimePicks(
        np.column_stack([column["shot_depth_km"], column["shot_distance_km"]]),
        np.column_stack([column["receiver_depth_km"], column["receiver_distance_km"]]),
        column["travel_time_s"],
        column["time_error_s"],
        column["phase"].astype(str),
    )


def _section(
    settings: Settings, line: Tomography, source: LinePicks, picks: TravelTimePicks
) -> LineGrid:
    section = line.section
    ground = _ground(settings, section.ground, source)
    x = np.concatenate([picks.shots_km[:, 1], picks.receivers_km[:, 1]])
    x = x[np.isfinite(x)]
    length = float(x.max() - x.min())
    along = section.distance_range_km or (
        float(x.min()) - 0.02 * length,
        float(x.max()) + 0.02 * length,
    )
    dx = section.spacing_km[1] if section.spacing_km else (along[1] - along[0]) / 300.0
    if section.depth_range_km:
        deep = section.depth_range_km
    else:
        phases = line.picks.first_arrivals
        first = np.isin(picks.phases, phases) if phases else np.ones(len(picks), bool)
        turning = fit_reference(picks.take(np.flatnonzero(first)))[-1, 0]
        z = np.concatenate([picks.shots_km[:, 0], picks.receivers_km[:, 0]])
        z = np.concatenate([z[np.isfinite(z)], [0.0] if ground is None else ground[:, 1]])
        if section.water_surface_km is not None:
            z = np.append(z, section.water_surface_km)
        deep = float(z.min()) - dx, float(z.max()) + _ROOM * turning
    dz = section.spacing_km[0] if section.spacing_km else min(dx, (deep[1] - deep[0]) / 60.0)
    return make_line_grid(
        along, deep, (dz, dx), ground, section.water_surface_km, section.water_velocity_km_s
    )


def _ground(settings: Settings, name: str, source: LinePicks) -> NDArray[np.float64] | None:
    if not name:
        return source.ground
    path = _existing(settings, name)
    if path.suffix.lower() == ".csv":
        try:
            points = np.genfromtxt(path, delimiter=",", names=True, dtype=float)
            return np.column_stack([points["distance_km"], points["depth_km"]])
        except (ValueError, IndexError, KeyError) as error:
            raise InputError(
                f"'{path}' is no ground: columns distance_km and depth_km are needed ({error}). "
                "The section cannot be laid out; name the columns in the first line."
            ) from None
    return read_rayinvr_model(path).ground


def _prior(line: Tomography, grid: LineGrid, reference: NDArray[np.float64]) -> VelocityPrior:
    prior = line.prior
    depth = float(grid.depth_km[-1] - grid.ground_depth_km.min())
    length = float(grid.distance_km[-1] - grid.distance_km[0])
    return make_velocity_prior(
        grid,
        reference,
        np.array(prior.standard_deviation, dtype=float),
        prior.lengths_km or (depth / 15.0, length / 15.0),
        prior.scale,
        prior.kernel,
        prior.nodes_per_length,
        prior.variance_share,
        prior.bounds_km_s,
        prior.length_growth,
    )


def _used_table(table: pa.Table, rows: NDArray[np.int64], used: TravelTimePicks) -> pa.Table:
    part = table.take(pa.array(rows))
    same = ("phase", "source_file", "source_line", "travel_time_s")
    return make_table(
        "travel_time_picks",
        {n: part.column(n) for n in same}
        | {
            "shot_distance_km": used.shots_km[:, 1],
            "shot_depth_km": used.shots_km[:, 0],
            "receiver_distance_km": used.receivers_km[:, 1],
            "receiver_depth_km": used.receivers_km[:, 0],
            "time_error_s": used.errors_s,
        },
    )


def _reject_table(source: LinePicks, aside: dict[int, str]) -> pa.Table:
    rows = sorted(aside)
    part = source.picks.take(pa.array(rows, pa.int64()))
    table = make_table(
        "rejects",
        {
            "source_file": part.column("source_file"),
            "source_line": part.column("source_line"),
            "record": ["pick"] * len(rows),
            "reason": [aside[i] for i in rows],
        },
    )
    return pa.concat_tables([source.rejects, table])
