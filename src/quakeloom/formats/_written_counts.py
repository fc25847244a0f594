"""What a writer of an event format wrote, and what it had to leave out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class WrittenCounts:
    """Counts of one file.

    Attributes
    ----------
    events, picks : int
        What was written.
    left_out : dict of str to int
        How many of what were left out, by the reason in words.
    """

    events: int = 0
    picks: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Count something that the format cannot hold."""
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + count

    def sentences(self) -> list[str]:
        """Return what was left out, in words."""
        return [f"{count} {reason}" for reason, count in self.left_out.items()]
