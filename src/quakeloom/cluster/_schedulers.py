"""A Dask scheduler that is already there: how it is joined, and what it says of itself."""

from __future__ import annotations

import contextlib
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quakeloom.config import Cluster
from quakeloom.core import ClusterError


@dataclass(frozen=True)
class SchedulerState:
    """What a scheduler says of itself.

    Attributes
    ----------
    address : str
    dashboard : str
        Address of its pages; empty where it serves none.
    workers : int
    memory_mb : float
        Of all workers together, as they were started; 0 where none has a limit.
    """

    address: str
    dashboard: str
    workers: int
    memory_mb: float

    def __str__(self) -> str:
        """Say it in a line."""
        memory = f" with {self.memory_mb:,.0f} MB" if self.memory_mb else ""
        pages = f"; dashboard {self.dashboard}" if self.dashboard else ""
        return f"Dask scheduler {self.address}: {self.workers} workers{memory}{pages}"


def describe_scheduler(cluster: Cluster) -> SchedulerState:
    """Ask the scheduler of the settings how it is.

    Raises
    ------
    ClusterError
        If it does not answer within ``cluster.wait_s``.
    """
    with join_scheduler(cluster) as client:
        return state_of(client)


def state_of(client: Any) -> SchedulerState:
    """Return what the scheduler of a client says of itself."""
    info = client.scheduler_info(n_workers=-1)
    workers = info.get("workers", {}).values()
    pages = client.dashboard_link if "dashboard" in info.get("services", {}) else ""
    pages = pages if _is_served(pages) else ""
    memory = sum(int(w.get("memory_limit") or 0) for w in workers) / 1e6
    return SchedulerState(info["address"], pages, len(workers), memory)


def _is_served(pages: str) -> bool:
    """Say whether there are pages at an address; one that is not reached from here may have."""
    if not pages.startswith("http"):
        return bool(pages)
    # schedulers are no matter of proxies
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(pages, timeout=2) as answer:
            # a scheduler without bokeh serves a page that says so
            return b"for the dashboard.</p>" not in answer.read(4096)
    except urllib.error.HTTPError:
        return False
    except OSError:
        return True


def quiet_dask() -> None:
    """Let Dask say nothing: a connection that breaks is told once, in our words.

    Importing it sets its levels, whatever was wanted before, and one of the client's own.
    """
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextlib.contextmanager
def join_scheduler(cluster: Cluster) -> Iterator[Any]:
    """Give a client of the scheduler that the settings name.

    Raises
    ------
    ClusterError
        If it does not answer within ``cluster.wait_s``, refuses our certificate, or its file
        is not there.
    """
    import dask
    from distributed import Client

    quiet_dask()
    place = cluster.scheduler_address or cluster.scheduler_file
    named: dict[str, Any] = {"scheduler_file": cluster.scheduler_file}
    if cluster.scheduler_address:
        named = {"address": cluster.scheduler_address}
    _await_file(cluster)
    try:
        with dask.config.set({"distributed.comm.timeouts.connect": cluster.wait_s}):
            client = Client(**named, security=_security(cluster), timeout=cluster.wait_s)
    except Exception as error:  # of many kinds: no file, no JSON, no host, no answer, TLS
        raise ClusterError(
            f"The Dask scheduler '{place}' cannot be joined ({_first_line(error)}). Nothing was "
            "run; start it, or correct `cluster.scheduler_file`, `cluster.scheduler_address` or "
            "the certificates."
        ) from error
    try:
        yield client
    finally:
        # a scheduler that is gone cannot be told that we leave
        with contextlib.suppress(Exception):
            client.close(timeout=5)


def _await_file(cluster: Cluster) -> None:
    """Wait for the file of a scheduler, which may just be starting; Dask would wait for ever."""
    give_up = time.monotonic() + cluster.wait_s
    while cluster.scheduler_file and not Path(cluster.scheduler_file).exists():
        if time.monotonic() > give_up:
            raise ClusterError(
                f"The Dask scheduler '{cluster.scheduler_file}' cannot be joined: there is no such "
                f"file, and none came in {cluster.wait_s:g} s. Nothing was run; start it with "
                "`dask scheduler --scheduler-file FILE`, or correct `cluster.scheduler_file`."
            )
        time.sleep(0.2)


def _security(cluster: Cluster) -> Any:
    """Return certificates of the settings; None leaves them to Dask's own."""
    if not (cluster.tls_ca_file or cluster.tls_certificate):
        return None
    from distributed.security import Security

    return Security(
        tls_ca_file=cluster.tls_ca_file or None,
        tls_client_cert=cluster.tls_certificate or None,
        tls_client_key=cluster.tls_key or None,
        require_encryption=True,
    )


def _first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its name."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
