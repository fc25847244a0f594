"""A small run, what can go wrong with it, and what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import yaml

from quakeloom.store import open_item

NAME = "faults"
"""Name of the run."""

LIMIT_S = 1200.0
"""Seconds after which a run counts as hanging; undisturbed it takes some fifty."""

NOT_COMPARED = (".log", ".tsv")
"""Endings of files that hold times."""

BOOKS = ("settings.yaml", "plan/finished.json", "ingest/sources/digests.json")
"""Files that record the cluster, that a plan found the run finished, and when sources were changed
and where they lie: not what came out."""

SETTINGS = {
    "name": NAME,
    "data": ".",
    "sources": [{"path": "events.csv"}, {"path": "readings.csv"}],
    "takeoff": {"angles": "given"},
    "partition": {"calendar": "quarter"},
    "storage": {"shard_events": 16, "chunk_events": 4},
    "mechanism": {"trials": 4, "grid_step_deg": 20},
    "cluster": {"block_events": 16},
}  # fmt: skip
"""Mechanisms of an event file in two partitions: few jobs, each of which begins Python anew."""

EVENTS = 12
"""Synthetic events, one in every half of a month."""

STATIONS = 16
"""First motions of an event."""


SERVER = "quakeloom.cli._job_server"
"""Module of the process of which jobs are copies."""


def hear_signals() -> None:
    """Hear signals that whoever runs the tests ignores, as a shell does for what is behind it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def write_sources(folder: Path) -> None:
    """Write synthetic events, and readings with given take-off angles."""
    r = np.random.default_rng(0)
    events = ["event_id,origin_time,longitude,latitude,depth_km"]
    readings = ["event_id,station,polarity,azimuth_deg,takeoff_deg"]
    for i in range(EVENTS):
        day = f"2019-{1 + i // 2:02d}-{1 + 14 * (i % 2):02d}"
        events.append(f"e{i},{day}T00:00:00Z,135,35,10")
        for s in range(STATIONS):
            azimuth, takeoff = r.uniform(0, 360), r.uniform(20, 160)
            sign = 1 if np.sin(np.radians(2 * azimuth)) > 0 else -1
            readings.append(f"e{i},S{s:02d},{sign},{azimuth:.0f},{takeoff:.0f}")
    (folder / "events.csv").write_text("\n".join(events) + "\n")
    (folder / "readings.csv").write_text("\n".join(readings) + "\n")


