"""``quakeloom associate``: verbs of the workflow, and events from any picks in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom.cli._setting_pairs import merge_settings, read_setting_file, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder

associate_app = typer.Typer(
    help="Picks over all time become events. Without a verb: associate any picks, `quakeloom "
    "associate --picks FILE --stations FILE --model FILE --out DIR`.",
    invoke_without_command=True,
    no_args_is_help=True,
)

GROUPS = {"associate": associate_app}
"""Groups of commands that stages of this module bring."""


@associate_app.callback()
def associate(
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
        typer.Option(
            help="Layered velocity model; several are an ensemble, whose scatter is the error of "
            "travel times.",
            metavar="FILE",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.", metavar="DIR")] = None,
    members: Annotated[
        int, typer.Option(min=0, help="Members drawn around the first model; 0: as they are.")
    ] = 0,
    candidates: Annotated[
        str, typer.Option(help="What proposes candidates: stack, or octree (PyOcto).")
    ] = "stack",
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with other settings of `associate`.", metavar="FILE"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting, such as false_events_per_day=0.1 or maximum_depth_km=60.",
            metavar="K=V",
        ),
    ] = None,
    picks_format: Annotated[
        str, typer.Option("--format", help="Format of the picks; see `quakeloom formats`.")
    ] = "auto",
    stations_format: Annotated[str, typer.Option(help="Format of the stations.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Make events of picks over all time, with a reason for every pick, or run a verb of the stage.

    Writes associations, assignments and unassigned_picks, and events, picks, arrivals and
    catalog.xml for other programs and for `quakeloom locate --picks DIR/picks.parquet`.
    """
    if context.invoked_subcommand is not None:
        return
    from collections import Counter

    from quakeloom.cli._console import status
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run import associate_picks as associating

    if picks is None or stations is None or not model or out is None:
        raise SettingsError(
            "`quakeloom associate` without a verb needs --picks FILE, --stations FILE, --model "
            "FILE and --out DIR. Nothing was computed; see `quakeloom associate --help`."
        )
    refuse_file_for_folder(out)
    values = merge_settings(
        read_setting_file(config, "associate"), read_setting_pairs(setting or [])
    )
    options = associating.parse_options(values)
    models = associating.read_models(model, members, seed)
    inputs = associating.read_association_inputs(picks, stations, (picks_format, stations_format))
    with status("associating") as say:
        catalog = associating.associate_tables(inputs, models, options, candidates, say=say)
    associating.write_associated(catalog, inputs.rejects, out)
    typer.echo(
        f"{catalog.events.num_rows} events of {catalog.assignments.num_rows} picks of "
        f"{inputs.picks.num_rows} in {catalog.days:.2f} days; expected to be false: "
        f"{catalog.expected_false:.2f}"
    )
    reasons = Counter(catalog.unassigned_picks.column("unassigned_reason").to_pylist())
    for reason, count in sorted(reasons.items()):
        typer.echo(f"{count} picks without an event: {reason}")
    typer.echo(out / "catalog.xml")
