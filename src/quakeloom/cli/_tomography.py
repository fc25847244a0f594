"""``quakeloom tomography``: the stage's verbs, and the whole of it for one pick file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from quakeloom.cli._open_run import Run, open_run
from quakeloom.core import SettingsError

_BLOCK_MEMBERS = 8

tomography_app = typer.Typer(
    help="Travel times of a refraction line become an ensemble of velocity sections.",
    invoke_without_command=True,
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(tomography_app, name="tomography")


@tomography_app.callback()
def tomography(
    context: typer.Context,
    picks: Annotated[
        Path | None, typer.Option(help="Pick file: tx.in, .sgt or CSV.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of results.", metavar="DIR")] = None,
    sampler: Annotated[str, typer.Option(help="rml, psvgd or fsvgd.")] = "rml",
    members: Annotated[int, typer.Option(help="Members of the ensemble.")] = 64,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Worker processes; 0 computes in this one. As many as cores, at most a block's "
            "members, if not given."
        ),
    ] = None,
    error: Annotated[
        float | None, typer.Option(help="Standard error in s of picks that have none.")
    ] = None,
    relative_error: Annotated[
        float, typer.Option(help="Added in quadrature, as a share of the time.")
    ] = 0.0,
    phases: Annotated[
        str,
        typer.Option(
            help="Phase codes that are first arrivals, with commas; from the picks if empty."
        ),
    ] = "",
    ground: Annotated[str, typer.Option(help="Ground or sea floor: v.in or CSV.")] = "",
    water_surface: Annotated[
        float | None, typer.Option(help="Depth of the water's surface, km.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of positions: auto, km or m.")] = "auto",
    seed: Annotated[int, typer.Option(help="Root of all random streams.")] = 20260101,
) -> None:
    """Compute an ensemble from a pick file, with settings that follow from the picks.

    The section, the phases that come first, and the prior's mean, width and correlation lengths
    follow from the picks; a configuration file (`quakeloom run --config`) sets them all. What is
    already computed in the folder is kept, so more members can be added.
    """
    if context.invoked_subcommand is not None:
        return
    if picks is None or out is None:
        raise SettingsError(
            "`quakeloom tomography` needs --picks FILE and --out DIR, or one of the verbs init, "
            "part, finalise, verify with --run DIR. Nothing was computed."
        )
    from quakeloom.cli._console import status
    from quakeloom.config import parse_settings
    from quakeloom.stages.planning import plan_line
    from quakeloom.stages.tomography.verbs import blocks_of, finalise, init, list_blocks, part
    from quakeloom.store import RunLayout

    if workers is None:
        workers = min(os.cpu_count() or 1, _BLOCK_MEMBERS) if members >= _BLOCK_MEMBERS else 0
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in out.resolve().name).strip("-")
    settings = parse_settings(
        {
            "name": name or "line",
            "seed": seed,
            "data": str(picks.resolve().parent),
            "cluster": {"kind": "local" if workers > 1 else "synchronous", "workers": workers or 1},
            "tomography": {
                "picks": {
                    "path": picks.name,
                    "unit": unit,
                    "error_s": error,
                    "relative_error": relative_error,
                    "first_arrivals": [p.strip() for p in phases.split(",") if p.strip()],
                },
                "section": {
                    "ground": str(Path(ground).resolve()) if ground else "",
                    "water_surface_km": water_surface,
                },
                "sampler": sampler,
                "members": members,
                "block_members": _BLOCK_MEMBERS if sampler == "rml" else max(16, members),
            },
        },
        "the command line",
    )
    layout = RunLayout(out)
    with status("planning") as say:
        plan_line(settings, layout)
        say("choosing the prior and finding the most probable model")
        init(settings, layout)
        todo = {b for b, state in list_blocks(settings, layout) if state != "done"}
        for block in blocks_of(settings):
            if block.name in todo:
                say(f"members {block.members[0]} to {block.members[-1]} of {members}")
                part(settings, layout, block.name)
        say("summarizing")
        summary = finalise(settings, layout)
        from quakeloom.cli._reporting import write_report

        write_report(settings, layout)
    show_summary(summary)
    typer.echo(f"report: {layout.report}")


@tomography_app.command("plan")
def tomography_plan(run: Run) -> None:
    """List the blocks of a planned run with their state."""
    from quakeloom.stages.tomography import verbs as stage

    for name, state in stage.list_blocks(*open_run(run)):
        typer.echo(f"{name}\t{state}")


@tomography_app.command("init")
def tomography_init(run: Run) -> None:
    """Check the picks, find the most probable model, make room for the members."""
    from quakeloom.stages.tomography import verbs as stage

    stage.init(*open_run(run))


@tomography_app.command("part")
def tomography_part(
    partition: Annotated[str, typer.Argument(help="Name of the block, such as m00000.")], run: Run
) -> None:
    """Compute one block of members; what was there of it is replaced."""
    from quakeloom.stages.tomography import verbs as stage

    stage.part(*open_run(run), partition)


@tomography_app.command("finalise")
def tomography_finalise(run: Run) -> None:
    """Summarize the ensemble; refuse while blocks are missing."""
    from quakeloom.stages.tomography import verbs as stage

    stage.finalise(*open_run(run))


@tomography_app.command("verify")
def tomography_verify(run: Run) -> None:
    """Read all members again and compare them with their digests."""
    from quakeloom.stages.tomography import verbs as stage

    counts = stage.verify(*open_run(run))
    typer.echo(f"{run}: {', '.join(f'{v} {k}' for k, v in counts.items())}: as recorded")


def show_summary(summary: dict[str, Any]) -> None:
    """Print what came out of a line."""
    for key in (
        "sampler",
        "members",
        "picks",
        "rejects",
        "chi_square_per_datum",
        "effective_sample_size",
        "seconds_per_member",
    ):
        value = summary[key]
        typer.echo(f"{key}: {value:.3g}" if isinstance(value, float) else f"{key}: {value}")
    for words in summary.get("warnings", []):
        typer.echo(f"warning: {words}", err=True)
