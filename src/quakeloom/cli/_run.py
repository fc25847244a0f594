"""``quakeloom run``, ``plan``, ``verify``: the workflow as a whole."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from quakeloom.cli._job_server import serving_jobs
from quakeloom.cli._profiles import (
    memory_limit,
    plan_elsewhere,
    planning_command,
    runs_here,
)
from quakeloom.cli._snakemake import (
    UNLOCK,
    Watched,
    cache_environment,
    command_again,
    config_value,
    refuse_odd_name,
    refuse_read_only_folder,
    run_snakemake,
)
from quakeloom.cli._snakemake_lock import LockOwner
from quakeloom.cli._waveforms import fetch as fetch_waveforms
from quakeloom.core import (
    PlanError,
    QuakeloomError,
    SettingsError,
    find_shipped,
    machine_cores,
    shipped_places,
)
from quakeloom.store import Item, RunLayout, keep_timings, local_side, open_item, open_results

if TYPE_CHECKING:
    from quakeloom.config import Configuration, Settings

Config = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        help="Configuration file (YAML), or the name of an example.",
        metavar="FILE",
    ),
]
Results = Annotated[Path, typer.Option("--results", help="Folder of all results.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run", context_settings={"allow_extra_args": True})(run)
    app.command("plan")(plan)
    app.command("verify")(verify)


def plan(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Configuration file (YAML).", metavar="FILE"),
    ] = None,
    results: Results = Path("results"),
    planned: Annotated[
        Path | None, typer.Option("--run", help="With --found: a planned run.", metavar="DIR")
    ] = None,
    found: Annotated[
        str, typer.Option(help="Plan what comes after this stage, which has run.", metavar="STAGE")
    ] = "",
) -> None:
    """Read new sources, and write what the workflow must do."""
    from quakeloom.cli._console import status
    from quakeloom.stages.frame.run_settings import load_runs, read_settings
    from quakeloom.stages.planning import plan_configuration, plan_found

    if planned is not None and found:
        layout = RunLayout(planned)
        stages = plan_found(read_settings(layout), layout, found)
        typer.echo(f"{planned}: " + ", ".join(_count_partitions(s, e) for s, e in stages.items()))
        return
    if config is None:
        raise SettingsError(
            "`quakeloom plan` needs --config FILE, or --run DIR with --found STAGE. Nothing was "
            "planned."
        )
    configuration = load_runs(config)
    with working_alone(configuration, results), status("planning") as say:
        made = plan_configuration(configuration, results, say)
    for name, entry in made["runs"].items():
        counts = ", ".join(_count_partitions(s, e) for s, e in entry["stages"].items())
        typer.echo(f"{name}: {entry['kind']}, {entry['events']} events; {counts}")


def run(
    context: typer.Context,
    config: Config,
    cores: Annotated[int, typer.Option(min=0, help="Processor cores to use; 0 for all.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would run.")] = (
        False
    ),
    profile: Annotated[
        str, typer.Option(help="Snakemake profile: local, slurm, or a folder.")
    ] = "local",
    results: Results = Path("results"),
    fetch: Annotated[
        bool, typer.Option("--fetch", help="First fetch waveforms from the FDSN service.")
    ] = False,
    snakefile: Annotated[
        Path | None,
        typer.Option(help="A workflow in place of the one that comes with quakeloom."),
    ] = None,
) -> None:
    """Plan, run the workflow with Snakemake, and say what came out.

    Further arguments go to Snakemake, after `--`.
    """
    from quakeloom.stages.frame.run_settings import load_runs
    from quakeloom.stages.planning import has_plan

    call = WorkflowCall(find_snakefile(snakefile), profile, cores, dry_run, tuple(context.args))
    configuration = load_runs(config)
    refuse_unusable_folder(results)
    only_unlock = UNLOCK in context.args
    if not only_unlock and not dry_run:
        _say_schedulers(configuration.cases.values())
    if fetch and not only_unlock:
        fetch_waveforms(config)
    if only_unlock and has_plan(results, configuration.name):
        run_workflow(configuration, results, call)
        return
    with planned_alone(configuration, results, call):
        run_workflow(configuration, results, call)
        if not dry_run and not only_unlock:
            finish(configuration, results)


def finish(configuration: Configuration, results: Path) -> None:
    """Record that a configuration is wholly computed, and remove what belongs to no state of now.

    Nothing happens where something is missing, as when Snakemake was told to make a part.
    """
    from quakeloom.stages.changes.finishing import finish_update

    finish_update(
        [(s, RunLayout(results / name)) for name, s in configuration.cases.items()],
        open_item(results) / configuration.name / "ingest" / "sources",
    )


@contextlib.contextmanager
def planned_alone(
    configuration: Configuration, results: Path, call: WorkflowCall
) -> Iterator[None]:
    """Plan, here or by the command of the profile, and hold the folder of the run."""
    from quakeloom.cli._console import status
    from quakeloom.stages.planning import plan_configuration

    planner = planning_command(call.profile_folder)
    if planner:
        plan_elsewhere(planner, configuration, results)
    with working_alone(configuration, results):
        if not planner:
            with status("planning") as say:
                plan_configuration(configuration, results, say)
        yield


@dataclass(frozen=True)
class WorkflowCall:
    """How Snakemake is called.

    Attributes
    ----------
    workflow : Path
        The Snakefile.
    profile : str
    cores : int
        0 for all.
    dry_run : bool
    rest : tuple of str
        Further arguments.
    """

    workflow: Path
    profile: str = "local"
    cores: int = 0
    dry_run: bool = False
    rest: tuple[str, ...] = ()

    @property
    def profile_folder(self) -> Path:
        """Folder of the profile: one that comes with the workflow, or one of the user's."""
        folder = self.workflow.parent / "workflow" / "profiles" / self.profile
        return folder if folder.is_dir() else Path(self.profile)

    @property
    def serves_jobs(self) -> bool:
        """Whether jobs run on this machine, and so may be copies of one process."""
        return (
            not self.dry_run
            and UNLOCK not in self.rest
            and runs_here(self.profile_folder, self.rest)
        )

    def command(self, configuration: Path, results: Path) -> list[str]:
        """Return the command line."""
        return [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(self.workflow),
            "--profile",
            str(self.profile_folder),
            "--config",
            f"quakeloom_config={config_value(configuration)}",
            f"quakeloom_results={config_value(results)}",
            "--cores",
            str(self.cores or machine_cores()),
            *memory_limit(self.profile_folder, self.rest),
            *(["--dry-run"] if self.dry_run else ["--show-failed-logs"]),
            *self.rest,
        ]


