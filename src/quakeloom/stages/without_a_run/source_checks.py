"""Whether sources fit together: events, stations with coordinates, readings of both.

Sources are read for it as planning reads them, where they are small; of large ones the beginnings
alone are looked at (:mod:`quakeloom.stages.without_a_run.input_checks`).
"""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.formats import (
    SourceTables,
    exchanged_epicenters,
    find_misplaced_stations,
    misdated_readings,
    read_source,
)
from quakeloom.stages.ingest.events_of_picks import events_of_picks
from quakeloom.stages.ingest.source_files import source_files, source_options
from quakeloom.stages.without_a_run.folder_words import some_names
from quakeloom.store import input_stamp

MOST_BYTES = 20_000_000
"""Bytes of all sources up to which they are read; some seconds."""

_TABLES = ("events", "stations", "polarities", "picks", "rejects")
"""Tables that are looked at."""

_SHOWN_REASONS = 3
"""Reasons of records that are put aside that are told."""

_MOST_SHARE = 0.5
"""Share of the stations of the readings beyond which misplaced ones are a problem of the table."""


def check_sources(settings: Settings) -> tuple[list[str], list[str]]:
    """Read small sources, and say how they fit together.

    Returns
    -------
    opened, doubts : list of str
        What was read, and what looks odd; both empty where the sources are large.

    Raises
    ------
    InputError
        If there is no event, or no station of the readings has coordinates that can be right.
    """
    files = source_files(settings)
    if sum(input_stamp(file)[0] for _, file, _ in files) > MOST_BYTES:
        return ["sources are large, so only their beginnings were looked at"], []
    read = [read_source(f, s.format, **source_options(settings, s)) for s, f, _ in files]
    tables = {n: pa.concat_tables([getattr(t, n) for t in read]) for n in _TABLES}
    if not tables["events"].num_rows and settings.locate is not None:
        tables["events"] = events_of_picks(tables["picks"], tables["rejects"])
    if not tables["events"].num_rows:
        raise InputError(
            f"The sources of '{settings.name}' hold no event that can be used "
            f"({_reasons(tables) or 'no record of one'}). Check the files and their formats."
        )
    counts = ", ".join(
        f"{tables[n].num_rows} {word}"
        for n, word in (("events", "events"), ("stations", "station rows"),
                        ("picks", "picks"), ("polarities", "first motions"))
    )  # fmt: skip
    doubts = []
    if tables["rejects"].num_rows:
        doubts.append(f"records that are put aside: {_reasons(tables)}")
    for name, word in (("picks", "picks"), ("polarities", "first motions")):
        late, reasons = misdated_readings(tables["events"], tables[name], name)
        if reasons:
            doubts.append(f"{len(reasons)} of {late.size} {word} are put aside: {reasons[0]}")
    if settings.takeoff.angles != "given":
        doubts += _check_places(settings, SourceTables(**tables))
    return [f"sources: {counts}"], doubts


def _check_places(settings: Settings, tables: SourceTables) -> list[str]:
    """Compare the stations of the readings with those that have coordinates."""
    wanted: set[str] = set()
    for table in (tables.polarities, tables.picks):
        wanted |= set(pc.unique(table.column("station")).to_pylist())
    known = set(tables.stations.column("station").to_pylist())
    if not wanted:
        words = exchanged_epicenters(tables.events, tables.stations)
        return [words] if words else []
    missing = sorted(wanted - known)
    if not known:
        raise InputError(
            f"No source of '{settings.name}' has coordinates of stations that can be used "
            f"({_reasons(_looked_at(tables)) or 'there is no table of stations'}), so no take-off "
            "angle can be traced. Add StationXML, or a CSV with network, station, longitude, "
            "latitude, elevation_m."
        )
    if len(missing) == len(wanted):
        raise InputError(
            f"No station of the readings of '{settings.name}' has coordinates: the readings name "
            f"{some_names(missing)}, the tables of stations {some_names(sorted(known))}. Write the "
            "codes of one as in the other; a reading is found by network, station and channel, "
            "else by its station alone."
        )
    doubts = []
    if missing:
        doubts.append(
            f"{len(missing)} of {len(wanted)} stations of the readings have no coordinates, so "
            f"their readings are not used: {some_names(missing)}"
        )
    misplaced = find_misplaced_stations(
        tables.events, tables.stations, (tables.polarities, tables.picks)
    )
    named = Counter(misplaced.column("station").to_pylist())
    if named:
        reason = misplaced.column("reason").to_pylist()[0]
        said = f"{len(named)} of {len(wanted)} stations are far from the events that they read: "
        said += f"{some_names(sorted(named))}; of {next(iter(named))}: {reason}"
        if len(named) > _MOST_SHARE * len(wanted):
            raise InputError(f"{said}. Correct the coordinates of the stations, or of the events.")
        doubts.append(said)
    return doubts


def _looked_at(tables: SourceTables) -> dict[str, pa.Table]:
    return {n: getattr(tables, n) for n in _TABLES}


def _reasons(tables: dict[str, pa.Table]) -> str:
    """Return the most frequent reasons of what is put aside, with counts."""
    counts = Counter(tables["rejects"].column("reason").to_pylist())
    told = [f"{reason} ({count})" for reason, count in counts.most_common(_SHOWN_REASONS)]
    more = len(counts) - len(told)
    return "; ".join(told) + (f"; {more} other reasons" if more > 0 else "")
