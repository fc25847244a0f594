"""Pick records of any length: absolute windows, probabilities, peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.picking._pairs import choose_s
from quakeloom.picking._peaks import find_peaks
from quakeloom.picking._picker import PHASES, Picker
from quakeloom.signal import (
    Record,
    WindowGrid,
    cut_windows,
    signal_to_noise,
    stack_windows,
    window_starts,
)

_ERROR_PER_WIDTH = (0.2, 0.4)
"""Standard error over width of the peak, P and S, of networks trained with wide targets.

Chosen by the residuals of PhaseNet's picks of 77 records of Northern California.
"""


_AROUND_S = 5.0
"""Seconds of a record on either side of a pick, more than its signal and noise span."""


@dataclass(frozen=True)
class PickOptions:
    """How probabilities become picks.

    Attributes
    ----------
    p_threshold, s_threshold : float
        Minimum probability.
    blind_share : float
        Share of a window at each end that is not used, at most 1/4.
    distance_s : float
        Least distance of two picks of a phase.
    edge_s : float
        No pick is taken this close to the ends of a record.
    one_s_per_p : bool
        Keep no more S picks than there are P picks that they could belong to; see
        :func:`choose_s`.
    longest_s_minus_p_s : float
        Largest time of S after its P.
    s_alone_threshold : float
        Minimum probability of S without any P before it, with ``one_s_per_p``. Chosen with the
        77 records of Northern California in sight.
    """

    p_threshold: float = 0.3
    s_threshold: float = 0.3
    blind_share: float = 1.0 / 6.0
    distance_s: float = 0.5
    edge_s: float = 0.5
    one_s_per_p: bool = True
    longest_s_minus_p_s: float = 60.0
    s_alone_threshold: float = 0.5

    def __post_init__(self) -> None:
        """Refuse thresholds that are no probabilities."""
        for name in ("p_threshold", "s_threshold"):
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise SettingsError(
                    f"{name} is {value!r}, which is no probability between 0 and 1. Nothing was "
                    "picked; give one such as 0.3."
                )


@dataclass(frozen=True)
class Picks:
    """Picks of one record.

    Attributes
    ----------
    phase : list of str
    time : ndarray of int64
        Nanoseconds since 1970, at the sample of largest probability.
    uncertainty_s, probability, snr : ndarray of float64
    channel : list of str
        The vertical for P, a horizontal for S, as far as there is one.
    """

    phase: list[str]
    time: NDArray[np.int64]
    uncertainty_s: NDArray[np.float64]
    probability: NDArray[np.float64]
    snr: NDArray[np.float64]
    channel: list[str]


def picking_grid(picker: Picker, options: PickOptions) -> WindowGrid:
    """Return the grid of windows of a picker: half overlap, blinded edges."""
    hop = picker.samples // 2
    blind = min(round(options.blind_share * picker.samples), (picker.samples - hop) // 2)
    return WindowGrid(picker.samples, hop, blind)


def pick_records(
    picker: Picker, records: Sequence[Record], options: PickOptions | None = None
) -> list[Picks]:
    """Pick P and S in records; all their windows go through the picker together.

    Parameters
    ----------
    picker : Picker
    records : sequence of Record
        At the picker's rate, components in its order.
    options : PickOptions

    Returns
    -------
    list of Picks
        One per record. They depend neither on the other records nor on where a record
        starts, but for the first and last half window.
    """
    options = options or PickOptions()
    traces = record_probabilities(picker, records, options)
    return [_find_picks(picker, r, t, options) for r, t in zip(records, traces, strict=True)]


def record_probabilities(
    picker: Picker, records: Sequence[Record], options: PickOptions
) -> list[NDArray[np.float32]]:
    """Return the probabilities of P and S along records, each of shape (2, samples)."""
    grid = picking_grid(picker, options)
    plans = []
    pieces, ending = [], []
    for record in records:
        data = record.data
        n = data.shape[1]
        if n < grid.samples:
            data = np.pad(data, ((0, 0), (0, grid.samples - n)))
        regular, edges = window_starts(grid, record.first_sample, data.shape[1])
        plans.append((n, data.shape[1], regular, edges))
        pieces.append(cut_windows(data, regular, grid.samples))
        if edges.size:
            ending.append(cut_windows(data, edges, grid.samples))
    if not pieces:
        return []
    values = picker.probabilities(np.concatenate(pieces), grid.blind)
    # windows at the ends of records are used whole
    ends = picker.probabilities(np.concatenate(ending)) if ending else values
    traces = []
    first = last = 0
    for n, length, regular, edges in plans:
        a, b = first + regular.size, last + edges.size
        stacked = stack_windows(grid, (regular, values[first:a]), (edges, ends[last:b]), length)
        traces.append(stacked[:, :n])
        first, last = a, b
    return traces


def find_phases(
    traces: NDArray[np.float32], rate_hz: float, options: PickOptions
) -> tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...]]:
    """Return position, width and probability of the peaks of P, and the same of S.

    Parameters
    ----------
    traces : ndarray of float32, shape (2, samples)
        Probabilities of P and S along a record.
    rate_hz : float
    options : PickOptions
    """
    distance = max(round(options.distance_s * rate_hz), 1)
    p_peaks = find_peaks(traces[0], options.p_threshold, distance)
    s_peaks = find_peaks(traces[1], options.s_threshold, distance)
    if not options.one_s_per_p:
        return p_peaks, s_peaks
    longest = options.longest_s_minus_p_s * rate_hz
    is_own = choose_s(p_peaks[0], s_peaks[0], s_peaks[2], longest, options.s_alone_threshold)
    return p_peaks, tuple(values[is_own] for values in s_peaks)


def _find_picks(
    picker: Picker, record: Record, trace: NDArray[np.float32], options: PickOptions
) -> Picks:
    rate = record.rate_hz
    edge = round(options.edge_s * rate)
    reach = round(_AROUND_S * rate)
    factors = getattr(picker, "error_per_width", _ERROR_PER_WIDTH)
    vertical = picker.components.index("Z")
    flat = [k for k in range(len(picker.components)) if k != vertical and record.channels[k]]
    found = find_phases(trace, rate, options)
    rows = []
    for k, (phase, peaks) in enumerate(zip(PHASES, found, strict=True)):
        for position, width, probability in zip(*peaks, strict=True):
            if not edge <= position < trace.shape[1] - edge:
                continue
            use = [vertical] if phase == "P" and record.channels[vertical] else flat or [vertical]
            # a view of what is looked at: a record can be a day long
            first = max(round(position) - reach, 0)
            near = record.data[:, first : round(position) + reach]
            snr = signal_to_noise(near[use], round(position) - first, rate)
            rows.append(
                (
                    phase,
                    record.time_of(position),
                    max(factors[k] * width, 0.5) / rate,
                    min(probability, 1.0),
                    snr,
                    record.channels[use[0]],
                )
            )
    phases, times, errors, probabilities, ratios, channels = (
        zip(*rows, strict=True) if rows else [()] * 6
    )
    return Picks(
        list(phases),
        np.array(times, dtype=np.int64),
        np.array(errors, dtype=np.float64),
        np.array(probabilities, dtype=np.float64),
        np.array(ratios, dtype=np.float64),
        list(channels),
    )
