"""The registered columns of a stress map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.schema import make_table
from quakeloom.stress import (
    REGIMES,
    StressField,
    StressGrid,
    StressUncertainty,
    describe_stress,
    grade_quality,
)

Floats = NDArray[np.float64]


def tabulate_map(
    grid: StressGrid, field: StressField, uncertainty: StressUncertainty, place: Floats
) -> pa.Table:
    """Return the registered table ``stress``: the nodes that have a stress and data."""
    columns = node_columns(grid, field, uncertainty, place)
    rows = np.flatnonzero((columns["data_weight"] > 0) & np.isfinite(columns["shmax_deg"]))
    return make_table("stress", {name: values[rows] for name, values in columns.items()})


def node_columns(
    grid: StressGrid, field: StressField, uncertainty: StressUncertainty, place: Floats
) -> dict[str, NDArray[Any]]:
    """Return every registered quantity of a map for all of its nodes."""
    best = describe_stress(field.components)
    u = uncertainty
    missing = np.full(grid.node_count, np.nan)
    columns: dict[str, NDArray[Any]] = {
        "longitude": place[:, 0],
        "latitude": place[:, 1],
        "depth_km": grid.coordinate("depth_km") if "depth_km" in grid.axes else missing,
        "time_year": grid.coordinate("time_year") if "time_year" in grid.axes else missing,
        "shmax_deg": best.shmax_deg,
        "shmax_std_deg": u.shmax_std_deg,
        # deviations from the best direction, which quantiles of directions need
        "shmax_low_deg": best.shmax_deg + u.shmax_range_deg[:, 0],
        "shmax_high_deg": best.shmax_deg + u.shmax_range_deg[:, 1],
        "shape_ratio": best.shape_ratio,
        "shape_ratio_std": u.shape_ratio_std,
        "shape_ratio_low": u.shape_ratio_range[:, 0],
        "shape_ratio_high": u.shape_ratio_range[:, 1],
        "a_phi": best.a_phi,
        "a_phi_std": u.a_phi_std,
        "a_phi_low": u.a_phi_range[:, 0],
        "a_phi_high": u.a_phi_range[:, 1],
        "regime": np.array(REGIMES, dtype=object)[best.regime],
    }
    for k in range(3):
        columns[f"s{k + 1}_azimuth_deg"] = best.azimuth_deg[:, k]
        columns[f"s{k + 1}_plunge_deg"] = best.plunge_deg[:, k]
        columns[f"s{k + 1}_std_deg"] = u.axis_std_deg[:, k]
        columns[f"s{k + 1}_95_deg"] = u.axis_95_deg[:, k]
    for k, regime in enumerate(REGIMES):
        columns[f"probability_{regime.lower()}"] = u.regime_probability[:, k]
    columns["mechanism_count"] = field.mechanism_count
    columns["data_weight"] = field.data_weight
    columns["resolution"] = field.resolution
    columns["stress_quality"] = grade_quality(u.shmax_range_deg)
    return columns
