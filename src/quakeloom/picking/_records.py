"""Pick records of any length: absolute windows, probabilities, peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError
from quakeloom.picking._pairs import choose_s, prefer_earliest
from quakeloom.picking._peaks import find_peaks
from quakeloom.picking._pick_errors import WIDE_TARGETS
from quakeloom.picking._picker import PHASES, Picker
from quakeloom.picking._steady import steady_probabilities, windows_between
from quakeloom.picking._vetting import Vetting, vet_peaks
from quakeloom.signal import (
    Record,
    WindowGrid,
    cut_windows,
    signal_to_noise,
    stack_windows,
    window_starts,
)

_TOGETHER = 256
"""Windows that are cut and read at a time; chosen here: some MB, and whole batches of networks."""

_AROUND_S = 5.0
"""Seconds of a record on either side of a pick, more than its signal and noise span."""


@dataclass(frozen=True)
class PickOptions:
    """How probabilities become picks.

    Attributes
    ----------
    p_threshold, s_threshold : float
        Minimum probability.
    hop_share : float
        Windows of a record begin every this share of their length; where there may be an arrival
        they are closer, with ``steady``.
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
    s_share : float
        Of the S that could belong to one P the earliest counts that is this share as probable
        as the surest, where there are horizontals; see :func:`prefer_earliest`. Chosen by
        five-fold cross-validation on 1,400 simulated records, where 0.4 to 0.8 are equal
        with three components and the surest is best on verticals alone.
    steady : bool
        Average over both signs and more windows where there may be an arrival.
    vetting : Vetting
        What a peak of P must have.
    """

    p_threshold: float = 0.3
    s_threshold: float = 0.3
    hop_share: float = 0.5
    blind_share: float = 1.0 / 6.0
    distance_s: float = 0.5
    edge_s: float = 0.5
    one_s_per_p: bool = True
    longest_s_minus_p_s: float = 60.0
    s_alone_threshold: float = 0.5
    s_share: float = 0.6
    steady: bool = True
    vetting: Vetting = field(default_factory=Vetting)

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
    refused : list of str
        Peaks above the threshold that are no picks, counted by their reasons, in words.
    """

    phase: list[str]
    time: NDArray[np.int64]
    uncertainty_s: NDArray[np.float64]
    probability: NDArray[np.float64]
    snr: NDArray[np.float64]
    channel: list[str]
    refused: list[str] = field(default_factory=list)


def picking_grid(picker: Picker, options: PickOptions) -> WindowGrid:
    """Return the grid of windows of a picker, with blinded edges."""
    hop = min(int(options.hop_share * picker.samples), picker.samples)
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
    plans = [_WindowPlan(record, grid) for record in records]
    _read_windows(picker, plans, "regular", grid.blind, options.steady)
    # windows at the ends of records are used whole
    _read_windows(picker, plans, "edges", 0, options.steady)
    if options.steady:
        for plan in plans:
            plan.add_between()
        _read_windows(picker, plans, "between", grid.blind, options.steady)
    return [plan.stack()[:, : plan.size] for plan in plans]


class _WindowPlan:
    """The windows of one record, and what the picker says of them."""

    def __init__(self, record: Record, grid: WindowGrid) -> None:
        self.size = record.data.shape[1]
        self.data = record.data
        if self.size < grid.samples:
            self.data = np.pad(record.data, ((0, 0), (0, grid.samples - self.size)))
        self._grid, self._first = grid, record.first_sample
        regular, edges = window_starts(grid, self._first, self.data.shape[1])
        self.starts = {"regular": regular, "edges": edges, "between": edges[:0]}
        self.values: dict[str, NDArray[np.float32]] = {}

    def add_between(self) -> None:
        """Plan more windows where there may be an arrival."""
        self.starts["between"] = windows_between(
            self._grid, self._first, self.stack(), self.starts["regular"]
        )

    def stack(self) -> NDArray[np.float32]:
        """Return the average of all windows that were read, along the record."""
        own = [n for n in ("regular", "between") if n in self.values]
        starts = np.concatenate([self.starts[n] for n in own])
        values = np.concatenate([self.values[n] for n in own])
        edges = (self.starts["edges"], self.values["edges"])
        return stack_windows(self._grid, (starts, values), edges, self.data.shape[1])


