"""The process that has modules loaded, and of which every job of a run is a copy.

``quakeloom run`` starts it where jobs run on this machine. It loads the modules of a stage when
the first job of that stage comes, then forks for every job: each has a process of its own as
before, with its own memory and its own end, but starts in hundredths of a second. It hears only a
socket in a folder of its own, which no other user may enter.

- It ends when `quakeloom run` and Snakemake have both ended, however they ended, and its last job.
- When the command that Snakemake started is killed, its job is.
- When it is killed, its jobs are, and their commands say so.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quakeloom.cli._job_client import SERVER, STOPPING

_SOCKET = "jobs"
"""Name of the socket in its folder."""

_LONGEST_PLACE = 100
"""Characters of the path of a socket; the system takes 107."""

_REQUEST_S = 10.0
"""Seconds that a command may take to say what it wants: it is this program on this machine."""

_LONGEST_REQUEST = 1 << 22
"""Bytes of a request; an environment has at most two megabytes."""

_DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of Linux's ``prctl``."""


@contextlib.contextmanager
def serving_jobs(is_wanted: bool) -> Iterator[dict[str, str]]:
    """Serve jobs as long as the block and the processes that it starts last.

    Gives the variables by which jobs find the server; none where it is not wanted, or where the
    system cannot do it (it takes Linux). The end of the block does not wait for jobs that go on.
    """
    place = tempfile.mkdtemp(prefix="quakeloom-") if is_wanted and _can_serve() else ""
    if len(place) > _LONGEST_PLACE:
        shutil.rmtree(place)
        place = ""
    if not place:
        yield {}
        return
    heard, held = os.pipe()
    try:
        # whoever holds this end keeps the server: we, and Snakemake, which inherits it
        os.set_inheritable(held, True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with listener:
            listener.bind(f"{place}/{_SOCKET}")
            listener.listen(64)
            words = [sys.executable, "-m", __name__, place, str(listener.fileno()), str(heard)]
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(listener.fileno(), heard),
                process_group=0,  # a Ctrl-C of the terminal comes by Snakemake's commands
            )
        yield {SERVER: f"{place}/{_SOCKET}"}
    finally:
        os.close(heard)
        os.close(held)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)


def _can_serve() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


@dataclass
class Job:
    """A job that runs: its process, and the command that waits for it."""

    pid: int
    ended: int
    stream: socket.socket


class JobServer:
    """Forks for every command that asks, and tells it how its job ended.

    Parameters
    ----------
    listener : socket
        Where commands ask.
    heard : int
        The end of a pipe that becomes readable when no process needs the server any more.
    """

    def __init__(self, listener: socket.socket, heard: int) -> None:
        self.listener, self.heard = listener, heard
        self.jobs: dict[int, Job] = {}
        self.is_wanted = True
        # not epoll, whose list a fork would share
        self.watched = selectors.PollSelector()
        self.watched.register(listener, selectors.EVENT_READ, self.accept)
        self.watched.register(heard, selectors.EVENT_READ, self.close)

    def serve(self) -> dict[str, Any] | None:
        """Serve to the end; in the process of a job, return at once with what was asked."""
        while self.is_wanted or self.jobs:
            for key, _ in self.watched.select():
                if key.fd not in self.watched.get_map():
                    continue  # ended by what came before it in the list
                asked = key.data(key.fileobj)
                if asked is not None:
                    return dict(asked)
        return None

    def close(self, _heard: object) -> None:
        """Take no more jobs."""
        self.is_wanted = False
        self.watched.unregister(self.heard)
        self.watched.unregister(self.listener)
        self.listener.close()

    def accept(self, _listener: object) -> dict[str, Any] | None:
        """Take a job, and fork; return what was asked in the process of the job."""
        stream, _ = self.listener.accept()
        try:
            asked = _read_request(stream)
        except (OSError, ValueError, KeyError):
            stream.close()
            return None
        _load_modules(asked["words"])
        gc.freeze()
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._leave(stream, server)
            return asked
        for number in asked["streams"]:
            os.close(number)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # by us and by the job: whoever comes first
        job = Job(pid, os.pidfd_open(pid), stream)
        self.jobs[pid] = job
        self.watched.register(stream, selectors.EVENT_READ, lambda _: self.hear(job))
        self.watched.register(job.ended, selectors.EVENT_READ, lambda _: self.finish(job))
        return None

    def _leave(self, stream: socket.socket, server: int) -> None:
        """Close what belongs to the server, in the process of a job; die when the server does."""
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
        stream.close()
        self.listener.close()
        if self.is_wanted:
            os.close(self.heard)
        for job in self.jobs.values():
            job.stream.close()
            os.close(job.ended)
        self.watched.close()

    def hear(self, job: Job) -> None:
        """Hand on signals; where the command is gone, end its job and all that it started."""
        try:
            said = job.stream.recv(64)
        except OSError:
            said = b""
        if not said:
            self.watched.unregister(job.stream)
        numbers = [int(word) for word in said.split()] or [signal.SIGKILL]
        numbers.append(signal.SIGCONT)  # one that was stopped hears nothing
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job.pid, number)

    def finish(self, job: Job) -> None:
        """Tell a command how its job ended."""
        _, status = os.waitpid(job.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            job.stream.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
        self.watched.unregister(job.ended)
        with contextlib.suppress(KeyError):
            self.watched.unregister(job.stream)
        job.stream.close()
        os.close(job.ended)
        del self.jobs[job.pid]


def _read_request(stream: socket.socket) -> dict[str, Any]:
    """Return what a command asks, with its streams."""
    stream.settimeout(_REQUEST_S)
    first, streams, _, _ = socket.recv_fds(stream, 1, 3)
    if first != b"\n" or len(streams) != len((0, 1, 2)):
        raise ValueError(first)
    text = b""
    while not text.endswith(b"\n"):
        piece = stream.recv(1 << 16)
        text += piece
        if not piece or len(text) > _LONGEST_REQUEST:
            raise ValueError(len(text))
    stream.settimeout(None)
    return {**json.loads(text), "streams": streams}


def _load_modules(words: list[str]) -> None:
    """Load what a command needs, so that all copies have it; what fails is told by the job."""
    with contextlib.suppress(Exception):
        importlib.import_module("quakeloom.cli._main")
        from quakeloom.stages.every_stage import every_stage

        for stage in every_stage():
            if stage.name in words[1:2]:
                stage.load()


def _begin(asked: dict[str, Any]) -> None:
    """Give the process of a job the words, folder, environment and streams of its command."""
    for number, stream in enumerate(asked["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["words"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in asked["ignored"]:
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Serve jobs; as a job, do what was asked and end as the command would."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    place, listener, heard = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    asked = JobServer(socket.socket(fileno=listener), heard).serve()
    if asked is None:
        shutil.rmtree(place, ignore_errors=True)
        return
    _begin(asked)
    from quakeloom.cli import do_command

    do_command(lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING))


if __name__ == "__main__":
    main()
