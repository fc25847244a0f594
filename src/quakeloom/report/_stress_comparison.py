"""Two stress maps compared node by node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from quakeloom.core import InputError
from quakeloom.stress import axial_difference


def compare_stress_maps(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Any]:
    """Return the differences of two stress maps.

    Nodes are matched to the nearest one of the other map within half of its spacing (and the
    same depth and time where these exist).

    Parameters
    ----------
    first, second : DataFrame
        Rows of ``stress.csv``.

    Returns
    -------
    dict
        ``nodes``, ``only_a``, ``only_b``, ``same_regime`` (share) and ``differences``: for
        ``shmax_deg``, ``s1_angle_deg``, ``s2_angle_deg``, ``s3_angle_deg`` (angles between
        axes), ``shape_ratio`` and ``a_phi`` the median, mean, 90 % and largest absolute
        difference.

    Raises
    ------
    InputError
        If no node is common to both.
    """
    i, j = _match(first, second)
    if not i.size:
        raise InputError(
            f"No node of one stress map ({len(first)} nodes) is near one of the other "
            f"({len(second)} nodes); there is nothing to compare. Give maps of the same area."
        )
    a, b = first.iloc[i], second.iloc[j]
    differences = {
        "shmax_deg": np.abs(axial_difference(a["shmax_deg"], b["shmax_deg"])),
        "shape_ratio": np.abs(a["shape_ratio"].to_numpy() - b["shape_ratio"].to_numpy()),
        "a_phi": np.abs(a["a_phi"].to_numpy() - b["a_phi"].to_numpy()),
    }
    for k in (1, 2, 3):
        columns = [f"s{k}_azimuth_deg", f"s{k}_plunge_deg"]
        if all(c in a and c in b for c in columns):
            differences[f"s{k}_angle_deg"] = _axis_angle(a[columns], b[columns])
    return {
        "nodes": int(i.size),
        "only_a": int(len(first) - i.size),
        "only_b": int(len(second) - np.unique(j).size),
        "same_regime": float(np.mean(a["regime"].to_numpy() == b["regime"].to_numpy())),
        "differences": {
            name: {
                "median": float(np.median(values)),
                "mean": float(np.mean(values)),
                "p90": float(np.percentile(values, 90)),
                "largest": float(np.max(values)),
            }
            for name, values in differences.items()
        },
    }


def _match(first: pd.DataFrame, second: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    from scipy.spatial import cKDTree

    names = ["longitude", "latitude"]
    names += [n for n in ("depth_km", "time_year") if n in first and n in second]
    a, b = (t[names].to_numpy(dtype=float) for t in (first, second))
    scale = np.array([1.0, 1.0, *[1e3] * (len(names) - 2)])
    tree = cKDTree(b * scale)
    spacing = 1.0
    if len(b) > 1:
        spacing = float(np.median(tree.query(b * scale, k=2)[0][:, 1]))
    distance, index = tree.query(a * scale)
    near = np.flatnonzero(distance <= 0.5 * spacing + 1e-9)
    return near, index[near]


def _axis_angle(a: pd.DataFrame, b: pd.DataFrame) -> np.ndarray:
    def vectors(table: pd.DataFrame) -> np.ndarray:
        azimuth, plunge = np.radians(table.to_numpy(dtype=float).T)
        return np.stack(
            [np.cos(plunge) * np.cos(azimuth), np.cos(plunge) * np.sin(azimuth), np.sin(plunge)],
            axis=1,
        )

    cosine = np.abs(np.sum(vectors(a) * vectors(b), axis=1))
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0))))
