"""Fields that a run restores: of a file, of another run's product, or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Restore, Settings
from quakeloom.core import InputError, PlanError, random_stream
from quakeloom.formats import GridVariable, read_grid_variables, variables_of
from quakeloom.restoration import simulate_field
from quakeloom.store import (
    Item,
    RunLayout,
    find_grid,
    input_place,
    near_names,
    open_dataset,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Field:
    """A field to restore, with the standard deviations of its data and its truth if known."""

    data: GridVariable
    deviation: Floats | None = None
    truth: Floats | None = None


def restore_settings(settings: Settings) -> Restore:
    """Return the group ``restore``, which a run of this stage has."""
    if settings.restore is None:
        raise PlanError(f"Run '{settings.name}' has no `restore` group in its settings.")
    return settings.restore


def product_of(settings: Settings, layout: RunLayout, run: str, file: str) -> Item:
    """Return a product of another run with results beside those of this one.

    Raises
    ------
    InputError
        If it is not there.
    """
    item = layout.results(settings.name) / run / file
    if not item.exists():
        raise InputError(
            f"'{file}' of run '{run}' is not in {item}, so '{settings.name}' has nothing to work "
            f"on. Run that one first, with results in the same folder, or name another product."
        )
    return item


def grid_file(settings: Settings, file: str) -> Path:
    """Return a file or Zarr folder that a setting names.

    Raises
    ------
    InputError
        If there is none.
    """
    found = find_grid(settings.data, file)
    if found is None:
        raise InputError(
            f"'{file}' of '{settings.name}' does not exist (looked for "
            f"{input_place(settings.data, file)}).{near_names(settings.data, file)} Nothing was "
            "planned; correct the path, or `data`."
        )
    return found


def read_fields(settings: Settings, layout: RunLayout) -> list[Field]:
    """Read or simulate the fields of a run."""
    asked = restore_settings(settings)
    if asked.simulation is not None:
        return [_simulate(settings, kind) for kind in asked.simulation.kinds]
    names = [*asked.variables, *([asked.deviation] if asked.deviation else [])]
    if asked.run:
        item = product_of(settings, layout, asked.run, asked.file)
        with open_dataset(item) as data:
            found = variables_of(data, names, str(item))
    else:
        found = read_grid_variables(grid_file(settings, asked.file), names)
    deviation = found[asked.deviation].values if asked.deviation else None
    fields = [Field(found[n], deviation) for n in asked.variables]
    unknown = [d for d in asked.dimensions if d not in fields[0].data.dimensions]
    if unknown:
        raise InputError(
            f"'{asked.variables[0]}' has the dimensions {', '.join(fields[0].data.dimensions)}, "
            f"and `restore.dimensions` names {', '.join(unknown)}. Nothing was restored; name "
            "dimensions of the variable."
        )
    return fields


def _simulate(settings: Settings, kind: Any) -> Field:
    asked = restore_settings(settings).simulation
    assert asked is not None
    stream = random_stream(settings.seed, "simulated field", kind)
    made = simulate_field(kind, asked.shape, asked.noise, stream, asked.missing_share)
    names = ("z", "y", "x")[-len(asked.shape) :] if len(asked.shape) <= 3 else None
    dimensions = names or tuple(f"axis_{k}" for k in range(len(asked.shape)))
    axes = {d: np.arange(n, dtype=float) for d, n in zip(dimensions, asked.shape, strict=True)}
    return Field(GridVariable(kind, made.data, dimensions, axes, "1"), None, made.truth)
