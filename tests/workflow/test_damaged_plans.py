"""What planning left behind is made again by planning, whatever of it is lost or damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from test_reading_checks import write_archive

from quakeloom.config import load_configuration
from quakeloom.stages.planning import plan_configuration


def write_waveform_run(folder: Path) -> Path:
    """Write a catalog with waveforms, and settings that sort it into bins by themselves."""
    write_archive(folder)
    path = folder / "checks.yaml"
    path.write_text(yaml.safe_dump({
        "name": "checks", "data": str(folder),
        "sources": [{"path": "events_*.csv"}, {"path": "stations.csv"}],
        "takeoff": {"models": ["model.txt"], "maximum_depth_km": 20.0},
        "waveforms": {"archives": ["archive"], "picker": "classical", "polarity": "classical"},
        "locate": {"models": ["model.txt"], "members": 2, "maximum_depth_km": 25},
        "stress": {},
    }))  # fmt: skip
    return path


def write_simulated_run(folder: Path) -> Path:
    path = folder / "made.yaml"
    path.write_text(yaml.safe_dump({
        "name": "made", "simulation": {"events": 4, "mean_polarities": 12},
        "takeoff": {"models": ["generic_crust"]},
    }))  # fmt: skip
    return path


RUNS = {"waveforms": write_waveform_run, "simulated": write_simulated_run}


def contents(root: Path) -> dict[str, bytes]:
    """All files below a folder, by their paths."""
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes() or b"?")
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGE = {
    "gone": Path.unlink,
    "empty": lambda p: p.write_bytes(b""),
    "cut": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "one byte": change_a_byte,
}


@pytest.mark.parametrize(
    "damage",
    ["gone", "one byte", *(pytest.param(d, marks=pytest.mark.long) for d in ("empty", "cut"))],
)
@pytest.mark.parametrize("kind", RUNS)
def test_whatever_planning_wrote_is_made_again(kind, damage, tmp_path):
    """Every file in turn: no error, and the same bytes as before."""
    configuration = load_configuration(RUNS[kind](tmp_path))
    root = tmp_path / "results" / configuration.name

    def plan() -> dict[str, bytes]:
        plan_configuration(configuration, tmp_path / "results")
        return contents(root)

    before = plan()
    # how bins were chosen is kept for later plans alone, and is not read in this one
    for name in sorted(set(before) - {"ingest/calendar.json"}):
        DAMAGE[damage](root / name)
        assert plan() == before, name


@pytest.mark.parametrize("kind", RUNS)
def test_every_file_of_ingest_can_be_damaged_at_once(kind, tmp_path):
    configuration = load_configuration(RUNS[kind](tmp_path))
    root = tmp_path / "results" / configuration.name
    plan_configuration(configuration, tmp_path / "results")
    before = contents(root)
    for file in (root / "ingest").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    plan_configuration(configuration, tmp_path / "results")
    assert contents(root) == before
    shutil.rmtree(root / "ingest")
    plan_configuration(configuration, tmp_path / "results")
    assert contents(root) == before
