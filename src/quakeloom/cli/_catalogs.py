"""``quakeloom compare`` and ``quakeloom export``: catalogs of events and mechanisms."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.console import Console
from rich.table import Table

from quakeloom import __version__
from quakeloom.core import InputError
from quakeloom.schema import empty_table, make_table
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_file,
    local_copy,
    open_folder,
    open_item,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)

CATALOG_EXPORTS = {
    "nonlinloc": ("write_nonlinloc_locations", "events.hyp"),
    "nonlinloc-obs": ("write_nonlinloc_observations", "events.obs"),
    "hypodd": ("write_hypodd_phase", "events.pha"),
    "hypoinverse": ("write_hypoinverse_archive", "events.arc"),
}
"""Forms for hypocenters and picks: their writer and the name of the file."""
MECHANISM_EXPORTS = {
    "csv": ("write_csv", "mechanisms.csv"),
    "meca": ("write_gmt_meca", "mechanisms.meca"),
    "gmt-table": ("write_gmt_table", "mechanisms.txt"),
}
"""Forms for mechanisms: their writer and the name of the file."""
EXPORTS = ("quakeml", *CATALOG_EXPORTS, *MECHANISM_EXPORTS)
"""All forms that a catalog is written in."""

MAGNITUDE = "magnitude"
"""Stage that measures magnitudes."""

_SHOWN_REASONS = 3
"""Reasons why records are put aside that the log names."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("compare")(compare)
    app.command("export")(export)


