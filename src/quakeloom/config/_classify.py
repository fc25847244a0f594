"""Settings of classes of events: earthquakes, tremor, blasts, far earthquakes, noise."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from quakeloom.config._fields import Section, setting

ClassName = Literal["earthquake", "low_frequency", "blast", "teleseism", "noise"]
"""Classes of events."""

CLASS_SHARES = {
    "earthquake": 0.80,
    "low_frequency": 0.10,
    "blast": 0.05,
    "teleseism": 0.01,
    "noise": 0.04,
}
"""Shares of classes among events that a run finds; chosen here: about those of the demo of
continuous records."""


def check_shares(shares: dict[str, float]) -> dict[str, float]:
    """Return shares, of all classes, if they are such.

    Raises
    ------
    ValueError
        If a class is unknown or missing, or a share is negative, or all are 0.
    """
    wrong = sorted(set(shares) ^ set(CLASS_SHARES))
    if wrong:
        raise ValueError(
            f"'{wrong[0]}' is {'no class' if wrong[0] in shares else 'missing'}; give the shares "
            f"of {', '.join(CLASS_SHARES)}"
        )
    if min(shares.values()) < 0.0 or sum(shares.values()) <= 0.0:
        raise ValueError("shares of classes are 0 or more, and not all 0")
    return shares


class Classify(Section):
    """Classes of events: earthquake, tremor or low-frequency, blast, far earthquake, noise.

    The stage runs where this group is given, even empty (`classify: {}`), beside `waveforms`.
    """

    weights: str = setting(
        "own",
        "`own`: the weights that come with quakeloom; or a file of `quakeloom train classes`.",
    )
    most_stations: int = setting(
        20, "Records of so many stations tell the class of an event, the earliest.", "stations",
        ge=1, le=1000,
    )  # fmt: skip
    shares: dict[str, float] = setting(
        lambda: dict(CLASS_SHARES),
        "Shares of the classes among all events, expected before anything is seen of one; in "
        "proportion.",
    )

    @field_validator("shares")
    @classmethod
    def _are_shares(cls, value: dict[str, float]) -> dict[str, float]:
        return check_shares(value)
