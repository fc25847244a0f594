"""What an ensemble keeps on disk: blocks of members, their arrays, and what all of them share."""

from __future__ import annotations

from typing import Any

import numpy as np

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


def read_prepared(layout: RunLayout) -> tuple[PreparedPosterior, ...]:
    """Read what :func:`init` prepared for all members, one per point of the prior."""
    found = read_arrays(prepared_path(layout))
    points = found.get("points", np.zeros(1, dtype=np.int64))
    made = {}
    for k in sorted(set(points.tolist())):
        end = f"_{k}" if k else ""
        center = Linearization(
            found[f"white{end}"], found[f"prediction{end}"], found[f"jacobian{end}"]
        )
        made[k] = PreparedPosterior(
            center,
            InformedSubspace(found[f"basis{end}"], found[f"values{end}"], center.white),
            float(found[f"chi_square{end}"]),
            int(found[f"iterations{end}"]),
            bool(found[f"converged{end}"]),
        )
    return tuple(made[k] for k in points.tolist())


def prepared_path(layout: RunLayout) -> Item:
    """Return the file of what is prepared."""
    return layout.part("tomography.prepared", "posterior.npz")


def write_prepared(layout: RunLayout, prepared: tuple[PreparedPosterior, ...]) -> None:
    """Write what :func:`read_prepared` reads; points that are the same are written once."""
    distinct = list({id(p): p for p in prepared}.values())
    places = {id(p): k for k, p in enumerate(distinct)}
    arrays: dict[str, Any] = {}
    for k, one in enumerate(distinct):
        end = f"_{k}" if k else ""
        arrays |= {
            f"white{end}": one.center.white,
            f"prediction{end}": one.center.prediction,
            f"jacobian{end}": one.center.jacobian,
            f"basis{end}": one.subspace.basis,
            f"values{end}": one.subspace.values,
            f"chi_square{end}": one.chi_square,
            f"iterations{end}": one.iterations,
            f"converged{end}": one.converged,
        }
    if len(prepared) > 1:
        arrays["points"] = np.array([places[id(p)] for p in prepared], dtype=np.int64)
    write_arrays(prepared_path(layout), **arrays)


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
