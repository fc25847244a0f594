"""The events of a block, and which of them cannot be used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import depth_words, string_keys
from quakeloom.schema import is_earthquake, time_values
from quakeloom.stages.readings.block_readings import BlockEvents, Unusable
from quakeloom.travel import TableStack

_DEPTH_TOLERANCE_KM = 10.0
"""How far above sea level an event may lie, km; it is traced from the surface. Chosen here: more
than any mountain."""


NOT_EARTHQUAKE = "not_earthquake"
"""Status of events whose type says that they are no earthquakes."""


def check_events(
    settings: Settings,
    events: pa.Table,
    tables: TableStack | None,
    left_out: Mapping[str, Unusable] | None = None,
) -> BlockEvents:
    """Return events with their random streams; where rays are traced, a place is needed.

    Parameters
    ----------
    settings : Settings
    events : pyarrow.Table
        Registered table ``events``.
    tables : TableStack or None
        Take-off tables, below which no event is traced.
    left_out : mapping of str to Unusable, optional
        Events that are not wanted, by name, with the reason.
    """
    ids = events.column("event_id").to_pylist()
    keys = string_keys(ids, settings.seed)
    unusable = {} if settings.takeoff.angles == "given" else _find_invalid(events, tables)
    if settings.selection.event_types == "earthquakes":
        unusable.update(_find_others(events))
    unusable.update(
        {i: left_out[e] for i, e in enumerate(ids) if e in left_out} if left_out else {}
    )
    return BlockEvents(events, time_values(events.column("origin_time")), keys, unusable)


def _find_others(events: pa.Table) -> dict[int, Unusable]:
    """Events that are no earthquakes by their type."""
    types = events.column("event_type").to_pylist()
    others = {t for t in set(types) if not is_earthquake(t)}
    return {
        i: Unusable(
            NOT_EARTHQUAKE,
            f"its type is '{t}'; `selection.event_types: all` searches mechanisms of such events "
            "as well",
        )
        for i, t in enumerate(types)
        if t in others
    }


def _find_invalid(events: pa.Table, tables: TableStack | None) -> dict[int, Unusable]:
    invalid: dict[int, Unusable] = {}
    lon, lat, depth = (events.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km"))
    deepest = np.inf if tables is None else float(tables.depth_km[-1])
    for i in np.flatnonzero(~(np.isfinite(lon) & np.isfinite(lat))):
        invalid[int(i)] = Unusable("invalid_event", "the epicenter is not known")
    for i in np.flatnonzero(~np.isfinite(depth)):
        invalid.setdefault(int(i), Unusable("invalid_event", "the depth is not known"))
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(depth > deepest):
            invalid[int(i)] = Unusable(
                "below_takeoff_table",
                f"depth {depth[i]:g} km is below the deepest of the take-off tables "
                f"({deepest:g} km); raise takeoff.maximum_depth_km",
            )
        for i in np.flatnonzero(depth < -_DEPTH_TOLERANCE_KM):
            invalid[int(i)] = Unusable(
                "invalid_event", f"its depth, {depth_words(depth[i])}, is far above sea level"
            )
    return invalid
