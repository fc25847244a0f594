"""Noise of simulated days, in blocks of an hour of absolute time.

A block is a function of station and hour alone and fades into its neighbors with constant
power, so any span is cut from the same noise. Levels that change with time (culture, wind,
storms) are functions of absolute time, and multiply a stationary noise of their own spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from quakeloom.core import random_stream
from quakeloom.simulate._day_options import DayOptions
from quakeloom.simulate._day_sources import DAY_S
from quakeloom.simulate._day_stations import DayStations
from quakeloom.simulate._noise_models import noise_level
from quakeloom.simulate._seismogram_parameters import draw_record_parameters
from quakeloom.simulate._seismograms import receiver_response

Floats = NDArray[np.float64]

_BLOCK_S = 3600
"""Step of the blocks, s; chosen here."""

_FADE_S = 45
"""Overlap of blocks, s: longer than the longest period of the noise, and 3645 s have a fast
transform at any rate."""

_LOWEST_HZ = 0.05
"""Frequency below which noise fades, Hz, as of the noise of records."""

_RECORDER_COUNTS = 1.5
"""Standard deviation of the digitizer's own noise, counts; chosen here, as of good 24 bits."""

_SEISMIC_HZ = (2.0, 20.0)
"""Band in which levels of noise are compared with each other, Hz."""

_NODE_S = 5.0
"""Levels are given every so many seconds, and linear between."""

_LOCAL_DAY_H = (6.5, 18.5)
"""Hours of local time within which people work and drive."""

_NIGHT = 0.08
"""Culture at night over that of the day; chosen here."""

_MACHINE_HZ = (3.0, 24.0)
"""Frequencies of machines; the higher one less where the sampling rate is low; chosen here."""

_PASSES_PER_H = 15.0
"""Vehicles that pass a station in an hour of the day; chosen here."""


@dataclass(frozen=True)
class NoiseSpan:
    """A span of one kind of noise at one station: what truth says of it.

    Attributes
    ----------
    kind : str
    start_s, end_s : float
        Seconds from 1970.
    value : float
        Its level: what it means stands with the table of the truth.
    components : str
        Which of Z, N, E.
    """

    kind: str
    start_s: float
    end_s: float
    value: float
    components: str = "ZNE"


