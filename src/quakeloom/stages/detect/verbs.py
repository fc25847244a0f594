"""Stage ``detect``: picks over all time of a continuous archive, a day at a time.

A task is one station on one day. It reads its records from a margin before midnight to a margin
after the next, and keeps the picks within the day, so that days joined have neither seams nor
doubles.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from quakeloom.cluster import find_workers, open_executor, spread_memory_mb
from quakeloom.config import Cluster, Detect, Settings, Waveforms
from quakeloom.stages.archive.directions import SensorDirections, read_directions
from quakeloom.stages.archive.index import ArchiveIndex
from quakeloom.stages.archive.instrument_responses import (
    NO_RESPONSES,
    NetworkResponses,
    load_responses,
    response_files,
    responses_digest,
)
from quakeloom.stages.archive.record_sets import IndexRow, Instrument, Problem
from quakeloom.stages.detect.archive_days import (
    day_start,
    days_of_archive,
    only_stations,
    read_day,
    read_days,
)
from quakeloom.stages.detect.station_day import StationDayTask, detect_station_day
from quakeloom.stages.detect.tables import day_table, detection_table, reject_table
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.stages.weights.kept_networks import choose_picker, choose_reader, kept_picker
from quakeloom.stages.weights.pickers import picker_digest
from quakeloom.stages.weights.polarity_readers import reader_digest
from quakeloom.store import RunLayout

log = logging.getLogger(__name__)

BASE_MB = 600.0
"""Memory of the program with torch at work, measured."""

TASK_MB = 700.0
"""Memory of a station-day at work: its files cut to the day, a block of six hours with its windows
and probabilities; 600 MB measured with 100 and with 250 samples a second."""

SECONDS_PER_STATION_DAY = 10.0
"""Seconds of a core to pick a station-day: 3.2 measured with PhaseNet's weights, thrice that for
what is slower."""


@dataclass(frozen=True)
class DayDetections:
    """What a day gives: registered tables, and the name of the picker.

    Attributes
    ----------
    detections, detection_days, rejects : pyarrow.Table
    picker : str
    """

    detections: pa.Table
    detection_days: pa.Table
    rejects: pa.Table
    picker: str

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables by their names."""
        return {n: getattr(self, n) for n in ("detections", "detection_days", "rejects")}


def partitions(run: PlannedRun) -> list[str]:
    """Return the days with data; what of the archive each depends on is kept beside."""
    run.days = days_of_archive(run.settings, run.layout.ingest, run.progress)
    return list(run.days)


def inputs(run: PlannedRun) -> StageInputs:
    """Return digests of weights, of the directions of sensors, and of each day's records."""
    assert run.settings.waveforms is not None
    assert run.settings.detect is not None
    named = run.settings.detect.responses
    days = days_of_archive(run.settings, run.layout.ingest, run.progress)
    common = {
        "weights": [
            picker_digest(run.settings.waveforms.picker),
            reader_digest(run.settings.waveforms.polarity),
        ],
        "directions": read_directions(run.settings, run.layout).digest,
        "responses": responses_digest(run.settings, run.layout.ingest, named),
    }
    return StageInputs(common=common, each={day: {"archive": d} for day, d in days.items()})


def promise(run: PlannedRun) -> Promise:
    """Return what picking a day needs."""
    channels = read_days(run.settings, run.layout.ingest).index.channels
    stations = {(instrument.network, instrument.station) for instrument, _ in channels}
    return Promise(
        promise_memory(run.settings),
        promise_minutes(SECONDS_PER_STATION_DAY * len(stations)),
        promise_threads(run.settings),
    )


def compute(settings: Settings, layout: RunLayout, partition: str) -> dict[str, pa.Table]:
    """Pick all stations on a day."""
    return detect_day(settings, layout, partition).tables()


@dataclass(frozen=True)
class DetectAsked:
    """Settings that decide picks over all time, and where they are computed."""

    detect: Detect
    waveforms: Waveforms
    cluster: Cluster


@dataclass(frozen=True)
class Instruments:
    """What metadata say of instruments: where sensors point, and their responses."""

    directions: SensorDirections
    responses: NetworkResponses = NO_RESPONSES


def detect_day(settings: Settings, layout: RunLayout, day: str) -> DayDetections:
    """Pick all stations of the archive of a run on one day.

    Parameters
    ----------
    settings : Settings
        With groups ``waveforms`` and ``detect``.
    layout : RunLayout
        :func:`days_of_archive` has kept the day's part of the index there.
    day : str
        Such as ``2019-07-04``.
    """
    assert settings.waveforms is not None
    assert settings.detect is not None
    index = read_day(layout.ingest, day)
    names = {i.station for i, _ in index.channels}
    known = Instruments(
        read_directions(settings, layout),
        load_responses(response_files(settings, layout.ingest, settings.detect.responses), names),
    )
    asked = DetectAsked(settings.detect, settings.waveforms, settings.cluster)
    return detect_index(index, day, asked, known)


def detect_index(
    index: ArchiveIndex,
    day: str,
    asked: DetectAsked,
    known: Instruments,
    progress: Callable[[str], None] = lambda _: None,
) -> DayDetections:
    """Pick all stations of an index on one day; see :func:`detect_day`."""
    tasks = list(_tasks(index, day, asked, known))
    cluster = asked.cluster
    workers = find_workers(cluster, len(tasks), BASE_MB, TASK_MB)
    picks, days = [], []
    problems = [Problem(f, "response", "", reason) for f, reason in known.responses.problems]
    with open_executor(cluster, workers) as executor:
        for number, found in enumerate(executor.map(detect_station_day, tasks), start=1):
            picks += found.picks
            days += found.days
            problems += found.problems
            progress(f"{day}: {number} of {len(tasks)} stations, {len(picks)} picks")
    name = kept_picker(choose_picker(asked.waveforms.picker)).name
    return DayDetections(
        detection_table(picks, name), day_table(days), reject_table(problems), name
    )


def _tasks(
    index: ArchiveIndex, day: str, asked: DetectAsked, known: Instruments
) -> Iterator[StationDayTask]:
    """Yield the stations of an index in order."""
    detect, waveforms = asked.detect, asked.waveforms
    picker, reader = choose_picker(waveforms.picker), choose_reader(waveforms.polarity)
    wanted = only_stations(index, detect.stations)
    stations: dict[tuple[str, str], dict[Instrument, tuple[IndexRow, ...]]] = {}
    for instrument, (rows, _, _) in sorted(index.by_instrument().items()):
        key = instrument.network, instrument.station
        if key in wanted:
            stations.setdefault(key, {})[instrument] = tuple(
                sorted(rows, key=lambda r: (r.start, r.channel, str(r.file)))
            )
    for (network, station), instruments in stations.items():
        yield StationDayTask(
            detect, picker, reader, day_start(day), instruments,
            known.directions.of_station(station), known.responses.of(network, station),
        )  # fmt: skip


def promise_memory(settings: Settings) -> int:
    """Return the memory in MB that picking a day needs at most."""
    return spread_memory_mb(settings.cluster, BASE_MB, TASK_MB)


__all__ = [
    "BASE_MB",
    "SECONDS_PER_STATION_DAY",
    "TASK_MB",
    "DayDetections",
    "DetectAsked",
    "Instruments",
    "days_of_archive",
    "detect_day",
    "detect_index",
    "promise_memory",
]
