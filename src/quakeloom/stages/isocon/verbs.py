"""Verbs of stage ``isocon``."""

from __future__ import annotations

from typing import Any

import numpy as np

from quakeloom.config import Isocon, Settings
from quakeloom.core import InputError, random_stream
from quakeloom.formats import Analyses, LeftOut
from quakeloom.geochem import (
    IsoconOptions,
    IsoconRecipe,
    IsoconTruth,
    analyze_isocon,
    simulate_isocon,
)
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.isocon import ISOCON
from quakeloom.stages.isocon.tables import IsoconRocks, isocon_tables
from quakeloom.stages.rocks.reading import (
    label_column,
    left_out_rows,
    read_rocks,
    rock_inputs,
    select_rows,
)
from quakeloom.stages.rocks.writing import write_rock_tables
from quakeloom.store import RunLayout, read_table


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the table."""
    return rock_inputs(run, _wanted(run.settings), "isocon")


def promise(run: PlannedRun) -> Promise:
    """Return what some hundred samples need."""
    return Promise(memory_mb=1500, minutes=60)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Determine the mass changes; write the tables."""
    wanted = _wanted(settings)
    with open_part(layout, ISOCON.name, ONE) as job:
        rocks = _simulated(settings, wanted) if wanted.simulation else _read(settings, wanted)
        options = IsoconOptions(
            wanted.noise, wanted.protolith_scatter, wanted.scale, wanted.bootstraps,
            wanted.chains, wanted.sweeps,
        )  # fmt: skip
        result = analyze_isocon(
            rocks.altered, rocks.protolith, options, random_stream(settings.seed, "isocon")
        )
        tables = isocon_tables(rocks, result)
        tables["isocon_left_out"] = left_out_rows("isocon", settings, wanted, rocks.left_out)
        write_rock_tables(ISOCON, layout, job, tables)
        status = tables["isocon_samples"].column("isocon_status").to_pylist()
        job.counts = {
            "samples": len(status),
            "solved": status.count("solved"),
            "protolith_samples": len(rocks.protolith[0]),
            "elements": len(result.elements),
            "left_out": len(rocks.left_out),
        }
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many mass changes were determined and how many elements are immobile."""
    if not layout.table("isocon_samples").exists():
        return []
    status = read_table(layout.table("isocon_samples"), "isocon_samples")["isocon_status"]
    chance = read_table(layout.table("isocon_elements"), "isocon_elements")["immobile_probability"]
    still = int((chance.to_numpy() > 0.5).sum())
    counts = status.to_pylist()
    left = len(counts) - counts.count("solved")
    return [
        ("mass changes", f"{counts.count('solved')} solved, {left} doubtful or not solved"),
        ("immobile elements", f"{still} of {len(chance)}"),
    ]


def _read(settings: Settings, wanted: Isocon) -> IsoconRocks:
    """Read the table and part protolith and altered rocks."""
    found = read_rocks(settings, wanted, ("oxide", "element"))
    groups = (
        label_column(found, wanted.group_column, "isocon.group_column")
        if wanted.group_column
        else found.samples
    )
    missing = [p for p in wanted.protolith if p not in groups]
    if missing:
        raise InputError(
            f"The protolith {', '.join(missing)} is no sample of '{wanted.table}' that can be "
            "used. Nothing was computed; correct `isocon.protolith`, or see why the sample was "
            "put aside: its total, or its units."
        )
    fresh = np.array([g in wanted.protolith for g in groups])
    if fresh.all():
        raise InputError(
            f"All samples of '{wanted.table}' are protolith by `isocon.protolith`. Nothing was "
            "computed; leave altered rocks."
        )
    base = found.choose(fresh)
    rest = found.choose(~fresh)
    shared = np.asarray(np.isfinite(base.values).any(axis=0))
    comparable = np.asarray((np.isfinite(rest.values) & shared).any(axis=1))
    altered = select_rows(rest, comparable, "no element in common with the protolith")
    unused = [
        LeftOut(-1, "", c.name, "", "no value above a detection limit in the protolith")
        for c, known in zip(found.columns, shared, strict=True)
        if not known
    ]
    return IsoconRocks(
        altered.samples,
        found.names,
        [c.unit for c in found.columns],
        _triple(altered),
        _triple(base),
        [*altered.left_out, *unused],
    )


def _triple(found: Analyses) -> Any:
    return found.values, found.limits, found.errors


def _simulated(settings: Settings, wanted: Isocon) -> IsoconRocks:
    assert wanted.simulation is not None
    recipe = IsoconRecipe(**wanted.simulation.model_dump())
    truth: IsoconTruth = simulate_isocon(recipe, random_stream(settings.seed, "altered rocks"))
    names = [f"altered {k + 1}" for k in range(recipe.samples)]
    return IsoconRocks(
        names, truth.names, truth.units, truth.altered, truth.protolith, [], truth
    )  # fmt: skip


def _wanted(settings: Settings) -> Isocon:
    assert settings.isocon is not None
    return settings.isocon
