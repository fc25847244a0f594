"""Verbs of stage ``bathymetry``: a grid of the sea floor is made finer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from quakeloom.config import Settings
from quakeloom.core import digest_json
from quakeloom.formats import open_depth_grid
from quakeloom.stages.bathymetry import BATHYMETRY
from quakeloom.stages.bathymetry.making import (
    FACTS,
    bathymetry_settings,
    grid_choices,
    make_products,
)
from quakeloom.stages.bathymetry.methods import weights_digest
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_threads
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.store import (
    RunLayout,
    digest_input,
    input_place,
    is_input,
    list_tree,
    read_json,
    read_table,
)


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the grid and of weights."""
    wanted = bathymetry_settings(run.settings)
    data = run.settings.data
    compared = [] if wanted.grid and not wanted.degrade else wanted.compare
    common = {
        "weights": weights_digest(data, wanted.weights, [wanted.method, *compared]),
    }
    if wanted.grid:
        place = input_place(data, wanted.grid)
        with open_depth_grid(place, grid_choices(wanted)):
            pass  # refused while planning, not after an hour
        common["grid"] = _digest(place)
    return StageInputs(common=common)


def _digest(place: Path) -> str:
    """Return the digest of a grid: of a file, or of all files of a folder of Zarr."""
    if is_input(place):
        return digest_input(place)
    files, _, _ = list_tree(place)
    return digest_json({f.relative_to(place).as_posix(): digest_input(f) for f in files})


def promise(run: PlannedRun) -> Promise:
    """Return what making the grid finer needs at most."""
    return Promise(run.settings.cluster.memory_mb, 240, promise_threads(run.settings))


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Compare methods, calibrate ranges, and make the grid finer; write all products."""
    with open_part(layout, BATHYMETRY.name, ONE) as job:
        facts = make_products(settings, layout, read_kept_provenance(layout, BATHYMETRY.name))
        job.also += [layout.root / n for n in BATHYMETRY.owned if (layout.root / n).exists()]
        job.counts = {k: v for k, v in facts.items() if isinstance(v, int | float)}
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how good methods were, and what the finer grid is."""
    facts = read_json(layout.root / FACTS)
    lines = []
    if "cells" in facts:
        lines.append(("finer cells", f"{facts['cells']:,}, {facts['holes']:,} input cells missing"))
    rows = read_table(layout.table("seafloor_scores"), "seafloor_scores").to_pylist()
    whole = [r for r in rows if r["seafloor_area"] in ("all", "whole grid")] or rows
    for r in whole:
        ratio = r["rmse_over_bicubic"]
        beside = f", {ratio:.3f} of bicubic's" if np.isfinite(ratio) else ""
        lines.append((r["seafloor_method"], f"RMSE {r['depth_rmse_m']:.3f} m{beside}"))
    return lines
