"""``quakeloom seafloor``: one's own grids and soundings, without a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quakeloom.cli._setting_pairs import read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder

seafloor_app = typer.Typer(
    help="The sea floor without a run: make a grid of depths finer, with ranges and what is "
    "invented. See `quakeloom train seafloor` for networks of one's own.",
    no_args_is_help=True,
)

Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another setting, such as positive=up.", metavar="K=V"),
]
Seed = Annotated[int, typer.Option(min=0, help="Root of the random streams.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(seafloor_app, name="seafloor")


@seafloor_app.command()
def finer(
    grid: Annotated[
        Path, typer.Option(help="NetCDF, Zarr, ESRI ASCII or GeoTIFF.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="Folder for results.", metavar="DIR")],
    factor: Annotated[int, typer.Option(help="How many times finer.")] = 2,
    method: Annotated[str, typer.Option(help="Method, see docs/bathymetry.md.")] = "ensemble",
    test: Annotated[
        bool, typer.Option(help="Make the grid coarser first, restore it, and compare methods.")
    ] = False,
    setting: Set = None,
    seed: Seed = 20260101,
) -> None:
    """Make a grid of depths finer (settings of `bathymetry`)."""
    values = {
        "grid": str(grid.absolute()), "factor": factor, "method": method, "degrade": test,
        **read_setting_pairs(setting or []),
    }  # fmt: skip
    from quakeloom.cli._console import spinner
    from quakeloom.stages.bathymetry.making import make_products

    settings, layout = _prepare("bathymetry", values, out, seed)
    with spinner("making the grid finer"):
        facts = make_products(settings, layout, _provenance())
    for note in facts["notes"]:
        typer.echo(f"note: {note}")
    typer.echo(
        f"{facts['cells']:,} cells in {out / 'bathymetry.zarr'} and bathymetry.nc; "
        f"{facts['holes']:,} cells of the input are missing; block means agree to "
        f"{facts['inconsistent_m']:.1e} m"
    )
    if test:
        _show_scores(layout)


@seafloor_app.command()
def clean(
    soundings: Annotated[list[Path], typer.Option(help="Soundings as xyz or CSV.", metavar="FILE")],
    out: Annotated[Path, typer.Option(help="Folder for results.", metavar="DIR")],
    setting: Set = None,
    seed: Seed = 20260101,
) -> None:
    """Judge soundings and grid them; none is deleted (settings of `soundings`)."""
    values = {
        "files": [str(f.absolute()) for f in soundings], **read_setting_pairs(setting or []),
    }  # fmt: skip
    from quakeloom.cli._console import spinner
    from quakeloom.stages.soundings.making import make_products

    settings, layout = _prepare("soundings", values, out, seed)
    with spinner("judging soundings"):
        facts = make_products(settings, layout, _provenance())
    for note in facts["notes"]:
        typer.echo(f"note: {note}")
    typer.echo(
        f"{facts['likely_wrong']:,} of {facts['soundings']:,} soundings are likely wrong; all are "
        f"in {out / 'soundings.parquet'}, the grid in soundings.nc"
    )


def _prepare(group: str, values: dict[str, Any], out: Path, seed: int) -> tuple[Any, Any]:
    """Return settings of one group and a folder for its files."""
    from quakeloom.config import parse_settings
    from quakeloom.store import RunLayout, open_folder

    refuse_file_for_folder(out)
    given = {"name": "seafloor", "seed": seed, group: values}
    return parse_settings(given, "quakeloom seafloor"), RunLayout(open_folder(out))


def _provenance() -> dict[str, Any]:
    from quakeloom import __version__

    return {"quakeloom": __version__}


def _show_scores(layout: Any) -> None:
    from quakeloom.store import read_table

    for row in read_table(layout.table("seafloor_scores"), "seafloor_scores").to_pylist():
        typer.echo(
            f"{row['seafloor_area']}, {row['seafloor_method']}: RMSE {row['depth_rmse_m']:.3f} m, "
            f"{row['rmse_over_bicubic']:.3f} of bicubic's, {100 * row['held_share']:.1f} % within "
            "90 % ranges"
        )
