"""Every table and array of every stage is checked: one changed byte is found, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from small_runs import compute_run, slip_catalog, stress_of, write_stress_config
from test_reading_checks import write_archive

from quakeloom.core import QuakeloomError
from quakeloom.stages.every_stage import every_stage
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.stages.frame.verbs import verify_stage
from quakeloom.store import RunLayout

np = pytest.importorskip("numpy")

NOT_RESULTS = ("plan/", "report.html", "ingest/archive", "ingest/calendar.json")
"""What makes no statement: plans, the page, the index of an archive, how bins were chosen."""


def events_run(folder: Path) -> RunLayout:
    """Waveforms to faults: all stages that a catalog of events can have."""
    write_archive(folder)
    path = folder / "checks.yaml"
    path.write_text(yaml.safe_dump({
        "name": "checks",
        "data": str(folder),
        "sources": [{"path": "events_*.csv"}, {"path": "stations.csv"}],
        "partition": {"calendar": "all"},
        "takeoff": {"models": ["model.txt"], "maximum_depth_km": 20.0},
        "selection": {"maximum_distance_km": 60.0},
        "mechanism": {"trials": 4, "grid_step_deg": 20, "minimum_polarities": 4,
                      "maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90},
        "storage": {"shard_events": 16, "chunk_events": 4},
        "cluster": {"block_events": 16},
        "waveforms": {"archives": ["archive"], "picker": "classical", "polarity": "classical",
                      "shard_windows": 16, "chunk_windows": 4},
        "threshold": {"probabilities": [0.5, 0.9]},
        "repeaters": {},
        "locate": {"models": ["model.txt"], "members": 2, "maximum_depth_km": 25,
                   "maximum_distance_km": 60, "radius_km": 40, "table_step_km": 2, "draws": 4,
                   "station_iterations": 1},
        "stress": {"grid_step_deg": 0},
        "tendency": {"faults": [{"name": "f", "longitude": 0.0, "latitude": 0.0,
                                 "strike_deg": 10, "dip_deg": 80}]},
    }))  # fmt: skip
    return compute_run(path, folder / "results")


def simulated_run(folder: Path) -> RunLayout:
    path = folder / "made.yaml"
    path.write_text(yaml.safe_dump({
        "name": "made", "simulation": {"events": 12, "mean_polarities": 30},
        "takeoff": {"models": ["generic_crust"]}, "partition": {"calendar": "all"},
        "mechanism": {"trials": 4, "grid_step_deg": 20},
        "storage": {"shard_events": 16, "chunk_events": 4}, "cluster": {"block_events": 16},
    }))  # fmt: skip
    return compute_run(path, folder / "results")


def mechanisms_run(folder: Path) -> RunLayout:
    table = slip_catalog(np.array([stress_of(30.0)] * 40))
    return compute_run(write_stress_config(folder, table), folder / "results")


def line_run(folder: Path) -> RunLayout:
    rows = ["shot_distance_km,receiver_distance_km,travel_time_s,time_error_s"]
    for shot in (0.0, 15.0, 30.0):
        rows += [
            f"{shot},{r},{abs(r - shot) / 6.0:.5f},0.02"
            for r in np.arange(0.5, 30, 1.5)
            if abs(r - shot) > 0.4
        ]
    (folder / "picks.csv").write_text("\n".join(rows) + "\n")
    path = folder / "line.yaml"
    path.write_text(yaml.safe_dump({
        "name": "line", "data": str(folder),
        "tomography": {
            "picks": {"path": "picks.csv"},
            "section": {"spacing_km": [1, 1], "depth_range_km": [0, 10],
                        "distance_range_km": [-1, 31]},
            "prior": {"lengths_km": [3, 10], "reference": [[0, 6.0], [10, 6.05]],
                      "standard_deviation": [[0, 0.1]]},
            "members": 2, "block_members": 2, "steps": 2, "correction_steps": 0,
        },
    }))  # fmt: skip
    return compute_run(path, folder / "results")


def region_run(folder: Path) -> RunLayout:
    (folder / "model.txt").write_text("0 5.0\n12 6.5\n")
    (folder / "stations.csv").write_text(
        "network,station,longitude,latitude,elevation_m\nXX,AAA,140.0,36.0,100\n"
    )
    path = folder / "region.yaml"
    path.write_text(yaml.safe_dump({
        "name": "region", "data": str(folder),
        "regional": {
            "origin_longitude_deg": 140.0, "origin_latitude_deg": 36.0,
            "depth_range_km": [-1, 8], "north_range_km": [-6, 6], "east_range_km": [-6, 6],
            "spacing_km": [1, 2, 2], "lengths_km": [4, 8, 8], "model": "model.txt",
            "stations": "stations.csv", "members": 2, "block_members": 2,
            "standard_deviation": [[0, 0.02]],
        },
    }))  # fmt: skip
    return compute_run(path, folder / "results")


def analysis_run(folder: Path) -> RunLayout:
    path = folder / "analysis.yaml"
    path.write_text(yaml.safe_dump({
        "name": "analysis", "isocon": {"simulation": {}, "bootstraps": 50, "sweeps": 200},
        "discriminate": {"simulation": {}},
        "melting": {"simulation": {"samples": 2, "elements": 4}, "model": "batch", "draws": 200},
    }))  # fmt: skip
    return compute_run(path, folder / "results")


RUNS = {
    "analysis": analysis_run,
    "events": events_run,
    "simulated": simulated_run,
    "mechanisms": mechanisms_run,
    "line": line_run,
    "region": region_run,
}


def test_the_runs_below_have_every_stage(tmp_path):
    """So that a new stage is not forgotten here."""
    shown = {c for s in every_stage() for c in s.chains}
    assert shown <= {"analysis", "events", "mechanisms", "line", "region"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", RUNS)
def test_one_changed_byte_is_found_in_every_file_of_a_run(kind, tmp_path):
    layout = RUNS[kind](tmp_path)
    settings = read_settings(layout)
    stages = run_stages(settings)
    for stage in stages:
        verify_stage(stage, settings, layout)
    root = tmp_path / "results" / settings.name
    files = [
        f
        for f in sorted(root.rglob("*"))
        if f.is_file()
        and not f.name.startswith(".")
        and not str(f.relative_to(root)).startswith(NOT_RESULTS)
        and f.suffix != ".json"
    ]
    assert len(files) > 5
    silent = []
    for file in files:
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(
            content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            if content
            else b"x"
        )
        if not any(_complains(s, settings, layout) for s in stages):
            silent.append(str(file.relative_to(root)))
        file.write_bytes(content)
    assert not silent
    for stage in stages:
        verify_stage(stage, settings, layout)


def _complains(stage, settings, layout) -> bool:
    try:
        verify_stage(stage, settings, layout)
    except (QuakeloomError, ValueError, OSError):
        return True
    return False
