"""From hypocenters on the globe to tables of faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Faults
from quakeloom.core import (
    InputError,
    fault_vectors,
    geographic_position,
    grid_azimuth_of_north,
    local_position,
)
from quakeloom.faults import (
    CENTER,
    COUNT,
    LEAST_EVENTS,
    LENGTH,
    NORMAL,
    RAKE,
    SCALE,
    WIDTH,
    FaultOptions,
    FoundFaults,
    Hypocenters,
    KnownFaults,
    PlaneModel,
    active_planes,
    axes_of,
    collect_mechanisms,
    compare_known,
    find_faults,
    list_members,
    make_hypocenters,
    strike_dip,
    unwrapped_angles,
)
from quakeloom.schema import empty_table, make_table
from quakeloom.stages.faults.hypocenters import CatalogHypocenters

Floats = NDArray[np.float64]
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

TABLES = ("faults", "fault_members", "fault_draws")
"""Tables of the stage."""


def find_catalog_faults(
    wanted: Faults,
    catalog: CatalogHypocenters,
    known: pa.Table | None,
    seed: int,
    spread: Mapper = map,
) -> dict[str, pa.Table]:
    """Find the faults of a catalog and return the registered tables.

    Parameters
    ----------
    wanted : Faults
    catalog : CatalogHypocenters
    known : pyarrow.Table, optional
        Known faults, as ``tendency``.
    seed : int
    spread : callable
        Maps a function over tasks.
    """
    rows = np.flatnonzero([not r for r in catalog.reason])
    if rows.size < LEAST_EVENTS:
        return _nothing(catalog, rows)
    origin = _middle(catalog.longitude[rows], catalog.latitude[rows])
    events, turn = _place(catalog, rows, origin)
    members = None
    if len(catalog.shifts_km):
        members = events.positions + np.einsum("nij,mnj->mni", turn, catalog.shifts_km[:, rows])
    keys = [catalog.event_id[i] for i in rows]
    options = _options(wanted, seed)
    found = find_faults(events, keys, options, members, spread)
    names = [f"F{k + 1:04d}" for k in range(len(found.planes))]
    return {
        "faults": _fault_table(wanted, found, names, origin, known),
        "fault_members": _member_table(wanted, catalog, rows, events, found, names, options.model),
        "fault_draws": _draw_table(found, names, origin),
    }


def _options(wanted: Faults, seed: int) -> FaultOptions:
    model = PlaneModel(
        freedom=wanted.freedom,
        scale_km=wanted.thickness_km,
        normal_kappa=wanted.normal_concentration,
        least_events=wanted.least_events,
    )
    return FaultOptions(
        model, wanted.clusters, wanted.starts, wanted.nulls, wanted.draws, wanted.tile_km,
        wanted.halo_km, seed=seed,
    )  # fmt: skip


def _middle(longitude: Floats, latitude: Floats) -> tuple[float, float]:
    lon, lat = np.radians(longitude), np.radians(latitude)
    x, y, z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    east = float(np.degrees(np.arctan2(y.mean(), x.mean())))
    return east, float(np.degrees(np.arctan2(z.mean(), np.hypot(x.mean(), y.mean()))))


def _place(
    catalog: CatalogHypocenters, rows: NDArray[np.int64], origin: tuple[float, float]
) -> tuple[Hypocenters, Floats]:
    """Return the events in the plane about the origin, and the turns from true axes to its own."""
    longitude, latitude = catalog.longitude[rows], catalog.latitude[rows]
    north, east = local_position(*origin, longitude, latitude)
    angle = grid_azimuth_of_north(*origin, longitude, latitude)
    turn = np.zeros((len(rows), 3, 3))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = c, -s, s, c
    turn[:, 2, 2] = 1.0
    covariance = np.einsum("nij,njk,nlk->nil", turn, catalog.covariance_km2[rows], turn)
    place = np.full(len(catalog.event_id), -1)
    place[rows] = np.arange(len(rows))
    kept = place[catalog.set_event] >= 0
    owner = place[catalog.set_event[kept]]
    sets = catalog.set_deg[kept].copy()
    sets[:, 0] += angle[owner]
    preferred = catalog.preferred_deg[rows].copy()
    preferred[:, 0] += angle
    mechanisms = collect_mechanisms(owner, sets, None, preferred)
    positions = np.stack([north, east, catalog.depth_km[rows]], axis=-1)
    return make_hypocenters(positions, covariance, mechanisms), turn


def _geographic(origin: tuple[float, float], planes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return longitude, latitude and the azimuth of true north at the centers of planes."""
    longitude, latitude = geographic_position(*origin, planes[..., 0], planes[..., 1])
    return longitude, latitude, grid_azimuth_of_north(*origin, longitude, latitude)


