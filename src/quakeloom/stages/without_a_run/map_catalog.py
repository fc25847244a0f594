"""The stress map of any catalog of mechanisms, without a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Stress
from quakeloom.core import InputError, middle_longitude
from quakeloom.stages.stress.files import describe_map, write_facts, write_map
from quakeloom.stages.stress.inputs import select_events
from quakeloom.stages.stress.map import MapEvents, StressMap, make_map
from quakeloom.stages.stress.sums import (
    count_midway,
    describe_midway,
    mean_place,
    sum_events,
    sum_places,
)
from quakeloom.store import open_folder


def map_catalog(
    stress: Stress, mechanisms: pa.Table, folder: Path, seed: int = 0
) -> tuple[StressMap, dict[str, Any]]:
    """Map a catalog of mechanisms in one go and write all files to a folder.

    Returns
    -------
    StressMap, dict
        The map, and what ``stress.json`` holds.
    """
    out = open_folder(folder)
    made, description = map_mechanisms(stress, mechanisms, seed=seed)
    provenance = {"quakeloom": __version__, "seed": seed, "stress": description["settings"]}
    write_map(out, made, provenance)
    write_facts(out, description)
    return made, description


def map_mechanisms(
    stress: Stress,
    mechanisms: pa.Table,
    acceptance: NDArray[np.uint8] | None = None,
    grid: Sequence[NDArray[np.float64]] = (),
    seed: int = 0,
) -> tuple[StressMap, dict[str, Any]]:
    """Map mechanisms in one go; nothing is written.

    Parameters
    ----------
    stress : Stress
    mechanisms : pyarrow.Table
        Registered ``mechanisms``.
    acceptance : ndarray of uint8, shape (events, mechanisms), optional
        Weights of the grid mechanisms, row by row as ``mechanisms``.
    grid : sequence of ndarray
        Strike, dip, rake of the grid mechanisms, and their shares of all orientations.
    seed : int

    Returns
    -------
    StressMap, dict
        The map, and what ``stress.json`` holds.

    Raises
    ------
    InputError
        If no mechanism can be used; the message counts the reasons.
    """
    stress = stress.around(middle_longitude(mechanisms.column("longitude").to_numpy()))
    events = select_events(stress, mechanisms, acceptance, grid, seed)
    keep = MapEvents(
        events.points, events.statistics, events.weights, events.angles, events.sets,
        events.places, events.from_sets,
    )  # fmt: skip
    if not events.weights.any():
        if not mechanisms.num_rows:
            raise InputError(
                "There are no mechanisms, so there is no stress to map. Give rows with longitude, "
                "latitude, strike_deg, dip_deg and rake_deg."
            )
        reasons = ", ".join(f"{reason}: {count}" for reason, count in events.left_out.items())
        raise InputError(
            f"None of {mechanisms.num_rows} mechanisms can be used ({reasons}), so there is no "
            "stress to map. Look at the rules of `stress`, or give another catalog."
        )
    used = int((events.weights > 0).sum())
    center = mean_place([sum_places(events)], [used])
    made = make_map(stress, [sum_events(stress, events)], center, keep, seed)
    description = describe_map(made)
    left = dict(events.left_out)
    beyond = used - description["mechanisms"]
    if beyond > 0:
        left["no node of the map is near"] = beyond
    return made, {
        **description,
        **describe_midway([count_midway(stress, events)], used),
        "qualities": events.qualities,
        "left_out": left,
        "settings": stress.model_dump(mode="json"),
    }
