"""Amplitudes of the picks of a record: windows around P and S, their noise, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Detect
from quakeloom.detection import VelocityResponse, WoodAnderson, ground_motion, peak
from quakeloom.signal import Record
from quakeloom.stages.archive.instrument_responses import StationResponses
from quakeloom.stages.detect.archive_days import NANO

_BEFORE_S = 0.5
"""Seconds before P with which windows begin."""

_AFTER_S, _SHARE = 3.0, 0.3
"""Seconds after S at which its window ends, or this share of S-P if that is more."""

_ALONE_S = 5.0
"""Seconds after an S without P at which its window ends (chosen here)."""

_P_S, _GUARD_S = 3.0, 0.2
"""Seconds after P at which its window ends, or so long before S, if that is first (chosen here)."""

_LEAST_S = 1.0
"""Seconds after the pick that a window has at least, also where the next earthquake's P follows."""

_NOISE_S, _LEAST_NOISE_S = 10.0, 2.0
"""Seconds of noise before a window, and the least that tells its level (chosen here)."""

_SPARE_S = 5.0
"""Seconds at both ends of what is transformed, for fading and for filters to settle."""

_LONGEST_S = 60.0
"""Seconds by which S may follow its P, as where picks are paired."""

_ALIKE = 0.02
"""Share by which responses of channels may differ that were turned into each other."""


@dataclass(frozen=True)
class PickWindow:
    """When a pick's amplitude is measured, and when its noise, nanoseconds since 1970."""

    start: int
    end: int
    noise_start: int
    noise_end: int


@dataclass
class Amplitudes:
    """Amplitudes of one pick; NaN where there is none, with the reason."""

    wood_anderson_mm: float = float("nan")
    snr: float = float("nan")
    corner_hz: float = float("nan")
    velocity_m_s: float = float("nan")
    reason: str = ""


def find_window(time: int, phase: str, p_times: NDArray[np.int64], s_times: NDArray[np.int64]
                ) -> PickWindow:  # fmt: skip
    """Return the window of a pick among those of its record.

    That of S is from 0.5 s before its P, the latest before it, to 3 s or 0.3 times S-P after it;
    that of P to 3 s after it, or shortly before its S. Both end at the next P, a second after
    their pick at the earliest: what comes then is of another earthquake.

    Parameters
    ----------
    time : int
        Nanoseconds since 1970.
    phase : {"P", "S"}
    p_times, s_times : ndarray of int64
        Picks of the record, ascending.
    """

    def ns(seconds: float) -> int:
        return round(seconds * NANO)

    later = p_times[p_times > time]
    stop = max(int(later[0]) - ns(_GUARD_S), time + ns(_LEAST_S)) if later.size else None
    if phase == "P":
        start = time - ns(_BEFORE_S)
        end = time + ns(_P_S)
        own = s_times[(s_times > time) & (s_times <= time + ns(_LONGEST_S))]
        if own.size:
            end = min(end, max(int(own[0]) - ns(_GUARD_S), time + ns(_GUARD_S)))
    else:
        before = p_times[(p_times < time) & (p_times >= time - ns(_LONGEST_S))]
        lag = time - int(before[-1]) if before.size else 0
        start = time - lag - ns(_BEFORE_S)
        end = time + (max(ns(_AFTER_S), round(_SHARE * lag)) if lag else ns(_ALONE_S))
    end = end if stop is None else min(end, stop)
    return PickWindow(start, end, start - ns(_NOISE_S), start - ns(_BEFORE_S))


