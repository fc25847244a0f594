"""Stage ``repeaters``: repeating earthquakes, and what they say of first motions and stations.

Pairs of near events are correlated at every station that recorded both; those alike at enough
stations are families. Readings of a family must agree, and mirror images among its
seismograms say that a station was reversed. Writes ``repeaters``, ``repeater_pairs``,
``repeater_stations`` and, as entries of a reversal table, ``repeater_reversals``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.cluster import Executor, find_workers, open_executor
from quakeloom.config import Repeaters, Settings
from quakeloom.core import MemoryPromiseError
from quakeloom.polarity import (
    StationPairs,
    correlate_windows,
    find_candidates,
    find_reversed_spans,
    link_families,
    measure_consistency,
)
from quakeloom.schema import make_table, time_values
from quakeloom.signal import band_pass_causally
from quakeloom.stages.frame.kept_provenance import read_kept_provenance
from quakeloom.stages.frame.partition_states import open_part, planned_partitions
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.promises import WINDOWS_PER_EVENT, promise_threads
from quakeloom.stages.frame.stage import ONE, Promise
from quakeloom.stages.pick import PICK
from quakeloom.stages.polarity import POLARITY
from quakeloom.stages.repeaters import REPEATERS
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.window import WINDOW
from quakeloom.stages.window.reading import window_tables
from quakeloom.store import Item, RunLayout, open_array, read_table, write_table

log = logging.getLogger(__name__)

BASE_MB = 450.0
"""Memory of the program with Zarr and numba loaded, measured."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_LEADING_S = 3.0
"""Filtered from so long before what is compared, so that the filter has settled."""

_BLOCK = 512
"""Windows that are read from the array at a time; chosen here: some MB."""

_PAIRS = 16_384
"""Pairs of seismograms that are correlated as one task; chosen here: a third of a second."""

_TASK_MB = 150.0
"""Memory of a task: a block of windows, or the seismograms of its pairs, and a copy."""


@dataclass
class _Records:
    """Filtered verticals of events that have a partner, in one order for all stations."""

    data: NDArray[np.float32]
    event: NDArray[np.int64]
    station: NDArray[np.int64]
    stations: list[tuple[str, str]]


