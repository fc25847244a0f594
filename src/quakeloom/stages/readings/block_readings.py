"""What goes from step to step: events of a block, their readings, and what all blocks share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.schema import USES
from quakeloom.travel import TableStack, TakeoffDraws

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shared:
    """What all blocks of a partition share.

    Attributes
    ----------
    stations, reversals, sp_corrections : pyarrow.Table
        Registered tables.
    screening : tuple of pyarrow.Table
        Station reports of other cases that are honored, one after the other.
    tables : TableStack or None
        Take-off tables; None where angles are given or those of the ensemble.
    rays : TakeoffDraws or None
        Rays in the ensemble that the events were located in.
    """

    stations: pa.Table
    reversals: pa.Table
    sp_corrections: pa.Table
    screening: tuple[pa.Table, ...] = ()
    tables: TableStack | None = None
    rays: TakeoffDraws | None = None


@dataclass(frozen=True)
class HypocenterDraws:
    """Draws of hypocenter and member of the events of a block, shape (events, draws).

    A trial takes one draw, so that epicenter, depth, model and angles vary together.
    """

    longitude: Floats
    latitude: Floats
    depth_km: Floats
    member: NDArray[np.int64]


@dataclass(frozen=True)
class BlockEvents:
    """The events of a block.

    Attributes
    ----------
    table : pyarrow.Table
        Registered table ``events``.
    time : ndarray of datetime64, shape (events,)
        Origin times, UTC.
    keys : ndarray of uint64, shape (events,)
        Random streams.
    invalid : dict of int to str
        Events that cannot be used, with the reason.
    too_deep : frozenset of int
        Those of them that lie below the take-off tables.
    """

    table: pa.Table
    time: NDArray[np.datetime64]
    keys: NDArray[np.uint64]
    invalid: dict[int, str]
    too_deep: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """Number of events."""
        return int(self.table.num_rows)

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Whether an event can be used, shape (events,)."""
        usable = np.ones(self.count, dtype=bool)
        usable[list(self.invalid)] = False
        return usable

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the table."""
        return np.asarray(self.table.column(name).to_numpy())

    def rows_of(self, table: pa.Table) -> EventRows:
        """Return the rows of a table with their events; where they were made is not known yet."""
        ids = self.table.column("event_id").combine_chunks()
        event = np.asarray(pc.index_in(table.column("event_id"), ids).to_numpy(), dtype=np.int64)
        unknown = np.full(table.num_rows, np.nan)
        station = np.full((3, table.num_rows), np.nan)
        return EventRows(table, event, self.time[event], unknown, unknown, unknown, station)


@dataclass(frozen=True)
class EventRows:
    """Rows of a table of readings, one element each, sorted by event.

    Attributes
    ----------
    table : pyarrow.Table
        Registered table ``polarities`` or ``amplitudes``, as it was read.
    event : ndarray of int64
        Event in the block.
    time : ndarray of datetime64
        Origin time of the event.
    azimuth_deg, takeoff_deg : ndarray of float64
        Of the ray at the source: as given, else the azimuth of the station and no take-off angle,
        which is still to be traced. NaN where not known.
    distance_km : ndarray of float64
        Epicentral distance; NaN where not known.
    station : ndarray of float64, shape (3, rows)
        Longitude, latitude and elevation (m) of the station; NaN where it is not known.
    """

    table: pa.Table
    event: NDArray[np.int64]
    time: NDArray[np.datetime64]
    azimuth_deg: Floats
    takeoff_deg: Floats
    distance_km: Floats
    station: Floats

    @property
    def count(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of the table; numbers that it does not have are NaN."""
        if name not in self.table.column_names:
            return np.full(self.count, np.nan)
        return np.asarray(self.table.column(name).to_numpy(zero_copy_only=False))

    def station_names(self, rows: NDArray[np.int64]) -> list[str]:
        """Return ``NETWORK.STATION`` of some rows."""
        part = self.table.take(rows)
        names = pc.binary_join_element_wise(part.column("network"), part.column("station"), ".")
        return list(names.to_pylist())


@dataclass(frozen=True)
class Readings(EventRows):
    """First motions of the events of a block.

    Attributes
    ----------
    polarity : ndarray of int8
        +1 up, -1 down, 0 not known; with the sign changed where the station was reversed.
    probability_up : ndarray of float64
        Changed as well; NaN where it is not said.
    is_turned : ndarray of bool
        Whether the station was reversed.
    is_screened : ndarray of bool
        Whether a station report leaves the reading out.
    is_impulsive : ndarray of bool
    use : ndarray of int64
        What became of it: a place in :data:`quakeloom.schema.USES`.
    """

    polarity: NDArray[np.int8]
    probability_up: Floats
    is_turned: NDArray[np.bool_]
    is_screened: NDArray[np.bool_]
    is_impulsive: NDArray[np.bool_]
    use: NDArray[np.int64]

    @property
    def used(self) -> NDArray[np.int64]:
        """Rows of the readings that are used."""
        return np.flatnonzero(self.use == USE_CODES["used"])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of table ``polarities`` that preparing fills."""
        return {
            "polarity": self.polarity,
            "probability_up": self.probability_up,
            "reversed": self.is_turned,
            "distance_km": self.distance_km,
            "azimuth_deg": self.azimuth_deg,
            "takeoff_deg": self.takeoff_deg,
            "use": np.array(USES)[self.use],
        }


USE_CODES = {name: i for i, name in enumerate(USES)}
"""Code of each way a reading is used, in the order of :data:`quakeloom.schema.USES`."""


def gather_readings(events: BlockEvents, polarities: pa.Table) -> Readings:
    """Return the first motions of events as they were read: none turned, none left out."""
    rows = events.rows_of(polarities)
    nothing = np.zeros(rows.count, dtype=bool)
    return Readings(
        **vars(rows),
        polarity=rows.column("polarity").astype(np.int8),
        probability_up=rows.column("probability_up").copy(),
        is_turned=rows.column("reversed").astype(bool),
        is_screened=nothing,
        is_impulsive=nothing,
        use=np.full(rows.count, USE_CODES["used"]),
    )
