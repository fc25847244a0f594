"""``quakeloom faults``: verbs of the workflow, and the faults of any catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from quakeloom.cli._setting_pairs import merge_settings, read_setting_file, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder

faults_app = typer.Typer(
    help="Finite planes are found in hypocenters and mechanisms. Without a verb: find those of any "
    "catalog, `quakeloom faults --events FILE --out DIR`.",
    invoke_without_command=True,
    no_args_is_help=True,
)


GROUPS = {"faults": faults_app}
"""Groups of commands that stages of this module bring."""

_ROWS = 20
"""Faults that are shown; the table has all."""


@faults_app.callback()
def faults(
    context: typer.Context,
    events: Annotated[
        Path | None, typer.Option(help="Hypocenters, in any format.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.", metavar="DIR")] = None,
    mechanisms: Annotated[
        Path | None, typer.Option(help="Mechanisms of these events.", metavar="FILE")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(help="Known faults, GeoJSON or CSV, to compare with.", metavar="FILE"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with other settings of `faults`.", metavar="FILE"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of `faults`, such as nulls=5.", metavar="K=V"),
    ] = None,
    events_format: Annotated[
        str, typer.Option("--format", help="Format of the events; see `quakeloom formats`.")
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Find the faults of a catalog, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.cli._catalogs import read_catalog
    from quakeloom.cli._console import spinner
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run.find_faults import find_file_faults

    if events is None or out is None:
        raise SettingsError(
            "`quakeloom faults` without a verb needs --events FILE and --out DIR. Nothing was "
            "computed; see `quakeloom faults --help`."
        )
    refuse_file_for_folder(out)
    values = merge_settings(read_setting_file(config, "faults"), read_setting_pairs(setting or []))
    if known:
        values["known"] = list(known)
    wanted = _settings(values)
    table = read_catalog(mechanisms, out) if mechanisms is not None else None
    with spinner("looking for faults"):
        found = find_file_faults(wanted, events, table, out, seed, events_format)
    _show(found["faults"].to_pylist(), out)


def _settings(values: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from quakeloom.config import Faults
    from quakeloom.core import SettingsError

    try:
        return Faults(**values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"The search for faults cannot be set up ({problems}).") from None


def _show(rows: list[dict[str, Any]], out: Path) -> None:
    table = Table("fault", "status", "strike", "dip", "length (km)", "width (km)", "events",
                  "chance", "known", title=str(out))  # fmt: skip
    for row in rows[:_ROWS]:
        table.add_row(
            row["fault"],
            row["fault_status"],
            f"{row['strike_deg']:.1f} +- {row['strike_std_deg']:.1f}",
            f"{row['dip_deg']:.1f} +- {row['dip_std_deg']:.1f}",
            f"{row['fault_length_km']:.2f} +- {row['fault_length_std_km']:.2f}",
            f"{row['fault_width_km']:.2f} +- {row['fault_width_std_km']:.2f}",
            f"{row['expected_event_count']:.0f}",
            f"{row['fault_chance']:.3f}",
            " ".join(w for w in (row["known_status"], row["known_fault"]) if w),
        )
    Console(markup=False).print(table)
    if not rows:
        typer.echo("No fault was found; fault_members.parquet says so of every event.")
    elif len(rows) > _ROWS:
        typer.echo(f"... and {len(rows) - _ROWS} more in {out / 'faults.parquet'}")
    for row in rows[:_ROWS]:
        if row["reason"]:
            typer.echo(f"{row['fault']} is doubtful: {row['reason']}")
