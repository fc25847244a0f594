"""Records of a simulated catalog as an archive: one miniSEED file per event."""

from __future__ import annotations

from typing import Any

import numpy as np

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
_SAMPLES = 4400
_P_S = 13.0
_COUNTS = 40.0
"""Standard deviation of the noise in counts; a digitizer clips at 24 bits."""

_CLIP = 2**23 - 1
_BLOCK = 512


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
        As simulated together. Verticals of reversed stations are turned over.

    Returns
    -------
    list of dict
        Columns of the table ``reference_arrivals``, piece by piece. The first motion is that
        of the record; what nobody could see in the noise is no arrival.
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
    network, code = stations.stations["network"], stations.stations["station"]
    arrivals = []
    first = 0
    while first < len(ids):
        last = first + 1
        while last < len(ids) and bounds[last + 1] - bounds[first] <= _BLOCK:
            last += 1
        rows = slice(bounds[first], bounds[last])
        made = simulate_records(events, stations, readings, parameters, rows, _SAMPLES, _RATE_HZ)
        counts = np.clip(np.rint(_COUNTS * made.data), -_CLIP, _CLIP).astype(np.int32)
        turned = readings.is_reversed[rows]
        counts[turned, 0] *= -1
        event, station = readings.event_index[rows], readings.station_index[rows]
        sign = np.where(turned, -made.polarity, made.polarity)
        for phase, onset in (("P", made.p_onset_s), ("S", made.s_onset_s)):
            seen = np.flatnonzero(np.isfinite(onset))
            arrivals.append(
                {
                    "event_id": ids[event[seen]],
                    "network": network[station[seen]],
                    "station": code[station[seen]],
                    "phase": [phase] * seen.size,
                    "time": (
                        starts[rows][seen] + np.round(onset[seen] * 1e9).astype(np.int64)
                    ).astype("datetime64[ns]"),
                    "polarity": sign[seen] if phase == "P" else np.zeros(seen.size, np.int8),
                }
            )
        for number in range(first, last):
            traces = [
                Trace(
                    str(network[s]),
                    str(code[s]),
                    "",
                    f"HH{component}",
                    int(starts[row]),
                    _RATE_HZ,
                    counts[row - rows.start, k],
                    _SAMPLES,
                    "",
                )
                for row in range(bounds[number], bounds[number + 1])
                for s in [readings.station_index[row]]
                for k, component in enumerate(COMPONENTS)
            ]
            if traces:
                with atomic_file(folder / f"{ids[number]}.mseed") as file:
                    write_miniseed(file, traces)
        first = last
    return arrivals
