"""Give readers many broken inputs, with bounds on time and memory, and tell what they do.

    python tests/fuzz/driver.py --inputs 2000                 all readers
    python tests/fuzz/driver.py quakeml csv --inputs 100000   some
    python tests/fuzz/driver.py quakeml --file build/fuzz/quakeml-0.bin   one input again

A reader may refuse an input with an error of quakeloom, or give tables in which everything is
possible. Anything else is a fault: another exception, more than :data:`MOST_SECONDS` of processor
time, more than :data:`MOST_BYTES` of memory, the death of the process, a result that is nonsense.
Every reader runs in a process of its own. Inputs follow from the seed, the reader and the number of
the input; those that reach lines of quakeloom that none reached before are changed further.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import logging
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "formats"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "properties"))

from readers import Files, Reader, make_reader, name_readers

import quakeloom
from quakeloom.core import QuakeloomError

MOST_SECONDS = 10.0
"""Processor time that an input of some kB may take, s."""

MOST_BYTES = 1 << 30
"""Memory that an input may take beyond that of the program."""

SILENT_SECONDS = 300
"""After so long without a next input, compiled code hangs, and the process is ended; s."""

TRACED = 16
"""Every how manieth input is traced where Python has no cheap monitoring (before 3.12)."""

MOST_KEPT = 400
"""Inputs that are kept for being changed further."""

MOST_KINDS = 25
"""A reader with so many kinds of faults is given no more inputs."""

LONGEST_MESSAGE = 2000
"""Letters of an error; longer ones show the file instead of saying what is wrong with it."""

ROOT = str(Path(quakeloom.__file__).resolve().parent)
"""Folder of quakeloom's own code."""


class TakesTooLongError(BaseException):
    """An input took more processor time than it may; no reader catches it."""


@dataclass
class Fault:
    """One kind of fault: the words that tell it from others, how often, and where its input is."""

    kind: str
    details: str
    number: int
    count: int = 1
    file: str = ""


@dataclass
class Outcome:
    """What a reader did with its inputs."""

    reader: str
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    kept: int = 0
    lines: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    memory_mb: float = 0.0
    faults: list[Fault] = field(default_factory=list)


def give(
    reader: Reader, folder: Path, files: Files, number: int, most_s: float = MOST_SECONDS
) -> tuple[str, str]:
    """Give a reader one input; return what came of it, and in words what was wrong."""
    path = reader.put(folder, files)
    signal.setitimer(signal.ITIMER_PROF, most_s)
    try:
        problems = reader.read(path, number)
    except QuakeloomError as error:
        said = str(error)
        if len(said) > LONGEST_MESSAGE and not reader.lists_all:
            return "fault", f"a message of {len(said)} letters: {said[:300]}"
        if reader.names_file and path.name not in said:
            return "fault", f"the message does not name the file: {said[:300]}"
        return "refused", said[:300]
    except TakesTooLongError as error:
        return "fault", f"more than {MOST_SECONDS:g} s of processor time\n{_where(error)}"
    except MemoryError as error:
        return "fault", f"more than {MOST_BYTES >> 20} MB of memory\n{_where(error)}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "fault", f"{type(error).__name__}: {str(error)[:200]}\n{_where(error)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    return ("fault", "nonsense: " + "; ".join(problems)[:500]) if problems else ("accepted", "")


def _where(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)[-8:])


def kind_of(details: str) -> str:
    """Tell kinds of faults apart: what was raised, and the deepest own line; without numbers."""
    first = re.sub(r"[-+]?\d[\w.+-]*|'[^']*'|nan|inf", "#", details.split("\n")[0])[:160]
    own = re.findall(rf'File "{re.escape(ROOT)}/([^"]+)", line (\d+)', details)
    return f"{first.partition(':')[0]} at {own[-1][0]}:{own[-1][1]}" if own else first


