"""What a profile says to quakeloom itself: where planning runs, how much memory jobs share."""

from __future__ import annotations

import sys

import pytest
import yaml

from quakeloom.cli._profiles import memory_limit, plan_elsewhere, planning_command
from quakeloom.config import load_configuration
from quakeloom.core import QuakeloomError, SettingsError, find_shipped, machine_cores
from quakeloom.core.machine import machine_memory_mb


@pytest.fixture
def configuration(tmp_path):
    (tmp_path / "polarities.csv").write_text("event_id,station\n")
    path = tmp_path / "run.yaml"
    path.write_text(
        "name: tiny\nsources: [{path: polarities.csv, format: csv}]\ntakeoff: {angles: given}\n"
    )
    return load_configuration(path)


def test_profiles_that_come_with_it_plan_here_or_name_a_command():
    profiles = find_shipped("Snakefile").parent / "workflow" / "profiles"
    assert planning_command(profiles / "slurm")[0] == "srun"
    assert planning_command(profiles / "local") == ()
    assert planning_command(profiles / "nowhere") == ()


@pytest.mark.parametrize(
    "text", ["plan: srun", "plan: [srun, 4]", "plans: [srun]", "- srun", "plan: [", "\xff"]
)
def test_other_words_are_refused(tmp_path, text):
    (tmp_path / "quakeloom.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"quakeloom\.yaml"):
        planning_command(tmp_path)


def test_planning_is_called_by_the_command(configuration, tmp_path):
    """The command gets the words of ``quakeloom plan`` as they are, with blanks in names."""
    said = tmp_path / "said"
    note = f"import sys; open({str(said)!r}, 'w').write(repr(sys.argv[1:]))"
    plan_elsewhere((sys.executable, "-c", note), configuration, tmp_path / "my results")
    assert said.read_text() == repr(
        [sys.executable, "-m", "quakeloom", "plan", "--config", str(configuration.path),
         "--results", str(tmp_path / "my results")]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("planner", "why"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), r"exit code 3"),
        (("no-such-srun",), r"No such file"),
    ],
)
def test_planning_that_fails_is_told(configuration, tmp_path, planner, why):
    with pytest.raises(QuakeloomError, match=f"Planning 'tiny' by .*{why}"):
        plan_elsewhere(planner, configuration, tmp_path)


def test_local_jobs_share_the_memory_of_the_machine(tmp_path, monkeypatch):
    def limit(*rest: str, **profile) -> list[str]:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(profile))
        return memory_limit(tmp_path, rest)

    word, value = limit(cores="all")
    assert word == "--resources"
    assert 0.5 * machine_memory_mb() < int(value.removeprefix("mem_mb=")) < machine_memory_mb()
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "2000")  # in a job, whose memory is its own
    assert limit(cores="all")[1] == "mem_mb=1800"
    assert limit(executor="slurm") == []
    assert limit(cores="all", resources=["mem_mb=100"]) == []
    assert limit("--resources", "mem_mb=100", cores="all") == []


def test_cores_are_those_of_this_process():
    assert machine_cores() >= 1