@dataclass
class Place:
    """A folder in which the run is made: its configuration, Snakemake's records, results.

    Attributes
    ----------
    folder : Path
    outputs : list of str
        What the commands said, in order.
    seconds : float
        How long the last command took.
    """

    folder: Path
    outputs: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def root(self) -> Path:
        """Folder of the run."""
        return self.folder / "results" / NAME

    def write_config(self, **changes) -> None:
        """Write the configuration; changes are groups of settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "events.csv").exists():
            write_sources(self.folder)
        cluster = {**SETTINGS["cluster"], **changes.pop("cluster", {})}
        settings = {**SETTINGS, **changes, "cluster": cluster}
        (self.folder / "run.yaml").write_text(yaml.safe_dump(settings))

    def start(self, **environment: str | None) -> subprocess.Popen[str]:
        """Start ``quakeloom run`` in a session of its own, so that a kill reaches no other."""
        values = {**os.environ, "OMP_NUM_THREADS": "1", "QUAKELOOM_PLAIN": "1", **environment}
        limit = values.pop("FAULTS_LIMIT_KB", None) or "unlimited"
        read_only = values.pop("FAULTS_READ_ONLY", None)
        alone = ["unshare", "--mount", "bash", "-c",
                 'mount -o remount,bind,ro "$0" && exec "$@"', read_only]  # fmt: skip
        with self.log.open("w") as log:
            return subprocess.Popen(
                [*(alone if read_only else []),
                 "bash", "-c", f'ulimit -f {limit} && exec "$@"', "bash",
                 str(Path(sys.executable).parent / "quakeloom"), "run", "--config", "run.yaml",
                 "--cores", "2"],
                cwd=self.folder, start_new_session=True, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env={k: v for k, v in values.items() if v is not None},
                preexec_fn=hear_signals,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        """What the last command said."""
        return self.folder / "said.txt"

    def finish(self, process: subprocess.Popen[str]) -> int:
        """Wait for the end of a command; keep what it said, and return its exit code."""
        code = process.wait(timeout=LIMIT_S)
        self.outputs.append(self.log.read_text(errors="replace"))
        return code

    def run(self, **environment: str | None) -> int:
        """Run to the end, and return the exit code."""
        started = time.monotonic()
        code = self.finish(self.start(**environment))
        self.seconds = time.monotonic() - started
        return code

    def said(self) -> str:
        """Return the last words of quakeloom about an error, one line or more."""
        _, found, text = f"\n{self.outputs[-1]}".rpartition("\nquakeloom: ")
        return text.strip() if found else ""

    def told_in_one_line(self) -> bool:
        """Say whether the last command told what is wrong, without a traceback."""
        said = self.said()
        reasons = said.splitlines()
        lines = [r for r in reasons[1:] if not r.startswith("  - ")]
        return bool(said) and not lines and "Traceback" not in self.outputs[-1]

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of all files of the run but times, hidden files and settings.

        The report shows how long the jobs took; of that only its end counts.
        """
        found = {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file()
            and "/." not in f"/{file.relative_to(self.root)}"
            and file.suffix not in NOT_COMPARED
            and str(file.relative_to(self.root)) not in BOOKS
        }
        if "report.html" in found:
            found["report.html"] = found["report.html"].rstrip()[-7:]
        return found

    def leftovers(self) -> list[str]:
        """Return temporary files and folders that nobody removed."""
        return [str(p.relative_to(self.root)) for p in self.root.rglob(".*.tmp.*")] + [
            str(p.relative_to(self.root)) for p in self.root.rglob(".*.old.*")
        ]

    def half_written(self) -> list[str]:
        """Return what a marker calls whole and is not: a reader would take it for a result."""
        wrong = []
        markers = [*self.root.glob("parts/*.json"), *self.root.glob("parts/*/*.json")]
        held = {m: json.loads(m.read_text()).get("digests", {}) for m in markers}
        inner = [name for m, d in held.items() if m.parent.name != "parts" for name in d]
        for marker, digests in held.items():
            for name, digest in digests.items():
                item = open_item(self.root) / name
                below = [k.removeprefix(f"{name}/") for k in inner if k.startswith(f"{name}/")]
                if not item.exists() or item.digest(below) != digest:
                    wrong.append(f"{marker.name}: {name}")
        return wrong


def family(process: subprocess.Popen[str]) -> dict[str, list[psutil.Process]]:
    """Return the processes of a command by what they are: quakeloom, snakemake, job, server.

    A job is the command that Snakemake started, or the copy of the server that does its work.
    """
    found: dict[str, list[psutil.Process]] = {
        "quakeloom": [], "snakemake": [], "job": [], "server": []
    }  # fmt: skip
    for one in session(process.pid):
        with contextlib.suppress(psutil.Error, OSError):
            words = one.cmdline()
            if one.pid == process.pid:
                found["quakeloom"].append(one)
            elif "snakemake" in words[:4]:
                found["snakemake"].append(one)
            elif SERVER in words:
                parent = one.parent()
                is_job = parent is not None and SERVER in parent.cmdline()
                if os.getpgid(one.pid) == one.pid:  # else started by one of them for a moment
                    found["job" if is_job else "server"].append(one)
            elif any(Path(word).name == "quakeloom" for word in words[:2]):
                found["job"].append(one)
    return found


def session(number: int) -> list[psutil.Process]:
    """Return the living processes of a session."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(one.pid) == number and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def kill_session(number: int) -> None:
    """End all processes of a session at once, and wait for their end."""
    for _ in range(5):
        left = session(number)
        for one in left:
            with contextlib.suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(left, timeout=20)
        if not session(number):
            return


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End what is left of a command, whatever a test does."""
    try:
        yield process
    finally:
        kill_session(process.pid)
        process.wait()


