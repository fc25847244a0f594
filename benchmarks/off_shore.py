"""The earthquake at a synthetic trench, many times: what ranges hold, with and without an ensemble.

Every realization has a true section, refraction line, ensemble and earthquake of its own
(`quakeloom.stages.papers.trench`, `quakeloom paper off-shore`). The truth's travel times, of the
line and of the earthquake in three dimensions, are those of fteikpy, which shares no code with the
estimator. A realization is a line of the file that `--kept` names, so that a run goes on where it
was stopped: 200 take an hour or more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.stages.papers.trench import BOUNDARIES, locate_trench

SHARE = 2
"""Nodes of the truth's solver per node of the estimator in depth; horizontally one."""


def fteik_times(grid, velocity, station, places):
    """Return times from a station (depth, along, across) to places, by fteikpy."""
    import fteikpy

    dz, dx = grid.spacing_km
    z = np.arange(grid.depth_km[0], grid.depth_km[-1] + 1e-9, dz / SHARE)
    rows = np.array([np.interp(z, grid.depth_km, c) for c in velocity.T]).T
    if np.ptp(places[:, 2]) == 0 and places[0, 2] == station[2]:
        x = np.arange(grid.distance_km[0], grid.distance_km[-1] + 1e-9, dx / 4)
        fine = np.array([np.interp(x, grid.distance_km, r) for r in rows])
        cells = cell_means(fine)
        solver = fteikpy.Eikonal2D(cells, gridsize=(dz / SHARE, dx / 4), origin=(z[0], x[0]))
        return np.asarray(solver.solve(station[:2], nsweep=3)(places[:, :2]))
    y = np.arange(-16.0, 16.1, dx)
    cells = np.repeat(cell_means(velocity)[:, :, None], y.size - 1, axis=2)
    origin = (grid.depth_km[0], grid.distance_km[0], y[0])
    solver = fteikpy.Eikonal3D(cells, gridsize=(dz, dx, dx), origin=origin)
    return np.asarray(solver.solve(station, nsweep=3)(places))


def cell_means(values):
    """Return the means of the four corners of every cell."""
    return 0.25 * (values[1:, 1:] + values[:-1, 1:] + values[1:, :-1] + values[:-1, :-1])


def read_kept(path):
    """Return the realizations that are done, by number."""
    if path is None or not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines() if line]
    return {line["realization"]: line for line in lines}


def summarize(lines, name):
    """Return coverage, bias and probabilities of one kind of answer, with standard errors."""
    rows = [line[name] for line in lines]
    c = {key: np.array([r[key] for r in rows]) for key in rows[0]}
    held = (c["depth_low"] <= c["true_depth"]) & (c["true_depth"] <= c["depth_high"])
    off = c["depth"] - c["true_depth"]
    n = len(rows)
    share = held.mean()
    found = {
        "depth_95_held": (share, np.sqrt(share * (1 - share) / n)),
        "depth_bias_km": (off.mean(), off.std() / np.sqrt(n)),
        "depth_error_km": (np.sqrt(np.mean(off**2)), 0.0),
        "depth_deviation_km": (c["depth_deviation"].mean(), 0.0),
        "effective_models": (np.median(c["models"]), 0.0),
    }
    for axis in ("along", "across"):
        inside = np.abs(c[axis] - c[f"true_{axis}"]) <= 2 * c[f"{axis}_deviation"]
        found[f"{axis}_two_deviations_held"] = (
            inside.mean(), np.sqrt(inside.mean() * (1 - inside.mean()) / n)
        )  # fmt: skip
    for key in BOUNDARIES:
        word = key.replace(" ", "_")
        found[f"probability_on_{word}"] = (c[f"on {key}"].mean(), c[f"on {key}"].std() / n**0.5)
        if name == "ensemble":
            inside = np.abs(c[key] - c[f"true {key}"]) <= 2 * c[f"{key} deviation"]
            found[f"{word}_two_deviations_held"] = (
                inside.mean(), np.sqrt(inside.mean() * (1 - inside.mean()) / n)
            )  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two realizations, few members")
    parser.add_argument("--realizations", type=int, default=200)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--kept", type=Path, help="file of finished realizations, gone on with")
    arguments = parser.parse_args()
    watch = Stopwatch()
    count = 2 if arguments.quick else arguments.realizations
    members = 12 if arguments.quick else arguments.members
    done = read_kept(arguments.kept)
    for number in range(count):
        if number in done:
            continue
        trench, rows = locate_trench(18, number + 1, members, fteik_times)
        done[number] = {"realization": number, "chi_square": trench.chi_square, **rows}
        if arguments.kept is not None:
            with arguments.kept.open("a") as file:
                file.write(json.dumps(done[number]) + "\n")
        print(number, f"chi-square {trench.chi_square:.2f}", flush=True)
    lines = [done[k] for k in sorted(done) if k < count]
    fit = float(np.mean([line["chi_square"] for line in lines]))
    figures = [figure("realizations", len(lines), "1"), figure("chi_square", fit, "1")]
    for name in ("ensemble", "one model"):
        for key, (value, error) in summarize(lines, name).items():
            print(f"{name}: {key} {value:.3f} ± {error:.3f}")
            unit = "km" if key.endswith("km") else "1"
            figures.append(figure(f"{key}_{name.replace(' ', '_')}", float(value), unit))
    size = {"realizations": len(lines), "members": members}
    print_result("off_shore", figures, size, watch.seconds())


if __name__ == "__main__":
    main()
