"""Small catalogs of our own, month by month, as people's files."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

from quakeloom.config import load_configuration
from quakeloom.core import fault_vectors, p_radiation, plane_angles, ray_vectors
from quakeloom.formats import write_csv
from quakeloom.schema import make_table
from quakeloom.simulate import resolved_shear
from quakeloom.stages.planning import plan_configuration
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout

ROOT = Path(__file__).parents[2]


def write_month(folder: Path, month: str, events: int = 10, seed: int = 0) -> None:
    """Write events and polarities of one month, with given angles, 5 % of them wrong."""
    r = np.random.default_rng([seed, int(month.replace("-", ""))])
    with (
        (folder / f"events_{month}.csv").open("w", newline="") as a,
        (folder / f"polarities_{month}.csv").open("w", newline="") as b,
    ):
        event_file, polarity_file = csv.writer(a), csv.writer(b)
        event_file.writerow(
            ["event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude"]
        )
        polarity_file.writerow(
            ["event_id", "network", "station", "channel", "polarity", "onset", "azimuth_deg",
             "takeoff_deg", "takeoff_error_deg"]
        )  # fmt: skip
        for i in range(events):
            event = f"ev{month}-{i:03d}"
            time = f"{month}-{1 + i % 28:02d}T12:00:00Z"
            event_file.writerow(
                [event, time, f"{r.uniform(135, 136):.4f}", f"{r.uniform(34, 35):.4f}",
                 f"{r.uniform(3, 15):.2f}", "1.5"]
            )  # fmt: skip
            n, s = fault_vectors(r.uniform(0, 360), r.uniform(30, 90), r.uniform(-180, 180))
            count = int(r.integers(5, 30))
            azimuth = r.uniform(0, 360, count)
            takeoff = np.degrees(np.arccos(r.uniform(-1, 1, count)))
            sign = np.sign(p_radiation(n, s, ray_vectors(azimuth, takeoff)))
            sign *= np.where(r.random(count) < 0.05, -1, 1)
            for j in range(count):
                polarity_file.writerow(
                    [event, "XX", f"S{j:02d}", "HHZ", int(sign[j]), "I" if j % 3 else "E",
                     f"{azimuth[j]:.1f}", f"{takeoff[j]:.1f}", "5"]
                )  # fmt: skip


def write_config(folder: Path, **changes) -> Path:
    """Write a configuration that reads all months in the folder."""
    settings = {
        "name": "tiny",
        "data": str(folder),
        "sources": [
            {"path": "events_*.csv", "format": "csv"},
            {"path": "polarities_*.csv", "format": "csv"},
        ],
        "takeoff": {"angles": "given"},
        "mechanism": {"trials": 10},
        "partition": {"calendar": "month"},
        "storage": {"shard_events": 16, "chunk_events": 4},
        "cluster": {"block_events": 16},
        **changes,
    }
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def stress_of(azimuth_deg: float, shape_ratio: float = 0.5) -> np.ndarray:
    """Strike-slip stress with S1 at an azimuth, tension positive; north, east, down."""
    a = np.radians(azimuth_deg)
    s1, s3 = np.array([np.cos(a), np.sin(a), 0.0]), np.array([-np.sin(a), np.cos(a), 0.0])
    return np.outer(s3, s3) - np.outer(s1, s1) + np.diag([0, 0, 1.0 - 2.0 * shape_ratio])


def slip_catalog(tensors: np.ndarray, seed: int = 0, noise_deg: float = 10.0, **columns):
    """Mechanisms of random planes that slip along the shear traction of one stress each.

    ``columns`` replace the places (10 to 11 E, 45 to 46 N), times (2015 to 2018) and depths.
    """
    r = np.random.default_rng(seed)
    count = len(tensors)
    normal = r.normal(size=(count, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal[normal[:, 2] > 0] *= -1
    slip = resolved_shear(tensors, normal)
    turn = np.radians(noise_deg) * r.normal(size=(count, 1))
    slip = np.cos(turn) * slip + np.sin(turn) * np.cross(normal, slip)
    strike, dip, rake = plane_angles(normal, slip)
    days = r.integers(0, 4 * 365, count)
    values = {
        "event_id": [f"e{seed}-{i:05d}" for i in range(count)],
        "status": ["solved"] * count,
        "origin_time": np.datetime64("2015-01-01", "ns") + days * np.timedelta64(1, "D"),
        "longitude": r.uniform(10.0, 11.0, count),
        "latitude": r.uniform(45.0, 46.0, count),
        "depth_km": r.uniform(2.0, 20.0, count),
        "magnitude": r.uniform(1.0, 4.0, count),
        "strike_deg": strike,
        "dip_deg": dip,
        "rake_deg": rake,
        "quality": r.choice(["A", "B", "C"], count),
    }
    return make_table("mechanisms", {**values, **columns})


def write_stress_config(folder: Path, table=None, name: str = "map", **changes) -> Path:
    """Write a catalog of mechanisms and a configuration that maps it, with two faults."""
    if table is not None:
        write_csv(table, folder / "catalog.csv")
    place = {"longitude": 10.5, "latitude": 45.4, "dip_deg": 80}
    settings = {
        "name": name,
        "data": str(folder),
        "partition": {"calendar": "year"},
        **changes,
        "stress": {
            "catalogs": ["catalog.csv"], "grid_step_deg": 0.25, "reach_km": 30,
            **changes.get("stress", {}),
        },
        "tendency": {
            "faults": [{"name": n, "strike_deg": s, **place} for n, s in (("a", 15), ("b", 60))]
        },
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def compute_run(path: Path, results: Path) -> RunLayout:
    """Run all stages of the only case of a configuration in this process."""
    configuration = load_configuration(path)
    plan_configuration(configuration, results)
    ((name, settings),) = configuration.cases.items()
    layout = RunLayout(results / name)
    run_here(settings, layout)
    return layout


def quakeloom(*arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
    """Run the command line as a user does, from the checkout."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "quakeloom"), *map(str, arguments)],
        cwd=options.pop("cwd", ROOT),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done
