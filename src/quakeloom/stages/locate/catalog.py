"""Locate any picks in one go, without a configuration: ``quakeloom locate --picks FILE``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom import __version__
from quakeloom.cluster import one_thread
from quakeloom.config import Locate
from quakeloom.core import InputError
from quakeloom.formats import SourceTables, read_source
from quakeloom.location import make_ensemble
from quakeloom.schema import make_table
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.corrections import (
    Estimated,
    estimate_corrections,
    read_given_corrections,
    take_corrections,
    warn_of_structure,
)
from quakeloom.stages.locate.ensembles import (
    ensemble_digest,
    make_times,
    read_ensemble,
    station_levels,
    write_ensemble,
)
from quakeloom.stages.locate.events import (
    Corrections,
    Locator,
    locate_block,
    warn_of_few_models,
    warn_of_limits,
)
from quakeloom.stages.locate.places import station_places
from quakeloom.stages.locate.term_rounds import correction_rounds, round_settings
from quakeloom.store import (
    Item,
    atomic_folder,
    create_array,
    is_input,
    open_folder,
    read_json,
    write_region,
    write_table,
    write_tables,
)

log = logging.getLogger(__name__)

_BLOCK_EVENTS = 1024
"""Events that are located as one block."""

Progress = Callable[[int, int], None]
"""Takes how many events are done, and of how many."""


def _no_progress(done: int, of: int) -> None:
    """Show nothing."""


def read_location_inputs(
    picks: Path,
    stations: Path,
    out: Path | None = None,
    formats: tuple[str, str] = ("auto", "auto"),
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Read events, picks and stations from Parquet, CSV or any other format.

    ``formats`` are those of picks and stations; ``auto`` looks inside.

    Records that cannot be read are written to ``rejects.parquet`` of a folder, if one is given.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    source, places = _read(picks, formats[0]), _read(stations, formats[1])
    for path, table, what in (
        (picks, source.picks, "picks"),
        (stations, places.stations, "stations"),
    ):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be located; check the file."
            )
    found, aside = put_aside_misplaced(places.stations, source.events, [source.picks], log.warning)
    if out is not None:
        rejects = pa.concat_tables([source.rejects, places.rejects, aside])
        write_table(open_folder(out) / "rejects.parquet", "rejects", rejects)
    return _with_rejected(source), source.picks, found


def _with_rejected(source: SourceTables) -> pa.Table:
    """Return the events, also those of which every pick was put aside while reading."""
    known = {*source.events.column("event_id").to_pylist(),
             *source.picks.column("event_id").to_pylist()}  # fmt: skip
    picks = pc.is_in(source.rejects.column("record"), pa.array(["pick", "polarity"]))
    ids = pc.unique(source.rejects.column("event_id").filter(picks)).to_pylist()
    lost = sorted(i for i in ids if i and i not in known)
    if not lost:
        return source.events
    return pa.concat_tables([source.events, make_table("events", {"event_id": lost})])


class _Count:
    """Tell after every event how many are done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def __call__(self) -> None:
        self._done += 1
        self._progress(self._done, self._total)


@dataclass(frozen=True)
class LocatedCatalog:
    """What locating any picks gives.

    Attributes
    ----------
    events, hypocenters, arrivals : pyarrow.Table
        Registered tables; events as they are known, not as located.
    station_terms, station_term_draws, pick_noise : pyarrow.Table or None
        Registered tables; None where they were not estimated.
    arrays : dict of str to ndarray
        Registered arrays with one row per event, by name.
    member_names : tuple of str
        Of the members of the ensemble.
    code_digest : str
        Of the code that made the times.
    """

    events: pa.Table
    hypocenters: pa.Table
    arrivals: pa.Table
    station_terms: pa.Table | None
    station_term_draws: pa.Table | None
    pick_noise: pa.Table | None
    arrays: dict[str, np.ndarray]
    member_names: tuple[str, ...]
    code_digest: str


