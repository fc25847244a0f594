"""Verbs of stage ``classify``: the classes of the events of a partition, by their records."""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.cluster import find_workers, open_executor, spread_memory_mb
from quakeloom.config import Classify, Settings
from quakeloom.schema import time_values
from quakeloom.stages.archive.directions import read_directions
from quakeloom.stages.archive.index import ArchiveIndex
from quakeloom.stages.archive.stored_index import index_archive, read_span, write_span
from quakeloom.stages.classify.class_tables import NO_TIME, KnownEvents, make_class_tables
from quakeloom.stages.classify.class_weights import open_class_model, weights_digest
from quakeloom.stages.classify.reading import archive_name
from quakeloom.stages.classify.station_records import (
    NANO,
    as_columns,
    describe_station,
    station_tasks,
    wanted_records,
)
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_minutes, promise_threads
from quakeloom.stages.frame.stage import Promise, StageInputs
from quakeloom.store import RunLayout, read_table

log = logging.getLogger(__name__)

BASE_MB = 450.0
"""Memory of the program with ObsPy loaded, measured for other stages that read archives."""

TASK_MB = 6 * 86_400 * 250 * 4 / 1e6 + 200.0
"""Memory of a station at work: six day files of 250 samples a second, and a block of records."""

SECONDS_PER_RECORD = 0.03
"""Seconds of a core to read and describe a record, thrice what was measured."""

_AROUND_S = 900
"""Records of events lie within so many seconds of their origin times: the longest travel of S, and
the record behind P. Chosen here."""


def inputs(run: PlannedRun) -> StageInputs:
    """Return digests of the weights, directions, and the records around the events."""
    settings, layout = run.settings, run.layout
    index = index_archive(settings, layout.ingest, run.progress)
    each = {}
    for rows in run.rows:
        span = _span_of(layout, rows.partition)
        # what recorded when is no matter here
        digest = write_span(index, layout.ingest, archive_name(rows.partition), span, (0, -1))
        each[rows.partition] = {"archive": digest}
    common = {
        "weights": weights_digest(classify_settings(settings).weights),
        "directions": read_directions(settings, layout).digest,
    }
    return StageInputs(common=common, each=each)


def _span_of(layout: RunLayout, partition: str) -> tuple[int, int]:
    times = read_table(layout.rows(partition) / "events.parquet", "events", ["origin_time"]).column(
        0
    )
    values = time_values(times).astype("datetime64[ns]")
    known = values[~np.isnat(values)].astype(np.int64)
    if not known.size:
        return 0, -1
    around = _AROUND_S * NANO
    return int(known.min()) - around, int(known.max()) + around


def promise(run: PlannedRun) -> Promise:
    """Return what describing the records of each partition needs."""
    seconds = {r.partition: SECONDS_PER_RECORD * WINDOWS_PER_EVENT * r.events for r in run.rows}
    return Promise(
        spread_memory_mb(run.settings.cluster, BASE_MB, TASK_MB, 200.0),
        {name: promise_minutes(s) for name, s in seconds.items()},
        promise_threads(run.settings),
    )


def compute(settings: Settings, layout: RunLayout, partition: str) -> dict[str, pa.Table]:
    """Tell the classes of the events of a partition."""
    asked = classify_settings(settings)
    events = known_events(settings, layout, partition)
    picks = _picks(settings, layout, partition)
    index = read_span(layout.ingest, archive_name(partition))
    return classify_events(settings, layout, asked, events, picks, index)


def classify_events(
    settings: Settings,
    layout: RunLayout,
    asked: Classify,
    events: KnownEvents,
    picks: pa.Table,
    index: ArchiveIndex,
) -> dict[str, pa.Table]:
    """Return the tables of this stage for some events; stations are spread over workers."""
    model = open_class_model(asked.weights)
    wanted = wanted_records(events.origin_ns, events.ids, picks, asked.most_stations)
    tasks = list(station_tasks(index, read_directions(settings, layout), wanted))
    workers = find_workers(settings.cluster, len(tasks), BASE_MB, TASK_MB)
    with open_executor(settings.cluster if len(tasks) > 1 else None, workers) as executor:
        found = list(executor.map(describe_station, tasks))
    return make_class_tables(model, events, as_columns(found), asked.shares)


def known_events(settings: Settings, layout: RunLayout, partition: str) -> KnownEvents:
    """Return names, origin times and depths of the events of a partition, as they were located.

    Events that were not located have those of their source.
    """
    events = read_table(layout.rows(partition) / "events.parquet", "events")
    columns = [events]
    if settings.locate is not None:
        located = layout.part("locate", partition) / "hypocenters.parquet"
        columns.insert(0, read_table(located, "hypocenters"))
    origin = np.full(events.num_rows, NO_TIME)
    depth = np.full(events.num_rows, np.nan)
    for table in columns:
        times = time_values(table.column("origin_time")).astype("datetime64[ns]").astype(np.int64)
        origin = np.where(origin == NO_TIME, times, origin)
        own = table.column("depth_km").to_numpy().astype(float)
        depth = np.where(np.isfinite(depth), depth, own)
    return KnownEvents(events.column("event_id").to_pylist(), origin, depth)


def _picks(settings: Settings, layout: RunLayout, partition: str) -> pa.Table:
    """Return the picks of events: those of the windows first, then those of the sources."""
    names = ["event_id", "network", "station", "phase", "time"]
    given = read_table(layout.rows(partition) / "picks.parquet", "picks", names)
    if not settings.picks_windows:
        return given
    own = read_table(layout.part("pick", partition) / "picks.parquet", "picks", names)
    return own if own.num_rows else given


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return how many events are of each class, for the end of a run."""
    table = read_table(
        layout.table("event_classes"), "event_classes", ["event_class", "class_status"]
    )
    counts = Counter(c for c in table.column("event_class").to_pylist() if c)
    said = ", ".join(f"{c.replace('_', ' ')} {n}" for c, n in counts.most_common())
    lines = [("classes of events", said or "none")]
    left = int(pc.sum(pc.not_equal(table.column("class_status"), "classified")).as_py() or 0)
    if left:
        lines.append(("events without a class", str(left)))
    return lines


def classify_settings(settings: Settings) -> Classify:
    """Return the group ``classify``, which a run of this stage has."""
    assert settings.classify is not None
    return settings.classify
