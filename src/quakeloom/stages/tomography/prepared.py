"""What an ensemble keeps on disk: blocks of members, their arrays, and what all of them share."""

from __future__ import annotations

from quakeloom.config import Settings
from quakeloom.inference import InformedSubspace, Linearization
from quakeloom.stages.ensemble.blocks import ensemble_path
from quakeloom.stages.tomography.inputs import LineInputs, line_settings
from quakeloom.store import (
    Item,
    RunLayout,
    create_array,
    read_arrays,
    read_attributes,
    write_array,
    write_arrays,
    write_attributes,
)
from quakeloom.tomography import PreparedPosterior

MEMBER_ARRAYS = (
    "p_velocity",
    "log_likelihood",
    "chi_square",
    "noise_factor",
    "white_coordinates",
    "white_score",
    "member_time_s",
)
"""Arrays with one row per member."""


def read_prepared(layout: RunLayout) -> PreparedPosterior:
    """Read what :func:`init` prepared for all members."""
    found = read_arrays(prepared_path(layout))
    center = Linearization(found["white"], found["prediction"], found["jacobian"])
    subspace = InformedSubspace(found["basis"], found["values"], center.white)
    return PreparedPosterior(
        center,
        subspace,
        float(found["chi_square"]),
        int(found["iterations"]),
        bool(found["converged"]),
    )


def prepared_path(layout: RunLayout) -> Item:
    """Return the file of what is prepared."""
    return layout.part("tomography.prepared", "posterior.npz")


def write_prepared(layout: RunLayout, prepared: PreparedPosterior) -> None:
    """Write what :func:`read_prepared` reads."""
    write_arrays(
        prepared_path(layout),
        white=prepared.center.white,
        prediction=prepared.center.prediction,
        jacobian=prepared.center.jacobian,
        basis=prepared.subspace.basis,
        values=prepared.subspace.values,
        chi_square=prepared.chi_square,
        iterations=prepared.iterations,
        converged=prepared.converged,
    )


def make_ensemble(
    settings: Settings, layout: RunLayout, inputs: LineInputs, plan_digest: str
) -> None:
    """Create the arrays of the ensemble, unless they are there for the same plan."""
    line = line_settings(settings)
    group = ensemble_path(layout)
    if read_attributes(group).get("plan") == plan_digest:
        return
    grid = inputs.problem.grid
    trailing: dict[str, tuple[int, ...]] = {
        "p_velocity": grid.shape,
        "white_coordinates": (inputs.problem.size,),
        "white_score": (inputs.problem.size,),
        "member_time_s": (inputs.used.num_rows,),
    }
    size = line.block_members
    rows = max(line.members, size)
    for name in MEMBER_ARRAYS:
        shape = (rows, *trailing.get(name, ()))
        create_array(group, name, shape, 1 if len(shape) > 1 else size, size)
    write_array(group, "depth_km", grid.depth_km)
    write_array(group, "distance_km", grid.distance_km)
    write_array(group, "ground_depth_km", grid.ground_depth_km)
    write_attributes(
        group,
        {
            "description": f"Ensemble of P-velocity sections of '{settings.name}'",
            "sampler": line.sampler,
            "coordinates": "depth_km distance_km",
            "plan": plan_digest,
        },
    )
