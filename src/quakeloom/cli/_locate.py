"""``quakeloom locate``: verbs of the workflow, and any picks in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from quakeloom.cli._console import counting
from quakeloom.cli._open_run import Partition, Run, at_part, at_work
from quakeloom.cli._setting_pairs import merge_settings, read_setting_file, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder

locate_app = typer.Typer(
    help="Picks become hypocenters in an ensemble of velocity models. Without a verb: locate any "
    "picks, `quakeloom locate --picks FILE --stations FILE --model FILE --out DIR`.",
    invoke_without_command=True,
    no_args_is_help=True,
)
Round = Annotated[int, typer.Option("--round", help="Round of the station terms, from 0.")]


GROUPS = {"locate": locate_app}
"""Groups of commands that stages of this module bring."""


@locate_app.callback()
def locate(
    context: typer.Context,
    picks: Annotated[
        Path | None,
        typer.Option(help="Picks: Parquet, CSV, or any format that has some.", metavar="FILE"),
    ] = None,
    stations: Annotated[
        Path | None, typer.Option(help="Stations, in any format.", metavar="FILE")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Velocity model; several are an ensemble.", metavar="FILE"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.", metavar="DIR")] = None,
    members: Annotated[
        int | None, typer.Option(help="Members drawn around the models; 0: as they are.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with other settings of `locate`.", metavar="FILE"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A setting of `locate`, such as station_iterations=0.", metavar="K=V"
        ),
    ] = None,
    picks_format: Annotated[
        str, typer.Option("--format", help="Format of the picks; see `quakeloom formats`.")
    ] = "auto",
    stations_format: Annotated[str, typer.Option(help="Format of the stations.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Locate any picks, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.config import parse_settings
    from quakeloom.core import SettingsError
    from quakeloom.stages.locate.catalog import locate_catalog, read_location_inputs

    if picks is None or stations is None or not model or out is None:
        raise SettingsError(
            "`quakeloom locate` without a verb needs --picks FILE, --stations FILE, --model FILE "
            "and --out DIR. Nothing was computed; see `quakeloom locate --help`."
        )
    refuse_file_for_folder(out)
    values = merge_settings(read_setting_file(config, "locate"), read_setting_pairs(setting or []))
    values["models"] = list(model)
    if members is not None:
        values["members"] = members
    given = {
        "name": "located", "sources": [{"path": str(picks)}], "takeoff": {"angles": "ensemble"},
        "locate": values,
    }  # fmt: skip
    locate = parse_settings(given, "quakeloom locate").locate
    assert locate is not None
    inputs = read_location_inputs(picks, stations, out, (picks_format, stations_format))
    with counting("locating", "events") as progress:
        found = locate_catalog(locate, *inputs, out, seed, progress=progress)
    _show(found, out)


@locate_app.command("part")
def locate_part(
    partition: Partition,
    run: Run,
    number: Annotated[
        int | None, typer.Option("--round", help="Round of the station terms; else the last.")
    ] = None,
) -> None:
    """Locate the events of one partition; what was there of it is replaced."""
    from quakeloom.stages.locate import verbs as stage

    with at_work(run) if number is not None else at_part(run, "locate", partition) as opened:
        stage.part(*opened, partition, number)


@locate_app.command("terms")
def locate_terms(run: Run, number: Round) -> None:
    """Estimate station terms from all partitions of a round; refuse while any is missing."""
    from quakeloom.stages.locate import verbs as stage

    with at_work(run) as opened:
        stage.gather_terms(*opened, number)


def _show(found: Any, out: Path) -> None:
    table = Table("event", "status", "longitude", "latitude", "depth (km)", "picks", "rms (s)",
                  "models", title=str(out))  # fmt: skip
    rows = found.to_pylist()
    for row in rows[:20]:
        low, high = row["depth_025_km"], row["depth_975_km"]
        table.add_row(
            row["event_id"],
            row["status"],
            f"{row['longitude']:.4f}",
            f"{row['latitude']:.4f}",
            f"{row['depth_km']:.2f} ({low:.2f} to {high:.2f})",
            str(row["pick_count"]),
            f"{row['rms_s']:.3f}",
            f"{row['effective_model_count']:.1f}",
        )
    Console(markup=False).print(table)
    if any(row["depth_025_km"] < 0.0 for row in rows[:20]):
        typer.echo("Depths below 0 are above sea level.")
    if len(rows) > 20:
        typer.echo(f"... and {len(rows) - 20} more in {out / 'hypocenters.parquet'}")
    for row in rows:
        if row["reason"]:
            typer.echo(f"{row['event_id']}: {row['status']}: {row['reason']}")
