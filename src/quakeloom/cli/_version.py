"""``quakeloom version``: seal finished runs, compare versions, check and export them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from quakeloom.cli._run import Config, Results, refuse_unusable_folder, working_alone
from quakeloom.core import VerificationError
from quakeloom.store import Item, RunLayout, open_item

if TYPE_CHECKING:
    from quakeloom.config import Configuration

_app = typer.Typer(no_args_is_help=True, help="Seal finished runs as versions; compare them.")
"""The group of commands."""

_SHOWN = 10
"""Events, nodes and causes that the terminal shows of each; JSON and the page have all."""

_HEADINGS = {
    "event_id": "event",
    "moved_km": "km",
    "rotation_deg": "turned",
    "letter_a": "from",
    "letter_b": "to",
    "shmax_deg": "SHmax",
    "shape_ratio": "ratio",
}
"""Headings of columns that are shorter than their names, to fit a terminal."""

Tag = Annotated[str, typer.Argument(help="Name of the version.", metavar="NAME")]


def add_commands(app: typer.Typer) -> None:
    """Add the group of commands of this module."""
    app.add_typer(_app, name="version")


@_app.command("tag")
def tag(
    name: Tag,
    config: Config,
    message: Annotated[str, typer.Option("--message", "-m", help="What this version is.")] = "",
    results: Results = Path("results"),
) -> None:
    """Seal a finished run: digests of all products, settings, code and environment."""
    from quakeloom.stages.versions.seals import seal_version

    configuration = _load(config)
    refuse_unusable_folder(results)
    with working_alone(configuration, results):
        _plan(configuration, results)
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        runs = [(s, RunLayout(results / n)) for n, s in configuration.cases.items()]
        seal = seal_version(_folder(configuration, results), name, message, made, runs)
    products = sum(len(r["products"]) for r in seal["runs"].values())
    typer.echo(
        f"{configuration.name}: version {name} sealed: {products} products of "
        f"{len(seal['runs'])} run(s), digest {seal['digest']}"
    )


@_app.command("list")
def list_(config: Config, results: Results = Path("results")) -> None:
    """List the versions of a configuration."""
    from quakeloom.stages.versions.seals import list_versions

    configuration = _load(config)
    versions = list_versions(_folder(configuration, results))
    if not versions:
        typer.echo(f"{configuration.name}: no versions; `quakeloom version tag NAME` makes one")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("version", "made", "runs", "products", "message"):
        table.add_column(column)
    for seal in versions:
        products = sum(len(r["products"]) for r in seal["runs"].values())
        table.add_row(
            seal["version"], seal["made"], str(len(seal["runs"])), str(products), seal["message"]
        )
    Console(markup=False).print(table)


@_app.command("diff")
def diff(
    first: Annotated[str, typer.Argument(help="The first version.", metavar="A")],
    second: Annotated[str, typer.Argument(help="The second version.", metavar="B")],
    config: Config,
    results: Results = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    page: Annotated[
        Path | None, typer.Option(help="Also write a page with maps.", metavar="FILE.html")
    ] = None,
) -> None:
    """Say which events, mechanisms, letters and map nodes differ, by how much and why."""
    from quakeloom.stages.versions.differences import compare_versions
    from quakeloom.stages.versions.seals import read_version

    configuration = _load(config)
    folder = _folder(configuration, results)
    a, b = (read_version(folder, v) for v in (first, second))
    runs = [d.as_dict() for d in compare_versions(folder, a, b)]
    if page is not None:
        _write_page(page, configuration.name, (first, second), runs)
    if as_json:
        described = {"first": first, "second": second, "runs": runs}
        typer.echo(json.dumps(described, indent=1))
        return
    console = Console(markup=False)
    for run in runs:
        _show_run(console, run, first, second)
    if page is not None:
        typer.echo(f"page: {page}")


@_app.command("check")
def check(name: Tag, config: Config, results: Results = Path("results")) -> None:
    """Read every product of a run again and compare it with the seal of a version."""
    from quakeloom.stages.versions.checking import check_run, environment_causes
    from quakeloom.stages.versions.seals import read_version

    configuration = _load(config)
    seal = read_version(_folder(configuration, results), name)
    problems = 0
    for run, sealed in seal["runs"].items():
        settings = configuration.cases.get(run)
        if settings is None:
            typer.echo(f"{run}: is no run of this configuration")
            problems += 1
            continue
        found = check_run(sealed, settings, RunLayout(results / run))
        typer.echo(f"{run}: {found.same} of {len(sealed['products'])} products as sealed")
        for sentence in (*found.problems, *(c.sentence() for c in found.causes)):
            typer.echo(f"  {sentence}")
        problems += len(found.problems)
    for cause in environment_causes(seal["environment"]):
        typer.echo(f"  {cause.sentence()}")
    if problems:
        raise VerificationError(
            f"{configuration.name} is not version {name}: {problems} product(s) differ, as named "
            "above. Nothing was changed; run with the settings, sources and code of the version."
        )


@_app.command("export")
def export(
    name: Tag,
    out: Annotated[Path, typer.Argument(help="ZIP archive to write.", metavar="OUT.zip")],
    config: Config,
    results: Results = Path("results"),
    title: Annotated[str, typer.Option(help="Title; the name of the run if absent.")] = "",
    author: Annotated[
        list[str] | None, typer.Option(help="Name of an author; may be given again.")
    ] = None,
    license_: Annotated[
        str, typer.Option("--license", help="Address of the licence of the data.", metavar="URL")
    ] = "",
) -> None:
    """Write a version as an RO-Crate that Zenodo takes as it is."""
    from quakeloom.stages.versions.crate import Publication, export_version
    from quakeloom.stages.versions.seals import read_version

    configuration = _load(config)
    folder = _folder(configuration, results)
    seal = read_version(folder, name)
    publication = Publication(title or configuration.name, tuple(author or ()), license_)
    files = export_version(folder, seal, publication, open_item(out))
    typer.echo(f"{out}: version {name}, {len(files)} files: {', '.join(files)}")


def _load(config: Path) -> Configuration:
    from quakeloom.stages.frame.run_settings import load_runs

    return load_runs(config)


def _folder(configuration: Configuration, results: Path) -> Item:
    from quakeloom.stages.versions.seals import versions_folder

    return versions_folder(open_item(results), configuration.name)


def _plan(configuration: Configuration, results: Path) -> None:
    """Plan again, so that what is sealed is of these settings, sources and code."""
    from quakeloom.cli._console import status
    from quakeloom.stages.planning import plan_configuration

    with status("planning") as say:
        plan_configuration(configuration, results, say)


def _write_page(
    page: Path, name: str, versions: tuple[str, str], runs: list[dict[str, Any]]
) -> None:
    from quakeloom.formats import find_coastline
    from quakeloom.report import build_version_page
    from quakeloom.store import find_resource, write_text_if_changed

    coast = find_coastline(find_resource("coastline"))
    write_text_if_changed(open_item(page), build_version_page(name, versions, runs, coast))


def _show_run(console: Console, run: dict[str, Any], first: str, second: str) -> None:
    """Print what differs in a run."""
    counts = run["counts"]
    table = Table(title=run["run"], title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("what", first, second):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what in ("events", "nodes"):
        table.add_row(what, *map(str, counts[what]))
    for what, number in counts.items():
        if isinstance(number, int) and number:
            table.add_row(what, "", str(number))
    for letters, number in counts["letters changed"].items():
        table.add_row(f"letter {letters}", "", str(number))
    console.print(table)
    for cause in run["why"][:_SHOWN]:
        values = f" {cause['old']} -> {cause['new']}" if "old" in cause else ""
        console.print(f"  {cause['kind']}: {cause['what']}{values}", soft_wrap=True)
    _show_rows(
        console,
        "events that changed most",
        run["events"],
        ("event_id", "change", "moved_km", "rotation_deg", "letter_a", "letter_b", "why"),
    )
    _show_rows(
        console,
        "nodes that changed most",
        run["nodes"],
        ("longitude", "latitude", "change", "shmax_deg", "shape_ratio", "a_phi"),
    )


def _show_rows(
    console: Console, title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]
) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown = [c for c in columns if any(r.get(c) not in (None, "", 0.0) for r in rows)]
    for column in shown:
        table.add_column(_HEADINGS.get(column, column), overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(*(_cell(column, row.get(column)) for column in shown))
    if len(rows) > _SHOWN:
        table.caption = f"and {len(rows) - _SHOWN} more"
    console.print(table)


def _cell(column: str, value: Any) -> str:
    """Return a value as text: places with three decimals, amounts with three digits."""
    if isinstance(value, float):
        return f"{value:.3f}" if column in ("longitude", "latitude") else f"{value:.3g}"
    return str(value or "")
