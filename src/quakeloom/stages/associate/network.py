"""What picks are associated with: velocity models, travel times, a proposer, working stations."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from quakeloom.association import (
    Association,
    AssociationOptions,
    OctreeProposer,
    Proposer,
    Stations,
    TimeTables,
    place_levels,
    trace_times,
)
from quakeloom.core import LayeredModel, SettingsError
from quakeloom.formats import has_layers, read_layer_model, read_velocity_model
from quakeloom.location import draw_layered_models, with_s_velocities
from quakeloom.stages.associate.usable_picks import UsablePicks
from quakeloom.stages.locate.ensembles import find_location_model

log = logging.getLogger(__name__)

PROPOSERS = ("stack", "octree")
"""What proposes candidates: quakeloom's own back-projection, or PyOcto."""

_VP_VS = 1.73
"""Vp/Vs where a model has no S velocities: that of a Poisson solid."""

_RARE = 0.15
"""Part of the others' share of the picks that it should have, below which a station is named: its
clock or its place may be wrong (chosen here)."""

_NAMED = 8
"""Stations that a warning names."""


def read_models(
    names: Sequence[str], members: int, seed: int, data: str = ""
) -> list[LayeredModel]:
    """Read layered models, and draw members around the first where an ensemble is wanted.

    S velocities that a model lacks follow from Vp/Vs = 1.73.

    Parameters
    ----------
    names : sequence of str
        Files, or velocity models that come with quakeloom.
    members : int
        Members drawn around the first; 0: models as they are.
    seed : int
        Root of the random streams.
    data : str
        Folder that relative paths start from.
    """
    models = []
    for name in names:
        path = find_location_model(name, data)
        model = read_layer_model(path) if has_layers(path) else read_velocity_model(path)
        models.append(
            model if model.s_velocity_km_s is not None else with_s_velocities(model, _VP_VS)
        )
    if members:
        return draw_layered_models(models[0], members, seed)
    return models


def choose_proposer(name: str) -> Proposer | None:
    """Return what proposes candidates; None for the room's own.

    Raises
    ------
    SettingsError
        If there is none of this name.
    """
    if name not in PROPOSERS:
        raise SettingsError(
            f"'{name}' proposes no candidates. Nothing was associated; write one of "
            f"{', '.join(PROPOSERS)}."
        )
    return OctreeProposer() if name == "octree" else None


def trace_network(
    usable: UsablePicks, models: Sequence[LayeredModel], options: AssociationOptions
) -> tuple[Stations, TimeTables]:
    """Return the stations of picks, and travel times to their levels."""
    level, levels = place_levels(usable.place[:, 0])
    tables = trace_times(
        models, levels, options.reach_km, (options.minimum_depth_km, options.maximum_depth_km),
        (options.time_error_fraction, options.time_error_s),
    )  # fmt: skip
    return Stations(usable.place, level), tables


def warn_of_silent(found: Association, usable: UsablePicks) -> None:
    """Name stations that have picks and hardly ever one where an event asks for it."""
    most = found.model.station_most
    if most is None:
        return
    share = most.mean(axis=1)
    heard = np.bincount(usable.arrays.station, minlength=share.size) >= 20
    rare = np.flatnonzero((share < _RARE * np.median(share)) & heard)
    if rare.size:
        names = ", ".join(usable.names[i] for i in rare[:_NAMED])
        log.warning(
            "associate: %d station(s) have picks, but hardly any where events ask for them: %s. "
            "Check their clocks and places.", rare.size, names,
        )  # fmt: skip
