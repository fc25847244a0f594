"""Records of events at one station: read from the archive, described, and let go."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.classification import (
    AFTER_S,
    BEFORE_S,
    FEATURES,
    RATE_HZ,
    SAMPLES,
    EventRecords,
    describe_records,
    record_frequency_index,
)
from quakeloom.core import StorageError
from quakeloom.schema import time_values
from quakeloom.signal import Record
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.index import ArchiveIndex
from quakeloom.stages.archive.record_sets import (
    ArchiveReader,
    IndexRow,
    Instrument,
    RecordSet,
)
from quakeloom.stages.detect.instruments import order_instruments, refuse_instrument

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

NANO = 1_000_000_000
"""Nanoseconds of a second."""

COMPONENTS = "ZNE"
"""Order of the components of records."""

VP_VS = 1.73
"""Travel time of S over that of P where one was not picked: that of a Poisson solid."""

_MARGIN = 2 * NANO
"""Nanoseconds that are read around a record, which resampling needs."""

_FILES = 6
"""Files that are kept open: three components of a day and of the next one."""

_LEAST_S = 4.0
"""Seconds after P that a record must hold (chosen here); less tells no class."""

_FASTEST_HZ = 2.0 * RATE_HZ
"""Instruments as fast as this are taken before slower ones."""


_BLOCK = 64
"""Records that are described together; chosen here: some 10 MB."""

Cut = tuple[NDArray[np.float32], tuple[int, int]]
"""A record with the first sample that was recorded and the one behind the last."""


@dataclass(frozen=True)
class Wanted:
    """An event at a station: where its P is and how much later its S.

    Attributes
    ----------
    event : int
        Row of the event.
    p_ns : int
        Nanoseconds since 1970.
    s_minus_p_s, travel_s : float
        S less P, and the travel time of S; NaN where the origin time is not known.
    has_p, has_s : bool
        Picked; else it follows from the other.
    before_s, after_s : float
        No more of the record is used.
    """

    event: int
    p_ns: int
    s_minus_p_s: float
    travel_s: float
    has_p: bool
    has_s: bool
    before_s: float = BEFORE_S
    after_s: float = AFTER_S


@dataclass(frozen=True)
class StationTask:
    """One station with the events that it recorded; what a worker needs."""

    network: str
    station: str
    instruments: dict[Instrument, tuple[IndexRow, ...]]
    directions: SensorDirections
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class StationFeatures:
    """What a worker found: one row for every event of the task.

    Attributes
    ----------
    network, station : str
    wanted : tuple of Wanted
    features : ndarray, shape (events, features)
        NaN where there is no record.
    frequency_index : ndarray, shape (events,)
    reasons : list of str
        Why there is no record; empty where there is one.
    """

    network: str
    station: str
    wanted: tuple[Wanted, ...]
    features: Floats
    frequency_index: Floats
    reasons: list[str]


def wanted_records(
    origin_ns: NDArray[np.int64], ids: list[str], picks: pa.Table, most_stations: int
) -> dict[tuple[str, str], list[Wanted]]:
    """Return the records that tell the classes of events, by network and station.

    Those are of stations with a pick of the event, the earliest ``most_stations`` of them. An S
    or P that was not picked follows from the other one and the origin time by :data:`VP_VS`.

    Parameters
    ----------
    origin_ns : ndarray of int64, shape (events,)
        Nanoseconds since 1970; the least integer where it is not known.
    ids : list of str
    picks : pyarrow.Table
        ``event_id``, ``network``, ``station``, ``phase``, ``time``.
    most_stations : int
    """
    number = {e: i for i, e in enumerate(ids)}
    times: dict[tuple[int, str, str], dict[str, int]] = {}
    rows = zip(
        *(picks.column(n).to_pylist() for n in ("event_id", "network", "station", "phase")),
        time_values(picks.column("time")).astype("datetime64[ns]").astype(np.int64).tolist(),
        strict=True,
    )
    unknown = np.iinfo(np.int64).min
    for event, network, station, phase, time in rows:
        letter = str(phase)[:1].upper()
        if event in number and time != unknown and letter in "PS":
            own = times.setdefault((number[event], str(network), str(station)), {})
            own[letter] = min(time, own.get(letter, time))
    by_event: dict[int, list[tuple[int, str, str, Wanted]]] = {}
    for (event, network, station), own in times.items():
        made = _wanted(event, int(origin_ns[event]), own)
        if made is not None:
            by_event.setdefault(event, []).append((made.p_ns, network, station, made))
    found: dict[tuple[str, str], list[Wanted]] = {}
    for event in sorted(by_event):
        for _, network, station, made in sorted(by_event[event], key=lambda r: r[:3])[
            :most_stations
        ]:
            found.setdefault((network, station), []).append(made)
    return found


def _wanted(event: int, origin: int, own: dict[str, int]) -> Wanted | None:
    known = origin != np.iinfo(np.int64).min
    p, s = own.get("P"), own.get("S")
    if p is None and s is not None:
        if not known or s <= origin:
            return None
        p = origin + round((s - origin) / VP_VS)
    assert p is not None
    gap = np.nan
    if s is not None and s > p:
        gap = (s - p) / NANO
    elif known and p > origin:
        gap = (VP_VS - 1.0) * (p - origin) / NANO
    travel = (p - origin) / NANO + gap if known else gap * VP_VS / (VP_VS - 1.0)
    return Wanted(event, p, gap, travel, "P" in own, s is not None and s > p)


def station_tasks(
    index: ArchiveIndex,
    directions: SensorDirections,
    wanted: dict[tuple[str, str], list[Wanted]],
) -> Iterator[StationTask]:
    """Yield a task for every station with records that are wanted, in order of its name."""
    instruments: dict[tuple[str, str], dict[Instrument, tuple[IndexRow, ...]]] = {}
    for instrument, (rows, _, _) in sorted(index.by_instrument().items()):
        own = tuple(sorted(rows, key=lambda r: (r.start, r.channel, str(r.file))))
        if own and not refuse_instrument(instrument, own):
            key = instrument.network, instrument.station
            instruments.setdefault(key, {})[instrument] = own
    by_code: dict[str, list[tuple[str, str]]] = {}
    for key in instruments:
        by_code.setdefault(key[1], []).append(key)
    for network, station in sorted(wanted):
        key = network, station
        if key not in instruments and len(by_code.get(station, ())) == 1:
            # picks of catalogs often lack the network
            key = by_code[station][0]
        events = sorted(wanted[network, station], key=lambda w: (w.p_ns, w.event))
        yield StationTask(
            network,
            station,
            instruments.get(key, {}),
            directions.of_station(station),
            tuple(events),
        )


def describe_station(task: StationTask) -> StationFeatures:
    """Read and describe the records of one station; runs on a worker."""
    features = np.full((len(task.wanted), len(FEATURES)), np.nan)
    index = np.full(len(task.wanted), np.nan)
    reasons = [""] * len(task.wanted)
    for rows, records in read_records(task, reasons):
        features[rows] = describe_records(records)
        travel = np.array([task.wanted[r].travel_s for r in rows])
        index[rows] = record_frequency_index(records, travel)
    return StationFeatures(task.network, task.station, task.wanted, features, index, reasons)


def read_records(
    task: StationTask, reasons: list[str]
) -> Iterator[tuple[NDArray[np.int64], EventRecords]]:
    """Yield the records of one station in blocks, with the rows of the task that they are of.

    Parameters
    ----------
    task : StationTask
    reasons : list of str
        Filled where there is no record.
    """
    reader = ArchiveReader(_FILES, task.directions)
    order = order_instruments(task.instruments, _FASTEST_HZ) if task.instruments else []
    block: list[tuple[int, Cut]] = []
    for row, wanted in enumerate(task.wanted):
        if np.isfinite(wanted.s_minus_p_s):
            found, reasons[row] = _read_one(reader, task, order, wanted)
            if found is not None:
                block.append((row, found))
        else:
            reasons[row] = "neither S nor the origin time is known"
        if len(block) == _BLOCK or (block and row == len(task.wanted) - 1):
            yield np.array([b[0] for b in block], np.int64), _stack(task, block)
            block = []


def _stack(task: StationTask, block: list[tuple[int, Cut]]) -> EventRecords:
    own = [task.wanted[row] for row, _ in block]
    return EventRecords(
        np.stack([data for _, (data, _) in block]),
        np.array([recorded for _, (_, recorded) in block], np.int64),
        np.array([w.s_minus_p_s for w in own]),
        np.array([w.has_p for w in own]),
        np.array([w.has_s for w in own]),
    )


def _read_one(
    reader: ArchiveReader, task: StationTask, order: Iterable[Instrument], wanted: Wanted
) -> tuple[Cut | None, str]:
    """Read the record of one event; None with a reason where there is none."""
    start = wanted.p_ns - round(BEFORE_S * NANO)
    end = wanted.p_ns + round(AFTER_S * NANO)
    reason = "the archive has no record of the station then"
    for instrument in order:
        rows = tuple(
            r for r in task.instruments[instrument]
            if r.start < end + _MARGIN and r.end > start - _MARGIN
        )  # fmt: skip
        if not rows:
            continue
        try:
            records, _ = reader.read(
                RecordSet(instrument, start, end, rows), COMPONENTS, RATE_HZ, _MARGIN
            )
        except (MemoryError, StorageError):  # trouble of the machine or the line is no result
            raise
        except Exception as error:  # one record must not cost the others
            log.exception("%s failed", instrument)
            reason = f"{type(error).__name__}: {error}"
            continue
        own = [r for r in records if r.start <= wanted.p_ns < r.end]
        if not own:
            reason = "its record has a gap at P"
            continue
        cut = _cut(own[0], start, wanted)
        if (cut[1][1] - BEFORE_S * RATE_HZ) / RATE_HZ < _LEAST_S:
            reason = f"less than {_LEAST_S:g} s were recorded after P"
            continue
        if not cut[0].any():
            reason = "the record is dead"
            continue
        return cut, ""
    return None, reason


def _cut(record: Record, start: int, wanted: Wanted) -> Cut:
    """Return a record from a time on, and which of its samples were recorded."""
    data = np.zeros((len(COMPONENTS), SAMPLES), np.float32)
    first = round((start - record.start) * RATE_HZ / NANO)
    a, b = max(first, 0), min(first + SAMPLES, record.data.shape[1])
    data[:, a - first : b - first] = record.data[:, a:b]
    used = [round((BEFORE_S + t) * RATE_HZ) for t in (-wanted.before_s, wanted.after_s)]
    return data, (max(a - first, used[0]), min(b - first, used[1]))


def as_columns(found: list[StationFeatures]) -> dict[str, Any]:
    """Return what all stations found as arrays, by event and station."""
    rows = [
        (w.event, f.network, f.station, k, i)
        for i, f in enumerate(found)
        for k, w in enumerate(f.wanted)
    ]
    rows.sort(key=lambda r: (r[0], found[r[4]].wanted[r[3]].p_ns, r[1], r[2]))
    pick = [(i, k) for _, _, _, k, i in rows]
    width = len(FEATURES)
    return {
        "event": np.array([r[0] for r in rows], np.int64),
        "network": [r[1] for r in rows],
        "station": [r[2] for r in rows],
        "features": np.array([found[i].features[k] for i, k in pick]).reshape(-1, width),
        "frequency_index": np.array([found[i].frequency_index[k] for i, k in pick]),
        "reason": [found[i].reasons[k] for i, k in pick],
        "has_s": np.array([found[i].wanted[k].has_s for i, k in pick], bool),
        "has_p": np.array([found[i].wanted[k].has_p for i, k in pick], bool),
    }
