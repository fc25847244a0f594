"""Signals that stop a command: one line, and an exit code that tells which it was."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

STOPPED = "stopped; what is complete is kept, and the same command goes on from there."
"""What is said after Ctrl-C, or another signal that stops."""

_LIKE_CTRL_C = (signal.SIGTERM, signal.SIGHUP)
"""Signals of batch systems, ``timeout`` and closed terminals, which stop as Ctrl-C does."""

_taken: list[int] = []
"""Those that have come."""


@contextlib.contextmanager
def taking_signals() -> Iterator[None]:
    """Take signals for a Ctrl-C, so that temporary files go and a line is said; the first counts.

    Those that are ignored (``nohup``) or that somebody else takes stay as they are.
    """
    _taken.clear()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _LIKE_CTRL_C:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _take)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take(number: int, _frame: object) -> None:
    # not an Exception: what is caught for one event or file must not catch this
    if not _taken:
        _taken.append(number)
        raise KeyboardInterrupt


def stopped_code() -> int:
    """Return the exit code: 128 and the signal, 130 for Ctrl-C."""
    return 128 + (_taken[0] if _taken else signal.SIGINT)
