"""Where everything of a run lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunLayout:
    """Paths of one run (one case of a configuration).

    Attributes
    ----------
    root : Path
        ``results/<name>`` or ``results/<name>/<case>``.
    """

    root: Path

    @property
    def settings(self) -> Path:
        """The resolved settings."""
        return self.root / "plan" / "settings.yaml"

    @property
    def provenance(self) -> Path:
        """What the results rest on: digests, versions, seed."""
        return self.root / "plan" / "provenance.json"

    @property
    def ingest(self) -> Path:
        """Sources as read, one folder per source digest, and the rows of each partition."""
        return self.root / "ingest"

    def rows(self, partition: str) -> Path:
        """Folder of the rows of one partition as planned."""
        return self.ingest / "partitions" / partition

    def plan(self, stage: str, partition: str) -> Path:
        """The plan file of a partition: the cache key of that unit of work."""
        return self.root / "plan" / stage / f"{partition}.json"

    def plan_step(self, stage: str, step: str) -> Path:
        """The plan file of a step of a stage that is done once, such as ``finalise``."""
        return self.root / "plan" / f"{stage}.{step}.json"

    def part(self, stage: str, partition: str) -> Path:
        """Folder of what a stage made of one partition."""
        return self.root / "parts" / stage / partition

    def done(self, stage: str, partition: str) -> Path:
        """The marker that a partition is complete, with digests of what it wrote."""
        return self.root / "parts" / stage / f"{partition}.json"

    def done_step(self, stage: str, step: str) -> Path:
        """The marker that a step of a stage is complete."""
        return self.root / "parts" / f"{stage}.{step}.json"

    def table(self, name: str) -> Path:
        """A gathered table."""
        return self.root / f"{name}.parquet"

    @property
    def accepted(self) -> Path:
        """The accepted sets: one Zarr group per partition, and the grid."""
        return self.root / "accepted.zarr"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.root / "report.html"
