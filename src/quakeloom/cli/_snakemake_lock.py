"""The lock that Snakemake leaves when it is killed: whose it was, and whether that one is dead.

Snakemake's lock names files and no owner. So a run notes which process holds it, beside it in
``.snakemake``. A lock counts as left behind if its owner was noted here, on this machine, that
process is no more, and no other Snakemake works in this folder. Everything else is asked by hand.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

_RECORDS = Path(".snakemake")
"""Where Snakemake keeps its records: in the folder where it is called."""

_OWNERS = _RECORDS / "quakeloom"
"""One file for each run whose Snakemake was started here: machine, process, when it began."""

_SAME_START_S = 1.0
"""Seconds by which two readings of the start of one process may differ."""


class LockOwner:
    """The owner of Snakemake's lock on the files of some runs.

    Parameters
    ----------
    folders : sequence of Path
        Folders of the runs; a lock is theirs that names a file below one of them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [str(folder.resolve()) + os.sep for folder in folders]
        name = hashlib.sha256("\n".join(self._folders).encode()).hexdigest()[:16]
        self._record = _OWNERS / f"{name}.json"

    def note(self, pid: int) -> None:
        """Note that a Snakemake has begun, which takes the lock later."""
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(pid).create_time()
            _OWNERS.mkdir(parents=True, exist_ok=True)
            # a record that is cut counts as none, and then the user is asked
            self._record.write_text(
                json.dumps({"machine": platform.node(), "process": pid, "started": started})
            )

    def forget(self) -> None:
        """Note that the Snakemake has ended by itself, and so without its lock."""
        self._record.unlink(missing_ok=True)

    def remove_dead_lock(self) -> bool:
        """Remove the lock if its owner is dead; return whether there was such a one."""
        locks = [lock for lock in sorted(_RECORDS.glob("locks/*.lock")) if self._is_ours(lock)]
        if not locks or not self._is_dead():
            return False
        for lock in locks:
            lock.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)
        return True

    def _is_ours(self, lock: Path) -> bool:
        """Say whether a lock names a file of these runs."""
        try:
            lines = lock.read_text(errors="surrogateescape").splitlines()
        except OSError:
            return False
        return any(str(Path(line).resolve()).startswith(tuple(self._folders)) for line in lines)

    def _is_dead(self) -> bool:
        """Say whether the owner was noted and is no more, and no other can hold the lock."""
        owner = _read(self._record)
        if owner.get("machine") != platform.node() or _is_alive(owner):
            return False
        others = {o["process"] for o in map(_read, _OWNERS.glob("*.json")) if _is_alive(o)}
        return not set(_snakemakes_here()) - others


def _read(record: Path) -> dict[str, Any]:
    """Return what a record says; nothing where it is gone or damaged."""
    try:
        found = json.loads(record.read_text())
    except (OSError, ValueError):
        return {}
    whole = isinstance(found, dict) and isinstance(found.get("process"), int)
    return found if whole and isinstance(found.get("started"), int | float) else {}


def _is_alive(owner: dict[str, Any]) -> bool:
    """Say whether the process of a record lives; its number may be another's by now."""
    if not owner:
        return False
    try:
        process = psutil.Process(owner["process"])
        same = abs(process.create_time() - owner["started"]) < _SAME_START_S
        return bool(same) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _snakemakes_here() -> Iterator[int]:
    """Yield the processes on this machine that run Snakemake in the current folder."""
    here = str(Path.cwd())
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            words = process.cmdline()[:4]
            is_snakemake = any(Path(word).name == "snakemake" for word in words)
            if is_snakemake and process.status() != psutil.STATUS_ZOMBIE and process.cwd() == here:
                yield process.pid
