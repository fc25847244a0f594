"""Off-shore earthquakes beside a network, located in one model and in an ensemble of sections.

Stations on the sea floor lie on one side of the events, as cabled networks do. The velocity below
the line is a random field; what a refraction survey leaves open is an ensemble of such fields.
Every group of five events happens in a section of its own, drawn like the members but none of
them, so that ranges which are honest cover the truth as often as they say. Figures: how often the
ranges of 68 and 95 % of depth cover it, bias and error, for the ensemble and for its mean model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.location import (
    EventPicks,
    LocationOptions,
    find_start,
    grid_times,
    locate_event,
    make_ensemble,
)
from quakeloom.location._interpolation import member_times
from quakeloom.travel import solve_eikonal

SPACING_KM = 1.25
DEPTH = np.arange(0.0, 40.1, SPACING_KM)
DISTANCE = np.arange(0.0, 110.1, SPACING_KM)
STATION_KM = np.linspace(12.0, 48.0, 9)
SEA_FLOOR_KM = 1.25
VP_VS = 1.75
SIGMA_S = 0.1
SPREAD = 0.05
PER_EARTH = 5


def draw_velocity(random: np.random.Generator, count: int) -> np.ndarray:
    """Velocities: a gradient times exp of a Gaussian field, 20 km long and 6 km deep."""
    z, x = DEPTH[:, None], DISTANCE[:, None]
    vertical = np.linalg.cholesky(np.exp(-((z - z.T) ** 2) / (2 * 6.0**2)) + 1e-6 * np.eye(z.size))
    along = np.linalg.cholesky(np.exp(-((x - x.T) ** 2) / (2 * 20.0**2)) + 1e-6 * np.eye(x.size))
    noise = random.standard_normal((count, z.size, x.size))
    field = np.einsum("ab,kbc,dc->kad", vertical, noise, along)
    reference = np.minimum(3.5 + 0.16 * DEPTH, 8.0)[:, None]
    return reference * np.exp(SPREAD * field)


def trace(velocity: np.ndarray) -> np.ndarray:
    """P times from every node to every station, shape (stations, depths, distances, members)."""
    times = [
        [
            solve_eikonal(
                np.ascontiguousarray(v), (SPACING_KM, SPACING_KM), (SEA_FLOOR_KM, s), (0.0, 0.0)
            ).times_s
            for v in velocity
        ]
        for s in STATION_KM
    ]
    return np.moveaxis(np.array(times), 1, -1)


def make_times(p_times: np.ndarray):
    """An ensemble of sections from P times; S is P times Vp/Vs."""
    both = np.stack([p_times, p_times * VP_VS])[:, :, :, :, None, :]
    names = [f"m{k}" for k in range(p_times.shape[-1])]
    return grid_times(names, [f"O{i}" for i in range(STATION_KM.size)], both, DEPTH, DISTANCE)


def experiment(members: int = 150, earths: int = 20, seed: int = 11):
    """Rows of truth, mean, standard deviation and four quantiles of depth: ensemble and mean."""
    random = np.random.default_rng(seed)
    times = make_times(trace(draw_velocity(random, members)))
    ensemble = make_ensemble(times)
    single = make_ensemble(times.mean())
    options = LocationOptions(
        minimum_depth_km=SEA_FLOOR_KM, maximum_depth_km=DEPTH[-1], radius_km=54.0
    )
    truth_times = make_times(trace(draw_velocity(random, earths)))
    station = np.column_stack(
        [np.full(STATION_KM.size, SEA_FLOOR_KM), STATION_KM, np.zeros(STATION_KM.size)]
    ).repeat(2, axis=0)
    phase = ["P", "S"] * STATION_KM.size
    names = [n for n in times.stations for _ in range(2)]
    group, level = times.receivers(phase, station[:, 0], names)
    sigma = np.where(np.array(phase) == "P", SIGMA_S, 2 * SIGMA_S)
    rows = {"ensemble": [], "mean model": []}
    for earth in range(earths):
        for _ in range(PER_EARTH):
            truth = np.array([random.uniform(8, 24), random.uniform(55, 80), 0.0])
            observed = np.empty((1, sigma.size))
            member_times(truth_times.arrays, truth[None], np.array([earth]), station, group, level,
                         observed)  # fmt: skip
            observed = observed[0] + sigma * random.standard_normal(sigma.size)
            picks = EventPicks(station, group, level, observed, sigma**2)
            for name, used in (("ensemble", ensemble), ("mean model", single)):
                start, cloud = find_start(used, picks, options, np.array([0.0, 55.0, 0.0]))
                posterior = locate_event(used, picks, options, start, cloud).posterior
                deviation = np.sqrt(np.diag(posterior.covariance))
                rows[name].append(
                    [*truth[:2], *posterior.mean[:2], *deviation[:2],
                     *posterior.depth_quantiles(), posterior.effective_member_count]
                )  # fmt: skip
    return {name: np.array(r) for name, r in rows.items()}


def summarize(rows: np.ndarray) -> dict[str, float]:
    """Coverage of the ranges; rms over sections of the mean error of depth; rms error."""
    truth, error = rows[:, 0], rows[:, 2] - rows[:, 0]
    per_section = error.reshape(-1, PER_EARTH).mean(axis=1)
    return {
        "coverage_68": float(np.mean((rows[:, 7] <= truth) & (truth <= rows[:, 8]))),
        "coverage_95": float(np.mean((rows[:, 6] <= truth) & (truth <= rows[:, 9]))),
        "bias_km": float(np.sqrt(np.mean(per_section**2))),
        "error_km": float(np.sqrt(np.mean(error**2))),
        "deviation_km": float(np.mean(rows[:, 4])),
        "effective_models": float(np.median(rows[:, 10])),
    }


def draw_figure(found: dict[str, np.ndarray], path: Path) -> None:
    """Two sections: crosses of two standard deviations, lines to the true hypocenters."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7.0, 4.6), layout="constrained")
    for axis, (name, rows) in zip(drawing.subplots(2, 1, sharex=True), found.items(), strict=True):
        some = rows[::4]
        axis.plot(some[:, [1, 3]].T, some[:, [0, 2]].T, color="#b23a26", lw=0.8)
        axis.errorbar(some[:, 3], some[:, 2], xerr=2 * some[:, 5], yerr=2 * some[:, 4], fmt="none",
                      ecolor="#22262b", elinewidth=0.8)  # fmt: skip
        axis.plot(some[:, 1], some[:, 0], "o", ms=3, color="#b23a26")
        axis.plot(STATION_KM, np.full(STATION_KM.size, SEA_FLOOR_KM), "v", color="#6b6f75", ms=5)
        facts = summarize(rows)
        axis.set_title(
            f"{name}: 95 % range covers {100 * facts['coverage_95']:.0f} %, rms error "
            f"{facts['error_km']:.2f} km", loc="left", fontsize=9,
        )  # fmt: skip
        axis.set_ylim(36, 0)
        axis.set_xlim(8, 95)
        axis.set_ylabel("Depth (km)")
    axis.set_xlabel("Distance along the section (km)")
    drawing.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer members and events")
    parser.add_argument("--figure", type=Path, help="write a figure here")
    arguments = parser.parse_args()
    watch = Stopwatch()
    size = {"members": 60, "earths": 8} if arguments.quick else {"members": 200, "earths": 20}
    found = experiment(**size)
    figures = []
    for name, rows in found.items():
        facts = summarize(rows)
        print(name, {k: round(v, 3) for k, v in facts.items()}, flush=True)
        figures += [
            figure(f"{key}_{name.replace(' ', '_')}", value, "km" if key.endswith("km") else "1")
            for key, value in facts.items()
        ]
    if arguments.figure:
        draw_figure(found, arguments.figure)
    print_result("offshore", figures, size, watch.seconds())


if __name__ == "__main__":
    main()
