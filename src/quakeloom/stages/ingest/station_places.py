"""Stations that cannot be where their table says are put aside, and the run says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.formats import exchanged_epicenters, misplaced_reasons
from quakeloom.schema import empty_table
from quakeloom.stages.ingest.reject_rows import reject_rows
from quakeloom.stages.readings.station_epochs import overlapping_epochs

_ROW = ("source_file", "source_line", "network", "station", "channel", "longitude", "latitude")
"""Columns that tell the rows of a station table from each other."""

_NAMED = 3
"""Stations that a message names; all are in the rejects."""

_FEW_STATIONS = 3
"""Misplaced stations below which the epicenters are believed. Chosen here."""


def put_aside_misplaced(
    stations: pa.Table,
    events: pa.Table,
    readings: Sequence[pa.Table],
    say: Callable[[str], None] = lambda _: None,
) -> tuple[pa.Table, pa.Table]:
    """Return stations without those that cannot be where their table says, and ``rejects``.

    Readings of a station that is put aside have no station; a wrong place would give them
    wrong angles and distances. Of two places at one time the one whose epoch started last
    counts, which has a row in the rejects too; where no dates say which, both are put aside.

    Parameters
    ----------
    stations, events : pyarrow.Table
        Registered tables.
    readings : sequence of pyarrow.Table
        Registered tables ``polarities`` and ``picks``.
    say : callable
        Called with a sentence where something is found.
    """
    rejects = []
    reasons = misplaced_reasons(events, stations, readings)
    # one station or two far from the events are themselves wrong
    alone = 0 < sum(map(bool, reasons)) < _FEW_STATIONS
    if not alone and (exchanged := exchanged_epicenters(events, stations)):
        say(exchanged)
    misplaced = pa.array([bool(r) for r in reasons], pa.bool_())
    aside, reasons = stations.filter(misplaced), [r for r in reasons if r]
    stations = stations.filter(pc.invert(misplaced))
    superseded, words, unclear, why = overlapping_epochs(stations)
    if unclear.num_rows:
        rows = set(zip(*(unclear.column(n).to_pylist() for n in _ROW), strict=True))
        mine = zip(*(stations.column(n).to_pylist() for n in _ROW), strict=True)
        stations = stations.filter(pa.array([r not in rows for r in mine], pa.bool_()))
    for found, said, what in (
        (aside, reasons, "is put aside"),
        (unclear, why, "is put aside"),
        (superseded, words, "has two epochs at one time"),
    ):
        if found.num_rows:
            rejects.append(reject_rows("stations", found, said))
            say(f"{_names(found)} {what}: {said[0]}")
    return stations, pa.concat_tables([empty_table("rejects"), *rejects])


def _names(stations: pa.Table) -> str:
    """The stations of some rows in words, each once; many are counted."""
    codes = zip(
        stations.column("network").to_pylist(), stations.column("station").to_pylist(), strict=True
    )
    names = list(dict.fromkeys(f"{n}.{s}" if n else s for n, s in codes))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"station{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"
