"""What ingest tells the other stages: the partitions of events and their rows."""

from __future__ import annotations

from dataclasses import dataclass

from quakeloom.core import PlanError
from quakeloom.store import RunLayout, read_json


@dataclass(frozen=True)
class PlannedRows:
    """The rows of one partition.

    Attributes
    ----------
    partition : str
    events, polarities, picks : int
        Numbers of rows.
    largest_event : int
        Readings of the event that has most.
    digest : str
        Digest of all rows and of the stations, reversals and corrections they may need.
    """

    partition: str
    events: int
    polarities: int
    largest_event: int
    digest: str
    picks: int = 0


@dataclass(frozen=True)
class Ingested:
    """What reading the sources gave: the partitions, and a digest of all sources."""

    partitions: list[PlannedRows]
    inputs: str


def read_planned_rows(layout: RunLayout, partition: str) -> PlannedRows:
    """Read what is planned of the rows of a partition.

    Raises
    ------
    PlanError
        If there is no such partition.
    """
    marker = layout.rows(partition) / "rows.json"
    if not marker.exists():
        raise PlanError(
            f"There is no partition '{partition}' in the plan of {layout.root}. Nothing was "
            "computed; run `quakeloom plan`, which lists the partitions."
        )
    return PlannedRows(**read_json(marker))
