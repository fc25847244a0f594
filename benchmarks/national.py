"""A share of a synthetic nation through the whole workflow, and what the nation would take.

The nation has 660,332 events with 9,348,165 waveforms (Uchide et al. 2022): stations some 20 km
apart, twenty years, aftershock sequences that crowd some months. ``--fraction F`` simulates a share
of it as recorded seismograms, and ``quakeloom run`` takes it from windows, picks and first motions
through locations and mechanisms to the stress map. Several fractions give the growth of every
stage, from which the nation is projected for some numbers of cores.

All times are CPU seconds (user and system) that each process tells at its end, since wall time on a
busy machine says nothing; the simulation of the archive is told apart. ``--month`` adds the last
month to a finished run of first motions and tells what that costs.

Run ``python benchmarks/national.py [--quick] [--fraction F [F ...]] [--keep DIR]``; the last line
is JSON. ``--without waveforms`` starts from first motions, which are simulated a hundred times
faster. With ``--keep`` a fraction that was measured before is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from _harness import Stopwatch, figure, print_result
from quakeloom.core import rotation_angle
from quakeloom.store import RunLayout, read_table

ROOT = Path(__file__).parents[1]
EVENTS, WINDOWS = 660_332, 9_348_165
STAGES = ("window", "pick", "polarity", "locate", "mechanism", "stress")
CORES = (2, 10, 100, 1000)
FEWEST, LEAST_SPAN = 3, 5
"""Fractions that a projection takes, and how far apart they lie at least."""

TERM_EVENTS = 20_000
"""Events that station terms are fitted to at most."""

BIN_EVENTS = 3000
"""Events of a partition on average, where the calendar is ``auto``."""

TELL_USAGE = """
import atexit, json, os, resource, sys, time
_start = [time.time()]
def _tell():
    own, below = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    row = {
        "argv": sys.argv, "wall": time.time() - _start[0],
        "served": "QUAKELOOM_JOB_SERVER" in os.environ,
        "cpu": own.ru_utime + own.ru_stime, "below": below.ru_utime + below.ru_stime,
        "memory_mb": own.ru_maxrss / 1e3,
    }
    with open(os.environ["NATIONAL_USAGE"], "a") as file:
        file.write(json.dumps(row) + "\\n")
