"""QuakeML and SeisComP ML: events, all their origins, picks, first motions and amplitudes.

Angles and units are those of the standard: take-off angles count from straight down, as in
quakeloom; depths are meters (kilometers in SeisComP ML), distances degrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakeloom.core import SettingsError
from quakeloom.formats._format import Format
from quakeloom.formats._quakeml_amplitudes import read_amplitudes
from quakeloom.formats._quakeml_arrivals import link_picks
from quakeloom.formats._quakeml_blocks import Block
from quakeloom.formats._quakeml_events import (
    QuakemlFile,
    find_events,
    place_columns,
    read_events,
    tell_repeated_fields,
)
from quakeloom.formats._quakeml_grammar import EVENT, LOOSE
from quakeloom.formats._quakeml_opening import PARENTS
from quakeloom.formats._quakeml_origins import origins_table, read_origins
from quakeloom.formats._quakeml_pick_columns import PickSource
from quakeloom.formats._quakeml_picks import read_picks
from quakeloom.formats._quakeml_stream import BLOCK_BYTES, read_blocks
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._xml_head import root_element


def read_quakeml(path: Path, event_ids: str = "public") -> SourceTables:
    """Read a whole QuakeML or SeisComP ML file; see :func:`iterate_quakeml`."""
    parts = list(iterate_quakeml(path, event_ids=event_ids))
    names = [f.name for f in fields(SourceTables)]
    return SourceTables(
        **{n: pa.concat_tables([getattr(p, n) for p in parts]).combine_chunks() for n in names}
    )


def iterate_quakeml(
    path: Path, event_ids: str = "public", block_bytes: int = BLOCK_BYTES
) -> Iterator[SourceTables]:
    """Read QuakeML block by block, with memory that does not grow with the file.

    Of every event it takes the preferred origin and magnitude (else the first), all picks
    that have a phase, the first motions of P, and amplitudes of P and S. The phase of a pick
    is that of its arrival, else its phase hint; azimuth, take-off angle and distance come
    from the arrival of the event's origin. Picks without polarity have polarity 0. Events
    whose type says that there is none, whose origin the source rejects or that have no
    usable hypocenter are put aside with their picks. Where a preferred origin is not in the
    event or has no arrivals, what is used in its place is told in ``rejects``.

    Parameters
    ----------
    path : Path
        QuakeML 1.0 to 1.2 or BED, with any namespace, or SeisComP ML 0.6 to 0.14; plain or
        gzipped; several documents one after the other.
    event_ids : {"public", "last"}
        Use the whole public id of an event, or what follows its last ``/``, ``=`` or ``#``.
    block_bytes : int
        How much is read at a time.

    Yields
    ------
    SourceTables
        Events, origins, picks, polarities, amplitudes and rejects of some events; at least
        one, perhaps empty.

    Raises
    ------
    FormatError
        If the file is neither QuakeML nor SeisComP ML.
    """
    if event_ids not in ("public", "last"):
        raise SettingsError(
            f"Option event_ids of '{path}' is '{event_ids}', which means nothing. Nothing is "
            "read; write public or last."
        )
    file = QuakemlFile(str(path), event_ids == "last", Rejects(path))
    for block in read_blocks(path, file.rejects, block_bytes):
        yield _read_block(block, file)
    file.tell_counts()
    yield SourceTables(rejects=file.rejects.table())


def _read_block(block: Block, file: QuakemlFile) -> SourceTables:
    file.loose += len(block.rows(LOOSE))
    rows = block.rows(EVENT)
    if not len(rows):
        return SourceTables()
    events = find_events(block, rows, file)
    tell_repeated_fields(events, file.rejects)
    origins = read_origins(events, file.rejects)
    table, reasons = read_events(events, origins, file)
    good = np.array([not reason for reason in reasons])
    time = place_columns(origins, origins.index())["origin_time"]
    linked = link_picks(events, origins, file.rejects)
    source = PickSource(events, reasons, time, file.rejects, file.name, file.unused)
    picks, polarities = read_picks(source, linked)
    if block.units_per_km > 1.0:
        file.watch_depths(table)
    return SourceTables(
        events=table,
        origins=origins_table(events, origins, good, file.name),
        picks=picks,
        polarities=polarities,
        amplitudes=read_amplitudes(source, linked),
    )


def _sniff(head: bytes) -> bool:
    return root_element(head) in ("quakeml", PARENTS[0])


def _sniff_scml(head: bytes) -> bool:
    return root_element(head) in ("seiscomp", PARENTS[1])


_OPTIONS = {
    "event_ids": "public (default): the whole public id of an event; last: what follows its "
    "last /, = or #."
}
"""Options of both formats."""
FORMATS_HERE = (
    Format(
        name="quakeml",
        title="QuakeML",
        read=read_quakeml,
        sniff=_sniff,
        suffixes=(".xml", ".qml", ".quakeml", ".gz"),
        options=_OPTIONS,
    ),
    Format(
        name="seiscomp_ml",
        title="SeisComP ML (SCML, SC3ML)",
        read=read_quakeml,
        sniff=_sniff_scml,
        suffixes=(".xml", ".scml", ".sc3ml", ".gz"),
        options=_OPTIONS,
    ),
)
"""The formats that this reader is for."""
