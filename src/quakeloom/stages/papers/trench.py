"""An off-shore earthquake at a synthetic trench, from the refraction line to both boundaries.

A section below a sloping sea floor is drawn from the prior. Airguns are shot to ocean-bottom
seismometers along it, first arrivals are picked with errors, and randomized maximum likelihood
draws members. Two reflectors, the plate boundary and a second boundary above it, are known by
their vertical two-way times; every member has them at depths of its own. Nodes of a cabled network
lie off the line: the section is the same across it, and times follow from the slowness across the
line that every ray keeps. One earthquake of M 6 on the plate boundary is located in the members,
and in the model of their mean velocity, which is the usual answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RegularGridInterpolator

from quakeloom.core import InputError
from quakeloom.location import (
    Ensemble,
    EnsembleTimes,
    EventPicks,
    LocationOptions,
    find_start,
    grid_times,
    locate_event,
    make_ensemble,
)
from quakeloom.tomography import (
    LineGrid,
    RefractionProblem,
    SamplerOptions,
    TravelTimePicks,
    VelocityCorrelation,
    make_line_grid,
    make_velocity_prior,
    prepare_posterior,
    sample_ensemble,
)
from quakeloom.travel import solve_eikonal

Floats = NDArray[np.float64]
"""Arrays of numbers."""

LENGTH_KM, DEPTH_KM = 60.0, 24.0
"""Extent of the section from the trench landward; chosen here."""

NODES_KM = np.array([[8.0, 7.0], [12.0, -5.0], [15.0, 9.0], [19.0, -8.0], [22.0, 4.0],
                     [26.0, 10.0], [29.0, -6.0], [33.0, 7.0]])  # fmt: skip
"""Nodes of the cabled network, along and across the line; seaward of the earthquake, as cabled
networks lie. Chosen here."""

BOUNDARIES = {"plate boundary": (5.5, 0.19), "second boundary": (3.8, 0.10)}
"""Depth at the trench in km and its increase along the line; chosen here."""

REFLECTION_ERROR_S = 0.05
"""Standard error of two-way times of reflectors, s: a cycle of 20 Hz. Chosen here."""

PICK_ERROR_S = 0.1
"""Standard error of P picks of the earthquake, s; S has twice that. Chosen here."""

SHOT_ERROR_S = 0.05
"""Standard error of first arrivals of airguns, s; chosen here."""

ON_BOUNDARY_KM = 1.0
"""An event nearer in depth to a boundary than this is on it; chosen here, as thick as the zone in
which plate boundaries are seen to slip."""

_VP_VS, _VP_VS_SPREAD = 1.75, 0.02
"""Mean Vp/Vs, and the standard deviation of its logarithm; chosen here."""

_REFERENCE = ((0.0, 2.2), (3.0, 4.4), (8.0, 6.0), (16.0, 7.0), (30.0, 8.0))
"""Mean velocity in km/s by depth below the sea floor in km; chosen here."""

_SLOWNESSES = np.linspace(0.0, 0.104, 6)
"""Slownesses across the line, s/km; below that of the fastest rock the bounds allow (9.5 km/s)."""

_EAST_KM = np.arange(-16.0, 16.1, 2.0)
"""Places across the line where times are tabulated, km."""

Solver = Callable[[LineGrid, Floats, Floats, Floats], Floats]
"""Gives the times of a true section from a station (depth, along, across) to places."""


@dataclass(frozen=True)
class Trench:
    """A true section, its survey, and the ensemble that follows from it.

    Attributes
    ----------
    grid : LineGrid
    truth : ndarray, (depth, distance), km/s
    members : ndarray, (members, depth, distance), km/s
    boundaries : dict
        Depth of every boundary at the nodes of the line, true and in the members:
        (distance,) and (members, distance).
    chi_square : float
        Mean per datum over the members.
    """

    grid: LineGrid
    truth: Floats
    members: Floats
    boundaries: dict[str, tuple[Floats, Floats]]
    chi_square: float


def times_off_line(grid: LineGrid, velocity: Floats, station: Floats) -> Floats:
    """Return times from a station off the line on the nodes of the section and across it.

    Where nothing changes across the line, a ray keeps its slowness p across it, and in the section
    its front moves with the slowness sqrt(1/v^2 - p^2). The time at a distance y across is the
    largest over p of p |y| + T_p (the Legendre transform of T_p).

    Parameters
    ----------
    grid : LineGrid
    velocity : ndarray, (depth, distance), km/s
    station : ndarray, (3,)
        Depth, along and across the line, km.

    Returns
    -------
    ndarray, (depth, distance, across)
    """
    apart = np.abs(_EAST_KM - station[2])
    origin = (float(grid.depth_km[0]), float(grid.distance_km[0]))
    best = np.full((*grid.shape, apart.size), -np.inf)
    before: list[tuple[float, Floats]] = []
    for p in _SLOWNESSES:
        seen = np.ascontiguousarray(1.0 / np.sqrt(1.0 / velocity**2 - p**2))
        along = solve_eikonal(
            seen, grid.spacing_km, (station[0], station[1]), origin, grid.active
        ).times_s
        before.append((p, along))
        best = np.maximum(best, p * apart + along[..., None])
    step = _SLOWNESSES[1] - _SLOWNESSES[0]
    for (p, low), (_, mid), (_, high) in zip(before, before[1:], before[2:], strict=False):
        # a parabola through three slownesses: the largest lies between them
        slope = (high - low)[..., None] / (2 * step) + apart
        curve = (high - 2 * mid + low)[..., None] / step**2
        with np.errstate(all="ignore"):
            at = np.clip(-slope / curve, -step / 2, step / 2)
        at = np.where(np.isfinite(at), at, 0.0)
        best = np.maximum(
            best, (p + step) * apart + mid[..., None] + at * slope + 0.5 * at**2 * curve
        )
    return best


def reflector_depths(grid: LineGrid, velocity: ArrayLike, two_way_s: Floats) -> Floats:
    """Return depths at which vertical two-way times are reached, (..., distance).

    Parameters
    ----------
    grid : LineGrid
    velocity : array_like, (..., depth, distance), km/s
    two_way_s : ndarray, (..., distance)

    Raises
    ------
    InputError
        If a time lies below the section.
    """
    down = _two_way(grid, np.asarray(velocity, dtype=float))
    if np.any(two_way_s > down[..., -1, :]) or not np.all(np.isfinite(two_way_s)):
        raise InputError(
            f"A reflection of {np.max(two_way_s):.2f} s two-way time lies below the section, "
            f"which ends at {grid.depth_km[-1]:g} km depth, or is no number. Its depth is not "
            "known; deepen the section or leave the reflection out."
        )
    times = np.broadcast_to(two_way_s, down[..., 0, :].shape)
    found = np.empty(times.shape)
    for at in np.ndindex(times.shape):
        column = down[(*at[:-1], slice(None), at[-1])]
        found[at] = np.interp(times[at], column, grid.depth_km)
    return found


def _two_way(grid: LineGrid, velocity: Floats) -> Floats:
    """Vertical two-way times from the sea surface, (..., depth, distance)."""
    slow = 1.0 / velocity
    step = grid.spacing_km[0] * (slow[..., 1:, :] + slow[..., :-1, :])
    return np.concatenate([np.zeros_like(step[..., :1, :]), np.cumsum(step, axis=-2)], axis=-2)


def trench_problem(seed: int, realization: int) -> tuple[RefractionProblem, Floats]:
    """Return the layout of the survey with its prior, without picks, and a true white vector."""
    x = np.linspace(0.0, LENGTH_KM, 121)
    floor = np.column_stack([x, 4.0 - 0.045 * x])
    grid = make_line_grid((0.0, LENGTH_KM), (0.0, DEPTH_KM), (0.5, 1.0), floor, 0.0)
    prior = make_velocity_prior(
        grid, _REFERENCE, 0.35, VelocityCorrelation((4.0, 15.0)), bounds_km_s=(1.4, 9.5)
    )
    shots, stations = np.linspace(1.0, LENGTH_KM - 1, 60), np.linspace(4.0, LENGTH_KM - 4, 12)
    shot, station = (a.ravel() for a in np.meshgrid(shots, stations, indexing="ij"))
    far = np.abs(shot - station) > 4.0  # nearer, the wave through the water is first
    shot, station = shot[far], station[far]
    picks = TravelTimePicks(
        np.column_stack([np.zeros(shot.size), shot]),
        np.column_stack([grid.ground_at(station), station]),
        np.zeros(shot.size), np.full(shot.size, SHOT_ERROR_S), np.full(shot.size, "P"),
    )  # fmt: skip
    random = np.random.default_rng([seed, realization])
    return RefractionProblem(grid, prior, picks), random.standard_normal(prior.field.size)


def section_times(grid: LineGrid, velocity: Floats, station: Floats, places: Floats) -> Floats:
    """Return times of a true section by quakeloom's own solver.

    Parameters
    ----------
    grid : LineGrid
    velocity : ndarray, (depth, distance), km/s
    station : ndarray, (3,)
    places : ndarray, (n, 3)
        Depth, along and across the line.
    """
    if np.ptp(places[:, 2]) == 0 and places[0, 2] == station[2]:
        solution = solve_eikonal(
            velocity, grid.spacing_km, station[:2],
            (grid.depth_km[0], grid.distance_km[0]), grid.active,
        )  # fmt: skip
        return np.asarray(solution.times_at(places[:, :2]))
    axes = (grid.depth_km, grid.distance_km, _EAST_KM)
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    away = np.maximum(np.linalg.norm(mesh - station, axis=-1), 1e-9)
    # times over distances vary slowly, so that linear interpolation serves
    slow = RegularGridInterpolator(axes, times_off_line(grid, velocity, station) / away)
    return np.asarray(slow(places) * np.linalg.norm(places - station, axis=1))


def make_trench(
    seed: int = 18, realization: int = 0, members: int = 40, solver: Solver = section_times
) -> Trench:
    """Shoot the line in a true section and draw the ensemble that its picks leave.

    Parameters
    ----------
    seed, realization : int
    members : int
    solver : callable
        Gives the true times; one that shares no code with the members' where coverage is counted.
    """
    if members < 2:
        raise InputError(
            f"{members} member(s) make no ensemble: how far models differ cannot be told. "
            "Nothing was computed; ask for two or more."
        )
    layout, white = trench_problem(seed, realization)
    grid, truth = layout.grid, layout.velocity(white)
    random = np.random.default_rng([seed, realization, 1])
    shots, receivers = layout.picks.shots_km, layout.picks.receivers_km
    exact = np.empty(len(shots))
    for place in np.unique(receivers, axis=0):
        own = np.all(receivers == place, axis=1)
        ends = np.column_stack([shots[own], np.zeros(own.sum())])
        exact[own] = solver(grid, truth, np.append(place, 0.0), ends)
    noisy = exact + SHOT_ERROR_S * random.standard_normal(exact.size)
    picks = TravelTimePicks(shots, receivers, noisy, layout.picks.errors_s, layout.picks.phases)
    problem = RefractionProblem(grid, layout.prior, picks)
    options = SamplerOptions(pilots=2)
    key = seed + 1000 * realization
    prepared = prepare_posterior(problem, options, key)
    found = sample_ensemble("rml", problem, key, np.arange(members), options, prepared)
    velocity = np.stack([problem.velocity(w) for w in found.white])
    boundaries = {}
    for name, (top, slope) in BOUNDARIES.items():
        true = top + slope * grid.distance_km
        columns = _two_way(grid, truth)
        time = np.array([np.interp(d, grid.depth_km, columns[:, j]) for j, d in enumerate(true)])
        # the error is one of the picked phase: the same along the line
        error = REFLECTION_ERROR_S * random.standard_normal()
        drawn = REFLECTION_ERROR_S * random.standard_normal((members, 1))
        boundaries[name] = (true, reflector_depths(grid, velocity, time + error + drawn))
    return Trench(grid, truth, velocity, boundaries, float(found.chi_square.mean()))


def trace_off_line(trench: Trench, velocity: Floats, ratio: Floats) -> EnsembleTimes:
    """Trace sections to the nodes off the line; S is P times each section's Vp/Vs."""
    grid = trench.grid
    stations = node_places(grid)
    kept = slice(None, None, 2)  # tables every km: times are smooth away from the nodes
    first = [np.stack([times_off_line(grid, v, s)[kept] for v in velocity], -1) for s in stations]
    times = np.stack(first)
    depth = grid.depth_km[kept]
    times[:, depth[:, None] < grid.ground_depth_km] = np.inf
    names = [f"m{k}" for k in range(len(velocity))]
    codes = [f"N{i}" for i in range(len(stations))]
    both = np.stack([times, times * ratio])
    return grid_times(names, codes, both, depth, grid.distance_km, _EAST_KM)