atexit.register(_tell)
os.register_at_fork(after_in_child=lambda: _start.__setitem__(0, time.time()))
"""
"""What every Python process of the run loads first: it writes what it used when it ends."""


@dataclass
class Cost:
    """What the processes of one kind used together."""

    jobs: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    memory_mb: float = 0.0

    def add(self, row: dict[str, Any]) -> None:
        self.jobs += 1
        self.cpu += row["cpu"]
        self.wall += row["wall"]
        self.memory_mb = max(self.memory_mb, row["memory_mb"])


@dataclass
class Share:
    """What one fraction of the nation used.

    ``costs`` are by stage and verb, such as ``mechanism part``, with ``plan``, ``snakemake`` and
    ``report``; ``bytes`` and ``files`` by stage, ``promised_mb`` the largest promise of a stage.
    """

    events: int
    costs: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    size: dict[str, tuple[int, int]] = field(default_factory=dict)
    promised_mb: dict[str, float] = field(default_factory=dict)
    start_cpu: float = 0.0
    simulation_cpu: float = 0.0
    plan_again_cpu: float = 0.0
    run_again_cpu: float = 0.0

    @classmethod
    def kept(cls, file: Path) -> Share:
        """Return a share as it was written."""
        kept = json.loads(file.read_text())
        costs = defaultdict(Cost, {k: Cost(**c) for k, c in kept.pop("costs").items()})
        return cls(**kept, costs=costs)

    def keep(self, file: Path) -> None:
        """Write the share, for :meth:`kept`."""
        costs = {kind: asdict(cost) for kind, cost in self.costs.items()}
        file.write_text(json.dumps({**vars(self), "costs": costs}))

    def job_start(self) -> float:
        """CPU seconds to start a job: Python anew, or to hand it over where one process serves."""
        handed = self.costs.get("hand over", Cost())
        return handed.cpu / handed.jobs if handed.jobs else self.start_cpu

    def work(self, *kinds: str) -> float:
        """CPU seconds of jobs without starting them, which is part of them where none serves."""
        started = 0.0 if self.costs.get("hand over", Cost()).jobs else self.start_cpu
        rows = [self.costs[kind] for kind in kinds if kind in self.costs]
        return float(sum(max(c.cpu - c.jobs * started, 0.0) for c in rows))

    def science(self, stage: str) -> float:
        """CPU seconds of the partitions of a stage without starting their processes."""
        return self.work(f"{stage} part")

    def once(self) -> float:
        """CPU seconds of what is done once by one process, but the terms: opening, gathering."""
        ends = ("init", "finalise")
        kinds = [k for k in self.costs if k.split()[-1] in (*ends, "report")]
        others = [f"{stage} part" for stage in ("takeoff", "stations")]
        return self.work(*kinds, *others)

    def total(self) -> float:
        return sum(c.cpu for c in self.costs.values())


def kind_of(argv: list[str], served: bool = False) -> str:
    """Return what a process was: ``STAGE VERB``, ``plan``, ``report``, or what ran it.

    Commands that hand their job to the serving process count as ``hand over``.
    """
    words = [Path(argv[0]).name, *argv[1:]]
    if words[0] == "_job_server.py":
        return "server"
    if served and words[0] == "quakeloom":
        return "hand over"
    if words[0] != "quakeloom":
        return "snakemake" if "snakemake" in argv[0] else "other"
    if len(words) > 2 and words[1] in (*STAGES, "takeoff", "stations"):
        verb = words[2] if words[2] in ("init", "part", "finalise", "terms") else "run"
        return f"{words[1]} {verb}"
    return words[1] if len(words) > 1 else "other"


def call(arguments: list[str], folder: Path, costs: dict[str, Cost] | None = None) -> float:
    """Run the command line; add what its processes used to ``costs``; return CPU seconds."""
    hook = folder / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(TELL_USAGE)
    usage = folder / "usage.jsonl"
    usage.unlink(missing_ok=True)
    path = os.pathsep.join([str(hook), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    single = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "QUAKELOOM_PLAIN": "1"}
    environment = {**os.environ, **single, "PYTHONPATH": path, "NATIONAL_USAGE": str(usage)}
    program = Path(sys.executable).parent / "quakeloom"
    done = subprocess.run(
        [str(program), *arguments], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stdout[-5000:])
    rows = [json.loads(line) for line in usage.read_text().splitlines()]
    for row in rows:
        if costs is not None:
            costs[kind_of(row["argv"], row["served"])].add(row)
    return float(sum(row["cpu"] for row in rows))


def start_seconds(folder: Path) -> float:
    """CPU seconds to start the program and to load what a partition of mechanisms needs."""
    single = {**os.environ, "OMP_NUM_THREADS": "1"}
    before = os.times()
    for _ in range(2):
        code = "import quakeloom.cli._main, quakeloom.stages.mechanism.verbs"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env=single)
    after = os.times()
    used = after.children_user + after.children_system
    return (used - before.children_user - before.children_system) / 2


def settings_of(name: str, events: int, waveforms: bool) -> dict[str, Any]:
    """Return the configuration of a share of the nation."""
    settings: dict[str, Any] = {
        "name": name,
        "description": "A share of a synthetic nation.",
        "simulation": {"preset": "national", "events": events},
        "takeoff": {"models": ["generic_crust"]},
        "partition": {"calendar": "auto"},
        # every event with enough polarities is solved, the most work there can be
        "mechanism": {"maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90},
        "storage": {"acceptance": False},
        "stress": {"grid_step_deg": 0.5, "reach_km": 50.0, "planes": "both", "draws": 200},
    }
    if waveforms:
        settings["waveforms"] = {"picker": "own", "polarity": "own"}
        settings["locate"] = {
            "models": ["generic_crust"], "members": 100, "maximum_depth_km": 39.0,
            "radius_km": 100.0, "maximum_distance_km": 140.0,
        }  # fmt: skip
    return settings


def sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Return bytes and files below every folder of a run and of the parts of every stage."""
    found: dict[str, tuple[int, int]] = {}
    files = [p for p in root.rglob("*") if p.is_file()]
    for file in files:
        parts = file.relative_to(root).parts
        name = parts[1].split(".")[0] if parts[0] == "parts" and len(parts) > 1 else parts[0]
        size, count = found.get(name, (0, 0))
        found[name] = (size + file.stat().st_size, count + 1)
    found["all"] = (sum(s for s, _ in found.values()), len(files))
    return found


