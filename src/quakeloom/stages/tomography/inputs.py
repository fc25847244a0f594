"""From the settings of a line to its inverse problem: picks, ground, section, prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Tomography, TomographyPrior, TomographySection
from quakeloom.core import InputError, digest_json
from quakeloom.formats import LinePicks, RayinvrModel, read_line_picks, read_rayinvr_model
from quakeloom.schema import make_table
from quakeloom.store import (
    Item,
    RunLayout,
    digest_input,
    find_input,
    input_place,
    read_json,
    write_json_if_changed,
)
from quakeloom.tomography import (
    Kernel,
    LineGrid,
    PriorPoint,
    PriorShape,
    RefractionProblem,
    SamplerOptions,
    TravelTimePicks,
    VelocityCorrelation,
    carrier_nodes,
    check_picks,
    choose_prior,
    find_later_arrivals,
    fit_offset_curve,
    make_line_grid,
    make_velocity_prior,
    prior_at_point,
    reference_at_nodes,
    turning_velocities,
    velocity_scatter,
    weigh_priors,
)

_ROOM = 1.4
"""Depth of a section over that where rays turn in the fitted velocity."""

_NODES_ALONG, _NODES_DEEP = 300.0, 100.0
"""Nodes of a section along and in depth where no spacing is given; chosen here: a member then
takes some seconds."""

_LENGTHS = (6.0, 30.0)
"""Least and most correlation lengths in a section from which the search for better ones begins:
as many along either side as there are picks in all."""


PRIOR_POINTS = 16
"""Equally probable hyper-parameters that members are shared out to in turn; chosen here: so many
give the exact width of a linear problem to a tenth, half as many lose the tail of wide priors."""


_KERNELS: tuple[Kernel, ...] = ("matern52", "exponential")
"""Correlation functions that are equally likely where none is given: structure that is smooth, and
structure with steps such as edges of basins. The first where all of the prior is given."""


@dataclass(frozen=True)
class LinePrior:
    """What the prior of a line is made of; chosen once, then the same for all members.

    Attributes
    ----------
    reference : list of (float, float)
        Depth below ground in km and mean velocity in km/s.
    standard_deviation : list of (float, float)
        Depth below ground in km and standard deviation, of what the settings call the scale.
    lengths_km : (float, float)
        Correlation lengths in depth and along the line, the most probable ones where members
        have different ones.
    length_growth : float
        Growth of the former per depth.
    log_evidence : float or None
        Of the data, where widths or lengths were chosen by it.
    tried : int
        Priors that were compared.
    regional_spread : list of (float, float)
        Depth below ground in km and standard deviation of the logarithm of velocity between
        regions, added to what differs along the line; empty for none.
    points : list of dict
        Equally probable hyper-parameters (:class:`quakeloom.tomography.PriorPoint`), with factors
        on the standard deviation and lengths above; empty where all members have those.
    """

    reference: list[tuple[float, float]]
    standard_deviation: list[tuple[float, float]]
    lengths_km: tuple[float, float]
    length_growth: float
    log_evidence: float | None = None
    tried: int = 0
    regional_spread: list[tuple[float, float]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the prior as JSON values."""
        return asdict(self)


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


def write_prior(layout: RunLayout, prior: LinePrior) -> None:
    """Write what :func:`read_prior` reads."""
    write_json_if_changed(prior_path(layout), prior.as_json())


def read_prior(layout: RunLayout) -> LinePrior:
    """Read the prior that :func:`write_prior` wrote for all members."""
    return LinePrior(**read_json(prior_path(layout)))


