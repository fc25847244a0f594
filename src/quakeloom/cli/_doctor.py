"""``quakeloom doctor``: what is missing on this machine, and how to get it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

import psutil
import typer

from quakeloom.core import QuakeloomError

_NEEDED = (
    "dask",
    "distributed",
    "jinja2",
    "lxml",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pyproj",
    "scipy",
    "snakemake",
    "xarray",
    "zarr",
)
"""Packages without which nothing runs."""

_OPTIONAL = {
    "obspy": ("waveforms and comparisons", "pip install obspy"),
    "seisbench": ("published picking networks", "pip install 'quakeloom[networks]'"),
    "torch": ("neural networks", "pip install 'quakeloom[networks]'"),
    "obstore": ("results and data in an object storage", "pip install 'quakeloom[s3]'"),
    "snakemake_executor_plugin_slurm": ("the slurm profile", "pip install 'quakeloom[slurm]'"),
}
"""Packages that some commands need: what for, and how to get them."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


class _Lines:
    """Prints what is there and what is missing, and counts what is needed and missing."""

    def __init__(self) -> None:
        self.failures = 0

    def __call__(self, mark: str, what: str, remedy: str = "") -> None:
        color = {"ok": "green", "missing": "red", "optional": "yellow"}[mark]
        self.failures += mark == "missing"
        typer.secho(f"{mark:9s}", fg=color, nl=False)
        typer.echo(f"{what}" + (f"  ->  {remedy}" if remedy else ""))


def doctor() -> None:
    """Say what is missing on this machine and how to get it; exit code 1 if it is needed."""
    line = _Lines()
    line("ok", f"Python {platform.python_version()}")
    _look_at_packages(line)
    if not line.failures:
        _look_at_machine_code(line)
        _look_at_weights(line)
    _look_at_workflow(line)
    _look_at_machine(line)
    if line.failures:
        raise typer.Exit(1)


def _look_at_packages(line: _Lines) -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    for name in missing:
        line("missing", f"package {name}", "make .venv, or pip install quakeloom")
    if not missing:
        line("ok", f"all {len(_NEEDED)} needed packages")
    for name, (use, remedy) in _OPTIONAL.items():
        if importlib.util.find_spec(name) is None:
            line("optional", f"package {name}, for {use}", remedy)
        else:
            line("ok", f"package {name}, for {use}")


def _look_at_machine_code(line: _Lines) -> None:
    """Compile a function, keep its machine code, and say where."""
    from quakeloom.core import machine_code_place

    place = machine_code_place()
    if place:
        line("ok", f"compiled functions are kept (numba, in {place})")
    else:
        line(
            "optional",
            "compiled functions cannot be kept, so each process compiles them anew",
            "set NUMBA_CACHE_DIR to a folder that can be written",
        )


def _look_at_weights(line: _Lines) -> None:
    """Say which weights of networks are at hand, and what `best` means now."""
    from quakeloom.stages.weights.pickers import find_picker_weights, list_picker_weights
    from quakeloom.stages.weights.polarity_readers import find_polarity_weights

    best = {
        "picks": find_picker_weights("best"),
        "first motions": find_polarity_weights("best"),
    }
    for what, file in best.items():
        if file is None:
            line(
                "optional",
                f"weights for {what}: none, so `best` is the classical method",
                "install quakeloom again, or train them with `quakeloom train`",
            )
        else:
            line("ok", f"weights for {what}: `best` is {file}")
    others = list_picker_weights()
    if others:
        line("ok", f"weights for picks in SeisBench's cache: {', '.join(others)}")
    else:
        line(
            "optional",
            "weights of SeisBench: none in its cache",
            "only for published networks: load one with SeisBench where there is a network",
        )


def _look_at_workflow(line: _Lines) -> None:
    from quakeloom.cli._run import find_snakefile

    try:
        line("ok", f"the workflow is {find_snakefile()}")
    except QuakeloomError as error:
        line("missing", "the workflow (Snakefile)", str(error))
    if shutil.which("sbatch"):
        line("ok", "SLURM (sbatch is on the path)")
    else:
        line("optional", "SLURM", "only for the slurm profile: log in to the cluster")


def _look_at_machine(line: _Lines) -> None:
    data = Path(os.environ.get("QUAKELOOM_SHARED_DATA", "../shared/data"))
    if data.is_dir():
        line("ok", f"real data for tests and examples at {data}")
    else:
        line("optional", f"real data at {data}", "set QUAKELOOM_SHARED_DATA to its folder")
    memory = psutil.virtual_memory().total / 1e9
    mark = "ok" if memory >= 4 else "optional"
    line(
        mark,
        f"{os.cpu_count()} cores, {memory:.0f} GB memory",
        "" if memory >= 4 else "4 GB are needed for catalogs of national size",
    )
    free = shutil.disk_usage(Path()).free / 1e9
    mark = "ok" if free > 5 else "optional"
    line(mark, f"{free:.0f} GB free here", "" if free > 5 else "accepted sets need 4 kB an event")
    for folder in (Path("results"), Path()):
        probe = folder if folder.exists() else Path()
        if not os.access(probe, os.W_OK):
            line("missing", f"permission to write in {probe.resolve()}", "change folder or rights")
            break
