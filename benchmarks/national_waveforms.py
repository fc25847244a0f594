"""A share of a national archive through the whole chain: window, pick, polarity, mechanism.

The job is 660,332 events with 9,348,165 windows (Uchide et al. 2022). This simulates a
hundredth of it as recorded seismograms (``--fraction``), runs the workflow on them, and
extrapolates: every stage grows with the number of windows or events. The simulation is told
apart. Seconds of stages are those that Snakemake measures for their jobs, start of the
program included; with ``projected_hours`` the whole workflow is meant, with as many jobs at a
time as ``--workers`` says.

Run ``python benchmarks/national_waveforms.py [--quick] [--fraction F] [--keep DIR]``; the
last line is JSON. Where a graphics processor is present the networks use it, and the figures
are named apart.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

from _harness import Stopwatch, figure, print_result
from national_mechanisms import EVENTS, agreement, run_command, simulate_only
from quakeloom.networks import find_device
from quakeloom.schema import time_values
from quakeloom.store import open_item, read_table

STAGES = ("window", "pick", "polarity", "mechanism")
WINDOWS = 9_348_165


def run_share(fraction: float, folder: Path, workers: int) -> tuple[dict, dict]:
    """Simulate, plan and run a share of the nation; return figures and settings."""
    events = round(EVENTS * fraction)
    name = f"waveforms{events}"
    results = folder / "results"
    config = folder / f"{name}.yaml"
    settings = {
        "name": name,
        "description": "A share of a synthetic national archive.",
        "simulation": {"preset": "national", "events": events},
        "waveforms": {"picker": "own", "polarity": "own"},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "auto"},
        "mechanism": {"maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90},
        "storage": {"acceptance": False},
    }
    config.write_text(yaml.safe_dump(settings))
    root = results / name
    watch = Stopwatch()
    subprocess.run(
        [sys.executable, __file__, "--simulate-only", str(config), str(results)], check=True
    )
    simulated = watch.seconds()
    arguments = ["--config", str(config), "--results", str(results)]
    planned, plan_memory = run_command(["plan", *arguments])
    ran, run_memory = run_command(["run", *arguments, "--cores", str(workers)])
    windows = read_table(
        open_item(root) / "windows.parquet", "windows", ["window_status", "window"]
    )
    cut = int((windows.column("window").to_numpy() >= 0).sum())
    figures = {
        "events": events,
        "windows": cut,
        "simulation_seconds": simulated,
        "plan_seconds": planned,
        "seconds": planned + ran,
        "peak_memory_gb": max(plan_memory, run_memory),
        "archive_bytes": _bytes(root / "ingest")[0],
    }
    projected = {}
    for stage in STAGES:
        cost = _stage_costs(root, stage)
        size, files = _bytes(root / "parts" / stage)
        work = events if stage == "mechanism" else cut
        growth = EVENTS / events if stage == "mechanism" else WINDOWS / max(cut, 1)
        figures |= {
            f"{stage}_seconds": cost["seconds"],
            f"{stage}_cpu_seconds": cost["cpu"],
            f"{stage}_jobs": cost["jobs"],
            f"{stage}_per_second": work / max(cost["seconds"], 1e-9),
            f"{stage}_peak_memory_gb": cost["memory_mb"] / 1e3,
            f"{stage}_bytes": size,
            f"{stage}_files": files,
        }
        # CPU time, of which a busy machine takes nothing away
        used = cost["cpu"] or cost["seconds"]
        projected[f"projected_{stage}_core_hours"] = used * growth / 3600.0
        projected[f"projected_{stage}_bytes"] = size * growth
    figures |= projected
    figures["projected_hours"] = (planned + ran) / fraction / 3600.0
    return {**figures, **_quality(root)}, {"picker": "own", "polarity": "own"}


def _stage_costs(root: Path, stage: str) -> dict[str, float]:
    """Sum what Snakemake measured of the jobs of a stage."""
    total = {"seconds": 0.0, "cpu": 0.0, "memory_mb": 0.0, "jobs": 0.0}
    for file in sorted((root / "benchmarks" / stage).glob("*.tsv")):
        with file.open() as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                total["seconds"] += float(row["s"])
                total["jobs"] += 1
                for key, column in (("cpu", "cpu_time"), ("memory_mb", "max_rss")):
                    value = float(row[column]) if row[column] not in ("-", "NA") else 0.0
                    total[key] = (
                        max(total[key], value) if key == "memory_mb" else total[key] + value
                    )
    return total


def _bytes(folder: Path) -> tuple[int, int]:
    files = [p for p in folder.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files), len(files)


def _quality(root: Path) -> dict[str, float]:
    """How good picks, first motions and mechanisms are against the known truth."""
    figures = agreement(root)
    names = [p for p in sorted((root / "ingest" / "partitions").iterdir()) if p.is_dir()]
    truth: dict[tuple[str, str], tuple[int, int]] = {}
    for folder in names:
        table = read_table(open_item(folder) / "polarities.parquet", "polarities")
        for event, station, sign, at in zip(
            table.column("event_id").to_pylist(), table.column("station").to_pylist(),
            table.column("polarity").to_pylist(), _nanoseconds(table, "arrival_time"), strict=True,
        ):  # fmt: skip
            truth[event, station] = sign, at
    picks = read_table(open_item(root) / "picks.parquet", "picks")
    rows = zip(
        picks.column("event_id").to_pylist(), picks.column("station").to_pylist(),
        picks.column("phase").to_pylist(), _nanoseconds(picks, "time"), strict=True,
    )  # fmt: skip
    late = [
        (at - truth[e, s][1]) / 1e9
        for e, s, phase, at in rows
        if phase == "P" and (e, s) in truth and truth[e, s][1] > 0
    ]
    figures["p_found"] = len(late) / max(len(truth), 1)
    if late:
        figures["p_within_0.1_s"] = float(np.mean(np.abs(late) <= 0.1))
    return figures


def _nanoseconds(table, column: str) -> list[int]:
    return time_values(table.column(column)).astype("datetime64[ns]").astype(np.int64).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 events")
    parser.add_argument("--fraction", type=float, default=0.01, help="share of the nation")
    parser.add_argument("--workers", type=int, default=2, help="jobs at a time")
    parser.add_argument("--keep", type=Path, help="folder to keep the results in")
    parser.add_argument("--simulate-only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.simulate_only:
        simulate_only(*arguments.simulate_only)
        return
    fraction = 60 / EVENTS if arguments.quick else arguments.fraction
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        values, settings = run_share(fraction, folder, arguments.workers)
    device = find_device()
    suffix = "" if device == "cpu" else "_with_graphics_processor"
    units = (
        ("hours", "h"), ("per_second", "1/s"), ("seconds", "s"), ("_gb", "GB"), ("bytes", "B"),
        ("files", "files"), ("jobs", "jobs"), ("_deg", "deg"), ("events", "events"),
        ("windows", "windows"),
    )  # fmt: skip
    figures = [
        figure(
            name + suffix, round(value, 4), next((u for end, u in units if name.endswith(end)), "1")
        )
        for name, value in values.items()
    ]
    print_result(
        "national_waveforms", figures,
        {"fraction": fraction, "workers": arguments.workers, "device": device, **settings},
        watch.seconds(), values["peak_memory_gb"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