class AmplitudeMeter:
    """Measures amplitudes on the records of one station."""

    def __init__(self, detect: Detect, components: str, responses: StationResponses) -> None:
        self._detect = detect
        self._components = components
        self._responses = responses
        self._instrument = WoodAnderson(
            detect.wood_anderson_gain, detect.wood_anderson_damping, detect.wood_anderson_period_s
        )

    def measure(
        self, record: Record, location: str, phases: Sequence[str], times: NDArray[np.int64],
        wanted: NDArray[np.bool_],
    ) -> list[Amplitudes]:  # fmt: skip
        """Return the amplitudes of the wanted picks of a record, empty ones of the others."""
        if not self._responses.any:
            return [Amplitudes(reason="no response is known") for _ in phases]
        p_times = np.sort(times[[p == "P" for p in phases]])
        s_times = np.sort(times[[p == "S" for p in phases]])
        return [
            self._of_pick(record, location, phase, find_window(int(t), phase, p_times, s_times))
            if is_wanted
            else Amplitudes()
            for phase, t, is_wanted in zip(phases, times, wanted, strict=True)
        ]

    def _of_pick(self, record: Record, location: str, phase: str, window: PickWindow) -> Amplitudes:
        vertical = self._components.index("Z")
        living = [k for k, c in enumerate(record.channels) if c and record.data[k].any()]
        flat = [k for k in living if k != vertical]
        use = flat if phase == "S" and flat else [vertical] if vertical in living else flat
        found: dict[int, tuple[VelocityResponse, bool]] = {}
        for k in {*use, *([vertical] if vertical in living else [])}:
            response = self._responses.find(location, record.channels[k], window.start)
            if isinstance(response, str):
                return Amplitudes(reason=response)
            found[k] = response
        if record.orientation == "rotated" and not _are_alike([r for r, _ in found.values()]):
            return Amplitudes(reason="components of unlike responses were turned into each other")
        best = Amplitudes()
        for corner in self._detect.amplitude_corners_hz:
            best = self._with_corner(record, use, found, window, corner)
            if not best.snr < self._detect.amplitude_snr:
                break
        if any(is_flat for _, is_flat in found.values()):
            best.wood_anderson_mm = float("nan")
            best.reason = "only the sensitivity of the channel is known, no response"
        elif phase == "S" and len(flat) < 2:
            what = "one horizontal alone" if flat else "the vertical, there is no horizontal"
            best.reason = "; ".join(filter(None, (best.reason, f"measured on {what}")))
        return best

    def _with_corner(
        self, record: Record, use: list[int],
        found: dict[int, tuple[VelocityResponse, bool]], window: PickWindow, corner: float,
    ) -> Amplitudes:  # fmt: skip
        rate, size = record.rate_hz, record.data.shape[1]

        def sample(time: int) -> int:
            return round((time - record.start) * rate / NANO)

        spare = round(_SPARE_S * rate)
        first = max(sample(window.noise_start) - spare, 0)
        last = min(sample(window.end) + spare, size)
        a, b = sample(window.start) - first, sample(window.end) - first
        c, d = max(sample(window.noise_start) - first, 0), sample(window.noise_end) - first
        vertical = self._components.index("Z")
        motions = {
            k: ground_motion(record.data[k, first:last], rate, r, corner, self._instrument)
            for k, (r, _) in found.items()
        }
        signal = float(np.mean([peak(motions[k][1], a, b) for k in use]))
        made = Amplitudes(signal, corner_hz=corner)
        if vertical in motions:
            made.velocity_m_s = peak(motions[vertical][0], a, b)
        if d - c >= _LEAST_NOISE_S * rate:
            noise = float(np.mean([peak(motions[k][1], c, d) for k in use]))
            made.snr = signal / noise if noise > 0.0 else float("nan")
        else:
            made.reason = "too little noise before it"
        if window.end > record.end:
            made.reason = "; ".join(filter(None, (made.reason, "the record ends in its window")))
        return made


def _are_alike(responses: Sequence[VelocityResponse]) -> bool:
    """Say whether channels have the same response from 1 to 10 Hz."""
    at = np.geomspace(1.0, 10.0, 8)
    values = np.array([r.at(at) for r in responses])
    size = np.abs(values).max(axis=0)
    return bool(np.all(np.abs(np.abs(values) - size) <= _ALIKE * size))
