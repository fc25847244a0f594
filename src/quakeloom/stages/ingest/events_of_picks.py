"""Events of sources that have picks and no events: one for every event id of a pick.

They have no origin and no place until the stage ``locate`` finds these. An event of which every
pick was put aside is among them, so that it gets a row with its status.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.schema import make_table, time_values

_RECORDS = ("pick", "polarity")
"""Records of ``rejects`` that belong to an event by its id."""


def events_of_picks(picks: pa.Table, rejects: pa.Table) -> pa.Table:
    """Return a table ``events`` with the ids of picks and of picks that were put aside.

    Parameters
    ----------
    picks, rejects : pyarrow.Table
        Registered tables.
    """
    aside = pc.is_in(rejects.column("record"), pa.array(_RECORDS))
    columns = (picks.column("event_id"), rejects.column("event_id").filter(aside))
    ids = sorted({name for column in columns for name in pc.unique(column).to_pylist() if name})
    return make_table("events", {"event_id": ids}, rows=len(ids))


def fill_times(events: pa.Table, picks: pa.Table) -> NDArray[np.datetime64]:
    """Return origin times; of events without one the time of the first pick, to sort them by.

    Parameters
    ----------
    events, picks : pyarrow.Table
        Registered tables.

    Returns
    -------
    ndarray of datetime64[ns]
        NaT where an event has no pick with a time either.
    """
    times = time_values(events.column("origin_time"))
    unknown = np.isnat(times)
    if not unknown.any() or not picks.num_rows:
        return times
    event = pc.index_in(picks.column("event_id"), events.column("event_id").combine_chunks())
    number = event.fill_null(-1).to_numpy()
    moment = time_values(picks.column("time"))
    good = (number >= 0) & ~np.isnat(moment)
    latest = np.iinfo(np.int64).max
    first = np.full(events.num_rows, latest)
    np.minimum.at(first, number[good], moment[good].astype(np.int64))
    fills = unknown & (first != latest)
    return np.where(fills, first.astype("datetime64[ns]"), times)
