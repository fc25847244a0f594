"""The run that a command works on, and the arguments that name it."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from quakeloom.config import Settings
from quakeloom.store import RunLayout, write_text_if_changed

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


@contextlib.contextmanager
def at_part(run: Path, stage: str, partition: str) -> Iterator[tuple[Settings, RunLayout]]:
    """Be :func:`at_work` on a partition, and write down what it took.

    Seconds by the clock and of processors, and megabytes at most, into ``benchmarks``: the report
    shows them, and ``quakeloom update`` expects as much again. Snakemake measures what it starts,
    which is not always where the work is done.
    """
    began, used_before = time.perf_counter(), _processor_seconds()
    with at_work(run) as (settings, layout):
        yield settings, layout
        workers = settings.cluster.workers if settings.cluster.kind == "local" else 0
        row = {
            "s": time.perf_counter() - began,
            "max_rss": _peak_mb(workers),
            "cpu_time": _processor_seconds() - used_before,
        }
        write_text_if_changed(
            layout.timing(stage, partition),
            "\t".join(row) + "\n" + "\t".join(f"{v:.2f}" for v in row.values()) + "\n",
        )


def _processor_seconds() -> float:
    """Return the processor time of this process and of the workers that have ended."""
    usages = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)


def _peak_mb(workers: int) -> float:
    """Return the most memory that this process and its workers can have held, in MB.

    That of workers is their number times the most that one held, which they need not have held
    at the same time.
    """
    own, below = (
        resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return (own + workers * below) / _KILOBYTES


_KILOBYTES = 1024.0
"""Kilobytes of a megabyte, which is how the system counts."""
