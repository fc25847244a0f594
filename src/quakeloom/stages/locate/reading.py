"""Located hypocenters, their draws and rays, as other stages read them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from quakeloom.core import PlanError
from quakeloom.location import EnsembleTakeoffs
from quakeloom.stages.frame.partition_states import refuse_damaged
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.ensembles import read_ensemble
from quakeloom.stages.locate.events import place_events
from quakeloom.stages.locate.hypocenters import draws_folder, places_of, tables_folder
from quakeloom.store import RunLayout, open_array, read_table


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
    refuse_damaged(layout, LOCATE.name, partition)
    table = read_table(layout.part(LOCATE.name, partition) / "hypocenters.parquet", "hypocenters")
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
        return EnsembleTakeoffs(stored.times, models=stored.models, spherical=stored.spherical)
    places = places_of(layout)
    return EnsembleTakeoffs(
        stored.times, stored.plane, places.names, places.longitude, places.latitude
    )
