"""Snakemake as a process of its own: what it is told, signals, its words, its lock."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from quakeloom.cli._snakemake_lock import LockOwner
from quakeloom.core import InputError, SettingsError, StoppedError

UNLOCK = "--unlock"
"""Snakemake's option that removes the lock of a run that was killed."""

_STEPS = re.compile(r"^(\d+) of (\d+) steps")
"""What Snakemake says after every job."""

_RULE = re.compile(r"^(?:local)?rule (\w+):")
"""What Snakemake says before every job."""

_LOCKED = "Directory cannot be locked"
"""What Snakemake says where another run, or one that was killed, holds its lock."""

_REASON = "quakeloom: "
"""Beginning of the line with which a job says why it failed."""

_MOST_REASONS = 5
"""Reasons that are told at the end of a run."""

_STOPPING = "Terminating processes on user request"
"""What Snakemake says where a Ctrl-C has reached it."""

_PATIENCE_S = 5.0
"""Seconds that a Ctrl-C of the terminal may take to reach Snakemake."""

_HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that Snakemake and its jobs get as well, each once."""


@dataclass
class Watched:
    """What a run of Snakemake said, as far as it decides what to say about it.

    Attributes
    ----------
    is_locked : bool
        It refused to start, since there is a lock.
    is_stopping : bool
        It says that it ends its jobs.
    signals : list of int
        Signals that were handed on to it.
    reasons : list of str
        Why jobs failed, in their own words, each once.
    tail : deque of str
        Its last lines.
    """

    is_locked: bool = False
    is_stopping: bool = False
    signals: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=60))

    def see(self, line: str) -> None:
        """Take note of a line."""
        self.tail.append(line)
        reason = line.strip().removeprefix(_REASON)
        is_new = reason != line.strip() and reason not in self.reasons
        if is_new and len(self.reasons) < _MOST_REASONS:
            self.reasons.append(reason)
        self.is_locked = self.is_locked or _LOCKED in line
        self.is_stopping = self.is_stopping or _STOPPING in line


def config_value(value: Any) -> str:
    """Return a text that passes Snakemake's ``--config key=value`` whole, whatever is in a name.

    Snakemake takes values for numbers or YAML where they look like them (``007`` is 7), strips
    quotes, and gives them to a shell for every job. ``workflow/rules/plan.smk`` reads it.
    """
    return "quoted:" + quote(str(value))


def command_again(arguments: Sequence[str] | None = None, *more: str) -> str:
    """Return this command as it is typed, with more arguments at its end."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return shlex.join(["quakeloom", *given, *more])


def refuse_read_only_folder() -> None:
    """Refuse a current folder that Snakemake cannot write its records to.

    Raises
    ------
    InputError
        With the folder and what to do.
    """
    here = Path.cwd()
    for place in (here / ".snakemake", here / "logs"):
        if place.exists() and not place.is_dir():
            raise InputError(
                f"'{place}' is a file, but Snakemake keeps its records in a folder of that name. "
                "Nothing was run; remove or rename the file, or change to another folder."
            )
        if not os.access(place if place.exists() else here, os.W_OK):
            raise InputError(
                f"Snakemake keeps its records in '{place}', where you are, and may not write "
                "there. Nothing was run; change to a folder of your own and name the others by "
                "their full paths."
            )


def cache_environment() -> dict[str, str]:
    """Return variables that give programs a cache here where the home cannot be written.

    Snakemake ends in a traceback without one; matplotlib and numba go on, but keep nothing.
    """
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        place = Path(named) if named else Path.home() / ".cache"
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return {}
    except (OSError, RuntimeError):  # no such home, or no right to write there
        own = str(Path.cwd() / ".snakemake" / "home-cache")
        return {"XDG_CACHE_HOME": own, "MPLCONFIGDIR": own}


def refuse_odd_name(results: Path) -> None:
    """Refuse a folder of results whose name Snakemake cannot take.

    Raises
    ------
    SettingsError
        If it has braces, which are Snakemake's wildcards, or a line break.
    """
    odd = [c for c in "{}\n\r" if c in str(results)]
    if odd:
        raise SettingsError(
            f"--results {str(results)!r} has {', '.join(map(repr, odd))} in it, which Snakemake "
            "takes for a wildcard or the end of a name. Nothing was run; write a name without."
        )


