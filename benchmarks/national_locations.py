"""A share of a national catalog through the stage ``locate``: time, memory, disk, and the truth.

Ten thousand events with 20 picks each (12 P, 8 S, the nearest of a network 20 km apart in 300 by
300 km, errors of 0.1 and 0.2 s) in a model that is a draw of the ensemble's prior and none of its
100 members. The workflow's own commands plan, trace the members, locate every partition (as many
events a partition as a national catalog has), gather and read again; each is a process of its own
whose CPU time and largest memory the system tells. From that the 660,332 events of Uchide et al.
(2022) are extrapolated: tables are made once, everything else grows with the events, which
``events_per_second`` of a tenth of them checks.

Run ``python benchmarks/national_locations.py [--quick] [--events N] [--members K] [--keep DIR]``;
the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

from _harness import Stopwatch, figure, print_result
from location import REFERENCE
from national_mechanisms import EVENTS
from quakeloom.core import distance_azimuth, geographic_position
from quakeloom.location import draw_layered_models, stack_members, trace_member
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.schema import make_table
from quakeloom.store import open_item, read_table, write_table
from quakeloom.travel import table_grid

ROOT = Path(__file__).parents[1]
ORIGIN = (137.0, 36.0)
HALF_KM = 150.0
EVENTS_A_DAY = 660_332 / (16 * 365.25)
PICKS = ["P"] * 12 + ["S"] * 8


def write_inputs(folder: Path, events: int, seed: int = 11) -> None:
    """Write events with their truth, picks, stations and the model."""
    random = np.random.default_rng(seed)
    axis = np.arange(-HALF_KM, HALF_KM + 1, 20.0)
    place = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    place += random.uniform(-6, 6, place.shape)
    longitude, latitude = geographic_position(*ORIGIN, place[:, 0], place[:, 1])
    elevation = random.uniform(0.0, 1500.0, len(place))
    names = np.array([f"S{i:03d}" for i in range(len(place))])
    write_table(
        open_item(folder) / "stations.parquet", "stations",
        make_table("stations", {
            "network": ["XX"] * len(names), "station": names.tolist(), "longitude": longitude,
            "latitude": latitude, "elevation_m": elevation,
        }),
    )  # fmt: skip
    (model,) = draw_layered_models(REFERENCE, 1, seed)
    levels = np.arange(-1.5, 0.1, 0.5)
    depth, distance = table_grid(41.0, 200.0, 1.0)
    times = stack_members(["true"], [trace_member(model, depth, distance, levels)],
                          depth, distance, levels)  # fmt: skip
    at = random.uniform(-HALF_KM, HALF_KM, (events, 2))
    source_longitude, source_latitude = geographic_position(*ORIGIN, at[:, 0], at[:, 1])
    source_depth = random.uniform(3.0, 20.0, events)
    days = np.sort(random.uniform(0.0, events / EVENTS_A_DAY, events))
    origin = np.datetime64("2010-01-01", "ns") + (days * 86400e9).astype("timedelta64[ns]")
    ids = [f"e{i:06d}" for i in range(events)]
    station = np.empty((events, len(PICKS)), np.int64)
    seconds = np.empty((events, len(PICKS)))
    for i in range(events):
        away, _ = distance_azimuth(source_longitude[i], source_latitude[i], longitude, latitude)
        near = np.argsort(away)[:12]
        station[i] = chosen = np.concatenate([near, near[:8]])
        receiver = np.column_stack([-elevation[chosen] / 1e3, away[chosen], np.zeros(20)])
        group, level = times.receivers(PICKS, receiver[:, 0])
        node = np.array([[source_depth[i], 0.0, 0.0]])
        out = np.empty((1, len(PICKS)))
        receivers = Receivers(receiver, group, level)
        member_times(times.arrays, node, np.zeros(1, np.int64), receivers, out)
        seconds[i] = out[0]
    sigma = np.where(np.array(PICKS) == "P", 0.1, 0.2)
    seconds += sigma * random.standard_normal(seconds.shape)
    write_table(
        open_item(folder) / "events.parquet", "events",
        make_table("events", {
            "event_id": ids, "origin_time": origin, "longitude": source_longitude,
            "latitude": source_latitude, "depth_km": source_depth,
        }),
    )  # fmt: skip
    count = events * len(PICKS)
    write_table(
        open_item(folder) / "picks.parquet", "picks",
        make_table("picks", {
            "event_id": np.repeat(ids, len(PICKS)).tolist(), "network": ["XX"] * count,
            "station": names[station.ravel()].tolist(), "phase": PICKS * events,
            "time": (origin[:, None] + (seconds * 1e9).astype("timedelta64[ns]")).ravel(),
            "uncertainty_s": np.tile(sigma, events), "picker": ["simulated"] * count,
        }),
    )  # fmt: skip
    rows = zip(REFERENCE.depth_km, REFERENCE.p_velocity_km_s, strict=True)
    (folder / "model.txt").write_text("".join(f"{z} {v}\n" for z, v in rows))


def run_step(arguments: list[str]) -> tuple[float, float]:
    """Run a command; return its CPU seconds and its largest memory in GB."""
    program = str(Path(sys.executable).parent / "quakeloom")
    single = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    process = subprocess.Popen([program, *arguments], cwd=ROOT, env={**os.environ, **single})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"quakeloom {' '.join(arguments)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def measure(events: int, members: int, folder: Path) -> dict[str, float]:
    """Locate a catalog by the commands of the workflow; return its figures."""
    folder.mkdir(parents=True, exist_ok=True)
    write_inputs(folder, events)
    sources = [{"path": f"{n}.parquet", "format": "parquet"} for n in ("events", "picks")]
    config = folder / "run.yaml"
    config.write_text(yaml.safe_dump({
        "name": "run", "description": "A share of a national catalog.", "data": str(folder),
        "sources": [*sources, {"path": "stations.parquet", "format": "parquet"}],
        "takeoff": {"angles": "ensemble"},
        "locate": {
            "models": ["model.txt"], "members": members, "maximum_depth_km": 39.0,
            "radius_km": 100.0, "maximum_distance_km": 140.0, "likelihood": "gaussian",
            # one round, as the figures of the page are
            "station_iterations": 0, "pick_noise": "stated",
            "station_error_s": 0.0, "time_error_fraction": 0.0,
        },
    }))  # fmt: skip
    results = folder / "results"
    run = results / "run"
    figures: dict[str, float] = {"events": events}
    figures["plan_cpu_seconds"], peak = run_step(
        ["plan", "--config", str(config), "--results", str(results)]
    )
    planned = json.loads((results / "run" / "plan.json").read_text())["runs"]["run"]
    figures["init_cpu_seconds"], init_peak = run_step(["locate", "init", "--run", str(run)])
    names = planned["stages"]["locate"]["partitions"]
    promised = max(p["memory_mb"] for p in names.values()) / 1e3
    costs = [run_step(["locate", "part", n, "--run", str(run)]) for n in names]
    figures["parts"] = len(costs)
    figures["part_cpu_seconds"] = sum(c for c, _ in costs)
    figures["part_peak_memory_gb"] = max(m for _, m in costs)
    figures["promised_memory_gb"] = promised
    gather = ["locate", "finalise", "--run", str(run)], ["locate", "verify", "--run", str(run)]
    figures["gather_cpu_seconds"] = sum(run_step(g)[0] for g in gather)
    figures["peak_memory_gb"] = max(peak, init_peak, *(m for _, m in costs))
    figures["events_per_second"] = events / figures["part_cpu_seconds"]
    tables = [p for p in (run / "parts").rglob("*") if p.is_file() and "_tables" in str(p)]
    located = [run / "hypocenters.parquet", run / "arrivals.parquet"]
    located += [p for p in (run / "locations.zarr").rglob("*") if p.is_file()]
    located += [p for p in (run / "parts" / "locate").rglob("*") if p.is_file()]
    figures["tables_bytes"] = sum(p.stat().st_size for p in tables)
    figures["tables_files"] = len(tables)
    figures["located_bytes"] = sum(p.stat().st_size for p in located)
    figures["located_files"] = len(located)
    return {**figures, **agreement(folder, run)}


def agreement(folder: Path, run: Path) -> dict[str, float]:
    """Errors, and how often 95 % ranges of depth hold the truth."""
    found = read_table(open_item(run) / "hypocenters.parquet", "hypocenters").to_pandas()
    truth = read_table(open_item(folder) / "events.parquet", "events").to_pandas()
    joined = found.merge(truth, on="event_id", suffixes=("", "_true"))
    good = joined[joined["status"] == "located"]
    away, _ = distance_azimuth(
        good["longitude"], good["latitude"], good["longitude_true"], good["latitude_true"]
    )
    held = good["depth_km_true"].between(good["depth_025_km"], good["depth_975_km"])
    return {
        "located_share": len(good) / len(joined),
        "median_epicenter_error_km": float(np.median(away)),
        "median_depth_error_km": float(np.median(np.abs(good["depth_km"] - good["depth_km_true"]))),
        "depth_95_holds_truth_share": float(held.mean()),
        "median_effective_model_count": float(good["effective_model_count"].median()),
    }


def extrapolate(measured: dict[str, float]) -> dict[str, float]:
    """Return the cost of the whole national catalog: tables once, the rest by the events."""
    growth = EVENTS / measured["events"]
    grown = sum(measured[f"{s}_cpu_seconds"] for s in ("plan", "part", "gather"))
    return {
        "projected_core_hours": (measured["init_cpu_seconds"] + growth * grown) / 3600.0,
        "projected_bytes": measured["tables_bytes"] + growth * measured["located_bytes"],
        "projected_files": measured["tables_files"] + growth * measured["located_files"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 events")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--members", type=int, default=100, help="models of the ensemble")
    parser.add_argument("--keep", type=Path, help="folder to keep the results in")
    arguments = parser.parse_args()
    events = 200 if arguments.quick else arguments.events
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        tenth = measure(max(events // 10, 20), arguments.members, folder / "tenth")
        values = measure(events, arguments.members, folder / "whole")
    values["events_per_second_of_a_tenth"] = tenth["events_per_second"]
    values |= extrapolate(values)
    units = (
        ("hours", "h"), ("per_second", "1/s"), ("seconds", "s"), ("_gb", "GB"), ("bytes", "B"),
        ("files", "files"), ("_km", "km"), ("of_a_tenth", "1/s"),
    )  # fmt: skip
    figures = [
        figure(name, round(value, 4), next((u for end, u in units if name.endswith(end)), "1"))
        for name, value in values.items()
    ]
    print_result(
        "national_locations", figures,
        {"events": events, "members": arguments.members, "picks": len(PICKS), "draws": 100},
        watch.seconds(), values["peak_memory_gb"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