@dataclass(frozen=True)
class StationNoise:
    """Noise of one station.

    Attributes
    ----------
    options : DayOptions
    stations : DayStations
    station : int
    seed : int
    longitude : float
        For the local time.
    """

    options: DayOptions
    stations: DayStations
    station: int
    seed: int

    @property
    def longitude(self) -> float:
        """Longitude, for the local time."""
        return float(self.stations.table["longitude"][self.station])

    def stream(self, what: str, when: str | int) -> np.random.Generator:
        """Return the stream of this station for a purpose and a date or block."""
        return random_stream(self.seed, "day noise", what, self.stations.name(self.station), when)

    def ground(self, first: int, samples: int) -> NDArray[np.float32]:
        """Return ground velocity through the seismometer, m/s, shape (3, samples).

        Parameters
        ----------
        first : int
            Sample from 1970.
        samples : int
        """
        rate = self.options.rate
        out = np.zeros((3, samples), np.float32)
        step, fade = _BLOCK_S * rate, _FADE_S * rate
        for block in range((first - fade) // step, (first + samples - 1) // step + 1):
            begin = block * step
            low, high = max(begin, first), min(begin + step + fade, first + samples)
            if low >= high:
                continue
            made = self._block(block)
            out[:, low - first : high - first] += made[:, low - begin : high - begin]
        if "machine" in self.options.noise:
            self._add_machines(out, first)
        return out

    def level(self) -> float:
        """Return the standard deviation of the background from 2 to 20 Hz, m/s."""
        f = np.linspace(*_SEISMIC_HZ, 181)
        power = noise_level(f, self.stations.noise_share[self.station])
        return float(np.sqrt(power.sum() * (f[1] - f[0])))

    def spans(self, first_s: float, end_s: float) -> list[NoiseSpan]:
        """Return what noise there is in a span of time, beside the background."""
        found = []
        if "culture" in self.options.noise:
            found.append(NoiseSpan("culture", first_s, end_s, self._urban()))
        for kind in ("storm", "wind"):
            if kind in self.options.noise:
                found += self._spells(kind, first_s, end_s)
        if "machine" in self.options.noise:
            found += self._machine_spans(first_s, end_s)
        return [
            NoiseSpan(s.kind, max(s.start_s, first_s), min(s.end_s, end_s), s.value, s.components)
            for s in found
        ]

    def _block(self, block: int) -> NDArray[np.float32]:
        """Return an hour of noise with its fades."""
        rate = self.options.rate
        length, fade = (_BLOCK_S + _FADE_S) * rate, _FADE_S * rate
        frequency: Floats = np.asarray(np.fft.rfftfreq(length, 1.0 / rate), float)
        receiver = self._receiver(frequency)
        start_s = float(block * _BLOCK_S)
        share = float(self.stations.noise_share[self.station])
        power = noise_level(np.maximum(frequency, _LOWEST_HZ), share) * receiver**2
        power *= np.minimum(frequency / _LOWEST_HZ, 1.0) ** 2
        counts = self.stations.counts_per_m_s[self.station]
        power += (_RECORDER_COUNTS / counts) ** 2 * 2.0 / rate
        total = _shaped(self.stream("background", block), np.sqrt(power), length, rate)
        seconds = np.arange(start_s, start_s + _BLOCK_S + _FADE_S + _NODE_S, _NODE_S)
        for kind, shape, sides in (
            ("culture", _culture_shape, 1.3),
            ("wind", _wind_shape, 2.0),
            ("storm", _storm_shape, 1.0),
        ):
            if kind not in self.options.noise:
                continue
            level = getattr(self, f"_{kind}_level")(seconds)
            if not level.any():
                continue
            spectrum = np.sqrt(shape(frequency)) * receiver
            made = _shaped(self.stream(kind, block), spectrum, length, rate)
            times = np.arange(length) / rate
            made *= np.interp(times, seconds - start_s, level).astype(np.float32)
            made[1:] *= np.float32(sides)
            total += made
        ramp = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade).astype(np.float32)
        total[:, :fade] *= ramp
        total[:, length - fade :] *= ramp[::-1]
        return total

    def _receiver(self, frequency: Floats) -> Floats:
        p = draw_record_parameters(self.stations.keys[self.station : self.station + 1])
        p = p.with_values(
            instrument=self.stations.instrument[self.station : self.station + 1],
            lowpass_hz=np.array([self.stations.lowpass_hz]),
            is_linear_phase=np.ones(1, bool),
            highpass_hz=np.zeros(1),
        )
        return np.asarray(np.abs(receiver_response(p, frequency, float(self.options.rate))[0]))

    def _urban(self) -> float:
        """Culture of a day over the background: villages and mountains."""
        return float(0.2 * 10.0 ** self.stream("urban", "always").random())

    def _culture_level(self, seconds: Floats) -> Floats:
        local = np.mod(seconds / 3600.0 + self.longitude / 15.0, 24.0)
        rise = 1.0 / (1.0 + np.exp(-(local - _LOCAL_DAY_H[0]) / 0.4))
        fall = 1.0 / (1.0 + np.exp((local - _LOCAL_DAY_H[1]) / 0.4))
        day = _NIGHT + (1.0 - _NIGHT) * rise * fall
        level = day * self._slow("culture level", seconds, 300.0, 0.3)
        for hour in range(int(seconds[0] // 3600) - 1, int(seconds[-1] // 3600) + 1):
            random = self.stream("passes", hour)
            count = int(random.poisson(_PASSES_PER_H))
            u = random.random((count, 3))
            for at, width, size in zip(
                3600.0 * (hour + u[:, 0]), 15.0 + 20.0 * u[:, 1], 4.0 * u[:, 2] ** 2, strict=True
            ):
                near = np.abs(seconds - at) < width
                # there are as many fewer at night
                share = np.interp(at, seconds, day)
                if u.size and size * share > 0.05:
                    swell = np.cos(0.5 * np.pi * (seconds[near] - at) / width) ** 2
                    level[near] += size * share * swell
        return np.asarray(level * self._urban() * self.level())

    def _wind_level(self, seconds: Floats) -> Floats:
        gusts = self._slow("gusts", seconds, 20.0, 0.6) * self._slow("lulls", seconds, 600.0, 0.4)
        exposed = 0.5 + self.stream("exposed", "always").random()
        return np.asarray(self._spell_level("wind", seconds) * gusts * exposed * self.level())

    def _storm_level(self, seconds: Floats) -> Floats:
        sets = self._slow("sets", seconds, 60.0, 0.15)
        power = noise_level(0.2, self.stations.noise_share[self.station])
        # a bump of so many hertz at the level of the microseism
        return np.asarray(self._spell_level("storm", seconds) * sets * np.sqrt(power * 0.2))

    def _slow(self, what: str, seconds: Floats, step_s: float, spread: float) -> Floats:
        """A factor that wanders about 1, given every so many seconds of absolute time."""
        first = int(seconds[0] // step_s)
        nodes = np.arange(first, int(seconds[-1] // step_s) + 2)
        values = np.empty(nodes.size)
        per_block = max(int(DAY_S / step_s), 1)
        for block in np.unique(nodes // per_block):
            drawn = self.stream(what, int(block)).standard_normal(per_block)
            own = nodes // per_block == block
            values[own] = drawn[nodes[own] % per_block]
        return np.exp(spread * np.interp(seconds, nodes * step_s, values))

    def _spells(self, kind: str, first_s: float, end_s: float) -> list[NoiseSpan]:
        """Spells of weather: one begins on every date, and all stations have it."""
        found = []
        for day in range(int(first_s // DAY_S) - 1, int(end_s // DAY_S) + 1):
            u = random_stream(self.seed, "day noise", kind, day).random(3)
            start = DAY_S * (day + u[0])
            length = 3600.0 * (4.0 + 8.0 * u[1])
            if start < end_s and start + length > first_s:
                value = 3.0 + 5.0 * u[2] if kind == "storm" else 0.5 + 1.5 * u[2]
                found.append(NoiseSpan(kind, start, start + length, float(value)))
        return found

    def _spell_level(self, kind: str, seconds: Floats) -> Floats:
        level = np.zeros(seconds.size)
        for spell in self._spells(kind, float(seconds[0]), float(seconds[-1])):
            share = (seconds - spell.start_s) / (spell.end_s - spell.start_s)
            inside = (share > 0.0) & (share < 1.0)
            level[inside] += spell.value * np.sin(np.pi * share[inside]) ** 0.7
        return level

    def _machine_spans(self, first_s: float, end_s: float) -> list[NoiseSpan]:
        """Spans in which a pump or a generator runs; its value is its frequency in Hz."""
        found = []
        high = min(_MACHINE_HZ[1], 0.3 * self.options.rate)
        for day in range(int(first_s // DAY_S) - 1, int(end_s // DAY_S) + 1):
            if not is_flawed(self, "machine", day):
                continue
            random = self.stream("machine", day)
            for _ in range(12):
                start = DAY_S * (day + random.random())
                length = 60.0 * 5.0 * 12.0 ** random.random()
                hertz = round(_MACHINE_HZ[0] * (high / _MACHINE_HZ[0]) ** random.random(), 3)
                if start < end_s and start + length > first_s:
                    found.append(NoiseSpan("machine", start, start + length, hertz))
        return found

    def _add_machines(self, out: NDArray[np.float32], first: int) -> None:
        rate = self.options.rate
        first_s, samples = first / rate, out.shape[1]
        for span in self._machine_spans(first_s, first_s + samples / rate):
            begin = round(span.start_s * rate)
            low, high = max(begin, first), min(round(span.end_s * rate), first + samples)
            if low >= high:
                continue
            t = np.arange(low - begin, high - begin) / rate
            length = span.end_s - span.start_s
            ramp = np.minimum(np.minimum(t, length - t) / 2.0, 1.0)
            wave = np.zeros(t.size)
            for harmonic, size in ((1, 1.0), (2, 0.5), (3, 0.25)):
                if harmonic * span.value < 0.4 * rate:
                    wave += size * np.sin(2.0 * np.pi * harmonic * span.value * t)
            wave *= ramp * 3.0 * self.level()
            for component, size in enumerate((1.0, 0.7, 0.4)):
                out[component, low - first : high - first] += (size * wave).astype(np.float32)


def is_flawed(noise: StationNoise, kind: str, day: int) -> bool:
    """Say whether a station has a kind of flaw on a day (counted from 1970).

    One station has each kind on every day; others have it with the probability of the
    options, save that only one is dead and only one has a wrong clock.
    """
    if kind not in noise.options.noise:
        return False
    random = random_stream(noise.seed, "day flaws", kind, day)
    u = random.random(noise.stations.count)
    chosen = int(np.argmin(u))
    if kind == "clock":
        # the clock of a dead station could not be seen
        dead = random_stream(noise.seed, "day flaws", "dead", day).random(noise.stations.count)
        order = np.argsort(u, kind="stable")
        if order.size > 1 and order[0] == np.argmin(dead) and "dead" in noise.options.noise:
            chosen = int(order[1])
    if kind in ("dead", "clock"):
        return noise.station == chosen
    return noise.station == chosen or bool(u[noise.station] < noise.options.flawed_share)


def _shaped(
    random: np.random.Generator, amplitude: Floats, length: int, rate: int
) -> NDArray[np.float32]:
    """Return three components of noise with a one-sided amplitude spectral density."""
    scale = (0.5 * np.sqrt(length * rate) * amplitude).astype(np.float32)
    scale[0] = 0.0
    spectrum = np.empty((3, scale.size), np.complex64)
    for component in range(3):
        drawn = random.standard_normal(2 * scale.size, dtype=np.float32)
        spectrum[component] = drawn.view(np.complex64) * scale
    return np.asarray(scipy.fft.irfft(spectrum, length, axis=-1), np.float32)


def _culture_shape(f: Floats) -> Floats:
    """Power of culture: a broad hump at 8 Hz, of variance 1 in the seismic band."""
    shape = np.exp(-((np.log(np.maximum(f, 1e-3) / 8.0) / 0.6) ** 2))
    return _of_variance_one(f, shape)


def _wind_shape(f: Floats) -> Floats:
    """Power of wind: falling with frequency."""
    shape = np.where(f > 0.1, 1.0 / np.maximum(f, 0.1), 10.0 * np.minimum(f / 0.1, 1.0) ** 2)
    return _of_variance_one(f, shape)


def _storm_shape(f: Floats) -> Floats:
    """Power of a microseism storm: a hump at 0.18 Hz, of variance 1."""
    shape = np.exp(-((np.log(np.maximum(f, 1e-3) / 0.18) / 0.25) ** 2))
    return np.asarray(shape / (shape.sum() * (f[1] - f[0])))


def _of_variance_one(f: Floats, shape: Floats) -> Floats:
    band = (f >= _SEISMIC_HZ[0]) & (f <= _SEISMIC_HZ[1])
    return np.asarray(shape / (shape[band].sum() * (f[1] - f[0])))