def _read_windows(
    picker: Picker, plans: list[_WindowPlan], kind: str, blind: int, steady: bool
) -> None:
    """Read all windows of a kind together, as many at a time as stay near the core."""
    read = steady_probabilities if steady else _once
    shape = 2, picker.samples
    for plan in plans:
        plan.values[kind] = np.empty((plan.starts[kind].size, *shape), np.float32)
    waiting: list[tuple[_WindowPlan, int, int]] = []
    held = 0

    def read_waiting() -> None:
        pieces = [cut_windows(p.data, p.starts[kind][a:b], picker.samples) for p, a, b in waiting]
        values = read(picker, pieces[0] if len(pieces) == 1 else np.concatenate(pieces), blind)
        first = 0
        for plan, a, b in waiting:
            plan.values[kind][a:b] = values[first : first + b - a]
            first += b - a
        waiting.clear()

    for plan in plans:
        done = 0
        while done < plan.starts[kind].size:
            more = min(plan.starts[kind].size - done, _TOGETHER - held)
            waiting.append((plan, done, done + more))
            done, held = done + more, held + more
            if held == _TOGETHER:
                read_waiting()
                held = 0
    if waiting:
        read_waiting()


def _once(picker: Picker, windows: NDArray[np.float32], blind: int) -> NDArray[np.float32]:
    if not len(windows):
        return np.zeros((0, 2, windows.shape[2]), np.float32)
    return picker.probabilities(windows, blind)


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
    p_peaks, s_peaks = _find_all(traces, rate_hz, options)
    return p_peaks, _own_s(p_peaks, s_peaks, rate_hz, options, options.s_share)


Peaks = tuple[NDArray[np.float64], ...]


def _find_all(
    traces: NDArray[np.float32], rate_hz: float, options: PickOptions
) -> tuple[Peaks, Peaks]:
    distance = max(round(options.distance_s * rate_hz), 1)
    thresholds = (options.p_threshold, options.s_threshold)
    p_peaks, s_peaks = (
        find_peaks(trace, threshold, distance)
        for trace, threshold in zip(traces, thresholds, strict=True)
    )
    return p_peaks, s_peaks


def _own_s(
    p_peaks: Peaks, s_peaks: Peaks, rate_hz: float, options: PickOptions, share: float
) -> Peaks:
    """Return the S peaks that have a P of their own."""
    if not options.one_s_per_p:
        return s_peaks
    longest = options.longest_s_minus_p_s * rate_hz
    rank = prefer_earliest(p_peaks[0], s_peaks[0], s_peaks[2], share)
    is_own = choose_s(p_peaks[0], s_peaks[0], rank, longest, options.s_alone_threshold)
    return tuple(values[is_own] for values in s_peaks)


def _find_picks(
    picker: Picker, record: Record, trace: NDArray[np.float32], options: PickOptions
) -> Picks:
    rate = record.rate_hz
    reach = round(_AROUND_S * rate)
    errors = getattr(picker, "errors", WIDE_TARGETS)
    vertical = picker.components.index("Z")
    flat = [k for k in range(len(picker.components)) if k != vertical and record.channels[k]]
    peaks: list[Peaks] = []
    refused: list[str] = []
    for phase, found in zip(PHASES, _find_all(trace, rate, options), strict=True):
        is_pick, why = vet_peaks(record, phase, found[0], found[2], options.edge_s, options.vetting)
        peaks.append(tuple(values[is_pick] for values in found))
        refused += why.sentences()
    # the vertical alone shows a burst in the coda of P as well as S
    peaks[1] = _own_s(peaks[0], peaks[1], rate, options, options.s_share if flat else 0.0)
    rows = []
    for k, (phase, found) in enumerate(zip(PHASES, peaks, strict=True)):
        for position, _, probability in zip(*found, strict=True):
            use = [vertical] if phase == "P" and record.channels[vertical] else flat or [vertical]
            # a view of what is looked at: a record can be a day long
            first = max(round(position) - reach, 0)
            near = record.data[:, first : round(position) + reach]
            snr = signal_to_noise(near[use], round(position) - first, rate)
            rows.append(
                (
                    phase,
                    record.time_of(position),
                    errors[k].of(probability, rate),
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
        refused,
    )
