"""The top of the command line: the groups of commands, errors, logging."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from quakeloom import __version__
from quakeloom.cli import (
    _calibrate,
    _catalogs,
    _config,
    _doctor,
    _locate,
    _run,
    _stage_list,
    _stage_verbs,
    _stress,
    _tomography,
    _train,
    _waveforms,
)
from quakeloom.core import QuakeloomError

app = typer.Typer(
    name="quakeloom",
    help="From seismograms of small earthquakes to maps of stress in the crust.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quakeloom {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more on standard error.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    for name in ("distributed", "asyncio", "numba", "matplotlib", "fontTools"):
        logging.getLogger(name).setLevel(logging.WARNING)


_run.add_commands(app)
_stage_verbs.add_commands(
    app, {**_waveforms.GROUPS, **_locate.GROUPS, **_stress.GROUPS, **_tomography.GROUPS}
)
_stage_list.add_commands(app)
_waveforms.add_commands(app)
_train.add_commands(app)
_catalogs.add_commands(app)
_calibrate.add_commands(app)
_config.add_commands(app)
_doctor.add_commands(app)


def main() -> None:
    """Run the command line; foreseen errors become one message and an exit code."""
    try:
        app()
    except QuakeloomError as error:
        typer.secho(f"quakeloom: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        typer.secho("quakeloom: stopped; run again to go on from here.", err=True)
        sys.exit(130)
