"""Where a run keeps its hypocenters, and what other stages read of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.config import Locate, Settings, expand_variables
from quakeloom.core import (
    PlanError,
)
from quakeloom.location import EnsembleTakeoffs
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.stages.locate.ensembles import (
    Places,
    read_ensemble,
    station_levels,
    station_places,
)
from quakeloom.stages.locate.events import place_events
from quakeloom.store import RunLayout, open_array, read_json, read_table

STAGE = "locate"
PART_TABLES = ("hypocenters", "arrivals")


def locate_settings(settings: Settings) -> Locate:
    if settings.locate is None:
        raise PlanError(
            f"Run '{settings.name}' has no `locate` group in its settings, so nothing is located. "
            "Add `locate: {models: [...]}`."
        )
    return settings.locate


def picked_here(settings: Settings) -> bool:
    """Say whether events are located from the picks of the stage ``pick``, not of the sources."""
    return settings.waveforms is not None and settings.waveforms.picks == "automatic"


def data_folder(settings: Settings) -> Path:
    return Path(expand_variables(settings.data))


def places_of(layout: RunLayout) -> Places:
    """Return the stations of a run."""
    return station_places(read_table(layout.ingest / "stations.parquet", "stations"))


def receiver_levels_of(settings: Settings, layout: RunLayout) -> list[float]:
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    return station_levels(
        stations.column("elevation_m").to_numpy(), locate_settings(settings).level_step_km
    )


def planned_rows(layout: RunLayout, partition: str) -> PlannedRows:
    path = layout.rows(partition) / "rows.json"
    if not path.exists() or not layout.plan(STAGE, partition).exists():
        raise PlanError(
            f"Partition '{partition}' of {layout.root} is not planned to be located. "
            "Run `quakeloom plan --config FILE`."
        )
    return PlannedRows(**read_json(path))


def take_hypocenters(
    layout: RunLayout, partition: str, events: pa.Table
) -> tuple[pa.Table, tuple[np.ndarray, ...]]:
    """Return the events of a partition with located hypocenters, and the draws of each.

    Events that were not located have none; longitude, latitude and depth of them are NaN.

    Returns
    -------
    pyarrow.Table
        Table ``events``.
    tuple of ndarray, shape (events, draws)
        Longitude, latitude, depth (km) and member.
    """
    table = read_table(layout.part(STAGE, partition) / "hypocenters.parquet", "hypocenters")
    if not table.column("event_id").equals(events.column("event_id")):
        raise PlanError(
            f"The hypocenters of partition '{partition}' are those of other events. Run "
            "`quakeloom plan --config FILE` and locate again."
        )
    group = draws_folder(layout) / partition
    names = ("draw_longitude", "draw_latitude", "draw_depth_km", "draw_member")
    draws = tuple(np.asarray(open_array(group, name)[...]) for name in names)
    draws = (*draws[:3], draws[3].astype(np.int64))
    return place_events(events, table), draws


def read_rays(layout: RunLayout) -> EnsembleTakeoffs:
    """Read the ensemble as a source of take-off angles."""
    stored = read_ensemble(tables_folder(layout))
    if stored.plane is None and not stored.times.stations:
        return EnsembleTakeoffs(stored.times)
    places = places_of(layout)
    return EnsembleTakeoffs(
        stored.times, stored.plane, places.names, places.longitude, places.latitude
    )


def tables_folder(layout: RunLayout) -> Path:
    """Folder of the travel times of the ensemble."""
    return layout.part(STAGE, "tables.zarr").parent.parent / "locate_tables.zarr"


def draws_folder(layout: RunLayout) -> Path:
    """Folder of the draws of hypocenters, one Zarr group per partition."""
    return layout.root / "locations.zarr"


def round_stage(number: int) -> str:
    """Name of a round of the station terms among the parts of a run."""
    return f"{STAGE}_round{number}"


def terms_file(layout: RunLayout, number: int) -> Path:
    """File of the station terms that a round gave."""
    return layout.root / "parts" / round_stage(number) / "station_terms.parquet"
