"""The rules of the CF conventions that matter for our NetCDF files, read with SciPy alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
from scipy.io import netcdf_file


def cf_problems(path: Path) -> list[str]:
    """Return what a NetCDF 3 file does against CF 1.10; empty where nothing was found.

    Where the compliance checker of IOOS is installed, its errors are among them.
    """
    with netcdf_file(path, "r", mmap=False) as data:
        found = [*_about(data), *_coordinates(data), *_flags(data), *_reference(data)]
    if checker := shutil.which("compliance-checker"):
        done = subprocess.run([checker, "--test=cf:1.10", "--criteria", "lenient", path],
                              capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            found.append(done.stdout + done.stderr)
    return found


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


def _about(data: netcdf_file) -> list[str]:
    """Section 2.6: who made the file, of what, by which conventions."""
    return [
        f"global attribute '{name}' is missing"
        for name in ("Conventions", "title", "source", "history")
        if not _text(getattr(data, name, "")).strip()
    ]


def _coordinates(data: netcdf_file) -> list[str]:
    """Sections 2.5.1, 3.1, 3.3 and 4: coordinates are complete, and all have a unit and a name."""
    found = []
    for name, v in data.variables.items():
        is_axis = v.dimensions == (name,)
        if is_axis and hasattr(v, "_FillValue"):
            found.append(f"coordinate '{name}' has a fill value")
        if is_axis and not np.isfinite(v[:]).all():
            found.append(f"coordinate '{name}' has missing values")
        if hasattr(v, "flag_values") or hasattr(v, "grid_mapping_name"):
            continue
        if not _text(getattr(v, "units", "")):
            found.append(f"'{name}' has no unit")
        if not (hasattr(v, "long_name") or hasattr(v, "standard_name")):
            found.append(f"'{name}' has no name in words")
        if getattr(v, "positive", b"") and _text(getattr(v, "standard_name", "")) != "depth":
            found.append(f"'{name}' counts down and is no depth")
    return found


def _flags(data: netcdf_file) -> list[str]:
    """Section 3.5: flags have the type of their variable, and a word each."""
    found = []
    for name, v in data.variables.items():
        if not hasattr(v, "flag_values"):
            continue
        if np.asarray(v.flag_values).dtype.newbyteorder("=") != v[:].dtype.newbyteorder("="):
            found.append(f"flags of '{name}' have another type than '{name}'")
        if len(_text(v.flag_meanings).split()) != len(np.atleast_1d(v.flag_values)):
            found.append(f"flags of '{name}' have not a word each")
    return found


def _reference(data: netcdf_file) -> list[str]:
    """Section 5.6: what lies on a map names its reference system, and the file has it."""
    horizontal = {
        name
        for name, v in data.variables.items()
        if _text(getattr(v, "standard_name", "")).startswith(("projection_", "longitude", "lati"))
        and v.dimensions == (name,)
    }
    found = []
    for name, v in data.variables.items():
        if len(horizontal & set(v.dimensions)) < 2 or hasattr(v, "standard_name"):
            continue
        mapping = _text(getattr(v, "grid_mapping", ""))
        if mapping not in data.variables:
            found.append(f"'{name}' has no grid mapping")
        elif not _text(getattr(data.variables[mapping], "grid_mapping_name", "")):
            found.append(f"'{mapping}' is no grid mapping")
    return found
