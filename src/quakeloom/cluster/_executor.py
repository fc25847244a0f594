"""Running one function over many items: here, on local workers, or on a scheduler."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables of the environment that keep libraries to one thread in a worker."""


class Executor:
    """Maps a function over items with a bounded number in flight.

    Attributes
    ----------
    workers : int
        Worker processes; 0 computes in this process.
    """

    def __init__(self, workers: int, client: Any = None) -> None:
        self.workers = workers
        self._client = client

    def map(self, function: Callable[..., Any], items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``function(item)`` in the order of the items.

        At most two tasks per worker are in flight, so neither their inputs nor their
        results pile up. An exception of a task is raised here.
        """
        if self._client is None:
            for item in items:
                yield function(item)
            return
        pending: deque[Any] = deque()
        for item in items:
            pending.append(self._client.submit(function, item, pure=False))
            if len(pending) >= 2 * max(self.workers, 1):
                yield _take(pending.popleft())
        while pending:
            yield _take(pending.popleft())


def _take(future: Any) -> Any:
    result = future.result()
    future.release()
    return result


@contextlib.contextmanager
def open_executor(
    kind: str = "synchronous", workers: int = 0, scheduler_file: str = "", memory_mb: float = 0
) -> Iterator[Executor]:
    """Open an executor for the length of a ``with`` block.

    Parameters
    ----------
    kind : {"synchronous", "local", "scheduler"}
        In this process; on a Dask ``LocalCluster`` of processes; on a running scheduler.
    workers : int
        Worker processes of a local cluster; fewer than 2 computes in this process, since
        one worker would only add a process.
    scheduler_file : str
        File that names the running scheduler.
    memory_mb : float
        Memory limit per local worker; 0 for none.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    if kind == "scheduler":
        from distributed import Client

        with Client(scheduler_file=scheduler_file) as client:
            yield Executor(max(1, len(client.scheduler_info()["workers"])), client)
    elif kind == "local" and workers > 1:
        import dask
        from distributed import Client, LocalCluster

        # importing it sets its loggers to INFO, whatever was wanted before
        logging.getLogger("distributed").setLevel(logging.ERROR)
        quiet = {
            "distributed.logging.distributed": "error",
            "distributed.scheduler.http.routes": [],
            "distributed.worker.memory.pause": False,
            "distributed.worker.memory.spill": False,
            "distributed.worker.memory.target": False,
        }
        with (
            dask.config.set(quiet),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                # without an address of its own its pages would be served at port 8787
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                memory_limit=f"{memory_mb:.0f}MB" if memory_mb else 0,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield Executor(workers, client)
    else:
        yield Executor(0)
