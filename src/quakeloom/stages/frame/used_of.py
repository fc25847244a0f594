"""What a stage used of what it was given; whoever used nothing of something says so first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_REASONS = 5
"""Reasons that are told, the most frequent first; chosen to fit one message."""


@dataclass(frozen=True)
class UsedOf:
    """How many of what a stage was given it could use.

    Attributes
    ----------
    what : str
        In the plural, such as ``windows cut``.
    used, given : int
    reasons : tuple of (str, int)
        Why others were not used, with how many, the most frequent first.
    remedy : str
        What to look at, with the name of a setting.
    """

    what: str
    used: int
    given: int
    reasons: tuple[tuple[str, int], ...] = ()
    remedy: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was used of something."""
        return self.used == 0 and self.given > 0

    def sentence(self, stage: str) -> str:
        """Return the numbers, the reasons and the remedy in words."""
        why = ", ".join(f"{reason} ({count})" for reason, count in self.reasons[:_REASONS])
        return (
            f"Stage '{stage}': {self.used} of {self.given} {self.what}"
            + (f": {why}" if why else "")
            + f". {self.remedy}"
        )


def count_reasons(column: pa.ChunkedArray, used: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return how often each word of a column occurs that is not among the used ones."""
    kept = set(used)
    found = [
        (row["values"], row["counts"])
        for row in pc.value_counts(column).to_pylist()
        if row["values"] and row["values"] not in kept
    ]
    return tuple(sorted(found, key=lambda r: (-r[1], r[0])))
