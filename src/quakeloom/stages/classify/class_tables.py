"""Tables of the classes of events and of what each of their stations says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.classification import (
    CLASSES,
    TYPE_OF_CLASS,
    ClassModel,
    EventStations,
    class_probabilities,
    event_inputs,
    name_reasons,
)
from quakeloom.schema import make_table

Floats = NDArray[np.float64]

NO_TIME = np.iinfo(np.int64).min
"""A time that is not known, nanoseconds since 1970."""


@dataclass(frozen=True)
class KnownEvents:
    """Events whose classes are asked for.

    Attributes
    ----------
    ids : list of str
    origin_ns : ndarray of int64
        Nanoseconds since 1970; :data:`NO_TIME` where not known.
    depth_km : ndarray
        NaN where not known.
    """

    ids: list[str]
    origin_ns: NDArray[np.int64]
    depth_km: Floats


def make_class_tables(
    model: ClassModel,
    events: KnownEvents,
    records: Mapping[str, Any],
    shares: Mapping[str, float],
) -> dict[str, pa.Table]:
    """Make the tables ``event_classes`` and ``station_classes``.

    Parameters
    ----------
    model : ClassModel
    events : KnownEvents
    records : mapping
        Columns of :func:`quakeloom.stages.classify.station_records.as_columns`.
    shares : mapping of str to float
        Of all classes among all events.
    """
    logs = model.station_logs(records["features"])
    read = np.isfinite(records["features"]).any(axis=1)
    event = records["event"]
    own = EventStations(event[read], records["has_s"][read], events.depth_km)
    probability = class_probabilities(model.event_logs(event_inputs(logs[read], own)), shares)
    chosen = probability.argmax(axis=1)
    reason = name_reasons(model, records["features"][read], own, chosen)
    count = np.bincount(event[read], minlength=own.count)
    wanted = np.bincount(event, minlength=own.count)
    has = count > 0
    why = _first_reasons(event, records["reason"], own.count)
    status, words = [], []
    for i in range(own.count):
        if has[i]:
            status.append("classified")
            words.append(reason[i])
        elif wanted[i]:
            status.append("no_record")
            words.append(why[i])
        else:
            status.append("no_picks")
            words.append("no station has a pick of it")
    probability[~has] = np.nan
    names = [CLASSES[k] if ok else "" for k, ok in zip(chosen, has, strict=True)]
    event_table = make_table(
        "event_classes",
        {
            "event_id": events.ids,
            "class_status": status,
            "event_class": names,
            "class_reason": words,
            **{f"probability_{c}": probability[:, k] for k, c in enumerate(CLASSES)},
            "event_type": [TYPE_OF_CLASS.get(n, "") for n in names],
            "frequency_index": _medians(event, records["frequency_index"], own.count),
            "class_station_count": count,
        },
        rows=own.count,
    )
    each = np.exp(logs)
    each[~read] = np.nan
    station_table = make_table(
        "station_classes",
        {
            "event_id": [events.ids[i] for i in event],
            "network": records["network"],
            "station": records["station"],
            "class_reason": records["reason"],
            **{f"probability_{c}": each[:, k] for k, c in enumerate(CLASSES)},
            "frequency_index": records["frequency_index"],
        },
        rows=event.size,
    )
    return {"event_classes": event_table, "station_classes": station_table}


def _first_reasons(event: NDArray[np.int64], reasons: list[str], count: int) -> list[str]:
    """Return the first reason of every event why a station has no record."""
    found = [""] * count
    for i, reason in zip(event.tolist(), reasons, strict=True):
        found[i] = found[i] or reason
    return found


def _medians(event: NDArray[np.int64], values: Floats, count: int) -> Floats:
    """Return the median of the known values of every event; NaN where there are none."""
    found = np.full(count, np.nan)
    known = np.isfinite(values)
    order = np.lexsort((values[known], event[known]))
    own, sorted_values = event[known][order], values[known][order]
    starts = np.searchsorted(own, np.arange(count))
    ends = np.searchsorted(own, np.arange(count), side="right")
    has = ends > starts
    low, high = (starts + ends - 1) // 2, (starts + ends) // 2
    found[has] = 0.5 * (sorted_values[low[has]] + sorted_values[high[has]])
    return found