def run_share(fraction: float, folder: Path, workers: int, waveforms: bool) -> Share:
    """Simulate, plan and run a share of the nation."""
    events = max(round(EVENTS * fraction), 20)
    share = Share(events)
    name = f"nation{events}"
    config = folder / f"{name}.yaml"
    config.write_text(yaml.safe_dump(settings_of(name, events, waveforms)))
    arguments = ["--config", str(config), "--results", str(folder / "results")]
    share.start_cpu = start_seconds(folder)
    # the first plan simulates as well, the second is that of an unchanged run
    share.simulation_cpu = call(["plan", *arguments], folder)
    share.costs["plan"] = Cost()
    call(["run", *arguments, "--cores", str(workers)], folder, share.costs)
    share.plan_again_cpu = call(["plan", *arguments], folder)
    share.run_again_cpu = call(["run", *arguments, "--cores", str(workers)], folder)
    root = folder / "results" / name
    share.size = sizes(root)
    planned = json.loads((root / "plan.json").read_text())["runs"][name]["stages"]
    for stage in STAGES:
        parts = planned.get(stage, {}).get("partitions", {})
        share.promised_mb[stage] = max((p["memory_mb"] for p in parts.values()), default=0.0)
    return share


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


@dataclass(frozen=True)
class Growth:
    """CPU seconds of a stage as ``fixed + each * events``, and the power that fits best."""

    fixed: float
    each: float
    power: float

    def at(self, events: float) -> float:
        return self.fixed + self.each * events


def fit_growth(events: list[int], seconds: list[float]) -> Growth:
    """Fit a line by relative least squares, its parts not negative, and a power."""
    n, t = np.array(events, dtype=float), np.maximum(np.array(seconds), 1e-3)
    power = float(np.polyfit(np.log(n), np.log(t), 1)[0]) if n.size > 1 else 1.0
    through = float(np.sum(n / t) / np.sum((n / t) ** 2))
    if n.size < 2:
        return Growth(0.0, through, power)
    fixed, each = np.linalg.lstsq(np.column_stack([1.0 / t, n / t]), np.ones(n.size), rcond=None)[0]
    if fixed < 0.0 or each <= 0.0:
        return Growth(0.0, through, power)
    return Growth(float(fixed), float(each), power)


def project(shares: list[Share]) -> list[tuple[str, Growth, float, float]]:
    """Return stage, growth, CPU hours of its science for the nation, and jobs of the nation."""
    rows = []
    events = [s.events for s in shares]
    for stage in STAGES:
        if not shares[-1].costs[f"{stage} part"].jobs:
            continue
        growth = fit_growth(events, [s.science(stage) for s in shares])
        rows.append((stage, growth, growth.at(EVENTS) / 3600.0, float(round(EVENTS / BIN_EVENTS))))
    return rows


