"""``quakeloom atlas``: the browsable stress database of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom.cli._open_run import Run, open_run

_MEGABYTE = 1e6
"""Bytes of a megabyte, as sizes of files are told."""


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("atlas")(atlas)


def atlas(
    run: Run,
    to: Annotated[
        Path,
        typer.Option("--to", help="Folder of the atlas; one there is replaced.", metavar="DIR"),
    ],
    all_files: Annotated[
        bool,
        typer.Option(
            "--all-files", help="Also files that make the atlas of a large run larger than 12 MB."
        ),
    ] = False,
) -> None:
    """Write the atlas of a finished run: a folder with a map that any browser opens."""
    from quakeloom.atlas import write_atlas
    from quakeloom.cli._console import spinner
    from quakeloom.cli._table_files import refuse_file_for_folder
    from quakeloom.stages.frame.chains import run_stages
    from quakeloom.stages.frame.partition_states import refuse_unfinished

    refuse_file_for_folder(to)
    settings, layout = open_run(run)
    refuse_unfinished(layout, run_stages(settings), "no atlas was written")
    with spinner("writing the atlas"):
        made = write_atlas(settings, layout, to, all_files)
    for sentence in made.said:
        typer.echo(sentence)
    typer.echo(
        f"{to / 'index.html'}: {made.events:,} events, {made.mechanisms:,} mechanisms, "
        f"{made.nodes:,} nodes, {made.stations:,} stations, {made.faults:,} faults; "
        f"{made.files} files, {made.size_bytes / _MEGABYTE:.1f} MB"
    )
