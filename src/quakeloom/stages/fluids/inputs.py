"""Voxels that a run looks at: single places, the nodes of a grid, or simulated ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Fluids, Settings
from quakeloom.core import InputError, PlanError, random_stream
from quakeloom.fluids import SimulatedVoxels, VoxelData, simulate_voxels
from quakeloom.formats import GridVariable, read_grid_variables, variables_of
from quakeloom.stages.restore.inputs import grid_file, product_of
from quakeloom.stages.rockphysics.reading import (
    CandidateSet,
    pore_grid,
    rock_settings,
    thermal_spread,
)
from quakeloom.store import Item, RunLayout, open_array, open_dataset

Floats = NDArray[np.float64]

_FASTEST_KM_S = 15.0
"""No P wave in the crust or mantle is faster; larger numbers are m/s."""

_SLOWEST_M_S = 100.0
"""No rock is slower than 100 m/s; smaller numbers are km/s."""


@dataclass(frozen=True)
class Voxels:
    """Voxels with what was observed.

    Attributes
    ----------
    names : list of str
    depth_km : ndarray
        NaN where not known.
    data : VoxelData
    grid : GridVariable or None
        Of the grid that they are nodes of, in C order.
    truth : SimulatedVoxels or None
        One per rock; voxels are its realizations, one rock after the other.
    """

    names: list[str]
    depth_km: Floats
    data: VoxelData
    grid: GridVariable | None = None
    truth: SimulatedVoxels | None = None
    also: dict[str, Floats] = field(default_factory=dict)


def fluid_settings(settings: Settings) -> Fluids:
    """Return the group ``fluids``, which a run of this stage has."""
    if settings.fluids is None:
        raise PlanError(f"Run '{settings.name}' has no `fluids` group in its settings.")
    return settings.fluids


def read_voxels(settings: Settings, layout: RunLayout, sets: list[CandidateSet]) -> Voxels:
    """Read or simulate the voxels of a run."""
    asked = fluid_settings(settings)
    if asked.simulation is not None:
        return _simulate(settings, sets)
    if asked.observations:
        rows = [(o.vp_km_s, o.vs_km_s, o.conductivity_s_m) for o in asked.observations]
        values = np.array([[np.nan if x is None else x for x in r] for r in rows], dtype=float)
        values[:, 2] = np.log10(values[:, 2])
        depth = np.array(
            [np.nan if o.depth_km is None else o.depth_km for o in asked.observations], dtype=float
        )
        names = [o.name for o in asked.observations]
        return Voxels(names, depth, VoxelData(values, _covariance(asked, len(names))))
    return _read_grid(settings, layout)


def _covariance(asked: Fluids, count: int, vp_error: Floats | None = None) -> Floats:
    """Return the covariances of the errors, (voxel, 3, 3)."""
    p = np.full(count, asked.vp_error_km_s) if vp_error is None else vp_error
    s, z = asked.vs_error_km_s, asked.log10_conductivity_error
    found = np.zeros((count, 3, 3))
    found[:, 0, 0], found[:, 1, 1], found[:, 2, 2] = p**2, s**2, z**2
    found[:, 0, 1] = found[:, 1, 0] = asked.velocity_correlation * p * s
    return found


def add_thermal_spread(settings: Settings, sets: list[CandidateSet], covariance: Floats) -> Floats:
    """Add what temperature leaves open to the covariances: both velocities move together."""
    moved = np.array(thermal_spread(settings, sets[0].condition))
    found = covariance.copy()
    found[:, :2, :2] += np.outer(moved, moved)
    return found


def _read_grid(settings: Settings, layout: RunLayout) -> Voxels:
    asked = fluid_settings(settings)
    if asked.ensemble:
        asked = asked.model_copy(update={"vp": "mean", "vp_deviation": "standard_deviation"})
    given = {
        k: n
        for k, n in (("vp", asked.vp), ("vs", asked.vs), ("vp_vs", asked.vp_vs),
                     ("sigma", asked.conductivity), ("error", asked.vp_deviation))
        if n
    }  # fmt: skip
    names = list(dict.fromkeys(given.values()))
    if asked.ensemble:
        item = ensemble_product(settings, layout)
        with open_dataset(item) as data:
            found = variables_of(data, names, str(item))
    elif asked.run:
        item = product_of(settings, layout, asked.run, asked.file)
        with open_dataset(item) as data:
            found = variables_of(data, names, str(item))
    else:
        found = read_grid_variables(grid_file(settings, asked.file), names)
    found = {n: thin_grid(v, asked.every) for n, v in found.items()}
    first = found[names[0]]
    columns = {k: found[n].values.ravel() for k, n in given.items()}
    for key in ("vp", "vs", "error"):
        if key in columns:
            columns[key] = _in_km_s(settings, given[key], columns[key], key)
    count = first.values.size
    nothing = np.full(count, np.nan)
    vs = columns.get("vs", nothing)
    if "vp_vs" in columns:
        vs = columns["vp"] / columns["vp_vs"]
    sigma = columns.get("sigma", nothing)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_sigma = np.where(sigma > 0, np.log10(sigma), np.nan)
    values = np.stack([columns.get("vp", nothing), vs, log_sigma], axis=1)
    error = columns.get("error")
    if error is not None:
        error = np.where(np.isfinite(error) & (error > 0), error, asked.vp_error_km_s)
    labels = [str(k) for k in range(count)]
    return Voxels(
        labels, _depths(asked, first), VoxelData(values, _covariance(asked, count, error)), first
    )


def ensemble_product(settings: Settings, layout: RunLayout) -> Item:
    """Return the file with mean and standard deviation of the run's own ensemble."""
    return layout.root / ("sections.nc" if settings.tomography is not None else "regional.nc")


