"""Off-shore earthquakes beside a network, in one model and in an ensemble of sections, simulated.

Ten nodes on the sea floor lie on one side of the events, as cabled networks do. What is known of
the velocity is an ensemble of sections: draws of a random field, or of what a simulated refraction
survey with ocean-bottom stations leaves open. Earthquakes happen in a true section that is none of
them, and are located in the members and in their mean. Vp/Vs is uncertain as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.location import (
    Ensemble,
    EnsembleTimes,
    EventPicks,
    LocationOptions,
    Receivers,
    find_boundary,
    find_start,
    grid_times,
    locate_event,
    make_ensemble,
    member_times,
)
from quakeloom.travel import solve_eikonal

STATION_KM = np.linspace(12.0, 48.0, 10)
"""Places of the nodes along the section, km; chosen here, as cabled networks have them."""

_VP_VS = 1.75
"""Mean Vp/Vs of simulated sections."""

_VP_VS_SPREAD = 0.02
"""Standard deviation of its logarithm."""

_SIGMA_S = 0.1
"""Standard error of picks of P, seconds; S has twice that."""

_BOUNDARY_KM_S = 7.0
"""P velocity that is first reached at the boundary, km/s."""

Floats = NDArray[np.float64]
"""Arrays of numbers."""


@dataclass(frozen=True)
class Section:
    """A true section and what is known of it.

    Attributes
    ----------
    depth_km, distance_km : ndarray
    floor_km : ndarray
        Depth of the sea floor at every distance.
    members : ndarray, (members, depth, distance), km/s
    truth : ndarray, (depth, distance), km/s
    active : ndarray of bool, or None
    """

    depth_km: Floats
    distance_km: Floats
    floor_km: Floats
    members: Floats
    truth: Floats
    active: NDArray[np.bool_] | None = None


def prior_sections(seed: int, members: int, earths: int) -> Iterator[Section]:
    """Yield sections of a gradient times exp of a Gaussian field, 20 km long and 6 km deep."""
    random = np.random.default_rng(seed)
    depth, distance = np.arange(0.0, 40.1, 1.25), np.arange(0.0, 110.1, 1.25)
    z, x = depth[:, None], distance[:, None]
    vertical = np.linalg.cholesky(np.exp(-((z - z.T) ** 2) / (2 * 6.0**2)) + 1e-6 * np.eye(z.size))
    along = np.linalg.cholesky(np.exp(-((x - x.T) ** 2) / (2 * 20.0**2)) + 1e-6 * np.eye(x.size))
    reference = np.minimum(3.5 + 0.16 * depth, 8.0)[:, None]
    noise = random.standard_normal((members + earths, z.size, x.size))
    field = np.einsum("ab,kbc,dc->kad", vertical, noise, along)
    velocity = reference * np.exp(0.05 * field)
    for truth in velocity[members:]:
        yield Section(depth, distance, np.full(x.size, 1.25), velocity[:members], truth)


def refraction_sections(
    seed: int, members: int, earths: int, say: Callable[[str], None] = lambda _: None
) -> Iterator[Section]:
    """Yield sections with a refraction survey of 14 ocean-bottom stations and 70 shots each.

    Members are those that randomized maximum likelihood draws from the picks of the survey.
    """
    from quakeloom.tomography import (
        RefractionProblem,
        SamplerOptions,
        TravelTimePicks,
        VelocityCorrelation,
        make_line_grid,
        make_velocity_prior,
        prepare_posterior,
        sample_ensemble,
    )

    length, error_s = 100.0, 0.05
    for earth in range(earths):
        random = np.random.default_rng([seed, earth])
        x = np.linspace(0.0, length, 201)
        floor = np.column_stack([x, 1.5 + 0.4 * np.sin(x / 9.0 + random.uniform(0, 6.28))])
        grid = make_line_grid((0.0, length), (0.0, 36.0), (0.5, 0.5), floor, 0.0)
        reference = [[0.0, 2.2], [4.0, 4.8], [10.0, 6.3], [20.0, 7.4], [40.0, 8.4]]
        prior = make_velocity_prior(
            grid, reference, 0.4, VelocityCorrelation((4.0, 15.0)), bounds_km_s=(1.0, 9.5)
        )
        shots, stations = np.linspace(1.0, 99.0, 70), np.linspace(4.0, 96.0, 14)
        shot, station = (a.ravel() for a in np.meshgrid(shots, stations, indexing="ij"))
        far = np.abs(shot - station)
        shot, station = shot[(far > 2.0) & (far < 60.0)], station[(far > 2.0) & (far < 60.0)]
        sources = np.column_stack([np.zeros(shot.size), shot])
        receivers = np.column_stack([grid.ground_at(station), station])
        errors = np.full(shot.size, error_s)
        phases = np.full(shot.size, "P")
        picks = TravelTimePicks(sources, receivers, np.zeros(shot.size), errors, phases)
        white = random.standard_normal(prior.field.size)
        exact = RefractionProblem(grid, prior, picks).predict(white)
        noisy = exact + error_s * random.standard_normal(shot.size)
        problem = RefractionProblem(
            grid, prior, TravelTimePicks(sources, receivers, noisy, errors, phases)
        )
        options = SamplerOptions(pilots=2)
        prepared = prepare_posterior(problem, options, seed)
        found = sample_ensemble("rml", problem, seed + earth, np.arange(members), options, prepared)
        say(
            f"section {earth}: {shot.size} picks, chi-square per datum of the members "
            f"{found.chi_square.mean():.2f}"
        )
        velocity = np.stack([problem.velocity(w) for w in found.white])
        yield Section(
            grid.depth_km, grid.distance_km, grid.ground_depth_km, velocity,
            problem.velocity(white), grid.active,
        )  # fmt: skip


def trace(section: Section, velocity: Floats, ratio: Floats) -> EnsembleTimes:
    """Trace sections to the nodes on the sea floor; S is P times each section's Vp/Vs.

    Parameters
    ----------
    section : Section
    velocity : ndarray, (sections, depth, distance), km/s
    ratio : ndarray, (sections,)
        Vp/Vs.
    """
    spacing = (
        float(section.depth_km[1] - section.depth_km[0]),
        float(section.distance_km[1] - section.distance_km[0]),
    )
    floor = np.interp(STATION_KM, section.distance_km, section.floor_km)
    times = np.empty((STATION_KM.size, *velocity.shape[1:], velocity.shape[0]))
    for i, (z, x) in enumerate(zip(floor, STATION_KM, strict=True)):
        for k, v in enumerate(velocity):
            times[i, ..., k] = solve_eikonal(
                np.ascontiguousarray(v), spacing, (z, x), (0.0, 0.0), section.active
            ).times_s
    times[:, section.depth_km[:, None] < section.floor_km] = np.inf
    both = np.stack([times, times * ratio])[:, :, :, :, None, :]
    names = [f"m{k}" for k in range(velocity.shape[0])]
    stations = [f"O{i}" for i in range(STATION_KM.size)]
    return grid_times(names, stations, both, section.depth_km, section.distance_km)


def boundary_depth(section: Section, velocity: Floats, distance: float) -> Floats:
    """Return the depth at which P first exceeds that of the boundary, in every section.

    The bottom of the section where it does not: a mean is made of these depths.
    """
    at = int(np.argmin(np.abs(section.distance_km - distance)))
    depth = find_boundary(velocity[..., at].T, section.depth_km, _BOUNDARY_KM_S)
    return np.where(np.isnan(depth), section.depth_km[-1], depth)


COLUMNS = (
    "true_depth", "true_distance", "depth", "distance", "depth_deviation", "distance_deviation",
    "depth_025", "depth_160", "depth_840", "depth_975", "models", "boundary", "boundary_deviation",
    "true_boundary", "below",
)  # fmt: skip
"""Columns of an event, kilometers and shares: truth, posterior, boundary."""

NUMBER = {name: i for i, name in enumerate(COLUMNS)}
"""Column by name."""


def experiment(
    members: int = 150,
    earths: int = 20,
    seed: int = 11,
    per_earth: int = 5,
    kind: str = "prior",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Floats]:
    """Locate events of simulated sections in the ensemble, and in its mean model.

    Parameters
    ----------
    members, earths, seed, per_earth : int
        Members of an ensemble, true sections, root of the random numbers, events a section.
    kind : str
        ``refraction``: members of a survey in every section; ``prior``: of the random field.
    say : callable
        Called with a sentence after every survey.

    Returns
    -------
    dict
        ``ensemble`` and ``mean model``: rows of :data:`COLUMNS`, one an event.
    """
    surveyed = kind == "refraction"
    sections = (
        refraction_sections(seed, members, earths, say)
        if surveyed
        else prior_sections(seed, members, earths)
    )
    rows: dict[str, list[list[float]]] = {"ensemble": [], "mean model": []}
    random = np.random.default_rng([seed, 7])
    known = None
    for section in sections:
        ratio = _VP_VS * np.exp(_VP_VS_SPREAD * random.standard_normal(members + 1))
        if surveyed or known is None:
            # without a survey the members are the same in every section
            known = trace(section, section.members, ratio[:members])
            ensembles = {
                "ensemble": make_ensemble(known), "mean model": make_ensemble(known.mean()),
            }  # fmt: skip
        truth_times = trace(section, section.truth[None], ratio[members:])
        floor = np.interp(STATION_KM, section.distance_km, section.floor_km)
        station = np.column_stack([floor, STATION_KM, np.zeros(floor.size)]).repeat(2, axis=0)
        phase = ["P", "S"] * STATION_KM.size
        names = [n for n in known.stations for _ in range(2)]
        group, level = known.receivers(phase, station[:, 0], names)
        sigma = np.where(np.array(phase) == "P", _SIGMA_S, 2 * _SIGMA_S)
        options = LocationOptions(
            minimum_depth_km=float(section.floor_km.min()),
            maximum_depth_km=float(section.depth_km[-1]), radius_km=50.0,
        )  # fmt: skip
        for _ in range(per_earth):
            truth = np.array([random.uniform(8, 24), random.uniform(55, 78), 0.0])
            observed = np.empty((1, sigma.size))
            receivers = Receivers(station, group, level)
            member_times(
                truth_times.arrays, truth[None], np.zeros(1, np.int64), receivers, observed
            )
            observed = observed[0] + sigma * random.standard_normal(sigma.size)
            picks = EventPicks(station, group, level, observed, sigma**2)
            deep = float(boundary_depth(section, section.truth[None], truth[1])[0])
            for name, used in ensembles.items():
                velocity = section.members
                if name == "mean model":
                    velocity = velocity.mean(axis=0, keepdims=True)
                row = _locate(used, picks, options, section, velocity)
                rows[name].append([*truth[:2].tolist(), *row[:-1], deep, row[-1]])
    return {name: np.array(r) for name, r in rows.items()}


def _locate(
    used: Ensemble,
    picks: EventPicks,
    options: LocationOptions,
    section: Section,
    velocity: Floats,
) -> list[float]:
    """Locate an event; return :data:`COLUMNS` without those of the truth."""
    begin = find_start(used, picks, options, np.array([0.0, 50.0, 0.0]))
    found = None if begin is None else locate_event(used, picks, options, *begin)
    if found is None:
        raise InputError("A simulated off-shore event has no hypocenter in its section.")
    posterior = found.posterior
    at = boundary_depth(section, velocity, float(posterior.mean[1]))
    middle = float(posterior.weights @ at)
    return [
        *posterior.mean[:2].tolist(),
        *np.sqrt(np.diag(posterior.covariance))[:2].tolist(),
        *map(float, posterior.depth_quantiles()),
        float(posterior.effective_member_count),
        middle,
        float(np.sqrt(posterior.weights @ (at - middle) ** 2)),
        float(posterior.probability_below(at)),
    ]


def summarize(rows: Floats, per_earth: int = 5) -> dict[str, float]:
    """Return coverage of ranges, rms over sections of the mean error of depth, rms error.

    Parameters
    ----------
    rows : ndarray, (events, columns)
    per_earth : int
        Events a section.
    """
    c = {name: rows[:, i] for name, i in NUMBER.items()}
    error = c["depth"] - c["true_depth"]
    per_section = error.reshape(-1, per_earth).mean(axis=1)
    below = (c["true_depth"] > c["true_boundary"]).astype(float)

    def share(low: str, high: str) -> float:
        return float(np.mean((c[low] <= c["true_depth"]) & (c["true_depth"] <= c[high])))

    return {
        "coverage_68": share("depth_160", "depth_840"),
        "coverage_95": share("depth_025", "depth_975"),
        "bias_km": float(np.sqrt(np.mean(per_section**2))),
        "error_km": float(np.sqrt(np.mean(error**2))),
        "deviation_km": float(np.mean(c["depth_deviation"])),
        "effective_models": float(np.median(c["models"])),
        "below_boundary_share": float(below.mean()),
        "below_boundary_said": float(c["below"].mean()),
        "below_boundary_brier_score": float(np.mean((c["below"] - below) ** 2)),
    }
