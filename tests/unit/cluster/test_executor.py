"""The executor: the same answers in the same order, here or on workers."""

import errno
import http.server
import os
import pickle
import threading

import numpy as np
import pyarrow as pa
import pytest

from quakeloom.cluster import clamp_workers, open_executor
from quakeloom.cluster._calls import pack_item
from quakeloom.cluster._schedulers import _is_served
from quakeloom.config import Cluster
from quakeloom.core import ClusterError, MemoryPromiseError


def square(x):
    if x == 13:
        raise ValueError("thirteen")
    return x * x, os.getpid()


@pytest.mark.parametrize("kind", ["synchronous", "local"])
def test_results_come_in_the_order_of_the_items(kind):
    with open_executor(Cluster(kind=kind), 2) as executor:
        results = list(executor.map(square, range(12)))
        assert [r[0] for r in results] == [x * x for x in range(12)]
        elsewhere = {r[1] for r in results} - {os.getpid()}
        assert bool(elsewhere) == (kind == "local")
        with pytest.raises(ValueError, match="thirteen"):
            list(executor.map(square, [13]))


def test_an_existing_scheduler_is_joined(tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        file = tmp_path / "scheduler.json"
        cluster.scheduler.identity()
        import json

        file.write_text(json.dumps({"address": cluster.scheduler_address}))
        with open_executor(Cluster(kind="scheduler", scheduler_file=str(file))) as executor:
            assert [r[0] for r in executor.map(square, range(3))] == [0, 1, 4]


def test_workers_are_clamped_to_the_memory():
    assert clamp_workers(8, base_mb=400, task_mb=600, limit_mb=4400) == 4
    assert clamp_workers(0, base_mb=400, task_mb=600, limit_mb=4400) == 0
    with pytest.raises(MemoryPromiseError, match="1000 MB"):
        clamp_workers(2, base_mb=400, task_mb=600, limit_mb=900)


def test_a_slice_of_a_table_goes_alone():
    table = pa.table({"number": range(100_000), "name": [str(i) for i in range(100_000)]})
    packed = pack_item({"rows": table.slice(70_000, 3), "array": np.arange(100_000)[5:8]})
    assert len(packed) < 3000
    again = pickle.loads(packed)
    assert again["rows"].equals(table.slice(70_000, 3))
    assert again["array"].tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("status", "content", "there"),
    [
        (200, b"<html>", True),
        (404, b"", False),
        (200, b"<p>Dask needs x for the dashboard.</p>", False),
    ],
)
def test_a_dashboard_is_named_where_pages_are_served(status, content, there):
    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        assert _is_served(f"http://127.0.0.1:{server.server_port}/status") is there
        thread.join(10)


def test_local_workers_that_cannot_start_are_told_in_one_line(monkeypatch):
    """As where shared memory can only be read; the traceback of Dask says nothing of it."""

    def refuse(**_: object) -> None:
        try:
            raise OSError(errno.EROFS, "Read-only file system")
        except OSError as error:
            raise RuntimeError("Nanny failed to start.") from error

    monkeypatch.setattr("distributed.LocalCluster", refuse)
    with (
        pytest.raises(ClusterError, match=r"Read-only file system\): they need .*/dev/shm") as told,
        open_executor(Cluster(kind="local"), 2),
    ):
        pass
    assert "\n" not in str(told.value)
