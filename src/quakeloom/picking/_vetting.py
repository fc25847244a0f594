"""Which peaks of probability are no picks: at the ends of records, across gaps, in mere noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quakeloom.signal import (
    Record,
    component_of,
    flag_bit,
    high_pass_causally,
    signal_to_noise,
)

_HIGH_PASS_HZ = 1.0
"""Corner of the high-pass before signals are held against noise: long periods hide local events."""

_BEFORE_S, _AFTER_S = 6.0, 2.0
"""Seconds around a peak that are looked at: three of noise, and time for the filter to settle."""

_NOISE_S = 0.6
"""Seconds before a P that must have been recorded for its noise to be known."""

_AFTER_GAP_S = 0.5
"""No peak counts so soon after a bridged gap: its end looks like an onset."""


_AT_SPIKE_S = 0.1
"""Seconds from a spike within which a peak is of the spike; chosen here: classical pickers
and networks answer to one within some samples."""


@dataclass(frozen=True)
class Vetting:
    """What a peak of P must have to be a pick.

    Attributes
    ----------
    least_snr : float
        Signal over noise above 1 Hz on the best component,
    sure : float
        or else this probability. Chosen on 1,400 simulated records and 24 hours of made
        noise: less than one P an hour is left of the noise, and 2 % of the simulated P are lost.
    """

    least_snr: float = 1.6
    sure: float = 0.75


@dataclass
class Refused:
    """Peaks of one record that are no picks, counted by their reasons."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, phase: str, reason: str) -> None:
        """Count a peak."""
        self.counts[f"{phase} {reason}"] += 1

    def sentences(self) -> list[str]:
        """Return one sentence for every reason."""
        return [f"{n} x {what}: refused" for what, n in sorted(self.counts.items())]


def vet_peaks(
    record: Record,
    phase: str,
    position: NDArray[np.float64],
    probability: NDArray[np.float64],
    edge_s: float,
    vetting: Vetting,
) -> tuple[NDArray[np.bool_], Refused]:
    """Say which peaks of a phase can be picks.

    Refused are peaks near the ends of the record; in bridged gaps and right after them, except P
    that stands out on the vertical, which has no gap; P without noise before it, or that does
    not stand out of it; peaks at one sample that stands alone, as transmission makes them. Peaks
    near the ends are not counted: they belong to no record.

    Parameters
    ----------
    record : Record
    phase : {"P", "S"}
    position, probability : ndarray, shape (n,)
        In samples of the record.
    edge_s : float
    vetting : Vetting

    Returns
    -------
    is_pick : ndarray of bool, shape (n,)
    refused : Refused
    """
    rate, size = record.rate_hz, record.data.shape[1]
    edge = round(edge_s * rate)
    refused = Refused()
    is_pick = np.zeros(position.size, bool)
    vertical = [k for k, c in enumerate(record.channels) if component_of(c) == "Z"]
    spikes = _spikes(record)
    for i, (at, sure) in enumerate(zip(position, probability, strict=True)):
        if not edge <= at < size - edge:
            continue
        near_gap = any(a <= at < b + _AFTER_GAP_S * rate for a, b in record.gaps)
        if near_gap and not (
            phase == "P" and vertical and _stands_out(record, at, vetting, vertical)
        ):
            refused.add(phase, "in a gap or right after it")
        elif any(abs(at - spike) <= _AT_SPIKE_S * rate for spike in spikes):
            refused.add(phase, "at one sample that stands alone (a spike)")
        elif phase == "P" and at < _NOISE_S * rate:
            refused.add(phase, "without noise before it, at the start of a record")
        elif phase == "P" and sure < vetting.sure and not _stands_out(record, at, vetting):
            refused.add(
                phase,
                f"of probability below {vetting.sure:g} and signal-to-noise ratio below "
                f"{vetting.least_snr:g}",
            )
        else:
            is_pick[i] = True
    return is_pick, refused


def _spikes(record: Record) -> list[int]:
    """Return the sample of the largest value of every component that has a spike."""
    spiky = [k for k, flags in enumerate(record.flags) if flags & flag_bit("spikes")]
    return sorted({int(np.argmax(np.abs(record.data[k]))) for k in spiky})


def _stands_out(record: Record, at: float, vetting: Vetting, of: Sequence[int] = (0, 1, 2)) -> bool:
    """Say whether one of some components rises above its noise at a peak."""
    rate = record.rate_hz
    first = max(round(at - _BEFORE_S * rate), 0)
    near = record.data[list(of), first : round(at + _AFTER_S * rate)]
    for component in near[near.any(axis=1)]:
        # as if its first value had stood before, so that no step rings
        high = high_pass_causally(component - component[0], _HIGH_PASS_HZ, rate)
        if signal_to_noise(high, round(at) - first, rate) >= vetting.least_snr:
            return True
    return False
