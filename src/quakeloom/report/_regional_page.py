"""The report page of a regional ensemble of three-dimensional velocity models."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.plots import SectionGrid, plot_velocity_sections
from quakeloom.report._blocks import Code, Grid, Section, Text, page_picture
from quakeloom.report._page import report_environment
from quakeloom.report._phrases import number, percent, whole


@dataclass(frozen=True)
class RegionalResults:
    """What the page of a regional ensemble is made from.

    Attributes
    ----------
    name, description : str
    summary : dict
        ``regional.json``.
    volumes : mapping of str to ndarray
        Variables of ``regional.nc`` with ``depth``, ``north``, ``east``.
    members : ndarray, (member, depth, east)
        Some members, on the section through the middle.
    stations_km : ndarray, (n, 3)
        Depth, north and east.
    rejects : pyarrow.Table
    settings : dict
    more_sections : list of Section
        Of stages outside the package.
    """

    name: str
    description: str
    summary: dict[str, Any]
    volumes: dict[str, NDArray[np.float64]]
    members: NDArray[np.float64]
    stations_km: NDArray[np.float64]
    rejects: pa.Table
    settings: dict[str, Any]
    more_sections: list[Section] = field(default_factory=list)


def build_regional_report(results: RegionalResults) -> str:
    """Return the report of a regional ensemble as one HTML page that needs nothing else."""
    makers = (_summary_section, _velocity_section, _reject_section, _settings_section)
    made = [make(results) for make in makers]
    sections = [s for s in (*made[:-2], *results.more_sections, *made[-2:]) if s.blocks]
    return (
        report_environment()
        .get_template("page.html")
        .render(
            name=results.name,
            description=results.description,
            title=results.name,
            subject="velocity ensemble",
            eyebrow="Regional velocity ensemble",
            synthetic=False,
            span="",
            sections=sections,
            version=__version__,
            revision="",
        )
    )


def _summary_section(results: RegionalResults) -> Section:
    s = results.summary
    rows = [
        ("Members", whole(s["members"])),
        ("Nodes of a model", whole(s["nodes"])),
        ("Modes of the prior", whole(s["modes"])),
        ("Known velocities", whole(s["known"])),
        ("Stations with travel-time tables", whole(s["stations"])),
        ("Rows of the station file put aside", whole(results.rejects.num_rows)),
        ("Mean standard deviation of velocity", percent(s["mean_relative_spread"], 1)),
    ]
    if "known_misfit" in s:
        rows.append(("Misfit to what is known, in its errors", number(s["known_misfit"], 2)))
    if "mean_travel_time_spread_s" in s:
        rows.append(
            (
                "Standard deviation of travel times, mean and largest",
                f"{s['mean_travel_time_spread_s']:.3f} s, "
                f"{s['largest_travel_time_spread_s']:.3f} s",
            )
        )
    return Section("summary", "Summary").add(Grid(("", ""), rows, numeric=(False, True)))


def _velocity_section(results: RegionalResults) -> Section:
    v = results.volumes
    middle = v["north"].size // 2
    ground = np.full(v["east"].size, v["depth"][0])
    near = np.zeros((0, 2))
    if len(results.stations_km):
        step = v["north"][1] - v["north"][0]
        close = np.abs(results.stations_km[:, 1] - v["north"][middle]) < 5 * step
        near = results.stations_km[close][:, [2, 0]]
    grid = SectionGrid(v["depth"], v["east"], ground)
    section = Section("velocity", "Velocity")
    section.add(
        Text(
            f"Sections from west to east, {v['north'][middle]:g} km north of the origin, against "
            "the distance to the east."
        ),
        page_picture(
            partial(
                plot_velocity_sections,
                SectionGrid(v["depth"], v["east"], ground, near),
                {
                    "Starting model": v["reference"][:, middle],
                    "Mean of the ensemble": v["mean"][:, middle],
                },
            ),
            "Starting model and mean of the ensemble.",
            "Triangles are stations near the section.",
            "wide",
        ),
        page_picture(
            partial(
                plot_velocity_sections,
                grid,
                {"Standard deviation": v["standard_deviation"][:, middle]},
                "Standard deviation (km/s)",
                "lajolla",
                (0.0, float(np.nanmax(v["standard_deviation"]))),
            ),
            "Standard deviation of the velocity.",
            "Small where something is known." if results.summary["known"] else "",
            "wide",
        ),
        page_picture(
            partial(
                plot_velocity_sections,
                grid,
                {f"Member {k}": m for k, m in enumerate(results.members)},
                columns=2,
            ),
            "Some members.",
            "",
            "wide",
        ),
    )
    return section


def _reject_section(results: RegionalResults) -> Section:
    section = Section("rejects", "Rejects")
    if not results.rejects.num_rows:
        return section
    # names and places differ from row to row; the first words tell the kind
    reasons = results.rejects.column("reason").to_pylist()
    kinds = Counter(re.sub(r"^station \S+ lies", "station lies", r).split(":")[0] for r in reasons)
    rows = [(kind, whole(count)) for kind, count in kinds.most_common(20)]
    return section.add(Grid(("Reason", "Rows"), rows, numeric=(False, True)))


def _settings_section(results: RegionalResults) -> Section:
    import yaml

    section = Section("settings", "Settings")
    return section.add(
        Text("Every setting of this run; with the same seed they give the same members."),
        Code("Settings", yaml.safe_dump(results.settings, sort_keys=False)),
    )
