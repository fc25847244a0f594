"""``quakeloom init``: settings for a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom.core import InputError
from quakeloom.store import Item, open_item, write_bytes


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(help="Folder with your files.", metavar="FOLDER")],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="File to write; NAME.yaml here if not given.", metavar="FILE"
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the run; that of the folder if not given.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Look at a folder of files, write settings for it, and say what is missing."""
    from quakeloom.cli._console import status
    from quakeloom.stages.without_a_run.folder_contents import look_at_folder
    from quakeloom.stages.without_a_run.folder_settings import propose_settings
    from quakeloom.stages.without_a_run.folder_words import describe_contents, describe_left_out

    run = _run_name(name or (config.stem if config is not None else open_item(folder).name), name)
    item = _file_to_write(config or Path(f"{run}.yaml"), force)
    with status("looking") as say:
        found = look_at_folder(folder, say)
    typer.echo(f"In {folder}:")
    for sentence in describe_contents(found) or ["nothing that a run can use"]:
        typer.echo(f"  {sentence}")
    left_out = describe_left_out(found)
    if left_out:
        typer.echo("Not used:")
    for sentence in left_out:
        typer.echo(f"  {sentence}")
    proposal = propose_settings(found, run)
    write_bytes(item, proposal.text.encode())
    typer.echo(f"{item}: settings of {proposal.kind}")
    if proposal.notes:
        typer.echo("What is missing, or was chosen:")
    for sentence in proposal.notes:
        typer.secho(f"  - {sentence}", fg="yellow")
    _check_written(item.local)


def _run_name(wanted: str, given: str) -> str:
    """Return a name that can be a folder of results: letters, digits, ``-`` and ``_``."""
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in wanted).strip("-")
    if given and plain != given:
        raise InputError(
            f"--name '{given}' cannot name a folder of results. Nothing was written; use letters, "
            f"digits, - and _, such as {plain or 'run'}."
        )
    return plain or "run"


def _file_to_write(path: Path, force: bool) -> Item:
    """Return where settings are written; what is there is kept unless it may be replaced."""
    item = open_item(path)
    if item.is_folder():
        raise InputError(f"'{path}' is a folder. Nothing was written; name a file with --config.")
    if item.exists() and not force:
        raise InputError(
            f"'{path}' is there already and is kept. Nothing was written; name another file with "
            "--config, or replace it with --force."
        )
    return item


def _check_written(path: Path) -> None:
    """Check the settings as `quakeloom config check` does, and say what comes next."""
    from quakeloom.cli._snakemake import command_again
    from quakeloom.stages.frame.run_settings import load_runs
    from quakeloom.stages.without_a_run.input_checks import check_inputs

    problems = check_inputs(load_runs(path)).problems
    if problems:
        listed = "\n".join(f"  - {p}" for p in problems)
        raise InputError(f"{path} is written, but cannot be run yet:\n{listed}")
    typer.echo("Next, after a look at the file:")
    typer.echo(f"  {command_again(['config', 'check', str(path)])}")
    typer.echo(f"  {command_again(['run', '--config', str(path)])}")
