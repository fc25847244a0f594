"""`make test-cluster`: a scheduler and workers started apart, which come, go and are killed.

A simulated run goes through windows, picks, first motions, locations, mechanisms and the map while
that happens. In the end its bytes are those of a run in one process, or one line says what to do.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from dask_tasks import fill, record, slow_square, square, where
from simulated_run import (
    plan_simulated_run,
    product_bytes,
    small_blocks,
    with_cluster,
    write_simulated_config,
)

import quakeloom
from cluster_processes import DaskProcesses, dask_processes
from quakeloom.cluster import Executor, describe_scheduler, open_executor
from quakeloom.config import Cluster, Settings
from quakeloom.core import ClusterError
from quakeloom.stages.run_here import run_here
from quakeloom.store import RunLayout

pytestmark = pytest.mark.cluster

LIMIT_S = 900.0
"""Seconds after which a run counts as hanging; it takes some thirty where nothing else runs."""


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> tuple[Settings, RunLayout, Path]:
    """The run as planned, its seismograms simulated, and a copy of it."""
    folder = tmp_path_factory.mktemp("planned")
    settings, layout = plan_simulated_run(folder, folder / "results")
    shutil.copytree(folder / "results", folder / "copy")
    return settings, layout, folder / "copy"


@pytest.fixture(scope="module")
def undisturbed(planned) -> dict[str, bytes]:
    """The bytes of the run as computed in this process."""
    settings, layout, _ = planned
    run_here(settings, layout)
    return product_bytes(layout.root.local)


@pytest.fixture
def run(planned, undisturbed, processes) -> tuple[Settings, RunLayout]:
    """The run as planned, with settings that compute on the scheduler."""
    settings, layout, copy = planned
    shutil.rmtree(layout.root.local.parent)
    shutil.copytree(copy, layout.root.local.parent)
    place = str(processes.file)
    return with_cluster(settings, kind="scheduler", scheduler_file=place, wait_s=60), layout


@pytest.fixture
def many_blocks():
    """Small blocks, so that there is time to kill workers; the bytes stay."""
    with small_blocks():
        yield


@pytest.fixture
def results(monkeypatch) -> threading.Event:
    """Is set whenever a worker's result has come."""
    came, take = threading.Event(), Executor._take

    def tell(executor, future):
        found = take(executor, future)
        came.set()
        return found

    monkeypatch.setattr(Executor, "_take", tell)
    return came


@pytest.fixture
def processes(tmp_path):
    with dask_processes(tmp_path / "dask") as found:
        found.start_scheduler()
        yield found


def joined(processes: DaskProcesses, **changes) -> Cluster:
    return Cluster(kind="scheduler", scheduler_file=str(processes.file), **changes)


