"""What goes wrong with records: clipping, spikes, gaps, dead and swapped channels, wrong clocks.

Simulated seismograms are sound; this makes them as archives have them, with the truth of
every flaw kept, to train on and to test what reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.simulate._counted_random import Draws, uniform_rows

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLAWS = (
    "clipped",
    "spiked",
    "gap",
    "dead",
    "swapped",
    "reversed",
    "late_clock",
    "second_event",
    "coarse",
)
"""Kinds of flaws, in the order of :func:`draw_record_flaws`."""

_DRAWS = 40
"""Uniform numbers that a record may take; more than all flaws together need."""

_STREAM = 0x6A09E667F3BCC909
"""Sets the streams of flaws apart from those of seismograms with the same keys; the first bits of
the fraction of the square root of 2, made odd."""

_ORDERS = np.array([[1, 0, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0], [2, 0, 1]])
"""Ways in which components can be crossed: which of Z, N, E (0, 1, 2) stands where they should."""


@dataclass(frozen=True)
class RecordFlaws:
    """Flaws of records, one value per record; the value that does nothing is in brackets.

    Attributes
    ----------
    clip_share : ndarray
        The recorder saturates at this share of the record's peak (1).
    spike_sample : ndarray of int64, shape (records, 3)
        Single samples thrown off, on a component each (-1).
    spike_size : ndarray, shape (records, 3)
        Their size in peaks of the record, signed.
    gap_start, gap_samples : ndarray of int64
        Samples that are missing, on all components (0 samples).
    dead_components : ndarray of int64
        Bits 1, 2, 4: Z, N, E hold a constant (0).
    order : ndarray of int64, shape (records, 3)
        Which component stands where Z, N, E should (0, 1, 2).
    sign : ndarray, shape (records, 3)
        -1 where a component is wired the wrong way round (1).
    clock_error_s : ndarray
        The recorder's clock is late by this: waves come early in the record (0).
    second_row : ndarray of int64
        The earthquake of another record is added, by its row (-1).
    second_shift : ndarray of int64
        Samples by which it comes later.
    second_gain : ndarray
        Its size.
    step : ndarray
        Smallest step of the recorder, as a share of the record's peak (0).
    """

    clip_share: Floats
    spike_sample: NDArray[np.int64]
    spike_size: Floats
    gap_start: NDArray[np.int64]
    gap_samples: NDArray[np.int64]
    dead_components: NDArray[np.int64]
    order: NDArray[np.int64]
    sign: Floats
    clock_error_s: Floats
    second_row: NDArray[np.int64]
    second_shift: NDArray[np.int64]
    second_gain: Floats
    step: Floats

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.clip_share.size)

    def kinds(self) -> dict[str, Bools]:
        """Return, for each of :data:`FLAWS`, which records have it."""
        return {
            "clipped": self.clip_share < 1.0,
            "spiked": (self.spike_sample >= 0).any(axis=1),
            "gap": self.gap_samples > 0,
            "dead": self.dead_components > 0,
            "swapped": (self.order != np.arange(3)).any(axis=1),
            "reversed": (self.sign < 0).any(axis=1),
            "late_clock": self.clock_error_s != 0.0,
            "second_event": self.second_row >= 0,
            "coarse": self.step > 0.0,
        }


def draw_record_flaws(
    keys: NDArray[np.uint64],
    samples: int,
    share: float = 0.03,
    neighbors: int = 1,
    kinds: tuple[str, ...] = FLAWS,
) -> RecordFlaws:
    """Draw the flaws of records, each kind with one probability.

    Parameters
    ----------
    keys : ndarray of uint64, shape (records,)
        Streams of the records; flaws draw from streams of their own.
    samples : int
        Length of the records.
    share : float
        Probability of each kind, 0 to 1; kinds are independent of each other.
    neighbors : int
        A second event is that of one of so many records before (rows count modulo the number
        of records). It is the only flaw that looks at other records.
    kinds : tuple of str
        Of :data:`FLAWS`.

    Raises
    ------
    InputError
        For a share outside 0 to 1 or an unknown kind.
    """
    unknown = sorted(set(kinds) - set(FLAWS))
    if unknown or not 0.0 <= share <= 1.0:
        found = f"the kind '{unknown[0]}'" if unknown else f"a share of {share}"
        raise InputError(
            f"Flaws of records were asked for with {found}. No record was changed; a share lies "
            f"between 0 and 1, and kinds are {', '.join(FLAWS)}."
        )
    n = keys.size
    u = Draws(uniform_rows(keys ^ np.uint64(_STREAM), 0, _DRAWS))

    def happens(kind: str) -> Bools:
        # Drawn for every kind, asked for or not: one kind less leaves the others as they are.
        drawn: Bools = u.uniform() < share
        return drawn & (kind in kinds)

    clip = np.where(happens("clipped"), 0.1 + 0.8 * u.uniform(), 1.0)
    spike_sample, spike_size = _draw_spikes(u, happens("spiked"), samples)
    has_gap = happens("gap")
    length = np.minimum(0.5 * samples, u.log_uniform(2.0, 0.3 * samples)).astype(np.int64)
    gap_start = np.floor(u.uniform() * (samples - length)).astype(np.int64)
    which, other = u.uniform(), u.uniform()
    dead = np.where(happens("dead"), _dead_components(which, other), 0)
    order = np.where(
        happens("swapped")[:, None],
        _ORDERS[np.floor(u.uniform() * len(_ORDERS)).astype(np.int64)],
        np.arange(3),
    )
    sign = np.where(happens("reversed")[:, None] & (np.arange(3) == 0), -1.0, 1.0)
    late = happens("late_clock")
    direction = np.where(u.uniform() < 0.5, -1.0, 1.0)
    clock = np.where(late, direction * u.log_uniform(0.02, 5.0), 0.0)
    second = happens("second_event")
    back = 1 + np.floor(u.uniform() * neighbors).astype(np.int64)
    row = (np.arange(n) - back) % max(n, 1)
    shift = np.floor((u.uniform() - 0.4) * samples).astype(np.int64)
    gain = u.log_uniform(0.1, 3.0)
    step = np.where(happens("coarse"), u.log_uniform(1.0 / 400.0, 1.0 / 8.0), 0.0)
    return RecordFlaws(
        clip, spike_sample, spike_size, gap_start, np.where(has_gap, length, 0), dead, order,
        sign, clock, np.where(second, row, -1), shift, gain, step,
    )  # fmt: skip


def _draw_spikes(u: Draws, spiked: Bools, samples: int) -> tuple[NDArray[np.int64], Floats]:
    """Samples of spikes, -1 for none, and their sizes: one on Z, further ones less often."""
    spike_sample = np.empty((spiked.size, 3), np.int64)
    spike_size = np.empty((spiked.size, 3))
    for k in range(3):
        at = np.floor(u.uniform() * samples).astype(np.int64)
        spike_sample[:, k] = np.where(spiked & ((k == 0) | (u.uniform() < 0.4)), at, -1)
        signed = u.uniform()
        spike_size[:, k] = np.where(signed < 0.5, -1.0, 1.0) * 20.0 ** (2.0 * np.abs(signed - 0.5))
    return spike_sample, spike_size


def _dead_components(which: Floats, other: Floats) -> NDArray[np.int64]:
    """Bits of dead components: both horizontals as often as all other ways together.

    A single vertical seismometer on a recorder of three channels is common.
    """
    some = 1 + np.floor(other * 6.0).astype(np.int64)
    return np.where(which < 0.5, 6, some)


def apply_record_flaws(
    data: NDArray[np.float32], flaws: RecordFlaws, sampling_rate_hz: float
) -> tuple[NDArray[np.float32], Bools]:
    """Return records with their flaws, and which of their samples were recorded.

    In the order in which they come about: a second earthquake; components crossed and turned;
    saturation; the recorder's steps; spikes; dead channels; a clock that is late; a gap.

    Parameters
    ----------
    data : ndarray of float32, shape (records, 3, samples)
        Sound records, components Z, N, E. It is left as it is.
    flaws : RecordFlaws
    sampling_rate_hz : float
        Clock errors are rounded to samples.

    Returns
    -------
    flawed : ndarray of float32, shape (records, 3, samples)
        Zero where nothing was recorded.
    is_recorded : ndarray of bool, shape (records, samples)
        False in gaps and where a shifted clock has left the ends empty.

    Raises
    ------
    InputError
        If flaws and records are not as many.
    """
    count, components, samples = data.shape
    if count != flaws.count or components != 3:
        raise InputError(
            f"Flaws of {flaws.count} records were to be applied to {count} records with "
            f"{components} components. No record was changed; give one row of flaws per "
            "three-component record."
        )
    out = np.array(data, dtype=np.float32)
    recorded = np.ones((count, samples), bool)
    kinds = flaws.kinds()
    for r in np.flatnonzero(np.any([kinds[name] for name in FLAWS], axis=0)):
        x = out[r].astype(np.float64)
        if flaws.second_row[r] >= 0:
            other = flaws.second_gain[r] * data[flaws.second_row[r]].astype(np.float64)
            x += _shift(other, int(flaws.second_shift[r]))
        x = x[flaws.order[r]] * flaws.sign[r][:, None]
        peak = np.abs(x).max(initial=0.0)
        if flaws.clip_share[r] < 1.0:
            np.clip(x, -flaws.clip_share[r] * peak, flaws.clip_share[r] * peak, out=x)
        if flaws.step[r] > 0.0 and peak > 0.0:
            unit = flaws.step[r] * peak
            x = np.rint(x / unit) * unit
        for component, at in enumerate(flaws.spike_sample[r]):
            if at >= 0:
                x[component, at] += flaws.spike_size[r, component] * peak
        for component in range(3):
            if flaws.dead_components[r] >> component & 1:
                x[component] = 0.0
        early = round(flaws.clock_error_s[r] * sampling_rate_hz)
        x = _shift(x, -early)
        if early > 0:
            recorded[r, samples - min(early, samples) :] = False
        elif early < 0:
            recorded[r, : min(-early, samples)] = False
        gap = slice(flaws.gap_start[r], flaws.gap_start[r] + flaws.gap_samples[r])
        recorded[r, gap] = False
        x[:, ~recorded[r]] = 0.0
        out[r] = x
    return out, recorded


def flawed_arrivals(arrival_s: Floats, flaws: RecordFlaws, sampling_rate_hz: float) -> Floats:
    """Return where arrivals lie in records whose clocks are wrong.

    Parameters
    ----------
    arrival_s : ndarray, shape (records,)
        After the start of the sound record.
    flaws : RecordFlaws
    sampling_rate_hz : float

    Returns
    -------
    ndarray
        The clock error, rounded to samples, taken off.
    """
    moved: Floats = arrival_s - np.round(flaws.clock_error_s * sampling_rate_hz) / sampling_rate_hz
    return moved


def _shift(x: Floats, later: int) -> Floats:
    """Samples moved to later times, zeros where none come in."""
    out = np.zeros_like(x)
    n = x.shape[1]
    if 0 <= later < n:
        out[:, later:] = x[:, : n - later]
    elif -n < later < 0:
        out[:, :later] = x[:, -later:]
    return out
