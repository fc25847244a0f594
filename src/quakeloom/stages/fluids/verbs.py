"""Verbs of stage ``fluids``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.fluids import VOXEL_STATUSES, Candidate, Selection, VoxelData, select_candidates
from quakeloom.schema import make_table
from quakeloom.stages.fluids import FLUIDS
from quakeloom.stages.fluids.inputs import (
    Voxels,
    add_thermal_spread,
    fluid_settings,
    read_voxels,
)
from quakeloom.stages.fluids.products import describe_grid
from quakeloom.stages.fluids.smooth import smooth_variables
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.restore.inputs import grid_file, product_of
from quakeloom.stages.rockphysics.reading import (
    CandidateSet,
    forward_tables,
    read_candidates,
    rock_settings,
)
from quakeloom.store import RunLayout, digest_grid, read_table, write_dataset, write_table

Floats = NDArray[np.float64]

_BLOCK = 2000
"""Voxels that are computed together; chosen here: their evidences take 5 MB."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the file or product with the observations."""
    asked = fluid_settings(run.settings)
    rock_settings(run.settings)
    if not asked.file:
        return StageInputs()
    if asked.run:
        digest = product_of(run.settings, run.layout, asked.run, asked.file).digest()
    else:
        digest = digest_grid(grid_file(run.settings, asked.file))
    return StageInputs(common={"files": {asked.file: digest}})


def promise(run: PlannedRun) -> Promise:
    """Return what the selection needs at most."""
    return Promise(2000, 240)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Find lithology, fluid, porosity and shape of every voxel; write a table, and maps."""
    with open_part(layout, FLUIDS.name, ONE) as job:
        sets = read_candidates(settings)
        voxels = read_voxels(settings, layout, sets)
        columns = select_voxels(settings, sets, voxels)
        table = make_table("fluid_voxels", columns)
        provenance = read_kept_provenance(layout, FLUIDS.name)
        write_table(layout.table("fluid_voxels"), "fluid_voxels", table, provenance)
        if voxels.grid is not None:
            data = describe_grid(settings.name, voxels.grid, columns)
            if fluid_settings(settings).smooth is not None:
                data = data.assign(smooth_variables(settings, layout, sets, voxels))
            write_dataset(layout.root / "fluids.nc", data)
        job.also += [layout.root / name for name in FLUIDS.owned]
        status = columns["voxel_status"]
        job.counts = {s: status.count(s) for s in VOXEL_STATUSES}
    return job.summary


def select_voxels(
    settings: Settings, sets: list[CandidateSet], voxels: Voxels
) -> dict[str, list[Any]]:
    """Return the columns of the table of voxels, each by the candidates of the nearest depth."""
    rock = rock_settings(settings)
    depths = np.array([s.condition.depth_km for s in sets])
    own = np.where(np.isfinite(voxels.depth_km), voxels.depth_km, depths[0])
    nearest = np.abs(own[:, None] - depths[None, :]).argmin(axis=1)
    rows: list[dict[str, Any]] = [{} for _ in voxels.names]
    for k in np.unique(nearest):
        tables = forward_tables(rock, sets[k].candidates)
        here = np.flatnonzero(nearest == k)
        covariance = add_thermal_spread(settings, [sets[k]], voxels.data.covariance[here])
        for start in range(0, here.size, _BLOCK):
            block = here[start : start + _BLOCK]
            data = VoxelData(voxels.data.values[block], covariance[start : start + _BLOCK])
            found = select_candidates(tables, data)
            if rock.mixing != "spheroids":
                found.path_ratio[:] = np.nan  # the other mixing laws know no shape of paths
            for v, row in zip(block, describe_selection(found, sets[k].candidates), strict=True):
                rows[v] = row
    columns: dict[str, list[Any]] = {
        "voxel_name": voxels.names,
        "depth_km": list(voxels.depth_km),
        "observed_p_velocity": list(voxels.data.values[:, 0]),
        "observed_s_velocity": list(voxels.data.values[:, 1]),
        "log10_conductivity": list(voxels.data.values[:, 2]),
    }
    columns |= {n: [r[n] for r in rows] for n in rows[0]}
    return columns | _truth_columns(voxels, sets[0].candidates, rows)


def describe_selection(found: Selection, candidates: list[Candidate]) -> list[dict[str, Any]]:
    """Return a row of the table for every voxel of a selection."""
    rocks = list(dict.fromkeys(c.lithology for c in candidates))
    of_rock = np.array([rocks.index(c.lithology) for c in candidates])
    melt = np.array([c.fluid == "melt" for c in candidates])
    p, joint = found.probabilities(), found.joint_probabilities()
    by_rock = np.zeros((len(p), len(rocks)))
    np.add.at(by_rock.T, of_rock, p.T)
    rows = []
    for v in range(len(p)):
        solved = found.status[v] == 0
        order = np.argsort(-by_rock[v], kind="stable") if solved else [0]
        best = int(np.argmax(p[v])) if solved else 0
        top = int(np.argmax(joint[v])) if solved else 0
        held = int(np.searchsorted(np.cumsum(by_rock[v][order]), 0.8) + 1) if solved else 0
        row: dict[str, Any] = {
            "voxel_status": VOXEL_STATUSES[found.status[v]],
            "reason": found.reason[v],
            "melt_probability": float(p[v][melt].sum()) if solved else np.nan,
            "lithology": rocks[order[0]] if solved else "",
            "lithology_probability": float(by_rock[v][order[0]]) if solved else np.nan,
            "lithologies_held": held,
            "pore_fluid": candidates[best].fluid if solved else "",
            "joint_lithology": candidates[top].lithology if solved else "",
            "joint_fluid": candidates[top].fluid if solved else "",
            "joint_ties": int((found.best_joint[v] > found.best_joint[v].max() - 0.1).sum())
            if solved else 0,
            "voxel_misfit": float(found.misfit[v]) if np.isfinite(found.misfit[v]) else np.nan,
        }  # fmt: skip
        for name, values in (
            ("porosity", found.porosity), ("pore_ratio", found.ratio),
            ("path_ratio", found.path_ratio),
        ):  # fmt: skip
            ends = ("lower95", "lower68", "", "upper68", "upper95")
            names = [f"{name}_{e}" if e else name for e in ends]
            row |= dict(zip(names, map(float, values[v]), strict=True))
        rows.append(row)
    return rows


def _truth_columns(
    voxels: Voxels, candidates: list[Candidate], rows: list[dict[str, Any]]
) -> dict[str, list[Any]]:
    """Return true rock and pores of simulated voxels; empty ones of others."""
    n = len(rows)
    names = ("true_porosity", "true_pore_ratio", "true_path_ratio")
    if voxels.truth is None:
        empty: dict[str, list[Any]] = {n_: [np.nan] * n for n_ in names}
        return {"true_lithology": [""] * n, "true_fluid": [""] * n, **empty}
    t = voxels.truth
    times = n // len(t.candidate)
    values = (t.porosity, t.ratio, t.path_ratio)
    found: dict[str, list[Any]] = {
        k: list(np.repeat(x, times)) for k, x in zip(names, values, strict=True)
    }
    made = [candidates[int(k)] for k in np.repeat(t.candidate, times)]
    return {
        "true_lithology": [c.lithology for c in made],
        "true_fluid": [c.fluid for c in made],
        **found,
    }


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many voxels were solved."""
    table = read_table(layout.table("fluid_voxels"), "fluid_voxels")
    status = table.column("voxel_status").to_pylist()
    return [(f"voxels {s}", f"{status.count(s):,}") for s in VOXEL_STATUSES if s in status]