def within(seconds: float, function: Callable[[], object]) -> BaseException | None:
    """Call a function, and return what it raised; fail if it hangs."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            function()
        except BaseException as error:  # handed on
            raised.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"still at work after {seconds:g} s"
    return raised[0] if raised else None


def one_line(error: BaseException | None) -> str:
    assert isinstance(error, ClusterError), repr(error)
    assert "\n" not in str(error)
    return str(error)


# ---- workers that come and go -----------------------------------------------------------------


def test_workers_are_killed_and_join_while_a_run_is_made(
    run, undisturbed, processes, results, many_blocks
):
    """Whatever happens to the workers, the run ends with the bytes of an undisturbed one.

    One of them is killed some time after a result has come, so that the run goes on however
    slowly workers start.
    """
    for _ in range(3):
        processes.start_worker()
    settings, layout = run
    chance = random.Random(15)
    stop, killed = threading.Event(), []

    def trouble() -> None:
        while not stop.is_set():
            results.clear()
            if not results.wait(1.0) or chance.random() < 0.5:
                continue
            stop.wait(chance.uniform(0.0, 1.0))
            processes.start_worker()
            victim = chance.choice(processes.workers[:-1])
            killed.append(victim.pid)
            processes.kill_worker(victim)

    thread = threading.Thread(target=trouble, daemon=True)
    thread.start()
    said = []
    try:
        for _ in range(5):
            error = within(LIMIT_S, lambda: run_here(settings, layout))
            if error is None:
                break
            said.append(one_line(error))  # and the same command goes on
    finally:
        stop.set()
        thread.join(60)
    assert error is None, said
    assert len(killed) >= 3
    assert_same(product_bytes(layout.root.local), undisturbed)
    print(f"{len(killed)} workers killed, {len(said)} times run again; same bytes")


def test_every_item_comes_back_once_though_workers_die(processes, tmp_path):
    for _ in range(2):
        processes.start_worker()
    seen = tmp_path / "seen"
    seen.mkdir()
    items = [(str(seen), x) for x in range(60)]
    with open_executor(joined(processes)) as executor:
        found = []
        for x in executor.map(record, items):
            found.append(x)
            if x in (10, 25, 40):
                processes.start_worker()
                processes.kill_worker(processes.workers[0])
    assert found == list(range(60))
    assert {int(f.name.split("-")[0]) for f in seen.iterdir()} == set(range(60))


def test_workers_that_join_get_work_as_well(processes):
    processes.start_worker()
    with open_executor(joined(processes)) as executor:
        results = executor.map(slow_square, range(80))
        assert next(results) == 0
        processes.start_worker()
        assert list(results) == [x * x for x in range(1, 80)]
        assert executor.workers == 2


def test_all_workers_stay_away(processes):
    worker = processes.start_worker()
    with open_executor(joined(processes, wait_s=5)) as executor:
        results = executor.map(slow_square, range(50))
        assert next(results) == 0
        processes.kill_worker(worker)
        error = within(60, lambda: list(results))
    assert "had no worker for 5 s" in one_line(error)
    assert "start workers, and run again" in str(error)


def test_a_worker_that_is_stopped_costs_nothing_but_time(tmp_path):
    """A node that hangs is left out by the scheduler after its time limit."""
    with dask_processes(tmp_path) as processes:
        processes.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="8s")
        stopped = processes.start_worker(options=("--no-nanny",))
        with open_executor(joined(processes)) as executor:
            results = executor.map(slow_square, range(30))
            assert next(results) == 0
            processes.start_worker(options=("--no-nanny",))
            stopped.send_signal(19)
            found: list[int] = []
            assert within(180, lambda: found.extend(results)) is None
    assert found == [x * x for x in range(1, 30)]


# ---- memory -----------------------------------------------------------------------------------


def test_a_worker_over_its_memory_limit(processes):
    for _ in range(2):
        processes.start_worker(memory="400MB")
    with open_executor(joined(processes)) as executor:
        assert list(executor.map(fill, [1, 2])) == [1, 1]
        error = within(300, lambda: list(executor.map(fill, [900])))
        assert "over their memory limit" in one_line(error)
        assert "give workers more memory" in str(error)
        # the others go on
        assert within(120, lambda: list(executor.map(square, range(5)))) is None


# ---- the scheduler ----------------------------------------------------------------------------


def test_the_scheduler_is_killed_while_a_run_is_made(
    run, undisturbed, processes, results, many_blocks, caplog
):
    processes.start_worker()
    settings, layout = run

    def kill() -> None:
        results.wait(LIMIT_S)
        processes.kill_scheduler()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    error = within(LIMIT_S, lambda: run_here(settings, layout))
    thread.join(60)
    text = one_line(error)
    assert "went away" in text or "cannot be joined" in text
    assert "start it" in text
    assert [r.name for r in caplog.records if r.name.startswith("distributed")] == []
    for worker in list(processes.workers):
        processes.kill_worker(worker)
    processes.start_scheduler()
    for _ in range(2):
        processes.start_worker()
    assert within(LIMIT_S, lambda: run_here(settings, layout)) is None
    assert_same(product_bytes(layout.root.local), undisturbed)


def test_no_scheduler_is_there(tmp_path):
    absent = Cluster(kind="scheduler", scheduler_address="tcp://127.0.0.1:9", wait_s=2)
    missing = Cluster(kind="scheduler", scheduler_file=str(tmp_path / "none.json"), wait_s=2)
    for cluster in (absent, missing):
        error = within(60, lambda cluster=cluster: describe_scheduler(cluster))
        assert "cannot be joined" in one_line(error)


# ---- who may join, and with what ------------------------------------------------------------


def test_a_scheduler_says_how_it_is_and_its_dashboard_where_there_is_one(processes, caplog):
    processes.start_worker(memory="500MB")
    with caplog.at_level(logging.INFO, "quakeloom"), open_executor(joined(processes)) as executor:
        assert list(executor.map(square, [3])) == [9]
    state = describe_scheduler(joined(processes))
    assert f"Dask scheduler {processes.address}: " in caplog.text
    assert state.workers == 1
    assert state.memory_mb == pytest.approx(500, rel=0.01)
    # the pages of a scheduler need bokeh, which is no part of quakeloom
    has_pages = find_spec("bokeh") is not None
    assert ("dashboard http://127.0.0.1:" in str(state)) == has_pages
    with dask_processes(processes.folder / "plain", "--no-dashboard") as plain:
        plain.start_scheduler()
        assert describe_scheduler(joined(plain)).dashboard == ""


def test_a_worker_with_another_quakeloom_is_refused(processes, tmp_path):
    source = Path(quakeloom.__file__).parent
    shutil.copytree(
        source, tmp_path / "other" / "quakeloom", ignore=shutil.ignore_patterns("*.pyc")
    )
    with (tmp_path / "other" / "quakeloom" / "core" / "errors.py").open("a") as file:
        file.write("# of another version\n")
    here = str(Path(__file__).parent)
    processes.start_worker(PYTHONPATH=f"{tmp_path / 'other'}:{here}")
    with open_executor(joined(processes)) as executor:
        error = within(120, lambda: list(executor.map(square, [3])))
    assert "runs another quakeloom" in one_line(error)


def test_tasks_run_in_the_folder_of_who_asked(processes, tmp_path, monkeypatch):
    processes.start_worker()
    monkeypatch.chdir(tmp_path)
    with open_executor(joined(processes)) as executor:
        assert list(executor.map(where, [1])) == [str(tmp_path)]


def test_a_scheduler_with_certificates(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; it makes the certificates of this test")
    own, other = (make_certificate(tmp_path / n) for n in ("own", "other"))
    keys = ("--tls-ca-file", f"{own}.pem", "--tls-cert", f"{own}.pem", "--tls-key", f"{own}.key")
    with dask_processes(tmp_path / "dask", *keys) as processes:
        processes.start_scheduler()
        processes.start_worker()
        assert processes.address.startswith("tls://")

        def joins(name: Path, **place) -> Cluster:
            return Cluster(
                kind="scheduler", tls_ca_file=f"{name}.pem", tls_certificate=f"{name}.pem",
                tls_key=f"{name}.key", wait_s=20, **place,
            )  # fmt: skip

        for place in (
            {"scheduler_address": processes.address},
            {"scheduler_file": str(processes.file)},
        ):
            with open_executor(joins(own, **place)) as executor:
                assert list(executor.map(square, range(4))) == [0, 1, 4, 9]
        stranger = joins(other, scheduler_address=processes.address)
        error = within(120, lambda: describe_scheduler(stranger))
        assert "certificates" in one_line(error)


def make_certificate(name: Path) -> Path:
    """Make a certificate that signs itself; return its path without the suffix."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={name.name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return name


