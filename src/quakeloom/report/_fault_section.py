"""Found faults in the report: a map, sections across them, and a table."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.core import fault_vectors, local_position
from quakeloom.formats import find_coastline
from quakeloom.plots import FoundPlanes, plot_found_planes, plot_plane_sections
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._phrases import count, verb
from quakeloom.simulate import MappedFault
from quakeloom.stages.faults.hypocenters import read_run
from quakeloom.stages.simulate.reading import simulation_options
from quakeloom.store import RunLayout, find_resource, read_table

_ROWS = 40
"""Faults that are listed; chosen here, the table has all of them."""

_PLACED = (
    "longitude", "latitude", "depth_km", "strike_deg", "dip_deg", "fault_length_km",
    "fault_width_km",
)  # fmt: skip
"""Columns that place a plane."""


def fault_section(settings: Settings, layout: RunLayout) -> Section:
    """Return what was found of faults in a run, with what speaks for each."""
    section = Section("faults", "Faults found in the hypocenters")
    if not layout.table("faults").exists():
        return section
    rows = read_table(layout.table("faults"), "faults").to_pylist()
    if not rows:
        section.add(Text("No plane explains the hypocenters better than clusters do.", "lead"))
        return section
    stable = sum(r["fault_status"] == "stable" for r in rows)
    doubtful = len(rows) - stable
    section.add(
        Text(
            f"{count(stable, 'plane')} {verb(stable, 'is', 'are')} stable: found from most starts, "
            "in most draws, and rarely in catalogs with the same clusters and no planes; "
            f"{doubtful or 'none'} {verb(max(doubtful, 1), 'is', 'are')} doubtful.",
            "lead",
        ),
        Grid(
            ("Fault", "Status", "Strike", "Dip", "Length (km)", "Width (km)", "Events", "Chance",
             "Known", "Doubts"),
            [
                (
                    r["fault"], r["fault_status"], _pm(r["strike_deg"], r["strike_std_deg"], 0),
                    _pm(r["dip_deg"], r["dip_std_deg"], 0),
                    _pm(r["fault_length_km"], r["fault_length_std_km"], 1),
                    _pm(r["fault_width_km"], r["fault_width_std_km"], 1),
                    f"{r['expected_event_count']:.0f}", f"{r['fault_chance']:.3f}",
                    " ".join(w for w in (r["known_status"], r["known_fault"]) if w), r["reason"],
                )
                for r in rows[:_ROWS]
            ],
            "Standard errors are those of draws; the chance is that so good a plane is found where "
            "there are clusters and no planes.",
            (False, False, True, True, True, True, True, True, False, False),
        ),
    )  # fmt: skip
    truth = _truth_grid(settings, rows)
    planes = _planes_with_events(settings, layout, rows)
    coastline = find_coastline(find_resource("coastline"))
    section.add(
        truth,
        page_picture(
            partial(plot_found_planes, planes, coastline),
            "Map of hypocenters and of the planes found in them.",
            "Each event has the color of the plane to which it most probably belongs.",
        ),
        page_picture(
            partial(plot_plane_sections, planes),
            "Sections along and across the planes with the most events.",
            "Outlines are the rectangles found; gray are events of no plane or another one, up to "
            "half a length away. Depth and distance have one scale.",
        ),
    )
    return section


def _planes_with_events(
    settings: Settings, layout: RunLayout, rows: list[dict[str, Any]]
) -> FoundPlanes:
    catalog = read_run(settings, layout)
    place = {name: i for i, name in enumerate(r["fault"] for r in rows)}
    members = read_table(layout.table("fault_members"), "fault_members").to_pandas()
    best = members.sort_values("fault_probability").drop_duplicates("event_id", keep="last")
    of_event = dict(zip(best["event_id"], best["fault"], strict=True))
    owner = [place.get(of_event.get(e, ""), -1) for e in catalog.event_id]
    column = {k: np.array([r[k] for r in rows], float) for k in _PLACED}
    return FoundPlanes(
        name=list(place),
        longitude=column["longitude"],
        latitude=column["latitude"],
        depth_km=column["depth_km"],
        strike_deg=column["strike_deg"],
        dip_deg=column["dip_deg"],
        length_km=column["fault_length_km"],
        width_km=column["fault_width_km"],
        event_longitude=catalog.longitude,
        event_latitude=catalog.latitude,
        event_depth_km=catalog.depth_km,
        owner=owner,
    )


def _truth_grid(settings: Settings, rows: list[dict[str, Any]]) -> Grid | None:
    """Return the faults of a simulation beside the nearest plane found, each."""
    if settings.simulation is None or settings.simulation.continuous is not None:
        return None
    faults = simulation_options(settings).faults
    if not faults:
        return None
    return Grid(
        ("True fault", "Found as", "Strike, dip (true)", "Strike, dip (found)", "Angle (deg)",
         "Middles apart (km)"),
        [_beside_truth(fault, rows) for fault in faults],
        "Faults of the simulation and the nearest plane found.",
        (False, False, True, True, True, True),
    )  # fmt: skip


def _beside_truth(fault: MappedFault, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    north, east = local_position(
        fault.longitude, fault.latitude, [r["longitude"] for r in rows],
        [r["latitude"] for r in rows],
    )  # fmt: skip
    down = np.array([r["depth_km"] for r in rows]) - fault.depth_km
    apart = np.sqrt(north**2 + east**2 + down**2)
    nearest = rows[int(np.argmin(apart))]
    true, _ = fault_vectors(fault.strike_deg, fault.dip_deg, 0.0)
    found, _ = fault_vectors(nearest["strike_deg"], nearest["dip_deg"], 0.0)
    angle = np.degrees(np.arccos(min(1.0, abs(float(np.dot(true, found))))))
    return (
        fault.name, nearest["fault"], f"{fault.strike_deg:.0f}, {fault.dip_deg:.0f}",
        f"{_pm(nearest['strike_deg'], nearest['strike_std_deg'], 0)}, "
        f"{_pm(nearest['dip_deg'], nearest['dip_std_deg'], 0)}",
        f"{angle:.1f}", f"{apart.min():.1f}",
    )  # fmt: skip


def _pm(value: float, error: float, digits: int) -> str:
    if not np.isfinite(error):
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"