def refuse_unusable_folder(results: Path) -> None:
    """Refuse a folder of results that cannot be written, or that Snakemake cannot name."""
    refuse_read_only_folder()
    refuse_odd_name(results)
    open_results(results)


def run_workflow(configuration: Configuration, results: Path, call: WorkflowCall) -> None:
    """Run the workflow of a planned configuration, and say what came out."""
    on_disk = local_side(results)
    command = call.command(configuration.path, on_disk)
    environment = {**os.environ, **cache_environment(), "QUAKELOOM_PLANNED": "1"}
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", "")]
    )
    only_unlock = UNLOCK in call.rest
    is_plain = call.dry_run or not sys.stderr.isatty() or "QUAKELOOM_PLAIN" in os.environ
    log = on_disk / configuration.name / "snakemake.log"
    names = (configuration.name, *configuration.cases)
    owned = LockOwner([on_disk / each for each in dict.fromkeys(names)])
    if not call.dry_run and owned.remove_dead_lock():
        typer.echo(
            f"{configuration.name}: removed the lock of a run that was killed; it goes on from "
            "there.",
            err=True,
        )
    with serving_jobs(call.serves_jobs) as served:
        code, watched = run_snakemake(
            command,
            {**environment, **served},
            log,
            is_plain or only_unlock,
            None if call.dry_run else owned,
        )
    if not call.dry_run:
        keep_timings(on_disk / configuration.name)
    if code:
        raise QuakeloomError(_why_stopped(configuration.name, code, watched))
    if only_unlock:
        typer.echo(f"{configuration.name}: unlocked; nothing was run. Run it again to go on.")
    elif not call.dry_run:
        summarise(configuration.name, results)


def _say_schedulers(cases: Iterable[Settings]) -> None:
    """Print how the Dask schedulers are that the jobs will join, and where their pages are.

    Raises
    ------
    ClusterError
        If one does not answer: every job would fail.
    """
    from quakeloom.cli._console import status
    from quakeloom.cluster import describe_scheduler

    asked = set()
    for cluster in (settings.cluster for settings in cases):
        place = cluster.scheduler_address or cluster.scheduler_file
        if cluster.kind == "scheduler" and place not in asked:
            asked.add(place)
            with status(f"asking the Dask scheduler '{place}'"):
                state = describe_scheduler(cluster)
            typer.echo(str(state))
            if not state.workers:
                typer.echo(f"It has no worker; jobs wait {cluster.wait_s:g} s for the first one.")


_LOOK_S = 1.0
"""Seconds between two looks whether jobs that were left behind have ended."""


