"""Where everything of a run lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quakeloom.store._items import Item, open_item

RUN_SETTINGS = "plan/settings.yaml"
"""File below a folder of results by which it is known as one."""


@dataclass(frozen=True, init=False)
class RunLayout:
    """Addresses of what belongs to one run (one case of a configuration).

    Attributes
    ----------
    root : Item
        ``results/<name>`` or ``results/<name>/<case>``.
    """

    root: Item

    def __init__(self, root: Item | Path | str) -> None:
        object.__setattr__(self, "root", open_item(root))

    @property
    def settings(self) -> Item:
        """The resolved settings."""
        folder, file = RUN_SETTINGS.split("/")
        return self.root / folder / file

    @property
    def provenance(self) -> Item:
        """What the results rest on: digests, versions, seed."""
        return self.root / "plan" / "provenance.json"

    @property
    def meanings(self) -> Item:
        """What the digests in plan files stand for: settings by key, code by module."""
        return self.root / "plan" / "meanings.json"

    @property
    def finished(self) -> Item:
        """Plans and meanings of the last state in which the run was wholly computed."""
        return self.root / "plan" / "finished.json"

    @property
    def before(self) -> Item:
        """Rows of the last finished state that planning has replaced since."""
        return self.ingest / "before"

    @property
    def ingest(self) -> Item:
        """Sources as read, one folder per source digest, and the rows of each partition."""
        return self.root / "ingest"

    def rows(self, partition: str) -> Item:
        """Folder of the rows of one partition as planned."""
        return self.ingest / "partitions" / partition

    def plans(self, stage: str) -> Item:
        """Folder of the plan files of the partitions of a stage."""
        return self.root / "plan" / stage

    def plan(self, stage: str, partition: str) -> Item:
        """The plan file of a partition: the cache key of that unit of work."""
        return self.plans(stage) / f"{partition}.json"

    def plan_step(self, stage: str, step: str) -> Item:
        """The plan file of a step of a stage that is done once, such as ``finalise``."""
        return self.root / "plan" / f"{stage}.{step}.json"

    def parts(self, stage: str) -> Item:
        """Folder of what a stage made of its partitions, and of their markers."""
        return self.root / "parts" / stage

    def part(self, stage: str, partition: str) -> Item:
        """Folder of what a stage made of one partition."""
        return self.parts(stage) / partition

    def done(self, stage: str, partition: str) -> Item:
        """The marker that a partition is complete, with digests of what it wrote."""
        return self.parts(stage) / f"{partition}.json"

    def timing(self, stage: str, partition: str) -> Item:
        """What a partition took: seconds, memory."""
        return self.root / "benchmarks" / stage / f"{partition}.tsv"

    def done_step(self, stage: str, step: str) -> Item:
        """The marker that a step of a stage is complete."""
        return self.root / "parts" / f"{stage}.{step}.json"

    def table(self, name: str) -> Item:
        """A gathered table."""
        return self.root / f"{name}.parquet"

    @property
    def accepted(self) -> Item:
        """The accepted sets: one Zarr group per partition, and the grid."""
        return self.root / "accepted.zarr"

    @property
    def report(self) -> Item:
        """The report page."""
        return self.root / "report.html"

    def results(self, name: str) -> Item:
        """Folder of all results, in which this run has a name such as ``demo`` or ``demo/case``."""
        folder = self.root
        for _ in name.split("/"):
            folder = folder.parent
        return folder
