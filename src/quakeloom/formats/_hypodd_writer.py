"""Catalogs for hypoDD: the phase file that ph2dt reads (Waldhauser, 2001, USGS Open-File Report
01-113)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.formats._catalog_events import CatalogEvent, CatalogTables, Row, iterate_events
from quakeloom.formats._event_numbers import number_events, write_event_numbers
from quakeloom.formats._quakeml_elements import time_weight
from quakeloom.formats._quakeml_phases import first_phases
from quakeloom.formats._replacing import replacing
from quakeloom.formats._written_counts import WrittenCounts

_ID_DIGITS = 9
"""Digits of an event id in hypoDD."""


def write_hypodd_phase(tables: CatalogTables, path: Path) -> WrittenCounts:
    """Write hypocenters with travel times of P and S as a phase file of hypoDD.

    The hypocenter is the located one, else the given one. Stations go by their codes, or by
    network and station together if two networks share a code. Weights are 1, or those of the
    weight codes. Since ids are whole numbers in hypoDD, ids of another form are numbered, and
    a table beside the file (``NAME.ids.csv``) says which is which.

    Parameters
    ----------
    tables : CatalogTables
    path : Path

    Returns
    -------
    WrittenCounts
        Left out are events without hypocenter or depth, other phases than the first P and S,
        and picks that the location did not use.
    """
    path = Path(path)
    counts = WrittenCounts()
    numbers = number_events(tables.event_ids(), _ID_DIGITS)
    with_network = _codes_are_shared(tables)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for event in iterate_events(tables):
            row = event.origin
            if row is None or math.isnan(row["depth_km"]):
                counts.leave_out("events have no hypocenter with a depth")
                continue
            stream.write(f"{_event_line(event, row, numbers[event.event_id], counts)}\n")
            for line in _phase_lines(event, row, with_network, counts):
                stream.write(f"{line}\n")
                counts.picks += 1
            counts.events += 1
    write_event_numbers(numbers, path.with_name(f"{path.name}.ids.csv"))
    return counts


def _codes_are_shared(tables: CatalogTables) -> bool:
    """Say whether two networks have a station of one code."""
    networks: dict[str, set[str]] = {}
    for table in (tables.picks, tables.arrivals, tables.polarities):
        pairs = table.select(["network", "station"]).group_by(["network", "station"]).aggregate([])
        for row in pairs.to_pylist():
            networks.setdefault(row["station"], set()).add(row["network"])
    return any(len(names) > 1 for names in networks.values())


def _event_line(event: CatalogEvent, row: Row, number: int, counts: WrittenCounts) -> str:
    clock = str(np.datetime64(row["origin_time"], "ns"))
    date, time = clock.split("T")
    horizontal, vertical = (0.0 if math.isnan(e) else e for e in event.errors_km())
    rms = row["rms_s"] if row is event.located else 0.0
    magnitude = event.magnitude
    if math.isnan(magnitude):
        counts.leave_out("events without a magnitude have 0.0")
        magnitude = 0.0
    return (
        f"# {date.replace('-', ' ')} {time[:2]} {time[3:5]} {float(time[6:]):9.6f} "
        f"{row['latitude']:.8f} {row['longitude']:.8f} {row['depth_km']:.6f} {magnitude:.2f} "
        f"{horizontal:.4f} {vertical:.4f} {0.0 if math.isnan(rms) else rms:.4f} {number}"
    )


def _phase_lines(
    event: CatalogEvent, row: Row, with_network: bool, counts: WrittenCounts
) -> Iterator[str]:
    kinds = first_phases(pa.array([p.phase for p in event.picks], pa.string()))
    counts.leave_out("first motions have no time", event.untimed)
    for pick, kind in zip(event.picks, kinds, strict=True):
        if not kind:
            counts.leave_out("picks are neither the first P nor the first S")
        elif not pick.is_used:
            counts.leave_out("picks were not used to locate")
        else:
            label = (pick.network if with_network else "") + pick.station
            seconds = (pick.time - row["origin_time"]) / 1e9
            weight = time_weight(pick)
            weight = 1.0 if math.isnan(weight) else weight
            yield f"{label.replace(' ', '_')} {seconds:.6f} {weight:.3f} {kind}"
