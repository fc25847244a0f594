"""Memory is promised: what a partition needs is told before, and held."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import yaml
from small_runs import ROOT, quakeloom

from quakeloom.config import load_configuration
from quakeloom.core import MemoryPromiseError
from quakeloom.stages.planning import plan_configuration

MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], cwd={root!r}).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
sys.exit(code)
"""


def simulated(folder: Path, events: int, **changes) -> Path:
    path = folder / "memory.yaml"
    settings = {
        "name": "memory",
        "simulation": {"events": events, "preset": "national"},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "all"},
        **changes,
    }
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("events", [50, pytest.param(3000, marks=pytest.mark.long)])
def test_the_peak_of_a_partition_is_below_its_promise(tmp_path, events):
    import subprocess

    config = simulated(tmp_path, events)
    results = tmp_path / "results"
    quakeloom("plan", "--config", config, "--results", results)
    run = results / "memory"
    for step in (["takeoff", "part"], ["mechanism", "init"]):
        quakeloom(*step, "--run", run)
    program = str(Path(sys.executable).parent / "quakeloom")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(root=str(ROOT)), program, "mechanism", "part", "all",
         "--run", str(run)],
        capture_output=True, text=True, env=dict(os.environ), check=True,
    )  # fmt: skip
    measured = float(done.stdout.split()[-1])
    promised = json.loads((run / "plan.json").read_text())["runs"]["memory"]
    promised = promised["stages"]["mechanism"]["partitions"]["all"]["memory_mb"]
    assert measured <= promised
    # a promise of everything is none
    assert promised <= 2.5 * measured


def test_a_job_that_cannot_fit_is_refused_with_numbers(tmp_path):
    config = simulated(tmp_path, 50, cluster={"memory_mb": 500})
    with pytest.raises(MemoryPromiseError, match=r"needs \d+ MB.*cluster.memory_mb is 500"):
        plan_configuration(load_configuration(config), tmp_path / "results")


@pytest.mark.long
def test_the_peaks_of_the_waveform_stages_are_below_their_promises(tmp_path):
    import subprocess

    config = simulated(
        tmp_path, 30, waveforms={"picker": "own", "polarity": "own", "shard_windows": 64},
        threshold={"sample_events": 30},
    )  # fmt: skip
    results = tmp_path / "results"
    quakeloom("plan", "--config", config, "--results", results)
    run = results / "memory"
    quakeloom("takeoff", "part", "--run", run)
    plan = json.loads((run / "plan.json").read_text())["runs"]["memory"]
    program = str(Path(sys.executable).parent / "quakeloom")
    for stage in ("window", "pick", "polarity", "threshold"):
        promised = plan["stages"][stage]["partitions"]["all"]["memory_mb"]
        quakeloom(stage, "init", "--run", run)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE.format(root=str(ROOT)), program, stage, "part", "all",
             "--run", str(run)],
            capture_output=True, text=True, env=dict(os.environ), check=True,
        )  # fmt: skip
        measured = float(done.stdout.split()[-1])
        assert measured <= promised, stage


@pytest.mark.long
@pytest.mark.parametrize("kind", ["layers", "grids", "simulps"])
def test_the_peaks_of_locating_are_below_their_promises(tmp_path, kind):
    """Tables of a layered ensemble, and grids in space that are larger than the program."""
    import subprocess

    import numpy as np
    from test_locate import LOCATE, write_picks

    write_picks(tmp_path)
    locate = {**LOCATE, "members": 100}
    if kind == "simulps":
        wide = "-500 -40 0 40 500"
        rows = "6.00 6.00 6.00 6.00 6.00\n" * 25 + "1.73 1.73 1.73 1.73 1.73\n" * 25
        (tmp_path / "MOD").write_text(
            f"1.0 5 5 5\n{wide}\n{wide}\n-150 -2 10 30 300\n0 0 0\n{rows}"
        )
        locate |= {
            "models": ["MOD"], "model_origin": [135, 35], "model_azimuth_deg": 20,
            "model_x_axis": "west", "model_spacing_km": 0.4,
        }  # fmt: skip
    if kind == "grids":
        # what the times are does not matter to memory
        axis = np.linspace(0.0, 20.0, 80 * 80 * 60).astype("<f4")
        for i in range(8):
            for phase in "PS":
                header = tmp_path / f"grid.{phase}.S{i}.time.hdr"
                rows = (tmp_path / "stations.csv").read_text().splitlines()[1 + i].split(",")
                east, north = ((float(rows[k]) - o) * 111.19508 for k, o in ((2, 135), (3, 35)))
                east *= np.cos(np.radians(float(rows[3])))
                header.write_text(
                    f"80 80 60 -40 -40 -1 1 1 1 TIME FLOAT\nS{i} {east:.6f} {north:.6f} 0\n"
                    "TRANSFORM SIMPLE LatOrig 35 LongOrig 135 RotCW 0\n"
                )
                axis.tofile(header.with_suffix(".buf"))
        locate |= {"models": ["grid"], "members": 0}
    config = tmp_path / "memory.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "name": "memory", "data": str(tmp_path), "partition": {"calendar": "all"},
                "sources": [
                    {"path": f"{n}.csv", "format": "csv"}
                    for n in ("events_*", "picks_*", "stations")
                ],
                "takeoff": {"angles": "ensemble"}, "locate": locate,
            }
        )
    )  # fmt: skip
    results = tmp_path / "results"
    quakeloom("plan", "--config", config, "--results", results)
    run = results / "memory"
    plan = json.loads((run / "plan.json").read_text())["runs"]["memory"]
    program = str(Path(sys.executable).parent / "quakeloom")
    for step, promised in (
        (["init"], plan["stages"]["locate"]["init"]["memory_mb"]),
        (["part", "all"], plan["stages"]["locate"]["partitions"]["all"]["memory_mb"]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE.format(root=str(ROOT)), program, "locate", *step,
             "--run", str(run)],
            capture_output=True, text=True, env=dict(os.environ), check=True,
        )  # fmt: skip
        measured = float(done.stdout.split()[-1])
        assert measured <= promised, step
        assert promised <= 2.0 * measured, step
