"""Associate any picks in one go: ``quakeloom associate --picks FILE``."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakeloom import __version__
from quakeloom.association import AssociationOptions, associate_days
from quakeloom.core import InputError, LayeredModel, SettingsError
from quakeloom.formats import CatalogTables, Creation, read_source, write_quakeml
from quakeloom.stages.associate.found_tables import AssociatedCatalog, make_found_tables
from quakeloom.stages.associate.network import (
    choose_proposer,
    read_models,
    trace_network,
    warn_of_silent,
)
from quakeloom.stages.associate.usable_picks import counted_reasons, usable_picks
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.store import atomic_file, is_input, open_folder, write_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssociationInputs:
    """Picks and stations as they were read.

    Attributes
    ----------
    picks, stations, rejects : pyarrow.Table
    """

    picks: pa.Table
    stations: pa.Table
    rejects: pa.Table


def read_association_inputs(
    picks: Path, stations: Path, formats: tuple[str, str] = ("auto", "auto")
) -> AssociationInputs:
    """Read picks and stations from Parquet, CSV or any other format.

    Raises
    ------
    InputError
        If a file is missing, or holds no picks or no stations.
    """
    read = []
    for path, form in zip((picks, stations), formats, strict=True):
        if not is_input(path):
            raise InputError(f"There is no file {path}, so nothing can be associated.")
        read.append(read_source(path, form))
    source, places = read
    for path, table, what in (
        (picks, source.picks, "picks"),
        (stations, places.stations, "stations"),
    ):
        if not table.num_rows:
            raise InputError(
                f"'{path}' holds no {what}, so nothing can be associated; check the file."
            )
    for tables in read:
        for row in tables.rejects.slice(0, 5).to_pylist():
            log.warning("line %d: %s", row["source_line"], row["reason"])
    found, aside = put_aside_misplaced(places.stations, source.events, [source.picks], log.warning)
    return AssociationInputs(
        source.picks, found, pa.concat_tables([source.rejects, places.rejects, aside])
    )


def parse_options(values: dict[str, Any]) -> AssociationOptions:
    """Make options of settings by name.

    Raises
    ------
    SettingsError
        If one is not known or no number.
    """
    known = {f.name: f.type for f in fields(AssociationOptions)}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(
                f"'{name}' is no setting of associate. Nothing was associated; there are "
                f"{', '.join(known)}."
            )
        whole = str(known[name]) == "int"
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or (whole and value != int(value)):
            kind = "whole number" if whole else "number"
            raise SettingsError(
                f"associate.{name} is {value!r}, no {kind}. Nothing was associated; correct it."
            )
    return AssociationOptions(**values)


def associate_tables(
    inputs: AssociationInputs,
    models: Sequence[LayeredModel],
    options: AssociationOptions,
    proposer: str = "stack",
    *,
    border_s: float = 0.0,
    say: Callable[[str], None] = log.info,
) -> AssociatedCatalog:
    """Associate picks with events; every pick is in one of two tables.

    Parameters
    ----------
    inputs : AssociationInputs
    models : sequence of LayeredModel
        Two or more are an ensemble, whose scatter is the error of travel times.
    options : AssociationOptions
    proposer : {"stack", "octree"}
    border_s : float
        Days begin so many seconds after midnight UTC.

    Raises
    ------
    InputError
        If no pick of three stations is left.
    """
    propose = choose_proposer(proposer)
    table = inputs.picks
    usable, reason = usable_picks(table, inputs.stations)
    if not usable.rows.size:
        raise InputError(
            f"None of {table.num_rows} picks can be used ({counted_reasons(reason)}), so there is "
            "nothing to associate; check phases, times and station names."
        )
    stations, tables = trace_network(usable, models, options)
    found = associate_days(
        usable.arrays, stations, tables, options, propose=propose, border_s=border_s, say=say
    )
    warn_of_silent(found, usable)
    return make_found_tables(table, usable, reason, found)


def write_associated(catalog: AssociatedCatalog, rejects: pa.Table, out: Path) -> None:
    """Write tables and ``catalog.xml`` (QuakeML with picks and arrivals) to a folder."""
    folder = open_folder(out)
    provenance = {"quakeloom": __version__}
    for name in ("events", "picks", "arrivals", "associations", "assignments", "unassigned_picks"):
        write_table(folder / f"{name}.parquet", name, getattr(catalog, name), provenance)
    write_table(folder / "rejects.parquet", "rejects", rejects)
    tables = CatalogTables(events=catalog.events, picks=catalog.picks, arrivals=catalog.arrivals)
    with atomic_file(folder / "catalog.xml") as file:
        write_quakeml(tables, file, Creation(f"quakeloom {__version__}"))


__all__ = [
    "AssociatedCatalog",
    "AssociationInputs",
    "associate_tables",
    "parse_options",
    "read_association_inputs",
    "read_models",
    "write_associated",
]