def strike(process: subprocess.Popen[str], victim: str, chance: random.Random) -> str:
    """Send a signal to a part of a running command; return what was hit, or nothing.

    Victims: ``snakemake``, ``job``, ``server``, ``quakeloom`` and ``all`` get SIGKILL; ``SIGTERM``
    and ``SIGINT`` go to ``quakeloom run``, as a batch system and a terminal send them.
    """
    if process.poll() is not None:
        return ""
    if victim == "all":
        for one in session(process.pid):
            with contextlib.suppress(psutil.Error):
                one.kill()
        return "all"
    if victim in ("SIGTERM", "SIGINT"):
        process.send_signal(getattr(signal, victim))
        return victim
    there = family(process)[victim]
    if not there:
        return ""
    with contextlib.suppress(psutil.NoSuchProcess):
        chance.choice(there).kill()
        return victim
    return ""


def copy_place(source: Place, folder: Path) -> Place:
    """Return a copy of a place, with the times of its files."""
    shutil.copytree(source.folder, folder, symlinks=True)
    return Place(folder)


class FaultTable:
    """What was tried, and what came of it."""

    COLUMNS = ("tries", "same bytes", "told in one line", "lost")

    def __init__(self) -> None:
        self.rows: dict[str, Counter[str]] = {}
        self.started = time.monotonic()

    def add(self, fault: str, *, same: bool, told: bool = False) -> None:
        """Add a try: did the end have the same bytes, and was it told meanwhile."""
        row = self.rows.setdefault(fault, Counter())
        row["tries"] += 1
        row["same bytes"] += same
        row["told in one line"] += told
        row["lost"] += not same

    def __str__(self) -> str:
        lines = ["| fault | " + " | ".join(self.COLUMNS) + " |", "|---|" + "---|" * 4]
        for fault, row in self.rows.items():
            lines.append(f"| {fault} | " + " | ".join(str(row[c]) for c in self.COLUMNS) + " |")
        total = sum(self.rows.values(), Counter())
        lines.append("| all | " + " | ".join(str(total[c]) for c in self.COLUMNS) + " |")
        return "\n".join(lines)


VICTIMS = ("all", "snakemake", "job", "server", "quakeloom", "SIGTERM", "SIGINT")
"""What is hit: see :func:`fault_runs.strike`."""

FAULT_OF = {
    "all": "SIGKILL of all at once",
    "snakemake": "SIGKILL of Snakemake",
    "job": "SIGKILL of a stage",
    "server": "SIGKILL of the process of which jobs are copies",
    "quakeloom": "SIGKILL of `quakeloom run` alone",
    "SIGTERM": "SIGTERM to `quakeloom run`",
    "SIGINT": "Ctrl-C of `quakeloom run`",
}
"""Names of faults in the table."""


SEED = int(os.environ.get("FAULTS_SEED", "15"))
"""Root of all that is drawn."""


def chance_of(*words: object) -> random.Random:
    """Return the random numbers of a try, and print what they follow from."""
    seed = "-".join(str(w) for w in (SEED, *words))
    print(f"seed {seed}")
    return random.Random(seed)


def differences(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))


class Chain:
    """A run that is hit several times, each time at another moment and place.

    Parameters
    ----------
    place : Place
    chance : random.Random
    latest_s : float
        A signal comes at most so many seconds after the command.
    """

    def __init__(self, place: Place, chance: random.Random, latest_s: float) -> None:
        self.place, self.chance, self.latest_s = place, chance, latest_s
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
            moment = time.monotonic() + self.chance.uniform(0.0, self.latest_s)
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
                if hit not in ("job", "server"):
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


def hit_again_and_again(
    chain: Chain, most: int, reference: dict[str, bytes], table: FaultTable
) -> list[str]:
    """Hit a run so often, let it reach its end, and return what is not as in an undisturbed one."""
    place = chain.place
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
    return chain.wrong
