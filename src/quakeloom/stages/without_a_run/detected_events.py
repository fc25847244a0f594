"""From detections to events without a run: associated, located, written as QuakeML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom import __version__
from quakeloom.config import parse_settings
from quakeloom.formats import CatalogTables, Creation, write_quakeml
from quakeloom.schema import make_table, time_values
from quakeloom.stages.detect.tables import picks_of
from quakeloom.stages.locate.catalog import locate_catalog
from quakeloom.stages.without_a_run.associate_picks import (
    AssociatedCatalog,
    AssociationInputs,
    associate_tables,
    parse_options,
    read_models,
    write_associated,
)
from quakeloom.store import atomic_file, open_folder, read_table

_KEY = ("network", "station", "location_code", "channel", "phase")
"""Columns that say, with the time, which detection a pick is."""


_AMPLITUDES = ("amplitude_wa_mm", "amplitude_wa_snr", "amplitude_corner_hz", "peak_velocity_m_s",
               "amplitude_clipped", "amplitude_reason")  # fmt: skip
"""Columns of amplitudes."""


@dataclass(frozen=True)
class DetectedEvents:
    """How many events came of detections.

    Attributes
    ----------
    events, located, unassigned : int
    expected_false : float
    """

    events: int
    located: int
    unassigned: int
    expected_false: float


def events_of(
    detections: pa.Table,
    stations: pa.Table,
    models: list[str],
    later: dict[str, Any],
    out: Path,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> DetectedEvents:
    """Associate detections, locate the events, and write all to a folder.

    Parameters
    ----------
    detections, stations : pyarrow.Table
        Registered tables.
    models : list of str
        Layered velocity models; several are an ensemble.
    later : dict
        Settings of ``associate`` and ``locate``.
    out : Path
    seed : int
    say : callable
    """
    values = dict(later.get("associate") or {})
    proposer = str(values.pop("candidates", "stack"))
    options = parse_options(values)
    given = {
        "name": "detected",
        "sources": [{"path": "detections.parquet"}],
        "takeoff": {"angles": "ensemble"},
        "locate": {**(later.get("locate") or {}), "models": models},
    }
    locate = parse_settings(given, "quakeloom detect").locate
    assert locate is not None
    none = make_table("rejects", {}, rows=0)
    inputs = AssociationInputs(picks_of(detections), stations, none)
    catalog = associate_tables(inputs, read_models(models, 0, seed), options, proposer, say=say)
    rejects = read_table(open_folder(out) / "rejects.parquet", "rejects")
    write_associated(catalog, rejects, out)
    located = 0
    if catalog.events.num_rows:
        say(f"locating {catalog.events.num_rows} events")
        found = locate_catalog(locate, catalog.events, catalog.picks, stations, out, seed)
        located = found.column("status").to_pylist().count("located")
        write_catalog(catalog, detections, found, out)
    return DetectedEvents(
        catalog.events.num_rows, located, catalog.unassigned_picks.num_rows, catalog.expected_false
    )


def event_readings(catalog: AssociatedCatalog, detections: pa.Table) -> pa.Table:
    """Return the first motions of the picks of events as the registered table ``polarities``."""
    rows, ids = _matched(catalog, detections)
    own = detections.take(pa.array(rows))
    keep = [p == "P" for p in own.column("phase").to_pylist()]
    own = own.filter(pa.array(keep, pa.bool_()))
    ids = [i for i, kept in zip(ids, keep, strict=True) if kept]
    names = ("network", "station", "channel", "polarity", "probability_up", "orientation",
             "reversed", "clipped", "choice", "source_file")  # fmt: skip
    return make_table("polarities", {
        "event_id": ids, **{n: own.column(n) for n in names}, "arrival_time": own.column("time"),
    }, rows=len(ids))  # fmt: skip


def event_amplitudes(catalog: AssociatedCatalog, detections: pa.Table) -> pa.Table:
    """Return the amplitudes of the picks of events as the registered table ``local_amplitudes``."""
    rows, ids = _matched(catalog, detections)
    own = detections.take(pa.array(rows))
    columns = {n: own.column(n) for n in (*_KEY, "time", *_AMPLITUDES)}
    return make_table("local_amplitudes", {"event_id": ids, **columns}, rows=len(ids))


def _matched(catalog: AssociatedCatalog, detections: pa.Table) -> tuple[list[int], list[str]]:
    """Return the detections that events have, by row, with the ids of the events."""

    def keys(table: pa.Table) -> list[tuple[Any, ...]]:
        time = time_values(table.column("time")).astype(np.int64).tolist()
        return list(zip(*(table.column(n).to_pylist() for n in _KEY), time, strict=True))

    number = {key: i for i, key in enumerate(keys(detections))}
    rows = [number[key] for key in keys(catalog.picks)]
    return rows, catalog.picks.column("event_id").to_pylist()


def write_catalog(
    catalog: AssociatedCatalog, detections: pa.Table, hypocenters: pa.Table, out: Path
) -> None:
    """Write located events with picks and first motions as ``catalog.xml``."""
    folder = open_folder(out)
    tables = CatalogTables(
        events=catalog.events,
        picks=catalog.picks,
        polarities=event_readings(catalog, detections),
        local_amplitudes=event_amplitudes(catalog, detections),
        hypocenters=hypocenters,
        arrivals=read_table(folder / "arrivals.parquet", "arrivals"),
    )
    with atomic_file(folder / "catalog.xml") as file:
        write_quakeml(tables, file, Creation(f"quakeloom {__version__}"))
