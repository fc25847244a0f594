"""Stage by stage: the same bytes in this process, on local workers, on a scheduler started apart.

One simulated run is shared; the parts of a stage are computed again in another way. A small run
and one scheduler are part of ``make test``; ``make test-long`` has a larger run and all ways.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from simulated_run import (
    LARGE,
    SMALL,
    Size,
    compute_simulated_run,
    plan_simulated_run,
    product_bytes,
    small_blocks,
    with_cluster,
)
from small_runs import compute_run

from cluster_processes import dask_processes
from quakeloom.cluster import Executor
from quakeloom.config import Settings
from quakeloom.stages.every_stage import find_stage
from quakeloom.stages.frame.partition_states import planned_partitions
from quakeloom.stages.frame.stage import ONE
from quakeloom.stages.frame.verbs import run_part
from quakeloom.stages.simulate import archive
from quakeloom.stages.simulate import verbs as simulate
from quakeloom.stages.simulate.verbs import write_simulation
from quakeloom.store import RunLayout, open_folder, read_json

SPREADING = (
    "window",
    "pick",
    "polarity",
    "locate",
    "threshold",
    "mechanism",
    "repeaters",
    "stress",
    "faults",
)
"""Stages of this run that spread their blocks, in their order."""


@pytest.fixture
def many_blocks() -> Iterator[None]:
    """Blocks of another size than those that the run was computed with; the bytes stay."""
    with small_blocks():
        yield


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Functions that workers are asked for, one for each block."""
    names: list[str] = []
    submit = Executor._submit

    def count(executor, call, item):
        names.append(call.function.__name__)
        return submit(executor, call, item)

    monkeypatch.setattr(Executor, "_submit", count)
    return names


Run = tuple[Settings, RunLayout, dict[str, bytes]]
"""Settings, layout and bytes of a run as computed in this process."""


def compute(factory, size: Size) -> Run:
    folder = factory.mktemp("executors")
    settings, layout = compute_simulated_run(folder, folder / "results", size=size)
    return settings, layout, product_bytes(layout.root.local)


@pytest.fixture(scope="module")
def small_run(tmp_path_factory) -> Run:
    return compute(tmp_path_factory, SMALL)


@pytest.fixture(scope="module")
def large_run(tmp_path_factory) -> Run:
    return compute(tmp_path_factory, LARGE)


@pytest.fixture(scope="module")
def ways(tmp_path_factory) -> Iterator[dict[str, dict]]:
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


def compute_again(run: Run, name: str, cluster: dict) -> None:
    """Compute the parts of a stage elsewhere, and compare all bytes of the run."""
    settings, layout, expected = run
    stage = find_stage(name)
    partitions = [ONE] if stage.partitions == "one" else planned_partitions(layout, name)
    assert partitions
    for partition in partitions:
        marker = layout.done(name, partition)
        before = read_json(marker)
        summary = run_part(
            stage, with_cluster(settings, **cluster), layout,
            *([] if partition == ONE else [partition]),
        )  # fmt: skip
        assert (cluster["kind"] == "local") == (summary["workers"] == 2), summary
        assert read_json(marker) == before
    assert different(product_bytes(layout.root.local), expected) == []


def different(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)]


def simulate_again(settings: Settings, folder: Path, cluster: dict) -> None:
    """Simulate here and elsewhere, and compare the catalogs and their seismograms."""
    bytes_of = {}
    for way, where in (("here", {}), ("there", cluster)):
        write_simulation(with_cluster(settings, **where), open_folder(folder / way))
        bytes_of[way] = product_bytes(folder / way)
    files = [k for k in bytes_of["here"] if k.endswith(".mseed")]
    assert len(files) == settings.simulation.events
    assert different(bytes_of["there"], bytes_of["here"]) == []


