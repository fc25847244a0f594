"""How many cores and how much memory this process may use."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

_GROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Files of Linux that hold the memory in bytes of a container, in its newer and its older way."""


def machine_memory_mb() -> float:
    """Return the memory in MB of this machine, or of the container or job that we are in."""
    import psutil

    limits = [float(psutil.virtual_memory().total)]
    for file in _GROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            limits.append(float(file.read_text(encoding="ascii")))  # "max" where there is none
    with contextlib.suppress(ValueError):  # not in a job of SLURM
        limits.append(float(os.environ.get("SLURM_MEM_PER_NODE", "")) * 1e6 or math.inf)
    return min(limits) / 1e6


def machine_cores() -> int:
    """Return how many cores this process may use: in a batch job often fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
