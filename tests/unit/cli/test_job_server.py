"""Jobs of a run are copies of one process, and behave as processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from quakeloom.cli._job_client import SERVER
from quakeloom.cli._job_server import serving_jobs
from quakeloom.cli._profiles import runs_here

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can serve jobs")

COMMAND = "import sys; sys.argv[0] = 'quakeloom'; from quakeloom.cli import main; main()"
"""The command line, as Snakemake starts it."""

PATIENCE_S = 60.0
"""Seconds after which something counts as not happening."""


def default_signals() -> None:
    """Under nohup, or behind another command, they arrive ignored, and the command keeps that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start(folder: Path, served: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], cwd=folder, env={**os.environ, **served},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=default_signals,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def until(condition: Callable[[], object]) -> object:
    give_up = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return found


def servers() -> list[psutil.Process]:
    """The serving process among our children, and after it its jobs.

    Each leads a group of its own, as what they start for a moment does not.
    """
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            is_alive = one.status() != psutil.STATUS_ZOMBIE
            leads = os.getpgid(one.pid) == one.pid
            if is_alive and leads and "quakeloom.cli._job_server" in one.cmdline():
                found.append(one)
    return sorted(found, key=lambda one: one.create_time())


def test_a_job_ends_as_its_command_would(tmp_path):
    """Words, folder, streams and exit code are those of the command; so is the refusal."""
    words = ("mechanism", "plan", "--run", "nothing")
    alone = finish(start(tmp_path, {}, *words))
    with serving_jobs(True) as served:
        assert finish(start(tmp_path, served, *words)) == alone
        assert len(servers()) == 1
    assert alone[0] == 1
    assert "nothing" in alone[1]


def test_commands_of_users_are_never_served(tmp_path):
    with serving_jobs(True) as served:
        started = start(tmp_path, {SERVER: f"{served[SERVER]}x"}, "mechanism", "plan", "--run", "a")
        assert finish(started)[0] == 1
        assert finish(start(tmp_path, served, "--version")) == (0, "")
        (server,) = servers()
        assert server.memory_info().rss < 100e6  # it has not loaded anything
    until(lambda: not servers())


def test_nobody_serves_where_jobs_run_elsewhere(tmp_path):
    with serving_jobs(False) as served:
        assert served == {}
    (tmp_path / "config.yaml").write_text("executor: slurm\n")
    assert not runs_here(tmp_path, ())
    (tmp_path / "config.yaml").write_text("cores: all\n")
    assert runs_here(tmp_path, ())
    assert not runs_here(tmp_path, ("--executor", "local"))


@pytest.fixture
def waiting(tmp_path) -> Path:
    """A run whose settings never come, so that a job waits for them."""
    (tmp_path / "run" / "plan").mkdir(parents=True)
    os.mkfifo(tmp_path / "run" / "plan" / "settings.yaml")
    return tmp_path


def job_of(served: dict[str, str], folder: Path) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Start a job that waits, and return its command and its process."""
    command = start(folder, served, "mechanism", "plan", "--run", "run")
    until(lambda: len(servers()) == 2)
    return command, servers()[1]


def test_a_signal_reaches_the_job_and_is_told_in_one_line(waiting):
    with serving_jobs(True) as served:
        command, job = job_of(served, waiting)
        until(lambda: job.status() == psutil.STATUS_SLEEPING)
        # one that was stopped hears it as well
        job.suspend()
        command.send_signal(signal.SIGTERM)
        code, said = finish(command)
    assert code == 143
    (line,) = said.splitlines()
    assert line.startswith("quakeloom: stopped; what is complete is kept")
    until(lambda: not job.is_running())


def test_a_job_dies_with_its_command_and_a_command_with_its_job(waiting):
    with serving_jobs(True) as served:
        command, job = job_of(served, waiting)
        command.kill()
        finish(command)
        until(lambda: not job.is_running())
        command, job = job_of(served, waiting)
        job.kill()
        assert finish(command) == (137, "")


def test_jobs_die_with_the_serving_process_and_say_so(waiting):
    with serving_jobs(True) as served:
        command, job = job_of(served, waiting)
        servers()[0].kill()
        code, said = finish(command)
    assert code == 1
    assert "What is complete is kept; run again." in said
    until(lambda: not job.is_running())


def test_the_serving_process_ends_after_its_last_job(waiting):
    with serving_jobs(True) as served:
        command, job = job_of(served, waiting)
    assert len(servers()) == 2
    place = Path(served[SERVER]).parent
    assert place.stat().st_mode & 0o077 == 0
    command.kill()
    finish(command)
    until(lambda: not servers() and not place.exists())
    assert not job.is_running()
