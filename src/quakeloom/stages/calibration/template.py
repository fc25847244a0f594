"""What catalogs like that of a run are made of: its network, events, readings, errors, stress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError, LayeredModel, PlanError, QuakeloomError
from quakeloom.formats import has_layers, read_layer_model, read_velocity_model
from quakeloom.location import with_s_velocities
from quakeloom.schema import empty_table
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.locate.ensembles import find_location_model
from quakeloom.store import RunLayout, read_table

Floats = NDArray[np.float64]

DEFAULT_SPREAD = 0.03
"""Spread of velocities of the true models, as a share, where the settings have none: that of
`locate.velocity_spread` by default."""

VP_VS = 1.73
"""Vp/Vs where no model and no setting says: a Poisson solid."""


@dataclass(frozen=True)
class ArrivalErrors:
    """Errors of arrivals beyond those of the picks, as the run states or has inferred them.

    Attributes
    ----------
    delay_s : dict of str to float
        Standard deviation of the delays of stations, by phase.
    noise_s : dict of str to float
        Error of picks beyond the stated one, by phase.
    """

    delay_s: dict[str, float]
    noise_s: dict[str, float]


@dataclass(frozen=True)
class Template:
    """A finished run as the pattern of simulated catalogs.

    Attributes
    ----------
    settings : Settings
    events : pyarrow.Table
        Registered ``events``, those whose hypocenters are known.
    place : ndarray, shape (events, 3)
        Longitude, latitude and depth that true hypocenters have.
    stations : pyarrow.Table
    arrivals : pyarrow.Table or None
        Picks that were used to locate; None where nothing is located.
    polarities : pyarrow.Table or None
        Readings that were used; None without mechanisms.
    angles : ndarray, shape (events, 3)
        Strike, dip, rake of the run, NaN where not solved.
    tensor : ndarray, shape (3, 3), or None
        Stress of the node with most data, tension positive, axes north, east, down.
    models : list of LayeredModel
        Around which true models are drawn.
    why_not : dict of str to str
        What cannot be judged, and why.
    errors : ArrivalErrors
    """

    settings: Settings
    events: pa.Table
    place: Floats
    stations: pa.Table
    arrivals: pa.Table | None
    polarities: pa.Table | None
    angles: Floats
    tensor: Floats | None
    models: list[LayeredModel]
    why_not: dict[str, str]
    errors: ArrivalErrors


def read_template(settings: Settings, layout: RunLayout) -> Template:
    """Read a finished run.

    Raises
    ------
    PlanError
        If the run is not finished, or is no catalog of events.
    InputError
        If nothing of it can be simulated.
    """
    if not layout.table("mechanisms").exists():
        raise PlanError(
            f"Run {layout.root} has no mechanisms.parquet, so there is nothing to be like. Run "
            "`quakeloom run --config FILE` first; lines, regions and catalogs of mechanisms are "
            "not simulated."
        )
    why_not: dict[str, str] = {}
    mechanisms = read_table(layout.table("mechanisms"), "mechanisms")
    events = _source_events(layout)
    place = np.column_stack(
        [events.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km")]
    )
    arrivals = None
    if settings.locate is not None and layout.table("hypocenters").exists():
        place = _places(events, read_table(layout.table("hypocenters"), "hypocenters"), place)
        arrivals = read_table(layout.table("arrivals"), "arrivals")
        arrivals = arrivals.filter(pc.equal(pc.field("pick_use"), "used"))
    known = np.isfinite(place).all(axis=1)
    if not known.any():
        raise InputError(
            f"No event of {layout.root} has a hypocenter, so no catalog can be like it."
        )
    models = _layered_models(settings)
    if not models:
        why_not["hypocenters"] = (
            "the velocity models have no layers (tables, grids or ensembles of runs), around "
            "which true ones could be drawn"
        )
        arrivals = None
    polarities = read_table(layout.table("polarities"), "polarities")
    polarities = polarities.filter(pc.equal(pc.field("use"), "used"))
    if settings.takeoff.angles == "given" or not models or not polarities.num_rows:
        why_not["mechanisms"] = (
            "first motions have no rays that can be traced: angles are given, or no model has "
            "layers"
        )
    ids = events.column("event_id")
    row = pc.index_in(ids, mechanisms.column("event_id").combine_chunks()).to_numpy(
        zero_copy_only=False
    )
    angles = np.column_stack(
        [mechanisms.column(f"{n}_deg").to_numpy() for n in ("strike", "dip", "rake")]
    )[row.astype(np.int64)]
    kept = pa.array(np.flatnonzero(known))
    return Template(
        settings, events.take(kept), place[known],
        read_table(layout.table("stations"), "stations"), arrivals,
        None if "mechanisms" in why_not else polarities, angles[known], _stress(layout), models,
        why_not, _arrival_errors(settings, layout),
    )  # fmt: skip


def _arrival_errors(settings: Settings, layout: RunLayout) -> ArrivalErrors:
    """Errors that a run has inferred, else those that its settings state."""
    stated = settings.locate.station_error_s if settings.locate is not None else 0.0
    delay, noise = dict.fromkeys("PS", stated), dict.fromkeys("PS", 0.0)
    if layout.table("pick_noise").exists():
        for row in read_table(layout.table("pick_noise"), "pick_noise").to_pylist():
            noise[row["phase"]] = row["pick_noise_s"]
            if np.isfinite(row["station_spread_s"]):
                delay[row["phase"]] = row["station_spread_s"]
    return ArrivalErrors(delay, noise)


def _source_events(layout: RunLayout) -> pa.Table:
    names = planned_partitions(layout, "mechanism")
    tables = [read_table(layout.rows(n) / "events.parquet", "events") for n in names]
    return pa.concat_tables(tables) if tables else empty_table("events")


def _places(events: pa.Table, hypocenters: pa.Table, given: Floats) -> Floats:
    """Located hypocenters where there are any; the others have none."""
    good = hypocenters.filter(pc.equal(pc.field("status"), "located"))
    row = pc.index_in(events.column("event_id"), good.column("event_id").combine_chunks())
    number = row.fill_null(-1).to_numpy()
    place = np.column_stack(
        [good.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km")]
    )
    found = np.full_like(given, np.nan)
    found[number >= 0] = place[number[number >= 0]]
    return found


def _layered_models(settings: Settings) -> list[LayeredModel]:
    """Models of the run that have layers, with S velocities."""
    locate = settings.locate
    names = list(locate.models) if locate is not None else list(settings.takeoff.models)
    ratio = locate.vp_vs_ratio if locate is not None else VP_VS
    found = []
    for name in names:
        path = find_location_model(name, settings.data)
        try:
            model = read_layer_model(path) if has_layers(path) else read_velocity_model(path)
        except QuakeloomError:
            continue
        own = model.s_velocity_km_s is not None and (
            locate is None or locate.s_velocities == "model"
        )
        found.append(model if own else with_s_velocities(model, ratio))
    return found


def _stress(layout: RunLayout) -> Floats | None:
    """Stress of the node with most data as a tensor, tension positive."""
    if not layout.table("stress").exists():
        return None
    table = read_table(layout.table("stress"), "stress")
    if not table.num_rows:
        return None
    rows: list[dict[str, Any]] = table.to_pylist()
    best = max(rows, key=lambda r: r["data_weight"])
    tensor = np.zeros((3, 3))
    for name, size in (("s1", 1.0), ("s2", best["shape_ratio"])):
        azimuth, plunge = (np.radians(best[f"{name}_{q}_deg"]) for q in ("azimuth", "plunge"))
        axis = np.array(
            [np.cos(plunge) * np.cos(azimuth), np.cos(plunge) * np.sin(azimuth), np.sin(plunge)]
        )
        tensor -= size * np.outer(axis, axis)
    return tensor
