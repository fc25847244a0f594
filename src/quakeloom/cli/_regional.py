"""``quakeloom regional``: the verbs of the stage, as the workflow calls them."""

from __future__ import annotations

from typing import Annotated

import typer

from quakeloom.cli._open_run import Run, open_run

regional_app = typer.Typer(
    help="An ensemble of 3-D velocity models, and travel times to stations.", no_args_is_help=True
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(regional_app, name="regional")


@regional_app.command("plan")
def regional_plan(run: Run) -> None:
    """List the blocks of a planned run with their state."""
    from quakeloom.stages.regional import verbs as stage

    for name, state in stage.list_blocks(*open_run(run)):
        typer.echo(f"{name}\t{state}")


@regional_app.command("init")
def regional_init(run: Run) -> None:
    """Read the stations, make room for the members."""
    from quakeloom.stages.regional import verbs as stage

    stage.init(*open_run(run))


@regional_app.command("part")
def regional_part(
    partition: Annotated[str, typer.Argument(help="Name of the block, such as m00000.")], run: Run
) -> None:
    """Draw one block of members and compute the tables that are not there yet."""
    from quakeloom.stages.regional import verbs as stage

    stage.part(*open_run(run), partition)


@regional_app.command("finalise")
def regional_finalise(run: Run) -> None:
    """Summarize the ensemble; refuse while blocks are missing."""
    from quakeloom.stages.regional import verbs as stage

    stage.finalise(*open_run(run))


@regional_app.command("verify")
def regional_verify(run: Run) -> None:
    """Read all members and tables again and compare them with their digests."""
    from quakeloom.stages.regional import verbs as stage

    counts = stage.verify(*open_run(run))
    typer.echo(f"{run}: {', '.join(f'{v} {k}' for k, v in counts.items())}: as recorded")
