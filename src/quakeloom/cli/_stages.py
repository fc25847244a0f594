"""The stages and their verbs, as the workflow calls them."""

from __future__ import annotations

import typer

from quakeloom.cli._open_run import Partition, Run, open_run

mechanism_app = typer.Typer(
    help="Polarities and amplitudes become focal mechanisms.", no_args_is_help=True
)
takeoff_app = typer.Typer(help="Tables of take-off angles, one per model.", no_args_is_help=True)
stations_app = typer.Typer(
    help="How often stations contradict the mechanisms; who looks reversed.", no_args_is_help=True
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(takeoff_app, name="takeoff")
    app.add_typer(mechanism_app, name="mechanism")
    app.add_typer(stations_app, name="stations")
    app.command("report")(report)


@takeoff_app.command("part")
def takeoff_part(run: Run) -> None:
    """Trace the velocity models of a run and write their tables."""
    from quakeloom.stages.takeoff import verbs as takeoff

    takeoff.part(*open_run(run))


@mechanism_app.command("plan")
def mechanism_plan(run: Run) -> None:
    """List the partitions of a planned run, with events and state."""
    from quakeloom.stages.mechanism import verbs as mechanism

    _, layout = open_run(run)
    for row in mechanism.list_partitions(layout):
        typer.echo(f"{row.partition}\t{row.events}\t{row.state}")


@mechanism_app.command("init")
def mechanism_init(run: Run) -> None:
    """Make the store of accepted sets, with the grid of mechanisms."""
    from quakeloom.stages.mechanism import verbs as mechanism

    mechanism.init(*open_run(run))


@mechanism_app.command("part")
def mechanism_part(partition: Partition, run: Run) -> None:
    """Compute one partition; what was there of it is replaced."""
    from quakeloom.stages.mechanism import verbs as mechanism

    mechanism.part(*open_run(run), partition)


@mechanism_app.command("finalise")
def mechanism_finalise(run: Run) -> None:
    """Gather the partitions into the tables of the run; refuse while any is missing."""
    from quakeloom.stages.mechanism import verbs as mechanism

    mechanism.finalise(*open_run(run))


@mechanism_app.command("verify")
def mechanism_verify(run: Run) -> None:
    """Read everything again and compare it with its digests."""
    from quakeloom.stages.mechanism import verbs as mechanism

    counts = mechanism.verify(*open_run(run))
    typer.echo(f"{run}: {', '.join(f'{v} {k}' for k, v in counts.items())}: as recorded")


@stations_app.command("part")
def stations_part(run: Run) -> None:
    """Make the station report of a run, and its proposals for the reversal table."""
    from quakeloom.stages.stations import verbs as stations

    stations.part(*open_run(run))


def report(run: Run) -> None:
    """Write the report page of a run."""
    from quakeloom.cli._reporting import write_report

    write_report(*open_run(run))
