"""Collecting what the report page shows."""

from __future__ import annotations

import csv
import logging
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.config import Settings, case_run
from quakeloom.report import RunResults, build_report, load_coastline
from quakeloom.schema import TABLES
from quakeloom.store import (
    RunLayout,
    find_resource,
    open_array,
    read_json,
    read_table,
    write_text_if_changed,
)

log = logging.getLogger(__name__)

_TABLES = (
    "events",
    "stations",
    "polarities",
    "mechanisms",
    "solutions",
    "rejects",
    "truth",
    "station_report",
)


def write_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a run and write it."""
    if settings.tomography is not None:
        _write_line_report(settings, layout)
        return
    tables = {
        name: read_table(layout.table(name), name)
        for name in _TABLES
        if name in TABLES and layout.table(name).exists()
    }
    comparisons = [
        (case, read_table(other.table("mechanisms"), "mechanisms"))
        for case, other in _compared(settings, layout)
    ]
    results = RunResults(
        name=settings.name,
        tables=tables,
        acceptance=_acceptance_reader(layout),
        grid=_grid(layout),
        provenance={**read_json(layout.provenance), **_machine()},
        timings=_timings(layout.root / "benchmarks"),
        settings=settings.model_dump(mode="json"),
        comparisons=comparisons,
        seed_scatter=None,
        coastline=load_coastline(find_resource("coastline")),
    )
    write_text_if_changed(layout.report, build_report(results))
    log.info("report: %s", layout.report)


def _write_line_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a refraction line."""
    import xarray as xr

    from quakeloom.report import LineResults, build_line_report
    from quakeloom.stages._line_inputs import line_settings, read_compared

    line = line_settings(settings)
    with xr.open_dataset(layout.root / "sections.nc", engine="scipy") as data:
        sections = {str(n): np.asarray(data[n].to_numpy(), float) for n in data.variables}
    members = np.asarray(open_array(layout.root / "ensemble.zarr", "p_velocity")[:6], float)
    members[:, np.isnan(sections["mean"])] = np.nan
    model = read_compared(settings)
    published = None
    if model is not None:
        published = model.evaluate(sections["depth"][:, None], sections["distance"][None, :])
    results = LineResults(
        settings.name,
        settings.description,
        read_json(layout.root / "tomography.json"),
        sections,
        members,
        read_table(layout.table("travel_time_fits"), "travel_time_fits"),
        read_table(layout.table("rejects"), "rejects"),
        line.mask_above_km_s,
        line.isovelocities_km_s,
        published,
        settings.model_dump(mode="json", exclude_none=True, include={"seed", "tomography"}),
    )
    write_text_if_changed(layout.report, build_line_report(results))
    log.info("report: %s", layout.report)


def _compared(settings: Settings, layout: RunLayout) -> list[tuple[str, RunLayout]]:
    root = layout.root
    for _ in range(settings.name.count("/")):
        root = root.parent
    name = settings.name.split("/")[0]
    return [
        (case, RunLayout(root.parent / case_run(name, case))) for case in settings.report.compare
    ]


def _acceptance_reader(layout: RunLayout) -> Any:
    where: dict[str, tuple[str, int]] = {}
    for folder in sorted(layout.part("mechanism", "x").parent.glob("*/events.parquet")):
        ids = read_table(folder, "events", ["event_id"]).column("event_id").to_pylist()
        where.update((e, (folder.parent.name, i)) for i, e in enumerate(ids))

    def acceptance(event_id: str) -> np.ndarray | None:
        partition, row = where.get(event_id, ("", -1))
        group = layout.accepted / partition
        if row < 0 or not group.is_dir():
            return None
        return np.asarray(open_array(group, "acceptance")[row])

    return acceptance


def _grid(layout: RunLayout) -> dict[str, np.ndarray]:
    group = layout.accepted / "grid"
    if not group.is_dir():
        return {}
    names = ("strike_deg", "dip_deg", "rake_deg")
    return {name: np.asarray(open_array(group, name)[...]) for name in names}


def _timings(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for file in sorted(folder.rglob("*.tsv")):
        with file.open() as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                rows.append(
                    {
                        "rule": file.parent.name,
                        "partition": file.stem,
                        "seconds": _number(row.get("s")),
                        "cpu_seconds": _number(row.get("cpu_time")),
                        "peak_memory_mb": _number(row.get("max_rss")),
                    }
                )
    return rows


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _machine() -> dict[str, Any]:
    try:
        revision = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        revision = ""
    return {
        "git_revision": revision,
        "machine": platform.platform(),
    }
