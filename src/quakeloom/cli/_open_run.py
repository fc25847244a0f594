"""The run that a command works on, and the arguments that name it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakeloom.config import Settings
from quakeloom.store import RunLayout

Run = Annotated[
    Path, typer.Option("--run", help="Folder of the run, such as results/demo.", metavar="DIR")
]
Partition = Annotated[str, typer.Argument(help="Name of the partition, such as 2019-07.")]


def open_run(run: Path) -> tuple[Settings, RunLayout]:
    """Return settings and layout of a planned run."""
    from quakeloom.stages.frame.run_settings import read_settings

    layout = RunLayout(run)
    return read_settings(layout), layout
