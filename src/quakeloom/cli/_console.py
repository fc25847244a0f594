"""What a person sees while something takes time."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_STEPS = re.compile(r"^(\d+) of (\d+) steps")
"""What Snakemake says after every job."""

_RULE = re.compile(r"^(?:local)?rule (\w+):")
"""What Snakemake says before every job."""


@contextlib.contextmanager
def status(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner with a sentence on a terminal; elsewhere print each sentence once."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what) as spinner:
            yield lambda text: spinner.update(f"{what}: {text}")
    else:
        yield lambda text: print(f"{what}: {text}", file=sys.stderr, flush=True)


def follow_snakemake(command: list[str], environment: dict[str, str], log: Path) -> int:
    """Run Snakemake with a progress bar; its own words go to a log, and its errors here."""
    console = Console(stderr=True)
    tail: deque[str] = deque(maxlen=60)
    log.parent.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} jobs"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        with log.open("w") as file, Progress(*columns, console=console) as progress:
            bar = progress.add_task("starting", total=1)
            for line in process.stdout:
                file.write(line)
                tail.append(line)
                if found := _STEPS.match(line):
                    progress.update(bar, completed=int(found[1]), total=int(found[2]))
                elif rule := _RULE.match(line):
                    progress.update(bar, description=rule[1])
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if code:
        console.print("".join(tail), highlight=False, markup=False)
    return code