def promise(run: PlannedRun) -> Promise:
    """Return what comparing all windows needs."""
    return Promise(run.settings.cluster.memory_mb, 120, promise_threads(run.settings))


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Find the repeating earthquakes of a run and judge readings and stations by them."""
    wanted = settings.repeaters
    assert wanted is not None
    with open_part(layout, REPEATERS.name, ONE) as job:
        names = planned_partitions(layout, WINDOW.name)
        events = pa.concat_tables(
            [read_table(layout.rows(n) / "events.parquet", "events") for n in names]
        )
        longitude, latitude, depth, magnitude = (
            np.asarray(events.column(c).to_numpy(), dtype=float)
            for c in ("longitude", "latitude", "depth_km", "magnitude")
        )
        first, second = find_candidates(
            longitude, latitude, depth, magnitude, wanted.distance_km, wanted.magnitude_difference
        )
        near = np.union1d(first, second)
        workers = _find_workers(settings, near.size)
        with open_executor(settings.cluster, workers) as executor:
            records = _read_records(settings, layout, (names, events, near), executor)
            pairs, rows = _compare(settings, records, (first, second), executor)
        count = events.num_rows
        family, linked = link_families(
            pairs, count, wanted.least_correlation, wanted.least_stations
        )
        kept = np.flatnonzero(linked)
        pairs = StationPairs(*(v[kept] for v in vars(pairs).values()))
        tables = _tables(layout, names, events, family, pairs, records)
        provenance = read_kept_provenance(layout, REPEATERS.name)
        for name, table in tables.items():
            kind = "reversals" if name == "repeater_reversals" else name
            write_table(layout.table(name), kind, table, provenance)
            job.also.append(layout.table(name))
        job.counts = {
            "candidates": int(first.size),
            "compared": int(rows),
            "families": int(family.max(initial=-1)) + 1,
            "events": int((family >= 0).sum()),
            "turned": tables["repeater_reversals"].num_rows,
        }
        job.said = {"workers": workers}
    return job.summary


def _find_workers(settings: Settings, events: int) -> int:
    """Return how many workers there is memory for beside the seismograms of so many events."""
    wanted = settings.repeaters
    assert wanted is not None
    records = 2.5 * events * WINDOWS_PER_EVENT * wanted_samples(wanted, 100.0) * 4 / 1e6
    # whether the seismograms fit at all is seen when they are read
    return find_workers(settings.cluster, events, BASE_MB + records, _TASK_MB, refuses=False)


def wanted_samples(wanted: Repeaters, rate_hz: float) -> int:
    """Return how many samples of a seismogram are compared."""
    return round((wanted.before_p_s + wanted.after_p_s) * rate_hz)


@dataclass(frozen=True)
class ExcerptTask:
    """Windows of one block that a worker reads, and where P is in them, seconds from start."""

    wanted: Repeaters
    group: Item
    vertical: int
    rate_hz: float
    begin: int
    numbers: NDArray[np.int64]
    p_s: list[float]


def read_excerpts(task: ExcerptTask) -> list[NDArray[np.float32] | None]:
    """Read a block of windows and filter their verticals around P; runs on a worker."""
    array = open_array(task.group, "waveform")
    block = np.asarray(array[task.begin : min(task.begin + _BLOCK, array.shape[0]), task.vertical])
    return [
        _excerpt(task.wanted, block[number - task.begin], p_s, task.rate_hz)
        for number, p_s in zip(task.numbers.tolist(), task.p_s, strict=True)
    ]


def _read_records(
    settings: Settings,
    layout: RunLayout,
    chosen: tuple[list[str], pa.Table, NDArray[np.int64]],
    executor: Executor,
) -> _Records:
    """Read the verticals around P of events that have a partner.

    ``chosen`` are the partitions, the events of all of them, and the rows of those events.
    """
    wanted = settings.repeaters
    assert wanted is not None
    assert settings.waveforms is not None
    names, events, rows = chosen
    vertical = open_picker(settings.waveforms.picker).components.index("Z")
    ids = events.column("event_id").combine_chunks()
    near = ids.take(pa.array(rows))
    pieces: list[NDArray[np.float32]] = []
    event: list[int] = []
    station: list[int] = []
    numbers: dict[tuple[str, str], int] = {}
    for name in names:
        table, group = window_tables(layout, name)
        cut = pc.and_(
            pc.greater_equal(table.column("window"), 0),
            pc.is_in(table.column("event_id"), near),
        )
        table = table.filter(cut)
        if not table.num_rows:
            continue
        table = table.take(pc.sort_indices(table.column("window")))
        rate = float(table.column("sampling_rate_hz")[0].as_py())
        codes = list(
            zip(
                table.column("network").to_pylist(), table.column("station").to_pylist(),
                strict=True,
            )
        )  # fmt: skip
        row = pc.index_in(table.column("event_id"), ids).to_numpy()
        _check_memory(settings, len(pieces) + table.num_rows, rate)
        tasks = _excerpt_tasks(wanted, (group, vertical), table, _p_times(layout, name, table))
        i = 0
        for found in executor.map(read_excerpts, tasks):
            for piece in found:
                if piece is not None:
                    pieces.append(piece)
                    event.append(int(row[i]))
                    station.append(numbers.setdefault(codes[i], len(numbers)))
                i += 1
    data = np.stack(pieces) if pieces else np.zeros((0, 1), np.float32)
    return _Records(data, np.array(event, np.int64), np.array(station, np.int64), list(numbers))


def _excerpt_tasks(
    wanted: Repeaters, place: tuple[Item, int], table: pa.Table, at: NDArray[np.int64]
) -> Iterator[ExcerptTask]:
    """Yield the windows of a partition block by block; ``place`` is their group and component."""
    start = time_values(table.column("window_start")).astype("datetime64[ns]").astype(np.int64)
    rates = table.column("sampling_rate_hz").to_numpy()
    number = table.column("window").to_numpy()
    for begin in range(0, int(number[-1]) + 1, _BLOCK):
        inside = np.flatnonzero((number >= begin) & (number < begin + _BLOCK))
        if inside.size:
            p_s = [(int(at[i]) - int(start[i])) / _NANO for i in inside.tolist()]
            yield ExcerptTask(wanted, *place, float(rates[0]), begin, number[inside], p_s)


def _check_memory(settings: Settings, records: int, rate_hz: float) -> None:
    wanted = settings.repeaters
    assert wanted is not None
    samples = wanted_samples(wanted, rate_hz)
    needed = round(BASE_MB + 2.5 * records * samples * 4 / 1e6)
    if needed > settings.cluster.memory_mb:
        raise MemoryPromiseError(
            f"Comparing {records} seismograms of events that may repeat needs {needed} MB, but "
            f"cluster.memory_mb is {settings.cluster.memory_mb}. Nothing was compared; lower "
            "repeaters.distance_km or repeaters.magnitude_difference, or give more memory."
        )


def _p_times(layout: RunLayout, partition: str, table: pa.Table) -> NDArray[np.int64]:
    """Return the picked P of every window, else the expected one."""
    file = layout.part(PICK.name, partition) / "picks.parquet"
    picks = read_table(file, "picks")
    picks = picks.filter(pc.equal(picks.column("phase"), "P"))
    names = ("event_id", "network", "station")
    keys = zip(*(picks.column(c).to_pylist() for c in names), strict=True)
    at = time_values(picks.column("time")).astype("datetime64[ns]").astype(np.int64).tolist()
    found = dict(zip(keys, at, strict=True))
    expected = time_values(table.column("expected_p_time")).astype("datetime64[ns]")
    out = expected.astype(np.int64).copy()
    for i, key in enumerate(zip(*(table.column(c).to_pylist() for c in names), strict=True)):
        out[i] = found.get(key, int(out[i]))
    return np.asarray(out)


def _excerpt(
    wanted: Repeaters, data: NDArray[np.float32], p_s: float, rate_hz: float
) -> NDArray[np.float32] | None:
    """Cut and filter the vertical around P; None if it does not reach or is dead."""
    first = round((p_s - wanted.before_p_s) * rate_hz)
    samples = wanted_samples(wanted, rate_hz)
    begin = max(first - round(_LEADING_S * rate_hz), 0)
    if first < 0 or first + samples > data.size:
        return None
    part_of = data[begin : first + samples]
    if part_of.min() == part_of.max():
        return None
    high = min(wanted.high_hz, 0.45 * rate_hz)
    return band_pass_causally(part_of, wanted.low_hz, high, rate_hz)[first - begin :]


@dataclass(frozen=True)
class PairTask:
    """Pairs of seismograms that a worker correlates: rows of ``windows``."""

    windows: NDArray[np.float32]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    most_lag: int


def correlate_pairs(task: PairTask) -> NDArray[np.float64]:
    """Correlate pairs of seismograms; runs on a worker."""
    return correlate_windows(task.windows, task.first, task.second, task.most_lag)


def _pair_tasks(
    data: NDArray[np.float32], a: NDArray[np.int64], b: NDArray[np.int64], most_lag: int
) -> Iterator[PairTask]:
    """Yield blocks of pairs with the seismograms that they need."""
    for start in range(0, a.size, _PAIRS):
        pairs = np.stack([v[start : start + _PAIRS] for v in (a, b)])
        used, place = np.unique(pairs, return_inverse=True)
        first, second = place.reshape(pairs.shape).astype(np.int64)
        yield PairTask(data[used], first, second, most_lag)


def _compare(
    settings: Settings,
    records: _Records,
    candidates: tuple[NDArray[np.int64], NDArray[np.int64]],
    executor: Executor,
) -> tuple[StationPairs, int]:
    """Correlate candidate pairs at every station that recorded both."""
    first, second = candidates
    wanted = settings.repeaters
    assert wanted is not None
    where: dict[int, dict[int, int]] = {}
    for i, (event, station) in enumerate(
        zip(records.event.tolist(), records.station.tolist(), strict=True)
    ):
        where.setdefault(event, {}).setdefault(station, i)
    columns: list[list[int]] = [[], [], [], [], []]
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        here, there = where.get(a, {}), where.get(b, {})
        for station in sorted(here.keys() & there.keys()):
            for column, value in zip(
                columns, (a, b, station, here[station], there[station]), strict=True
            ):
                column.append(value)
    event_a, event_b, station_of, row_a, row_b = (np.array(c, np.int64) for c in columns)
    span = wanted.before_p_s + wanted.after_p_s
    rate = records.data.shape[1] / span
    tasks = _pair_tasks(records.data, row_a, row_b, round(wanted.most_lag_s * rate))
    correlation = np.concatenate([np.zeros(0), *executor.map(correlate_pairs, tasks)])
    return StationPairs(event_a, event_b, station_of, correlation), int(row_a.size)


def _tables(
    layout: RunLayout,
    names: list[str],
    events: pa.Table,
    family: NDArray[np.int64],
    pairs: StationPairs,
    records: _Records,
) -> dict[str, pa.Table]:
    ids = events.column("event_id").to_pylist()
    codes = [records.stations[s] for s in pairs.station.tolist()]
    up = _probabilities(layout, names)
    score = [
        np.array(
            [up.get((ids[e], *c), np.nan) for e, c in zip(side.tolist(), codes, strict=True)],
            dtype=float,
        )
        for side in (pairs.first, pairs.second)
    ]
    members = np.flatnonzero(family >= 0)
    members = members[np.lexsort((members, family[members]))]
    of_family = events.take(pa.array(members))
    columns = ("event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude")
    stations, reversals = _station_tables(events, pairs, records, score)
    return {
        "repeaters": make_table(
            "repeaters",
            {**{c: of_family.column(c) for c in columns}, "family": family[members]},
            rows=members.size,
        ),
        "repeater_pairs": make_table(
            "repeater_pairs",
            {
                "family": family[pairs.first],
                "event_id": [ids[e] for e in pairs.first.tolist()],
                "other_event_id": [ids[e] for e in pairs.second.tolist()],
                "network": [c[0] for c in codes],
                "station": [c[1] for c in codes],
                "correlation": pairs.correlation,
                "probability_up": score[0],
                "other_probability_up": score[1],
            },
            rows=len(codes),
        ),
        "repeater_stations": stations,
        "repeater_reversals": reversals,
    }


def _probabilities(layout: RunLayout, names: list[str]) -> dict[tuple[str, str, str], float]:
    """Return what was read, before any station is corrected, by event and station."""
    found: dict[tuple[str, str, str], float] = {}
    for name in names:
        table = read_table(layout.part(POLARITY.name, name) / "polarities.parquet", "polarities")
        keys = zip(
            *(table.column(c).to_pylist() for c in ("event_id", "network", "station")), strict=True
        )
        values = table.column("probability_up").to_numpy().tolist()
        found.update({key: p for key, p in zip(keys, values, strict=True) if p == p})
    return found


def _station_tables(
    events: pa.Table,
    pairs: StationPairs,
    records: _Records,
    score: list[NDArray[np.float64]],
) -> tuple[pa.Table, pa.Table]:
    """Return how consistent every station is, and the spans in which one was reversed."""
    times = time_values(events.column("origin_time")).astype("datetime64[ns]")
    order = sorted(range(len(records.stations)), key=lambda s: records.stations[s])
    rows: list[dict[str, Any]] = []
    spans: list[tuple[str, str, Any, Any]] = []
    for station in order:
        here = np.flatnonzero(pairs.station == station)
        if not here.size:
            continue
        network, code = records.stations[station]
        mirrored = pairs.correlation[here] < 0.0
        found = measure_consistency(score[0][here], score[1][here], mirrored)
        rows.append(
            {
                "network": network,
                "station": code,
                "pair_count": here.size,
                "mirrored_count": int(mirrored.sum()),
                "judged_count": found.pairs,
                "agreeing_count": found.agreeing,
                "agreeing_share": found.share,
                "reading_error_rate": found.error_rate,
            }
        )
        for a, b in find_reversed_spans(times, pairs.first[here], pairs.second[here], mirrored):
            spans.append((network, code, times[a], times[b]))
    names = ("network", "station", "pair_count", "mirrored_count", "judged_count",
             "agreeing_count", "agreeing_share", "reading_error_rate")  # fmt: skip
    table = make_table(
        "repeater_stations", {n: [r[n] for r in rows] for n in names}, rows=len(rows)
    )
    reversals = make_table(
        "reversals",
        {
            "network": [s[0] for s in spans],
            "station": [s[1] for s in spans],
            "start_time": np.array([s[2] for s in spans], "datetime64[ns]"),
            "end_time": np.array([s[3] for s in spans], "datetime64[ns]"),
            "source_file": ["repeaters"] * len(spans),
        },
        rows=len(spans),
    )
    return table, reversals
