"""Locate any picks in one go, without a configuration: ``quakeloom locate --picks FILE``."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom import __version__
from quakeloom.config import Locate
from quakeloom.core import InputError
from quakeloom.formats import SourceTables, read_source
from quakeloom.location import make_ensemble
from quakeloom.schema import make_table
from quakeloom.stages.frame.code_digests import code_digest
from quakeloom.stages.locate import LOCATE
from quakeloom.stages.locate.ensembles import (
    ensemble_digest,
    make_times,
    read_ensemble,
    station_levels,
    station_places,
    write_ensemble,
)
from quakeloom.stages.locate.events import LocatedBlock, locate_block, warn_of_few_models
from quakeloom.store import (
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


def read_location_inputs(
    picks: Path, stations: Path, out: Path | None = None
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Read events, picks and stations from Parquet, CSV or any other format.

    Records that cannot be read are written to ``rejects.parquet`` of a folder, if one is given.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    source, places = _read(picks), _read(stations)
    for path, table, what in (
        (picks, source.picks, "picks"),
        (stations, places.stations, "stations"),
    ):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be located; check the file."
            )
    if out is not None:
        rejects = pa.concat_tables([source.rejects, places.rejects])
        write_table(open_folder(out) / "rejects.parquet", "rejects", rejects)
    return source.events, source.picks, places.stations


def locate_catalog(
    locate: Locate,
    events: pa.Table,
    picks: pa.Table,
    stations: pa.Table,
    out: Path,
    seed: int = 0,
    data: str = "",
    block_events: int = 1024,
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
    """
    if not picks.num_rows:
        raise InputError("There are no picks, so there is nothing to locate; check the file.")
    ids = [i for i in pc.unique(picks.column("event_id")).to_pylist() if i]
    if not ids:
        raise InputError(
            f"None of {picks.num_rows} picks has an event_id, so events are not known. Nothing "
            "was located; associate the picks first."
        )
    known = set(events.column("event_id").to_pylist())
    more = sorted(i for i in ids if i not in known)
    if more:
        events = pa.concat_tables([events, make_table("events", {"event_id": more})])
    folder = open_folder(out)
    levels = station_levels(stations.column("elevation_m").to_numpy(), locate.level_step_km)
    code = code_digest(LOCATE.module)
    places = station_places(stations)
    key = ensemble_digest(locate, data, places, levels, seed, code)
    tables = folder / "tables.zarr"
    marker = tables / "members.json"
    if not marker.exists() or read_json(marker)["key"] != key:
        made = make_times(locate, data, places, levels, seed, folder / "tables")
        write_ensemble(tables, made, key)
    stored = read_ensemble(tables)
    ensemble = make_ensemble(stored.times)
    blocks: list[LocatedBlock] = []
    for start in range(0, events.num_rows, block_events):
        block = events.slice(start, block_events)
        blocks.append(locate_block(locate, ensemble, stored, block, picks, stations, seed))
    provenance = {"quakeloom": __version__, "seed": seed, "code_digest": code,
                  "locate": locate.model_dump(mode="json")}  # fmt: skip
    hypocenters = pa.concat_tables([b.hypocenters for b in blocks])
    warn_of_few_models(hypocenters, ensemble.times.member_count)
    for name in LOCATE.part_tables:
        write_tables(
            folder / f"{name}.parquet", name, [getattr(b, name) for b in blocks], provenance, True
        )
    if locate.draws:
        with atomic_folder(folder / "locations.zarr") as group:
            for name in blocks[0].arrays:
                values = np.concatenate([b.arrays[name] for b in blocks])
                chunk = min(64, len(values))
                create_array(group, name, values.shape, chunk, -(-len(values) // chunk) * chunk)
                write_region(group, name, 0, values)
    return hypocenters


def _read(path: Path) -> SourceTables:
    if not is_input(path):
        raise InputError(f"There is no file {path}, so nothing can be located.")
    tables = read_source(path, "auto")
    for row in tables.rejects.slice(0, 5).to_pylist():
        log.warning("%s line %d: %s", path, row["source_line"], row["reason"])
    if tables.rejects.num_rows > 5:
        log.warning("%s: %d records were put aside", path, tables.rejects.num_rows)
    return tables
