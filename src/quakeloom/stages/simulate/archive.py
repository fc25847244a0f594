"""Records of a simulated catalog as an archive: one miniSEED file per event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.cluster import Executor
from quakeloom.formats import Trace, write_miniseed
from quakeloom.simulate import (
    COMPONENTS,
    RecordParameters,
    SimulatedEvents,
    SimulatedReadings,
    SimulatedStations,
    describe_records,
    record_starts,
    simulate_records,
)
from quakeloom.store import Item, atomic_file

_RATE_HZ = 100.0
"""Sampling rate of the records in Hz, as of most stations for local earthquakes."""

_SAMPLES = 4400
"""Samples of a record: 44 s, chosen here so that S lies within at 120 km and more."""

_P_S = 13.0
"""Seconds from the start of a record to P: chosen here, more than pickers look at before P."""

_COUNTS = 40.0
"""Standard deviation of the noise in counts; chosen here, far from a digitizer's one and clip."""

_CLIP = 2**23 - 1
"""Counts at which a digitizer of 24 bits clips."""

BLOCK = 512
"""Records that are simulated together, so that they fit into some hundred MB."""


def write_archive(
    folder: Item,
    events: SimulatedEvents,
    stations: SimulatedStations,
    readings: SimulatedReadings,
    executor: Executor,
) -> list[dict[str, Any]]:
    """Write the records of readings; return the arrivals that they truly hold.

    Parameters
    ----------
    folder : Item
        Receives ``EVENT_ID.mseed`` with channels HHZ, HHN, HHE of every station that reads.
    events, stations, readings
        As simulated together. The sign of the verticals of reversed stations is changed.
    executor : Executor
        Simulates and writes the blocks.

    Returns
    -------
    list of dict
        Columns of the table ``reference_arrivals``, piece by piece. The first motion is that
        of the record; what cannot be seen in the noise is no arrival.
    """
    parameters = describe_records(events, stations, readings, _P_S)
    origin = np.asarray(events.events["origin_time"])[readings.event_index]
    starts = record_starts(origin, readings.travel_time_s, _P_S)
    # the recorder samples on whole hundredths; P then lies between samples
    step = int(1e9 / _RATE_HZ)
    late = starts % step
    parameters = parameters.with_values(
        p_time_s=parameters.p_time_s + late / 1e9, s_time_s=parameters.s_time_s + late / 1e9
    )
    starts -= late
    described = _Described(folder, parameters, starts)
    tasks = _record_tasks(described, events, stations, readings)
    return [columns for found in executor.map(write_records, tasks) for columns in found]


@dataclass(frozen=True)
class _Described:
    """Where records go, what they are made from, and when they start."""

    folder: Item
    parameters: RecordParameters
    starts: NDArray[np.int64]


@dataclass(frozen=True)
class RecordTask:
    """Events whose records a worker simulates and writes, with their readings alone."""

    described: _Described
    events: SimulatedEvents
    stations: SimulatedStations
    readings: SimulatedReadings


def _record_tasks(
    described: _Described,
    events: SimulatedEvents,
    stations: SimulatedStations,
    readings: SimulatedReadings,
) -> Iterator[RecordTask]:
    """Yield events until their readings make a block."""
    count = len(events.events["event_id"])
    bounds = np.searchsorted(readings.event_index, np.arange(count + 1))
    first = 0
    while first < count:
        last = first + 1
        while last < count and bounds[last + 1] - bounds[first] <= BLOCK:
            last += 1
        rows = slice(bounds[first], bounds[last])
        own = _rows_of(readings, rows)
        yield RecordTask(
            _Described(described.folder, described.parameters.take(rows), described.starts[rows]),
            _rows_of(events, slice(first, last)),
            stations,
            replace(own, event_index=own.event_index - first),
        )
        first = last


def _rows_of(record: Any, rows: slice) -> Any:
    """Return some rows of all arrays, and of the columns of all tables, of a record."""
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    return replace(
        record,
        **{
            name: {n: c[rows] for n, c in v.items()} if isinstance(v, dict) else v[rows]
            for name, v in values.items()
        },
    )


def write_records(task: RecordTask) -> list[dict[str, Any]]:
    """Simulate and write the records of some events; runs on a worker.

    Returns
    -------
    list of dict
        Arrivals, as of :func:`write_archive`.
    """
    events, stations, readings = task.events, task.stations, task.readings
    starts = task.described.starts
    ids = events.events["event_id"]
    made = simulate_records(
        events, stations, readings, task.described.parameters, slice(None), _SAMPLES, _RATE_HZ
    )
    turned = readings.is_reversed
    counts = np.clip(np.rint(_COUNTS * made.data), -_CLIP, _CLIP).astype(np.int32)
    counts[turned, 0] *= -1
    sign = np.where(turned, -made.polarity, made.polarity)
    network, code = (stations.stations[n][readings.station_index] for n in ("network", "station"))
    arrivals = []
    for phase, onset in (("P", made.p_onset_s), ("S", made.s_onset_s)):
        seen = np.flatnonzero(np.isfinite(onset))
        time = starts[seen] + np.round(onset[seen] * 1e9).astype(np.int64)
        arrivals.append(
            {
                "event_id": ids[readings.event_index[seen]],
                "network": network[seen],
                "station": code[seen],
                "phase": [phase] * seen.size,
                "time": time.astype("datetime64[ns]"),
                "polarity": sign[seen] if phase == "P" else np.zeros(seen.size, np.int8),
            }
        )
    bounds = np.searchsorted(readings.event_index, np.arange(len(ids) + 1))
    for event in range(len(ids)):
        own = slice(bounds[event], bounds[event + 1])
        traces = [
            _trace(str(n), str(c), component, int(start), samples)
            for n, c, start, records in zip(
                network[own], code[own], starts[own], counts[own], strict=True
            )
            for component, samples in zip(COMPONENTS, records, strict=True)
        ]
        if traces:
            with atomic_file(task.described.folder / f"{ids[event]}.mseed") as file:
                write_miniseed(file, traces)
    return arrivals


def _trace(
    network: str, station: str, component: str, start: int, samples: NDArray[np.int32]
) -> Trace:
    return Trace(network, station, "", f"HH{component}", start, _RATE_HZ, samples, _SAMPLES, "")
