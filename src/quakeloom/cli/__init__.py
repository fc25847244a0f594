"""The ``quakeloom`` command. Floor 7, and the only place that prints.

A user's mistake ends in one message and exit code 2, any other foreseen failure in one
message and exit code 1; a traceback means a defect of quakeloom.
"""

from quakeloom.cli._main import main

__all__ = ["main"]
