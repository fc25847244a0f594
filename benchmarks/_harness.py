"""What all benchmarks share: arguments, peak memory, and the JSON line at the end."""

from __future__ import annotations

import json
import resource
import time
from typing import Any


def figure(
    name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None
) -> dict[str, Any]:
    """Return one figure of a benchmark; the ratio is the peer's value over ours."""
    ratio = None if peer_value is None or not value else peer_value / value
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
    }


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self._start


def peak_memory_gb() -> float:
    """Largest resident memory so far of this process or one of its children, in GB."""
    return (
        max(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
        )
        / 1e6
    )


def print_result(
    benchmark: str,
    figures: list[dict[str, Any]],
    settings: dict[str, Any],
    seconds: float,
    memory_gb: float | None = None,
) -> None:
    """Print the result as one JSON object on one line, the last of the output."""
    print(
        json.dumps(
            {
                "benchmark": benchmark,
                "figures": figures,
                "settings": settings,
                "seconds": round(seconds, 3),
                "peak_memory_gb": round(memory_gb or peak_memory_gb(), 3),
            }
        ),
        flush=True,
    )
