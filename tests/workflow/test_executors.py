"""Stage by stage: the same bytes in this process, on local workers, on a scheduler started apart.

One simulated run is shared; the parts of a stage are computed again in another way.
"""

from __future__ import annotations

import pytest
from simulated_run import (
    compute_simulated_run,
    plan_simulated_run,
    product_bytes,
    with_cluster,
)

from cluster_processes import dask_processes
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.frame.stage import ONE
from quakeloom.stages.frame.verbs import run_part
from quakeloom.stages.polarity import verbs as polarity
from quakeloom.stages.repeaters import verbs as repeaters
from quakeloom.stages.simulate.verbs import write_simulation
from quakeloom.stages.stress import verbs as stress
from quakeloom.store import open_folder, read_json

SPREADING = (
    "window",
    "pick",
    "polarity",
    "locate",
    "threshold",
    "mechanism",
    "repeaters",
    "stress",
)
"""Stages of this run that spread their blocks, in their order."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Settings, layout and bytes of the run as computed in this process."""
    folder = tmp_path_factory.mktemp("executors")
    settings, layout = compute_simulated_run(folder, folder / "results")
    return settings, layout, product_bytes(layout.root.local)


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """Settings of the cluster by way; a scheduler and two workers are started apart."""
    with dask_processes(tmp_path_factory.mktemp("dask")) as processes:
        processes.start_scheduler()
        for _ in range(2):
            processes.start_worker()
        yield {
            "local": {"kind": "local", "workers": 2},
            "file": {"kind": "scheduler", "scheduler_file": str(processes.file)},
            "address": {"kind": "scheduler", "scheduler_address": processes.address},
        }


@pytest.fixture
def many_blocks(monkeypatch):
    """Small blocks where those of the stage would hold all of this run; the bytes stay."""
    monkeypatch.setattr(polarity, "_SPAN", 128)
    monkeypatch.setattr(repeaters, "_PAIRS", 64)
    monkeypatch.setattr(stress, "SET_BLOCK", 4)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["local", "file"])
@pytest.mark.parametrize("name", SPREADING)
def test_a_stage_gives_the_same_bytes_wherever_it_computes(run, ways, many_blocks, name, way):
    settings, layout, expected = run
    stage = find_stage(name)
    partitions = [ONE] if stage.partitions == "one" else planned_partitions(layout, name)
    assert partitions
    for partition in partitions:
        marker = layout.done(name, partition)
        before = read_json(marker)
        summary = run_part(
            stage, with_cluster(settings, **ways[way]), layout,
            *([] if partition == ONE else [partition]),
        )  # fmt: skip
        assert (way == "local") == (summary["workers"] == 2), summary
        assert read_json(marker) == before
    found = product_bytes(layout.root.local)
    assert [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)] == []


@pytest.mark.slow
@pytest.mark.parametrize("way", ["local", "address"])
def test_a_simulation_gives_the_same_bytes_wherever_it_computes(run, ways, tmp_path, way):
    settings, layout, _ = run
    (source,) = (layout.ingest / "sources").local.glob("*/archive")
    write_simulation(with_cluster(settings, **ways[way]), open_folder(tmp_path))
    found, expected = product_bytes(tmp_path), product_bytes(source.parent)
    expected = {k: v for k, v in expected.items() if k in found or not k.endswith(".json")}
    assert len([k for k in found if k.endswith(".mseed")]) == 18
    assert [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)] == []


def test_a_stage_that_spreads_its_blocks_asks_for_its_workers_and_their_memory(tmp_path):
    promised = {}
    for kind in ("synchronous", "local"):
        cluster = {"kind": kind, "workers": 2}
        _, layout = plan_simulated_run(tmp_path, tmp_path / kind, cluster)
        stages = read_json(layout.root / "plan.json")["runs"]["mini"]["stages"]
        promised[kind] = {n: stages[n] for n in SPREADING}
    assert {n: s["threads"] for n, s in promised["local"].items()} == dict.fromkeys(SPREADING, 2)
    for name in SPREADING:
        here, there = (
            next(iter(promised[kind][name]["partitions"].values()))["memory_mb"]
            for kind in ("synchronous", "local")
        )
        # the stage of repeaters takes what it may take in both ways
        assert (here < there) == (name != "repeaters"), name