class Coverage:
    """Lines of quakeloom that were reached, by monitoring where there is one, else by tracing."""

    def __init__(self) -> None:
        self.lines: set[tuple[CodeType, int]] = set()
        self.cheap = hasattr(sys, "monitoring")
        if self.cheap:
            m = sys.monitoring  # type: ignore[attr-defined]
            m.use_tool_id(m.COVERAGE_ID, "fuzz")
            m.register_callback(m.COVERAGE_ID, m.events.LINE, self._line)
            m.set_events(m.COVERAGE_ID, m.events.LINE)

    def _line(self, code: CodeType, line: int) -> Any:
        if code.co_filename.startswith(ROOT):
            self.lines.add((code, line))
        return sys.monitoring.DISABLE  # type: ignore[attr-defined]

    def _call(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        return self._trace if frame.f_code.co_filename.startswith(ROOT) else None

    def _trace(self, frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        self.lines.add((frame.f_code, frame.f_lineno))
        return self._trace

    @contextlib.contextmanager
    def watch(self, number: int) -> Iterator[None]:
        """Watch one input, or not, where watching is dear."""
        traced = not self.cheap and number % TRACED == 0
        if traced:
            sys.settrace(self._call)
        try:
            yield
        finally:
            if traced:
                sys.settrace(None)


def _limit_memory() -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MOST_BYTES,) * 2)


def _too_long(*_: object) -> None:
    raise TakesTooLongError


def work(reader: Reader, inputs: int, seed: int, out: Path, seconds: float) -> Outcome:
    """Give a reader its inputs, in this process; faults' inputs go to ``out``."""
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _too_long)
    at = os.open(out / f"{reader.name}.at", os.O_RDWR | os.O_CREAT)
    found, faults = Outcome(reader.name), {}
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_fast_folder()) as name:
        folder = Path(name)
        kept = list(reader.seeds)
        for k, files in enumerate(kept):
            what, details = give(reader, folder, files, k, 0.0)  # compiles as well, without a limit
            if what != "accepted":
                raise SystemExit(f"seed {k} of {reader.name} is not accepted: {what} {details}")
        _limit_memory()
        coverage = Coverage()
        started = time.perf_counter()
        for number in range(inputs):
            if time.perf_counter() - started > seconds or len(faults) >= MOST_KINDS:
                break
            r = random.Random(f"{seed} {reader.name} {number}")
            files = reader.change(kept, r)
            _keep(out, reader, files, at, number)
            before, begun = len(coverage.lines), time.process_time()
            with coverage.watch(number):
                what, details = give(reader, folder, files, number)
            found.slowest_s = max(found.slowest_s, time.process_time() - begun)
            found.inputs += 1
            if what == "fault":
                _note(faults, details, number, reader, files, out)
                continue
            setattr(found, what, getattr(found, what) + 1)
            if len(coverage.lines) > before and len(kept) < MOST_KEPT:
                kept.append(files)
                found.kept += 1
    found.lines, found.seconds = len(coverage.lines), time.perf_counter() - started
    found.memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.faults = list(faults.values())
    os.close(at)
    (out / f"{reader.name}.at").unlink()
    (out / f"{reader.name}.last").unlink(missing_ok=True)
    return found


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _keep(out: Path, reader: Reader, files: Files, at: int, number: int) -> None:
    """Tell which input comes now, and keep it, for the case that the process dies of it."""
    os.pwrite(at, f"{number:12d}".encode(), 0)
    if reader.may_die:
        reader.save(out / f"{reader.name}.last", files)


def _note(
    faults: dict[str, Fault], details: str, number: int, reader: Reader, files: Files, out: Path
) -> None:
    kind = kind_of(details)
    if kind in faults:
        faults[kind].count += 1
        return
    file = out / f"{reader.name}-{len(faults)}.bin"
    reader.save(file, files)
    faults[kind] = Fault(kind, details, number, file=str(file))


