"""The files of a stress map: tables, Zarr, CF-NetCDF, GeoTIFF, GMT, GeoJSON, facts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom import formats
from quakeloom.schema import variable
from quakeloom.stages.stress.columns import node_columns
from quakeloom.stages.stress.map import StressMap
from quakeloom.store import Item, atomic_file, write_dataset, write_table, write_text_if_changed
from quakeloom.stress import NEIGHBOR_SHIFTS, REGIMES


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
    write_dataset(
        folder / "stress.nc",
        dataset.drop_vars(["neighbor_covariance", "drawn_components"], errors="ignore"),
    )
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
                    variable(name).meaning,
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


def make_dataset(made: StressMap, provenance: dict[str, Any]) -> Any:
    """Return the map as an xarray Dataset on its axes, with CF attributes."""
    import xarray

    grid, field = made.grid, made.field
    place = np.stack([made.longitude, made.latitude], axis=1)
    columns = node_columns(grid, field, made.uncertainty, place)
    dims = tuple(grid.axes)
    at = tuple(grid.places.T)
    data: dict[str, Any] = {}

    def spread(values: NDArray[Any], tail: tuple[int, ...] = ()) -> NDArray[Any]:
        kind = values.dtype if values.dtype.kind == "f" else float
        out = np.full((*grid.shape, *tail), np.nan, dtype=kind)
        out[at] = values
        return out

    for name, values in columns.items():
        v = variable(name)
        attributes: dict[str, Any] = {"units": _cf_unit(v.unit), "long_name": v.meaning}
        if name in ("depth_km", "time_year"):
            continue  # an axis, or missing
        if name in ("longitude", "latitude") and grid.is_geographic:
            continue
        if name == "regime":
            codes = np.array([REGIMES.index(str(r)) for r in values], dtype=float)
            attributes |= {"flag_values": list(range(6)), "flag_meanings": " ".join(REGIMES)}
            data[name] = (dims, spread(codes), attributes)
        elif name == "stress_quality":
            letters = " ABCDE"
            codes = np.array([letters.index(str(q) or " ") for q in values], dtype=float)
            attributes |= {"flag_values": list(range(6)), "flag_meanings": "none A B C D E"}
            data[name] = (dims, spread(codes), attributes)
        else:
            data[name] = (dims, spread(values.astype(float)), attributes)
    sign = "orthonormal basis (NN-EE)/sqrt2, (2DD-NN-EE)/sqrt6, NE, ND, ED times sqrt2"
    data["components"] = (
        (*dims, "component"), spread(field.components, (5,)),
        {"units": "1", "long_name": f"Deviatoric stress, tension positive, {sign}; any length"},
    )  # fmt: skip
    data["covariance"] = (
        (*dims, "component", "component_2"), spread(field.covariance, (5, 5)),
        {"units": "1", "long_name": "Posterior covariance of the components"},
    )  # fmt: skip
    data["neighbor_covariance"] = (
        (*dims, "neighbor", "component", "component_2"),
        spread(field.neighbor_covariance, (len(NEIGHBOR_SHIFTS), 5, 5)),
        {
            "units": "1",
            "long_name": "Posterior covariance of the components (rows) with those of a neighbor",
            "neighbor_steps": " ".join(f"{a},{b}" for a, b in NEIGHBOR_SHIFTS),
        },
    )  # fmt: skip
    if len(made.fields):
        data["drawn_components"] = (
            (*dims, "component", "draw"),
            spread(made.fields.transpose(1, 2, 0), (5, len(made.fields))),
            {"units": "1", "long_name": "Joint posterior draws of the components"},
        )
    if made.bootstrap is not None:
        for name in ("shmax_std_deg", "shape_ratio_std", "a_phi_std"):
            data[f"bootstrap_{name}"] = (
                dims, spread(getattr(made.bootstrap, name)),
                {"units": _cf_unit(variable(name).unit), "long_name": f"Bootstrap {name}"},
            )  # fmt: skip
    coordinates = {n: (n, v, _axis_attributes(n)) for n, v in grid.axes.items()}
    about = {
        "Conventions": "CF-1.10",
        "title": "Stress map from focal mechanisms",
        "source": f"quakeloom {provenance.get('quakeloom', '')}".strip(),
    }
    return xarray.Dataset(data, coordinates, about)


def _write_csv(made: StressMap, path: Any) -> None:
    """The table with the name ``quality`` that other programs rely on, without empty axes."""
    table = made.table
    for name, axis in (("depth_km", "depth_km"), ("time_year", "time_year")):
        if axis not in made.grid.axes:
            table = table.drop_columns([name])
    names = ["quality" if n == "stress_quality" else n for n in table.column_names]
    formats.write_csv(table.rename_columns(names), path)


def _cf_unit(unit: str) -> str:
    return {"deg": "degree", "": "1", "years": "year"}.get(unit, unit)


def _axis_attributes(name: str) -> dict[str, str]:
    return {
        "longitude": {"units": "degrees_east", "standard_name": "longitude", "axis": "X"},
        "latitude": {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"},
        "easting": {"units": "km", "standard_name": "projection_x_coordinate", "axis": "X"},
        "northing": {"units": "km", "standard_name": "projection_y_coordinate", "axis": "Y"},
        "depth_km": {"units": "km", "standard_name": "depth", "positive": "down", "axis": "Z"},
        "time_year": {"units": "year", "long_name": "decimal year"},
    }[name]