def _fault_table(
    wanted: Faults,
    found: FoundFaults,
    names: list[str],
    origin: tuple[float, float],
    known: pa.Table | None,
) -> pa.Table:
    planes = found.planes
    if not names:
        return empty_table("faults")
    longitude, latitude, angle = _geographic(origin, planes)
    strike, dip = strike_dip(planes[:, NORMAL])
    draws = found.draws.planes
    both = np.concatenate([planes[None, :, NORMAL], draws[:, :, NORMAL]])
    drawn_strike, drawn_dip = unwrapped_angles(both)
    across = np.einsum("dkj,kj->dk", draws[:, :, CENTER] - planes[:, CENTER], planes[:, NORMAL])
    beside = {"known_status": [""] * len(names), "known_fault": [""] * len(names)}
    numbers = {n: np.full(len(names), np.nan) for n in ("known_distance_km", "known_angle_deg")}
    if known is not None and known.num_rows:
        match = compare_known(
            planes, _known(known, origin), wanted.known_near_km, wanted.known_far_km
        )
        beside = {"known_status": match.status, "known_fault": match.name}
        numbers = {"known_distance_km": match.distance_km, "known_angle_deg": match.angle_deg}
    doubts = [r or ("" if wanted.nulls else "no chance was computed") for r in found.reasons]
    return make_table(
        "faults",
        {
            "fault": names,
            "fault_status": ["doubtful" if r else "stable" for r in doubts],
            "reason": doubts,
            "longitude": longitude,
            "latitude": latitude,
            "depth_km": planes[:, 2],
            "center_std_km": _spread(across),
            "strike_deg": (strike - angle) % 360.0,
            "strike_std_deg": _spread(drawn_strike[1:]),
            "dip_deg": dip,
            "dip_std_deg": _spread(drawn_dip[1:]),
            "rake_deg": np.degrees(planes[:, RAKE]),
            "fault_length_km": 2.0 * planes[:, LENGTH],
            "fault_length_std_km": _spread(2.0 * draws[:, :, LENGTH]),
            "fault_width_km": 2.0 * planes[:, WIDTH],
            "fault_width_std_km": _spread(2.0 * draws[:, :, WIDTH]),
            "fault_thickness_km": planes[:, SCALE],
            "fault_thickness_std_km": _spread(draws[:, :, SCALE]),
            "expected_event_count": planes[:, COUNT],
            "log_likelihood_gain": found.gain,
            "planarity": found.planarity,
            "start_share": found.stability,
            "draw_share": found.presence,
            "fault_chance": found.chance,
            **beside,
            **numbers,
        },
    )


def _spread(values: Floats) -> Floats:
    """Return standard deviations over draws; NaN where fewer than two have the plane."""
    known = np.isfinite(values).sum(axis=0) > 1
    spread = np.full(values.shape[1], np.nan)
    spread[known] = np.nanstd(values[:, known], axis=0, ddof=1)
    return spread


def _known(known: pa.Table, origin: tuple[float, float]) -> KnownFaults:
    column = {
        n: np.asarray(known.column(n).to_numpy(zero_copy_only=False), dtype=float)
        for n in ("longitude", "latitude", "strike_deg", "dip_deg")
    }
    north, east = local_position(*origin, column["longitude"], column["latitude"])
    angle = grid_azimuth_of_north(*origin, column["longitude"], column["latitude"])
    normals, _ = fault_vectors(column["strike_deg"] + angle, column["dip_deg"], 0.0)
    places = np.stack([north, east, np.zeros(len(north))], axis=-1)
    return KnownFaults(places, normals, known.column("fault").to_pylist())


