"""Which of several instruments of a station counts when they say the same."""

from __future__ import annotations

from dataclasses import dataclass

from quakeloom.signal import ACCELERATION


@dataclass(frozen=True)
class InstrumentSays:
    """What one instrument of a station says.

    Attributes
    ----------
    location_code, channel : str
    probability : float
    is_slow, is_clipped : bool
        Whether it records slower than the picker reads, and whether its wave is cut off.
    """

    location_code: str
    channel: str
    probability: float
    is_slow: bool = False
    is_clipped: bool = False

    @property
    def is_accelerometer(self) -> bool:
        """Whether the code names an accelerometer; names without a band code do not tell."""
        return len(self.channel) == 3 and self.channel[1].upper() in ACCELERATION

    @property
    def name(self) -> str:
        """Location and channel, as a person would write them."""
        return ".".join(c for c in (self.location_code, self.channel) if c)

    def rank(self) -> tuple[bool, bool, bool, float, str, str]:
        """Return what puts it before another: the smallest comes first."""
        return (self.is_slow, self.is_clipped, self.is_accelerometer, -self.probability,
                self.location_code, self.channel)  # fmt: skip


def choose_instrument(one: InstrumentSays, other: InstrumentSays) -> tuple[bool, str]:
    """Choose between two instruments that say the same at one time.

    Fast before slow, whole before clipped, seismometers before accelerometers, and then the
    surer.

    Returns
    -------
    is_first : bool
        Whether the first one counts.
    reason : str
        Such as ``seismometer HHZ before accelerometer 10.HNZ``.
    """
    is_first = one.rank() <= other.rank()
    kept, left = (one, other) if is_first else (other, one)
    for mark, words in (
        (left.is_slow > kept.is_slow, ("faster", "slower")),
        (left.is_clipped > kept.is_clipped, ("whole", "clipped")),
        (left.is_accelerometer > kept.is_accelerometer, ("seismometer", "accelerometer")),
    ):
        if mark:
            return is_first, f"{words[0]} {kept.name} before {words[1]} {left.name}"
    return is_first, f"surer {kept.name} before {left.name}"
