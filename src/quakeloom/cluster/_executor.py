"""Running one function over many items: here, on local workers, or on a scheduler."""

from __future__ import annotations

import contextlib
import logging
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from quakeloom.cluster._calls import Call, pack_item
from quakeloom.cluster._schedulers import join_scheduler, quiet_dask, state_of
from quakeloom.cluster._threads import one_thread
from quakeloom.config import Cluster
from quakeloom.core import ClusterError

log = logging.getLogger(__name__)

_LOOK_S = 2.0
"""Seconds between looks at the workers while a result is waited for; chosen here."""

_FETCH_S = 60.0
"""Seconds after which a result that a worker does not hand over is asked for again."""


class Executor:
    """Maps a function over items with a bounded number in flight.

    Attributes
    ----------
    workers : int
        Worker processes when it was opened; 0 computes in this process.
    """

    def __init__(self, workers: int, client: Any = None, wait_s: float = 300.0) -> None:
        self.workers = workers
        self._client = client
        self._wait_s = wait_s
        self._looked = self._seen = time.monotonic()

    def map(self, function: Callable[..., Any], items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``function(item)`` in the order of the items, each once.

        At most two tasks per worker are in flight, so neither their inputs nor their
        results pile up. What a worker that left had computed is computed again. An exception
        of a task is raised here.

        Raises
        ------
        ClusterError
            If the scheduler goes away, all workers stay away, or tasks end their workers.
        """
        if self._client is None:
            for item in items:
                yield function(item)
            return
        call = Call(function)
        pending: deque[Any] = deque()
        self._seen = time.monotonic()
        try:
            for item in items:
                pending.append(self._submit(call, item))
                while len(pending) >= 2 * self._count_workers():
                    yield self._take(pending.popleft())
            while pending:
                yield self._take(pending.popleft())
        finally:
            for future in pending:
                with contextlib.suppress(Exception):
                    future.cancel()

    def _submit(self, call: Call, item: Any) -> Any:
        try:
            # the dashboard shows tasks by the first part of their key
            key = f"{call.function.__name__}-{uuid.uuid4().hex}"
            return self._client.submit(call, pack_item(item), key=key, pure=False)
        except (OSError, RuntimeError, TimeoutError):
            raise self._gone() from None

    def _take(self, future: Any) -> Any:
        """Wait for a result, look after the workers meanwhile, and fetch it."""
        from distributed import wait

        while True:
            try:
                wait([future], timeout=_LOOK_S)
            except TimeoutError:
                self._look()
                continue
            except Exception:
                # told by the state of the future, below
                pass
            if future.status == "error":
                raise self._translated(future.exception(timeout=_FETCH_S))
            if future.status != "finished":
                raise self._gone()
            try:
                result = future.result(timeout=_FETCH_S)
            except TimeoutError:
                self._look()
                continue
            except Exception as error:
                if future.status == "finished":
                    raise
                if future.status == "error":
                    raise self._translated(error) from None
                raise self._gone() from None
            self._seen = time.monotonic()
            future.release()
            return pickle.loads(result)

    def _count_workers(self) -> int:
        """Return how many workers there are; those that join get work as well."""
        if time.monotonic() - self._looked > _LOOK_S:
            self._look()
        return max(self.workers, 1)

    def _look(self) -> None:
        """Look how many workers there are now; give up where there was none for too long."""
        try:
            count = len(self._client.nthreads())
        except Exception:  # of many kinds, all of them a scheduler that does not answer
            raise self._gone() from None
        self._looked = time.monotonic()
        if count:
            self.workers, self._seen = count, self._looked
        elif self._looked - self._seen > self._wait_s:
            raise ClusterError(
                f"The Dask scheduler {_address(self._client)} had no worker for {self._wait_s:g} s "
                "(`cluster.wait_s`). What is complete is kept; start workers, and run again."
            )

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"The Dask scheduler {_address(self._client)} went away while it was at work. What is "
            "complete is kept; start it and its workers again, and run the same command."
        )

    def _translated(self, error: BaseException) -> BaseException:
        """Return an error of a task, or in our words that it ended its workers."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return ClusterError(
                f"A task ended {error.allowed_failures + 1} Dask workers, one after the other: "
                "most often they were over their memory limit, or somebody killed them. What is "
                "complete is kept; give workers more memory, or lower `cluster.block_events`, and "
                "run again."
            )
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("quakeloom"):
            return ClusterError(
                "The Dask workers have no quakeloom. Nothing was kept; start them in the "
                "environment of this command, and run again."
            )
        return error


def _address(client: Any) -> str:
    return str(getattr(getattr(client, "scheduler", None), "address", "") or "of this run")


@contextlib.contextmanager
def open_executor(cluster: Cluster | None = None, workers: int = 0) -> Iterator[Executor]:
    """Open an executor for the length of a ``with`` block, in which libraries have one thread.

    Parameters
    ----------
    cluster : Cluster, optional
        Settings: in this process, as without; on a Dask ``LocalCluster`` of processes; on a
        running scheduler.
    workers : int
        Worker processes of a local cluster; fewer than 2 computes in this process, since
        one worker would only add a process.

    Raises
    ------
    ClusterError
        If a scheduler cannot be joined.
    """
    cluster = cluster or Cluster()
    with one_thread():
        if cluster.kind == "scheduler":
            with join_scheduler(cluster) as client:
                state = state_of(client)
                log.info("%s", state)
                yield Executor(state.workers, client, cluster.wait_s)
        elif cluster.kind == "local" and workers > 1:
            with _local_client(workers) as client:
                yield Executor(workers, client, cluster.wait_s)
        else:
            yield Executor(0)


@contextlib.contextmanager
def _local_client(workers: int) -> Iterator[Any]:
    """Start worker processes that serve no pages and say nothing, and give their client."""
    import dask
    from distributed import Client, LocalCluster

    quiet_dask()
    quiet = {
        "distributed.logging.distributed": "critical",
        "distributed.scheduler.http.routes": [],
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.target": False,
    }
    with dask.config.set(quiet), contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    # without an address of its own its pages would be served at port 8787
                    scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                    memory_limit=0,
                )
            )
            client = stack.enter_context(Client(cluster))
        except (OSError, RuntimeError) as error:
            raise ClusterError(
                f"Local workers cannot be started ({_first_reason(error)}): they need processes, "
                "loopback, and shared memory (/dev/shm) that can be written. Nothing was "
                "computed; give them that, or compute without them (`cluster.kind: synchronous`)."
            ) from error
        yield client


def _first_reason(error: BaseException) -> str:
    """Return what the first error of a chain says."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