def _member_table(
    wanted: Faults,
    catalog: CatalogHypocenters,
    rows: NDArray[np.int64],
    events: Hypocenters,
    found: FoundFaults,
    names: list[str],
    model: PlaneModel,
) -> pa.Table:
    members = list_members(found.mixture, wanted.least_probability)
    first = active_planes(events, found.mixture, model)
    fault = np.array([*names, ""], dtype=object)
    used = {
        "event_id": [catalog.event_id[rows[i]] for i in members.event],
        "member_status": ["used"] * len(members.event),
        "reason": [""] * len(members.event),
        "fault": fault[members.plane].tolist(),
        "fault_probability": members.probability,
        "plane1_probability": first[members.event],
    }
    return pa.concat_tables([make_table("fault_members", used), _left_out(catalog)])


def _left_out(catalog: CatalogHypocenters) -> pa.Table:
    """Return the rows of events that have no hypocenter to use."""
    out = [(e, r) for e, r in zip(catalog.event_id, catalog.reason, strict=True) if r]
    nothing = np.full(len(out), np.nan)
    return make_table(
        "fault_members",
        {
            "event_id": [e for e, _ in out],
            "member_status": ["not_located"] * len(out),
            "reason": [r for _, r in out],
            "fault": [""] * len(out),
            "fault_probability": nothing,
            "plane1_probability": nothing,
        },
    )


def _nothing(catalog: CatalogHypocenters, rows: NDArray[np.int64]) -> dict[str, pa.Table]:
    """Return the tables of a catalog that has too few events for any plane."""
    why = (
        f"the catalog has {rows.size} hypocenters that can be used, and a plane needs "
        f"{LEAST_EVENTS}"
    )
    few = CatalogHypocenters(**{**vars(catalog), "reason": [r or why for r in catalog.reason]})
    tables = {name: empty_table(name) for name in TABLES}
    return {**tables, "fault_members": _left_out(few)}


def _draw_table(found: FoundFaults, names: list[str], origin: tuple[float, float]) -> pa.Table:
    plane, draw = np.nonzero(found.draws.present.T)
    if not plane.size:
        return empty_table("fault_draws")
    drawn = found.draws.planes[draw, plane]
    longitude, latitude, angle = _geographic(origin, drawn)
    strike, dip = strike_dip(drawn[:, NORMAL])
    return make_table(
        "fault_draws",
        {
            "fault": [names[k] for k in plane],
            "fault_draw": draw.astype(np.int32),
            "longitude": longitude,
            "latitude": latitude,
            "depth_km": drawn[:, 2],
            "strike_deg": (strike - angle) % 360.0,
            "dip_deg": dip,
            "fault_length_km": 2.0 * drawn[:, LENGTH],
            "fault_width_km": 2.0 * drawn[:, WIDTH],
            "fault_thickness_km": drawn[:, SCALE],
        },
    )


def fault_geojson(faults: pa.Table) -> str:
    """Return found faults as GeoJSON: polygons of their corners, with all columns.

    Coordinates have the height in meters as the third number; corners above sea level are left
    where they are.
    """
    features = []
    for row in faults.to_pylist():
        corners = [[float(lon), float(lat), -1000.0 * depth] for lon, lat, depth in _corners(row)]
        ring = [[round(c[0], 6), round(c[1], 6), round(c[2], 1)] for c in corners]
        properties = {
            k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()
        }
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": properties,
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}) + "\n"


def _corners(row: dict[str, Any]) -> list[tuple[float, float, float]]:
    """Return longitude, latitude and depth (km) of the four corners, round the plane."""
    normal, _ = fault_vectors(row["strike_deg"], row["dip_deg"], 0.0)
    along, down = axes_of(np.ascontiguousarray(normal))
    corners = []
    for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        d = a * 0.5 * row["fault_length_km"] * along + b * 0.5 * row["fault_width_km"] * down
        lon, lat = geographic_position(row["longitude"], row["latitude"], d[0], d[1])
        corners.append((float(lon), float(lat), float(row["depth_km"] + d[2])))
    return corners


def refuse_empty(catalog: CatalogHypocenters) -> None:
    """Refuse a catalog that has no event.

    Raises
    ------
    InputError
    """
    if not catalog.event_id:
        raise InputError(
            "The catalog has no events, so there is nothing to look for faults in. Give a file "
            "with hypocenters."
        )
