"""The stress map of any catalog of mechanisms, without a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from quakeloom import __version__
from quakeloom.config import Stress
from quakeloom.core import InputError
from quakeloom.stages.stress.files import describe_map, write_facts, write_map
from quakeloom.stages.stress.inputs import select_events
from quakeloom.stages.stress.map import MapEvents, StressMap, make_map
from quakeloom.stages.stress.sums import mean_place, sum_events, sum_places
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
    events = select_events(stress, mechanisms, seed=seed)
    keep = MapEvents(events.points, events.statistics, events.weights, events.angles)
    if not events.weights.any():
        raise InputError(
            f"None of {mechanisms.num_rows} mechanisms can be used ({events.left_out}), so there "
            "is no stress to map. Look at the rules of `stress`, or give another catalog."
        )
    center = mean_place([sum_places(events)], [int((events.weights > 0).sum())])
    made = make_map(stress, [sum_events(stress, events)], center, keep, seed)
    provenance = {
        "quakeloom": __version__,
        "seed": seed,
        "stress": stress.model_dump(mode="json"),
    }
    write_map(out, made, provenance)
    description = {
        **describe_map(made),
        "left_out": events.left_out,
        "settings": provenance["stress"],
    }
    write_facts(out, description)
    return made, description
