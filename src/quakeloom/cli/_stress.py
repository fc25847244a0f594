"""``quakeloom stress`` and ``quakeloom tendency``: verbs of the workflow, and whole catalogs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from quakeloom.cli._table_files import refuse_file_for_folder

stress_app = typer.Typer(
    help="Mechanisms become a map of the stress in the crust. Without a verb: map any catalog, "
    "`quakeloom stress --mechanisms FILE --out DIR`.",
    invoke_without_command=True,
    no_args_is_help=True,
)


GROUPS = {"stress": stress_app}
"""Groups of commands that stages of this module bring."""


@stress_app.callback()
def stress(
    context: typer.Context,
    mechanisms: Annotated[
        Path | None, typer.Option(help="Catalog of mechanisms to map.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the map.", metavar="DIR")] = None,
    alpha2: Annotated[
        float | None, typer.Option(help="Smoothing strength; ABIC chooses if not given.")
    ] = None,
    step: Annotated[
        float, typer.Option(help="Distance of nodes in degrees; 0 for a single node.")
    ] = 0.2,
    planes: Annotated[
        str, typer.Option(help="auto, probable, both, random or instability.")
    ] = "auto",
    area: Annotated[
        str, typer.Option(help="West,east,south,north limits in degrees.", metavar="W,E,S,N")
    ] = "",
    maximum_depth: Annotated[float, typer.Option(help="Deeper events are left out (km).")] = 1000.0,
    bootstrap: Annotated[int, typer.Option(help="Bootstrap replicates over events.")] = 0,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any setting of `stress`, such as minimum_magnitude=2; it wins over the options.",
            metavar="K=V",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Map the stress of a catalog of mechanisms, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    from quakeloom.cli._catalogs import read_catalog
    from quakeloom.cli._console import spinner
    from quakeloom.cli._setting_pairs import merge_settings, read_setting_pairs
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run.map_catalog import map_catalog

    if mechanisms is None or out is None:
        raise SettingsError(
            "`quakeloom stress` without a verb needs --mechanisms FILE and --out DIR. "
            "Nothing was computed; see `quakeloom stress --help`."
        )
    refuse_file_for_folder(out)
    values: dict[str, Any] = {
        "grid_step_deg": step,
        "planes": planes,
        "maximum_depth_km": maximum_depth,
        "bootstrap": bootstrap,
        "alpha2": [] if alpha2 is None else [alpha2],
    }
    if area:
        try:
            values["area"] = [float(v) for v in area.split(",")]
        except ValueError:
            raise SettingsError(
                f"--area '{area}' is no area; write four numbers such as 164,184,-50,-33."
            ) from None
    settings = _settings(merge_settings(values, read_setting_pairs(setting or [])))
    catalog = read_catalog(mechanisms, out)
    with spinner("mapping"):
        made, description = map_catalog(settings, catalog, out, seed)
    _show(made.table, description, out)


def _settings(values: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from quakeloom.config import Stress
    from quakeloom.core import SettingsError

    try:
        return Stress(**values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"The stress map cannot be set up ({problems}).") from None


def _show(table: Any, description: dict[str, Any], out: Path) -> None:
    shown = Table("", "", title=str(out), show_header=False)
    alpha2 = ", ".join(f"{a:.4g}" for a in description["alpha2"]) or "none"
    rows = {
        "mechanisms in the map": f"{description['mechanisms']} "
        f"(weight {description['weight']:.1f})",
        "left out": ", ".join(f"{k}: {v}" for k, v in description["left_out"].items()) or "none",
        "nodes": f"{description['nodes']}, {description['nodes_with_data']} with data",
        "smoothing strength alpha2": f"{alpha2} ({description['chosen_by']})",
        "held by a wide prior": f"{description['nodes_held_by_prior']} of "
        f"{description['nodes_with_data']} nodes with data",
        "ABIC": f"{description['abic']:.3f} (N {description['N']:g}, P {description['P']}, "
        f"M {description['M']})",
    }
    if table.num_rows == 1:
        row = table.to_pylist()[0]
        rows["SHmax"] = f"{row['shmax_deg']:.1f} +- {row['shmax_std_deg']:.1f} degrees"
        rows["shape ratio"] = f"{row['shape_ratio']:.2f} +- {row['shape_ratio_std']:.2f}"
        rows["regime"] = f"{row['regime']} (A_phi {row['a_phi']:.2f} +- {row['a_phi_std']:.2f})"
    for name, value in rows.items():
        shown.add_row(name, value)
    Console(markup=False).print(shown)
