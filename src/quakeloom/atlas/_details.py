"""What a click on an event shows: its first motions and its acceptable mechanisms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.atlas._columns import Column, encode_codes, quantize
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import EventRows
from quakeloom.schema import USES

DETAIL_ROWS = 1024
"""Events whose details load at once; chosen here: some 100 kB."""

_PLANES = 40
"""Acceptable mechanisms that are kept of an event, as many from every share of the weight; chosen
here: more cannot be told apart in a drawing of 300 pixels."""

_MOST_GRID = 65_535
"""Mechanisms that a number of 16 bits can name."""


@dataclass(frozen=True)
class EventDetails:
    """Details of all events, still as tables.

    Attributes
    ----------
    readings : pandas.DataFrame
        Polarities with the row of their event and of their station, by event.
    first : ndarray of int, shape (events + 1,)
        First reading of every event, and the end.
    contents : AtlasContents
    events : EventRows
    """

    readings: pd.DataFrame
    first: NDArray[np.int64]
    contents: AtlasContents
    events: EventRows

    def __bool__(self) -> bool:
        return len(self.readings) > 0 or len(self.contents.grid) > 0

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield first row and end of every piece."""
        for start in range(0, len(self.events), DETAIL_ROWS):
            yield start, min(start + DETAIL_ROWS, len(self.events))


def gather_details(
    contents: AtlasContents, events: EventRows, stations: pd.DataFrame
) -> EventDetails:
    """Sort the polarities of a run by event.

    Parameters
    ----------
    contents : AtlasContents
    events : EventRows
    stations : pandas.DataFrame
        ``network`` and ``station`` of the stations of the atlas, in its order.
    """
    table = contents.table("polarities")
    wanted = [
        "event_id", "network", "station", "polarity", "probability_up", "azimuth_deg",
        "takeoff_deg", "use",
    ]  # fmt: skip
    readings = table.select([c for c in wanted if c in table.column_names]).to_pandas()
    where = pd.Series(np.arange(len(events)), index=events.frame["event_id"].to_numpy())
    readings["row"] = readings["event_id"].map(where)
    readings = readings[readings["row"].notna() & readings["azimuth_deg"].notna()]
    names = pd.MultiIndex.from_frame(stations[["network", "station"]])
    place = names.get_indexer(pd.MultiIndex.from_frame(readings[["network", "station"]]))
    readings = readings.assign(row=readings["row"].astype(np.int64), place=place)
    readings = readings.sort_values("row", kind="stable").reset_index(drop=True)
    first = np.searchsorted(readings["row"].to_numpy(), np.arange(len(events) + 1))
    return EventDetails(readings, first.astype(np.int64), contents, events)


def detail_columns(details: EventDetails, start: int, end: int) -> list[Column]:
    """Return readings and acceptable mechanisms of a piece.

    ``reading_count`` and ``accepted_count`` have one number per event, the rest one per reading
    or mechanism, event after event. ``up`` is the probability that the motion is up, times 200;
    of readings without one the sign counts as sure.
    """
    a, b = details.first[start], details.first[end]
    rows = details.readings.iloc[a:b]
    sign = rows["polarity"].to_numpy(float)
    stated = rows["probability_up"].to_numpy(float)
    up = np.where(np.isfinite(stated), stated, 0.5 + 0.5 * sign)
    place = rows["place"].to_numpy(float)
    columns = [
        quantize("reading_count", np.diff(details.first[start : end + 1]), "uint16"),
        quantize("up", up, "uint8", 0.005),
        quantize("azimuth_deg", rows["azimuth_deg"].to_numpy(float), "uint16", 0.1),
        quantize("takeoff_deg", rows["takeoff_deg"].to_numpy(float), "uint16", 0.1),
        quantize("place", np.where(place >= 0, place, np.nan), "uint16"),
        encode_codes("use", rows["use"].tolist(), USES),
    ]
    return columns + _accepted_columns(details, start, end)


def _accepted_columns(details: EventDetails, start: int, end: int) -> list[Column]:
    size = len(details.contents.grid)
    if not 0 < size < _MOST_GRID:
        return []
    counts, chosen = [], []
    for event_id in details.events.frame["event_id"].iloc[start:end]:
        weights = details.contents.acceptance(str(event_id))
        rows = choose_accepted(weights) if weights is not None else np.zeros(0, np.int64)
        counts.append(len(rows))
        chosen.append(rows)
    together = np.concatenate(chosen) if chosen else np.zeros(0)
    return [
        quantize("accepted_count", counts, "uint8"),
        quantize("accepted", together, "uint16"),
    ]


def choose_accepted(weights: NDArray[np.uint8], count: int = _PLANES) -> NDArray[np.int64]:
    """Return mechanisms of the grid that stand for a weighted set of them.

    The ends of equal shares of the whole weight, along the grid: as many are near a mechanism as
    it weighs. Sets smaller than ``count`` are returned as they are.

    Parameters
    ----------
    weights : ndarray, shape (mechanisms,)
    count : int
    """
    there = np.flatnonzero(weights)
    if len(there) <= count:
        return there
    sums = np.cumsum(weights[there].astype(float))
    levels = (np.arange(count) + 0.5) / count * sums[-1]
    return np.asarray(there[np.searchsorted(sums, levels)])
