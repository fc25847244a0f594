"""A run while it is planned: its settings, where it lies, and what is planned of it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from quakeloom.config import Settings
from quakeloom.stages.frame.planned_rows import PlannedRows
from quakeloom.store import Item, RunLayout


@dataclass
class PlannedRun:
    """What the plan of a stage may ask for.

    Attributes
    ----------
    settings : Settings
    layout : RunLayout
    cache : Item
        Folder of sources as read; cases of one configuration share it.
    progress : callable
        Called with a sentence now and then.
    rows : list of PlannedRows
        Partitions of events with their rows; filled by the stage that reads the sources.
    days : dict of str to str
        Days of UTC with picks of the sources, and the digest of those picks, where events are
        found in them.
    inputs : str
        Digest of all sources.
    partitions : dict of str to list of str
        Partitions of every stage planned so far.
    meanings : dict of str to dict
        What the digests in the plan files of every stage planned so far stand for.
    """

    settings: Settings
    layout: RunLayout
    cache: Item
    progress: Callable[[str], None] = lambda _: None
    rows: list[PlannedRows] = field(default_factory=list)
    days: dict[str, str] = field(default_factory=dict)
    inputs: str = ""
    partitions: dict[str, list[str]] = field(default_factory=dict)
    meanings: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Events of all partitions."""
        return sum(r.events for r in self.rows)
