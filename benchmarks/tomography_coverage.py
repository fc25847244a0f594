"""Does the ensemble know what it knows? Refraction lines with known truths, not one but many.

For every truth drawn from the prior: chi-square per datum of the members, how often their 95 %
range holds the true velocity where rays pass, and their standard deviation over the prior's
where no ray goes. Nodes are correlated, so even exact posterior draws miss a few percent more or
less of one truth; how much is computed beside it from the posterior that the line would have if
it were linear, and given as `expected`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _harness import figure
from quakeloom.config import Tomography, parse_settings
from quakeloom.inference import (
    assess_ensemble,
    central_range,
    coverage_spread,
    with_one_blas_thread,
)
from quakeloom.stages.tomography.prior import choose_line_prior, line_problem
from quakeloom.tomography import (
    LineSurvey,
    SamplerOptions,
    SyntheticLine,
    long_line,
    prepare_posterior,
    sample_ensemble,
    synthetic_line,
)

PRIOR_KM_S = 0.4
COVERED_KM = 1e-3
LOWEST, HIGHEST = 0.85, 0.99
SEED = 21
UNITS = {"processor_seconds": "s"}
COLUMNS = (
    "chi_square",
    "coverage",
    "covered_spread",
    "deep_spread",
    "effective_sample_size",
    "expected_in_range",
    "processor_seconds",
)
BELOW_KM = np.arange(0.0, 5.1, 0.5)


def short_line(seed: int, truth: int) -> SyntheticLine:
    return synthetic_line(seed, truth, LineSurvey(6, 24))


def open_settings() -> Tomography:
    """Return settings that leave the prior to the picks."""
    line = {"picks": {"path": "none"}, "section": {"water_surface_km": 0.0}}
    found = parse_settings({"name": "line", "tomography": line}, "here").tomography
    assert found is not None
    return found


def spread_below_rays(
    spread: NDArray[np.float64], seen: NDArray[np.bool_], depth_km: NDArray[np.float64]
) -> list[float | None]:
    """Average the standard deviation by the distance below the deepest ray of every column."""
    columns = seen.any(axis=0)
    deepest = np.where(seen, depth_km[:, None], -np.inf).max(axis=0)
    below = depth_km[:, None] - deepest[None, :]
    means = []
    for low, high in pairwise(BELOW_KM):
        there = (below > low) & (below <= high) & columns
        means.append(float(spread[there].mean()) if there.sum() > 20 else None)
    return means


@with_one_blas_thread
def measure(
    line: SyntheticLine, sampler: str, truth: int, members: int, steps: int, prior: str
) -> dict[str, Any]:
    """Sample one line and hold the ensemble against its truth."""
    problem = line.problem
    if prior == "chosen":
        settings = open_settings()
        chosen = choose_line_prior(settings, problem.grid, problem.picks)
        problem = line_problem(settings, problem.grid, problem.picks, chosen)
    options = SamplerOptions(correction_steps=steps)
    prepared = prepare_posterior(problem, options)
    found = sample_ensemble(sampler, problem, truth, np.arange(members), options, prepared)
    v = np.stack([problem.velocity(w) for w in found.white])
    coverage = problem.ray_coverage(prepared.center.white)
    seen = (coverage > COVERED_KM) & problem.grid.below_ground
    low, high = central_range(v)
    inside = ((line.velocity >= low) & (line.velocity <= high))[seen].mean()
    spread = v.std(axis=0, ddof=1) / PRIOR_KM_S
    deep = (coverage == 0) & (problem.grid.depth_km[:, None] > 10.5)
    a = prepared.center.jacobian / problem.sigma[:, None]
    root = np.linalg.cholesky(np.linalg.inv(np.eye(problem.size) + a.T @ a))
    at_nodes = (problem._interpolation @ problem.modes)[seen.ravel()]
    expected = coverage_spread(at_nodes @ root, members, 200, truth)
    return {
        "picks": int(problem.data.size),
        "chi_square": float(found.chi_square.mean()),
        "coverage": float(inside),
        "covered_spread": float(spread[seen].mean()),
        "deep_spread": float(spread[deep].mean()),
        "spread_below_rays": spread_below_rays(spread, seen, problem.grid.depth_km),
        "effective_sample_size": assess_ensemble(
            found.white, found.score, prepared.subspace
        ).effective_sample_size,
        "expected": expected,
        "expected_in_range": float(np.mean((expected >= LOWEST) & (expected <= HIGHEST))),
    }


def measure_or_read(
    folder: Path | None, make: Callable[[int, int], SyntheticLine], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what was measured with the same settings before, or measure it now and keep it."""
    sampler, truth = settings["sampler"], settings["truth"]
    members, steps = settings["members"], settings["correction_steps"]
    prior = settings["prior"]
    path = folder / f"truth-{truth:03d}.json" if folder else None
    if path and path.is_file():
        kept = json.loads(path.read_text())
        if kept["settings"] == settings:
            return kept["row"] | {"expected": np.array(kept["row"]["expected"])}
    started = time.process_time()
    row = measure(make(SEED, truth), sampler, truth, members, steps, prior)
    row["processor_seconds"] = time.process_time() - started
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"settings": settings, "row": row | {"expected": row["expected"].tolist()}}
        path.write_text(json.dumps(kept) + "\n")
    return row