def run_snakemake(
    command: list[str],
    environment: dict[str, str],
    log: Path,
    is_plain: bool,
    owner: LockOwner | None = None,
) -> tuple[int, Watched]:
    """Run Snakemake; return its exit code, and what is to be known of its words.

    Parameters
    ----------
    command : list of str
    environment : dict
    log : Path
        Gets its words where a progress bar is shown.
    is_plain : bool
        Print its words as they come; else a progress bar, and its last words if it fails.
    owner : LockOwner, optional
        Notes who holds the lock, so that a later run knows when its owner is dead.

    Raises
    ------
    StoppedError
        If it was stopped by Ctrl-C or another signal; it got the signal, and has ended.
    """
    watched = Watched()
    with _handing_on(watched) as hand_on:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=None if is_plain else subprocess.PIPE,
            stderr=subprocess.PIPE if is_plain else subprocess.STDOUT,
            text=True,
            errors="replace",
            close_fds=False,  # so it holds the claim on the folder as well, if we are killed
        )
        if owner is not None:
            owner.note(process.pid)
        hand_on(process)
        if is_plain:
            assert process.stderr is not None
            for line in process.stderr:
                watched.see(line)
                # once it is told to stop, its words and its jobs' are those of a broken-off work
                if not watched.signals:
                    sys.stderr.write(line)
                    sys.stderr.flush()
        else:
            _show_progress(process, log, watched)
        code = process.wait()
    if owner is not None and code >= 0:
        owner.forget()
    if watched.signals:
        raise StoppedError(
            "Stopped, with all jobs. What is done is kept; this goes on from there: "
            f"{command_again()}",
            watched.signals[0],
        )
    return code, watched


@contextlib.contextmanager
def _handing_on(watched: Watched) -> Iterator[Callable[[subprocess.Popen[str]], None]]:
    """Hand signals on to Snakemake and its jobs, so that it ends in order and leaves no lock.

    Gives a function that is told of the process. Signals that come before, when it may be there
    already, are handed on then.
    """
    begun: list[subprocess.Popen[str]] = []

    def take(number: int, _frame: object) -> None:
        if not watched.signals:
            # not by a stream, which may be in the middle of a line
            os.write(2, b"stopping: the jobs are told, which may take a moment\n")
        watched.signals.append(number)
        if not begun:
            return
        if number == signal.SIGINT and _is_in_front():
            # the terminal has told all processes; where it was another's signal, they hear late
            later = threading.Timer(_PATIENCE_S, _hand_on, (begun[0], watched, number))
            later.daemon = True
            later.start()
        else:
            _hand_on(begun[0], watched, number)

    def begin(process: subprocess.Popen[str]) -> None:
        begun.append(process)
        for number in watched.signals[:1]:
            _hand_on(process, watched, number)

    before = {
        number: signal.signal(number, take)
        for number in _HANDED_ON
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup
    }
    try:
        yield begin
    finally:
        for process in begun:
            if process.poll() is None:  # an error of ours must not leave it behind
                _hand_on(process, watched, signal.SIGTERM)
                process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_front() -> bool:
    """Say whether we are what the terminal shows, so that its Ctrl-C reaches our children too."""
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _hand_on(process: subprocess.Popen[str], watched: Watched, number: int) -> None:
    """Send a signal to Snakemake and all its descendants, unless it is stopping by itself."""
    if process.poll() is not None or watched.is_stopping:
        return
    # Snakemake does not end its jobs at a hang-up, and dies of it with its lock
    told = signal.SIGTERM if number == signal.SIGHUP else number
    with contextlib.suppress(psutil.NoSuchProcess):
        snakemake = psutil.Process(process.pid)
        for one in (*snakemake.children(recursive=True), snakemake):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(told)
                one.resume()  # one that was stopped hears nothing


def _show_progress(process: subprocess.Popen[str], log: Path, watched: Watched) -> None:
    """Show a bar while Snakemake runs; its words go to a log, the last of them here on failure."""
    console = Console(stderr=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} jobs"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    assert process.stdout is not None
    with log.open("w") as file, Progress(*columns, console=console) as progress:
        bar = progress.add_task("starting", total=1)
        for line in process.stdout:
            file.write(line)
            watched.see(line)
            if found := _STEPS.match(line):
                progress.update(bar, completed=int(found[1]), total=int(found[2]))
            elif rule := _RULE.match(line):
                progress.update(bar, description=rule[1])
    if process.wait() and not watched.signals:
        console.print("".join(watched.tail), highlight=False, markup=False)
