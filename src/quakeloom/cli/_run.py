"""``quakeloom run``, ``plan``, ``verify``: the workflow as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from quakeloom.cli._waveforms import fetch as fetch_waveforms
from quakeloom.config import load_configuration
from quakeloom.core import PlanError, QuakeloomError, find_shipped, shipped_places
from quakeloom.store import RunLayout

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
    app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
        run
    )
    app.command("plan")(plan)
    app.command("verify")(verify)


def plan(config: Config, results: Results = Path("results")) -> None:
    """Read new sources, and write what the workflow must do."""
    from quakeloom.cli._console import status
    from quakeloom.stages.planning import plan_configuration

    with status("planning") as say:
        made = plan_configuration(load_configuration(config), results, say)
    for name, entry in made["runs"].items():
        typer.echo(f"{name}: {entry['events']} events in {len(entry['partitions'])} partitions")


def run(
    context: typer.Context,
    config: Config,
    cores: Annotated[int, typer.Option(help="Processor cores to use; 0 for all.")] = 0,
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
    from quakeloom.cli._console import status
    from quakeloom.stages.planning import plan_configuration

    workflow = find_snakefile(snakefile)
    configuration = load_configuration(config)
    if fetch:
        fetch_waveforms(config)
    with status("planning") as say:
        plan_configuration(configuration, results, say)
    folder = workflow.parent / "workflow" / "profiles" / profile
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(workflow),
        "--profile",
        str(folder if folder.is_dir() else profile),
        "--config",
        f"quakeloom_config={configuration.path}",
        f"quakeloom_results={results}",
        "--cores",
        str(cores or os.cpu_count() or 1),
        *(["--dry-run"] if dry_run else []),
        *context.args,
    ]
    environment = {**os.environ, "QUAKELOOM_PLANNED": "1"}
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", "")]
    )
    code = _run_snakemake(command, environment, results / configuration.name, dry_run)
    if code:
        raise QuakeloomError(
            f"The workflow of '{configuration.name}' stopped (Snakemake's exit code {code}). "
            "What is done is kept: mend what the message above or logs/ says, and run again."
        )
    if not dry_run:
        _summarise(configuration.name, results)


def verify(config: Config, results: Results = Path("results")) -> None:
    """Read a run again and check it against its digests."""
    from quakeloom.stages.locate import verbs as locate
    from quakeloom.stages.mechanism import verbs as mechanism
    from quakeloom.stages.pick import verbs as pick
    from quakeloom.stages.planning import read_settings
    from quakeloom.stages.polarity import verbs as polarity
    from quakeloom.stages.regional import verbs as regional
    from quakeloom.stages.stress import verbs as stress
    from quakeloom.stages.threshold import verbs as threshold
    from quakeloom.stages.tomography import verbs as tomography
    from quakeloom.stages.window import verbs as window

    configuration = load_configuration(config)
    for name in configuration.cases:
        layout = RunLayout(results / name)
        settings = read_settings(layout)
        counts: dict[str, int] = {}
        if settings.tomography is not None:
            counts = tomography.verify(settings, layout)
        elif settings.regional is not None:
            counts = regional.verify(settings, layout)
        elif settings.sources or settings.simulation is not None:
            counts = mechanism.verify(settings, layout)
        if settings.locate is not None:
            counts |= {f"{k} of locations": v for k, v in locate.verify(settings, layout).items()}
        if settings.waveforms is not None:
            for stage in (window, pick, polarity):
                found = stage.verify(settings, layout)
                counts |= {f"{k} of stage {stage.STAGE}": v for k, v in found.items()}
        if settings.threshold is not None:
            found = threshold.verify(settings, layout)
            counts |= {f"{k} of stage {threshold.STAGE}": v for k, v in found.items()}
        if settings.stress is not None:
            counts |= {
                f"{k} of the stress map": v for k, v in stress.verify(settings, layout).items()
            }
        typer.echo(f"{name}: {', '.join(f'{v} {k}' for k, v in counts.items())}: as recorded")


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


def _run_snakemake(
    command: list[str], environment: dict[str, str], root: Path, dry_run: bool
) -> int:
    """Run Snakemake, on a terminal with a progress bar instead of its stream of messages."""
    if dry_run or not sys.stderr.isatty() or "QUAKELOOM_PLAIN" in os.environ:
        return subprocess.run(command, env=environment, check=False).returncode
    from quakeloom.cli._console import follow_snakemake

    return follow_snakemake(command, environment, root / "snakemake.log")


def _summarise(name: str, results: Path) -> None:
    from quakeloom.cli._summary import summarise_run
    from quakeloom.stages.planning import read_plan

    console = Console()
    for run_name in read_plan(results, name)["runs"]:
        console.print(summarise_run(run_name, RunLayout(results / run_name)))
