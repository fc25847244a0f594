"""Small data of our own for the tests of the library, and the command beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from typer.testing import CliRunner

from quakeloom.cli._main import app
from quakeloom.core import fault_vectors, p_radiation, ray_vectors
from quakeloom.stages.every_stage import find_stage

SPEED_KM_S = 6.0
"""P velocity of the uniform medium; S is slower by 1.73."""


def make_readings(events: int = 6, readings: int = 24, seed: int = 1) -> pd.DataFrame:
    """First motions with given angles of random double couples, one in twenty wrong."""
    r = np.random.default_rng(seed)
    rows = []
    for i in range(events):
        normal, slip = fault_vectors(r.uniform(0, 360), r.uniform(30, 90), r.uniform(-180, 180))
        azimuth = r.uniform(0, 360, readings).round(1)
        takeoff = np.degrees(np.arccos(r.uniform(-1, 1, readings))).round(1)
        sign = np.sign(p_radiation(normal, slip, ray_vectors(azimuth, takeoff)))
        sign *= np.where(r.random(readings) < 0.05, -1, 1)
        for j in range(readings):
            rows.append(
                {
                    "event_id": f"e{i}",
                    "network": "XX",
                    "station": f"S{j:02d}",
                    "polarity": int(sign[j]),
                    "onset": "I" if j % 3 else "E",
                    "azimuth_deg": azimuth[j],
                    "takeoff_deg": takeoff[j],
                    "takeoff_error_deg": 5.0,
                }
            )
    return pd.DataFrame(rows)


def make_events(events: int = 6, seed: int = 2) -> pd.DataFrame:
    """Events of one year in an area of some 20 km."""
    r = np.random.default_rng(seed)
    days = np.sort(r.integers(0, 364, events))
    return pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(events)],
            "origin_time": pd.Timestamp("2015-01-01", tz="UTC") + pd.to_timedelta(days, "D"),
            "longitude": r.uniform(134.9, 135.1, events).round(4),
            "latitude": r.uniform(34.9, 35.1, events).round(4),
            "depth_km": r.uniform(5, 12, events).round(2),
            "magnitude": 1.5,
        }
    )


def make_stations(stations: int = 24, seed: int = 3) -> pd.DataFrame:
    """Stations around the events, at sea level."""
    r = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "network": "XX",
            "station": [f"S{j:02d}" for j in range(stations)],
            "longitude": r.uniform(134.7, 135.3, stations).round(4),
            "latitude": r.uniform(34.7, 35.3, stations).round(4),
            "elevation_m": 0.0,
        }
    )


def make_picks(events: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """P and S picks in the uniform medium, by flat distances, to a microsecond."""
    rows = []
    for event in events.itertuples():
        for station in stations.itertuples():
            east = (station.longitude - event.longitude) * 91.29
            north = (station.latitude - event.latitude) * 110.94
            time = np.sqrt(east**2 + north**2 + event.depth_km**2) / SPEED_KM_S
            for phase, factor in (("P", 1.0), ("S", 1.73)):
                at = event.origin_time + pd.Timedelta(round(time * factor * 1e6), "us")
                rows.append(
                    {
                        "event_id": event.event_id,
                        "network": "XX",
                        "station": station.station,
                        "phase": phase,
                        "time": at,
                        "uncertainty_s": 0.05,
                    }
                )
    return pd.DataFrame(rows)


def make_line() -> pd.DataFrame:
    """Exact travel times of a velocity that grows linearly with depth: 3 km/s + 0.4 / s."""
    rows = []
    for shot in (0.0, 10.0, 20.0):
        for receiver in np.arange(0.5, 20, 1.0):
            offset = abs(receiver - shot)
            if offset > 0.4:
                time = 2 / 0.4 * np.arcsinh(0.4 * offset / (2 * 3.0))
                rows.append(
                    {
                        "shot_distance_km": shot,
                        "receiver_distance_km": receiver,
                        "travel_time_s": round(time, 5),
                        "time_error_s": 0.02,
                    }
                )
    return pd.DataFrame(rows)


def write_tables(folder: Path, **tables: pd.DataFrame) -> None:
    """Write frames as CSV files named after their tables."""
    for name, frame in tables.items():
        plain = frame.copy()
        for column in plain.columns:
            if isinstance(plain[column].dtype, pd.DatetimeTZDtype):
                plain[column] = [f"{t.tz_localize(None).isoformat()}Z" for t in plain[column]]
        plain.to_csv(folder / f"{name}.csv", index=False)


def write_config(folder: Path, **settings: object) -> Path:
    """Write a configuration that reads the CSV files of a folder."""
    sources = [{"path": f.name} for f in sorted(folder.glob("*.csv"))]
    values = {"name": "small", "data": str(folder), "sources": sources, **settings}
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def quakeloom(*arguments: object) -> str:
    """Run a command in this process and return what it prints."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def compute(config: Path, *stages: str) -> Path:
    """Plan a run and compute stages that have partitions; return the folder of the run."""
    results = config.parent / "results"
    quakeloom("plan", "--config", config, "--results", results)
    run = results / "small"
    for stage in map(find_stage, stages):
        if stage.opens:
            quakeloom(stage.name, "init", "--run", run)
        for line in quakeloom(stage.name, "plan", "--run", run).splitlines():
            partition = [] if stage.partitions == "one" else [line.split("\t")[0]]
            quakeloom(stage.name, "part", *partition, "--run", run)
        if stage.gathers:
            quakeloom(stage.name, "finalise", "--run", run)
    return run
