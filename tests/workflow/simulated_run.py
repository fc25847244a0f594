"""A small simulated run through all stages that spread blocks, in more than one block each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from quakeloom.config import Cluster, Settings, load_configuration
from quakeloom.stages.pick import verbs as pick
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.polarity import verbs as polarity
from quakeloom.stages.repeaters import verbs as repeaters
from quakeloom.stages.run_here import run_here
from quakeloom.stages.stress import verbs as stress
from quakeloom.stages.window import verbs as window
from quakeloom.store import RunLayout

EVENTS = 18
"""Events of a run: two blocks of sixteen, which are the smallest."""


@dataclass(frozen=True)
class Size:
    """How large a run is: readings of an event, members of the ensemble that locates."""

    readings: int
    members: int


LARGE = Size(readings=30, members=100)
"""Some 500 windows, two or three blocks as the stages make them."""

SMALL = Size(readings=12, members=12)
"""Some 220 windows: the stages must be told to make smaller blocks of them."""


def write_simulated_config(folder: Path, cluster: dict | None = None, size: Size = LARGE) -> Path:
    """Write a configuration from simulated seismograms to the map."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "name": "mini",
        "simulation": {
            "preset": "region", "events": EVENTS, "mean_polarities": size.readings,
            "start_year": 2019, "end_year": 2020, "repeating_fraction": 0.5,
        },
        "waveforms": {
            "picker": "own", "polarity": "own", "shard_windows": 64, "chunk_windows": 16,
        },
        "threshold": {"probabilities": [0.5, 0.9]},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "all"},
        "repeaters": {"least_correlation": 0.7},
        "storage": {"shard_events": 16, "chunk_events": 4},
        "mechanism": {"trials": 5, "grid_step_deg": 10},
        "locate": {"models": ["generic_crust"], "members": size.members},
        "stress": {"grid_step_deg": 0.3},
        "faults": {"starts": 2, "nulls": 2, "draws": 10},
        "cluster": {"block_events": 16, **(cluster or {})},
    }  # fmt: skip
    path = folder / "mini.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def plan_simulated_run(
    folder: Path, results: Path, cluster: dict | None = None, size: Size = LARGE
) -> tuple[Settings, RunLayout]:
    """Plan the run, which simulates its seismograms."""
    configuration = load_configuration(write_simulated_config(folder, cluster, size))
    plan_configuration(configuration, results)
    return configuration.cases["mini"], RunLayout(results / "mini")


def compute_simulated_run(
    folder: Path, results: Path, cluster: dict | None = None, size: Size = LARGE
) -> tuple[Settings, RunLayout]:
    """Plan and compute the run in this process, or where ``cluster`` says."""
    settings, layout = plan_simulated_run(folder, results, cluster, size)
    run_here(settings, layout)
    return settings, layout


@contextlib.contextmanager
def small_blocks() -> Iterator[None]:
    """Make blocks so small that every stage has several of them in the small run; bytes stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_BLOCK", 32)
        patch.setattr(pick, "_BLOCK", 64)
        patch.setattr(polarity, "_SPAN", 64)
        patch.setattr(repeaters, "_BLOCK", 32)
        patch.setattr(repeaters, "_PAIRS", 64)
        patch.setattr(stress, "SET_BLOCK", 4)
        yield


def with_cluster(settings: Settings, **cluster) -> Settings:
    """Return settings that compute elsewhere."""
    values = {"block_events": settings.cluster.block_events, **cluster}
    return settings.model_copy(update={"cluster": Cluster(**values)})


def product_bytes(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a run but logs, times and what records the cluster."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in (".log", ".tsv") and file.name != "settings.yaml"
    }
