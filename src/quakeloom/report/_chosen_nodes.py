"""Chosen nodes of a stress map in the report: axes, direction and Mohr circles of each."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.core import fault_vectors
from quakeloom.plots import NodeStress, plot_stress_nodes
from quakeloom.report._blocks import Picture, page_picture
from quakeloom.report._results import RunResults
from quakeloom.stages.stress.posterior import NodePosterior
from quakeloom.stress import describe_stress, draw_nodes

_DRAWS = 400
"""Draws of a node; chosen here: enough for an outline of 95 %."""

_SEED = 20_260_101
"""Root of the draws: the same map gives the same picture."""

_LONGEST_KM = 150.0
"""Mechanisms farther from a node than this are not drawn with it; chosen here."""


def chosen_nodes_picture(results: RunResults) -> Picture | None:
    """Return the picture of the node with most data in each faulting regime.

    None where there is no map, or no posterior of its nodes.
    """
    posterior = results.stress.get("posterior")
    table = results.table("stress")
    if posterior is None or not table.num_rows:
        return None
    nodes = table.to_pandas().reset_index(drop=True)
    rows = choose_nodes(nodes)
    true = np.full(len(nodes), np.nan)
    if results.has("stress_truth") and results.table("stress_truth").num_rows == len(nodes):
        true = results.table("stress_truth").column("shmax_deg").to_numpy().astype(float)
    normals = _nearest_normals(results, nodes)
    made = [_node(nodes, row, posterior, normals[row], float(true[row])) for row in rows]
    known = bool(np.isfinite(true[rows]).any())
    return page_picture(
        partial(plot_stress_nodes, made),
        "Principal axes, SHmax and Mohr circles of chosen nodes.",
        "The node with most data of each faulting regime. Left: principal axes on the lower "
        "hemisphere, dots are draws of the posterior. Middle: rose of SHmax (area is number), the "
        f"best as a line{', the truth in red' if known else ''}. Right: Mohr circles, gray for "
        "draws of the shape ratio; dots are both nodal planes of the mechanisms nearest to the "
        "node.",
    )


def choose_nodes(nodes: pd.DataFrame) -> list[int]:
    """Return the row of the node with most data in each regime, most data first."""
    own = nodes[(nodes["mechanism_count"] > 0) & np.isfinite(nodes["shmax_deg"])]
    best = own.sort_values("data_weight", kind="stable").groupby("regime", sort=True).tail(1)
    return [int(i) for i in best.sort_values("data_weight", ascending=False, kind="stable").index]


def _nearest_normals(results: RunResults, nodes: pd.DataFrame) -> list[NDArray[np.float64]]:
    """Return the normals of both nodal planes of the mechanisms that are nearest to each node."""
    found: list[list[NDArray[np.float64]]] = [[] for _ in range(len(nodes))]
    m: Any = results.table("mechanisms").to_pandas()
    m = m[np.isfinite(m["strike_deg"]) & np.isfinite(m["longitude"])]
    lon, lat = nodes["longitude"].to_numpy(float), nodes["latitude"].to_numpy(float)
    if not len(m) or not np.isfinite(lon).any():
        return [np.empty((0, 3))] * len(nodes)
    normal, slip = fault_vectors(
        *(m[c].to_numpy(float) for c in ("strike_deg", "dip_deg", "rake_deg"))
    )
    for i, (x, y) in enumerate(zip(m["longitude"], m["latitude"], strict=True)):
        turn = (lon - x + 180.0) % 360.0 - 180.0
        away = 111.2 * np.hypot(turn * np.cos(np.radians(y)), lat - y)
        nearest = int(np.nanargmin(away))
        if away[nearest] < _LONGEST_KM:
            found[nearest] += [normal[i], slip[i]]
    return [np.array(f).reshape(-1, 3) for f in found]


def _node(
    nodes: pd.DataFrame,
    row: int,
    posterior: NodePosterior,
    normals: NDArray[np.float64],
    true_shmax_deg: float,
) -> NodeStress:
    random = np.random.default_rng(np.random.SeedSequence(_SEED))
    normal = random.standard_normal((_DRAWS, 5))
    chi = random.chisquare(posterior.freedom, _DRAWS) if np.isfinite(posterior.freedom) else None
    components = posterior.components[row : row + 1]
    draws = draw_nodes(
        components, posterior.covariance[row : row + 1], normal, chi, posterior.freedom
    )
    found, best = describe_stress(draws[0]), describe_stress(components[0])
    place = nodes.iloc[row]
    return NodeStress(
        title=f"{place['longitude']:.1f}, {place['latitude']:.1f} {place['regime']}, "
        f"n = {int(place['mechanism_count'])}",
        axes=found.axes,
        shmax_deg=found.shmax_deg,
        shape_ratio=found.shape_ratio,
        best_axes=best.axes,
        best_shmax_deg=float(best.shmax_deg),
        best_ratio=float(best.shape_ratio),
        normals=normals,
        true_shmax_deg=true_shmax_deg,
    )