def compare(
    items: Annotated[
        list[Path],
        typer.Argument(
            help="Two run folders or tables of mechanisms; with the word `stress` before them, "
            "two stress maps.",
            metavar="[stress] A B",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two catalogs (rotation angles, qualities, who is missing), or two stress maps."""
    if len(items) == 3 and str(items[0]) == "stress":
        _compare_stress(items[1], items[2], as_json)
        return
    if len(items) != 2:
        raise InputError(
            f"{len(items)} things are given to compare; give two run folders or tables, or the "
            "word `stress` and two stress maps."
        )
    from quakeloom.report import compare_catalogs

    a, b = items
    found = compare_catalogs(read_catalog(a), read_catalog(b))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1))
    else:
        Console(markup=False).print(found.as_rich_table(str(a), str(b)))
    if not found.event_id.size:
        raise InputError(
            f"No event has a mechanism in both of {a} and {b}, so nothing was compared. Events are "
            "matched by their identifiers; give catalogs that have the same ones."
        )


def _compare_stress(a: Path, b: Path, as_json: bool) -> None:
    """Compare two stress maps, folders or their ``stress.csv``, at the nodes they share."""
    from quakeloom.report import compare_stress_maps

    found = compare_stress_maps(_read_map(a), _read_map(b))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    table = Table("quantity", "median", "mean", "90 %", "largest", title=f"{a} - {b}")
    for name, values in found["differences"].items():
        table.add_row(name, *(f"{values[k]:.3f}" for k in ("median", "mean", "p90", "largest")))
    Console(markup=False).print(table)
    typer.echo(
        f"{found['nodes']} nodes compared, {found['only_a']} only in the first, "
        f"{found['only_b']} only in the second; same regime at {100 * found['same_regime']:.0f} %"
    )


def export(
    run: Annotated[
        Path,
        typer.Option(
            "--run", help="Folder of a run, or of `quakeloom locate --out`.", metavar="DIR"
        ),
    ],
    to: Annotated[Path, typer.Option("--to", help="Folder for the files.", metavar="DIR")],
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(EXPORTS)}.")],
) -> None:
    """Write events, picks and mechanisms for other programs; QuakeML one file per partition."""
    from quakeloom import formats

    if form not in EXPORTS:
        raise InputError(f"'{form}' is no format to export to; write one of {', '.join(EXPORTS)}.")
    layout = _planned(run)
    folder = open_folder(to)
    if form in MECHANISM_EXPORTS:
        writer, name = MECHANISM_EXPORTS[form]
        _refuse_no_mechanisms(layout, run, form)
        table = _with_magnitudes(
            read_table(layout.table("mechanisms"), "mechanisms"), _measured(layout)
        )
        with atomic_file(folder / name) as file:
            getattr(formats, writer)(table, file)
        typer.echo(folder / name)
        return
    parts = _catalog_parts(layout)
    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None))
    creation = formats.Creation(f"quakeloom {__version__}", time=now)
    if form == "quakeml":
        for name, tables in parts:
            item = folder / f"{name}.xml"
            with atomic_file(item) as file:
                counts = formats.write_quakeml(tables, file, creation)
            _show_written(item, counts)
        return
    writer, name = CATALOG_EXPORTS[form]
    tables = formats.CatalogTables(
        **{
            f.name: pa.concat_tables([getattr(t, f.name) for _, t in parts])
            for f in fields(formats.CatalogTables)
        }
    )
    signed = {"creation": creation} if form == "nonlinloc" else {}
    with atomic_file(folder / name) as file:
        counts = getattr(formats, writer)(tables, file, **signed)
    _show_written(folder / name, counts)


def _refuse_no_mechanisms(layout: RunLayout, run: Path, form: str) -> None:
    """Say what a folder with hypocenters and no mechanisms can be exported to."""
    is_located = layout.table("hypocenters").exists()
    if is_located and not layout.table("mechanisms").exists() and not layout.settings.exists():
        forms = ", ".join(("quakeml", *CATALOG_EXPORTS))
        raise InputError(
            f"'{run}' has hypocenters and no mechanisms, which --format {form} writes. Nothing is "
            f"exported; give one of {forms}."
        )


def _planned(folder: Path | Item, *tables: str) -> RunLayout:
    """The folder of a run, whose tables are those of its present plan, or a folder of tables.

    Parameters
    ----------
    folder : Path or Item
    *tables : str
        Tables that are wanted; mechanisms and hypocenters if none is named.

    Raises
    ------
    PlanError
        If it is a folder of runs.
    IncompleteError
        If its results are of an earlier plan.
    """
    from quakeloom.stages.frame.chains import run_stages
    from quakeloom.stages.frame.partition_states import refuse_unfinished
    from quakeloom.stages.frame.run_settings import read_settings

    wanted = set(tables or ("mechanisms", "hypocenters"))
    layout = RunLayout(folder)
    is_planned = layout.settings.exists()
    if not is_planned and any(layout.table(name).exists() for name in wanted):
        return layout
    settings = read_settings(layout)
    makers = [s for s in run_stages(settings) if wanted & set(s.tables)]
    refuse_unfinished(layout, makers, "nothing was taken from it")
    return layout


def _catalog_parts(layout: RunLayout) -> list[tuple[str, Any]]:
    """The tables of every partition of a run, or those of a folder of located events."""
    from quakeloom.formats import CatalogTables
    from quakeloom.stages.frame.partition_states import partition_states
    from quakeloom.stages.locate import LOCATE
    from quakeloom.stages.mechanism import MECHANISM
    from quakeloom.stages.pick import PICK

    if not layout.settings.exists():
        if not layout.table("hypocenters").exists():
            raise InputError(
                f"{layout.root} is neither a run nor a folder of `quakeloom locate` "
                "(hypocenters.parquet is missing), so nothing is exported. Give one."
            )
        tables = {n: _read_if_there(layout.table(n), n) for n in ("hypocenters", "arrivals")}
        return [("events", CatalogTables(**tables))]
    if not layout.plan_step(MECHANISM.name, "finalise").exists():
        mechanisms = read_table(layout.table("mechanisms"), "mechanisms")
        return [("events", CatalogTables(events=_events_of(mechanisms), mechanisms=mechanisms))]
    found = []
    magnitudes = _measured(layout)
    for partition, state in partition_states(layout, MECHANISM.name):
        rows = layout.rows(partition)
        made = layout.part(MECHANISM.name, partition)
        located = layout.part(LOCATE.name, partition)
        picked = layout.part(PICK.name, partition)
        if not (made / "mechanisms.parquet").exists():
            typer.echo(f"{partition}: {state}, so its mechanisms are not exported")
        folders = {
            **dict.fromkeys(("events", "amplitudes"), rows),
            "polarities": made if (made / "polarities.parquet").exists() else rows,
            **dict.fromkeys(("mechanisms", "solutions"), made),
            **dict.fromkeys(("hypocenters", "arrivals"), located),
        }
        tables = {n: _read_if_there(f / f"{n}.parquet", n) for n, f in folders.items()}
        tables["picks"] = pa.concat_tables(
            [_read_if_there(f / "picks.parquet", "picks") for f in (rows, picked)]
        )
        own = tables["events"].column("event_id").combine_chunks()
        tables["magnitudes"] = magnitudes.filter(pc.is_in(magnitudes.column("event_id"), own))
        found.append((partition, CatalogTables(**tables)))
    return found


def _measured(layout: RunLayout) -> pa.Table:
    """The magnitudes that a run of the present plan measured; none of others.

    Raises
    ------
    IncompleteError
        If they are of an earlier plan.
    """
    if not layout.plan_step(MAGNITUDE, "finalise").exists():
        return empty_table("magnitudes")
    return read_table(_planned(layout.root, "magnitudes").table("magnitudes"), "magnitudes")


def _with_magnitudes(mechanisms: pa.Table, magnitudes: pa.Table) -> pa.Table:
    """The mechanisms with the magnitudes that the run measured."""
    rows = pc.index_in(
        mechanisms.column("event_id"), magnitudes.column("event_id").combine_chunks()
    )
    measured = magnitudes.column("magnitude").take(rows)
    value = pc.if_else(pc.is_finite(measured), measured, mechanisms.column("magnitude"))
    value = pc.fill_null(value, np.nan)
    at = mechanisms.column_names.index("magnitude")
    given = mechanisms.column("magnitude")
    return mechanisms.set_column(
        at, mechanisms.schema.field(at), pc.if_else(pc.is_null(rows), given, value)
    )


def _events_of(mechanisms: pa.Table) -> pa.Table:
    """The events of a run that has mechanisms of catalogs alone."""
    shared = [n for n in mechanisms.column_names if n in empty_table("events").column_names]
    return make_table("events", {n: mechanisms.column(n) for n in shared})


def _read_if_there(item: Item, name: str) -> pa.Table:
    return read_table(item, name) if item.exists() else empty_table(name)


def _show_written(path: Item, counts: Any) -> None:
    left = f" ({'; '.join(counts.sentences())})" if counts.left_out else ""
    typer.echo(f"{path}: {counts.events} events, {counts.picks} picks{left}")


def read_catalog(path: Path, out: Path | None = None) -> pa.Table:
    """Read mechanisms from a run folder, or from any table that formats can read.

    What is put aside is logged and, with a folder, written to its ``rejects.parquet``.
    """
    from quakeloom import formats

    item = open_item(path)
    if item.is_folder():
        return read_table(_planned(path).table("mechanisms"), "mechanisms")
    if not item.exists():
        raise InputError(f"{path} does not exist; give a run folder or a table of mechanisms.")
    if out is None:
        return formats.read_mechanisms(path)
    aside = formats.Rejects(path)
    table = formats.read_mechanisms(path, aside)
    if len(aside):
        counts = Counter(aside.table().column("reason").to_pylist()).most_common(_SHOWN_REASONS)
        where = open_folder(out) / "rejects.parquet"
        write_table(where, "rejects", aside.table())
        said = "; ".join(f"{reason} ({count})" for reason, count in counts)
        log.warning("%s: %d records are put aside: %s; all are in %s",
                    path, len(aside), said, where)  # fmt: skip
    return table


def _read_map(path: Path) -> Any:
    import pandas as pd

    item = open_item(path)
    if item.is_folder():
        if RunLayout(item).settings.exists():
            _planned(path, "stress")
        item /= "stress.csv"
    if not item.exists():
        raise InputError(
            f"There is no stress map at {path} ({item} is missing); give a folder with stress.csv."
        )
    with local_copy(item) as file:
        table = pd.read_csv(file)
    needed = {"longitude", "latitude", "shmax_deg", "shape_ratio", "a_phi", "regime"}
    if not needed <= set(table.columns):
        raise InputError(
            f"{item} has no columns {', '.join(sorted(needed - set(table.columns)))}, so it is no "
            "stress map that can be compared."
        )
    return table