@pytest.mark.slow
def test_every_stage_gives_the_same_bytes_on_a_scheduler(
    small_run, ways, many_blocks, asked, monkeypatch, tmp_path
):
    """One test, so that one process makes the run and starts the scheduler."""
    for name in SPREADING:
        asked.clear()
        compute_again(small_run, name, ways["file"])
        blocks = {function: asked.count(function) for function in asked}
        assert blocks, name
        assert min(blocks.values()) > 1 or name == "polarity", (name, blocks)
    asked.clear()
    # the rows of reference arrivals follow the blocks, so they are small in both ways
    monkeypatch.setattr(archive, "BLOCK", 48)
    monkeypatch.setattr(simulate, "BLOCK", 48)
    simulate_again(small_run[0], tmp_path, ways["address"])
    assert asked.count("write_records") > 1


@pytest.mark.slow
def test_a_finer_sea_floor_has_the_same_bytes_from_one_worker_and_from_two(tmp_path, asked):
    """An analysis of its own, so it is no stage of the run above; six strips, some with holes."""
    rng = np.random.default_rng(1)
    depth = 3000 + np.cumsum(rng.normal(size=(96, 60)), axis=0)
    depth[30:34, 10:20] = np.nan
    axes = {"y": 100.0 * np.arange(96), "x": 1e4 + 100.0 * np.arange(60)}
    grid = xr.Dataset({"depth": (("y", "x"), depth, {"units": "m"})}, axes)
    grid.to_netcdf(tmp_path / "grid.nc", engine="scipy")
    wanted = {"grid": "grid.nc", "method": "spline", "strip_rows": 16}
    bytes_of = {}
    for way, cluster in (("one", {}), ("two", {"kind": "local", "workers": 2})):
        path = tmp_path / f"{way}.yaml"
        run = {"name": "floor", "data": str(tmp_path), "bathymetry": wanted, "cluster": cluster}
        path.write_text(yaml.safe_dump(run))
        bytes_of[way] = product_bytes(compute_run(path, tmp_path / way).root.local)
    assert asked.count("restore_strip") == 6
    assert any("bathymetry.zarr" in k for k in bytes_of["one"])
    # the plan says how many workers were promised
    assert different(bytes_of["two"], bytes_of["one"]) in ([], ["plan.json"])


@pytest.mark.long
@pytest.mark.parametrize("way", ["local", "file"])
@pytest.mark.parametrize("name", SPREADING)
def test_a_stage_gives_the_same_bytes_wherever_it_computes(large_run, ways, many_blocks, name, way):
    compute_again(large_run, name, ways[way])


@pytest.mark.long
@pytest.mark.parametrize("way", ["local", "address"])
def test_a_simulation_gives_the_same_bytes_wherever_it_computes(large_run, ways, tmp_path, way):
    simulate_again(large_run[0], tmp_path, ways[way])


@pytest.mark.slow
def test_a_stage_that_spreads_its_blocks_asks_for_its_workers_and_their_memory(small_run, tmp_path):
    _, layout, _ = small_run
    results = tmp_path / "results"
    shutil.copytree(layout.root.local.parent, results)
    promised = {"synchronous": promises(results)}
    plan_simulated_run(tmp_path, results, {"kind": "local", "workers": 2}, SMALL)
    promised["local"] = promises(results)
    assert {n: s["threads"] for n, s in promised["local"].items()} == dict.fromkeys(SPREADING, 2)
    for name in SPREADING:
        here, there = (
            next(iter(promised[kind][name]["partitions"].values()))["memory_mb"]
            for kind in ("synchronous", "local")
        )
        # the stages of repeaters and of faults take what they may take in both ways
        assert (here < there) == (name not in ("repeaters", "faults")), name


def promises(results: Path) -> dict[str, dict]:
    """Return what the plan of the run promises of the stages that spread their blocks."""
    stages = read_json(open_folder(results) / "mini" / "plan.json")["runs"]["mini"]["stages"]
    return {name: stages[name] for name in SPREADING}
