"""Errors of the machine in one line: no rights, a file in the way, a full disk, no memory."""

from __future__ import annotations

import errno
import os

_REMEDIES = {
    errno.EACCES: "get the right to read and write it, or name another place",
    errno.EPERM: "get the right to read and write it, or name another place",
    errno.EROFS: "it can only be read there: name another place",
    errno.ENOSPC: "make room (`df -h` shows where), or name another place, and run again: what is "
    "complete is kept",
    errno.EDQUOT: "your quota is used up: remove what you do not need, or name another place, and "
    "run again: what is complete is kept",
    errno.EFBIG: "files may not be so large there: name another place",
    errno.EEXIST: "it is in the way: move it, or name another",
    errno.ENOTDIR: "a file is where a folder should be: move it, or name another",
    errno.EISDIR: "it is a folder where a file should be: name a file",
    errno.ENOTEMPTY: "something else is in that folder: move it, or name another",
    errno.ENOENT: "it is not there, or was removed meanwhile: correct the path, or run again",
    errno.ENAMETOOLONG: "the name is too long: write a shorter one",
    errno.EMFILE: "too many files are open: raise the limit with `ulimit -n 4096`",
    errno.ENFILE: "too many files are open on this machine: stop other programs",
    errno.ENOMEM: "there is not enough memory: lower `cluster.memory_mb` or `cluster.workers`",
    errno.ESTALE: "the network drive has lost it: mount it again, and run again",
    errno.EIO: "the disk or network drive has failed to read or write: copy the files elsewhere, "
    "and run again",
    errno.ELOOP: "links go round in a circle: correct them",
    errno.ETXTBSY: "it is being run: wait, or name another",
}
"""What to do about an error of the system."""

_ELSE = "correct what the message says, and run again: what is complete is kept"
"""What to do about any other error of the system."""


def describe_system_error(error: OSError | MemoryError) -> str:
    """Say in one line what the machine refused, of what, and what to do."""
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory. What is complete is kept; lower `cluster.workers` or "
            "`partition.maximum_events`, or stop other programs, and run again."
        )
    # libraries put words of their own around those of the system
    said = os.strerror(error.errno) if error.errno else error.strerror or str(error)
    what = (said or type(error).__name__).splitlines()[0].rstrip(".")
    names = [f"'{_text(n)}'" for n in (error.filename, error.filename2) if n is not None]
    remedy = _REMEDIES.get(error.errno or 0, _ELSE)
    return f"{' and '.join(names)}{': ' if names else ''}{what}; {remedy}."


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