def node_places(grid: LineGrid) -> Floats:
    """Return depth, along and across of the nodes, on the sea floor."""
    return np.column_stack([grid.ground_at(NODES_KM[:, 0]), NODES_KM])


def locate_trench(
    seed: int = 18, realization: int = 0, members: int = 40, solver: Solver = section_times
) -> tuple[Trench, dict[str, dict[str, float]]]:
    """Locate the earthquake of a realization with and without the ensemble.

    Returns
    -------
    trench : Trench
    rows : dict
        ``ensemble`` and ``one model``: ``depth``, ``along``, ``across`` with ``_deviation`` and
        ``true_``; ``depth_low``, ``depth_high`` (95 %); per boundary its depth at the hypocenter
        (`NAME`, with deviation and truth) and the probability ``on NAME``.
    """
    trench = make_trench(seed, realization, members, solver)
    grid = trench.grid
    random = np.random.default_rng([seed, realization, 2])
    ratio = _VP_VS * np.exp(_VP_VS_SPREAD * random.standard_normal(members + 1))
    truth = np.array([0.0, random.uniform(36.0, 46.0), random.uniform(-3.0, 3.0)])
    truth[0] = np.interp(truth[1], grid.distance_km, trench.boundaries["plate boundary"][0])
    stations = node_places(grid)
    exact = np.array([solver(grid, trench.truth, s, truth[None])[0] for s in stations])
    observed = np.column_stack([exact, exact * ratio[members]]).ravel()
    sigma = np.tile([PICK_ERROR_S, 2 * PICK_ERROR_S], len(stations))
    observed += sigma * random.standard_normal(sigma.size)
    mean = trench.members.mean(axis=0)[None]
    known = {
        "ensemble": (trace_off_line(trench, trench.members, ratio[:members]), slice(None)),
        "one model": (trace_off_line(trench, mean, np.array([_VP_VS])), None),
    }
    rows = {}
    for name, (times, every) in known.items():
        places = stations.repeat(2, axis=0)
        codes = [n for n in times.stations for _ in range(2)]
        group, level = times.receivers(["P", "S"] * len(stations), places[:, 0], codes)
        picks = EventPicks(places, group, level, observed, sigma**2)
        own = {
            key: at if every is not None else at.mean(axis=0, keepdims=True)
            for key, (_, at) in trench.boundaries.items()
        }
        rows[name] = _described(make_ensemble(times), picks, trench, own, truth)
    return trench, rows


