"""The top of the command line: the groups of commands, errors, logging."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from quakeloom import __version__
from quakeloom.cli import (
    _associate,
    _atlas,
    _calibrate,
    _catalogs,
    _config,
    _detect,
    _doctor,
    _fault_search,
    _init,
    _locate,
    _magnitude,
    _merge,
    _paper,
    _run,
    _seafloor,
    _stage_list,
    _stage_verbs,
    _stress,
    _tomography,
    _train,
    _update,
    _version,
    _waveforms,
)
from quakeloom.cli._stopping import STOPPED, stopped_code
from quakeloom.cli._system_errors import describe_system_error
from quakeloom.core import QuakeloomError

_CODE_OF_STOPPED = 130
"""Exit code with which typer ends after Ctrl-C."""

app = typer.Typer(
    name="quakeloom",
    help="From seismograms of small earthquakes to maps of stress in the crust.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quakeloom {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more on standard error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    for name in ("distributed", "asyncio", "numba", "matplotlib", "fontTools"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_commands() -> None:
    """Add all commands; those of stages follow from their records, of other packages too."""
    _run.add_commands(app)
    _update.add_commands(app)
    _version.add_commands(app)
    modules = (
        _waveforms, _detect, _associate, _locate, _merge, _magnitude, _stress, _fault_search,
        _tomography,
    )  # fmt: skip
    _stage_verbs.add_commands(app, {k: v for m in modules for k, v in m.GROUPS.items()})
    _stage_list.add_commands(app)
    _waveforms.add_commands(app)
    _train.add_commands(app)
    _seafloor.add_commands(app)
    _catalogs.add_commands(app)
    _calibrate.add_commands(app)
    _atlas.add_commands(app)
    _paper.add_commands(app)
    _config.add_commands(app)
    _doctor.add_commands(app)
    _init.add_commands(app)
    _stage_verbs.refuse_doubled_names(app)


_faults: list[QuakeloomError] = []
"""Why the commands could not be added: a stage of another package has a record that is wrong."""

try:
    _add_commands()
except QuakeloomError as _error:
    _faults.append(_error)  # main says it, as it says every other


def main() -> None:
    """Run the command line; foreseen errors become one message and an exit code."""
    try:
        if _faults:
            raise _faults[0]
        app()
    except SystemExit as end:
        if end.code != _CODE_OF_STOPPED:
            raise
        _end(STOPPED, stopped_code())  # typer takes Ctrl-C for an exit without a word
    except QuakeloomError as error:
        _end(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        _end(STOPPED, stopped_code())
    except (OSError, MemoryError) as error:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            logging.getLogger(__name__).debug("where it arose", exc_info=error)
        _end(describe_system_error(error), 1)


def _end(sentence: str, code: int) -> NoReturn:
    """Say why the command ends, and end it."""
    typer.secho(f"quakeloom: {sentence}", fg="red", err=True)
    sys.exit(code)
