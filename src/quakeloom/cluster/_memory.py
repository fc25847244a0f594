"""Memory that a stage promises, and what it used."""

from __future__ import annotations

import resource

from quakeloom.core import MemoryPromiseError


def peak_memory_mb() -> float:
    """Return the largest resident memory so far of this process and of its children, in MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 1000.0


def clamp_workers(workers: int, base_mb: float, task_mb: float, limit_mb: float) -> int:
    """Return how many workers fit into the memory of a rule.

    Parameters
    ----------
    workers : int
        Workers wanted; 0 computes in this process.
    base_mb : float
        Memory of a process before its first task.
    task_mb : float
        Memory of one task.
    limit_mb : float
        Memory that the rule may use.

    Raises
    ------
    MemoryPromiseError
        If not even one task fits; the message has the numbers.
    """
    least = base_mb + task_mb
    if least > limit_mb:
        raise MemoryPromiseError(
            f"One task needs {least:.0f} MB ({base_mb:.0f} MB for the program and "
            f"{task_mb:.0f} MB for its events), but cluster.memory_mb is {limit_mb:.0f}. "
            "Nothing was run; give more memory, or lower cluster.block_events, "
            "storage.shard_events or mechanism.trials."
        )
    if workers == 0:
        return 0
    return max(1, min(workers, int((limit_mb - base_mb) // least)))
