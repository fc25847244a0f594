"""The prior of a line: what the settings leave open is chosen or weighed by the picks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Tomography, TomographyPrior, TomographySection
from quakeloom.inference import Linearization, log_evidence, maximize_posterior
from quakeloom.store import (
    Item,
    RunLayout,
    read_json,
    write_json_if_changed,
)
from quakeloom.tomography import (
    Blocks,
    Extent,
    Kernel,
    LineGrid,
    PriorPoint,
    PriorShape,
    RefractionProblem,
    TravelTimePicks,
    VelocityCorrelation,
    carrier_nodes,
    choose_prior,
    fit_offset_curve,
    make_velocity_prior,
    prior_at_point,
    reference_at_nodes,
    sample_blocks,
    turning_velocities,
    velocity_scatter,
    weigh_priors,
)

PRIOR_POINTS = 16
"""Equally probable hyper-parameters that members are shared out to in turn; chosen here: so many
give the exact width of a linear problem to a tenth, half as many lose the tail of wide priors."""


_MOST_NODES = 10_000
"""Nodes of the section on which models with blocks are compared; chosen here: on a grid twice as
coarse times differ by less than the errors of picks, and by as much without blocks."""

_STEPS, _TOLERANCE = 12, 1e-2
"""Gauss-Newton steps, and share of the number of data by which one must lower the objective, of a
model with blocks; chosen here."""

_LENGTHS = (6.0, 30.0)
"""Least and most correlation lengths in a section from which the search for better ones begins:
as many along either side as there are picks in all."""


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
        on the standard deviation and lengths above, and with blocks in the mean; empty where all
        members have those.
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


def write_prior(layout: RunLayout, prior: LinePrior) -> None:
    """Write what :func:`read_prior` reads."""
    write_json_if_changed(prior_path(layout), prior.as_json())


def read_prior(layout: RunLayout) -> LinePrior:
    """Read the prior that :func:`write_prior` wrote for all members."""
    return LinePrior(**read_json(prior_path(layout)))


def prior_path(layout: RunLayout) -> Item:
    """Return the file of the prior that all members share."""
    return layout.part("tomography.prepared", "prior.json")


def choose_line_prior(line: Tomography, grid: LineGrid, picks: TravelTimePicks) -> LinePrior:
    """Choose what the settings leave open: the mean and its scatter, then lengths and width."""
    wanted = line.prior
    offset, times = times_in_rock(picks, grid.ground_at, line.section)
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
    coarse = grid
    while coarse.depth_km.size * coarse.distance_km.size > _MOST_NODES:
        coarse = coarse.coarser()
    with_blocks, tried = _add_blocks(
        line, coarse, found.points, lambda point: replace(build(point), grid=coarse)
    )
    points = [
        {
            "width": p.width / best.width,
            "depth_length": p.depth_length / best.depth_length,
            "distance_length": p.distance_length / best.distance_length,
            "growth": p.growth if open_growth else start.length_growth,
            "kernel": p.kernel,
            "blocks": [list(b) for b in p.blocks],
        }
        for p in with_blocks
    ]
    tried += found.tried
    return replace(chosen, log_evidence=found.log_evidence, tried=tried, points=points)


def _add_blocks(
    line: Tomography,
    grid: LineGrid,
    points: list[PriorPoint],
    build: Callable[[PriorPoint], RefractionProblem],
) -> tuple[list[PriorPoint], int]:
    """Return as many points with the layers and basins that the picks allow, and how many tried.

    The points are equally probable without blocks, so blocks are weighed by the evidence that
    they add to that of their point.
    """
    wanted = line.prior.blocks
    if not wanted:
        return points, 0
    nu = line.degrees_of_freedom

    def evidence(point: PriorPoint) -> float:
        problem = build(point)
        fit = maximize_posterior(problem, steps=_STEPS, tolerance=_TOLERANCE, degrees_of_freedom=nu)
        there = Linearization(fit.white, *problem.linearize(fit.white))
        return log_evidence(problem, there, nu)

    alone: dict[PriorPoint, float] = {}

    def gain(number: int, blocks: Blocks) -> float:
        point = points[number]
        if point not in alone:
            alone[point] = evidence(point)
        return evidence(replace(point, blocks=blocks)) - alone[point] if blocks else 0.0

    first, last = float(grid.distance_km[0]), float(grid.distance_km[-1])
    deep = float(grid.depth_km[-1] - grid.ground_depth_km.min())
    extent = Extent(first, last, deep)
    found = sample_blocks(gain, len(points), extent, wanted, len(points))
    made = [replace(points[number], blocks=blocks) for number, blocks in found]
    return made, wanted + len(alone)


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
    points = [
        PriorPoint(**{**p, "blocks": tuple(tuple(b) for b in p.get("blocks", ()))})
        for p in prior.points
    ]
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


def times_in_rock(
    picks: TravelTimePicks,
    ground: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    section: TomographySection,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return offsets (km), and times (s) less those of straight ways through the water."""
    offset = np.abs(picks.shots_km[:, 1] - picks.receivers_km[:, 1])
    times = picks.times_s.copy()
    if section.water_surface_km is not None:
        for place in (picks.shots_km, picks.receivers_km):
            # a depth that is not known is that of the ground
            water = np.nan_to_num(np.maximum(ground(place[:, 1]) - place[:, 0], 0.0))
            times = np.maximum(times - water / section.water_velocity_km_s, 0.1 * picks.times_s)
    return offset, times
