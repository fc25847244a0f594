"""Collecting what the report page shows."""

from __future__ import annotations

import csv
import logging
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from quakeloom.cli._waveform_reporting import collect_waveforms
from quakeloom.config import Settings, case_run
from quakeloom.core import rotation_angle
from quakeloom.formats import find_coastline, read_mechanisms
from quakeloom.report import ComparedCatalog, RunResults, build_report
from quakeloom.schema import TABLES
from quakeloom.stages.locate.verbs import list_partitions, tables_folder
from quakeloom.stages.planning import read_settings, science_settings
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
    "stress",
    "stress_truth",
    "tendency",
    "windows",
    "picks",
    "threshold_curve",
    "repeaters",
    "repeater_pairs",
    "repeater_stations",
    "hypocenters",
    "arrivals",
)


def write_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a run and write it."""
    if settings.tomography is not None:
        from quakeloom.cli._line_reporting import write_line_report

        write_line_report(settings, layout)
        return
    if settings.regional is not None:
        from quakeloom.cli._regional_reporting import write_regional_report

        write_regional_report(settings, layout)
        return
    tables = {
        name: read_table(layout.table(name), name)
        for name in _TABLES
        if name in TABLES and layout.table(name).exists()
    }
    comparisons, scatter = _compare(settings, layout, tables["mechanisms"])
    results = RunResults(
        name=settings.name,
        tables=tables,
        acceptance=_acceptance_reader(layout),
        grid=_grid(layout),
        provenance={**read_json(layout.provenance), **_machine()},
        timings=_timings(layout.root / "benchmarks"),
        settings=settings.model_dump(mode="json"),
        comparisons=comparisons,
        seed_scatter=scatter,
        description=settings.description,
        coastline=find_coastline(find_resource("coastline")),
        stress=_stress(layout),
        waveforms=collect_waveforms(settings, layout),
        location=_location(settings, layout),
    )
    write_text_if_changed(layout.report, build_report(results))
    log.info("report: %s", layout.report)


def _location(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """The ensemble that events were located in, and the hypocenters in the sources."""
    if settings.locate is None or not layout.table("hypocenters").exists():
        return {}
    folder = tables_folder(layout)
    boundary = np.asarray(open_array(folder, "boundary_km")[...])
    events = [
        read_table(layout.rows(name) / "events.parquet", "events")
        for name, _ in list_partitions(layout)
    ]
    given = pa.concat_tables(events)
    names = ("event_id", "longitude", "latitude", "depth_km")
    found: dict[str, Any] = {
        "members": len(read_json(folder / "members.json")["names"]),
        "sources": [given.column(n).to_pylist() for n in names],
    }
    if boundary.size and np.isfinite(boundary).all():
        found["boundary_km"] = (float(boundary.mean()), float(boundary.std()))
    return found


def _stress(layout: RunLayout) -> dict[str, Any]:
    """The numbers of the stress map, and its regimes on the grid where it has one."""
    path = layout.root / "stress.json"
    if not path.exists():
        return {}
    found: dict[str, Any] = {"facts": read_json(path)}
    import xarray

    with xarray.open_zarr(layout.root / "stress.zarr", consolidated=False) as data:
        if data["a_phi"].dims == ("latitude", "longitude") and data["a_phi"].size > 1:
            found["grid"] = {
                "longitude": data["longitude"].to_numpy(),
                "latitude": data["latitude"].to_numpy(),
                "a_phi": data["a_phi"].to_numpy(),
                "silent": ~(data["data_weight"].to_numpy() > 0),
            }
    return found


def _compare(
    settings: Settings, layout: RunLayout, mechanisms: pa.Table
) -> tuple[list[ComparedCatalog], dict[str, Any] | None]:
    """Other cases and catalogs to show beside this one, and the scatter between seeds.

    A case that differs in nothing but the seed is not another answer: the rotations between
    it and this run are the scatter of the random numbers.
    """
    root = layout.root
    for _ in range(settings.name.count("/")):
        root = root.parent
    name = settings.name.split("/")[0]
    compared: list[ComparedCatalog] = []
    scatter = None
    for reference in settings.report.compare:
        other = RunLayout(root.parent / case_run(name, reference))
        if not other.settings.exists():
            compared.append(ComparedCatalog(reference, read_mechanisms(Path(reference))))
            continue
        theirs = read_settings(other)
        table = read_table(other.table("mechanisms"), "mechanisms")
        same = {**science_settings(theirs), "seed": 0} == {**science_settings(settings), "seed": 0}
        if same:
            scatter = _scatter(settings, theirs, mechanisms, table)
        else:
            compared.append(ComparedCatalog(reference, table, theirs.description))
    return compared, scatter


def _scatter(
    settings: Settings, theirs: Settings, mechanisms: pa.Table, table: pa.Table
) -> dict[str, Any]:
    angles = ["strike_deg", "dip_deg", "rake_deg"]
    joined = mechanisms.to_pandas().merge(table.to_pandas(), on="event_id", suffixes=("", "_other"))
    joined = joined[(joined["status"] == "solved") & (joined["status_other"] == "solved")]
    return {
        "rotation_deg": rotation_angle(
            joined[angles].to_numpy(), joined[[f"{a}_other" for a in angles]].to_numpy()
        ),
        "quality": joined["quality"].to_numpy(dtype=str),
        "event_id": joined["event_id"].to_numpy(dtype=str),
        "seeds": [settings.seed, theirs.seed],
        "settings": f"{settings.mechanism.trials} trials, maxout {settings.mechanism.maxout}",
    }


def _acceptance_reader(layout: RunLayout) -> Any:
    files = sorted(layout.part("mechanism", "x").parent.glob("*/events.parquet"))
    ids = [read_table(f, "events", ["event_id"]).column("event_id").to_numpy() for f in files]
    first = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(int)
    where = pd.Index(np.concatenate(ids) if ids else np.empty(0, dtype=object))

    def acceptance(event_id: str) -> np.ndarray | None:
        (row,) = where.get_indexer([event_id])
        if row < 0:
            return None
        part = int(np.searchsorted(first, row, side="right")) - 1
        group = layout.accepted / files[part].parent.name
        if not group.is_dir():
            return None
        return np.asarray(open_array(group, "acceptance")[row - first[part]])

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
