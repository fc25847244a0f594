"""Stress of catalogs of mechanisms: faults in any direction, and faults near failure."""

from __future__ import annotations

import logging
import time

import numpy as np
import pandas as pd

from calibration_rows._faults import draw_catalog, plane_angles
from calibration_rows._row import Row, share_and_error

SIZES = (40, 150)
"""Mechanisms of a catalog."""

LEAST = (0.0, 0.5, 0.8, 0.9)
"""Least instability of the faults that move, in turn: any fault, to those near failure only."""

TRUTHS, QUICK_TRUTHS = 200, 8

NAMES = ("SHmax", "shape ratio", "A_phi")


def look(seed, number, size, planes):
    """Return whether each truth is in its 95 % range, and the widths, of one catalog."""
    import quakeloom as ql

    rng = np.random.default_rng([seed, size, number])
    truth = draw_catalog(rng, size, LEAST[number % len(LEAST)])
    strike, dip, rake = plane_angles(truth["normal"], truth["slip"])
    table = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(size)],
            "longitude": rng.uniform(10.0, 10.1, size),
            "latitude": rng.uniform(45.0, 45.1, size),
            "depth_km": 10.0,
            "strike_deg": strike,
            "dip_deg": dip,
            "rake_deg": rake,
        }
    )
    row = ql.map_stress(table, 0.0, planes=planes).table.iloc[0]
    off = (truth["azimuth_deg"] - row.shmax_deg + 90.0) % 180.0 - 90.0
    values = [off, truth["ratio"], truth["a_phi"]]
    ranges = [
        (row.shmax_low_deg, row.shmax_high_deg),
        (row.shape_ratio_low, row.shape_ratio_high),
        (row.a_phi_low, row.a_phi_high),
    ]
    inside = [a <= v <= b for v, (a, b) in zip(values, ranges, strict=True)]
    return inside, [b - a for a, b in ranges]


def measure_few(quick: bool) -> list[Row]:
    """Measure the ranges of a single stress of few mechanisms."""
    return measure_size(SIZES[0], quick)


def measure_many(quick: bool) -> list[Row]:
    """Measure the ranges of a single stress of many mechanisms."""
    return [] if quick else measure_size(SIZES[1], quick)


def measure_size(size, quick):
    """Return the rows of catalogs of a size, as set by default; before: with both planes."""
    logging.disable(logging.WARNING)
    truths = QUICK_TRUTHS if quick else TRUTHS
    begin = time.process_time()
    found = [look(1, k, size, "auto") for k in range(truths)]
    seconds = time.process_time() - begin
    old = [look(1, k, size, "both") for k in range(truths)]
    rows = []
    parts = [(f"of {size} mechanisms", slice(None))]
    parts += [
        (f"of {size}, instability above {least:g}", slice(k, None, len(LEAST)))
        for k, least in enumerate(LEAST)
    ]
    for words, part in parts:
        for q, name in enumerate(NAMES):
            holds, error = share_and_error([f[0][q] for f in found[part]])
            rows.append(
                Row(
                    f"{name} {words}",
                    0.95,
                    holds,
                    error,
                    len(found[part]),
                    seconds * len(found[part]) / truths,
                    float(np.mean([f[1][q] for f in found[part]])),
                    unit="degrees" if q == 0 else "",
                    before=float(np.mean([f[0][q] for f in old[part]])),
                )
            )
    return rows
