"""``quakeloom STAGE VERB``: the verbs of every stage, as the workflow calls them.

The commands follow from the records of the stages. A stage that is also a command of its own
(``quakeloom locate --picks ...``) brings its group, and the verbs are added to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from quakeloom.cli._open_run import Partition, Run, at_part, at_work, open_run
from quakeloom.core import PlanError
from quakeloom.stages.every_stage import every_stage, find_stage
from quakeloom.stages.frame.stage import ONE, Stage


def add_commands(app: typer.Typer, groups: Mapping[str, typer.Typer]) -> None:
    """Add a group of commands for every stage.

    Parameters
    ----------
    app : typer.Typer
    groups : mapping of str to typer.Typer
        Groups that stages bring, by name of the stage.
    """
    for stage in every_stage():
        group = groups.get(stage.name) or typer.Typer(help=stage.summary, no_args_is_help=True)
        _add_verbs(group, stage)
        app.add_typer(group, name=stage.name)
    app.command("report")(report)


def refuse_doubled_names(app: typer.Typer) -> None:
    """Refuse a stage whose name is that of a command.

    Raises
    ------
    PlanError
        Such a stage would hide the command, or be hidden by it.
    """
    commands = {c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands}
    groups = [str(g.name) for g in app.registered_groups]
    for stage in every_stage():
        if stage.name in commands or groups.count(stage.name) > 1:
            raise PlanError(
                f"Stage '{stage.name}' ({stage.module}) has the name of a command. Nothing was "
                "done; give it another name in its record."
            )


def _add_verbs(group: typer.Typer, stage: Stage) -> None:
    there = {c.name for c in group.registered_commands}
    name = stage.name

    def verify(run: Run) -> None:
        """Read everything again and compare it with its digests."""
        from quakeloom.stages.frame.verbs import verify_stage

        counts = verify_stage(find_stage(name), *open_run(run))
        said = ", ".join(f"{v} {k}" for k, v in counts.items()) or "nothing to check"
        typer.echo(f"{run}: {said}: as recorded")

    def plan(run: Run) -> None:
        """List the partitions of a planned run with their state."""
        from quakeloom.stages.frame.verbs import list_partitions

        for partition, state in list_partitions(find_stage(name), open_run(run)[1]):
            typer.echo(f"{partition}\t{state}")

    def init(run: Run) -> None:
        """Open the stage: what all partitions share is made, what is missing is told."""
        from quakeloom.stages.frame.verbs import init_stage

        with at_work(run) as opened:
            init_stage(find_stage(name), *opened)

    def part(partition: Partition, run: Run) -> None:
        """Compute one partition; what was there of it is replaced."""
        from quakeloom.stages.frame.verbs import run_part

        with at_part(run, name, partition) as opened:
            run_part(find_stage(name), *opened, partition)

    def part_of_one(run: Run) -> None:
        """Compute the stage; what was there of it is replaced."""
        from quakeloom.stages.frame.verbs import run_part

        with at_part(run, name, ONE) as opened:
            run_part(find_stage(name), *opened)

    def finalise(run: Run) -> None:
        """Gather the partitions; refuse while any is missing."""
        from quakeloom.stages.frame.verbs import finalise_stage

        with at_work(run) as opened:
            finalise_stage(find_stage(name), *opened)

    verbs: dict[str, Callable[..., None]] = {"verify": verify}
    if stage.partitions != "planning":
        verbs |= {"plan": plan, "part": part_of_one if stage.partitions == "one" else part}
    if stage.opens:
        verbs["init"] = init
    if stage.gathers:
        verbs["finalise"] = finalise
    for verb in ("plan", "init", "part", "finalise", "verify"):
        if verb in verbs and verb not in there:
            group.command(verb)(verbs[verb])


def report(run: Run) -> None:
    """Write the report page of a run."""
    from quakeloom.report import write_report
    from quakeloom.stages.frame.chains import run_stages
    from quakeloom.stages.frame.partition_states import refuse_unfinished

    with at_work(run) as (settings, layout):
        refuse_unfinished(layout, run_stages(settings), "no report was written")
        write_report(settings, layout)
