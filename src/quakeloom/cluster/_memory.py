"""Memory that a stage promises, and what it used."""

from __future__ import annotations

import math
import resource

from quakeloom.config import Cluster
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


def find_workers(
    cluster: Cluster, blocks: int, base_mb: float, task_mb: float, refuses: bool = True
) -> int:
    """Return how many local workers a stage starts for so many blocks; 0 is this process.

    Parameters
    ----------
    cluster : Cluster
    blocks : int
    base_mb, task_mb : float
        Memory of a process before its first task, and of one task; a running scheduler has
        workers of its own, whose memory is theirs.
    refuses : bool
        Whether it is an error if not one task fits; else it is this process that tries.

    Raises
    ------
    MemoryPromiseError
        If not even one task fits into ``cluster.memory_mb``.
    """
    if cluster.kind == "scheduler":
        return 0
    if not refuses and base_mb + task_mb > cluster.memory_mb:
        return 0
    workers = min(cluster.workers, blocks) if cluster.kind == "local" and blocks > 1 else 0
    return clamp_workers(workers, base_mb, task_mb, cluster.memory_mb)


def spread_memory_mb(cluster: Cluster, base_mb: float, task_mb: float, kept_mb: float = 0) -> int:
    """Return the memory in MB of a rule that spreads tasks over its local workers, if it has any.

    The program with what it keeps (``kept_mb``), two results of every worker that wait for their
    turn, and in every process that computes the program and a task.
    """
    workers = cluster.workers if cluster.kind == "local" else 0
    workers = clamp_workers(workers, base_mb + kept_mb, task_mb, cluster.memory_mb)
    if workers < 2:
        return math.ceil(base_mb + kept_mb + task_mb)
    return math.ceil(base_mb + kept_mb + workers * (base_mb + task_mb))
