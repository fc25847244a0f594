"""Collecting what the report page shows."""

from __future__ import annotations

import csv
import io
import logging
import platform
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from quakeloom.config import Settings, case_run
from quakeloom.core import rotation_angle
from quakeloom.formats import find_coastline, read_mechanisms
from quakeloom.report._collecting_waveforms import collect_waveforms
from quakeloom.report._file_meanings import FILE_MEANINGS
from quakeloom.report._large_tables import read_shown
from quakeloom.report._page import build_report
from quakeloom.report._results import ComparedCatalog, RunResults
from quakeloom.report._stage_sections import stage_sections
from quakeloom.schema import TABLES
from quakeloom.stages.frame.chains import find_chain, run_stages, science_settings
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.frame.stage import Stage
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.hypocenters import structure_warnings, tables_folder
from quakeloom.stages.stress.posterior import read_node_posterior
from quakeloom.stages.what_came_out import stages_without_result
from quakeloom.store import (
    Item,
    RunLayout,
    find_input,
    find_resource,
    open_array,
    open_dataset,
    read_json,
    read_table,
    read_text,
    write_text_if_changed,
)

log = logging.getLogger(__name__)


def write_report(settings: Settings, layout: RunLayout) -> None:
    """Write the report page of a run of any kind."""
    find_chain(settings).write_page(settings, layout)


def write_catalog_report(settings: Settings, layout: RunLayout) -> None:
    """Build the report page of a catalog of events, or of mechanisms, and write it."""
    write_text_if_changed(layout.report, build_report(collect_catalog(settings, layout)))
    log.info("report: %s", layout.report)


def collect_catalog(settings: Settings, layout: RunLayout) -> RunResults:
    """Read what the report of a catalog shows from the tables of its finished stages."""
    stages = run_stages(settings)
    tables = {
        name: read_shown(layout, name)
        for stage in stages
        for name in stage.tables
        if name in TABLES and layout.table(name).exists()
    }
    if layout.table("calibration").exists():
        tables["calibration"] = read_table(layout.table("calibration"), "calibration")
    comparisons, scatter = _compare(settings, layout, tables["mechanisms"])
    return RunResults(
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
        stress=_stress(layout, tables.get("stress")),
        waveforms=collect_waveforms(settings, layout),
        location=_location(settings, layout),
        sections=stage_sections(settings, layout),
        warnings=stages_without_result(settings, layout)[0],
        files=result_files(stages, layout),
    )


def result_files(stages: list[Stage], layout: RunLayout) -> list[tuple[str, str]]:
    """Return names of the files that the stages of a run left, and what they hold."""
    found: dict[str, str] = {}
    for stage in stages:
        for name in stage.tables:
            if layout.table(name).exists():
                found[layout.table(name).name] = TABLES[name].meaning if name in TABLES else ""
        for name in (*stage.arrays, *stage.files):
            if (layout.root / name).exists():
                found[name] = FILE_MEANINGS.get(name, f"Written by stage {stage.name}.")
    return list(found.items())


def _location(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """The ensemble that events were located in, and the hypocenters in the sources."""
    if settings.locate is None or not layout.table("hypocenters").exists():
        return {}
    folder = tables_folder(layout)
    boundary = np.asarray(open_array(folder, "boundary_km")[...])
    events = [
        read_table(layout.rows(name) / "events.parquet", "events")
        for name in planned_partitions(layout, LOCATE.name)
    ]
    given = pa.concat_tables(events)
    names = ("event_id", "longitude", "latitude", "depth_km")
    found: dict[str, Any] = {
        "members": len(read_json(folder / "members.json")["names"]),
        "sources": [given.column(n).to_pylist() for n in names],
        "structure": structure_warnings(layout),
    }
    if boundary.size and np.isfinite(boundary).all():
        found["boundary_km"] = (float(boundary.mean()), float(boundary.std()))
    return found


def _stress(layout: RunLayout, table: pa.Table | None) -> dict[str, Any]:
    """The numbers of the stress map, its regimes on the grid where it has one, its posterior."""
    facts = layout.root / "stress.json"
    if not facts.exists():
        return {}
    found: dict[str, Any] = {
        "facts": read_json(facts),
        "posterior": read_node_posterior(layout, table),
    }
    with open_dataset(layout.root / "stress.zarr") as data:
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
    name = settings.name.split("/")[0]
    compared: list[ComparedCatalog] = []
    scatter = None
    for reference in settings.report.compare:
        other = RunLayout(layout.results(settings.name) / case_run(name, reference))
        if not other.settings.exists():
            # as all files that settings name: below `data`; else where the command is typed
            file = find_input(settings.data, reference) or Path(reference)
            compared.append(ComparedCatalog(reference, read_mechanisms(file)))
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
    parts = [p for p in layout.parts("mechanism").children() if (p / "events.parquet").exists()]
    ids = [
        read_table(p / "events.parquet", "events", ["event_id"]).column("event_id").to_numpy()
        for p in parts
    ]
    first = np.concatenate([[0], np.cumsum([len(i) for i in ids])]).astype(int)
    where = pd.Index(np.concatenate(ids) if ids else np.empty(0, dtype=object))

    def acceptance(event_id: str) -> np.ndarray | None:
        (row,) = where.get_indexer([event_id])
        if row < 0:
            return None
        part = int(np.searchsorted(first, row, side="right")) - 1
        group = layout.accepted / parts[part].name
        if not group.exists():
            return None
        return np.asarray(open_array(group, "acceptance")[row - first[part]])

    return acceptance


def _grid(layout: RunLayout) -> dict[str, np.ndarray]:
    group = layout.accepted / "grid"
    if not group.exists():
        return {}
    names = ("strike_deg", "dip_deg", "rake_deg")
    return {name: np.asarray(open_array(group, name)[...]) for name in names}


def _timings(folder: Item) -> list[dict[str, Any]]:
    return [
        {
            "rule": file.parent.name,
            "partition": file.stem,
            "seconds": _number(row.get("s")),
            "cpu_seconds": _number(row.get("cpu_time")),
            "peak_memory_mb": _number(row.get("max_rss")),
        }
        for file in folder.files()
        if file.name.endswith(".tsv")
        for row in csv.DictReader(io.StringIO(read_text(file)), delimiter="\t")
    ]


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
