"""How long the jobs of a partition may take, for a cluster that ends what runs longer.

Seconds of one core that were measured, times :data:`SLACK`, plus the start of a program that
compiles its kernels first. A job that still ends too early is tried again with more.
"""

from __future__ import annotations

import math

from quakeloom.config import Settings

SLACK = 8.0
"""How much slower a node may be, or a catalog dearer, than what was measured."""

START_MINUTES = 10.0
"""Minutes for the start of a program that compiles its kernels; generous."""

WINDOWS_PER_EVENT = 50.0
"""Windows of an event where nothing is known of them before the archive is read."""


def promise_minutes(seconds: float) -> int:
    """Return the minutes promised for work that took so many seconds of a core when measured."""
    return math.ceil(START_MINUTES + SLACK * seconds / 60)


def promise_threads(settings: Settings) -> int:
    """Return the threads that a stage which spreads its blocks asks for."""
    return settings.cluster.workers if settings.cluster.kind == "local" else 1
