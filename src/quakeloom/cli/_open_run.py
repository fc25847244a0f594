"""The run that a command works on, and the arguments that name it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
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


@contextlib.contextmanager
def at_work(run: Path) -> Iterator[tuple[Settings, RunLayout]]:
    """Give settings and layout of a planned run, and let a new plan wait until this has ended.

    A job outlives a Snakemake that was killed. What it writes is whole, but a run that starts
    meanwhile would take its temporary files for leftovers.
    """
    settings, layout = open_run(run)
    with layout.root.share():
        yield settings, layout