def _described(
    used: Ensemble, picks: EventPicks, trench: Trench, boundaries: dict[str, Floats], truth: Floats
) -> dict[str, float]:
    """Locate and describe: hypocenter, boundaries there, probabilities of lying on them."""
    options = LocationOptions(
        minimum_depth_km=2.0, maximum_depth_km=DEPTH_KM - 1.0, radius_km=35.0
    )  # fmt: skip
    begin = find_start(used, picks, options, np.array([0.0, 35.0, 0.0]))
    found = None if begin is None else locate_event(used, picks, options, *begin)
    if found is None:
        raise InputError(
            "The simulated earthquake has no hypocenter inside the section: times of its picks "
            "fit no place there. Nothing was written; check the picks."
        )
    posterior = found.posterior
    low, _, _, high = map(float, found.depth_quantiles())
    row = {"depth_low": low, "depth_high": high, "models": float(found.effective_member_count)}
    for k, axis in enumerate(("depth", "along", "across")):
        row |= {
            f"true_{axis}": float(truth[k]),
            axis: float(posterior.mean[k]),
            f"{axis}_deviation": float(np.sqrt(posterior.covariance[k, k])),
        }
    grid = trench.grid
    for name, depth in boundaries.items():
        at = np.array([np.interp(row["along"], grid.distance_km, d) for d in depth])
        middle = float(posterior.weights @ at)
        row |= {
            name: middle,
            f"{name} deviation": float(np.sqrt(posterior.weights @ (at - middle) ** 2)),
            f"true {name}": float(
                np.interp(row["along"], grid.distance_km, trench.boundaries[name][0])
            ),
            f"on {name}": posterior.probability_below(at - ON_BOUNDARY_KM)
            - posterior.probability_below(at + ON_BOUNDARY_KM),
        }
    return row