@contextlib.contextmanager
def working_alone(configuration: Configuration, results: Path) -> Iterator[None]:
    """Hold the folder of a run; refuse if another command plans or runs there.

    Jobs that a killed run left behind are waited for: what they finish is kept.
    """
    name = configuration.name
    with (open_item(results) / name).claim() as is_free:
        if not is_free:
            raise PlanError(
                f"Another `quakeloom run` or `quakeloom plan` works on '{name}' in '{results}', or "
                "a Snakemake that it started and that goes on without it. Nothing was planned or "
                "run; wait for its end, or stop it."
            )
        for each in (name, *configuration.cases):
            _wait_for_jobs(each, open_item(results) / each)
        yield


def _wait_for_jobs(name: str, folder: Item) -> None:
    if folder.is_shared():
        typer.echo(
            f"{name}: jobs of a run that was killed still work in '{folder}'; waiting for their "
            "end (Ctrl-C stops waiting).",
            err=True,
        )
        while folder.is_shared():
            time.sleep(_LOOK_S)


def _why_stopped(name: str, code: int, watched: Watched) -> str:
    """Say why Snakemake did not reach its end, and what to do."""
    if watched.is_locked:
        return (
            f"The workflow of '{name}' is locked: another run works in this folder, or one was "
            "killed. Nothing was run. Make sure that no other run works here, then unlock with "
            f"`{command_again(_without_rest(sys.argv[1:]), '--', UNLOCK)}`, and run again: what is "
            "done is kept."
        )
    reasons = "".join(f"\n  - {reason}" for reason in watched.reasons)
    if reasons:
        return (
            f"The workflow of '{name}' stopped, and what is done is kept. Fix the cause, and run "
            f"again:{reasons}"
        )
    how = f"Snakemake's exit code {code}" if code > 0 else f"Snakemake was killed, signal {-code}"
    return (
        f"The workflow of '{name}' stopped ({how}). What is done is kept: "
        "fix the cause that the message above or logs/ names, and run again."
    )


def _without_rest(arguments: list[str]) -> list[str]:
    """Return the arguments before `--`."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def verify(config: Config, results: Results = Path("results")) -> None:
    """Read every table and array of a run again and check it against its digests."""
    from quakeloom.stages.frame.chains import run_stages
    from quakeloom.stages.frame.run_settings import load_runs
    from quakeloom.stages.frame.verbs import verify_stage
    from quakeloom.stages.planning import read_settings

    for name in load_runs(config).cases:
        layout = RunLayout(results / name)
        settings = read_settings(layout)
        for stage in run_stages(settings):
            counts = verify_stage(stage, settings, layout)
            if counts:
                said = ", ".join(f"{v} {k}" for k, v in counts.items())
                typer.echo(f"{name}: stage {stage.name}: {said}: as recorded")


def find_snakefile(named: Path | None = None) -> Path:
    """Return the Snakefile that came with this program, or the one that is named.

    That of the folder we are in is never taken by itself: it may belong to another project.

    Raises
    ------
    PlanError
        If it is missing.
    """
    if named is not None:
        if not named.is_file():
            raise PlanError(f"There is no Snakefile '{named}'. Nothing was run; correct the path.")
        return named.resolve()
    found = find_shipped("Snakefile")
    if found is None or not (found.parent / "workflow").is_dir():
        places = " and ".join(map(str, shipped_places("Snakefile")))
        raise PlanError(
            f"The workflow is missing (looked at {places}). Nothing was run; install quakeloom "
            "again, or name one with `--snakefile FILE`."
        )
    return found


def summarise(name: str, results: Path) -> None:
    """Print what came out of every run, first of all who used nothing.

    Raises
    ------
    QuakeloomError
        If nothing at all came out of a run.
    """
    from quakeloom.cli._summary import summarise_run
    from quakeloom.stages.planning import read_plan, read_settings
    from quakeloom.stages.what_came_out import stages_without_result

    console = Console(markup=False)
    empty = []
    for run_name in read_plan(results, name)["runs"]:
        layout = RunLayout(results / run_name)
        settings = read_settings(layout)
        sentences, nothing = stages_without_result(settings, layout)
        for sentence in sentences:
            typer.secho(f"{run_name}: {sentence}", fg="red", err=True)
        if nothing:
            empty.append(run_name)
        console.print(summarise_run(run_name, settings, layout))
    if empty:
        raise QuakeloomError(
            f"Nothing came out of {', '.join(empty)}: no stage could use anything of what it was "
            "given. The reasons are above, and in the report."
        )


def _count_partitions(stage: str, entry: dict[str, Any]) -> str:
    if "found_by" in entry:
        return f"{stage} after {entry['found_by']}"
    return f"{stage} {len(entry['partitions'])}"
