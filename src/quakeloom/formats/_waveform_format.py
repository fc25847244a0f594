"""What a waveform file gives: traces, and problems in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

_NANO = 1_000_000_000
"""Nanoseconds of a second."""


@dataclass(frozen=True)
class Trace:
    """One contiguous piece of one channel.

    Attributes
    ----------
    network, station, location_code, channel : str
        SEED codes, empty if not known. The last letter of the channel is the component, but
        for the names of K-NET and KiK-net (``UD``, ``NS2``).
    start : int
        Time of the first sample, nanoseconds since 1970, UTC.
    sampling_rate_hz : float
    samples : ndarray, shape (count,)
        As in the file (integers stay integers); empty if only the header was read.
    count : int
        Number of samples.
    source_file : str
    sensor : str
        What the header says of the sensor and of the unit of the samples, such as
        ``L22 velocity``; tells apart two sensors with the same codes. Empty as a rule.
    azimuth_deg, dip_deg : float
        Direction in which positive samples move the ground, as the header says: clockwise
        from north, and down from the horizontal (-90 is up). NaN if not known.
    """

    network: str
    station: str
    location_code: str
    channel: str
    start: int
    sampling_rate_hz: float
    samples: NDArray[Any]
    count: int
    source_file: str
    sensor: str = ""
    azimuth_deg: float = math.nan
    dip_deg: float = math.nan

    @property
    def end(self) -> int:
        """Time just after the last sample, nanoseconds since 1970."""
        return self.start + round(self.count * _NANO / self.sampling_rate_hz)

    @property
    def name(self) -> str:
        """The codes that are known, as a person would write them."""
        codes = (self.network, self.station, self.location_code, self.channel)
        return ".".join(c for c in codes if c)


@dataclass
class WaveformFile:
    """What one waveform file gives.

    Attributes
    ----------
    traces : list of Trace
    problems : list of str
        What could not be read, in words; one per record or trace that was left out, and one
        for everything that was resolved by a rule instead of being read.
    """

    traces: list[Trace] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WaveformFormat:
    """One waveform format: name, reader, and how it is recognized.

    ``read(path, headers)`` gives a :class:`WaveformFile`, without samples if ``headers``.
    """

    name: str
    title: str
    read: Callable[[Path, bool], WaveformFile]
    sniff: Callable[[bytes, Path], bool]
