"""Do the 95 % ranges of a stress map hold the truth as often as they say?

Fields are drawn from the prior of the map, mechanisms from the fields: any fault plane, slip
along the shear traction with a scatter of 20 degrees, either nodal plane. The share of nodes
whose truth lies in the ranges of SHmax, shape ratio and A_phi should be 90 to 98 %. In a second
set no mechanism stands in the east: what is stated there should be what the prior leaves open.

    python benchmarks/stress_coverage.py [--quick] [--figure FILE.png]
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from _harness import Stopwatch, figure, print_result
from quakeloom.core import plane_angles
from quakeloom.plots import figure_to_png, plot_stress_coverage
from quakeloom.stress import (
    StressGrid,
    accumulate_statistics,
    axial_difference,
    describe_stress,
    interpolate_field,
    invert_stress,
    mechanism_statistics,
    stress_tensors,
    summarize_posterior,
)

SIDE = 7
STEP = 0.25
"""Standard deviation of the components between neighbors, relative to the size of the stress."""

QUANTITIES = ("shmax", "shape_ratio", "a_phi")
SILENT_EAST = 3.0


def simulate_angles(tensors, rng, noise_deg=20.0):
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


def look(grid, root, rng, per_node, reach, seed):
    """Return per node whether each truth is inside its range, the error, and the stated std."""
    mean = rng.normal(size=5)
    m = mean / np.linalg.norm(mean) + root @ rng.normal(size=(root.shape[1], 5))
    count = round(per_node * SIDE * (reach + 1))
    points = np.stack([rng.uniform(0, SIDE - 1, count), rng.uniform(0, reach, count)], axis=1)
    tensors = stress_tensors(interpolate_field(grid, m, points))
    sums = accumulate_statistics(grid, points, mechanism_statistics(*simulate_angles(tensors, rng)))
    field = invert_stress(grid, sums)
    u = summarize_posterior(field.components, field.covariance, 400, field.freedom, seed)
    best, truth = describe_stress(field.components), describe_stress(m)
    off = axial_difference(truth.shmax_deg, best.shmax_deg)
    inside = [
        (value >= span[:, 0]) & (value <= span[:, 1])
        for value, span in (
            (off, u.shmax_range_deg),
            (truth.shape_ratio, u.shape_ratio_range),
            (truth.a_phi, u.a_phi_range),
        )
    ]
    return np.array(inside), off, u.shmax_std_deg


def cover(fields, per_node, reach=SIDE - 1.0):
    """Return inside (fields, 3, nodes), errors and standard deviations (fields, nodes)."""
    grid = StressGrid({"northing": np.arange(float(SIDE)), "easting": np.arange(float(SIDE))})
    values, vectors = np.linalg.eigh(grid.smoothness()[0].toarray())
    root = vectors[:, 1:] * (STEP / np.sqrt(values[1:]))
    found = [
        look(grid, root, np.random.default_rng([0, trial]), per_node, reach, trial)
        for trial in range(fields)
    ]
    return [np.array(v) for v in zip(*found, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 fields instead of 200.")
    parser.add_argument("--figure", type=Path, help="Write the figure of the documentation here.")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    clock = Stopwatch()
    fields = 20 if options.quick else 200
    densities = (5, 40) if options.quick else (3, 5, 10, 20, 40, 80)
    shares = {}
    for density in densities:
        inside = cover(fields, density)[0]
        shares[density] = inside.mean(axis=(0, 2))
    inside, off, std = cover(fields, 40, SILENT_EAST)
    east = np.tile(np.arange(SIDE), SIDE)
    distances = np.maximum(np.arange(SIDE) - SILENT_EAST, 0.0)
    columns = range(SIDE)
    stated = np.array([np.sqrt(np.mean(std[:, east == c] ** 2)) for c in columns])
    actual = np.array([np.sqrt(np.mean(off[:, east == c] ** 2)) for c in columns])
    silent = inside[:, :, east > SILENT_EAST].mean(axis=(0, 2))
    figures = [
        figure(f"coverage_95_{name}", float(share), "1")
        for name, share in zip(QUANTITIES, shares[40], strict=True)
    ]
    figures += [
        figure(f"coverage_95_{name}_without_data", float(share), "1")
        for name, share in zip(QUANTITIES, silent, strict=True)
    ]
    if options.figure:
        drawn = plot_stress_coverage(
            list(shares), np.array(list(shares.values())),
            ("SHmax", "Shape ratio", "A$_\\phi$"), distances, stated, actual,
        )  # fmt: skip
        options.figure.write_bytes(figure_to_png(drawn, 120.0))
    settings = {
        "fields": fields,
        "nodes": SIDE * SIDE,
        "mechanisms_per_node": {str(k): [round(float(v), 4) for v in s] for k, s in shares.items()},
        "silent": {
            "steps_from_data": [float(v) for v in distances],
            "stated_shmax_std_deg": [round(float(v), 2) for v in stated],
            "actual_shmax_error_deg": [round(float(v), 2) for v in actual],
        },
        "quick": options.quick,
    }
    print_result("stress_coverage", figures, settings, clock.seconds())


if __name__ == "__main__":
    main()
