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
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fault_runs import (
    LIMIT_S,
    FaultTable,
    Place,
    copy_place,
    ended,
    kill_session,
    session,
    strike,
)

from cluster_processes import dask_processes

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("FAULTS_KILLS", "100"))
"""Signals at random moments."""

TRIES = int(os.environ.get("FAULTS_TRIES", "5"))
"""Tries of each other fault."""

SEED = int(os.environ.get("FAULTS_SEED", "15"))
"""Root of all that is drawn."""

CHAIN = 5
"""Signals that one run gets from its beginning to its end."""

LATEST_S = 25.0
"""A signal comes at most so many seconds after the command."""

VICTIMS = ("all", "snakemake", "job", "quakeloom", "SIGTERM", "SIGINT")
"""What is hit: see :func:`fault_runs.strike`."""

FAULT_OF = {
    "all": "SIGKILL of all at once",
    "snakemake": "SIGKILL of Snakemake",
    "job": "SIGKILL of a stage",
    "quakeloom": "SIGKILL of `quakeloom run` alone",
    "SIGTERM": "SIGTERM to `quakeloom run`",
    "SIGINT": "Ctrl-C of `quakeloom run`",
}
"""Names of faults in the table."""


def chance_of(*words: object) -> random.Random:
    """Return the random numbers of a try, and print what they follow from."""
    seed = "-".join(str(w) for w in (SEED, *words))
    print(f"seed {seed}")
    return random.Random(seed)


def differences(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))


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


class Chain:
    """A run that is hit several times, each time at another moment and place."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        self.hits: list[str] = []
        self.told: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.sessions: list[int] = []

    def run_once(self, most: int) -> bool:
        """Start the command and hit it; return whether it reached its end all the same."""
        process = self.place.start()
        self.sessions.append(process.pid)
        begun = len(self.hits)
        while len(self.hits) < most and process.poll() is None:
            moment = time.monotonic() + self.chance.uniform(0.5, LATEST_S)
            victim = self.chance.choice(VICTIMS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, moment - time.monotonic()))
            hit = ""
            while not hit and process.poll() is None:  # a job may have to begin first
                hit = strike(process, victim, self.chance)
                time.sleep(0 if hit else 0.2)
            if hit:
                self.hits.append(hit)
                print(f"  {hit}", flush=True)
                if hit != "job":
                    break
        code = self.place.finish(process)
        if "--unlock" in self.place.outputs[-1]:
            self.wrong.append("it asks to be unlocked by hand")
        if code and len(self.hits) > begun:
            self.told[self.hits[-1]] += self.place.told_in_one_line()
        elif code:
            self._wait_where_told()
        if not any(session(number) for number in self.sessions):
            self.wrong += [f"half written, {what}" for what in self.place.half_written()]
        return code == 0

    def _wait_where_told(self) -> None:
        """Wait for a Snakemake that goes on alone, which is the only reason to end unhit."""
        if "Another `quakeloom run`" not in self.place.said():
            self.wrong.append(self.place.outputs[-1][-2000:])
        self.told["quakeloom"] += self.place.told_in_one_line()
        give_up = time.monotonic() + LIMIT_S
        while any(session(number) for number in self.sessions) and time.monotonic() < give_up:
            time.sleep(0.5)


@pytest.mark.parametrize("number", range(-(-KILLS // CHAIN)))
def test_a_run_that_is_hit_again_and_again(number, tmp_path, reference, table):
    chance = chance_of("chain", number)
    place = Place(tmp_path / "place")
    place.write_config()
    chain = Chain(place, chance)
    most = min(CHAIN, KILLS - number * CHAIN)
    try:
        # a run may reach its end before it was hit often enough, and then begins anew
        while len(chain.hits) < most and not chain.wrong:
            if chain.run_once(most):
                chain.wrong += differences(place.contents(), reference)
                if len(chain.hits) < most:
                    shutil.rmtree(place.root.parent)
        for _ in range(4):
            if chain.wrong or chain.run_once(0):
                break
        else:
            chain.wrong.append("it did not reach its end")
        if not chain.wrong:
            chain.wrong += differences(place.contents(), reference) + place.leftovers()
    finally:
        for each in chain.sessions:
            kill_session(each)
    for hit in chain.hits:
        told = chain.told[hit] > 0
        chain.told[hit] -= told
        table.add(FAULT_OF[hit], same=not chain.wrong, told=told)
    assert chain.wrong == []


# ---- Dask -------------------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["worker", "scheduler"])
@pytest.mark.parametrize("number", range(-(-TRIES // 2)))
def test_a_part_of_a_dask_cluster_is_killed(number, victim, tmp_path, reference, table):
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
            while process.poll() is None and hits < 3:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(5.0, LATEST_S))
                if process.poll() is not None:
                    break
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
    assert len(found) > 15
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
    place.write_config(mechanism={"trials": 4, "grid_step_deg": 10})
    assert place.run() == 0, place.outputs[-1]
    changed = differences(place.contents(), reference)
    assert "mechanisms.parquet" in changed
    set_times(place.folder, 86_400.0)
    place.write_config()
    count(table, "clock set back", end_of(place, reference))


def test_the_clock_was_set_back_after_a_kill(tmp_path, reference, table):
    chance = chance_of("clock")
    place = Place(tmp_path / "place")
    place.write_config()
    with ended(place.start()) as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(15.0, LATEST_S))
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
def test_two_runs_on_one_folder(number, tmp_path, reference, table):
    chance = chance_of("two", number)
    place = Place(tmp_path / "place")
    place.write_config()
    second = Place(place.folder)
    with ended(place.start()) as process:
        said = place.log.rename(place.folder / "first.txt")
        time.sleep(chance.uniform(5.0, LATEST_S))
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        assert second.run() == 1
        told = second.told_in_one_line() and "wait for its end" in second.said()
        assert told, second.outputs[-1]
        code = process.wait()
        timer.cancel()
    wrong = [said.read_text()[-2000:]] if code else differences(place.contents(), reference)
    count(table, "two runs on one folder", wrong, told)
