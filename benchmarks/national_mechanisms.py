"""A national catalog through the whole workflow: time, memory, disk, and the truth.

Simulates polarities of 660,332 events (the number of Uchide et al. 2022) from known
mechanisms with realistic stations and 8 % errors, then plans and runs the workflow with two
jobs at a time. The wall time counts reading and planning, the mechanisms, the gathering, the
station report and the report page; the simulation is told apart.

Run ``python benchmarks/national_mechanisms.py [--quick] [--events N] [--keep DIR]``; the
last line is JSON. ``--growth`` runs 10^3, 10^4, 10^5 and N events.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import yaml

from _harness import Stopwatch, figure, print_result
from quakeloom.core import rotation_angle
from quakeloom.store import RunLayout, read_table

ROOT = Path(__file__).parents[1]
EVENTS = 660_332


class MemoryWatch(threading.Thread):
    """Largest memory of a process and all its children together, sampled twice a second.

    Pages that processes share count once for each of them, so it is an upper bound.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.peak_gb = 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            try:
                family = [self.process, *self.process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            total = 0
            for process in family:
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak_gb = max(self.peak_gb, total / 1e9)


def run_command(arguments: list[str]) -> tuple[float, float]:
    """Run the command line; return seconds and peak memory of all its processes in GB."""
    program = Path(sys.executable).parent / "quakeloom"
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(program), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watch = MemoryWatch(process.pid)
    watch.start()
    output, _ = process.communicate()
    watch.done.set()
    watch.join()
    if process.returncode:
        raise SystemExit(output[-5000:])
    return time.perf_counter() - started, watch.peak_gb


def run_catalog(events: int, folder: Path, workers: int, acceptance: bool) -> dict:
    """Simulate, plan and run one catalog; return its figures."""
    results = folder / "results"
    config = folder / f"national{events}.yaml"
    settings = {
        "name": f"national{events}",
        "description": "A synthetic national catalog with known mechanisms.",
        "simulation": {"preset": "national", "events": events},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "auto"},
        # every event with enough polarities is solved, the most work there can be
        "mechanism": {"maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90},
        "storage": {"acceptance": acceptance},
    }
    config.write_text(yaml.safe_dump(settings))
    watch = Stopwatch()
    subprocess.run(
        [sys.executable, __file__, "--simulate-only", str(config), str(results)], check=True
    )
    simulated = watch.seconds()
    arguments = ["--config", str(config), "--results", str(results)]
    planned, plan_memory = run_command(["plan", *arguments])
    ran, run_memory = run_command(["run", *arguments, "--cores", str(workers)])
    root = results / f"national{events}"
    files = [p for p in root.rglob("*") if p.is_file()]
    return {
        "events": events,
        "simulation_seconds": simulated,
        "plan_seconds": planned,
        "seconds": planned + ran,
        "peak_memory_gb": max(plan_memory, run_memory),
        "bytes": sum(p.stat().st_size for p in files),
        "accepted_bytes": sum(
            p.stat().st_size for p in files if "accepted.zarr" in str(p.relative_to(root))
        ),
        "files": len(files),
        **agreement(root),
    }


def agreement(root: Path) -> dict[str, float]:
    """Median and 90th percentile rotation to the truth, and share of events, by letter."""
    columns = ["strike_deg", "dip_deg", "rake_deg"]
    found = read_table(RunLayout(root).table("mechanisms"), "mechanisms").to_pandas()
    truth = read_table(RunLayout(root).table("truth"), "truth").to_pandas()
    joined = found.merge(truth, on="event_id", suffixes=("", "_true"))
    joined["rotation"] = rotation_angle(
        joined[columns].to_numpy(), joined[[f"{c}_true" for c in columns]].to_numpy()
    )
    figures: dict[str, float] = {"polarities_per_event": float(found["polarity_count"].mean())}
    for letter in "ABCDEF":
        group = joined[joined["quality"] == letter]
        figures[f"share_{letter}"] = len(group) / max(len(joined), 1)
        if letter in "ABCD" and len(group):
            figures[f"median_rotation_{letter}_deg"] = float(np.median(group["rotation"]))
            figures[f"p90_rotation_{letter}_deg"] = float(np.percentile(group["rotation"], 90))
    return figures


def simulate_only(config: str, results: str) -> None:
    """Simulate into the cache of sources, where the plan finds it."""
    from quakeloom.config import load_configuration
    from quakeloom.stages.ingest.source_files import simulate_source

    configuration = load_configuration(Path(config))
    (settings,) = configuration.cases.values()
    simulate_source(settings, RunLayout(Path(results) / configuration.name).ingest / "sources")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--quick", action="store_true", help="5,000 events")
    parser.add_argument("--growth", action="store_true", help="also 10^3, 10^4 and 10^5 events")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-acceptance", action="store_true", help="do not keep accepted sets")
    parser.add_argument("--keep", type=Path, help="folder to keep the results in")
    parser.add_argument("--simulate-only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.simulate_only:
        simulate_only(*arguments.simulate_only)
        return
    events = 5000 if arguments.quick else arguments.events
    watch = Stopwatch()
    sizes = [n for n in (1000, 10_000, 100_000) if n < events] if arguments.growth else []
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        rows = [
            run_catalog(n, folder, arguments.workers, not arguments.no_acceptance)
            for n in [*sizes, events]
        ]
    last = rows[-1]
    units = {"events": "events", "files": "files", "bytes": "B", "accepted_bytes": "B"}
    figures = [
        figure(
            name,
            round(value, 4),
            units.get(name)
            or ("s" if name.endswith("seconds") else "GB" if name.endswith("_gb") else "")
            or ("deg" if name.endswith("_deg") else "1"),
        )
        for name, value in last.items()
    ]
    figures += [
        figure(f"events_per_second_at_{r['events']}", r["events"] / r["seconds"], "1/s")
        for r in rows
    ]
    print_result(
        "national_mechanisms",
        figures,
        {"workers": arguments.workers, "acceptance": not arguments.no_acceptance},
        watch.seconds(),
        last["peak_memory_gb"],
    )


if __name__ == "__main__":
    main()
