"""The files of a stress map: tables, Zarr, CF-NetCDF, GeoTIFF, GMT, GeoJSON, facts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from quakeloom import formats
from quakeloom.schema import variable
from quakeloom.stages.stress.dataset import make_dataset
from quakeloom.stages.stress.map import StressMap
from quakeloom.store import Item, atomic_file, write_dataset, write_table, write_text_if_changed
from quakeloom.stress import PlaneModel


def write_map(folder: Item, made: StressMap, provenance: dict[str, Any]) -> list[str]:
    """Write all files of a map to a folder; return their names."""
    write_table(folder / "stress.parquet", "stress", made.table, provenance)
    names = list(made.grid.axes)
    step = np.diff(made.latitude).max() if made.latitude.size > 1 else 0.1
    with atomic_file(folder / "stress.csv") as file:
        _write_csv(made, file)
    with atomic_file(folder / "stress_wsm.csv") as file:
        formats.write_stress_wsm(made.table, file)
    with atomic_file(folder / "stress_gmt.txt") as file:
        formats.write_stress_gmt(made.table, file)
    with atomic_file(folder / "stress.geojson") as file:
        formats.write_stress_geojson(made.table, file, 0.8 * max(step, 0.02))
    dataset = make_dataset(made, provenance)
    write_dataset(folder / "stress.zarr", dataset)
    plain = dataset.drop_vars(["neighbor_covariance", "drawn_components"], errors="ignore")
    # the CF conventions want the axes of space and time last
    write_dataset(folder / "stress.nc", plain.transpose("component", "component_2", *names))
    files = ["stress.parquet", "stress.csv", "stress_wsm.csv", "stress_gmt.txt", "stress.geojson",
             "stress.nc"]  # fmt: skip
    for name in ("shmax.tif", "a_phi.tif"):
        (folder / name).remove()
    if made.grid.is_geographic and len(names) == 2 and not made.reason:
        for name in ("shmax_deg", "a_phi"):
            tiff = f"{name.removesuffix('_deg')}.tif"
            with atomic_file(folder / tiff) as file:
                formats.write_geotiff(
                    file,
                    made.grid.axes["longitude"],
                    made.grid.axes["latitude"],
                    dataset[name].to_numpy(),
                    variable(name),
                )
            files.append(tiff)
    return files


def write_facts(folder: Item, facts: dict[str, Any]) -> None:
    """Write ``stress.json``; numbers that do not exist are null."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    text = json.dumps(plain(facts), indent=1, allow_nan=False)
    write_text_if_changed(folder / "stress.json", text + "\n")


def describe_map(made: StressMap) -> dict[str, Any]:
    """Return the numbers of the inversion: status, strength, ABIC, N, P, M, the curve.

    ``status`` is ``mapped``; ``held_by_prior`` where mechanisms are few, or alike, or leave
    the stress partly free, so that a wide prior holds it, and ``partly_held_by_prior`` where
    that is so at some of the nodes with data; ``no_data`` where none can be used.
    """
    field = made.field
    data = field.data_weight > 0
    held = int((field.held & data).sum())
    status = "mapped" if not held else "partly_held_by_prior"
    if held and held == data.sum():
        status = "held_by_prior"
    point = field.point
    scan = field.scan
    curve = () if made.reason else scan.points if scan else (point,)
    return {
        "status": "no_data" if made.reason else status,
        "reason": made.reason,
        "alpha2": list(point.alpha2),
        "abic": point.abic,
        "evidence": point.evidence,
        "N": field.data_count,
        "P": field.rank,
        "M": field.parameter_count,
        "chosen_by": "abic" if scan else "given",
        "at_edge_of_range": bool(scan and scan.at_edge),
        "noise_variance": field.noise_variance,
        "score_ratio": field.score_ratio,
        "objective": point.objective,
        "misfit": point.misfit,
        "roughness": list(point.roughness),
        "nodes": made.grid.node_count,
        "nodes_with_stress": int(np.isfinite(field.components[:, 0]).sum()),
        "nodes_with_data": int(data.sum()),
        "mechanisms": int(field.mechanism_count.sum()),
        "weight": float(field.data_weight.sum()),
        "freedom": field.freedom,
        "nodes_held_by_prior": held,
        "independent_share": field.independent_share,
        "planes": made.planes,
        "friction": made.friction,
        "friction_at_edge": made.friction_at_edge,
        "scatter": made.scatter,
        "plane_model": None if made.model is None else _describe_model(made.model),
        "curve": [
            {
                "alpha2": list(p.alpha2),
                "abic": p.abic,
                "misfit": p.misfit,
                "roughness": list(p.roughness),
            }
            for p in curve
        ],
    }


def _describe_model(model: PlaneModel) -> dict[str, Any]:
    """Return low, median and high of what is found of faults and errors."""
    names = ("friction", "level", "width", "error_deg", "astray")
    found = {n: [round(float(v), 4) for v in getattr(model, n)] for n in names}
    families = {"families": model.families, "family_events": model.family_events}
    return {**found, **families, "accepted": round(model.accepted, 3)}


def _write_csv(made: StressMap, path: Any) -> None:
    """The table with the name ``quality`` that other programs rely on, without empty axes."""
    table = made.table
    for name, axis in (("depth_km", "depth_km"), ("time_year", "time_year")):
        if axis not in made.grid.axes:
            table = table.drop_columns([name])
    names = ["quality" if n == "stress_quality" else n for n in table.column_names]
    formats.write_csv(table.rename_columns(names), path)
