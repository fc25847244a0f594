"""What a person sees while something takes time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text


@contextlib.contextmanager
def status(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner with a sentence on a terminal; elsewhere print each sentence once."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what) as spinner:
            # as text: names of files may have brackets, which rich would take for colors
            yield lambda text: spinner.update(Text(f"{what}: {text}"))
    else:
        yield lambda text: print(f"{what}: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def spinner(what: str) -> Iterator[None]:
    """Show that something goes on, on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        yield


@contextlib.contextmanager
def counting(what: str, things: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of how many things are done on a terminal; elsewhere nothing.

    Parameters
    ----------
    what : str
        What is done, such as ``locating``.
    things : str
        What is counted, such as ``events``.

    Yields
    ------
    callable
        Takes how many are done, and of how many.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:.0f}}/{{task.total:.0f}} {things}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(what, total=1)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