def print_tables(shares: list[Share]) -> dict[str, float]:
    """Print what was measured and what is projected; return the projected figures."""
    last = shares[-1]
    print(f"\nMeasured: {last.events} events, CPU seconds (user + system)")
    print("| what | jobs | CPU s | wall s | peak MB | promised MB | bytes | files |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, cost in sorted(last.costs.items()):
        if not cost.jobs:
            continue
        stage, _, verb = kind.partition(" ")
        promise = f"{last.promised_mb.get(stage, 0):.0f}" if verb == "part" else ""
        size, files = last.size.get(stage, (0, 0)) if verb == "part" else (0, 0)
        print(f"| {kind} | {cost.jobs} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.memory_mb:.0f} "
              f"| {promise} | {size or ''} | {files or ''} |")  # fmt: skip
    print("\nGrowth of the science, CPU seconds")
    print("| stage | " + " | ".join(f"{s.events} events" for s in shares) + " | power | fit |")
    print("|---" * (len(shares) + 3) + "|")
    rows = project(shares)
    for stage, growth, _, _ in rows:
        measured = " | ".join(f"{s.science(stage):.2f}" for s in shares)
        print(f"| {stage} | {measured} | {growth.power:.2f} "
              f"| {growth.fixed:.2f} + {1e3 * growth.each:.2f} ms an event |")  # fmt: skip
    return print_projection(shares, rows)


def print_projection(
    shares: list[Share], rows: list[tuple[str, Growth, float, float]]
) -> dict[str, float]:
    """Print hours of the nation for numbers of cores; return the figures.

    None where fractions are too few or too alike to tell what is fixed from what grows.
    """
    last = shares[-1]
    if len(shares) < FEWEST or last.events < LEAST_SPAN * shares[0].events:
        print(f"\nNo projection: that takes {FEWEST} fractions, the largest {LEAST_SPAN} times the "
              "smallest.")  # fmt: skip
        return {}
    jobs_now = sum(c.jobs for k, c in last.costs.items() if k.split()[-1] == "part")
    jobs = sum(many for *_, many in rows)
    starts = jobs * last.job_start() / 3600.0
    each_job = last.costs["snakemake"].cpu / max(jobs_now, 1)
    events = [s.events for s in shares]
    once = fit_growth(events, [s.once() for s in shares])
    planned = fit_growth(events, [s.plan_again_cpu for s in shares])
    terms = fit_growth(events, [s.work("locate terms") for s in shares])
    serial = {
        "snakemake": min(each_job, 1.0) * jobs / 3600.0,
        "opening, gathering, report": once.at(EVENTS) / 3600.0,
        "station terms": terms.at(min(EVENTS, TERM_EVENTS)) / 3600.0,
        "planning again": planned.at(EVENTS) / 3600.0,
    }
    print(
        f"\nOpening, gathering, report: {once.fixed:.1f} s + {1e3 * once.each:.3f} ms an event; "
        f"station terms: {terms.fixed:.1f} s + {1e3 * terms.each:.3f} ms an event; "
        f"planning again: {planned.fixed:.1f} s + {1e3 * planned.each:.3f} ms an event"
    )
    print("\nThe nation, modelled: hours on so many cores")
    print("| what | core hours | " + " | ".join(f"{c} cores" for c in CORES) + " |")
    print("|---" * (len(CORES) + 2) + "|")
    figures: dict[str, float] = {}
    total = np.zeros(len(CORES))
    spread = [(stage, hours, many) for stage, _, hours, many in rows] + [("starts", starts, jobs)]
    for name, hours, many in spread:
        there = np.array([hours / min(c, many) for c in CORES])
        total += there
        figures[f"projected_{name}_core_hours"] = hours
        print(f"| {name} | {hours:.2f} | " + " | ".join(f"{t:.3f}" for t in there) + " |")
    for name, hours in serial.items():
        total += hours
        figures[f"projected_{name.replace(', ', '_').replace(' ', '_')}_core_hours"] = hours
        print(f"| {name} (one process) | {hours:.2f} | " + f"{hours:.3f} | " * len(CORES))
    print("| all | | " + " | ".join(f"{t:.3f}" for t in total) + " |")
    figures |= {f"projected_hours_{c}_cores": float(t) for c, t in zip(CORES, total, strict=True)}
    return figures


def measure_month(folder: Path, events: int, workers: int) -> dict[str, float]:
    """Add the last month to a finished run of first motions in files by month."""
    import quakeloom as ql

    data = folder / "months"
    data.mkdir(exist_ok=True)
    made = ql.simulate_catalog(events, start_year=2020, end_year=2021)
    month = made.events.set_index("event_id")["origin_time"].dt.strftime("%Y-%m")
    months = sorted(month.unique())[-6:]
    made.stations.drop(columns=["source_file", "source_line"], errors="ignore").to_csv(
        data / "stations.csv", index=False
    )
    settings = {
        "name": "months", "data": str(data), "partition": {"calendar": "month"},
        "sources": [{"path": p, "format": "csv"}
                    for p in ("events_*.csv", "polarities_*.csv", "stations.csv")],
        "takeoff": {"models": ["generic_crust"]}, "storage": {"acceptance": False},
        "stress": {"reach_km": 30.0, "planes": "both", "draws": 200},
    }  # fmt: skip
    config = folder / "months.yaml"
    config.write_text(yaml.safe_dump(settings))
    arguments = ["--config", str(config), "--results", str(folder / "results")]
    figures: dict[str, float] = {"month_start_cpu_seconds": start_seconds(folder)}
    for when, some in (("all_but_one", months[:-1]), ("one_more", months[-1:])):
        for m in some:
            for name, table in (("events", made.events), ("polarities", made.polarities)):
                rows = table[table["event_id"].map(month) == m]
                kept = [c for c in rows.columns if rows[c].notna().any() and "source_" not in c]
                rows[kept].to_csv(data / f"{name}_{m}.csv", index=False)
        costs: dict[str, Cost] = defaultdict(Cost)
        began = time.perf_counter()
        used = call(["run", *arguments, "--cores", str(workers)], folder, costs)
        figures[f"month_{when}_cpu_seconds"] = used
        figures[f"month_{when}_wall_seconds"] = time.perf_counter() - began
        figures[f"month_{when}_processes"] = sum(c.jobs for c in costs.values())
        for kind, cost in sorted(costs.items()):
            print(f"month {when}: {kind}: {cost.jobs} processes, {cost.cpu:.2f} CPU s", flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 events")
    parser.add_argument("--fraction", type=float, nargs="+", default=[0.01], help="of the nation")
    parser.add_argument("--workers", type=int, default=2, help="jobs at a time")
    parser.add_argument("--without", choices=["waveforms"], help="start from first motions")
    parser.add_argument("--month", type=int, default=0, metavar="EVENTS", help="one more month")
    parser.add_argument("--keep", type=Path, help="folder to keep the results in")
    arguments = parser.parse_args()
    fractions = sorted([40 / EVENTS] if arguments.quick else arguments.fraction)
    watch = Stopwatch()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.month:
            figures |= measure_month(folder, arguments.month, arguments.workers)
        shares = []
        for f in fractions:
            file = folder / f"share{round(EVENTS * f)}.json"
            if not file.exists():
                share = run_share(f, folder, arguments.workers, not arguments.without)
                share.keep(file)
            shares.append(Share.kept(file))
            print(f"{shares[-1].events} events: {shares[-1].total():.1f} CPU s; simulated and "
                  f"planned {shares[-1].simulation_cpu:.1f}, planned again "
                  f"{shares[-1].plan_again_cpu:.1f}, run again {shares[-1].run_again_cpu:.1f}; "
                  f"start {shares[-1].start_cpu:.2f}", flush=True)  # fmt: skip
        figures |= print_tables(shares)
        last = shares[-1]
        figures |= agreement(folder / "results" / f"nation{last.events}")
    science = sum(last.science(stage) for stage in STAGES)
    figures |= {
        "events": last.events,
        "cpu_seconds": last.total(),
        "share_outside_science": 1.0 - science / max(last.total(), 1e-9),
        "start_cpu_seconds": last.start_cpu,
        "simulation_cpu_seconds": last.simulation_cpu,
        "plan_again_cpu_seconds": last.plan_again_cpu,
        "run_again_cpu_seconds": last.run_again_cpu,
        "peak_memory_mb": max(c.memory_mb for c in last.costs.values()),
        "bytes": last.size["all"][0],
        "files": last.size["all"][1],
    }
    units = (("_hours", "h"), ("cores", "h"), ("seconds", "s"), ("_mb", "MB"), ("_deg", "deg"))
    print_result(
        "national",
        [
            figure(name, round(value, 4), next((u for end, u in units if name.endswith(end)), "1"))
            for name, value in figures.items()
        ],
        {"fractions": fractions, "workers": arguments.workers, "without": arguments.without or ""},
        watch.seconds(),
        figures["peak_memory_mb"] / 1e3,
    )


if __name__ == "__main__":
    main()
