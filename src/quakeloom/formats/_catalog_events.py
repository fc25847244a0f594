"""Tables of a catalog as one record per event, for the writers of event formats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats._quakeml_phases import first_phases
from quakeloom.schema import empty_table

Row = dict[str, Any]
"""A row of a registered table; times are nanoseconds since 1970, or None."""

_CHUNK = 1024
"""Events that are turned into rows at a time."""


@dataclass(frozen=True)
class CatalogTables:
    """What is written of a catalog: registered tables, absent ones empty.

    Attributes
    ----------
    events : pyarrow.Table
        Hypocenters as given by the sources, with type and magnitude.
    picks : pyarrow.Table
    polarities : pyarrow.Table
        First motions; one with the time of a pick is that of the pick.
    amplitudes : pyarrow.Table
    local_amplitudes : pyarrow.Table
        Wood-Anderson amplitudes of picks.
    hypocenters, arrivals : pyarrow.Table
        Located hypocenters, and the picks that they rest on.
    magnitudes : pyarrow.Table
        Magnitudes measured by the run; where there is one, it is that of its event.
    mechanisms, solutions : pyarrow.Table
        Preferred focal mechanisms, and all solutions.
    """

    events: pa.Table = field(default_factory=partial(empty_table, "events"))
    picks: pa.Table = field(default_factory=partial(empty_table, "picks"))
    polarities: pa.Table = field(default_factory=partial(empty_table, "polarities"))
    amplitudes: pa.Table = field(default_factory=partial(empty_table, "amplitudes"))
    local_amplitudes: pa.Table = field(default_factory=partial(empty_table, "local_amplitudes"))
    hypocenters: pa.Table = field(default_factory=partial(empty_table, "hypocenters"))
    arrivals: pa.Table = field(default_factory=partial(empty_table, "arrivals"))
    magnitudes: pa.Table = field(default_factory=partial(empty_table, "magnitudes"))
    mechanisms: pa.Table = field(default_factory=partial(empty_table, "mechanisms"))
    solutions: pa.Table = field(default_factory=partial(empty_table, "solutions"))

    def event_ids(self) -> list[str]:
        """Return the ids of all events that have a hypocenter, a mechanism or picks."""
        tables = (self.events, self.hypocenters, self.mechanisms, self.picks, self.polarities)
        ids: dict[str, None] = {}
        for table in tables:
            ids |= dict.fromkeys(pc.unique(table.column("event_id")).to_pylist())
        ids.pop("", None)
        return list(ids)


@dataclass
class CatalogPick:
    """One reading of an event: its pick, first motion and arrival.

    Attributes
    ----------
    network, station, location, channel, phase : str
    time : int
        Nanoseconds since 1970.
    pick : dict
        Row of the picks or of the polarities that it comes from.
    polarity : dict or None
        Row of the polarities.
    arrival : dict or None
        Row of the arrivals at the located hypocenter.
    """

    network: str
    station: str
    location: str
    channel: str
    phase: str
    time: int
    pick: Row
    polarity: Row | None = None
    arrival: Row | None = None

    @property
    def sign(self) -> int:
        """First motion: 1 up, -1 down, 0 not known."""
        return int(self.polarity["polarity"]) if self.polarity else 0

    @property
    def is_used(self) -> bool:
        """Whether the located hypocenter rests on it; True where nothing was located."""
        return self.arrival is None or self.arrival["pick_use"] == "used"

    @property
    def stated_error_s(self) -> float:
        """Error of the time as the picker states it; NaN if it does not, though a location
        had to assume one."""
        return float(self.pick.get("uncertainty_s", math.nan))

    def value(self, name: str) -> float:
        """Return a number of the arrival, else of the first motion or pick; NaN if unknown."""
        for row in (self.arrival, self.polarity, self.pick):
            if row is not None and row.get(name) is not None and not math.isnan(row[name]):
                return float(row[name])
        return math.nan

    def word(self, name: str) -> str:
        """Return a text of the pick, else of the first motion; empty if unknown."""
        for row in (self.pick, self.polarity):
            if row is not None and row.get(name):
                return str(row[name])
        return ""


@dataclass
class CatalogEvent:
    """One event with everything that is written of it.

    Attributes
    ----------
    event_id : str
    given, located, mechanism, measured : dict or None
        Rows of the events, the hypocenters (if it was located), the mechanisms and the magnitudes
        (if it has one).
    solutions, amplitudes, local_amplitudes : list of dict
    picks : list of CatalogPick
        By time.
    untimed : int
        First motions without a time, which are no picks.
    """

    event_id: str
    given: Row | None = None
    located: Row | None = None
    mechanism: Row | None = None
    measured: Row | None = None
    solutions: list[Row] = field(default_factory=list)
    amplitudes: list[Row] = field(default_factory=list)
    local_amplitudes: list[Row] = field(default_factory=list)
    picks: list[CatalogPick] = field(default_factory=list)
    untimed: int = 0

    @property
    def origin(self) -> Row | None:
        """The hypocenter: located, else given, else that of the mechanism; None without one."""
        for row in (self.located, self.given, self.mechanism):
            if row is not None and is_placed(row):
                return row
        return None

    @property
    def magnitude(self) -> float:
        """Magnitude, NaN if not known; one that the run measured comes before a given one."""
        for row in (self.measured, self.given, self.located, self.mechanism):
            if row is not None and not math.isnan(row["magnitude"]):
                return float(row["magnitude"])
        return math.nan

    @property
    def magnitude_error(self) -> float:
        """Standard error of the magnitude, NaN if not known."""
        return math.nan if self.measured is None else float(self.measured["magnitude_error"])

    @property
    def magnitude_type(self) -> str:
        """Type of the magnitude, empty if not known."""
        row = self.given if self.measured is None else self.measured
        return str(row["magnitude_type"]) if row else ""

    def errors_km(self) -> tuple[float, float]:
        """Return the standard errors of epicenter and depth of :attr:`origin`; NaN if unknown.

        Of a located hypocenter the horizontal one is that along the longest axis.
        """
        row = self.origin
        if row is None or "horizontal_error_km" in row:
            return (
                (math.nan, math.nan)
                if row is None
                else (row["horizontal_error_km"], row["vertical_error_km"])
            )
        if row is not self.located:
            return math.nan, math.nan
        return horizontal_axes_km(row)[0], math.sqrt(max(row["cov_dd"], 0.0))


def horizontal_axes_km(located: Row) -> tuple[float, float, float]:
    """Return the longest and shortest standard error of an epicenter, and the azimuth of the
    longest in degrees from north, in [0, 180)."""
    ee, nn, en = (located[f"cov_{c}"] for c in ("ee", "nn", "en"))
    if math.isnan(ee + nn + en):
        return math.nan, math.nan, math.nan
    middle, half = 0.5 * (ee + nn), math.hypot(0.5 * (ee - nn), en)
    azimuth = math.degrees(0.5 * math.atan2(2.0 * en, nn - ee)) % 180.0
    return math.sqrt(middle + half), math.sqrt(max(middle - half, 0.0)), azimuth


def iterate_events(tables: CatalogTables) -> Iterator[CatalogEvent]:
    """Give the events of a catalog one by one, each with its rows of all tables."""
    ids = tables.event_ids()
    slices = {f.name: _Sliced(getattr(tables, f.name), ids) for f in fields(tables)}
    for start in range(0, len(ids), _CHUNK):
        stop = min(start + _CHUNK, len(ids))
        chunks = {name: s.rows(start, stop) for name, s in slices.items()}
        for i in range(stop - start):
            rows = {name: chunk[i] for name, chunk in chunks.items()}
            yield _make_event(ids[start + i], rows)


def _make_event(event_id: str, rows: dict[str, list[Row]]) -> CatalogEvent:
    located = next((r for r in rows["hypocenters"] if r["status"] == "located"), None)
    measured = (r for r in rows["magnitudes"] if r["magnitude_status"] == "measured")
    event = CatalogEvent(
        event_id,
        next(iter(rows["events"]), None),
        located,
        next(iter(rows["mechanisms"]), None),
        next(measured, None),
        sorted(rows["solutions"], key=lambda r: int(r["solution"])),
        rows["amplitudes"],
        rows["local_amplitudes"],
    )
    picks = [
        CatalogPick(
            r["network"], r["station"], r["location_code"], r["channel"], r["phase"], r["time"], r
        )
        for r in rows["picks"]
        if r["time"] is not None
    ]
    _add_arrivals(picks, rows["arrivals"])
    event.untimed = _add_polarities(picks, rows["polarities"])
    event.picks = sorted(picks, key=lambda p: (p.time, p.network, p.station, p.phase))
    return event


def _add_arrivals(picks: list[CatalogPick], arrivals: list[Row]) -> None:
    """Give picks their arrivals; an arrival without a pick is one."""
    known: dict[tuple[str, str, str, int], list[CatalogPick]] = {}
    for pick in picks:
        known.setdefault((pick.network, pick.station, pick.phase, pick.time), []).append(pick)
    for row in arrivals:
        if row["time"] is None:
            continue
        key = (row["network"], row["station"], row["phase"], row["time"])
        waiting = known.get(key)
        if waiting:
            waiting.pop(0).arrival = row
        else:
            picks.append(CatalogPick(key[0], key[1], "", "", key[2], key[3], row, None, row))


def _add_polarities(picks: list[CatalogPick], polarities: list[Row]) -> int:
    """Give P picks their first motions; one without a pick is one. Return those without time.

    The pick of a first motion has its station and time, and its channel or none.
    """
    kinds = first_phases(pa.array([p.phase for p in picks], pa.string()))
    at_station: dict[tuple[str, str], list[CatalogPick]] = {}
    for pick, kind in zip(picks, kinds, strict=True):
        if kind == "P":
            at_station.setdefault((pick.network, pick.station), []).append(pick)
    untimed = 0
    for row in polarities:
        here = at_station.get((row["network"], row["station"]), [])
        fitting = [
            p
            for p in here
            if p.polarity is None
            and row["arrival_time"] in (None, p.time)
            and (p.channel == row["channel"] or not p.channel or not row["channel"])
        ]
        exact = [p for p in fitting if p.channel == row["channel"]] or fitting
        if exact and (row["arrival_time"] is not None or len(here) == 1):
            exact[0].polarity = row
            exact[0].channel = exact[0].channel or row["channel"]
        elif row["arrival_time"] is None:
            untimed += 1
        else:
            codes = row["network"], row["station"], "", row["channel"]
            picks.append(CatalogPick(*codes, "P", row["arrival_time"], row, row))
    return untimed


def is_placed(row: Row) -> bool:
    """Say whether a row has an origin time and an epicenter."""
    return row["origin_time"] is not None and not math.isnan(row["longitude"] + row["latitude"])


class _Sliced:
    """A table sorted by event, from which the rows of some events are taken."""

    def __init__(self, table: pa.Table, ids: list[str]) -> None:
        event = pc.index_in(table.column("event_id"), pa.array(ids, pa.string()))
        number = event.fill_null(-1).to_numpy().astype(np.int64)
        order = np.argsort(number, kind="stable")
        self._table = _without_datetimes(table).take(pa.array(order))
        self._starts = np.searchsorted(number[order], np.arange(len(ids) + 1))

    def rows(self, start: int, stop: int) -> list[list[Row]]:
        """Return the rows of every event from ``start`` to ``stop``."""
        bounds = self._starts[start : stop + 1]
        rows = self._table.slice(bounds[0], bounds[-1] - bounds[0]).to_pylist()
        places = (bounds - bounds[0]).tolist()
        return [rows[a:b] for a, b in pairwise(places)]


def _without_datetimes(table: pa.Table) -> pa.Table:
    """The table with times as nanoseconds, since a datetime holds microseconds only."""
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(pa.int64()))
    return table
