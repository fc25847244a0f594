"""What a person sees while something takes time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
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