def thin_grid(grid: GridVariable, every: list[int]) -> GridVariable:
    """Return every so many nodes of a grid.

    Raises
    ------
    InputError
        If there is not one number for each dimension.
    """
    if not every:
        return grid
    if len(every) != grid.values.ndim:
        raise InputError(
            f"`fluids.every` has {len(every)} numbers and '{grid.name}' the dimensions "
            f"{', '.join(grid.dimensions)}. Nothing was computed; give one for each."
        )
    cut = tuple(slice(None, None, k) for k in every)
    axes = {d: grid.coordinates[d][::k] for d, k in zip(grid.dimensions, every, strict=True)}
    return replace(grid, values=np.ascontiguousarray(grid.values[cut]), coordinates=axes)


def read_members(
    settings: Settings, layout: RunLayout, count: int, every: list[int]
) -> list[Floats]:
    """Return P velocities of members of the run's own ensemble, evenly chosen, in km/s."""
    name = "p_velocity" if settings.tomography is not None else "regional_p_velocity"
    array = open_array(layout.root / "ensemble.zarr", name)
    chosen = np.unique(np.linspace(0, array.shape[0] - 1, count).astype(int))
    cut = tuple(slice(None, None, k) for k in every) or (Ellipsis,)
    return [np.asarray(array[int(k)], dtype=np.float64)[cut] for k in chosen]


def _in_km_s(settings: Settings, name: str, values: Floats, key: str) -> Floats:
    """Return velocities in km/s; refuse numbers that are of the other unit.

    Raises
    ------
    InputError
        If more than a few are no velocity in the unit of the settings.
    """
    unit = fluid_settings(settings).velocity_unit
    if key == "error":
        return values / 1000.0 if unit == "m/s" else values
    finite = values[np.isfinite(values)]
    wrong = finite > _FASTEST_KM_S if unit == "km/s" else finite < _SLOWEST_M_S
    if finite.size and wrong.mean() > 0.5:
        other = "m/s" if unit == "km/s" else "km/s"
        raise InputError(
            f"'{name}' of '{settings.name}' has values such as {float(np.median(finite)):g}, which "
            f"are no velocities in {unit}. Nothing was computed; write `fluids.velocity_unit: "
            f"{other}`, if that is their unit."
        )
    # single numbers of the other unit are no data: their voxels say so
    odd = values > _FASTEST_KM_S if unit == "km/s" else values < _SLOWEST_M_S
    cleaned = values / 1000.0 if unit == "m/s" else values.copy()
    cleaned[odd] = -1.0
    return cleaned


def _depths(asked: Fluids, grid: GridVariable) -> Floats:
    """Return the depth of every node, NaN where the grid has no such coordinate."""
    name = asked.depth or next(
        (d for d in grid.dimensions if d.startswith("depth") or d in ("z", "z_km")), ""
    )
    if not name:
        return np.full(grid.values.size, np.nan)
    if name not in grid.dimensions:
        raise InputError(
            f"'{grid.name}' has the dimensions {', '.join(grid.dimensions)} and no '{name}'. "
            "Nothing was computed; correct `fluids.depth`."
        )
    axis = grid.dimensions.index(name)
    shape = [-1 if a == axis else 1 for a in range(grid.values.ndim)]
    return np.broadcast_to(grid.coordinates[name].reshape(shape), grid.values.shape).ravel().copy()


def _simulate(settings: Settings, sets: list[CandidateSet]) -> Voxels:
    asked = fluid_settings(settings)
    assert asked.simulation is not None
    rock = rock_settings(settings)
    first, times = sets[0], asked.simulation.realizations
    truth = simulate_voxels(
        first.candidates, pore_grid(rock), (rock.model, rock.mixing), asked.simulation.rocks,
        random_stream(settings.seed, "simulated rocks"),
    )  # fmt: skip
    covariance = _covariance(asked, 1)[0]
    values = np.concatenate(
        [
            (truth.exact[k] + random_stream(settings.seed, "errors", k).standard_normal((times, 3))
             @ np.linalg.cholesky(covariance).T)
            for k in range(len(truth.exact))
        ]
    )  # fmt: skip
    names = [f"rock {k}, draw {r}" for k in range(len(truth.exact)) for r in range(times)]
    depth = np.full(len(names), first.condition.depth_km)
    return Voxels(names, depth, VoxelData(values, _covariance(asked, len(names))), None, truth)
