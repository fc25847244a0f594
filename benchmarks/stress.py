"""Stress maps of a country: ABIC, posterior, bootstrap; growth; SATSI in the same run.

Mechanisms are simulated from a known smooth stress field along a bent arc of Japan's size: any
fault plane, slip along the shear traction with a scatter of 20 degrees, either nodal plane.

    python benchmarks/stress.py [--quick] [--satsi DIR]

DIR holds SATSI's C sources (``satsi_2D.c`` and its Makefile), as distributed with MSATSI.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.core import plane_angles
from quakeloom.stress import (
    Bootstrap,
    StressGrid,
    StressInversion,
    accumulate_statistics,
    axial_difference,
    describe_stress,
    fill_gaps,
    interpolate_field,
    invert_stress,
    mask_near,
    mechanism_statistics,
    stress_components,
    stress_tensors,
    summarize_posterior,
)

ARC = np.array([[130.5, 32.0], [134.0, 34.0], [137.0, 35.5], [140.0, 37.0], [141.0, 40.0],
                [142.5, 43.0]])  # fmt: skip
AXES_SPAN = {"latitude": (29.0, 46.0), "longitude": (127.0, 146.0)}


def true_tensors(longitude, latitude):
    """A smooth field: SHmax from 65 to 135 degrees, regimes from normal to thrust."""
    azimuth = np.radians(
        100 + 25 * np.sin(np.radians((latitude - 36) * 25))
        + 10 * np.cos(np.radians((longitude - 135) * 20))
    )  # fmt: skip
    tilt = np.sin(np.radians((longitude - 135) * 15)) * np.cos(np.radians(latitude - 36) * 12)
    ratio = 0.5 + 0.3 * np.sin(np.radians((longitude + latitude) * 18))
    zero, one = np.zeros_like(azimuth), np.ones_like(azimuth)
    s1 = np.stack([np.cos(azimuth), np.sin(azimuth), zero], axis=-1)
    across = np.stack([-np.sin(azimuth), np.cos(azimuth), zero], axis=-1)
    down = np.stack([zero, zero, one], axis=-1)
    turn = (0.25 * np.pi * (1 + tilt))[..., None]
    s2 = np.cos(turn) * down + np.sin(turn) * across
    s3 = np.cos(turn) * across - np.sin(turn) * down
    values = np.stack([-one, 1 - 2 * ratio, one], axis=-1)
    values -= values.mean(axis=-1, keepdims=True)
    return sum(
        values[..., k, None, None] * s[..., :, None] * s[..., None, :]
        for k, s in enumerate((s1, s2, s3))
    )


def simulate(count, rng, noise_deg=20.0):
    """Return longitude, latitude and one nodal plane of every mechanism."""
    place = rng.random(count) * (len(ARC) - 1)
    first = place.astype(int)
    part = (place - first)[:, None]
    at = ARC[first] * (1 - part) + ARC[first + 1] * part
    lon, lat = (at + rng.normal(size=(count, 2)) * [0.8, 0.6]).T
    return lon, lat, simulate_angles(true_tensors(lon, lat), rng, noise_deg)


def simulate_angles(tensors, rng, noise_deg):
    """Return strike, dip, rake of random planes that slip along the shear traction."""
    count = len(tensors)
    normal = rng.normal(size=(count, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal[normal[:, 2] > 0] *= -1
    traction = np.einsum("nij,nj->ni", tensors, normal)
    shear = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    slip = shear / np.linalg.norm(shear, axis=1)[:, None]
    turn = rng.vonmises(0.0, 1.0 / np.radians(noise_deg) ** 2, count)[:, None]
    slip = np.cos(turn) * slip + np.sin(turn) * np.cross(normal, slip)
    swap = rng.random(count) < 0.5
    both = plane_angles(normal, slip), plane_angles(slip, normal)
    return [np.where(swap, b, a) for a, b in zip(*both, strict=True)]


def map_grid(step, lon, lat, reach_km=10.0):
    """Return the grid of nodes near the mechanisms."""
    axes = {n: np.arange(a, b + step / 2, step) for n, (a, b) in AXES_SPAN.items()}
    return StressGrid(axes, mask_near(axes, np.stack([lon, lat], axis=1), reach_km))


def national_map(step, lon, lat, angles, replicates):
    """Return the times and errors of one map."""
    points = np.stack([lat, lon], axis=1)
    grid = map_grid(step, lon, lat)
    clock = Stopwatch()
    statistics = mechanism_statistics(*angles)
    sums = accumulate_statistics(grid, points, statistics)
    seconds_statistics = clock.seconds()
    clock = Stopwatch()
    inversion = StressInversion(grid, sums)
    scan = inversion.scan()
    seconds_abic = clock.seconds()
    field = inversion.solve(scan.best.alpha2, scan)
    spread = summarize_posterior(field.components, field.covariance, 1000, field.freedom)
    seconds = clock.seconds()
    truth = describe_stress(
        stress_components(true_tensors(grid.horizontal[:, 0], grid.horizontal[:, 1]))
    )
    off = axial_difference(truth.shmax_deg, describe_stress(field.components).shmax_deg)
    data = field.mechanism_count > 0
    clock = Stopwatch()
    Bootstrap(inversion, scan.best.alpha2, points, statistics).run(replicates)
    seconds_bootstrap = clock.seconds() * (2000 / replicates)
    low, high = spread.shmax_range_deg.T
    return {
        "nodes": grid.node_count,
        "unknowns": 5 * grid.node_count,
        "strengths": len(scan.points),
        "seconds_statistics": seconds_statistics,
        "seconds_abic": seconds_abic,
        "seconds_abic_posterior": seconds,
        "seconds_bootstrap_2000": seconds_bootstrap,
        "median_shmax_error_deg": float(np.median(np.abs(off[data]))),
        "largest_shmax_error_deg": float(np.max(np.abs(off[data]))),
        "median_shmax_std_deg": float(np.median(spread.shmax_std_deg[data])),
        "shmax_in_95_range": float(np.mean((off >= low) & (off <= high))),
    }


def grow_mechanisms(counts, rng):
    """Seconds of the statistics and of one map, by number of mechanisms."""
    rows = []
    for count in counts:
        lon, lat, angles = simulate(count, rng)
        grid = map_grid(0.4, *simulate(4000, np.random.default_rng(5))[:2])
        clock = Stopwatch()
        sums = accumulate_statistics(
            grid, np.stack([lat, lon], axis=1), mechanism_statistics(*angles)
        )
        first = clock.seconds()
        clock = Stopwatch()
        invert_stress(grid, sums)
        rows.append([count, round(first, 3), round(clock.seconds(), 3)])
    return rows


def grow_nodes(sizes, rng):
    """Seconds of one factorization with solution, and of the covariance, by nodes."""
    rows = []
    for size in sizes:
        side = int(np.sqrt(size))
        grid = StressGrid({"northing": np.arange(side), "easting": np.arange(side)})
        points = rng.uniform(0, side - 1, (20_000, 2))
        tensors = np.broadcast_to(np.diag([-1.0, 0.2, 0.8]), (20_000, 3, 3))
        sums = accumulate_statistics(
            grid, points, mechanism_statistics(*simulate_angles(tensors, rng, 20.0))
        )
        inversion = StressInversion(grid, sums)
        clock = Stopwatch()
        inversion.inversion.evaluate((5.0,))
        one = clock.seconds()
        clock = Stopwatch()
        inversion.solve((5.0,))
        rows.append([grid.node_count, round(one, 3), round(clock.seconds(), 3)])
    return rows


def compare_satsi(folder, rng, count=8000, side=20):
    """Time one inversion here and in SATSI's C on the same mechanisms; return the figures."""
    node = rng.integers(0, side, (count, 2))
    tensors = np.broadcast_to(np.diag([-1.0, 0.2, 0.8]), (count, 3, 3))
    strike, dip, rake = simulate_angles(tensors, rng, 20.0)
    rows = np.stack([node[:, 0], node[:, 1], np.round((strike + 90) % 360, 1),
                     np.round(dip, 1), np.round(rake, 1)], axis=1)  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        source = folder / "src" if (folder / "src").is_dir() else folder
        shutil.copytree(source, work / "c")
        flags = "CFLAGS=-O2 -std=gnu89 -fcommon -w"
        subprocess.run(["make", "satsi_2D", flags], cwd=work / "c", check=True,
                       capture_output=True)  # fmt: skip
        text = ["x y ddir dip rake"] + [f"{a:.0f} {b:.0f} {c} {d} {e}" for a, b, c, d, e in rows]
        (work / "in.sat").write_text("\n".join(text) + "\n")
        command = [str(work / "c" / "satsi_2D"), "in.sat", "out.txt", "2.0"]
        clock = Stopwatch()
        subprocess.run(command, cwd=work, check=True, capture_output=True)
        theirs = clock.seconds()
        lines = (work / "out.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("X Y See")) + 1
    reference = []
    for line in lines[start:]:
        if not line.strip():
            break
        reference.append([float(v) for v in line.split()])
    reference = np.array(reference)
    axes = {"northing": np.arange(side), "easting": np.arange(side)}
    mask = np.zeros((side, side), dtype=bool)
    mask[node[:, 1], node[:, 0]] = True

    def ours():
        grid = StressGrid(axes, fill_gaps(mask))
        statistics = mechanism_statistics(rows[:, 2] - 90, rows[:, 3], rows[:, 4], "given")
        sums = accumulate_statistics(grid, rows[:, [1, 0]], statistics, method="nearest")
        field = invert_stress(grid, sums, 16.0, basis="satsi", metric="index")
        return grid, field

    ours()
    clock = Stopwatch()
    grid, field = ours()
    mine = clock.seconds()
    at = interpolate_field(grid, field.components, reference[:, [1, 0]], "nearest")
    t = stress_tensors(at)
    same = np.stack(
        [t[:, 1, 1], t[:, 0, 1], -t[:, 1, 2], t[:, 0, 0], -t[:, 0, 2], t[:, 2, 2]], axis=1
    )
    worst = float(np.abs(same - reference[:, 2:]).max())
    return mine, theirs, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--satsi", type=Path, help="Folder of SATSI's C sources.")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    rng = np.random.default_rng(20260101)
    clock = Stopwatch()
    count = 20_000 if options.quick else 216_528
    steps = (0.4, 0.2) if options.quick else (0.2, 0.1)
    replicates = 32 if options.quick else 2000
    national_map(2.0, *_warm_up(rng), 2)
    lon, lat, angles = simulate(count, rng)
    maps = {step: national_map(step, lon, lat, angles, replicates) for step in steps}
    fine = maps[steps[-1]]
    figures = [
        figure("seconds_abic_posterior", fine["seconds_abic_posterior"], "s"),
        figure("seconds_bootstrap_2000", fine["seconds_bootstrap_2000"], "s"),
        figure("nodes", fine["nodes"], "1"),
        figure("mechanisms", count, "1"),
        figure("median_shmax_error_deg", fine["median_shmax_error_deg"], "deg"),
    ]
    if options.satsi:
        mine, theirs, worst = compare_satsi(options.satsi, rng)
        figures.append(figure("satsi_ratio", theirs / mine, "1"))
        figures.append(figure("seconds_satsi_case", mine, "s", "SATSI satsi_2D", theirs))
        figures.append(figure("satsi_largest_difference", worst, "1"))
    counts = (2000, 20_000) if options.quick else (2000, 20_000, 200_000, 2_000_000)
    sizes = (500, 5000) if options.quick else (500, 5000, 20_000, 100_000)
    settings = {
        "maps": {str(step): row for step, row in maps.items()},
        "growth_mechanisms": {"columns": ["mechanisms", "seconds_statistics", "seconds_map"],
                              "rows": grow_mechanisms(counts, rng)},
        "growth_nodes": {"columns": ["nodes", "seconds_evaluate", "seconds_solve"],
                         "rows": grow_nodes(sizes, rng)},
        "bootstrap_replicates_run": replicates,
        "quick": options.quick,
    }  # fmt: skip
    print_result("stress", figures, settings, clock.seconds())


def _warm_up(rng):
    """A few mechanisms, so that compilation does not enter the times."""
    return simulate(500, rng)


if __name__ == "__main__":
    main()
