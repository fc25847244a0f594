"""The faults of any catalog of hypocenters, without a run: ``quakeloom faults --events FILE``."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa

from quakeloom import __version__
from quakeloom.config import Faults
from quakeloom.core import InputError
from quakeloom.formats import read_fault_segments, read_source
from quakeloom.stages.faults.catalog import fault_geojson, find_catalog_faults, refuse_empty
from quakeloom.stages.faults.hypocenters import of_events, with_preferred
from quakeloom.store import is_input, open_folder, write_bytes, write_table

log = logging.getLogger(__name__)


def find_file_faults(
    wanted: Faults,
    events: Path,
    mechanisms: pa.Table | None,
    out: Path,
    seed: int,
    format: str = "auto",
) -> dict[str, pa.Table]:
    """Find the faults of a file with hypocenters and write all tables and GeoJSON to a folder.

    Parameters
    ----------
    wanted : Faults
        ``known`` are paths as they stand.
    events : Path
        In any format that has events.
    mechanisms : pyarrow.Table, optional
        Registered ``mechanisms`` with the same event ids.
    out : Path
        Folder.
    seed : int
    format : str
        Of the events.

    Returns
    -------
    dict of str to pyarrow.Table
        ``faults``, ``fault_members``, ``fault_draws``.

    Raises
    ------
    InputError
        If the file is not there or has no events, or no mechanism is of one of them.
    """
    if not is_input(events):
        raise InputError(f"There is no file {events}, so there is nothing to find faults in.")
    source = read_source(events, format)
    for row in source.rejects.slice(0, 5).to_pylist():
        log.warning("%s line %d: %s", events, row["source_line"], row["reason"])
    if source.rejects.num_rows > 5:
        log.warning("%s: %d records were put aside", events, source.rejects.num_rows)
    catalog = of_events(source.events, wanted)
    refuse_empty(catalog)
    if catalog.without_error:
        log.warning(
            "%d of %d events come without errors of location; they are taken as %g km north and "
            "east and %g km in depth (`horizontal_error_km`, `vertical_error_km`), on which the "
            "thickness of faults depends",
            catalog.without_error, len(catalog.event_id), wanted.horizontal_error_km,
            wanted.vertical_error_km,
        )  # fmt: skip
    if mechanisms is not None and wanted.mechanisms:
        catalog = with_preferred(catalog, mechanisms)
        if not len(catalog.set_event):
            raise InputError(
                f"None of the {mechanisms.num_rows} mechanisms has the id of an event of {events}, "
                "so they say nothing of its planes. Give mechanisms of these events, or none."
            )
    known = (
        pa.concat_tables([read_fault_segments(f) for f in wanted.known]) if wanted.known else None
    )
    tables = find_catalog_faults(wanted, catalog, known, seed)
    folder = open_folder(out)
    provenance = {"quakeloom": __version__, "seed": seed, "faults": wanted.model_dump(mode="json")}
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", name, table, provenance)
    write_bytes(folder / "faults.geojson", fault_geojson(tables["faults"]).encode())
    return tables
