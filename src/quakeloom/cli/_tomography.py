"""``quakeloom tomography``: the stage's verbs, and the whole of it for one pick file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from quakeloom.cli._setting_pairs import merge_settings, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder
from quakeloom.core import SettingsError

_BLOCK_MEMBERS = 8
"""Members of a block, as in the default settings; chosen here so that more can be added later."""

tomography_app = typer.Typer(
    help="Travel times of a refraction line become an ensemble of velocity sections.",
    invoke_without_command=True,
)


GROUPS = {"tomography": tomography_app}
"""Groups of commands that stages of this module bring."""


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
    file_format: Annotated[
        str, typer.Option("--format", help="Format of the picks: auto, rayinvr, pygimli or csv.")
    ] = "auto",
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any setting of `tomography`, such as section.spacing_km=[0.1,0.2] or "
            "prior.blocks=0; it wins over the other options.",
            metavar="K=V",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of all random streams.")] = 20260101,
) -> None:
    """Compute an ensemble from a pick file, with settings that follow from the picks.

    The section, the phases that come first, and the prior's mean, width and correlation lengths
    follow from the picks; `--set` sets each of them, and all other settings. What is
    already computed in the folder is kept, so more members can be added.
    """
    if context.invoked_subcommand is not None:
        return
    if picks is None or out is None:
        raise SettingsError(
            "`quakeloom tomography` needs --picks FILE and --out DIR, or one of the verbs init, "
            "part, finalise, verify with --run DIR. Nothing was computed."
        )
    refuse_file_for_folder(out)
    given: dict[str, Any] = {
        "picks": {
            "path": picks.name,
            "format": file_format,
            "unit": unit,
            "error_s": error,
            "relative_error": relative_error,
            "first_arrivals": [p.strip() for p in phases.split(",") if p.strip()],
        },
        "section": {
            "ground": str(Path(ground).absolute()) if ground else "",
            "water_surface_km": water_surface,
        },
        "sampler": sampler,
        "members": members,
    }
    given = _complete(given, setting or [])
    given = {"data": str(picks.absolute().parent), "tomography": given}
    _run_line(out, {"seed": seed, "cluster": _cluster(given["tomography"], workers), **given})


def _complete(given: dict[str, Any], pairs: list[str]) -> dict[str, Any]:
    """Settings with those of `--set`, and members of a block that go with them."""
    given = merge_settings(given, read_setting_pairs(pairs))
    particles = max(16, _count_of(given["members"]))
    return {"block_members": _BLOCK_MEMBERS if given["sampler"] == "rml" else particles, **given}


def _cluster(given: dict[str, Any], workers: int | None) -> dict[str, Any]:
    """Processes that compute, as wanted, else as many as cores where there are whole blocks."""
    if workers is None:
        many = _count_of(given["members"]) >= _BLOCK_MEMBERS
        workers = min(os.cpu_count() or 1, _BLOCK_MEMBERS) if many else 0
    return {"kind": "local" if workers > 1 else "synchronous", "workers": workers or 1}


def _count_of(members: Any) -> int:
    """Members as a number; what is none is refused later, with the other settings."""
    return members if isinstance(members, int) else 0


def _run_line(out: Path, given: dict[str, Any]) -> None:
    """Compute a line from its settings, named after the folder of its results."""
    from quakeloom.cli._console import status
    from quakeloom.config import parse_settings
    from quakeloom.stages.frame.chains import find_chain
    from quakeloom.stages.planning import plan_run
    from quakeloom.stages.run_here import run_here
    from quakeloom.stages.tomography import TOMOGRAPHY
    from quakeloom.store import RunLayout, open_folder, read_json

    layout = RunLayout(open_folder(out))
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in layout.root.name).strip("-")
    settings = parse_settings({"name": name or "line", **given}, "the command line")
    with status("planning") as say:
        plan_run(settings, layout)
        run_here(settings, layout, say)
        find_chain(settings).write_page(settings, layout)
    show_summary(read_json(layout.done_step(TOMOGRAPHY.name, "finalise"))["summary"])
    typer.echo(f"report: {layout.report}")


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