def draw_figure(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw coverage per truth over what exact draws would have, chi-square, and the spread."""
    from quakeloom.plots import PAGE_WIDTH_IN, QUALITY_COLORS, figure_to_png, new_figure

    sheet = new_figure(PAGE_WIDTH_IN, 2.6)
    left, middle, right = sheet.subplots(1, 3, width_ratios=(2, 1, 1))
    expected = np.concatenate([r["expected"] for r in rows])
    low, usual, high = np.quantile(expected, (0.05, 0.5, 0.95))
    truths = np.arange(1, len(rows) + 1)
    left.axhspan(low, high, color=QUALITY_COLORS["D"], alpha=0.5, linewidth=0)
    left.axhline(usual, color=QUALITY_COLORS["D"])
    for value in (LOWEST, HIGHEST):
        left.axhline(value, color="#22262b", linewidth=0.7, linestyle=":")
    left.plot(truths, [r["coverage"] for r in rows], "o", color=QUALITY_COLORS["A"], markersize=4)
    left.set_xlabel("Truth")
    left.set_ylabel("Coverage of the 95 % range")
    left.set_ylim(0.78, 1.005)
    middle.hist([r["chi_square"] for r in rows], np.arange(0.78, 1.23, 0.04), color="#5b7f95")
    middle.set_xlabel("Chi-square per datum")
    middle.set_ylabel("Truths")
    middle.yaxis.get_major_locator().set_params(integer=True)
    below = np.array([r["spread_below_rays"] for r in rows], dtype=float)
    km = 0.5 * (BELOW_KM[1:] + BELOW_KM[:-1])
    right.plot(km, below.T, color=QUALITY_COLORS["D"], linewidth=0.6)
    right.plot(km, np.nanmean(below, axis=0), "o-", color=QUALITY_COLORS["A"], markersize=3)
    right.axhline(1.0, color="#22262b", linewidth=0.7, linestyle=":")
    right.set_ylim(0, 1.35)
    right.set_xlabel("km below rays")
    right.set_ylabel("Spread / prior's")
    path.write_bytes(figure_to_png(sheet, 110))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two truths of the short line")
    parser.add_argument("--truths", type=int, default=20)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--sampler", default="rml")
    parser.add_argument("--correction-steps", type=int, default=0)
    parser.add_argument("--prior", choices=("true", "chosen"), default="true")
    parser.add_argument("--line", choices=("short", "long"), default="long")
    parser.add_argument("--workers", type=int, default=1, help="truths at a time")
    parser.add_argument("--folder", type=Path, help="keep truths here and go on from there")
    parser.add_argument("--figure", type=Path, help="write a PNG")
    arguments = parser.parse_args()
    kind = "short" if arguments.quick else arguments.line
    truths = 2 if arguments.quick else arguments.truths
    members = 39 if arguments.quick else arguments.members
    make = short_line if kind == "short" else long_line
    begin = time.perf_counter()
    rows: list[dict[str, Any]] = []
    asked = [
        {
            "line": kind,
            "seed": SEED,
            "truth": truth,
            "sampler": arguments.sampler,
            "members": members,
            "correction_steps": arguments.correction_steps,
            "prior": arguments.prior,
        }
        for truth in range(truths)
    ]
    one_by_one = partial(measure_or_read, arguments.folder, make)
    pool = ProcessPoolExecutor(arguments.workers) if arguments.workers > 1 else None
    for truth, row in enumerate((pool.map if pool else map)(one_by_one, asked)):
        rows.append(row)
        print(
            f"truth {truth:2d}: {row['picks']} picks, chi-square {row['chi_square']:.3f}, coverage "
            f"{row['coverage']:.3f} (expected {row['expected'].mean():.3f} +- "
            f"{row['expected'].std():.3f}), deep spread {row['deep_spread']:.3f}, effective "
            f"{row['effective_sample_size']:.1f}, {row['processor_seconds']:.0f} s",
            flush=True,
        )
    figures = []
    for name in COLUMNS:
        values = np.array([r[name] for r in rows])
        figures += [
            figure(f"{name}_mean", values.mean(), UNITS.get(name, "1")),
            figure(f"{name}_lowest", values.min(), UNITS.get(name, "1")),
            figure(f"{name}_highest", values.max(), UNITS.get(name, "1")),
        ]
    below = np.array([r["spread_below_rays"] for r in rows], dtype=float)
    for km, value in zip(BELOW_KM[1:], np.nanmean(below, axis=0), strict=True):
        figures.append(figure(f"spread_to_{km:g}_km_below_rays", float(value), "1"))
    coverage = np.array([r["coverage"] for r in rows])
    chi = np.array([r["chi_square"] for r in rows])
    figures += [
        figure("truths_in_range", float(((coverage >= LOWEST) & (coverage <= HIGHEST)).sum()), "1"),
        figure("truths_in_range_expected", sum(r["expected_in_range"] for r in rows), "1"),
        figure("coverage_scatter", coverage.std(), "1"),
        figure("coverage_scatter_expected", np.mean([r["expected"].std() for r in rows]), "1"),
        figure("truths_with_chi_square_in_range", float(((chi >= 0.8) & (chi <= 1.2)).sum()), "1"),
    ]
    if arguments.figure:
        draw_figure(rows, arguments.figure)
    print(
        json.dumps(
            {
                "benchmark": "tomography_coverage",
                "figures": figures,
                "settings": {
                    "truths": truths,
                    "members": members,
                    "sampler": arguments.sampler,
                    "correction_steps": arguments.correction_steps,
                    "prior": arguments.prior,
                    "line": kind,
                },
                "seconds": time.perf_counter() - begin,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