# ---- the whole command ------------------------------------------------------------------------


def quakeloom_run(folder: Path, processes: DaskProcesses, **cluster):
    """Run the command with a configuration that joins the scheduler."""
    config = write_simulated_config(
        folder, {"kind": "scheduler", "scheduler_file": str(processes.file), **cluster}
    )
    return subprocess.run(
        [str(Path(sys.executable).parent / "quakeloom"), "run", "--config", str(config),
         "--results", "results", "--cores", "1"],
        cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        env={**os.environ, "QUAKELOOM_PLAIN": "1"},
    )  # fmt: skip


def test_the_command_stops_in_one_line_where_no_scheduler_answers(processes, tmp_path):
    processes.kill_scheduler()
    done = quakeloom_run(tmp_path, processes, wait_s=3)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cannot be joined" in done.stderr


def test_the_command_says_where_it_computes_and_gives_the_same_tables(
    processes, undisturbed, tmp_path
):
    """Paths of the results are relative here: workers find them all the same."""
    for _ in range(2):
        processes.start_worker()
    done = quakeloom_run(tmp_path, processes)
    assert done.returncode == 0, done.stderr
    assert f"Dask scheduler {processes.address}: " in done.stdout
    found = product_bytes(tmp_path / "results" / "mini")
    tables = [k for k in undisturbed if k.endswith(".parquet") and "/" not in k]
    assert len(tables) > 15
    assert [k for k in tables if found.get(k) != undisturbed[k]] == []


# ---- shared -----------------------------------------------------------------------------------


def assert_same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    assert [k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)] == []
