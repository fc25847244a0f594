"""Events that were found beside those of a catalog, in the report."""

from __future__ import annotations

import numpy as np

from quakeloom.config import Settings
from quakeloom.report._blocks import Grid, Section, Text
from quakeloom.report._phrases import count, number, verb
from quakeloom.store import RunLayout, read_table

_ROWS = 15
"""Events of the catalog that were not found and are listed."""


def merge_section(settings: Settings, layout: RunLayout) -> Section:
    """Return how many events are in both catalogs, how far they moved, and which are missing."""
    table = read_table(layout.table("matches"), "matches")
    status = np.array(table.column("match_status").to_pylist(), object)
    same, new, missed = (int((status == s).sum()) for s in ("same", "new", "catalog_only"))
    section = Section("merge", "Beside the catalog")
    section.add(
        Text(
            f"{count(same, 'event')} of {same + missed} in the catalog "
            f"{verb(same, 'was', 'were')} found; {count(new, 'event')} of the run "
            f"{verb(new, 'is', 'are')} new.",
            "lead",
        )
    )
    if same:
        own = {
            n: np.abs(table.column(n).to_numpy()[status == "same"].astype(float))
            for n in ("later_s", "moved_km", "deeper_km", "matched_distance")
        }
        words = {
            "later_s": "origin time (s)", "moved_km": "epicenter (km)", "deeper_km": "depth (km)",
            "matched_distance": "all together (standard deviations)",
        }  # fmt: skip
        rows = [
            [words[n], *(number(float(np.nanquantile(v, q))) for q in (0.5, 0.9))]
            for n, v in own.items() if np.isfinite(v).any()
        ]  # fmt: skip
        section.add(Grid(["Difference", "median", "90 % below"], rows, numeric=[False, True, True]))
    left = table.filter(status == "catalog_only").slice(0, _ROWS).to_pylist()
    if left:
        rows = [
            [r["catalog_event_id"], str(r["origin_time"] or "")[:19],
             f"{r['latitude']:.3f}", f"{r['longitude']:.3f}", number(r["depth_km"], 1)]
            for r in left
        ]  # fmt: skip
        section.add(
            Grid(["Not found", "origin time (UTC)", "latitude", "longitude", "depth (km)"], rows,
                 "All are in matches.parquet." if missed > _ROWS else "",
                 [False, False, True, True, True])
        )  # fmt: skip
    return section
