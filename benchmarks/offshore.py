"""Off-shore earthquakes beside a network, located in one model and in an ensemble of sections.

Ten nodes on the sea floor lie on one side of the events, as cabled networks do. What is known of
the velocity is what a refraction survey tells: in every section, drawn from the prior, airguns are
shot to ocean-bottom stations, first arrivals are picked with errors, and stage `tomography`'s
sampler draws members conditioned on them. Then earthquakes happen in the true section, and are
located in the members and in their mean. Vp/Vs is uncertain as well. Figures: how often the ranges
of 68 and 95 % of depth cover the truth, bias and error, for the ensemble and for its mean model;
and how often events are below the boundary where P reaches 7 km/s, against what is said.

With `--ensemble prior` there is no survey: members are draws of a random field.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.location import (
    EnsembleTimes,
    EventPicks,
    LocationOptions,
    find_boundary,
    find_start,
    grid_times,
    locate_event,
    make_ensemble,
)
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.travel import solve_eikonal

STATION_KM = np.linspace(12.0, 48.0, 10)
VP_VS = 1.75
VP_VS_SPREAD = 0.02
SIGMA_S = 0.1
BOUNDARY_KM_S = 7.0


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

    depth_km: np.ndarray
    distance_km: np.ndarray
    floor_km: np.ndarray
    members: np.ndarray
    truth: np.ndarray
    active: np.ndarray | None = None


def prior_sections(seed: int, members: int, earths: int) -> Iterator[Section]:
    """Sections of a gradient times exp of a Gaussian field, 20 km long and 6 km deep."""
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


def refraction_sections(seed: int, members: int, earths: int) -> Iterator[Section]:
    """Sections with a refraction survey of 14 ocean-bottom stations and 70 shots each."""
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
        print(f"section {earth}: {shot.size} picks, chi-square per datum of the members "
              f"{found.chi_square.mean():.2f}", flush=True)  # fmt: skip
        velocity = np.stack([problem.velocity(w) for w in found.white])
        yield Section(
            grid.depth_km, grid.distance_km, grid.ground_depth_km, velocity,
            problem.velocity(white), grid.active,
        )  # fmt: skip


def trace(section: Section, velocity: np.ndarray, ratio: np.ndarray) -> EnsembleTimes:
    """Times of sections to the nodes on the sea floor; S is P times each section's Vp/Vs."""
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


def boundary_depth(section: Section, velocity: np.ndarray, distance: float) -> np.ndarray:
    """Depth at which P first exceeds the velocity of the boundary, in every section.

    The bottom of the section where it does not: a mean is made of these depths.
    """
    at = int(np.argmin(np.abs(section.distance_km - distance)))
    depth = find_boundary(velocity[..., at].T, section.depth_km, BOUNDARY_KM_S)
    return np.where(np.isnan(depth), section.depth_km[-1], depth)


COLUMNS = (
    "true_depth", "true_distance", "depth", "distance", "depth_deviation", "distance_deviation",
    "depth_025", "depth_160", "depth_840", "depth_975", "models", "boundary", "boundary_deviation",
    "true_boundary", "below",
)  # fmt: skip
NUMBER = {name: i for i, name in enumerate(COLUMNS)}


def experiment(
    members: int = 150, earths: int = 20, seed: int = 11, per_earth: int = 5, kind: str = "prior"
) -> dict[str, np.ndarray]:
    """Rows of ``COLUMNS`` for every event: located in the ensemble, and in its mean model."""
    make = refraction_sections if kind == "refraction" else prior_sections
    rows: dict[str, list[list[float]]] = {"ensemble": [], "mean model": []}
    random = np.random.default_rng([seed, 7])
    known = None
    for section in make(seed, members, earths):
        ratio = VP_VS * np.exp(VP_VS_SPREAD * random.standard_normal(members + 1))
        if kind == "refraction" or known is None:
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
        sigma = np.where(np.array(phase) == "P", SIGMA_S, 2 * SIGMA_S)
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
                start, cloud = find_start(used, picks, options, np.array([0.0, 50.0, 0.0]))
                posterior = locate_event(used, picks, options, start, cloud).posterior
                deviation = np.sqrt(np.diag(posterior.covariance))
                velocity = section.members
                if name == "mean model":
                    velocity = velocity.mean(axis=0, keepdims=True)
                at = boundary_depth(section, velocity, posterior.mean[1])
                middle = posterior.weights @ at
                rows[name].append(
                    [*truth[:2], *posterior.mean[:2], *deviation[:2],
                     *posterior.depth_quantiles(), posterior.effective_member_count,
                     middle, np.sqrt(posterior.weights @ (at - middle) ** 2), deep,
                     posterior.probability_below(at)]
                )  # fmt: skip
    return {name: np.array(r) for name, r in rows.items()}


