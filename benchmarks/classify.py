"""How fast records of events become classes, one thread, processor seconds of this process.

Simulated miniSEED of one station with an event a minute: reading and describing the records, and
telling their classes, as the stage does; beside it the reading alone of the same records, in the
same run. No weights of others tell these classes, so there is no peer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from _harness import Stopwatch, figure, print_result
from detect import write_day
from quakeloom.classification import (
    EventStations,
    describe_records,
    event_inputs,
)
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.classify.class_weights import open_class_model
from quakeloom.stages.classify.station_records import (
    NANO,
    Wanted,
    describe_station,
    read_records,
    station_tasks,
)
from quakeloom.stages.detect.archive_days import day_start
from quakeloom.stages.without_a_run.detect_folder import index_folder

_DAY = "2020-01-01"

Result = TypeVar("Result")


def cpu_seconds(function: Callable[[], Result]) -> tuple[float, Result]:
    """Return the processor seconds of a call, and what it gave."""
    start = time.process_time()
    made = function()
    return time.process_time() - start, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Half an hour instead of six.")
    options = parser.parse_args()
    watch = Stopwatch()
    hours = 0.5 if options.quick else 6.0
    with tempfile.TemporaryDirectory() as written:
        folder = Path(written)
        write_day(folder, hours)
        index, _ = index_folder(folder)
        times = np.arange(60.0, 3600.0 * hours - 100.0, 60.0)
        wanted = [
            Wanted(k, day_start(_DAY) + round(t * NANO), 4.0, 9.5, True, True)
            for k, t in enumerate(times)
        ]
        (task,) = station_tasks(index, SensorDirections(), {("XX", "ABC"): wanted})
        model = open_class_model("own")
        describe_station(replace(task, wanted=task.wanted[:2]))  # libraries are loaded
        whole, found = cpu_seconds(lambda: describe_station(task))
        reasons = [""] * len(task.wanted)
        alone, blocks = cpu_seconds(lambda: [r for _, r in read_records(task, reasons)])
        described, _ = cpu_seconds(lambda: [describe_records(r) for r in blocks])
        count = len(found.features)
        stations = EventStations(np.arange(count), np.ones(count, bool), np.full(count, 8.0))
        told, _ = cpu_seconds(
            lambda: model.event_logs(event_inputs(model.station_logs(found.features), stations))
        )
    print_result(
        "classify",
        [
            figure("records_per_second", count / (whole + told), "1/s"),
            figure("records_read_per_second", count / alone, "1/s"),
            figure("records_described_per_second", count / described, "1/s"),
            figure("records_told_apart_per_second", count / max(told, 1e-9), "1/s"),
            figure(
                "events_of_8_stations_per_core_hour", 3600.0 * count / (whole + told) / 8, "1/h"
            ),
        ],
        {"hours": hours, "records": count},
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
