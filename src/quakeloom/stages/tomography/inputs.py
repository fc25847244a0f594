"""From the settings of a line to its inverse problem: picks, ground and section."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Tomography
from quakeloom.core import InputError, digest_json
from quakeloom.formats import LinePicks, RayinvrModel, read_line_picks, read_rayinvr_model
from quakeloom.schema import make_table
from quakeloom.stages.tomography.prior import (
    LinePrior,
    choose_line_prior,
    line_problems,
    times_in_rock,
)
from quakeloom.store import (
    digest_input,
    find_input,
    input_place,
)
from quakeloom.tomography import (
    LineGrid,
    RefractionProblem,
    SamplerOptions,
    TravelTimePicks,
    check_picks,
    find_later_arrivals,
    fit_offset_curve,
    make_line_grid,
    turning_velocities,
)

_ROOM = 1.4
"""Depth of a section over that where rays turn in the fitted velocity."""

_NODES_ALONG, _NODES_DEEP = 300.0, 100.0
"""Nodes of a section along and in depth where no spacing is given; chosen here: a member then
takes some seconds."""


@dataclass(frozen=True)
class LineInputs:
    """The inverse problem of a line, and what was put aside on the way.

    Attributes
    ----------
    problem : RefractionProblem
        Of the first point of the prior.
    problems : tuple of RefractionProblem
        One per equally probable point of the prior; they differ in the prior alone.
    used : pyarrow.Table
        Rows of ``travel_time_picks`` that are used, positions and errors as they are used.
    rejects : pyarrow.Table
        Registered table ``rejects``.
    prior : LinePrior
    """

    problems: tuple[RefractionProblem, ...]
    used: pa.Table
    rejects: pa.Table
    prior: LinePrior

    @property
    def problem(self) -> RefractionProblem:
        """The problem of the first point of the prior."""
        return self.problems[0]


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
    return digest_json([digest_input(_existing(settings, f)) if f else "" for f in files])


def read_line(settings: Settings, prior: LinePrior | None = None) -> LineInputs:
    """Read picks and ground, lay out the section and the prior, and check every pick.

    Parameters
    ----------
    settings : Settings
    prior : LinePrior, optional
        As it was chosen before (:func:`read_prior`); if absent, what the settings leave open
        is chosen from the picks.
    """
    line = line_settings(settings)
    path = _existing(settings, line.picks.path)
    source = read_line_picks(path, line.picks.format, line.picks.unit)
    return lay_out_line(line, source, _ground(settings, line.section.ground, source), prior)


def lay_out_line(
    line: Tomography,
    source: LinePicks,
    ground: NDArray[np.float64] | None,
    prior: LinePrior | None = None,
) -> LineInputs:
    """Lay out the section and the prior of picks that are read, and check every pick.

    Parameters
    ----------
    line : Tomography
    source : LinePicks
    ground : ndarray, (n, 2), km, or None
        Distance and depth of points on the ground; None for depth 0.
    prior : LinePrior, optional
        If absent, what the settings leave open is chosen from the picks.
    """
    picks = _pick_arrays(source.picks)
    grid = _section(line, ground, picks)
    used, rows, aside = check_picks(
        picks,
        grid,
        tuple(line.picks.first_arrivals),
        line.picks.maximum_velocity_km_s,
        line.picks.moveout_velocity_km_s,
        line.picks.error_s,
        line.picks.relative_error,
    )
    if prior is None:
        prior = choose_line_prior(line, grid, used)
    return LineInputs(
        line_problems(line, grid, used, prior),
        _used_table(source.picks, rows, used),
        _reject_table(source, aside),
        prior,
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


def _existing(settings: Settings, name: str) -> Path:
    found = find_input(settings.data, name)
    if found is None:
        raise InputError(
            f"'{name}' of '{settings.name}' does not exist (looked for "
            f"{input_place(settings.data, name)}). Nothing was planned; correct the path, `data`, "
            "or the variable they use."
        )
    return found


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
    line: Tomography, ground: NDArray[np.float64] | None, picks: TravelTimePicks
) -> LineGrid:
    section = line.section
    x = np.concatenate([picks.shots_km[:, 1], picks.receivers_km[:, 1]])
    x = x[np.isfinite(x)]
    length = float(x.max() - x.min())
    along = section.distance_range_km or (
        float(x.min()) - 0.02 * length,
        float(x.max()) + 0.02 * length,
    )
    dx = section.spacing_km[1] if section.spacing_km else (along[1] - along[0]) / _NODES_ALONG
    if section.depth_range_km:
        deep = section.depth_range_km
    else:
        first = picks.take(_first_arrivals(line, picks))
        floor = [(0.0, 0.0)] if ground is None else ground
        offset, times = times_in_rock(
            first, lambda at: np.interp(at, *np.transpose(floor)), section
        )
        turning = turning_velocities(fit_offset_curve(offset, times))[-1, 0]
        z = np.concatenate([picks.shots_km[:, 0], picks.receivers_km[:, 0]])
        z = np.concatenate([z[np.isfinite(z)], np.asarray(floor)[:, 1]])
        if section.water_surface_km is not None:
            z = np.append(z, section.water_surface_km)
        deep = float(z.min()) - dx, float(z.max()) + _ROOM * turning
    dz = section.spacing_km[0] if section.spacing_km else min(dx, (deep[1] - deep[0]) / _NODES_DEEP)
    return make_line_grid(
        along, deep, (dz, dx), ground, section.water_surface_km, section.water_velocity_km_s
    )


def _first_arrivals(line: Tomography, picks: TravelTimePicks) -> NDArray[np.int64]:
    """Rows that may be first arrivals, before there is a section to check them in."""
    codes = line.picks.first_arrivals
    offset = np.abs(picks.shots_km[:, 1] - picks.receivers_km[:, 1])
    with np.errstate(invalid="ignore"):
        good = (picks.times_s > 0) & (offset < line.picks.maximum_velocity_km_s * picks.times_s)
    if codes:
        good &= np.isin(picks.phases, codes)
    late = find_later_arrivals(picks, good, line.picks.moveout_velocity_km_s, not codes)
    good[list(late)] = False
    if not good.any():
        raise InputError(
            f"None of the {len(picks)} picks can be a first arrival (phases in the file: "
            f"{', '.join(np.unique(picks.phases))}; wanted: {', '.join(codes) or 'all'}). No "
            "section can be laid out; correct `tomography.picks.first_arrivals` (`--phases`), the "
            "times or the unit (`--unit`)."
        )
    return np.flatnonzero(good)


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
