"""Error and speed of the eikonal solver against peers, all in one run.

The model is v = 4 + 0.08 z km/s on 500 x 200 nodes (50 x 20 km) and 101^3 nodes (50 km), the
source at a corner; errors are means of |T - exact| / exact over all nodes. Seconds are processor
time of one thread, so that other programs on the machine count little. Other places of the source
in three dimensions are timed for quakeloom alone: where rays turn, sweeps from more sides are
needed, and most where the source lies between nodes. Peers are used where they are installed
(eikonalfm, fteikpy, scikit-fmm); fteikpy takes the velocity at cells.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from quakeloom.travel import solve_eikonal

V0, GRADIENT = 4.0, 0.08


def exact_times(source: tuple[float, ...], axes: list[np.ndarray]) -> np.ndarray:
    square = sum((a - s) ** 2 for a, s in zip(axes, source, strict=True))
    v = (V0 + GRADIENT * source[0]) * (V0 + GRADIENT * axes[0])
    return np.arccosh(1 + GRADIENT**2 * square / (2 * v)) / GRADIENT


def best_of(solve: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least of several processor times, after one call that may compile."""
    result = solve()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = solve()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def solvers(velocity: np.ndarray, h: float, source: tuple[float, ...]) -> dict[str, Any]:
    """Every solver at hand, as functions that return times at the nodes."""
    axes = np.meshgrid(*[np.arange(n) * h for n in velocity.shape], indexing="ij")
    distance = np.sqrt(sum((a - s) ** 2 for a, s in zip(axes, source, strict=True)))
    nodes = tuple(round(s / h) for s in source)
    found: dict[str, Any] = {
        "quakeloom": lambda: solve_eikonal(velocity, h, source).times_s,
        "quakeloom_first_order": lambda: solve_eikonal(velocity, h, source, order=1).times_s,
    }
    for name in ("eikonalfm", "fteikpy", "skfmm"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if name == "eikonalfm":
            spacing = (h,) * velocity.ndim
            found[name] = lambda m=module, spacing=spacing: (
                distance * m.factored_fast_marching(velocity, nodes, spacing, 2)
            )
        elif name == "fteikpy":
            cells = tuple(slice(0, n - 1) for n in velocity.shape)
            middle = V0 + GRADIENT * (axes[0][cells] + 0.5 * h)
            kind = module.Eikonal2D if velocity.ndim == 2 else module.Eikonal3D
            solver = kind(middle, gridsize=(h,) * velocity.ndim)
            found[name] = lambda s=solver: s.solve(source, nsweep=2).grid
        else:
            phi = distance - 1.5 * h
            found[name] = lambda m=module, p=phi: m.travel_time(p, velocity, dx=h)
    return found


OTHER_SOURCES = {
    "center": (25.0, 25.0, 25.0),
    "surface": (0.0, 25.0, 25.0),
    "bottom_corner": (50.0, 50.0, 50.0),
    "between_nodes": (12.3, 7.1, 40.2),
}


def time_other_sources(repeats: int) -> list[dict[str, Any]]:
    """Time three-dimensional solutions for other places of the source."""
    z = np.arange(101) * 0.5
    velocity = np.ascontiguousarray(
        np.broadcast_to((V0 + GRADIENT * z)[:, None, None], (101, 101, 101))
    )
    axes = np.meshgrid(z, z, z, indexing="ij")
    rows = []
    for name, source in OTHER_SOURCES.items():
        seconds, times = best_of(
            lambda s=source: solve_eikonal(velocity, 0.5, s).times_s, min(repeats, 3)
        )
        truth = exact_times(source, axes)
        error = float(np.mean(np.abs(times - truth)[truth > 0] / truth[truth > 0]))
        print(f"3d source {name:14s} {seconds * 1e3:9.2f} ms  mean relative error {error:.2e}")
        for figure, value, unit in (("seconds", seconds, "s"), ("relative_error", error, "1")):
            rows.append(
                {
                    "name": f"{figure}_3d_{name}",
                    "value": value,
                    "unit": unit,
                    "peer": None,
                    "peer_value": None,
                    "ratio": None,
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repeats = 2 if parser.parse_args().quick else 9
    begin = time.perf_counter()
    figures: list[dict[str, Any]] = []
    for label, shape, h in (("2d", (200, 500), 0.1), ("3d", (101, 101, 101), 0.5)):
        axes = np.meshgrid(*[np.arange(n) * h for n in shape], indexing="ij")
        velocity = V0 + GRADIENT * axes[0]
        source = (0.0,) * len(shape)
        truth = exact_times(source, axes)
        there = truth > 0
        measured = {}
        for name, solve in solvers(velocity, h, source).items():
            seconds, times = best_of(solve, repeats if label == "2d" else min(repeats, 3))
            error = np.mean(np.abs(np.asarray(times) - truth)[there] / truth[there])
            measured[name] = seconds, float(error)
            print(f"{label} {name:22s} {seconds * 1e3:9.2f} ms  mean relative error {error:.2e}")
        measured.pop("quakeloom_first_order")
        ours = measured.pop("quakeloom")
        peers: dict[str, tuple[float, float]] = measured or {"": (0.0, 0.0)}
        for peer, theirs in peers.items():
            for k, (figure, unit) in enumerate((("seconds", "s"), ("relative_error", "1"))):
                figures.append(
                    {
                        "name": f"{figure}_{label}",
                        "value": ours[k],
                        "unit": unit,
                        "peer": peer or None,
                        "peer_value": theirs[k] if peer else None,
                        "ratio": ours[k] / theirs[k] if peer else None,
                    }
                )
    figures += time_other_sources(repeats)
    print(
        json.dumps(
            {
                "benchmark": "eikonal",
                "figures": figures,
                "settings": {"order": 2, "velocity": "4 + 0.08 z", "repeats": repeats},
                "seconds": time.perf_counter() - begin,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