def locate_catalog(
    locate: Locate,
    events: pa.Table,
    picks: pa.Table,
    stations: pa.Table,
    out: Path,
    seed: int = 0,
    data: str = "",
    progress: Progress = _no_progress,
) -> pa.Table:
    """Locate any picks in one go and write all files to a folder.

    Parameters
    ----------
    locate : Locate
    events, picks, stations : pyarrow.Table
        Events may be empty: those of the picks are taken.
    out : Path
    seed : int
    data : str
        Folder where relative paths of models start; the current one if empty.
    progress : callable
        Told after every event how many are located, and of how many; an event counts once for
        every round that it is in.
    """
    _refuse_no_events(picks)
    folder = open_folder(out)
    found = locate_tables(locate, events, picks, stations, folder, seed, data, progress)
    provenance = {"quakeloom": __version__, "seed": seed, "code_digest": found.code_digest,
                  "locate": locate.model_dump(mode="json")}  # fmt: skip
    for name in LOCATE.tables:
        table = getattr(found, name)
        if table is None:
            (folder / f"{name}.parquet").remove()
        else:
            write_tables(folder / f"{name}.parquet", name, [table], provenance, True)
    if locate.draws:
        with atomic_folder(folder / "locations.zarr") as group:
            for name, values in found.arrays.items():
                chunk = min(64, len(values))
                create_array(group, name, values.shape, chunk, -(-len(values) // chunk) * chunk)
                write_region(group, name, 0, values)
    return found.hypocenters


@one_thread()
def locate_tables(
    locate: Locate,
    events: pa.Table,
    picks: pa.Table,
    stations: pa.Table,
    cache: Item,
    seed: int = 0,
    data: str = "",
    progress: Progress = _no_progress,
) -> LocatedCatalog:
    """Locate any picks in one go; only the times of the ensemble are written.

    Parameters
    ----------
    locate : Locate
    events, picks, stations : pyarrow.Table
        Events may be empty: those of the picks are taken.
    cache : Item
        Folder that keeps the times of the ensemble from one call to the next.
    seed : int
    data : str
        Folder where relative paths of models start; the current one if empty.
    progress : callable
        As for :func:`locate_catalog`.

    Raises
    ------
    InputError
        If there are no picks, or none has an event.
    """
    ids = _refuse_no_events(picks)
    known = set(events.column("event_id").to_pylist())
    more = sorted(i for i in ids if i not in known)
    if more:
        events = pa.concat_tables([events, make_table("events", {"event_id": more})])
    levels = station_levels(stations.column("elevation_m").to_numpy(), locate.level_step_km)
    code = code_digest(LOCATE.module)
    places = station_places(stations)
    key = ensemble_digest(locate, data, places, levels, seed, code)
    folder = cache / "tables.zarr"
    marker = folder / "members.json"
    if not marker.exists() or read_json(marker)["key"] != key:
        made = make_times(locate, data, places, levels, seed, cache / "tables")
        write_ensemble(folder, made, key)
    stored = read_ensemble(folder)
    locator = Locator(make_ensemble(stored.times), stored, stations)
    rounds = correction_rounds(locate, len(ids))
    chosen = events.take(pa.array(rounds.choose(events.column("event_id").to_pylist(), seed)))
    count = _Count(progress, chosen.num_rows * rounds.every + events.num_rows)
    estimated: Estimated | None = None
    corrections = read_given_corrections(locate, data, stored.times.member_count)
    for number in range(rounds.every):
        log.info("locate: round %d of %d", number + 1, rounds.every + 1)
        part = _locate_blocks(
            round_settings(locate), locator, chosen, picks, seed, corrections, count
        )[:2]
        estimated = estimate_corrections(
            locate, locator, partial(_one_part, part), seed, rounds.terms > 0
        )
        corrections = take_corrections(estimated)
    hypocenters, arrivals, arrays = _locate_blocks(
        locate, locator, events, picks, seed, corrections, count
    )
    warn_of_few_models(hypocenters, stored.times.member_count)
    warn_of_limits(hypocenters, stored.limits_km[0])
    noise = estimated.pick_noise if estimated else None
    warn_of_structure(locate, partial(_one_part, (hypocenters, arrivals)), rounds, noise)
    terms = estimated if rounds.terms else None
    return LocatedCatalog(
        events, hypocenters, arrivals,
        terms.station_terms if terms else None,
        terms.station_term_draws if terms else None,
        noise,
        arrays, stored.times.names, code,
    )  # fmt: skip


def _one_part(part: tuple[pa.Table, pa.Table]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield a catalog that is one partition."""
    yield part


def _locate_blocks(
    locate: Locate,
    locator: Locator,
    events: pa.Table,
    picks: pa.Table,
    seed: int,
    corrections: Corrections | None,
    count: _Count,
) -> tuple[pa.Table, pa.Table, dict[str, np.ndarray]]:
    """Locate all events block by block; return hypocenters, arrivals and arrays."""
    blocks = [
        locate_block(
            locate,
            locator,
            events.slice(start, _BLOCK_EVENTS),
            picks,
            seed,
            corrections,
            progress=count,
        )
        for start in range(0, events.num_rows, _BLOCK_EVENTS)
    ]
    hypocenters, arrivals = (
        pa.concat_tables([getattr(b, name) for b in blocks]) for name in LOCATE.part_tables
    )
    arrays = {n: np.concatenate([b.arrays[n] for b in blocks]) for n in blocks[0].arrays}
    return hypocenters, arrivals, arrays


def _refuse_no_events(picks: pa.Table) -> list[str]:
    """Return the events that picks belong to; refuse picks without any."""
    if not picks.num_rows:
        raise InputError("There are no picks, so there is nothing to locate; check the file.")
    ids = [i for i in pc.unique(picks.column("event_id")).to_pylist() if i]
    if not ids:
        raise InputError(
            f"None of {picks.num_rows} picks has an event_id, so events are not known. Nothing "
            "was located; associate the picks first."
        )
    return ids


def _read(path: Path, format: str) -> SourceTables:
    if not is_input(path):
        raise InputError(f"There is no file {path}, so nothing can be located.")
    tables = read_source(path, format)
    for row in tables.rejects.slice(0, 5).to_pylist():
        log.warning("%s line %d: %s", path, row["source_line"], row["reason"])
    if tables.rejects.num_rows > 5:
        log.warning("%s: %d records were put aside", path, tables.rejects.num_rows)
    return tables
