"""What recorders of simulated days do wrong, with the truth of each.

Flaws are drawn by station and date, hour by hour, and act on counts: spikes, steps, calibration
pulses; then clipping, constant fill, gaps, a dead station, a wrong clock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.simulate._day_noise import NoiseSpan, StationNoise, is_flawed
from quakeloom.simulate._day_sources import DAY_S

CLIP_COUNTS = 2**23 - 1
"""Counts at which a digitizer of 24 bits clips."""

_PER_HOUR = {"spike": 3.0, "step": 0.5, "fill": 0.5, "gap": 0.6}
"""How many there are in an hour of a flawed station, on average; chosen here."""

_PULSES, _PULSE_S = 6, 20.0
"""Calibration pulses of a day, and the seconds from one to the next."""

_STEP_TAIL_S = 400.0
"""A step has faded after so many seconds."""

_SHORTEST_S, _LONGEST_FILL_S, _LONGEST_GAP_S = 0.5, 120.0, 900.0
"""Lengths of fills and gaps, s; with a uniform logarithm, chosen here."""

_CLOCK_S = (0.4, 3.0)
"""Size of a clock error, s; of either sign, in fifths of a second, which are whole samples."""


def draw_flaws(noise: StationNoise, first_s: float, end_s: float) -> list[NoiseSpan]:
    """Return the flaws of a station that reach into a span of time.

    Parameters
    ----------
    noise : StationNoise
        Of the station.
    first_s, end_s : float
        Seconds from 1970, by a right clock.

    Returns
    -------
    list of NoiseSpan
        Values: size in standard deviations of the background (spike, step, calibration), s that
        a clock is late by its own time (clock), 0 (fill, gap, dead).
    """
    found: list[NoiseSpan] = []
    # a step may have begun the day before
    for day in range(int((first_s - _STEP_TAIL_S) // DAY_S), int((end_s - 1e-6) // DAY_S) + 1):
        midnight = DAY_S * day
        for kind, mean in _PER_HOUR.items():
            if not is_flawed(noise, kind, day):
                continue
            random = noise.stream(kind, day)
            for hour in range(24):
                for _ in range(int(random.poisson(mean))):
                    found.append(_draw_one(random, kind, midnight + 3600.0 * hour))
        if is_flawed(noise, "calibration", day):
            random = noise.stream("calibration", day)
            start = midnight + DAY_S * random.random()
            size = float(300.0 * 10.0 ** random.random())
            length = (_PULSES + 1) * _PULSE_S
            found.append(NoiseSpan("calibration", start, start + length, size))
        if is_flawed(noise, "dead", day):
            found.append(NoiseSpan("dead", midnight, midnight + DAY_S, 0.0))
        if is_flawed(noise, "clock", day):
            found.append(NoiseSpan("clock", midnight, midnight + DAY_S, clock_error(noise, day)))
    return sorted(
        (s for s in found if s.start_s < end_s and s.end_s > first_s),
        key=lambda s: (s.start_s, s.kind, s.components),
    )


def _draw_one(random: np.random.Generator, kind: str, hour_s: float) -> NoiseSpan:
    u = random.random(5)
    # times that a hundredth of a second divides, as most samples do
    start = round(hour_s + 3600.0 * u[0], 2)
    component = "ZNE"[int(3 * u[1])]
    sign = 1.0 if u[4] < 0.5 else -1.0
    if kind == "spike":
        return NoiseSpan(kind, start, start + 0.01, sign * 50.0 * 40.0 ** u[2], component)
    if kind == "step":
        return NoiseSpan(kind, start, start + _STEP_TAIL_S, sign * 30.0 * 20.0 ** u[2], component)
    longest = _LONGEST_FILL_S if kind == "fill" else _LONGEST_GAP_S
    length = round(_SHORTEST_S * (longest / _SHORTEST_S) ** u[3], 2)
    return NoiseSpan(kind, start, start + length, 0.0)


def clock_error(noise: StationNoise, day: int) -> float:
    """Return how late the record of a station is stamped on a day, s; 0 for a right clock."""
    if not is_flawed(noise, "clock", day):
        return 0.0
    u = noise.stream("clock", day).random(2)
    low, high = _CLOCK_S
    size = 0.2 * round((low + (high - low) * u[0]) / 0.2)
    return float(round(size if u[1] < 0.5 else -size, 1))


def apply_flaws(
    counts: NDArray[np.float32],
    first: int,
    flaws: list[NoiseSpan],
    rate: int,
    unit_counts: float,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Put flaws on a record and turn it into whole counts.

    Parameters
    ----------
    counts : ndarray of float32, shape (3, samples)
        Sound record; it is changed.
    first : int
        Sample from 1970.
    flaws : list of NoiseSpan
        From :func:`draw_flaws`.
    rate : int
        Sampling rate, Hz.
    unit_counts : float
        Standard deviation of the background from 2 to 20 Hz.

    Returns
    -------
    counts : ndarray of int32, shape (3, samples)
    is_recorded : ndarray of bool, shape (samples,)
        False in gaps.
    is_sound : ndarray of bool, shape (samples,)
        False in gaps, in constant fill, where a component clips and where the station is dead.
    """
    samples = counts.shape[1]
    for flaw in flaws:
        begin = round(flaw.start_s * rate) - first
        end = round(flaw.end_s * rate) - first
        size = flaw.value * unit_counts
        if flaw.kind == "spike" and 0 <= begin < samples:
            counts["ZNE".index(flaw.components), begin] += size
        elif flaw.kind in ("step", "calibration"):
            low, high = max(begin, 0), min(end, samples)
            t = np.arange(low - begin, high - begin) / rate
            if flaw.kind == "step":
                wave = size * np.exp(-t / (0.15 * _STEP_TAIL_S))
                counts["ZNE".index(flaw.components), low:high] += wave.astype(np.float32)
            else:
                counts[:, low:high] += (size * _pulses(t)).astype(np.float32)
    whole = np.empty(counts.shape, np.int32)
    is_sound: NDArray[np.bool_] = np.ones(samples, bool)
    is_recorded: NDArray[np.bool_] = np.ones(samples, bool)
    # one component after the other and in place: a day of three is some hundred MB
    for k, row in enumerate(counts):
        np.clip(row, -CLIP_COUNTS, CLIP_COUNTS, out=row)
        np.rint(row, out=row)
        whole[k] = row
        is_sound &= np.abs(whole[k]) < CLIP_COUNTS
    for flaw in flaws:
        low = max(round(flaw.start_s * rate) - first, 0)
        high = min(round(flaw.end_s * rate) - first, samples)
        if flaw.kind not in ("fill", "gap", "dead") or low >= high:
            continue
        is_sound[low:high] = False
        if flaw.kind == "gap":
            is_recorded[low:high] = False
        elif flaw.kind == "dead":
            whole[:, low:high] = 0
        else:
            whole[:, low:high] = whole[:, low : low + 1]
    return whole, is_recorded, is_sound


def _pulses(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The response of a seismometer to a current switched on and off, again and again."""
    wave = np.zeros(t.size)
    for k in range(_PULSES):
        for delay, sign in ((0.0, 1.0), (0.5 * _PULSE_S, -1.0)):
            since = t - (k * _PULSE_S + delay)
            own = since > 0.0
            # a damped swing of a second and a half
            wave[own] += sign * np.exp(-since[own] / 0.9) * np.sin(2.0 * np.pi * since[own] / 1.5)
    return wave
