"""Verbs of stage ``rockphysics``: a table of all candidates."""

from __future__ import annotations

from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.schema import make_table
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.rockphysics import ROCKPHYSICS
from quakeloom.stages.rockphysics.reading import (
    find_conditions,
    lithology_file,
    read_candidates,
    rock_settings,
)
from quakeloom.store import RunLayout, digest_input, find_resource, read_table, write_table


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the tables of lithologies and water."""
    files = {
        "lithologies": digest_input(lithology_file(run.settings)),
        "water": digest_input(find_resource("fluids/water.csv")),
    }
    find_conditions(rock_settings(run.settings))
    return StageInputs(common={"files": files})


def promise(run: PlannedRun) -> Promise:
    """Return what a table of candidates needs."""
    return Promise(1000, 30)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Write the properties of every candidate at every depth."""
    with open_part(layout, ROCKPHYSICS.name, ONE) as job:
        columns: dict[str, list[Any]] = {
            n: []
            for n in (
                "depth_km", "temperature_k", "pressure_gpa", "lithology", "pore_fluid",
                "solid_p_velocity", "solid_s_velocity", "solid_density_kg_m3", "solid_conductivity",
                "fluid_bulk_gpa", "fluid_density_kg_m3", "fluid_conductivity", "reason",
            )
        }  # fmt: skip
        for found in read_candidates(settings):
            c = found.condition
            for each in found.candidates:
                vp, vs = each.solid.velocities
                row = (
                    c.depth_km, c.temperature_k, c.pressure_gpa, each.lithology, each.fluid, vp, vs,
                    each.solid.density_kg_m3, each.solid_s_m, each.pore.bulk_gpa,
                    each.pore.density_kg_m3, each.pore_s_m, each.note,
                )  # fmt: skip
                for name, value in zip(columns, row, strict=True):
                    columns[name].append(value)
            at = (c.depth_km, c.temperature_k, c.pressure_gpa)
            for fluid, reason in found.left_out.items():
                empty = (*at, "", fluid, *[np.nan] * 7, reason)
                for name, blank in zip(columns, empty, strict=True):
                    columns[name].append(blank)
        table = make_table("rock_candidates", columns)
        provenance = read_kept_provenance(layout, ROCKPHYSICS.name)
        write_table(layout.table("rock_candidates"), "rock_candidates", table, provenance)
        job.also.append(layout.table("rock_candidates"))
        job.counts = {"candidates": sum(bool(n) for n in columns["lithology"])}
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return the number of candidates and of depths."""
    table = read_table(layout.table("rock_candidates"), "rock_candidates")
    depths = set(table.column("depth_km").to_pylist())
    rocks = [n for n in table.column("lithology").to_pylist() if n]
    places = "1 depth" if len(depths) == 1 else f"{len(depths)} depths"
    return [("candidates", f"{len(rocks)} at {places}")]
