"""Simulated networks for some hours, with what quakeloom finds in them: classes are learned there.

A session is a continuous record with its truth, the picks of ``detect`` and the events of
``associate``, all as a run makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings, parse_settings
from quakeloom.core import InputError, random_stream
from quakeloom.schema import empty_table
from quakeloom.simulate import sources_near
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.archive.index import ArchiveIndex
from quakeloom.stages.detect.tables import picks_of
from quakeloom.stages.simulate.continuous import make_earth, read_continuous, write_continuous
from quakeloom.stages.without_a_run.associate_picks import (
    AssociationInputs,
    associate_tables,
    parse_options,
    read_models,
)
from quakeloom.stages.without_a_run.detect_folder import detect_folder, index_folder, parse_asked
from quakeloom.store import Item, is_sealed, read_table, write_seal, write_table

_MODELS = ("generic_crust", "island_arc", "island_arc_fast")
"""Velocity models that sessions take in turn."""

_SPACINGS_KM = (8.0, 12.0, 20.0, 30.0)
"""Distances of neighboring stations that they take in turn."""

_RICH: dict[str, Any] = {
    "background": 200, "tremor": 100, "blasts": 100, "teleseisms": 16, "flawed_share": 0.4,
    "swarms": 1, "aftershocks_per_minute": 0.5,
}  # fmt: skip
"""Of days that are learned from: much of all classes, and twice as many flaws."""

_QUIET: dict[str, Any] = {
    "background": 10, "tremor": 0, "blasts": 0, "teleseisms": 0, "swarms": 0, "flawed_share": 0.8,
}  # fmt: skip
"""Of days on which hardly anything happens but noise."""

KINDS = {"rich": _RICH, "quiet": _QUIET}
"""Kinds of sessions."""

_ENOUGH = 12
"""So many sources of a class make hours good to learn from; more make them no better."""

_LOOSE = {"false_events_per_day": 300, "minimum_picks": 4}
"""Association of sessions that are learned from: with events that are none."""

_DAY_START = "2019-07-04"
"""Date of all sessions; seeds differ."""


@dataclass(frozen=True)
class Session:
    """A simulated network with what was found in its records.

    Attributes
    ----------
    name : str
    seed : int
    true_events, true_arrivals : pyarrow.Table
    detections, events, picks : pyarrow.Table
        Of ``detect``; events of ``associate`` with their picks.
    index : ArchiveIndex
    directions : SensorDirections
    """

    name: str
    seed: int
    true_events: pa.Table
    true_arrivals: pa.Table
    detections: pa.Table
    events: pa.Table
    picks: pa.Table
    index: ArchiveIndex
    directions: SensorDirections


def session_settings(number: int, seed: int, hours: float, kind: str = "rich") -> Settings:
    """Return the settings of a session.

    Of rich ones, the hours of the day are taken that have most classes; of others, any.

    Parameters
    ----------
    number : int
    seed : int
        Root seed of all sessions.
    hours : float
    kind : str
        Of :data:`KINDS`.
    """
    days = {
        "hours": 24.0, "stations": 12, "station_spacing_km": _SPACINGS_KM[number % 4],
        "start": _DAY_START, **KINDS[kind],
    }  # fmt: skip
    days["sequences"] = 0 if number % 3 or kind == "quiet" else 1
    own = seed + number
    whole = _parse(own, days, _MODELS[number % 3])
    if kind != "rich":
        share = random_stream(own, "class session", "start").random()
        start = int(share * (24.0 - hours) * 2) / 2
    else:
        start = _richest_hour(whole, hours)
    moment = np.datetime64(_DAY_START, "s") + np.timedelta64(int(3600 * start), "s")
    return _parse(own, {**days, "hours": hours, "start": str(moment)}, _MODELS[number % 3])


def _parse(seed: int, days: dict[str, Any], model: str) -> Settings:
    return parse_settings(
        {
            "name": "session",
            "seed": seed,
            "simulation": {"continuous": days},
            "waveforms": {"picker": "own", "polarity": "own"},
            "detect": {},
            "associate": {},
            "locate": {"models": [model]},
            "takeoff": {"models": [model], "angles": "ensemble"},
        },
        "quakeloom train classes",
    )


def _richest_hour(settings: Settings, hours: float) -> float:
    earth = make_earth(settings)
    first = float(np.datetime64(_DAY_START, "s").astype(np.int64))
    sources = sources_near(earth, first, first + 86_400.0)
    best, start = -1, 0.0
    for hour in np.arange(0.0, 24.0 - hours + 0.01, 0.5):
        begin = first + 3600.0 * hour
        inside = (sources.origin_ns / 1e9 >= begin) & (
            sources.origin_ns / 1e9 < begin + 3600.0 * hours
        )
        kinds = sources.source_class[inside]
        counts = [
            int((kinds == k).sum()) for k in ("tremor", "low_frequency", "blast", "teleseism")
        ]
        worth = sum(min(n, _ENOUGH) for n in counts)
        # tremor comes in few hours of the day: every other session has some if there are
        worth += 5 if settings.seed % 2 and counts[0] else 0
        if worth > best:
            best, start = worth, float(hour)
    return start


def make_session(
    settings: Settings, folder: Item, loose: bool, say: Callable[[str], None] = lambda _: None
) -> Session:
    """Simulate, detect and associate; what a folder has already is taken.

    Parameters
    ----------
    settings : Settings
        Of :func:`session_settings`.
    folder : Item
    loose : bool
        Keep events that are hardly any.
    say : callable
    """
    assert settings.simulation is not None
    if not is_sealed(folder):
        folder.remove()
        write_continuous(settings, folder)
        source = read_continuous(folder)
        asked = parse_asked({}, "own", "own", 0, Path(str(source.stationxml)))
        found = detect_folder(Path(str(source.archive)), asked, source.stations)
        write_table(folder / "detections.parquet", "detections", found.detections)
        write_seal(folder)
    source = read_continuous(folder)
    detections = read_table(folder / "detections.parquet", "detections")
    options = parse_options(dict(_LOOSE) if loose else {})
    models = read_models(settings.takeoff.models, 0, settings.seed)
    none = empty_table("rejects")
    try:
        catalog = associate_tables(
            AssociationInputs(picks_of(detections), source.stations, none), models, options
        )
        events, picks = catalog.events, catalog.picks
    except InputError:
        events, picks = empty_table("events"), empty_table("picks")
    index, _ = index_folder(Path(str(source.archive)))
    say(f"{folder.name}: {detections.num_rows} picks, {events.num_rows} events")
    return Session(
        folder.name, settings.seed, source.truth["true_events"], source.truth["true_arrivals"],
        detections, events, picks, index, SensorDirections(source.stations, True),
    )  # fmt: skip
