"""Refraction lines: velocity at every node, with rays, without, and below the deepest ray."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from calibration_rows._lines import DEEP_KM, LENGTH_KM, draw_line
from calibration_rows._row import Row, share_and_error

LINES, QUICK_LINES = 40, 2
"""Lines, in turn of smooth crust, with a low-velocity layer, with a basin's edge, and with both:
as many as can be afforded, at some ten seconds each."""

MEMBERS = 39
"""The least members that resolve 95 %."""

CLASSES = (
    "with rays",
    "without rays",
    "below the deepest ray",
    "in low-velocity layers",
    "in basins",
)
LEVELS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
"""Stated probabilities of the reliability diagram."""


def look(seed, number, settings):
    """Return per class of nodes the shares inside, at every level, and width, of one line."""
    import quakeloom as ql
    from quakeloom.stages.tomography.products import covered_nodes

    line = draw_line(seed, number)
    begin = time.process_time()
    found = ql.trace_ensemble(
        pd.DataFrame(line.picks),
        members=MEMBERS,
        correction_steps=4,
        pilots=4,
        spacing_km=(0.5, 1.0),
        depth_range_km=(0.0, DEEP_KM),
        distance_range_km=(0.0, LENGTH_KM),
        **settings,
    )
    seconds = time.process_time() - begin
    s = found.sections
    z, x = s["depth"].to_numpy(), s["distance"].to_numpy()
    rows = np.array([np.interp(x, line.distance_km, v) for v in line.velocity])
    truth = np.array([np.interp(z, line.depth_km, v) for v in rows.T]).T
    coverage = s["ray_coverage"].to_numpy()
    seen = covered_nodes(coverage, (z[1] - z[0], x[1] - x[0]), found.facts["picks"])
    deepest = z[np.flatnonzero(seen.any(axis=1)).max()]
    below = np.broadcast_to((z > deepest)[:, None], truth.shape)
    near = np.ix_(_nearest(line.depth_km, z), _nearest(line.distance_km, x))
    classes = (seen, ~seen & ~below, below, line.layer[near], line.basin[near])
    velocities = found.velocities.to_numpy().astype(float)
    shares = np.full((len(CLASSES), len(LEVELS)), np.nan)
    widths = np.full(len(CLASSES), np.nan)
    for c, nodes in enumerate(classes):
        if not nodes.any():
            continue
        for k, level in enumerate(LEVELS):
            low, high = np.quantile(
                velocities[:, nodes], [0.5 - level / 2, 0.5 + level / 2], axis=0, method="weibull"
            )
            shares[c, k] = np.mean((truth[nodes] >= low) & (truth[nodes] <= high))
        widths[c] = np.mean(high - low)
    return shares, widths, seconds


def _nearest(nodes, wanted):
    """Return the index of the node nearest to each of some places."""
    return np.abs(nodes[:, None] - wanted).argmin(axis=0)


def measure_nodes(quick: bool) -> list[Row]:
    """Measure lines with hyper-parameters marginalized (the default)."""
    found = [look(1, k, {}) for k in range(QUICK_LINES if quick else LINES)]
    shares = np.array([f[0] for f in found])
    return [
        replace(
            row,
            reliability=[
                (level, float(np.nanmean(shares[:, c, k]))) for k, level in enumerate(LEVELS)
            ],
        )
        for c, row in enumerate(_rows(found, "velocity at nodes"))
    ]


def measure_nodes_before(quick: bool) -> list[Row]:
    """Measure the same lines, fewer of them, with the most probable prior alone."""
    if quick:
        return []
    found = [look(1, k, {"hyperparameters": "maximized"}) for k in range(8)]
    note = "kept as a setting; ranges are too narrow"
    return [replace(row, note=note) for row in _rows(found, "`hyperparameters: maximized`, nodes")]


def _rows(found: list[tuple[np.ndarray, np.ndarray, float]], product: str) -> list[Row]:
    """Return a row for every class of nodes from the looks at all lines."""
    shares = np.array([f[0] for f in found])
    rows = []
    for c, name in enumerate(CLASSES):
        known = np.isfinite(shares[:, c, -1])
        holds, error = share_and_error(shares[known, c, -1])
        seconds = sum(f[2] for f in found)
        width = float(np.nanmean([f[1][c] for f in found]))
        rows.append(
            Row(
                f"{product} {name}", 0.95, holds, error, int(known.sum()), seconds, width,
                unit="km/s",
            )
        )  # fmt: skip
    return rows
