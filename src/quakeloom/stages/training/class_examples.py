"""Examples of classes from simulated sessions, with the truth of each.

Three kinds: events that were found; true events with their true arrivals, as a catalog has them,
found or not; and picks of noise, as if they were of events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.classification import (
    AFTER_S,
    BEFORE_S,
    CLASS_OF_SOURCE,
    CLASSES,
    ClassExamples,
    EventStations,
)
from quakeloom.core import random_stream
from quakeloom.schema import time_values
from quakeloom.simulate import Arrivals, Bursts, match_sources, within_bursts
from quakeloom.stages.classify.station_records import (
    NANO,
    VP_VS,
    as_columns,
    describe_station,
    station_tasks,
    wanted_records,
)
from quakeloom.stages.training.class_sessions import Session

MIXED = -1
"""Label of events whose picks are of several sources, or half of one: they are of no class."""

_NOISE_SHARE = 0.3
"""An event of which at most this share of the picks is within a second of any true arrival is
noise (chosen here)."""

_SNR = 2.0
"""True arrivals of a catalog stand so far out (chosen here)."""

_PICKED = 0.85
"""Share of these that a catalog has."""

_CATALOG_ERROR_S, _FAR_ERROR_S = 0.1, 0.3
"""Standard deviations of its picks, of local and of far events, s."""

_QUIET_S, _AFTER_TREMOR_S = 4.0, 30.0
"""Picks further than this from any true arrival, and from the end of tremor, are noise, s."""

_TOGETHER_S = 15.0
"""Picks of noise of this time are put together."""

_MOST_NOISE, _QUIET_WINDOWS = 150, 25
"""Examples of noise of a session: of picks, and at times when nothing happens."""

_CUT_SHARE = 0.4
"""Share of the training records that are cut short, as windows around events are."""


@dataclass(frozen=True)
class Labelled:
    """Events of a session with their picks and class.

    Attributes
    ----------
    kind : str
        ``found``, ``catalog`` or ``noise``.
    ids : list of str
    origin_ns : ndarray of int64
    depth_km : ndarray
    label : ndarray of int
        Number of the class; :data:`MIXED` where there is none.
    source : ndarray of int
        Row of the true event; -1 where there is none.
    picks : pandas.DataFrame
        ``event_id``, ``network``, ``station``, ``phase``, ``time``.
    """

    kind: str
    ids: list[str]
    origin_ns: NDArray[np.int64]
    depth_km: NDArray[np.float64]
    label: NDArray[np.int64]
    source: NDArray[np.int64]
    picks: pd.DataFrame


class _Truth:
    """The truth of a session, ready for questions."""

    def __init__(self, session: Session) -> None:
        self.events = _frame(session.true_events)
        arrivals = _frame(session.true_arrivals)
        # as the records have them
        late = np.round(arrivals["clock_error_s"].to_numpy(float) * NANO).astype(np.int64)
        arrivals["ns"] = arrivals["ns"] + late
        self.arrivals = arrivals
        self.by_station = {
            s: np.sort(g["ns"].to_numpy()) for s, g in arrivals.groupby("station", sort=True)
        }
        self.label = np.array(
            [CLASSES.index(CLASS_OF_SOURCE[c]) for c in self.events["source_class"]], np.int64
        )
        bursts = self.events["source_class"].isin(["tremor", "low_frequency"])
        self.bursts = self.events[bursts]

    def is_near(self, station: Any, ns: NDArray[np.int64], within_s: float) -> NDArray[np.bool_]:
        """Say which times are so near to any true arrival at their station."""
        near = np.zeros(ns.size, bool)
        for code, times in self.by_station.items():
            own = np.flatnonzero(np.asarray(station) == code)
            at = np.searchsorted(times, ns[own])
            away = np.minimum(
                np.abs(times[np.clip(at - 1, 0, None)] - ns[own]),
                np.abs(times[np.clip(at, None, times.size - 1)] - ns[own]),
            )
            near[own] = away < within_s * NANO
        return near

    def in_tremor(self, ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which times lie within or shortly after tremor, whichever station it is."""
        start = self.bursts["ns"].to_numpy()
        length = self.bursts["source_duration_s"].to_numpy(float)
        late = (ns[:, None] - start[None, :]) / NANO
        return np.asarray(((late > 0.0) & (late < length + _AFTER_TREMOR_S)).any(axis=1))


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return a table with its time in nanoseconds as column ``ns``."""
    frame = pd.DataFrame(table.to_pandas())
    name = "origin_time" if "origin_time" in table.column_names else "time"
    frame["ns"] = time_values(table.column(name)).astype("datetime64[ns]").astype(np.int64)
    return frame


def label_session(session: Session, every_kind: bool = True) -> list[Labelled]:
    """Return the examples of a session.

    Parameters
    ----------
    session : Session
    every_kind : bool
        Without it those of events that were found alone.
    """
    truth = _Truth(session)
    found = _found(session, truth)
    if not every_kind:
        return [found]
    kinds = [found, _catalog(session, truth, found.source), _noise(session, truth)]
    return [k for k in kinds if k.ids]


def _found(session: Session, truth: _Truth) -> Labelled:
    """Return the events that were found, each with the class of the source of its picks."""
    events, picks = _frame(session.events), _frame(session.picks)
    codes = {s: i for i, s in enumerate(sorted({*truth.arrivals["station"], *picks["station"]}))}
    start = int(truth.events["ns"].min()) if len(truth.events) else 0

    def arrivals(rows: pd.DataFrame, owners: Any) -> Arrivals:
        number = {e: i for i, e in enumerate(owners)}
        return Arrivals(
            np.array([number[e] for e in rows["event_id"]], np.int64),
            np.array([codes[s] for s in rows["station"]], np.int64),
            (rows["ns"].to_numpy() - start) / NANO,
        )

    source, _ = match_sources(
        arrivals(picks, events["event_id"]),
        arrivals(truth.arrivals, truth.events["event_id"]), len(events),
    )  # fmt: skip
    picks["near"] = truth.is_near(picks["station"], picks["ns"].to_numpy(), 1.0)
    share = picks.groupby("event_id")["near"].mean().reindex(events["event_id"]).to_numpy(float)
    label = np.where(share <= _NOISE_SHARE, CLASSES.index("noise"), MIXED)
    label[_near_bursts(events, truth.bursts)] = CLASSES.index("low_frequency")
    if source.size:
        label = np.where(source >= 0, truth.label[np.maximum(source, 0)], label)
    return Labelled(
        "found", events["event_id"].tolist(), events["ns"].to_numpy(),
        events["depth_km"].to_numpy(float), label.astype(np.int64), source, picks,
    )  # fmt: skip


def _near_bursts(events: pd.DataFrame, bursts: pd.DataFrame) -> NDArray[np.bool_]:
    first = int(bursts["ns"].min()) if len(bursts) else 0
    names = ("source_duration_s", "longitude", "latitude")
    known = Bursts(
        (bursts["ns"].to_numpy() - first) / NANO, *(bursts[n].to_numpy(float) for n in names)
    )
    longitude, latitude = events["longitude"].to_numpy(float), events["latitude"].to_numpy(float)
    return within_bursts((events["ns"].to_numpy() - first) / NANO, longitude, latitude, known)


def _catalog(session: Session, truth: _Truth, source: NDArray[np.int64]) -> Labelled:
    """Return true events with arrivals at some of the stations, as a catalog would have them.

    Earthquakes are those alone that were not found, since there are enough of them. A far event
    is given with its P, its PP and its S each, as an event of its own: any of them is picked as P.
    """
    arrivals = truth.arrivals
    stands = ~(arrivals["arrival_snr"].to_numpy(float) < _SNR)
    good = arrivals[stands & arrivals["is_sound"].to_numpy()]
    parts: list[pd.DataFrame] = []
    rows: list[tuple[str, int, float, int]] = []
    kinds = truth.events["source_class"].tolist()
    for m, (event, own) in enumerate(
        (e, good[good["event_id"] == e]) for e in truth.events["event_id"]
    ):
        far = kinds[m] == "teleseism"
        if CLASS_OF_SOURCE[kinds[m]] == "earthquake" and m in source:
            continue
        for phase in ("P", "PP", "S") if far else ("",):
            random = random_stream(session.seed, "class examples", event, phase)
            here = own[own["phase"] == phase] if far else own
            stations = np.array(sorted(set(here["station"])), object)
            if not stations.size:
                continue
            some = random.permutation(stations)[: int(random.integers(1, stations.size + 1))]
            here = here[here["station"].isin(some)].copy()
            error = _FAR_ERROR_S if far else _CATALOG_ERROR_S
            here["ns"] += np.round(error * NANO * random.standard_normal(len(here))).astype(int)
            origin = int(truth.events["ns"].iloc[m])
            if far:
                # taken for a local event: S - P by chance
                here["phase"] = "P"
                gap = 10.0 ** random.uniform(-0.1, 1.3)
                origin = int(here["ns"].min()) - round(gap / (VP_VS - 1.0) * NANO)
            else:
                here = here[random.random(len(here)) < _PICKED]
            if not len(here):
                continue
            here["event_id"] = f"{event} {phase}"
            parts.append(here)
            depth = float(truth.events["depth_km"].iloc[m])
            is_known = random.random() < 0.5 and not far
            rows.append((f"{event} {phase}", origin, depth if is_known else np.nan, m))
    if not rows:
        return _none("catalog")
    number = np.array([r[3] for r in rows], np.int64)
    return Labelled(
        "catalog", [r[0] for r in rows], np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows]), truth.label[number], number,
        pd.concat(parts, ignore_index=True),
    )  # fmt: skip


def _noise(session: Session, truth: _Truth) -> Labelled:
    """Return picks that no true arrival explains, and times at which nothing happens."""
    random = random_stream(session.seed, "class examples", "noise")
    detections = _frame(session.detections)
    times = detections["ns"].to_numpy()
    free = ~truth.is_near(detections["station"], times, _QUIET_S) & ~truth.in_tremor(times)
    detections = detections[free].reset_index(drop=True)
    times = times[free]
    parts: list[pd.DataFrame] = []
    rows: list[tuple[str, int]] = []
    for i in random.permutation(len(detections))[:_MOST_NOISE].tolist():
        near = detections[np.abs(times - times[i]) < _TOGETHER_S * NANO]
        near = near.drop_duplicates(["station", "phase"]).copy()
        near["event_id"] = f"noise {i}"
        parts.append(near)
        rows.append((f"noise {i}", int(near["ns"].min())))
    stations = truth.arrivals[["network", "station"]].drop_duplicates().sort_values("station")
    every = np.sort(truth.arrivals["ns"].to_numpy())
    for i in range(_QUIET_WINDOWS if every.size else 0):
        at = int(random.uniform(every[0], every[-1]))
        chosen = random.permutation(len(stations))[: int(random.integers(1, 6))]
        own = np.searchsorted(every, at)
        away = np.abs(every[np.clip([own - 1, own], 0, every.size - 1)] - at).min()
        if away < 30 * NANO or truth.in_tremor(np.array([at]))[0]:
            continue
        made = stations.iloc[chosen].copy()
        made["event_id"], made["phase"] = f"quiet {i}", "P"
        made["ns"] = at + np.round(8.0 * NANO * random.random(len(made))).astype(np.int64)
        parts.append(made)
        rows.append((f"quiet {i}", at))
    if not rows:
        return _none("noise")
    gap = 10.0 ** random.uniform(-0.1, 1.1, len(rows)) / (VP_VS - 1.0)
    origin = np.array([r[1] for r in rows]) - np.round(gap * NANO).astype(np.int64)
    count = len(rows)
    return Labelled(
        "noise", [r[0] for r in rows], origin, np.full(count, np.nan),
        np.full(count, CLASSES.index("noise")), np.full(count, -1),
        pd.concat(parts, ignore_index=True),
    )  # fmt: skip


def _none(kind: str) -> Labelled:
    empty = np.zeros(0, np.int64)
    return Labelled(kind, [], empty, np.zeros(0), empty, empty, pd.DataFrame())


def describe_examples(
    session: Session, labelled: Labelled, number: int, cut: bool, most_stations: int = 20
) -> ClassExamples:
    """Read the records of examples and return their features; mixed ones are left out.

    Parameters
    ----------
    session : Session
    labelled : Labelled
    number : int
        Of the session.
    cut : bool
        Cut a share of the records short, as windows around events are.
    most_stations : int
    """
    picks = pa.table(
        {
            **{n: labelled.picks[n].tolist() for n in ("event_id", "network", "station", "phase")},
            "time": pa.array(labelled.picks["ns"].to_numpy().astype("datetime64[ns]")),
        }
    )
    wanted = wanted_records(labelled.origin_ns, labelled.ids, picks, most_stations)
    if cut:
        random = random_stream(session.seed, "class examples", "cut", labelled.kind)
        for key in sorted(wanted):
            wanted[key] = [
                replace(
                    w,
                    before_s=float(random.uniform(4.0, BEFORE_S)),
                    after_s=float(random.uniform(12.0, AFTER_S)),
                )
                if random.random() < _CUT_SHARE
                else w
                for w in wanted[key]
            ]
    tasks = station_tasks(session.index, session.directions, wanted)
    columns = as_columns([describe_station(t) for t in tasks])
    read = np.isfinite(columns["features"]).any(axis=1)
    has_class = labelled.label != MIXED
    has_class &= np.bincount(columns["event"][read], minlength=has_class.size) > 0
    read &= has_class[columns["event"]]
    place = np.cumsum(has_class) - 1
    return ClassExamples(
        columns["features"][read],
        EventStations(
            place[columns["event"][read]], columns["has_s"][read], labelled.depth_km[has_class]
        ),
        labelled.label[has_class],
        np.full(int(has_class.sum()), number),
    )


def join_examples(examples: list[ClassExamples]) -> ClassExamples:
    """Put examples together, with their events numbered on."""
    first = np.cumsum([0, *(e.label.size for e in examples)])
    return ClassExamples(
        np.concatenate([e.features for e in examples]),
        EventStations(
            np.concatenate([e.stations.event + f for e, f in zip(examples, first, strict=False)]),
            np.concatenate([e.stations.has_s for e in examples]),
            np.concatenate([e.stations.depth_km for e in examples]),
        ),
        np.concatenate([e.label for e in examples]),
        np.concatenate([e.session for e in examples]),
    )
