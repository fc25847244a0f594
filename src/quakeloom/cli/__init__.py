"""The ``quakeloom`` command. Floor 7, and the only place that prints.

A user's mistake ends in one message and exit code 2, any other foreseen failure in one
message and exit code 1; a traceback means a defect of quakeloom.
"""

import sys
from collections.abc import Callable
from typing import NoReturn

from quakeloom.cli._job_client import hand_over
from quakeloom.cli._stopping import STOPPED, stopped_code, taking_signals

__all__ = ["main"]


def main() -> None:
    """Run the command line; a signal is told in one line from the first moment on."""
    with taking_signals():
        try:
            code = hand_over()
        except KeyboardInterrupt:
            _end_stopped()
    if code is not None:
        sys.exit(code)
    do_command()


def do_command(begin: Callable[[], object] = lambda: None) -> None:
    """Do what the command line says in this process.

    Parameters
    ----------
    begin : callable
        Called as soon as signals are told in one line.
    """
    with taking_signals():
        try:
            begin()
            # here, since it takes a second, in which a Ctrl-C would end in a traceback
            from quakeloom.cli._main import main as run
        except KeyboardInterrupt:
            _end_stopped()
        run()


def _end_stopped() -> NoReturn:
    print(f"quakeloom: {STOPPED}", file=sys.stderr)
    sys.exit(stopped_code())
