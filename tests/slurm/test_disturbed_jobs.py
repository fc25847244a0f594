"""`make test-slurm`: jobs that are killed, sent back, or run out of memory or time.

``run.sh`` starts the SLURM. Every run ends with the bytes of one on this machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from small_runs import write_config, write_month

pytestmark = pytest.mark.slurm

SMALL = "mechanism:mem_mb=60 if attempt == 1 else 2000"
"""Less memory than Python and its packages need, in the first attempt."""

SHORT = "mechanism:runtime=1 if attempt == 1 else 30"
"""One minute, which is the least, in the first attempt."""

LIMIT_S = 1200
"""Seconds after which a run counts as hanging; a minute or two where nothing else runs."""


def command(folder: Path, results: str, *rest: str) -> list[str]:
    """The run through SLURM, which has no accounting here and is asked often."""
    return [
        sys.executable, "-m", "quakeloom", "run", "--config", str(folder / "tiny.yaml"),
        "--results", str(folder / results), "--profile", "slurm", "--",
        "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5",
        "--seconds-between-status-checks", "5", *rest,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("catalog")
    for month in ("2020-01", "2020-02", "2020-03"):
        write_month(folder, month, events=12)
    write_config(folder, stress={"grid_step_deg": 0.5})
    return folder


@pytest.fixture(scope="module")
def local(catalog) -> dict[str, bytes]:
    """The bytes of the run on this machine."""
    words = ["run", "--config", str(catalog / "tiny.yaml"), "--results", str(catalog / "local")]
    subprocess.run([sys.executable, "-m", "quakeloom", *words], check=True, cwd=catalog)
    return product_bytes(catalog / "local")


def product_bytes(results: Path) -> dict[str, bytes]:
    """All files of a run but logs, times, and the report, which tells them."""
    files = (file for file in sorted(results.rglob("*")) if file.is_file())
    kept = (f for f in files if f.suffix not in (".log", ".tsv", ".html"))
    return {str(file.relative_to(results)): file.read_bytes() for file in kept}


def differing(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    return sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))


def running_tasks(rule: str) -> list[str]:
    """Numbers of the tasks of a rule that run now, as SLURM names them."""
    said = subprocess.run(
        ["squeue", "--noheader", "--array", "--states=RUNNING", "--format=%i %k"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    rows = (line.split(maxsplit=1) for line in said.splitlines())
    comment = f"rule_{rule}_wildcards_"
    return [row[0] for row in rows if len(row) == 2 and row[1].startswith(comment)]


def job_processes() -> list[psutil.Process]:
    """The processes that make a partition of mechanisms now."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if words[1:] and "mechanism part" in " ".join(words) and "quakeloom" in words[1]:
            found.append(process)
    return found


def kill(_: list[str]) -> bool:
    """Kill the work itself, as the system does where a node has no memory left."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in job_processes()[:1]:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def cancel(tasks: list[str]) -> bool:
    return not subprocess.run(["scancel", tasks[0]], check=False).returncode


def send_back(tasks: list[str]) -> bool:
    return not subprocess.run(["scontrol", "requeue", tasks[0]], check=False).returncode


def stop_for_good(_: list[str]) -> bool:
    """Stop the work, so that its time runs out."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in job_processes()[:1]:
            process.send_signal(signal.SIGSTOP)
            return True
    return False


def run_disturbed(
    words: list[str], folder: Path, disturb: Callable[[list[str]], bool]
) -> tuple[int, bool, str]:
    """Run, and disturb the first job of mechanisms that is seen; return code, whether, words."""
    log = folder / "said.log"
    with log.open("w") as file:
        process = subprocess.Popen(words, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        disturbed, end = False, time.monotonic() + LIMIT_S
        while process.poll() is None:
            assert time.monotonic() < end, f"still at work: {log.read_text()[-2000:]}"
            tasks = [] if disturbed else running_tasks("mechanism")
            disturbed = disturbed or bool(tasks and disturb(tasks))
            time.sleep(0.2)
    return process.returncode, disturbed, log.read_text()


def test_partitions_are_an_array_that_asks_for_the_largest(catalog, local):
    """And planning is a job."""
    asked = []

    def look(tasks: list[str]) -> bool:
        job = tasks[0].split("_")[0]
        asked.append(
            subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True).stdout
        )
        return True

    code, seen, said = run_disturbed(command(catalog, "array"), catalog, look)
    assert (code, seen) == (0, True), said[-3000:]
    changed = differing(product_bytes(catalog / "array"), local)
    assert not changed
    assert "ArrayTaskId=" in asked[0]
    assert len(set(re.findall(r"MinMemoryNode=(\w+)", asked[0]))) == 1
    log = Path(os.environ["QUAKELOOM_SLURM_LOG"]).read_text()
    assert "quakeloom-plan" in log or "_slurm_rpc_allocate_resources" in log


@pytest.mark.parametrize(
    ("name", "disturb", "rest"),
    [
        ("killed", kill, ()),
        ("cancelled", cancel, ()),
        ("sent-back", send_back, ()),
        ("out-of-memory", lambda _: True, ("--set-resources", SMALL)),
        ("out-of-time", stop_for_good, ("--set-resources", SHORT)),
    ],
)
def test_a_disturbed_job_is_run_again(catalog, local, name, disturb, rest):
    code, seen, said = run_disturbed(command(catalog, name, *rest), catalog, disturb)
    if code:  # a job that was cancelled by hand may end the run; what is done is kept
        assert "What is done is kept" in said or "what is done is kept" in said, said[-3000:]
        code, _, said = run_disturbed(command(catalog, name), catalog, lambda _: True)
    assert (code, seen) == (0, True), said[-3000:]
    changed = differing(product_bytes(catalog / name), local)
    assert not changed
