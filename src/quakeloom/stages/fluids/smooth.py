"""Porosity of one rock with one fluid on a grid, smooth in space, with both uncertainties."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError, random_stream
from quakeloom.fluids import judge_voxels, map_porosity
from quakeloom.stages.fluids.inputs import Voxels, fluid_settings, read_members
from quakeloom.stages.rockphysics.reading import CandidateSet, forward_tables, rock_settings
from quakeloom.store import RunLayout

Floats = NDArray[np.float64]


def smooth_variables(
    settings: Settings, layout: RunLayout, sets: list[CandidateSet], voxels: Voxels
) -> dict[str, Any]:
    """Return variables of the dataset of maps: smooth porosity and shape with their ranges.

    Voxels that hold no possible velocities are holes: the field goes on there, with a wider range.

    Raises
    ------
    InputError
        If the rock with the fluid is no candidate at some depth.
    """
    asked = fluid_settings(settings)
    assert asked.smooth is not None
    assert voxels.grid is not None
    rock = rock_settings(settings)
    shape = voxels.grid.values.shape
    depths = np.array([s.condition.depth_km for s in sets])
    own = np.where(np.isfinite(voxels.depth_km), voxels.depth_km, depths[0])
    which = np.abs(own[:, None] - depths[None, :]).argmin(axis=1).reshape(shape)
    tables = []
    for s in sets:
        found = [
            c for c in s.candidates
            if c.lithology == asked.smooth.lithology and c.fluid == asked.smooth.fluid
        ]  # fmt: skip
        if not found:
            raise InputError(
                f"'{asked.smooth.lithology}' with {asked.smooth.fluid} fluid of `fluids.smooth` is "
                f"no candidate at {s.condition.depth_km:g} km. Nothing was mapped; name a rock of "
                "the table of lithologies, and a fluid that is known at all depths."
            )
        tables.append(forward_tables(rock, found[:1]))
    bad = judge_voxels(voxels.data.values)[0] != 0
    values = np.where(bad[:, None], np.nan, voxels.data.values[:, :2])
    covariance = voxels.data.covariance[:, :2, :2].copy()
    members = [np.moveaxis(values.reshape(*shape, 2), -1, 0)]
    if asked.ensemble:
        p = read_members(settings, layout, asked.smooth.members, asked.every)
        holes = np.full(shape, np.nan)
        members = [np.stack([np.where(bad.reshape(shape), np.nan, m), holes]) for m in p]
        # the spread of the members is in them; what is left is the error of the model
        covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 0] = asked.vp_error_km_s**2, 0, 0
    covariance = np.moveaxis(covariance.reshape(*shape, 2, 2), (-2, -1), (0, 1))
    stream = random_stream(settings.seed, "smooth porosity")
    made = map_porosity(tables, which, members, covariance, stream)
    words = f"{asked.smooth.lithology} with {asked.smooth.fluid} fluid"
    notes = {
        "smoothness": [float(x) for x in made.fields.smoothness],
        "squared_misfit_per_datum": made.misfit,
        "settled": int(made.fields.settled),
        "members": len(members),
    }
    named = {
        "smooth_porosity": (made.porosity[0], f"smooth porosity of {words}, median"),
        "smooth_porosity_lower95": (made.porosity[1], "2.5 % quantile of it"),
        "smooth_porosity_upper95": (made.porosity[2], "97.5 % quantile of it"),
        "smooth_pore_ratio": (made.ratio[0], "smooth aspect ratio of pores, median"),
        "smooth_pore_ratio_lower95": (made.ratio[1], "2.5 % quantile of it"),
        "smooth_pore_ratio_upper95": (made.ratio[2], "97.5 % quantile of it"),
        "deviation_given_velocity": (
            made.deviations[0], "standard deviation of ln porosity, velocities given"
        ),
        "deviation_of_ensemble": (
            made.deviations[1], "standard deviation of ln porosity over the ensemble"
        ),
    }  # fmt: skip
    return {
        n: (voxels.grid.dimensions, v.astype(np.float32), {"long_name": w, "units": "1", **notes})
        for n, (v, w) in named.items()
    }
