"""A Dask scheduler and workers as processes of their own on loopback, to join and to kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

DASK = str(Path(sys.executable).parent / "dask")


class DaskProcesses:
    """Processes that were started apart; all of them end with the ``with`` block."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "scheduler.json"
        self.options = options
        self.scheduler: subprocess.Popen | None = None
        self.workers: list[subprocess.Popen] = []
        # workers import the tasks of tests by name
        paths = os.pathsep.join(p for p in sys.path if p)
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
        self._started = 0

    def start_scheduler(self, **environment: str) -> None:
        """Start a scheduler and wait for its file."""
        self.file.unlink(missing_ok=True)
        command = [DASK, "scheduler", "--host", "127.0.0.1", "--port", "0",
                   "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(self.file),
                   *self.options]  # fmt: skip
        self.scheduler = self._start(command, environment)
        give_up = time.monotonic() + 120
        while not self.file.exists() or not self.file.read_text().strip():
            assert self.scheduler.poll() is None, "the scheduler did not start"
            assert time.monotonic() < give_up, "the scheduler did not start in two minutes"
            time.sleep(0.1)

    @property
    def address(self) -> str:
        """Address of the scheduler."""
        return json.loads(self.file.read_text())["address"]

    def start_worker(
        self, memory: str = "1500MB", options: tuple[str, ...] = (), **environment: str
    ) -> subprocess.Popen:
        """Start a worker of one thread, which a nanny starts again when it is over its memory."""
        command = [DASK, "worker", "--scheduler-file", str(self.file), "--nthreads", "1",
                   "--memory-limit", memory, "--no-dashboard", "--death-timeout", "60",
                   "--local-directory", str(self.folder), *self.options, *options]  # fmt: skip
        worker = self._start(command, environment)
        self.workers.append(worker)
        return worker

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen:
        self._started += 1
        with (self.folder / f"process{self._started}.log").open("w") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env={**self.environment, **environment}
            )

    def kill_worker(self, worker: subprocess.Popen) -> None:
        """End a worker and its nanny at once, as a node does that loses its power."""
        self.workers.remove(worker)
        kill_tree(worker)

    def kill_scheduler(self) -> None:
        """End the scheduler at once."""
        assert self.scheduler is not None
        kill_tree(self.scheduler)


def kill_tree(process: subprocess.Popen) -> None:
    """End a process and all that it started with SIGKILL."""
    with contextlib.suppress(psutil.NoSuchProcess):
        whole = psutil.Process(process.pid)
        family = [whole, *whole.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
    process.wait(timeout=60)


@contextlib.contextmanager
def dask_processes(folder: Path, *options: str) -> Iterator[DaskProcesses]:
    """Give processes that are started apart, and end what is left of them."""
    processes = DaskProcesses(folder, *options)
    try:
        yield processes
    finally:
        for process in [*processes.workers, processes.scheduler]:
            if process is not None:
                kill_tree(process)
