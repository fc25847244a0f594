"""Records of a simulated catalog as an archive: one miniSEED file per event."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.formats import Trace, write_miniseed
from quakeloom.simulate import (
    COMPONENTS,
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

_BLOCK = 512
"""Records that are simulated together, so that they fit into some hundred MB."""


def write_archive(
    folder: Item,
    events: SimulatedEvents,
    stations: SimulatedStations,
    readings: SimulatedReadings,
) -> list[dict[str, Any]]:
    """Write the records of readings; return the arrivals that they truly hold.

    Parameters
    ----------
    folder : Item
        Receives ``EVENT_ID.mseed`` with channels HHZ, HHN, HHE of every station that reads.
    events, stations, readings
        As simulated together. The sign of the verticals of reversed stations is changed.

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
    ids = events.events["event_id"]
    bounds = np.searchsorted(readings.event_index, np.arange(len(ids) + 1))
    arrivals = []
    first = 0
    while first < len(ids):
        last = first + 1
        while last < len(ids) and bounds[last + 1] - bounds[first] <= _BLOCK:
            last += 1
        rows = slice(bounds[first], bounds[last])
        made = simulate_records(events, stations, readings, parameters, rows, _SAMPLES, _RATE_HZ)
        turned = readings.is_reversed[rows]
        counts = np.clip(np.rint(_COUNTS * made.data), -_CLIP, _CLIP).astype(np.int32)
        counts[turned, 0] *= -1
        sign = np.where(turned, -made.polarity, made.polarity)
        network, code = (
            stations.stations[n][readings.station_index[rows]] for n in ("network", "station")
        )
        for phase, onset in (("P", made.p_onset_s), ("S", made.s_onset_s)):
            seen = np.flatnonzero(np.isfinite(onset))
            time = starts[rows][seen] + np.round(onset[seen] * 1e9).astype(np.int64)
            arrivals.append(
                {
                    "event_id": ids[readings.event_index[rows][seen]],
                    "network": network[seen],
                    "station": code[seen],
                    "phase": [phase] * seen.size,
                    "time": time.astype("datetime64[ns]"),
                    "polarity": sign[seen] if phase == "P" else np.zeros(seen.size, np.int8),
                }
            )
        for event in range(first, last):
            own = slice(bounds[event] - rows.start, bounds[event + 1] - rows.start)
            traces = [
                _trace(str(n), str(c), component, int(start), samples)
                for n, c, start, records in zip(
                    network[own], code[own], starts[rows][own], counts[own], strict=True
                )
                for component, samples in zip(COMPONENTS, records, strict=True)
            ]
            if traces:
                with atomic_file(folder / f"{ids[event]}.mseed") as file:
                    write_miniseed(file, traces)
        first = last
    return arrivals


def _trace(
    network: str, station: str, component: str, start: int, samples: NDArray[np.int32]
) -> Trace:
    return Trace(network, station, "", f"HH{component}", start, _RATE_HZ, samples, _SAMPLES, "")
