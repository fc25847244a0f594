"""Classes of events, as other stages read them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from quakeloom.stages.frame.partition_states import refuse_damaged
from quakeloom.store import RunLayout, read_table


def archive_name(partition: str) -> str:
    """Return the name under which the index of the archive around the events is kept."""
    return f"classify-{partition}"


@dataclass(frozen=True)
class EventClass:
    """The class of an event: its name, and the probabilities of all."""

    name: str
    probability: dict[str, float]


def read_classes(layout: RunLayout, partition: str) -> dict[str, EventClass]:
    """Return the classes of the events of a partition that have one.

    Raises
    ------
    VerificationError
        If the table is not the one that the stage wrote.
    """
    refuse_damaged(layout, "classify", partition)
    table = read_table(
        layout.part("classify", partition) / "event_classes.parquet", "event_classes"
    )
    return classes_of(table)


def classes_of(table: pa.Table) -> dict[str, EventClass]:
    """Return the classes that a table ``event_classes`` holds, by event."""
    names = [n for n in table.column_names if n.startswith("probability_")]
    found = {}
    for row in table.to_pylist():
        if row["class_status"] == "classified":
            probability = {n.removeprefix("probability_"): float(row[n]) for n in names}
            found[row["event_id"]] = EventClass(row["event_class"], probability)
    return found