def summarize(rows: np.ndarray, per_earth: int = 5) -> dict[str, float]:
    """Coverage of the ranges; rms over sections of the mean error of depth; rms error."""
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


def draw_figure(found: dict[str, np.ndarray], path: Path, per_earth: int) -> None:
    """Two sections: crosses of two standard deviations of hypocenters and of the boundary."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7.0, 5.4), layout="constrained")
    for axis, (name, rows) in zip(drawing.subplots(2, 1, sharex=True), found.items(), strict=True):
        some = rows[:: max(1, len(rows) // 25)]
        c = {key: some[:, i] for key, i in NUMBER.items()}
        axis.errorbar(c["distance"], c["boundary"], yerr=2 * c["boundary_deviation"], fmt="none",
                      ecolor="#5b7f95", elinewidth=0.8, alpha=0.8, label="boundary")  # fmt: skip
        axis.plot(c["true_distance"], c["true_boundary"], ".", ms=3, color="#5b7f95")
        axis.plot(
            np.stack([c["true_distance"], c["distance"]]),
            np.stack([c["true_depth"], c["depth"]]), color="#b23a26", lw=0.8,
        )  # fmt: skip
        axis.errorbar(
            c["distance"], c["depth"], xerr=2 * c["distance_deviation"],
            yerr=2 * c["depth_deviation"], fmt="none", ecolor="#22262b", elinewidth=0.8,
        )  # fmt: skip
        axis.plot(c["true_distance"], c["true_depth"], "o", ms=3, color="#b23a26")
        axis.plot(STATION_KM, np.full(STATION_KM.size, 1.5), "v", color="#6b6f75", ms=5)
        facts = summarize(rows, per_earth)
        axis.set_title(
            f"{name}: 95 % range covers {100 * facts['coverage_95']:.0f} %, rms error "
            f"{facts['error_km']:.2f} km", loc="left", fontsize=9,
        )  # fmt: skip
        axis.set_ylim(34, 0)
        axis.set_xlim(8, 95)
        axis.set_ylabel("Depth (km)")
    axis.set_xlabel("Distance along the section (km)")
    drawing.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer members and events")
    parser.add_argument("--ensemble", choices=("refraction", "prior"), default="refraction")
    parser.add_argument("--members", type=int, default=0, help="members per section")
    parser.add_argument("--sections", type=int, default=0)
    parser.add_argument("--figure", type=Path, help="write a figure here")
    arguments = parser.parse_args()
    watch = Stopwatch()
    kind = "prior" if arguments.quick else arguments.ensemble
    members = arguments.members or {"prior": 60 if arguments.quick else 200, "refraction": 40}[kind]
    sections = arguments.sections or {"prior": 8 if arguments.quick else 20, "refraction": 12}[kind]
    per_earth = 9 if kind == "refraction" else 5
    size = {"members": members, "earths": sections, "per_earth": per_earth, "kind": kind}
    found = experiment(**size)
    figures = []
    for name, rows in found.items():
        facts = summarize(rows, per_earth)
        print(name, {k: round(v, 3) for k, v in facts.items()}, flush=True)
        figures += [
            figure(f"{key}_{name.replace(' ', '_')}", value, "km" if key.endswith("km") else "1")
            for key, value in facts.items()
        ]
    if arguments.figure:
        draw_figure(found, arguments.figure, per_earth)
    print_result("offshore", figures, size, watch.seconds())


if __name__ == "__main__":
    main()
