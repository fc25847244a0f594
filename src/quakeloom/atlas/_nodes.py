"""Nodes of the stress map of an atlas, and the posterior behind each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.atlas._columns import Column, encode_codes, quantize
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import unwrap_longitude
from quakeloom.schema import VARIABLES
from quakeloom.stages.stress.posterior import NodePosterior
from quakeloom.stress import REGIMES, describe_stress, draw_nodes

_DRAWS = 800
"""Draws behind a rose; chosen here: a share of 5 % is then known within 1 %."""

DIRECTION_BINS = 36
"""Bins of a rose of SHmax, each of 5 degrees."""

RATIO_BINS = 20
"""Bins of a histogram of the shape ratio, each of 0.05."""

_SEED = 20_260_101
"""Root of the draws: the same map gives the same rose."""

_BLOCK = 500
"""Nodes whose draws are in memory together; chosen here: some 20 MB."""

_NUMBERS = {
    "longitude": ("int32", 1e-5),
    "latitude": ("int32", 1e-5),
    "depth_km": ("int32", 0.01),
    "time_year": ("int32", 0.001),
    "shmax_deg": ("uint16", 0.01),
    "shmax_std_deg": ("uint16", 0.01),
    "shmax_low_deg": ("int16", 0.01),
    "shmax_high_deg": ("int16", 0.01),
    **{f"shape_ratio{e}": ("uint16", 0.001) for e in ("", "_std", "_low", "_high")},
    **{f"a_phi{e}": ("uint16", 0.001) for e in ("", "_std", "_low", "_high")},
    **{
        f"s{k}_{q}_deg": ("uint16", 0.01)
        for k in (1, 2, 3)
        for q in ("azimuth", "plunge", "std", "95")
    },
    **{f"probability_{r.lower()}": ("uint8", 0.005) for r in REGIMES},
    "mechanism_count": ("uint32", 1.0),
    "data_weight": ("uint32", 0.01),
    "resolution": ("int16", 0.001),
}
"""Type and scale of the columns of a node."""

_SLICES = ("depth_km", "time_year")
"""Columns that tell nodes of one place apart."""


def gather_nodes(contents: AtlasContents, middle: float) -> pd.DataFrame:
    """Return table ``stress`` as a frame, longitudes near a middle one.

    Nodes without a place are left out; ``posterior_row`` says which of the tensors is theirs.
    """
    table = contents.table("stress")
    frame = table.to_pandas()
    frame["posterior_row"] = np.arange(len(frame))
    frame["longitude"] = unwrap_longitude(frame["longitude"].to_numpy(float), middle)
    placed = np.isfinite(frame["longitude"]) & np.isfinite(frame["latitude"])
    shown: pd.DataFrame = frame[placed].reset_index(drop=True)
    return shown


def node_columns(nodes: pd.DataFrame) -> list[Column]:
    """Return the columns of all nodes."""
    columns = [
        quantize(name, nodes[name].to_numpy(float), dtype, scale)
        for name, (dtype, scale) in _NUMBERS.items()
        if nodes[name].notna().any()
    ]
    columns.append(encode_codes("regime", nodes["regime"].tolist(), REGIMES))
    letters = VARIABLES["stress_quality"].values
    columns.append(encode_codes("stress_quality", nodes["stress_quality"].tolist(), letters))
    return columns


def node_slices(nodes: pd.DataFrame) -> dict[str, list[float]]:
    """Return the depths and the times that a map has nodes at, where there are several."""
    found = {}
    for name in _SLICES:
        values = np.unique(nodes[name].dropna().to_numpy(float))
        if len(values) > 1:
            found[name] = [float(v) for v in values]
    return found


def node_step(nodes: pd.DataFrame) -> tuple[float, float]:
    """Return the distance of neighboring nodes in degrees of longitude and of latitude.

    The least difference between two coordinates, rounded to what the atlas keeps; 0 where all
    nodes have the same.
    """
    steps = []
    for name in ("longitude", "latitude"):
        values = np.unique(np.round(nodes[name].to_numpy(float), 5))
        steps.append(float(np.diff(values).min()) if len(values) > 1 else 0.0)
    return steps[0], steps[1]


def is_grid(nodes: pd.DataFrame, step: tuple[float, float]) -> bool:
    """Say whether nodes stand on a grid of longitude and latitude, so that cells are boxes."""
    for name, size in zip(("longitude", "latitude"), step, strict=True):
        if size <= 0:
            return False
        values = nodes[name].to_numpy(float) / size
        if np.abs((values - values.min()) - np.round(values - values.min())).max(initial=0) > 0.02:
            return False
    return True


def posterior_columns(posterior: NodePosterior, nodes: pd.DataFrame) -> list[Column]:
    """Return roses of SHmax and histograms of the shape ratio, in shares of the largest bin.

    Draws of the tensors' marginal posterior (Gaussian, or Student's t with few data), as the
    ranges of the table come from.
    """
    rows = nodes["posterior_row"].to_numpy()
    random = np.random.default_rng(np.random.SeedSequence(_SEED))
    normals = random.standard_normal((_DRAWS, 5))
    chi = random.chisquare(posterior.freedom, _DRAWS) if np.isfinite(posterior.freedom) else None
    directions = np.zeros((len(rows), DIRECTION_BINS))
    ratios = np.zeros((len(rows), RATIO_BINS))
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        draws = draw_nodes(
            posterior.components[part], posterior.covariance[part], normals, chi, posterior.freedom
        )
        found = describe_stress(draws)
        directions[start : start + _BLOCK] = _shares(found.shmax_deg / 180.0, DIRECTION_BINS)
        ratios[start : start + _BLOCK] = _shares(found.shape_ratio, RATIO_BINS)
    return [
        quantize("rose", directions.reshape(-1), "uint8", 0.005),
        quantize("ratio_histogram", ratios.reshape(-1), "uint8", 0.005),
    ]


def _shares(values: NDArray[Any], bins: int) -> NDArray[np.float64]:
    """Return the count in each bin of 0 to 1 over the largest, one row per node."""
    place = np.clip(np.nan_to_num(values) * bins, 0, bins - 1).astype(np.int64)
    counts = np.zeros((len(values), bins))
    for row in range(len(values)):
        counts[row] = np.bincount(place[row][np.isfinite(values[row])], minlength=bins)
    largest = counts.max(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, largest, out=np.zeros_like(counts), where=largest > 0))
