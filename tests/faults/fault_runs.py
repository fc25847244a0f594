"""A small simulated run, what can go wrong with it, and what came of it."""

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

import psutil
import yaml

from quakeloom.store import open_item

NAME = "faults"
"""Name of the run."""

LIMIT_S = 1200.0
"""Seconds after which a run counts as hanging; undisturbed it takes some fifty."""

NOT_COMPARED = (".log", ".tsv")
"""Endings of files that hold times."""

BOOKS = ("settings.yaml", "plan/finished.json")
"""Files that record the cluster, and that a plan found the run finished: not what came out."""

SETTINGS = {
    "name": NAME,
    "simulation": {
        "preset": "region", "events": 24, "mean_polarities": 20, "start_year": 2019,
        "end_year": 2020,
    },
    "takeoff": {"models": ["generic_crust"]},
    "partition": {"calendar": "quarter"},
    "storage": {"shard_events": 16, "chunk_events": 4},
    "mechanism": {"trials": 5, "grid_step_deg": 10},
    "stress": {"grid_step_deg": 0.5},
    "cluster": {"block_events": 16},
}  # fmt: skip
"""A simulated catalog with four partitions: twenty jobs from take-off angles to the map."""


@dataclass
class Place:
    """A folder in which the run is made: its configuration, Snakemake's records, results.

    Attributes
    ----------
    folder : Path
    outputs : list of str
        What the commands said, in order.
    """

    folder: Path
    outputs: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Folder of the run."""
        return self.folder / "results" / NAME

    def write_config(self, **changes) -> None:
        """Write the configuration; changes are groups of settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        cluster = {**SETTINGS["cluster"], **changes.pop("cluster", {})}
        settings = {**SETTINGS, **changes, "cluster": cluster}
        (self.folder / "run.yaml").write_text(yaml.safe_dump(settings))

    def start(self, **environment: str | None) -> subprocess.Popen[str]:
        """Start ``quakeloom run`` in a session of its own, so that a kill reaches no other."""
        values = {**os.environ, "OMP_NUM_THREADS": "1", "QUAKELOOM_PLAIN": "1", **environment}
        limit = values.pop("FAULTS_LIMIT_KB", None) or "unlimited"
        with self.log.open("w") as log:
            return subprocess.Popen(
                ["bash", "-c", f'ulimit -f {limit} && exec "$@"', "bash",
                 str(Path(sys.executable).parent / "quakeloom"), "run", "--config", "run.yaml",
                 "--cores", "2"],
                cwd=self.folder, start_new_session=True, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env={k: v for k, v in values.items() if v is not None},
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
        return self.finish(self.start(**environment))

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
    """Return the processes of a command by what they are: quakeloom, snakemake, job."""
    found: dict[str, list[psutil.Process]] = {"quakeloom": [], "snakemake": [], "job": []}
    for one in session(process.pid):
        with contextlib.suppress(psutil.Error):
            words = one.cmdline()
            if one.pid == process.pid:
                found["quakeloom"].append(one)
            elif "snakemake" in words[:4]:
                found["snakemake"].append(one)
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

    Victims: ``snakemake``, ``job``, ``quakeloom`` and ``all`` get SIGKILL; ``SIGTERM`` and
    ``SIGINT`` go to ``quakeloom run``, as a batch system and a terminal send them.
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
