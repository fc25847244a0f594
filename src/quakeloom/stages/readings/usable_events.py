"""The events of a block, and which of them cannot be used."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.core import string_keys
from quakeloom.schema import time_values
from quakeloom.stages.readings.block_readings import BlockEvents
from quakeloom.travel import TableStack

_DEPTH_TOLERANCE_KM = 10.0
"""How far above sea level an event may lie, km; it is traced from the surface. Chosen here: more
than any mountain."""


def check_events(settings: Settings, events: pa.Table, tables: TableStack | None) -> BlockEvents:
    """Return events with their random streams; where rays are traced, a place is needed.

    Parameters
    ----------
    settings : Settings
    events : pyarrow.Table
        Registered table ``events``.
    tables : TableStack or None
        Take-off tables, below which no event is traced.
    """
    ids = events.column("event_id").to_pylist()
    keys = string_keys(ids, settings.seed)
    times = time_values(events.column("origin_time"))
    if settings.takeoff.angles == "given":
        return BlockEvents(events, times, keys, {})
    invalid, too_deep = _find_invalid(events, tables)
    return BlockEvents(events, times, keys, invalid, too_deep)


def _find_invalid(
    events: pa.Table, tables: TableStack | None
) -> tuple[dict[int, str], frozenset[int]]:
    """Events that cannot be used with the reason, and those below the tables."""
    invalid: dict[int, str] = {}
    lon, lat, depth = (events.column(c).to_numpy() for c in ("longitude", "latitude", "depth_km"))
    deepest = np.inf if tables is None else float(tables.depth_km[-1])
    for i in np.flatnonzero(~(np.isfinite(lon) & np.isfinite(lat))):
        invalid[int(i)] = "the epicenter is not known"
    for i in np.flatnonzero(~np.isfinite(depth)):
        invalid.setdefault(int(i), "the depth is not known")
    with np.errstate(invalid="ignore"):
        too_deep = np.flatnonzero(depth > deepest)
        for i in too_deep:
            invalid[int(i)] = (
                f"depth {depth[i]:g} km is below the deepest of the take-off tables "
                f"({deepest:g} km); raise takeoff.maximum_depth_km"
            )
        for i in np.flatnonzero(depth < -_DEPTH_TOLERANCE_KM):
            invalid[int(i)] = f"depth {depth[i]:g} km is far above sea level"
    return invalid, frozenset(too_deep.tolist())
