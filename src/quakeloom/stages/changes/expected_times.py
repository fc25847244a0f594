"""How long partitions are expected to take, from what earlier ones took."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from quakeloom.store import RunLayout, read_json_or, read_text


def expected_seconds(layout: RunLayout, stage: str, partitions: Sequence[str]) -> dict[str, float]:
    """Return the seconds that partitions of a stage are expected to take on one core.

    The workflow writes what every job took below ``benchmarks``. The time of a partition is its
    events times the seconds an event of all recorded partitions; where events are not known, what
    it took itself, else the mean.

    Parameters
    ----------
    layout : RunLayout
    stage : str
    partitions : sequence of str

    Returns
    -------
    dict of str to float
        Empty where nothing of the stage was recorded.
    """
    taken: dict[str, float] = {}
    for file in (layout.root / "benchmarks" / stage).children():
        if file.name.endswith(".tsv"):
            for row in csv.DictReader(io.StringIO(read_text(file)), delimiter="\t"):
                try:
                    taken[file.stem] = float(row.get("s") or "nan")
                except ValueError:
                    continue
    if not taken:
        return {}
    events = {p: _events(layout, p) for p in {*partitions, *taken}}
    counted = [p for p in taken if events[p]]
    total = sum(events[p] for p in counted)
    rate = sum(taken[p] for p in counted) / total if total else 0.0
    mean = sum(taken.values()) / len(taken)
    return {p: rate * events[p] if rate and events[p] else taken.get(p, mean) for p in partitions}


def _events(layout: RunLayout, partition: str) -> int:
    rows = read_json_or(layout.rows(partition) / "rows.json", {})
    return int(rows.get("events", 0))
