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

    def plan(self, stage: str, item: str) -> Path:
        """A plan file: the cache key of one unit of work."""
        return self.root / "plan" / stage / f"{item}.json"

    def part(self, stage: str, partition: str) -> Path:
        """Folder of what a stage made of one partition."""
        return self.root / "parts" / stage / partition

    def done(self, stage: str, item: str) -> Path:
        """The marker that a unit of work is complete, with digests of what it wrote."""
        return self.root / "parts" / stage / f"{item}.json"

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
