"""``quakeloom doctor``: what is missing on this machine, and how to get it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

import psutil
import typer

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
    "snakemake_executor_plugin_slurm": ("the slurm profile", "pip install 'quakeloom[slurm]'"),
}
"""Packages that some commands need: what for, and how to get them."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Say what is missing on this machine and how to get it; exit code 1 if it is needed."""
    failures = 0

    def line(mark: str, what: str, remedy: str = "") -> None:
        color = {"ok": "green", "missing": "red", "optional": "yellow"}[mark]
        typer.secho(f"{mark:9s}", fg=color, nl=False)
        typer.echo(f"{what}" + (f"  ->  {remedy}" if remedy else ""))

    line("ok", f"Python {platform.python_version()}")
    for name in _NEEDED:
        if importlib.util.find_spec(name) is None:
            failures += 1
            line("missing", f"package {name}", "make .venv, or pip install quakeloom")
    if not failures:
        line("ok", f"all {len(_NEEDED)} needed packages")
    for name, (use, remedy) in _OPTIONAL.items():
        if importlib.util.find_spec(name) is None:
            line("optional", f"package {name}, for {use}", remedy)
        else:
            line("ok", f"package {name}, for {use}")
    if shutil.which("sbatch"):
        line("ok", "SLURM (sbatch is on the path)")
    else:
        line("optional", "SLURM", "only for the slurm profile: log in to the cluster")
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
            failures += 1
            line("missing", f"permission to write in {probe.resolve()}", "change folder or rights")
            break
    if failures:
        raise typer.Exit(1)
