"""`make test-faults`: a run is disturbed in every way that long runs know, and goes on.

After each fault the same command is given again. The end has the bytes of an undisturbed run,
nobody is asked to unlock anything, and what cannot go on says in one line what to do.

``FAULTS_KILLS`` is the number of signals at random moments (100), ``FAULTS_TRIES`` that of tries
of each other fault (5), ``FAULTS_SEED`` the root of all that is drawn (15).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fault_runs import (
    LIMIT_S,
    Chain,
    FaultTable,
    Place,
    chance_of,
    copy_place,
    differences,
    ended,
    family,
    hit_again_and_again,
)

from cluster_processes import dask_processes

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("FAULTS_KILLS", "100"))
"""Signals at random moments."""

TRIES = int(os.environ.get("FAULTS_TRIES", "5"))
"""Tries of each other fault."""

CHAIN = 10
"""Signals that one run gets from its beginning to its end."""

LATEST = 0.4
"""A signal comes at most so long after the command, in lengths of the undisturbed run."""


def end_of(place: Place, reference: dict[str, bytes]) -> list[str]:
    """Give the command again, and return what is not as in an undisturbed run."""
    code = place.run()
    if code:
        return [f"exit code {code}: {place.outputs[-1][-2000:]}"]
    return differences(place.contents(), reference) + place.leftovers()


def count(table: FaultTable, fault: str, wrong: list[str], told: bool = False) -> None:
    table.add(fault, same=not wrong, told=told)
    assert wrong == []


# ---- signals at random moments ----------------------------------------------------------------


@pytest.mark.parametrize("number", range(-(-KILLS // CHAIN)))
def test_a_run_that_is_hit_again_and_again(number, tmp_path, undisturbed, reference, table):
    chance = chance_of("chain", number)
    place = Place(tmp_path / "place")
    place.write_config()
    chain = Chain(place, chance, LATEST * undisturbed.seconds)
    most = min(CHAIN, KILLS - number * CHAIN)
    assert hit_again_and_again(chain, most, reference, table) == []


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_job_is_stopped(goes_on, tmp_path, undisturbed, reference, table):
    """It goes on where it was when it is let; if not, the run still ends when it is told to."""
    chance = chance_of("stopped", goes_on)
    place = Place(tmp_path / "place")
    place.write_config()
    told = False
    with ended(place.start()) as process:
        while process.poll() is None and not (jobs := family(process)["job"]):
            time.sleep(0.05)
        time.sleep(chance.uniform(0.0, 1.0))
        for job in jobs:
            with contextlib.suppress(psutil.Error):
                job.suspend()
        time.sleep(1.0)
        if goes_on:
            for job in jobs:
                with contextlib.suppress(psutil.Error):
                    job.resume()
        else:
            process.send_signal(signal.SIGTERM)
        code = place.finish(process)
        if not goes_on:
            told = code == 143 and place.told_in_one_line()
            assert told, (code, place.outputs[-1])
    half = place.half_written()
    count(table, "a job that is stopped (SIGSTOP)", half + end_of(place, reference), told)


# ---- Dask -------------------------------------------------------------------------------------


def computes(process: subprocess.Popen[str]) -> bool:
    """Say whether a job of the run works at a partition of mechanisms."""
    for job in family(process)["job"]:
        with contextlib.suppress(psutil.Error):
            if {"mechanism", "part"} <= set(job.cmdline()):
                return True
    return False


@pytest.mark.parametrize("victim", ["worker", "scheduler"])
@pytest.mark.parametrize("number", range(-(-TRIES // 2)))
def test_a_part_of_a_dask_cluster_is_killed(
    number, victim, tmp_path, undisturbed, reference, table
):
    """The tables are those of the undisturbed run; what records the cluster is not compared."""
    chance = chance_of("dask", victim, number)
    place = Place(tmp_path / "place")
    with dask_processes(tmp_path / "dask") as dask:
        dask.start_scheduler()
        for _ in range(2):
            dask.start_worker(memory="900MB")
        place.write_config(
            cluster={"kind": "scheduler", "scheduler_file": str(dask.file), "wait_s": 60}
        )
        with ended(place.start()) as process:
            hits = 0
            while process.poll() is None and hits < 2:
                if not computes(process):
                    time.sleep(0.05)
                    continue
                time.sleep(chance.uniform(0.0, 0.1 * undisturbed.seconds))
                if not computes(process):
                    continue
                hits += 1
                if victim == "scheduler":
                    dask.kill_scheduler()
                    break
                dask.start_worker(memory="900MB")
                dask.kill_worker(chance.choice(dask.workers[:-1]))
            code = place.finish(process)
        told = bool(code) and place.told_in_one_line()
        assert told or not code, place.outputs[-1]
        if victim == "scheduler":
            for worker in list(dask.workers):
                dask.kill_worker(worker)
            dask.start_scheduler()
            dask.start_worker(memory="900MB")
        code = place.run()
    wrong = [place.outputs[-1][-2000:]] if code else []
    found = {k: v for k, v in place.contents().items() if k.endswith((".parquet", ".tif"))}
    wrong += [k for k, v in found.items() if reference.get(k) != v]
    assert len(found) > 10
    assert hits
    count(table, f"SIGKILL of the Dask {victim}", wrong, told)


# ---- the disk ---------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[str], None]]:
    """Mount a disk in memory; give a function that mounts it anew with other options."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a disk in memory cannot be mounted: {made.stderr.strip()}")

    def again(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    try:
        yield again
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("number", range(TRIES))
def test_the_disk_is_full(number, tmp_path, reference, table):
    chance = chance_of("disk", number)
    needed = sum(4 * (1 + len(content) // 4096) for content in reference.values())
    place = Place(tmp_path / "place")
    place.write_config()
    size = int(needed * chance.uniform(0.05, 0.9))
    with small_disk(place.folder / "results", size) as mount_again:
        assert place.run() != 0
        told = place.told_in_one_line() and "No space left on device" in place.said()
        assert told, (size, place.outputs[-1][-3000:])
        half = place.half_written()
        mount_again("size=256m")
        count(table, "full disk", half + end_of(place, reference), told)


@pytest.mark.parametrize("number", range(TRIES))
def test_no_file_may_be_larger(number, tmp_path, reference, table):
    """A limit of the system for the size of files, as a quota or an old file system has it."""
    chance = chance_of("limit", number)
    largest = max(len(v) for k, v in reference.items() if k.endswith(".parquet"))
    place = Place(tmp_path / "place")
    place.write_config()
    limit = chance.randint(5, largest // 1024)
    environment = {"FAULTS_LIMIT_KB": str(limit)}
    code = place.run(**environment)
    told = bool(code) and place.told_in_one_line()
    assert told, (limit, place.outputs[-1][-3000:])
    half = place.half_written()
    count(table, "limit for the size of files", half + end_of(place, reference), told)


def test_the_results_can_only_be_read(tmp_path, undisturbed, reference, table):
    place = Place(tmp_path / "place")
    place.write_config()
    with small_disk(place.folder / "results", 256 * 1024) as mount_again:
        mount_again("ro")
        assert place.run() != 0
        told = place.told_in_one_line()
        assert told, place.outputs[-1]
        mount_again("rw")
        count(table, "read-only results", end_of(place, reference), told)


def test_shared_memory_can_only_be_read(tmp_path, reference, table):
    """Nothing needs it but local workers, of which ``unit/cluster/test_executor.py`` knows."""
    shared = Path("/dev/shm")
    words = ["unshare", "--mount", "mount", "-o", "remount,bind,ro", str(shared)]
    if not shared.is_mount() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("shared memory cannot be made read-only")
    place = Place(tmp_path / "place")
    place.write_config()
    code = place.run(FAULTS_READ_ONLY=str(shared))
    wrong = [place.outputs[-1][-2000:]] if code else differences(place.contents(), reference)
    count(table, "read-only shared memory", wrong + place.leftovers())


@pytest.mark.parametrize("home", [None, "/nowhere/at/all"])
def test_there_is_no_home(home, tmp_path, reference, table):
    place = Place(tmp_path / "place")
    place.write_config()
    code = place.run(HOME=home, XDG_CACHE_HOME=None)
    wrong = [place.outputs[-1][-2000:]] if code else differences(place.contents(), reference)
    count(table, "no home", wrong)


# ---- clocks -----------------------------------------------------------------------------------


def set_times(folder: Path, ahead_s: float) -> None:
    when = time.time() + ahead_s
    for file in folder.rglob("*"):
        os.utime(file, (when, when), follow_symlinks=False)


def test_the_clock_was_set_back(tmp_path, undisturbed, reference, table):
    """All that is there is from tomorrow, and settings change: old results are not told as new."""
    place = copy_place(undisturbed, tmp_path / "place")
    set_times(place.folder, 86_400.0)
    place.write_config(mechanism={"trials": 3, "grid_step_deg": 20})
    assert place.run() == 0, place.outputs[-1]
    changed = differences(place.contents(), reference)
    assert "mechanisms.parquet" in changed
    set_times(place.folder, 86_400.0)
    place.write_config()
    count(table, "clock set back", end_of(place, reference))


def test_the_clock_was_set_back_after_a_kill(tmp_path, undisturbed, reference, table):
    chance = chance_of("clock")
    place = Place(tmp_path / "place")
    place.write_config()
    with ended(place.start()) as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0.3, LATEST) * undisturbed.seconds)
    set_times(place.folder, 86_400.0)
    count(table, "clock set back", end_of(place, reference))


# ---- damage -----------------------------------------------------------------------------------


def change_a_byte(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))


def cut(path: Path, chance: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def edit(path: Path, chance: random.Random) -> None:
    content = json.loads(path.read_text())
    key = chance.choice(sorted(k for k, v in content.items() if isinstance(v, str)))
    content[key] = content[key][::-1] + "0"
    path.write_text(json.dumps(content))


DAMAGE = {
    "a corrupted chunk": ("**/*.zarr/**/c/**/*", change_a_byte),
    "a truncated Parquet file": ("**/*.parquet", cut),
    "a plan file edited by hand": ("plan/*/*.json", edit),
}
"""Files that are damaged, and how."""


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.parametrize("number", range(TRIES))
def test_a_file_is_damaged(number, what, tmp_path, undisturbed, reference, table):
    chance = chance_of(what, number)
    place = copy_place(undisturbed, tmp_path / "place")
    pattern, damage = DAMAGE[what]
    file = chance.choice(sorted(p for p in place.root.glob(pattern) if p.is_file()))
    damage(file, chance)
    print(f"  {file.relative_to(place.root)}")
    assert differences(place.contents(), reference)
    count(table, what, end_of(place, reference))


# ---- two at once ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(-(-TRIES // 2)))
def test_two_runs_on_one_folder(number, tmp_path, undisturbed, reference, table):
    chance = chance_of("two", number)
    place = Place(tmp_path / "place")
    place.write_config()
    second = Place(place.folder)
    with ended(place.start()) as process:
        said = place.log.rename(place.folder / "first.txt")
        time.sleep(chance.uniform(0.2, LATEST) * undisturbed.seconds)
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        assert second.run() == 1
        told = second.told_in_one_line() and "wait for its end" in second.said()
        assert told, second.outputs[-1]
        code = process.wait()
        timer.cancel()
    wrong = [said.read_text()[-2000:]] if code else differences(place.contents(), reference)
    count(table, "two runs on one folder", wrong, told)
