"""``quakeloom magnitude``: verbs of the workflow, and magnitudes of any amplitudes in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quakeloom.cli._setting_pairs import merge_settings, read_setting_file, read_setting_pairs
from quakeloom.cli._table_files import refuse_file_for_folder

magnitude_app = typer.Typer(
    help="Magnitudes of amplitudes, completeness and b-values. Without a verb: measure any "
    "amplitudes, `quakeloom magnitude --amplitudes FILE --events FILE --stations FILE --out DIR`, "
    "or look at any catalog, `quakeloom magnitude --events FILE`.",
    invoke_without_command=True,
    no_args_is_help=True,
)

GROUPS = {"magnitude": magnitude_app}
"""Groups of commands that stages of this module bring."""


@magnitude_app.callback()
def magnitude(
    context: typer.Context,
    events: Annotated[
        Path | None,
        typer.Option(help="Events: Parquet, CSV, or any format that has some.", metavar="FILE"),
    ] = None,
    amplitudes: Annotated[
        Path | None,
        typer.Option(
            help="Amplitudes: assignments.parquet, or a CSV with event, station and amplitude.",
            metavar="FILE",
        ),
    ] = None,
    stations: Annotated[
        Path | None, typer.Option(help="Stations, in any format.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.", metavar="DIR")] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file with settings of `magnitude`.", metavar="FILE"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting, such as formula=Mv_watanabe or bin_width=0.2.",
            metavar="K=V",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Root of the random streams.")] = 20260101,
) -> None:
    """Measure magnitudes of amplitudes, or completeness and b of a catalog, or run a verb.

    With amplitudes it writes magnitudes, station_magnitudes, magnitude_terms, completeness, and
    catalog.xml for other programs.
    """
    if context.invoked_subcommand is not None:
        return
    from quakeloom.core import SettingsError
    from quakeloom.stages.without_a_run import measure_magnitudes as measuring

    if events is None or (amplitudes is not None and (stations is None or out is None)):
        raise SettingsError(
            "`quakeloom magnitude` without a verb needs --events FILE, and to measure --amplitudes "
            "FILE, --stations FILE and --out DIR with it. Nothing was computed; see `quakeloom "
            "magnitude --help`."
        )
    if out is not None:
        refuse_file_for_folder(out)
    asked = measuring.parse_magnitude(
        merge_settings(read_setting_file(config, "magnitude"), read_setting_pairs(setting or []))
    )
    if amplitudes is None:
        made = measuring.measure_completeness(asked, measuring.read_events(events), seed)
        if out is not None:
            measuring.write_completeness(made, out, seed)
        _show_completeness(made.to_pylist())
        return
    assert stations is not None
    assert out is not None
    inputs = measuring.read_magnitude_inputs(amplitudes, events, stations, asked.formula)
    facts = measuring.measure_folder(asked, inputs, out, seed)
    for word, number in facts["events"].items():
        typer.echo(f"{number} events: {word.replace('_', ' ')}")
    for word, number in facts["amplitudes"].items():
        typer.echo(f"{number} amplitudes: {word.replace('_', ' ')}")
    typer.echo(out / "catalog.xml")


def _show_completeness(rows: list[dict[str, Any]]) -> None:
    """Print what the whole catalog says."""
    for row in rows:
        if row["catalog_scope"] != "catalog":
            continue
        if row["completeness_method"] == "none":
            typer.echo(f"no completeness: {row['reason']}")
            continue
        method = row["completeness_method"].replace("_", " ")
        typer.echo(
            f"{method}: completeness {row['completeness']:.2f} ({row['completeness_low']:.2f} to "
            f"{row['completeness_high']:.2f}), b {row['b_value']:.3f} +- "
            f"{row['b_value_error']:.3f} ({row['b_count']} events)"
        )
        last = row
    if rows and rows[0]["completeness_method"] != "none":
        typer.echo(
            f"b-positive {last['b_positive']:.3f} +- {last['b_positive_error']:.3f} "
            f"({last['b_positive_count']} differences)"
        )
