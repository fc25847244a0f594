"""A stage of another package appears everywhere by its record, one function and a rule file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from small_runs import quakeloom, write_config, write_month

from quakeloom.store import open_item, read_json, read_table

PACKAGES = Path(__file__).parent / "swarm"


@pytest.fixture
def plugged(tmp_path, monkeypatch):
    """Install packages with stages, as pip would leave them, and return a runner."""

    def install(entries: dict[str, str]) -> None:
        site = tmp_path / "site"
        shutil.copytree(PACKAGES, site, dirs_exist_ok=True)
        about = site / "plugged-1.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
        (about / "entry_points.txt").write_text(f"[quakeloom.stages]\n{lines}\n")
        path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        monkeypatch.setenv("PYTHONPATH", path.rstrip(os.pathsep))

    return install


def run(folder: Path, *more: str) -> str:
    done = quakeloom("run", "--config", folder / "tiny.yaml", "--results", folder / "r", *more)
    return done.stdout + done.stderr


def test_the_stage_is_at_most_sixty_lines_of_code():
    text = (PACKAGES / "swarm.py").read_text()
    lines = [s for s in text.splitlines() if s.strip() and not s.strip().startswith('"""')]
    assert len(lines) <= 60


@pytest.mark.slow
def test_a_stage_of_another_package_is_a_stage_like_any_other(plugged, tmp_path):
    plugged({"swarm": "swarm:SWARM"})
    for month in ("2019-01", "2019-02"):
        write_month(tmp_path, month)
    write_config(tmp_path, plugins={"swarm": {"within_days": 1.5}})
    dry = run(tmp_path, "--dry-run")
    assert re.search(r"^swarm\s+2$", dry, re.M)
    assert re.search(r"^swarm_finalise\s+1$", dry, re.M)
    run(tmp_path)
    root = tmp_path / "r" / "tiny"
    found = read_table(open_item(root / "swarms.parquet"), "events", ["event_id"]).num_rows
    # ten events a month, one a day
    assert found == 2 * 9
    assert "18 events follow another one." in (root / "report.html").read_text()
    assert "Nothing to be done" in run(tmp_path)
    page = quakeloom("stages").stdout
    assert "| swarm | Events that follow another one are counted. |" in page
    assert "| `swarm_finalise` | `swarm.smk` |" in page
    assert "| `plugins.swarm.within_days` | `" in quakeloom("config", "reference").stdout
    assert "default: " in quakeloom("config", "explain", "plugins.swarm.within_days").stdout
    help_text = quakeloom("swarm", "--help").stdout
    assert all(verb in help_text for verb in ("plan", "part", "finalise", "verify"))
    checked = ("verify", "--config", tmp_path / "tiny.yaml", "--results", tmp_path / "r")
    assert "stage swarm" in quakeloom(*checked).stdout
    table = root / "swarms.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    damaged = quakeloom(*checked, check=False)
    assert damaged.returncode == 1
    assert "swarms.parquet has changed" in damaged.stderr
    # its settings decide its plan, and nothing else runs again
    table.unlink()
    write_config(tmp_path, plugins={"swarm": {"within_days": 0.5}})
    again = run(tmp_path, "--dry-run")
    assert re.search(r"^swarm\s+2$", again, re.M)
    assert not re.search(r"^mechanism\s", again, re.M)


@pytest.mark.long
def test_partitions_that_a_stage_finds_are_planned_when_it_has_run(plugged, tmp_path):
    plugged({"findhours": "hours:FIND", "hours": "hours:HOURS"})
    write_month(tmp_path, "2019-01")
    write_config(tmp_path, plugins={"findhours": {}})
    dry = run(tmp_path, "--dry-run")
    assert re.search(r"^findhours\s+1$", dry, re.M), "exact up to what is found"
    run(tmp_path)
    root = tmp_path / "r" / "tiny"
    assert read_json(open_item(root / "hours.json")) == ["h12"]
    assert (root / "parts" / "hours" / "h12" / "rejects.parquet").is_file()
    assert (root / "parts" / "hours.finalise.json").is_file()
    assert "Nothing to be done" in run(tmp_path)


def test_settings_of_a_stage_that_is_not_installed_are_refused(tmp_path):
    write_month(tmp_path, "2019-01")
    write_config(tmp_path, plugins={"swarm": {}})
    done = quakeloom("config", "check", tmp_path / "tiny.yaml", check=False)
    assert done.returncode == 2
    assert "`plugins.swarm`" in done.stderr


def test_wrong_settings_of_a_plugin_are_refused_by_its_model(plugged, tmp_path):
    plugged({"swarm": "swarm:SWARM"})
    write_month(tmp_path, "2019-01")
    write_config(tmp_path, plugins={"swarm": {"within": 3}})
    done = quakeloom("config", "check", tmp_path / "tiny.yaml", check=False)
    assert done.returncode == 2
    assert "within" in done.stderr


def test_two_stages_of_one_name_are_refused(plugged, tmp_path):
    plugged({"swarm": "swarm:SWARM", "again": "swarm:SWARM"})
    done = quakeloom("stages", check=False)
    assert done.returncode != 0
    assert "second stage" in done.stderr