def run_apart(name: str, inputs: int, seed: int, out: Path, seconds: float) -> Outcome:
    """Run a reader in a process of its own, and tell if it dies or hangs."""
    command = [sys.executable, __file__, name, "--worker", "--inputs", str(inputs)]
    command += ["--seed", str(seed), "--out", str(out), "--seconds", str(seconds)]
    environment = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
                   **os.environ}  # fmt: skip
    at = out / f"{name}.at"
    at.unlink(missing_ok=True)
    with (out / f"{name}.log").open("w+") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        last, since, hung = b"", time.monotonic(), False
        while child.poll() is None:
            time.sleep(0.2)
            now = at.read_bytes() if at.exists() else b""
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > SILENT_SECONDS:
                hung = True
                child.kill()
                child.wait()
        log.seek(0)
        said = log.read()
    if child.returncode == 0:
        record = json.loads(said.strip().splitlines()[-1])
        return Outcome(**{**record, "faults": [Fault(**f) for f in record["faults"]]})
    number = int(last or -1)
    kind = f"hangs for {SILENT_SECONDS} s" if hung else f"the process ends with {child.returncode}"
    kept = out / f"{name}.last"
    fault = Fault(kind, said[-2000:], number, file=str(kept) if kept.exists() else "")
    return Outcome(name, inputs=max(number, 0), faults=[fault])


def show(found: Outcome) -> None:
    """Print what a reader did, and each of its faults with the command that repeats it."""
    rate = found.inputs / found.seconds if found.seconds else 0.0
    print(
        f"{found.reader:26s} {found.inputs:8d} inputs {rate:7.0f}/s  accepted {found.accepted:7d}  "
        f"refused {found.refused:7d}  lines {found.lines:5d}  slowest {found.slowest_s:5.2f} s  "
        f"{found.memory_mb:5.0f} MB  faults {sum(f.count for f in found.faults)}",
        flush=True,
    )
    for fault in found.faults:
        print(f"  {fault.count} x {fault.kind}\n    input {fault.number}; again by: "
              f"python tests/fuzz/driver.py {found.reader} --file {fault.file}")  # fmt: skip
        print("    " + fault.details.strip().replace("\n", "\n    ")[-1500:], flush=True)


def repeat(reader: Reader, file: Path) -> None:
    """Give a reader one saved input again, by every way in which it reads."""
    signal.signal(signal.SIGPROF, _too_long)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for number in range(reader.ways):
            what, details = give(reader, Path(folder), reader.load(file), number)
            print(f"way {number}: {what}\n{details}")


def main() -> int:
    """Run the command line."""
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("readers", nargs="*", help="names of readers; all if none is named")
    parse.add_argument("--inputs", type=int, default=2000, help="inputs of each reader")
    parse.add_argument("--seconds", type=float, default=1e9, help="at most, for each reader")
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--workers", type=int, default=1)
    parse.add_argument("--out", type=Path, default=Path("build/fuzz"), help="inputs of faults")
    parse.add_argument("--file", type=Path, help="give this input again")
    parse.add_argument("--list", action="store_true", help="print the readers")
    parse.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parse.parse_args()
    if given.worker or given.file:
        reader = make_reader(name_readers(given.readers)[0])
        if given.file:
            repeat(reader, given.file)
            return 0
        found = work(reader, given.inputs, given.seed, given.out, given.seconds)
        print(json.dumps(asdict(found)))
        return 0
    names = name_readers(given.readers)
    if given.list:
        print("\n".join(names))
        return 0
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    print(f"{len(names)} readers, {given.inputs} inputs each, seed {given.seed}", flush=True)
    total = faulty = 0
    with concurrent.futures.ThreadPoolExecutor(given.workers) as pool:
        jobs = [
            pool.submit(run_apart, n, given.inputs, given.seed, given.out, given.seconds)
            for n in names
        ]
        for job in concurrent.futures.as_completed(jobs):
            found = job.result()
            show(found)
            total += found.inputs
            faulty += len(found.faults)
    print(f"{total} inputs, {faulty} kinds of faults (seed {given.seed})")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
