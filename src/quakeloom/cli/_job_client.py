"""A job of the workflow, handed to a process that has the modules of its stage loaded already.

To start Python with the modules of a stage takes a second of a core, and most jobs of a small
change take less. ``quakeloom run`` on one machine therefore keeps a process that loads them once
(:mod:`quakeloom.cli._job_server`), and every job is a copy of it. The command that Snakemake
starts only hands over its words, folder, environment and streams, passes signals on, and ends as
its job does. Where no such process answers, the command does its work itself.

This module is loaded before everything else: it imports nothing heavy.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

from quakeloom.cli._stopping import stopped_code

SERVER = "QUAKELOOM_JOB_SERVER"
"""Variable of the environment with the socket of the process that serves jobs."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that are handed on to a job."""

_NOBODY = 1
"""Exit code where the serving process ended before the job did."""


def hand_over() -> int | None:
    """Let the serving process do this command; return its exit code.

    Returns
    -------
    int or None
        None where no process serves, or the command is no job of a run: it is done here then.
    """
    place = os.environ.get(SERVER, "")
    if not place or "--run" not in sys.argv:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        try:
            stream.connect(place)
        except OSError:
            return None
        request = {
            "words": sys.argv,
            "folder": str(Path.cwd()),
            "environment": {k: v for k, v in os.environ.items() if k != SERVER},
            "ignored": [int(s) for s in STOPPING if signal.getsignal(s) is signal.SIG_IGN],
        }
        try:
            socket.send_fds(stream, [b"\n"], [0, 1, 2])
            stream.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            return _ended_early()
        return _wait(stream)


def _wait(stream: socket.socket) -> int:
    """Wait for the end of the job, and hand signals on meanwhile."""
    answer = b""
    while not answer.endswith(b"\n"):
        try:
            piece = stream.recv(64)
        except KeyboardInterrupt:  # what all signals become here: see _stopping
            number = stopped_code() - 128
            stream.sendall(f"{number}\n".encode())
            continue
        except OSError:
            piece = b""
        if not piece:
            return _ended_early()
        answer += piece
    return int(answer)


def _ended_early() -> int:
    print(
        "quakeloom: The process that served this job of the run was ended, and the job with it. "
        "What is complete is kept; run again.",
        file=sys.stderr,
    )
    return _NOBODY
