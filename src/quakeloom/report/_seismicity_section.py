"""Seismicity in the report: hypocenters on a map and in sections, magnitudes over time."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.plots import FoundPlanes, StressAxes, plot_magnitude_time, plot_seismicity
from quakeloom.report._blocks import Section, Text, page_picture
from quakeloom.report._columns import match_rows, number_column, text_column, time_column
from quakeloom.report._phrases import count, number
from quakeloom.report._results import RunResults

_FEWEST = 2
"""Events from which there is something to see in a section."""


def seismicity_section(results: RunResults) -> Section:
    """Return where and when the events of a run are, with its faults and its stress."""
    section = Section("seismicity", "Seismicity")
    table = results.table("events" if results.has("events") else "mechanisms")
    place, located = _places(results, table)
    placed = np.isfinite(place[:, :2]).all(axis=1)
    if placed.sum() < _FEWEST:
        return section
    planes, stress = _planes(results), _stress_axes(results)
    section.add(Text(_lead(place[placed], table, located)))
    parts = ["Hypocenters by depth."]
    if planes is not None:
        parts.append("Outlines: planes found in them; the upper edge is thick on the map.")
    if stress is not None:
        parts.append(
            "Bars, by regime: SHmax on the map; in the sections the most compressive axis as the "
            "section sees it, in a row at the lower edge, of nodes near the line, where the stress "
            "map has no depths."
        )
    section.add(
        page_picture(
            partial(
                plot_seismicity, place[placed, 0], place[placed, 1], place[placed, 2], planes,
                stress, results.coastline,
            ),
            "Map of the hypocenters and two depth sections, along and across their main direction.",
            " ".join([*parts, "All events are projected onto both sections."]),
        )
    )  # fmt: skip
    time = time_column(table, "origin_time")
    magnitude = number_column(table, "magnitude")
    dated = np.isfinite(magnitude) & ~np.isnat(time)
    if dated.sum() >= _FEWEST:
        section.add(
            page_picture(
                partial(plot_magnitude_time, time[dated], magnitude[dated], np.zeros(dated.sum())),
                "Magnitudes of the events over time.",
                "Magnitudes over time, as the sources have them; "
                f"{count(int(dated.sum()), 'event')}.",
            )
        )
    return section


def _places(results: RunResults, table: pa.Table) -> tuple[NDArray[np.float64], int]:
    """Return longitude, latitude and depth of the events, located ones as located, and those."""
    names = ("longitude", "latitude", "depth_km")
    place = np.stack([number_column(table, n) for n in names], axis=-1)
    found = results.table("hypocenters")
    if not found.num_rows:
        return place, 0
    ids = text_column(table, "event_id")
    rows, other = match_rows(ids, text_column(found, "event_id"))
    better = np.stack([number_column(found, n) for n in names], axis=-1)[other]
    good = np.isfinite(better).all(axis=1)
    place[rows[good]] = better[good]
    return place, int(good.sum())


def _lead(place: NDArray[np.float64], table: pa.Table, located: int) -> str:
    depth = place[:, 2][np.isfinite(place[:, 2])]
    text = f"{count(len(place), 'event')} with a place"
    if located:
        text += f", {located:,} of them as located in this run"
    if depth.size:
        low, middle, high = np.percentile(depth, [5, 50, 95])
        text += (
            f". Half of them are deeper than {number(float(middle), 1)} km, nine tenths between "
            f"{number(float(low), 1)} and {number(float(high), 1)} km"
        )
    lost = table.num_rows - len(place)
    return text + (f"; {lost:,} have no place." if lost else ".")


def _planes(results: RunResults) -> FoundPlanes | None:
    """Return the planes that the stage `faults` found, if it ran and did."""
    table = results.tables.get("faults")
    if table is None or not table.num_rows:
        return None
    column = partial(number_column, table)
    return FoundPlanes(
        text_column(table, "fault").tolist(), column("longitude"), column("latitude"),
        column("depth_km"), column("strike_deg"), column("dip_deg"), column("fault_length_km"),
        column("fault_width_km"), [], [], [], [],
    )  # fmt: skip


def _stress_axes(results: RunResults) -> StressAxes | None:
    """Return the nodes of the stress map, at its first time where it has several."""
    table = results.table("stress")
    if not table.num_rows:
        return None
    year = number_column(table, "time_year")
    if np.isfinite(year).any():
        table = table.filter(pa.array(year == np.nanmin(year)))
    column = partial(number_column, table)
    return StressAxes(
        column("longitude"), column("latitude"), column("depth_km"), column("shmax_deg"),
        column("s1_azimuth_deg"), column("s1_plunge_deg"), text_column(table, "regime"),
    )  # fmt: skip
