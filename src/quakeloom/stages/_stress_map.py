"""The stress map of accumulated statistics, and its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import formats
from quakeloom.config import Stress
from quakeloom.core import InputError
from quakeloom.schema import make_table, variable
from quakeloom.stages._stress_inputs import axis_names, place_back, place_boundaries, place_points
from quakeloom.store import atomic_folder, find_resource, write_table
from quakeloom.stress import (
    REGIMES,
    Bootstrap,
    StressField,
    StressGrid,
    StressInversion,
    StressUncertainty,
    add_keyed,
    describe_stress,
    grade_quality,
    invert_unstable_planes,
    mask_near,
    mask_polygons,
    stack_keyed,
    summarize_draws,
    summarize_posterior,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MapEvents:
    """Mechanisms one by one, for what sums cannot do: instability and the bootstrap."""

    points: Floats
    statistics: Floats
    weights: Floats
    angles: Floats


@dataclass(frozen=True)
class StressMap:
    """A stress map with its uncertainty.

    Attributes
    ----------
    grid : StressGrid
    field : StressField
    uncertainty : StressUncertainty
    bootstrap : StressUncertainty or None
    table : pyarrow.Table
        Registered ``stress``: the nodes that have a stress and data.
    longitude, latitude : ndarray, shape (nodes,)
    friction : float or None
        Of the instability criterion.
    """

    grid: StressGrid
    field: StressField
    uncertainty: StressUncertainty
    bootstrap: StressUncertainty | None
    table: pa.Table
    longitude: Floats
    latitude: Floats
    friction: float | None


def make_map(
    settings: Stress,
    parts: Sequence[dict[str, NDArray[np.int64]]],
    center: tuple[float, float],
    events: MapEvents | None = None,
    seed: int = 0,
) -> StressMap:
    """Invert the sums of all partitions.

    Parameters
    ----------
    settings : Stress
    parts : sequence of dict
        Keyed statistics, see :func:`quakeloom.stress.key_statistics`.
    center : tuple of float
        Mean (north, east) coordinate of the events, where a single node stands.
    events : MapEvents, optional
        Needed for instability and the bootstrap.
    seed : int
    """
    loaded = [p for p in parts if len(p["node"])]
    if not loaded:
        raise InputError(
            "None of the mechanisms is inside the map and usable, so there is no stress to map. "
            "Look at the area, depth, magnitude and quality rules of `stress`."
        )
    grid, origin = _make_grid(settings, loaded, center)
    statistics = add_keyed(grid, origin, loaded)
    options: dict[str, Any] = {
        "basis": settings.basis, "order": settings.order, "metric": settings.metric
    }  # fmt: skip
    friction = None
    if settings.planes == "instability" and events is not None:
        choice = invert_unstable_planes(
            grid, events.points, *events.angles.T, events.weights,
            alpha2=settings.alpha2[0] if settings.alpha2 else None, **options,
        )  # fmt: skip
        field, friction = choice.field, choice.friction
    else:
        inversion = StressInversion(grid, statistics, **options)
        count = len(inversion.inversion.penalties)
        if settings.alpha2:
            given = list(settings.alpha2) * 2
            field = inversion.solve(given[:count])
        else:
            scan = inversion.scan()
            field = inversion.solve(scan.best.alpha2, scan)
    uncertainty = summarize_posterior(
        field.components, field.covariance, settings.draws, field.freedom, seed
    )
    bootstrap = None
    if settings.bootstrap and events is not None and settings.planes != "instability":
        draws = Bootstrap(
            inversion, field.point.alpha2, events.points, events.statistics, events.weights
        ).run(settings.bootstrap, seed=seed)
        bootstrap = summarize_draws(field.components, draws.transpose(1, 0, 2))
    place = place_back(settings, grid.horizontal)
    table = _tabulate(grid, field, uncertainty, place)
    return StressMap(grid, field, uncertainty, bootstrap, table, place[:, 0], place[:, 1], friction)


def _make_grid(
    settings: Stress, parts: Sequence[dict[str, NDArray[np.int64]]], center: tuple[float, float]
) -> tuple[StressGrid, NDArray[np.int64]]:
    names, steps = axis_names(settings)
    keys = stack_keyed(parts)
    low, high = keys.min(axis=0), keys.max(axis=0)
    counted = np.concatenate([p["node"][p["count"] > 0] for p in parts])
    degrees = not settings.projection
    for axis in range(len(names) - 2, len(names)):
        if steps[axis] == 0:
            continue
        step_km = steps[axis] * (111.195 if degrees else 1.0)
        if degrees and names[axis] == "longitude":
            widest = np.abs(np.array([low[axis - 1], high[axis - 1]]) * steps[axis - 1]).max()
            step_km *= max(np.cos(np.radians(min(widest, 85.0))), 0.05)
        reach = int(np.ceil(settings.reach_km / step_km))
        low[axis] -= reach
        high[axis] += reach
        if settings.area and degrees:
            limits = settings.area[2:] if names[axis] == "latitude" else settings.area[:2]
            low[axis] = max(low[axis], min(int(np.floor(limits[0] / steps[axis])),
                                           keys[:, axis].min()))  # fmt: skip
            high[axis] = min(high[axis], max(int(np.ceil(limits[1] / steps[axis])),
                                             keys[:, axis].max()))  # fmt: skip
    axes = {
        name: np.arange(low[i], high[i] + 1) * steps[i] if steps[i] else np.zeros(1)
        for i, name in enumerate(names)
    }
    if steps[-1] == 0:
        axes[names[-2]], axes[names[-1]] = np.array([center[0]]), np.array([center[1]])
    horizontal = {n: axes[n] for n in names[-2:]}
    near = np.ones(tuple(v.size for v in horizontal.values()), dtype=bool)
    if steps[-1] != 0:
        places = (counted[:, -2:] * np.array(steps[-2:]))[:, ::-1]
        if settings.mask == "land":
            near = mask_polygons(horizontal, _land(settings, horizontal), settings.reach_km)
        else:
            near = mask_near(horizontal, places, settings.reach_km)
    mask = np.broadcast_to(near, tuple(v.size for v in axes.values())).copy()
    mask[tuple((keys - low).T)] = True
    return StressGrid(axes, mask, place_boundaries(settings)), low


def _land(settings: Stress, axes: dict[str, Floats]) -> list[Floats]:
    from quakeloom.plots import Coastline

    names = list(axes)
    corners = np.array(
        [[e, n] for e in (axes[names[1]][0], axes[names[1]][-1])
         for n in (axes[names[0]][0], axes[names[0]][-1])]
    )  # fmt: skip
    box = place_back(settings, corners)
    with np.load(find_resource("coastline") / "coastline-10m.npz") as data:
        arrays = ("ring_length", "ring_start", "longitude_step", "latitude_step", "scale", "origin")
        coast = Coastline.from_steps(**{n: data[n] for n in arrays})
    rings = coast.clip(
        box[:, 0].min() - 1, box[:, 0].max() + 1, box[:, 1].min() - 1, box[:, 1].max() + 1, 0.01
    )
    return [place_points(settings, r[:, 0], r[:, 1])[:, ::-1] for r in rings]


def _tabulate(
    grid: StressGrid, field: StressField, uncertainty: StressUncertainty, place: Floats
) -> pa.Table:
    columns = node_columns(grid, field, uncertainty, place)
    rows = np.flatnonzero((columns["data_weight"] > 0) & np.isfinite(columns["shmax_deg"]))
    return make_table("stress", {name: values[rows] for name, values in columns.items()})


def node_columns(
    grid: StressGrid, field: StressField, uncertainty: StressUncertainty, place: Floats
) -> dict[str, NDArray[Any]]:
    """Return every registered quantity of a map for all of its nodes."""
    best = describe_stress(field.components)
    u = uncertainty
    missing = np.full(grid.node_count, np.nan)
    columns: dict[str, NDArray[Any]] = {
        "longitude": place[:, 0],
        "latitude": place[:, 1],
        "depth_km": grid.coordinate("depth_km") if "depth_km" in grid.axes else missing,
        "time_year": grid.coordinate("time_year") if "time_year" in grid.axes else missing,
        "shmax_deg": best.shmax_deg,
        "shmax_std_deg": u.shmax_std_deg,
        "shmax_low_deg": np.minimum(u.shmax_range_deg[:, 0], 0.0),
        "shmax_high_deg": np.maximum(u.shmax_range_deg[:, 1], 0.0),
        "shape_ratio": best.shape_ratio,
        "shape_ratio_std": u.shape_ratio_std,
        "shape_ratio_low": u.shape_ratio_range[:, 0],
        "shape_ratio_high": u.shape_ratio_range[:, 1],
        "a_phi": best.a_phi,
        "a_phi_std": u.a_phi_std,
        "a_phi_low": u.a_phi_range[:, 0],
        "a_phi_high": u.a_phi_range[:, 1],
        "regime": np.array(REGIMES, dtype=object)[best.regime],
    }
    for k in range(3):
        columns[f"s{k + 1}_azimuth_deg"] = best.azimuth_deg[:, k]
        columns[f"s{k + 1}_plunge_deg"] = best.plunge_deg[:, k]
        columns[f"s{k + 1}_std_deg"] = u.axis_std_deg[:, k]
        columns[f"s{k + 1}_95_deg"] = u.axis_95_deg[:, k]
    for k, regime in enumerate(REGIMES):
        columns[f"probability_{regime.lower()}"] = u.regime_probability[:, k]
    columns["mechanism_count"] = field.mechanism_count
    columns["data_weight"] = field.data_weight
    columns["resolution"] = field.resolution
    columns["stress_quality"] = grade_quality(u.shmax_range_deg)
    return columns


def write_map(folder: Path, made: StressMap, provenance: dict[str, Any]) -> list[str]:
    """Write all files of a map to a folder; return their names."""
    write_table(folder / "stress.parquet", "stress", made.table, provenance)
    _write_csv(made, folder / "stress.csv")
    formats.write_stress_wsm(made.table, folder / "stress_wsm.csv")
    formats.write_stress_gmt(made.table, folder / "stress_gmt.txt")
    names = list(made.grid.axes)
    step = np.diff(made.latitude).max() if made.latitude.size > 1 else 0.1
    formats.write_stress_geojson(made.table, folder / "stress.geojson", 0.8 * max(step, 0.02))
    dataset = make_dataset(made, provenance)
    with atomic_folder(folder / "stress.zarr") as temporary:
        dataset.to_zarr(temporary, mode="w", consolidated=False, zarr_format=3)
    _write_netcdf(dataset, folder / "stress.nc")
    files = ["stress.parquet", "stress.csv", "stress_wsm.csv", "stress_gmt.txt", "stress.geojson",
             "stress.nc"]  # fmt: skip
    if made.grid.is_geographic and len(names) == 2:
        for name in ("shmax_deg", "a_phi"):
            file = f"{name.removesuffix('_deg')}.tif"
            formats.write_geotiff(
                folder / file,
                made.grid.axes["longitude"],
                made.grid.axes["latitude"],
                dataset[name].to_numpy(),
                variable(name).meaning,
            )
            files.append(file)
    description = describe_map(made)
    description["settings"] = provenance.get("stress", {})
    (folder / "stress.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    return files


def describe_map(made: StressMap) -> dict[str, Any]:
    """Return the numbers of the inversion as JSON: strength, ABIC, N, P, M, the curve."""
    field = made.field
    point = field.point
    scan = field.scan
    curve = scan.points if scan else (point,)
    return {
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
        "nodes_with_data": int((field.data_weight > 0).sum()),
        "mechanisms": int(field.mechanism_count.sum()),
        "weight": float(field.data_count / 2.0),
        "held_by_prior": field.anchored,
        "friction": made.friction,
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
        attributes = {"units": _cf_unit(v.unit), "long_name": v.meaning}
        if name in dims or (name in ("longitude", "latitude") and grid.is_geographic):
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
        elif np.isfinite(values.astype(float)).any():
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


def _write_netcdf(dataset: Any, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    dataset.to_netcdf(temporary, engine="scipy", format="NETCDF3_64BIT")
    temporary.replace(path)


def _write_csv(made: StressMap, path: Path) -> None:
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
