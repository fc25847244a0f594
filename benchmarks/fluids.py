"""Speed of the selection of rock and fluid, and of fields with evidence, beside the obvious ways.

Seconds are CPU seconds of one core. The obvious way to the evidence of a candidate sums over all
porosities, pore shapes and path shapes at once with NumPy; that to a field's evidence factors
the dense covariance.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import time
from pathlib import Path

import numpy as np

from quakeloom.fluids import (
    PoreGrid,
    VoxelData,
    WaterTable,
    aqueous_fluid,
    make_candidates,
    read_lithologies,
    select_candidates,
    silicate_melt,
    simulate_voxels,
    tabulate_candidates,
)
from quakeloom.inference import fit_grid_field, posterior_deviation, posterior_mean

RESOURCES = Path(__file__).parents[1] / "resources" / "fluids"
NARUKO = (1101.668, 0.545)
ERRORS = np.diag([0.05**2, 0.05**2, 0.1**2])


def read_rows(name):
    rows = list(csv.DictReader((RESOURCES / name).read_text().splitlines()))
    return {k: [r[k] for r in rows] for k in rows[0]}


def seconds_of(function):
    """Return CPU seconds and the result; what compiles was run before."""
    start = time.process_time()
    found = function()
    return time.process_time() - start, found


def brute_force(tables, value):
    """Evidence of every candidate by NumPy over the whole product of the grids."""
    found = []
    for vp, vs, ls in zip(tables.vp, tables.vs, tables.log_sigma, strict=True):
        q = (((value[0] - vp) / 0.05) ** 2 + ((value[1] - vs) / 0.05) ** 2)[:, :, None]
        q = q + (((value[2] - ls) / 0.1) ** 2)[:, None, :]
        found.append(np.nansum(np.exp(-0.5 * q)))
    return np.log(np.array(found) + 1e-300)


def dense_evidence(y):
    """Evidence of a small field at one noise and smoothness, by a dense factor."""
    n = y.size
    shape = y.shape
    laplacian = np.zeros((n, n))
    index = np.arange(n).reshape(shape)
    for first, second in ((index[1:], index[:-1]), (index[:, 1:], index[:, :-1])):
        a, b = first.ravel(), second.ravel()
        np.add.at(laplacian, (a, a), 1.0)
        np.add.at(laplacian, (b, b), 1.0)
        np.add.at(laplacian, (a, b), -1.0)
        np.add.at(laplacian, (b, a), -1.0)
    root = np.linalg.cholesky(np.eye(n) * 4.0 + laplacian)
    return np.linalg.solve(root, y.ravel()), np.log(np.diag(root)).sum()


def figure(name, value, unit, peer=None, peer_value=None):
    ratio = None if peer_value is None else peer_value / value
    return {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
            "ratio": ratio}  # fmt: skip


def selection_figures(count):
    """Figures of the selection: voxels alike are drawn of the priors."""
    rocks = read_lithologies(read_rows("lithologies.csv"), "own")
    water = WaterTable.from_rows(read_rows("water.csv"))
    fluids = [aqueous_fluid(water, *NARUKO, 5.0), silicate_melt("rhyolite", *NARUKO, 5.0)]
    candidates = make_candidates(rocks, fluids, *NARUKO)
    grid = PoreGrid.make((1e-4, 0.3), (1e-3, 1.0), (1e-4, 1.0), (100, 50, 50))
    small = PoreGrid.make((1e-4, 0.3), (1e-3, 1.0), (1e-4, 1.0), (4, 4, 4))
    tabulate_candidates(candidates[:2], small, "self_consistent", "spheroids")
    table_s, tables = seconds_of(
        lambda: tabulate_candidates(candidates, grid, "self_consistent", "spheroids")
    )
    stream = np.random.default_rng(1)
    made = simulate_voxels(candidates, grid, ("self_consistent", "spheroids"), count, stream)
    values = made.observe(ERRORS, stream)
    covariance = np.tile(ERRORS, (count, 1, 1))
    select_candidates(tables, VoxelData(values[:2], covariance[:2]))
    own_s, found = seconds_of(lambda: select_candidates(tables, VoxelData(values, covariance)))
    few = 3
    brute_s, _ = seconds_of(lambda: [brute_force(tables, v) for v in values[:few]])
    held = (found.porosity[:, 0] <= made.porosity) & (made.porosity <= found.porosity[:, -1])
    good = found.status == 0
    share = float(held[good].mean())
    return [
        figure("tables_of_156_candidates", table_s, "s"),
        figure("voxels_of_156_candidates", 1e5 * own_s / count, "s per 100,000 voxels",
               "NumPy over the product of the grids", 1e5 * brute_s / few),
        figure("porosity_in_95_percent_range", share, "1"),
        figure("standard_error_of_it", float(np.sqrt(share * (1 - share) / good.sum())), "1"),
    ]  # fmt: skip


def field_figures(side):
    """Figures of fields: 256 by 256, and a volume of side^3."""
    stream = np.random.default_rng(2)
    image = stream.standard_normal((256, 256)).cumsum(axis=0) * 0.1
    image += stream.standard_normal(image.shape)
    fit_grid_field(image[:32, :32])
    image_s, fit = seconds_of(lambda: fit_grid_field(image))
    mean_s, _ = seconds_of(lambda: posterior_mean(image, fit))
    spread_s, _ = seconds_of(lambda: posterior_deviation(image.shape, fit))
    dense_s, _ = seconds_of(lambda: dense_evidence(image[:48, :48]))
    # a dense factor grows with the cube of the nodes
    dense_256 = dense_s * (256 / 48) ** 6
    volume = stream.standard_normal((side, side, side)).cumsum(axis=0) * 0.1
    volume += stream.standard_normal(volume.shape)

    def restore():
        found = fit_grid_field(volume)
        return posterior_mean(volume, found), posterior_deviation(volume.shape, found)

    volume_s, _ = seconds_of(restore)
    return [
        figure("evidence_and_mean_256_by_256", image_s + mean_s, "s",
               "one dense Cholesky factor (scaled from 48 by 48)", dense_256),
        figure("deviation_256_by_256", spread_s, "s"),
        figure(f"volume_of_{side**3}_voxels", volume_s, "s"),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer voxels, a smaller volume")
    quick = parser.parse_args().quick
    start = time.perf_counter()
    figures = selection_figures(300 if quick else 3000)
    figures += field_figures(64 if quick else 216)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        json.dumps(
            {
                "benchmark": "fluids",
                "figures": figures,
                "settings": {"quick": quick},
                "seconds": round(time.perf_counter() - start, 1),
                "peak_memory_gb": round(peak, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