def prior_path(layout: RunLayout) -> Item:
    """Return the file of the prior that all members share."""
    return layout.part("tomography.prepared", "prior.json")


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
        offset, times = _times_in_rock(
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


def choose_line_prior(line: Tomography, grid: LineGrid, picks: TravelTimePicks) -> LinePrior:
    """Choose what the settings leave open: the mean and its scatter, then lengths and width."""
    wanted = line.prior
    offset, times = _times_in_rock(picks, grid.ground_at, line.section)
    curve = fit_offset_curve(offset, times)
    deep = float(grid.depth_km[-1] - grid.ground_depth_km.min())
    along = float(grid.distance_km[-1] - grid.distance_km[0])
    reference = np.array(wanted.reference, dtype=float).reshape(-1, 2)
    if not len(reference):
        reference = reference_at_nodes(turning_velocities(curve), grid.spacing_km[0], deep)
    count = float(np.clip(len(picks) ** 0.5, *_LENGTHS))
    lengths = wanted.lengths_km or (deep / count, along / count)
    width = np.array(wanted.standard_deviation, dtype=float).reshape(-1, 2)
    if not len(width):
        width = velocity_scatter(curve, offset, times, picks.errors_s, lengths[1])
        if wanted.scale == "velocity":
            width[:, 1] *= np.interp(width[:, 0], reference[:, 0], reference[:, 1])
    start = LinePrior(
        [(float(z), float(v)) for z, v in reference],
        [(float(z), float(s)) for z, s in width],
        lengths,
        wanted.length_growth or 0.0,
    )
    open_lengths, open_growth = wanted.lengths_km is None, wanted.length_growth is None
    open_width = not wanted.standard_deviation
    if not (open_lengths or open_growth or open_width):
        return start
    if wanted.hyperparameters == "marginalized":
        return _weigh_line_priors(line, grid, picks, start)
    free = (open_lengths, open_lengths, open_width, open_growth)
    choice = choose_prior(
        lambda *factors: line_problem(line, grid, picks, _scaled(wanted, start, *factors)),
        free,
        line.degrees_of_freedom,
    )
    found = _scaled(
        wanted, start, choice.depth_length, choice.distance_length, choice.width, choice.growth
    )
    return replace(found, log_evidence=choice.log_evidence, tried=choice.tried)


def _scaled(
    wanted: TomographyPrior,
    start: LinePrior,
    depth: float,
    distance: float,
    wide: float,
    growth: float,
) -> LinePrior:
    """Return a prior with factors on its lengths and its width, and another growth."""
    return replace(
        start,
        standard_deviation=[(z, wide * s) for z, s in start.standard_deviation],
        lengths_km=(depth * start.lengths_km[0], distance * start.lengths_km[1]),
        length_growth=growth if wanted.length_growth is None else wanted.length_growth,
    )


def _weigh_line_priors(
    line: Tomography, grid: LineGrid, picks: TravelTimePicks, start: LinePrior
) -> LinePrior:
    """Marginalize what the settings leave open of width, lengths and growth."""
    wanted = line.prior
    open_width, open_growth = not wanted.standard_deviation, wanted.length_growth is None
    spread = list(wanted.regional_spread) if open_width else []
    start = replace(start, regional_spread=spread)
    shape, nodes = _prior_shape(line, start), carrier_nodes(grid)

    def build(point: PriorPoint) -> RefractionProblem:
        if not open_growth:
            point = replace(point, growth=start.length_growth)
        return RefractionProblem(grid, prior_at_point(nodes, shape, point), picks, line.order)

    found = weigh_priors(
        build,
        (open_width, wanted.lengths_km is None, open_growth),
        _KERNELS if wanted.kernel is None else (wanted.kernel,),
        PRIOR_POINTS,
        line.degrees_of_freedom,
    )
    best = found.best
    growth = best.growth if open_growth else start.length_growth
    chosen = _scaled(wanted, start, best.depth_length, best.distance_length, best.width, growth)
    points = [
        {
            "width": p.width / best.width,
            "depth_length": p.depth_length / best.depth_length,
            "distance_length": p.distance_length / best.distance_length,
            "growth": p.growth if open_growth else start.length_growth,
            "kernel": p.kernel,
        }
        for p in found.points
    ]
    return replace(chosen, log_evidence=found.log_evidence, tried=found.tried, points=points)


def _prior_shape(line: Tomography, prior: LinePrior) -> PriorShape:
    wanted = line.prior
    return PriorShape(
        np.array(prior.reference, dtype=float),
        np.array(prior.standard_deviation, dtype=float),
        prior.lengths_km,
        np.array(prior.regional_spread, dtype=float).reshape(-1, 2),
        wanted.scale,
        wanted.variance_share,
        wanted.bounds_km_s,
    )


def line_problems(
    line: Tomography, grid: LineGrid, picks: TravelTimePicks, prior: LinePrior
) -> tuple[RefractionProblem, ...]:
    """Return the problem of every point of a prior; all have as many white coordinates."""
    if not prior.points:
        return (line_problem(line, grid, picks, prior),)
    points = [PriorPoint(**p) for p in prior.points]
    shape = _prior_shape(line, prior)
    nodes = carrier_nodes(grid, points, shape, line.prior.nodes_per_length)
    distinct = list(dict.fromkeys(points))
    size = max(prior_at_point(nodes, shape, p).field.size for p in distinct)
    made = {
        p: RefractionProblem(grid, prior_at_point(nodes, shape, p, size), picks, line.order)
        for p in distinct
    }
    return tuple(made[p] for p in points)


def line_problem(
    line: Tomography, grid: LineGrid, picks: TravelTimePicks, prior: LinePrior
) -> RefractionProblem:
    """Return the problem of a prior whose hyper-parameters are known."""
    wanted = line.prior
    field = make_velocity_prior(
        grid,
        prior.reference,
        np.array(prior.standard_deviation, dtype=float),
        VelocityCorrelation(prior.lengths_km, prior.length_growth, wanted.kernel or _KERNELS[0]),
        wanted.scale,
        wanted.nodes_per_length,
        wanted.variance_share,
        wanted.bounds_km_s,
    )
    return RefractionProblem(grid, field, picks, line.order)


def _times_in_rock(
    picks: TravelTimePicks,
    ground: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    section: TomographySection,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offsets, and times less those of straight ways through the water."""
    offset = np.abs(picks.shots_km[:, 1] - picks.receivers_km[:, 1])
    times = picks.times_s.copy()
    if section.water_surface_km is not None:
        for place in (picks.shots_km, picks.receivers_km):
            # a depth that is not known is that of the ground
            water = np.nan_to_num(np.maximum(ground(place[:, 1]) - place[:, 0], 0.0))
            times = np.maximum(times - water / section.water_velocity_km_s, 0.1 * picks.times_s)
    return offset, times


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
