"""Verbs of stage ``restore``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import InputError, random_stream
from quakeloom.restoration import Restoration, RestoreOptions, restore_field
from quakeloom.schema import make_table
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.restore import RESTORE
from quakeloom.stages.restore.inputs import (
    Field,
    grid_file,
    product_of,
    read_fields,
    restore_settings,
)
from quakeloom.store import RunLayout, digest_grid, read_table, write_dataset, write_table

Floats = NDArray[np.float64]

_BASE_MB = 600
"""Memory of the program with numba, SciPy and xarray loaded, measured."""

_ARRAYS = 14
"""Arrays of the size of the field that a restoration holds at most, measured."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the file or product that is restored."""
    asked = restore_settings(run.settings)
    if asked.simulation is not None:
        return StageInputs()
    if asked.run:
        digest = product_of(run.settings, run.layout, asked.run, asked.file).digest()
    else:
        digest = digest_grid(grid_file(run.settings, asked.file))
    return StageInputs(common={"files": {asked.file: digest}})


def promise(run: PlannedRun) -> Promise:
    """Return what the restoration needs at most."""
    asked = restore_settings(run.settings)
    if asked.simulation is None:
        return Promise(run.settings.cluster.memory_mb, 240)
    nodes = float(np.prod(asked.simulation.shape))
    return Promise(int(_BASE_MB + _ARRAYS * 8e-6 * nodes), 240)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Restore the fields of a run; write NetCDF and a table of what was found."""
    with open_part(layout, RESTORE.name, ONE) as job:
        data: dict[str, Any] = {}
        rows: list[dict[str, Any]] = []
        coordinates: dict[str, Any] = {}
        for field in read_fields(settings, layout):
            made, own = restore_one(settings, field)
            rows += own
            data |= made
            coordinates |= {n: ((n,), v) for n, v in field.data.coordinates.items()}
        table = _as_table(rows)
        provenance = read_kept_provenance(layout, RESTORE.name)
        write_table(layout.table("restorations"), "restorations", table, provenance)
        attributes = {
            "Conventions": "CF-1.10",
            "title": settings.name,
            "source": f"quakeloom {__version__} restore",
        }
        write_dataset(layout.root / "restored.nc", xr.Dataset(data, coordinates, attributes))
        job.also += [layout.root / name for name in RESTORE.owned]
        job.counts = {
            "fields": len(rows),
            "not_restored": sum(r["restore_status"] == "error" for r in rows),
        }
    return job.summary


def restore_one(settings: Settings, field: Field) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Restore every slice of a field: variables of a dataset, and a row for each.

    A slice that cannot be restored (constant, all holes) has missing values and a row with the
    reason.
    """
    asked = restore_settings(settings)
    options = RestoreOptions(asked.prior, asked.edges, asked.noise_deviation, None, asked.draws)
    variable = field.data
    smooth = [d for d in variable.dimensions if not asked.dimensions or d in asked.dimensions]
    apart = [d for d in variable.dimensions if d not in smooth]
    shape = variable.values.shape
    counts = [shape[variable.dimensions.index(d)] for d in apart]
    mean, deviation = np.full(shape, np.nan), np.full(shape, np.nan)
    edge = np.full(shape, np.nan) if asked.edges else None
    rows = []
    for index in np.ndindex(*counts):
        at = dict(zip(apart, index, strict=True))
        cut = tuple(at.get(d, slice(None)) for d in variable.dimensions)
        name = ", ".join(f"{d} {variable.coordinates[d][i]:g}" for d, i in at.items())
        stream = random_stream(settings.seed, "restore", variable.name, *index)
        own = None if field.deviation is None else field.deviation[cut]
        row = {"field_name": variable.name, "field_slice": name}
        try:
            found = restore_field(variable.values[cut], stream, options, own)
        except InputError as error:
            rows.append({**row, "restore_status": "error", "reason": str(error)})
            continue
        mean[cut], deviation[cut] = found.mean, found.deviation
        if edge is not None and found.edge_probability is not None:
            edge[cut] = found.edge_probability
        truth = None if field.truth is None else field.truth[cut]
        rows.append({**row, **_describe(found, variable.values[cut], truth)})
    unit = variable.unit or "1"
    named = {
        f"{variable.name}_data": (variable.values, f"{variable.name}, as read"),
        variable.name: (mean, f"posterior mean of {variable.name}"),
        f"{variable.name}_deviation": (deviation, f"standard deviation of {variable.name}"),
    }
    if field.truth is not None:
        named[f"{variable.name}_truth"] = (field.truth, f"true {variable.name}")
    data: dict[str, Any] = {
        n: (variable.dimensions, v.astype(np.float32), {"long_name": w, "units": unit})
        for n, (v, w) in named.items()
    }
    if edge is not None:
        words = {"long_name": "probability of an edge beside the node", "units": "1"}
        data[f"{variable.name}_edge"] = (variable.dimensions, edge.astype(np.float32), words)
    return data, rows


def _describe(found: Restoration, data: Floats, truth: Floats | None) -> dict[str, Any]:
    """Return the row of a restored field."""
    fit = found.fit
    second = sorted(found.evidences.values(), reverse=True)
    row = {
        "restore_status": "doubtful" if found.doubts else "restored",
        "reason": "; ".join(found.doubts),
        "prior_roughness": fit.roughness,
        "field_node_count": int(data.size),
        "field_missing_count": found.missing,
        "field_smoothness": found.edges.smoothness if found.edges else fit.smoothness,
        "field_noise_deviation": found.noise_deviation,
        "field_inverse_length": fit.inverse_length if fit.roughness == "matern" else np.nan,
        "field_log_evidence": fit.log_evidence,
        "field_log_evidence_std": fit.evidence_error,
        "field_evidence_lead": second[0] - second[1] if len(second) > 1 else np.nan,
        "field_degrees": fit.degrees,
        "field_edge_share": found.edges.edge_share if found.edges else np.nan,
    }
    if truth is not None:
        wrong, seen = found.mean - truth, np.isfinite(data)
        row |= {
            "field_error_before": float(np.sqrt(np.mean((data - truth)[seen] ** 2))),
            "field_error_after": float(np.sqrt(np.mean(wrong[seen] ** 2))),
            "field_held_share": float(np.mean(np.abs(wrong) <= 1.96 * found.deviation)),
        }
    return row


_NUMBERS = (
    "field_smoothness", "field_noise_deviation", "field_inverse_length", "field_log_evidence",
    "field_log_evidence_std", "field_evidence_lead", "field_degrees", "field_edge_share",
    "field_error_before", "field_error_after", "field_held_share",
)  # fmt: skip
"""Columns that are missing where a field was not restored."""


def _as_table(rows: list[dict[str, Any]]) -> pa.Table:
    columns: dict[str, Any] = {
        n: [r[n] for r in rows] for n in ("field_name", "field_slice", "restore_status", "reason")
    }
    columns["prior_roughness"] = [r.get("prior_roughness", "") for r in rows]
    for name in ("field_node_count", "field_missing_count"):
        columns[name] = np.array([r.get(name, 0) for r in rows], np.int64)
    for name in _NUMBERS:
        columns[name] = np.array([r.get(name, np.nan) for r in rows], float)
    return make_table("restorations", columns)


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many fields were restored."""
    status = read_table(layout.table("restorations"), "restorations").column("restore_status")
    words = status.to_pylist()
    return [(w, str(words.count(w))) for w in ("restored", "doubtful", "error") if w in words]
