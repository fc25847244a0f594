"""The map and tables of an atlas that need no script: a picture, nodes and faults as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import EventRows
from quakeloom.plots import (
    MapPoints,
    ShmaxNodes,
    figure_to_png,
    plot_mechanism_map,
    plot_shmax_map,
)
from quakeloom.schema import QUALITIES

FILE = "map.png"
"""Name of the picture."""

_ACROSS = 34
"""Bars along the longer side of the picture; chosen here: more would touch."""

_WIDTH_IN = 8.0
"""Width of the picture."""

_DPI = 130.0
"""Its resolution: 1,040 pixels, which a phone and a printed page can use."""

_DASH = "\N{EN DASH}"
"""What stands for an unknown number."""

_ROWS = 40
"""Rows of a table without scripts; chosen here, the files have all."""


def draw_static_map(
    contents: AtlasContents, events: EventRows, nodes: pd.DataFrame
) -> bytes | None:
    """Return the map as PNG: bars of SHmax, or beachballs where there is no stress map.

    Parameters
    ----------
    contents : AtlasContents
    events : EventRows
    nodes : pandas.DataFrame

    Returns
    -------
    bytes, or None where there is nothing to draw
    """
    figure = None
    if len(nodes):
        shown = nodes.iloc[_spread_nodes(nodes)]
        best = shown["shmax_deg"].to_numpy(float)
        figure = plot_shmax_map(
            ShmaxNodes(
                shown["longitude"].to_numpy(float), shown["latitude"].to_numpy(float), best,
                shown["regime"].to_numpy(object),
                range_deg=shown[["shmax_low_deg", "shmax_high_deg"]].to_numpy(float)
                - best[:, None],
                has_data=shown["mechanism_count"].to_numpy(float) > 0,
            ),
            contents.coastline, width_in=_WIDTH_IN,
        )  # fmt: skip
    elif len(events):
        frame = events.frame
        angles = frame[["strike_deg", "dip_deg", "rake_deg"]].to_numpy(float)
        letters = np.array([q if q in QUALITIES else "" for q in frame["quality"]], dtype=object)
        rank = np.array([QUALITIES.index(q) if q else len(QUALITIES) for q in letters], float)
        drawn = plot_mechanism_map(
            MapPoints(frame["longitude"].to_numpy(float), frame["latitude"].to_numpy(float),
                      letters),
            angles, priority=rank, coastline=contents.coastline, width_in=_WIDTH_IN,
        )  # fmt: skip
        figure = None if drawn is None else drawn[0]
    return None if figure is None else figure_to_png(figure, _DPI)


def _spread_nodes(nodes: pd.DataFrame) -> NDArray[np.int64]:
    """Return the most certain node of each part of the map, at its first depth and time."""
    first = np.ones(len(nodes), dtype=bool)
    for name in ("depth_km", "time_year"):
        values = nodes[name].to_numpy(float)
        if np.isfinite(values).any():
            first &= ~(values > np.nanmin(values))
    rows = np.flatnonzero(first & np.isfinite(nodes["shmax_deg"].to_numpy(float)))
    lon, lat = (nodes[n].to_numpy(float)[rows] for n in ("longitude", "latitude"))
    if not len(rows):
        return rows
    shrink = max(float(np.cos(np.radians(np.mean(lat)))), 0.1)
    size = max(float(np.ptp(lon)) * shrink, float(np.ptp(lat)), 1e-6) / _ACROSS
    cell = np.floor((lat - lat.min()) / size) * 10_000 + np.floor((lon - lon.min()) * shrink / size)
    order = np.argsort(nodes["shmax_std_deg"].to_numpy(float)[rows], kind="stable")
    _, best = np.unique(cell[order], return_index=True)
    return np.asarray(np.sort(rows[order[best]]), dtype=np.int64)


def plain_tables(nodes: pd.DataFrame, faults: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return the most certain nodes, and the faults, as tables of text.

    Returns
    -------
    list of dict
        ``title``, ``head`` (list of str), ``rows`` (list of lists of str) and ``rest``, the
        number of rows that are not listed.
    """
    tables = []
    if len(nodes):
        best = nodes.sort_values("shmax_std_deg", kind="stable").head(_ROWS)
        columns: dict[str, list[str]] = {
            "Longitude": [f"{_turn(x):.3f}" for x in best["longitude"]],
            "Latitude": [f"{y:.3f}" for y in best["latitude"]],
            "Depth (km)": [_text(z, 1) for z in best["depth_km"]],
            "Year": [_text(t, 1) for t in best["time_year"]],
            "SHmax (degrees)": _with_error(best["shmax_deg"], best["shmax_std_deg"], 0),
            "Regime": [str(r) for r in best["regime"]],
            "Shape ratio": _with_error(best["shape_ratio"], best["shape_ratio_std"], 2),
            "Mechanisms": [str(int(n)) for n in best["mechanism_count"]],
        }
        shown = {n: c for n, c in columns.items() if set(c) != {_DASH}}
        tables.append(
            {
                "title": "The most certain nodes of the stress map",
                "head": list(shown),
                "rows": [list(r) for r in zip(*shown.values(), strict=True)],
                "rest": len(nodes) - len(best),
            }
        )
    names = faults.get("fault", [])
    if names:
        numbers = ("strike_deg", "dip_deg", "slip_tendency", "slip_tendency_low",
                   "slip_tendency_high")  # fmt: skip
        rows = []
        for k in range(min(len(names), _ROWS)):
            strike, dip, value, low, high = (faults.get(c, [None] * len(names))[k] for c in numbers)
            rows.append(
                [str(names[k]), _text(strike, 0), _text(dip, 0), _text(value, 2),
                 _DASH if low is None else f"{_text(low, 2)} to {_text(high, 2)}"]
            )  # fmt: skip
        tables.append(
            {"title": "Faults", "head": ["Fault", "Strike", "Dip", "Slip tendency", "95 % range"],
             "rows": rows, "rest": len(names) - len(rows)}
        )  # fmt: skip
    return tables


def _with_error(values: pd.Series, errors: pd.Series, decimals: int) -> list[str]:
    pairs = zip(values, errors, strict=True)
    return [f"{_text(v, decimals)} ± {_text(e, decimals)}" for v, e in pairs]


def _turn(longitude: float) -> float:
    return (float(longitude) + 180.0) % 360.0 - 180.0


def _text(value: float | None, decimals: int) -> str:
    return _DASH if value is None or not np.isfinite(value) else f"{value:.{decimals}f}"
