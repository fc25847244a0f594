"""Where a run keeps its hypocenters, and what other stages read of them."""

from __future__ import annotations

from quakeloom.config import Locate, Settings
from quakeloom.core import PlanError
from quakeloom.stages.frame.partition_states import require_partition
from quakeloom.stages.frame.planned_rows import PlannedRows, read_planned_rows
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.ensembles import station_levels
from quakeloom.stages.locate.places import Places, station_places
from quakeloom.store import Item, RunLayout, read_json, read_table


def locate_settings(settings: Settings) -> Locate:
    if settings.locate is None:
        raise PlanError(
            f"Run '{settings.name}' has no `locate` group in its settings, so nothing is located. "
            "Add `locate: {models: [...]}`."
        )
    return settings.locate


def picked_here(settings: Settings) -> bool:
    """Say whether events are located from the picks of the stage ``pick``, not of the sources."""
    return settings.picks_windows


def places_of(layout: RunLayout) -> Places:
    """Return the stations of a run."""
    return station_places(read_table(layout.ingest / "stations.parquet", "stations"))


def receiver_levels_of(settings: Settings, layout: RunLayout) -> list[float]:
    stations = read_table(layout.ingest / "stations.parquet", "stations")
    return station_levels(
        stations.column("elevation_m").to_numpy(), locate_settings(settings).level_step_km
    )


def planned_rows(layout: RunLayout, partition: str) -> PlannedRows:
    """Return what is planned of the rows of a partition that is to be located."""
    require_partition(layout, LOCATE.name, partition)
    return read_planned_rows(layout, partition)


def tables_folder(layout: RunLayout) -> Item:
    """Folder of the travel times of the ensemble."""
    return layout.root / "parts" / "locate_tables.zarr"


def draws_folder(layout: RunLayout) -> Item:
    """Folder of the draws of hypocenters, one Zarr group per partition."""
    return layout.root / "locations.zarr"


def round_stage(number: int) -> str:
    """Name of a round of the station terms among the parts of a run."""
    return f"{LOCATE.name}_round{number}"


def estimated_file(layout: RunLayout, number: int, name: str) -> Item:
    """File of a table that a round gave, see ``corrections.ESTIMATED``."""
    return layout.part(round_stage(number), f"{name}.parquet")


def structure_warnings(layout: RunLayout) -> list[str]:
    """Return what the residuals of a located run say of structure that no model has."""
    marker = layout.done_step(LOCATE.name, "finalise")
    return list(read_json(marker).get("structure", [])) if marker.exists() else []
