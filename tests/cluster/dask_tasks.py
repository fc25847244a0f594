"""What the tasks of these tests do; a module of its own, which workers import."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np


def square(x: int) -> int:
    """Return the square."""
    return x * x


def slow_square(x: int) -> int:
    """Return the square, after a while."""
    time.sleep(0.3)
    return x * x


def record(item: tuple[str, int]) -> int:
    """Leave a file of its own for every time that it is computed."""
    folder, x = item
    time.sleep(0.2)
    (Path(folder) / f"{x}-{time.time_ns()}").touch()
    return x


def fill(megabytes: int) -> int:
    """Hold so much memory for a while."""
    held = np.ones(megabytes * 131_072)
    time.sleep(3)  # until the nanny looks
    return int(held[0])


def where(_: int) -> str:
    """Return the folder of the process."""
    return str(Path.cwd())
