"""``quakeloom merge``: verbs of the workflow, and any two catalogs beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom.cli._setting_pairs import read_setting_pairs
from quakeloom.cli._table_files import write_named_table

merge_app = typer.Typer(
    help="Events that a run found beside a catalog. Without a verb: any two catalogs, `quakeloom "
    "merge --catalog FILE --catalog FILE --out FILE`.",
    invoke_without_command=True,
    no_args_is_help=True,
)

GROUPS = {"merge": merge_app}
"""Groups of commands that stages of this module bring."""

_BOTH = 2
"""Catalogs that are compared."""


@merge_app.callback()
def merge(
    context: typer.Context,
    catalog: Annotated[
        list[Path] | None,
        typer.Option(help="A catalog in any format that has events; give two.", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Table of matches, .parquet or .csv.", metavar="FILE")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of `merge`, such as time_error_s=1.", metavar="K=V"),
    ] = None,
) -> None:
    """Say which events of two catalogs are the same, or run a verb of the stage."""
    if context.invoked_subcommand is not None:
        return
    import pyarrow as pa

    from quakeloom import __version__
    from quakeloom.config import parse_settings
    from quakeloom.core import InputError, SettingsError
    from quakeloom.formats import read_source
    from quakeloom.stages.merge.matching import merge_tables

    if not catalog or len(catalog) != _BOTH or out is None:
        raise SettingsError(
            "`quakeloom merge` without a verb needs --catalog FILE twice and --out FILE. Nothing "
            "was compared; see `quakeloom merge --help`."
        )
    given = {
        "name": "merged", "sources": [{"path": str(catalog[0])}], "associate": {},
        "locate": {"models": ["generic_crust"]}, "takeoff": {"angles": "ensemble"},
        "merge": read_setting_pairs(setting or []),
    }  # fmt: skip
    asked = parse_settings(given, "quakeloom merge").merge
    assert asked is not None
    tables, rejects = [], []
    for path in catalog:
        source = read_source(path, "auto")
        events = source.events
        rejects.append(source.rejects)
        if not events.num_rows:
            raise InputError(
                f"'{path}' holds no events, so nothing can be compared; check the file."
            )
        tables.append(events)
    matches = merge_tables(tables[0], tables[1], asked)
    provenance = {"quakeloom": __version__}
    aside = write_named_table(out, "matches", matches, pa.concat_tables(rejects), provenance)
    status = matches.column("match_status").to_pylist()
    typer.echo(
        f"{status.count('same')} events are in both, {status.count('new')} in the first alone, "
        f"{status.count('catalog_only')} in the second alone: {out}"
    )
    if aside is not None:
        typer.echo(f"put aside: {aside}")
