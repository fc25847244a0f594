"""Small catalogs of our own, month by month, as people's files."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from quakeloom.core import fault_vectors, p_radiation, ray_vectors

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


@pytest.fixture
def catalog(tmp_path) -> Path:
    """A folder with three months of events and a configuration."""
    for month in ("2019-01", "2019-02", "2019-04"):
        write_month(tmp_path, month)
    write_config(tmp_path)
    return tmp_path
