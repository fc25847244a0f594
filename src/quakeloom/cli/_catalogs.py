"""``quakeloom compare`` and ``quakeloom export``: catalogs of mechanisms as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from quakeloom.core import InputError
from quakeloom.store import RunLayout, atomic_file, local_copy, open_folder, open_item, read_table

EXPORTS = ("quakeml", "csv", "meca", "gmt-table")


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
        Console().print(found.as_rich_table(str(a), str(b)))


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
    Console().print(table)
    typer.echo(
        f"{found['nodes']} nodes compared, {found['only_a']} only in the first, "
        f"{found['only_b']} only in the second; same regime at {100 * found['same_regime']:.0f} %"
    )


def export(
    run: Annotated[Path, typer.Option("--run", help="Folder of the run.", metavar="DIR")],
    to: Annotated[Path, typer.Option("--to", help="Folder for the files.", metavar="DIR")],
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(EXPORTS)}.")],
) -> None:
    """Write the mechanisms of a run for other programs; QuakeML one file per partition."""
    from quakeloom import formats
    from quakeloom.stages.frame.partition_states import planned_partitions
    from quakeloom.stages.mechanism import MECHANISM

    if form not in EXPORTS:
        raise InputError(f"'{form}' is no format to export to; write one of {', '.join(EXPORTS)}.")
    layout = RunLayout(run)
    folder = open_folder(to)
    if form == "quakeml":
        for name in planned_partitions(layout, MECHANISM.name):
            part = layout.part(MECHANISM.name, name)
            table = read_table(part / "mechanisms.parquet", "mechanisms")
            with atomic_file(folder / f"{name}.xml") as file:
                formats.write_quakeml(table, file)
            typer.echo(folder / f"{name}.xml")
        return
    table = read_table(layout.table("mechanisms"), "mechanisms")
    item = folder / {"csv": "mechanisms.csv", "meca": "mechanisms.meca"}.get(form, "mechanisms.txt")
    write = {
        "csv": formats.write_csv,
        "meca": formats.write_gmt_meca,
        "gmt-table": formats.write_gmt_table,
    }[form]
    with atomic_file(item) as file:
        write(table, file)
    typer.echo(item)


def read_catalog(path: Path) -> pa.Table:
    """Read mechanisms from a run folder, or from any table that formats can read."""
    from quakeloom import formats

    item = open_item(path)
    if item.is_folder():
        return read_table(RunLayout(item).table("mechanisms"), "mechanisms")
    if not item.exists():
        raise InputError(f"{path} does not exist; give a run folder or a table of mechanisms.")
    return formats.read_mechanisms(path)


def _read_map(path: Path) -> Any:
    import pandas as pd

    item = open_item(path)
    if item.is_folder():
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
