"""Speed of the synthetic Earth: a nation's polarities on one core, in chunks."""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from quakeloom.core import LayeredModel
from quakeloom.simulate import (
    find_reading_levels,
    national,
    simulate_events,
    simulate_polarities,
    simulate_stations,
)
from quakeloom.travel import stack_tables, table_grid, trace_table

CRUST = LayeredModel(
    "crust", np.array([0.0, 2, 5, 16, 32, 36, 60]), np.array([4.8, 5.5, 5.9, 6.3, 7.0, 7.7, 7.9])
)
SEED = 20260101
CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40,000 events")
    parser.add_argument("--events", type=int, default=660_332)
    arguments = parser.parse_args()
    count = 40_000 if arguments.quick else arguments.events
    options = national()
    tables = stack_tables([trace_table(CRUST, *table_grid(40.0, 130.0, models=[CRUST]))])
    stations = simulate_stations(options, SEED)
    warm = simulate_events(options, SEED, 0, 100)
    levels = find_reading_levels(stations, tables, options, SEED)
    simulate_polarities(warm, stations, tables, options, SEED, levels)

    wall, cpu = time.perf_counter(), time.process_time()
    readings = wrong = 0
    for first in range(0, count, CHUNK):
        events = simulate_events(options, SEED, first, min(CHUNK, count - first))
        found = simulate_polarities(events, stations, tables, options, SEED, levels)
        readings += found.event_index.size
        wrong += int(found.is_wrong.sum())
    cpu_seconds = time.process_time() - cpu

    def figure(name, value, unit):
        return {
            "name": name,
            "value": value,
            "unit": unit,
            "peer": None,
            "peer_value": None,
            "ratio": None,
        }

    print(
        json.dumps(
            {
                "benchmark": "simulate",
                "figures": [
                    figure("events_per_second_per_core", count / cpu_seconds, "1/s"),
                    figure("readings_per_second_per_core", readings / cpu_seconds, "1/s"),
                    figure("polarities_per_event", readings / count, "1"),
                    figure("error_rate", wrong / readings, "1"),
                ],
                "settings": {
                    "events": count,
                    "chunk": CHUNK,
                    "stations": int(stations.keys.size),
                    "cpu_seconds": cpu_seconds,
                },
                "seconds": time.perf_counter() - wall,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
