"""Stage ``tendency``: slip tendency of faults in the stress map of a run."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import xarray

from quakeloom.config import Settings, Stress, Tendency
from quakeloom.core import InputError, PlanError
from quakeloom.faults import estimate_tendency
from quakeloom.formats import read_fault_segments, write_csv, write_fault_geojson
from quakeloom.schema import make_table
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, StageInputs
from quakeloom.stages.stress.inputs import place_boundaries, place_points, wrap_longitude
from quakeloom.stages.tendency import TENDENCY
from quakeloom.store import (
    RunLayout,
    atomic_file,
    digest_input,
    input_place,
    open_dataset,
    read_json,
    read_table,
    write_table,
)
from quakeloom.stress import (
    StressGrid,
    draw_nodes,
    interpolate_covariance,
    interpolate_field,
    stress_tensors,
)

log = logging.getLogger(__name__)


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digests of the files with faults."""
    tendency = _tendency(run.settings)
    files = {f: digest_input(input_place(run.settings.data, f)) for f in tendency.files}
    return StageInputs(common={"files": files})


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Compute the slip tendency of all faults; write Parquet, CSV and GeoJSON.

    The stress at a fault is interpolated from the nodes around it, and its draws are those of
    the joint posterior of these nodes, interpolated alike.
    """
    tendency = _tendency(settings)
    faults = _faults(settings, layout, tendency)
    freedom = read_json(layout.root / "stress.json")["freedom"]
    with _open_map(settings, layout) as data:
        assert settings.stress is not None
        table = rate_faults(settings.stress, data, freedom, faults, tendency, settings.seed)
    outside = int(np.isnan(table.column("slip_tendency").to_numpy()).sum())
    with open_part(layout, TENDENCY.name, ONE) as job:
        write_table(
            layout.table("tendency"), "tendency", table, read_kept_provenance(layout, TENDENCY.name)
        )
        with atomic_file(layout.root / "tendency.csv") as file:
            write_csv(table, file)
        with atomic_file(layout.root / "tendency.geojson") as file:
            write_fault_geojson(table, file)
        job.also += [layout.root / name for name in TENDENCY.owned]
        job.counts = {"faults": table.num_rows, "outside": outside}
    log.info("tendency: %d faults, %d of them outside the stress map", table.num_rows, outside)
    return job.summary


def rate_faults(
    stress: Stress,
    data: xarray.Dataset,
    freedom: float | None,
    faults: pa.Table,
    tendency: Tendency,
    seed: int,
) -> pa.Table:
    """Return the registered table ``tendency`` of faults in a stress map.

    Parameters
    ----------
    stress : Stress
        Settings of the map.
    data : xarray.Dataset
        The map, as :func:`quakeloom.stages.stress.dataset.make_dataset` makes it.
    freedom : float or None
        Degrees of freedom of the posterior; None where it is normal.
    faults : pyarrow.Table
        Registered ``tendency`` with fault, place, strike, dip and, where known, rake.
    tendency : Tendency
        Frictions and number of draws.
    seed : int
    """
    names = ("longitude", "latitude", "strike_deg", "dip_deg", "rake_deg", "dip_std_deg")
    column = {n: faults.column(n).to_numpy() for n in names}
    components, covariance = _stress_at(stress, data, column["longitude"], column["latitude"])
    generator = np.random.default_rng(seed)
    normals = generator.standard_normal((tendency.draws, 5))
    chi = generator.chisquare(freedom, tendency.draws) if freedom else None
    draws = draw_nodes(components, covariance, normals, chi, freedom or np.inf)
    found = estimate_tendency(
        column["strike_deg"],
        column["dip_deg"],
        stress_tensors(components),
        stress_tensors(draws),
        column["rake_deg"],
        np.nan_to_num(column["dip_std_deg"]),
        tendency.frictions,
        seed,
    )
    return make_table(
        "tendency",
        {
            "fault": faults.column("fault"),
            **column,
            "slip_tendency": found.tendency,
            "slip_tendency_std": found.tendency_std,
            "slip_tendency_low": found.tendency_range[:, 0],
            "slip_tendency_high": found.tendency_range[:, 1],
            "slip_tendency_friction_minimum": found.tendency_by_friction[:, 0],
            "slip_tendency_friction_maximum": found.tendency_by_friction[:, 1],
            "predicted_rake_deg": found.predicted_rake_deg,
            "predicted_rake_std_deg": found.predicted_rake_std_deg,
            "rake_misfit_deg": found.rake_misfit_deg,
            "rake_misfit_std_deg": found.rake_misfit_std_deg,
        },
    )


def _faults(settings: Settings, layout: RunLayout, tendency: Tendency) -> pa.Table:
    tables = [read_fault_segments(input_place(settings.data, f)) for f in tendency.files]
    if tendency.faults:
        given = tendency.faults
        tables.append(
            make_table(
                "tendency",
                {
                    "fault": [f.name for f in given],
                    **{
                        n: [getattr(f, n) for f in given]
                        for n in ("longitude", "latitude", "strike_deg", "dip_deg", "dip_std_deg")
                    },
                    "rake_deg": [np.nan if f.rake_deg is None else f.rake_deg for f in given],
                },
            )
        )
    if settings.faults is not None and tendency.found:
        found = read_table(layout.table("faults"), "faults")
        columns = ("fault", "longitude", "latitude", "strike_deg", "dip_deg", "dip_std_deg")
        values = {n: found.column(n) for n in (*columns, "rake_deg")}
        tables.append(make_table("tendency", values))
        if not found.num_rows and len(tables) == 1:
            return tables[0]
    if not tables:
        raise InputError(
            f"`tendency` of run '{settings.name}' names no fault, so there is nothing to compute. "
            "Give `tendency.faults`, `tendency.files`, or a group `faults`, which "
            "finds some."
        )
    return pa.concat_tables(tables).combine_chunks()


@contextlib.contextmanager
def _open_map(settings: Settings, layout: RunLayout) -> Iterator[xarray.Dataset]:
    item = layout.root / "stress.zarr"
    if settings.stress is None or not item.exists():
        raise PlanError(
            f"{layout.root} has no stress map ({item} is missing), so no fault can be rated. "
            "Run the stage `stress` first."
        )
    with open_dataset(item) as data:
        yield data


def _stress_at(
    stress: Stress, data: xarray.Dataset, longitude: Any, latitude: Any
) -> tuple[np.ndarray, np.ndarray]:
    names = [str(d) for d in data["components"].dims if d != "component"]
    # the shallowest and the latest stress
    layer = {n: 0 if n == "depth_km" else -1 for n in names[:-2]}
    m, c, between = (
        data[v].isel(layer).to_numpy() for v in ("components", "covariance", "neighbor_covariance")
    )
    axes = {str(n): data[n].to_numpy() for n in names[-2:]}
    if "longitude" in axes:
        stress = stress.around(float(np.mean(axes["longitude"])))
    known = np.isfinite(m).all(axis=-1)
    points = place_points(stress, wrap_longitude(stress, longitude), np.asarray(latitude))
    if not known.any():
        return np.full((len(points), 5), np.nan), np.full((len(points), 5, 5), np.nan)
    grid = StressGrid(axes, known, place_boundaries(stress))
    at = interpolate_field(grid, m[known], points)
    return at, interpolate_covariance(grid, c[known], between[known], points)


def _tendency(settings: Settings) -> Tendency:
    if settings.tendency is None:
        raise PlanError(f"Run '{settings.name}' has no `tendency` group in its settings.")
    return settings.tendency
