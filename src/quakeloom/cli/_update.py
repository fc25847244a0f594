"""``quakeloom update``: what changed since a run was finished, what must run, and running it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from quakeloom.cli._run import (
    Config,
    Results,
    WorkflowCall,
    find_snakefile,
    finish,
    planned_alone,
    refuse_unusable_folder,
    run_workflow,
)
from quakeloom.core import SettingsError
from quakeloom.store import RunLayout

if TYPE_CHECKING:
    from quakeloom.config import Configuration
    from quakeloom.stages.changes.run_changes import RunChanges

_SHOWN_PARTITIONS = 4
"""Partitions that a row of the table names; chosen here, to fit a line."""

_SHOWN_CAUSES = 6
"""Causes that a row of the table names; `--explain` has all."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("update", context_settings={"allow_extra_args": True})(update)


def update(
    context: typer.Context,
    config: Config,
    cores: Annotated[int, typer.Option(min=0, help="Processor cores to use; 0 for all.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only show what changed and what would run.")
    ] = False,
    explain: Annotated[
        tuple[str, str],
        typer.Option(
            metavar="STAGE PARTITION",
            help="Only say why a partition would run, back to row, setting or module.",
        ),
    ] = ("", ""),
    as_json: Annotated[
        bool, typer.Option("--json", help="Show it as JSON; implies --dry-run.")
    ] = False,
    profile: Annotated[
        str, typer.Option(help="Snakemake profile: local, slurm, or a folder.")
    ] = "local",
    results: Results = Path("results"),
) -> None:
    """Show what changed since the run was finished and what must run; then run it.

    Further arguments go to Snakemake, after `--`.
    """
    from quakeloom.stages.changes.explained import describe_changes
    from quakeloom.stages.frame.run_settings import load_runs

    call = WorkflowCall(find_snakefile(None), profile, cores, rest=tuple(context.args))
    configuration = load_runs(config)
    refuse_unusable_folder(results)
    context.with_resource(planned_alone(configuration, results, call))
    changes = find_changes(configuration, results)
    if as_json:
        described = {name: describe_changes(c) for name, c in changes.items()}
        typer.echo(json.dumps(described, indent=1))
        return
    if explain[0]:
        _explain(changes, *explain)
        return
    console = Console(markup=False)
    for name, change in changes.items():
        _show(console, name, change)
    if dry_run:
        return
    run_workflow(configuration, results, call)  # the report may be all that changed
    finish(configuration, results)


def find_changes(configuration: Configuration, results: Path) -> dict[str, RunChanges]:
    """Return what changed in every run of a planned configuration."""
    from quakeloom.stages.changes.run_changes import RunChanges

    return {
        name: RunChanges(settings, RunLayout(results / name))
        for name, settings in configuration.cases.items()
    }


def _show(console: Console, name: str, changes: RunChanges) -> None:
    """Print what changed in a run, and what must run."""
    from quakeloom.stages.changes.explained import changed_sentences, grouped_work

    if not changes.work:
        console.print(f"{name}: nothing must run; all is as it was finished")
    for sentence in changed_sentences(changes):
        console.print(f"{name}: {sentence}", soft_wrap=True)
    if not changes.work:
        return
    table = Table(title=f"{name}: what must run", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("stage", "partitions", "reason", "expected"):
        table.add_column(column, justify="right" if column == "expected" else "left")
    for row in grouped_work(changes):
        names = ", ".join(row.names[:_SHOWN_PARTITIONS])
        if len(row.names) > _SHOWN_PARTITIONS:
            names += f" and {len(row.names) - _SHOWN_PARTITIONS} more"
        count = f"{len(row.names)} of {row.planned}: " if row.planned > 1 else ""
        reasons = [c.sentence() for c in row.causes[:_SHOWN_CAUSES]]
        if len(row.causes) > _SHOWN_CAUSES:
            reasons.append(f"and {len(row.causes) - _SHOWN_CAUSES} more")
        table.add_row(row.stage, count + names, "\n".join(reasons), _time(row.seconds))
    console.print(table)


def _explain(changes: dict[str, RunChanges], stage: str, partition: str) -> None:
    """Print why a partition of a stage must run.

    Raises
    ------
    SettingsError
        If no run has it.
    """
    from quakeloom.stages.changes.explained import explain_partition

    found = False
    for name, change in changes.items():
        plans = change.new_plans.get(stage, {}).get("each", {})
        if partition not in plans:
            continue
        found = True
        typer.echo(f"{name}: {stage} {partition}")
        for depth, line in explain_partition(change, stage, partition):
            typer.echo(f"{'  ' * (depth + 1)}{line}")
    if not found:
        known = ", ".join(dict.fromkeys(s for c in changes.values() for s in c.new_plans))
        raise SettingsError(
            f"No run has a partition '{partition}' of a stage '{stage}'. Nothing was run; stages "
            f"are {known}, and `quakeloom STAGE plan` lists their partitions."
        )


def _time(seconds: float | None) -> str:
    """Return an expected time in words."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
