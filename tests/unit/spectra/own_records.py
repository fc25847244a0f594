"""Records of earthquakes with known moment and stress drop, in plain NumPy.

Shares nothing with the estimator: its own source spectra, attenuation, noise and units. A record
is a causal pulse of the wanted spectrum with scattered waves behind it that have the same one in
the mean, in three directions, and colored noise of its own; counts are velocity times a gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GAIN = 4.0e8
"""Counts per m/s."""


@dataclass(frozen=True)
class Earth:
    """What a simulation is made with."""

    beta: float = 3360.0
    density: float = 2700.0
    quality: float = 400.0
    kappa_s: float = 0.02
    attenuation_scatter: float = 0.3
    level_scatter: float = 0.4
    noise_m_s: float = 3e-8
    boatwright: bool = False
    scattered: float = 0.4
    coda_s: float = 1.0
    misfit: float = 0.15
    factor: float = 1.0


def corner_of(moment: float, stress_pa: float, beta: float, k: float = 0.3724) -> float:
    """The corner of a circular crack of 7/16 M0 / a^3."""
    radius = (7.0 * moment / (16.0 * stress_pa)) ** (1.0 / 3.0)
    return k * beta / radius


def level_of(moment: float, distance_m: float, earth: Earth) -> float:
    """The flat level of an S displacement spectrum, m s."""
    return moment * 2.0 * 0.62 / (4.0 * np.pi * earth.density * earth.beta**3 * distance_m)


def make_record(
    random: np.random.Generator,
    moment: float,
    corner: float,
    distance_km: float,
    earth: Earth,
    rate: float = 100.0,
    seconds: float = 30.0,
    s_at: float = 12.0,
) -> tuple[np.ndarray, dict[str, float]]:
    """Three components of counts with noise, S at ``s_at``; and what was drawn."""
    n = round(rate * seconds)
    size = 4 * n
    f = np.fft.rfftfreq(size, 1.0 / rate)
    if earth.boatwright:
        shape = 1.0 / np.sqrt(1.0 + (f / corner) ** 4)
    else:
        shape = 1.0 / (1.0 + (f / corner) ** 2)
    path = distance_km * 1000.0 / earth.beta / earth.quality
    t_star = earth.factor * (path + earth.kappa_s)
    t_star *= max(1.0 + earth.attenuation_scatter * random.standard_normal(), 0.02)
    term = earth.level_scatter * random.standard_normal()
    level = level_of(moment, distance_km * 1000.0, earth) * np.exp(term)
    wanted = level * shape * np.exp(-np.pi * f * t_star)
    if earth.misfit:
        knots = np.arange(-1.5, 2.0, 0.1)
        rough = np.interp(np.log10(np.maximum(f, 1e-3)), knots, random.standard_normal(knots.size))
        wanted = wanted * np.exp(earth.misfit * rough)
    # nothing comes before S: the phase is the least that the amplitude allows
    transfer = _minimum_phase(wanted) * 2j * np.pi * f * rate
    # a pulse, and scattered waves behind it that differ from component to component
    direction = random.standard_normal(3)
    direction /= np.linalg.norm(direction)
    start, length = round(0.3 * rate), round(8.0 * rate)
    source = np.zeros((3, size))
    source[:, start] = np.sqrt(1.0 - earth.scattered) * direction
    envelope = np.exp(-0.5 * np.arange(length) / (earth.coda_s * rate))
    envelope *= np.sqrt(earth.scattered / (3.0 * (envelope**2).sum()))
    source[:, start : start + length] += envelope * random.standard_normal((3, length))
    waves = np.fft.irfft(np.fft.rfft(source) * transfer, size)
    data = np.zeros((3, n))
    at = round(s_at * rate) - start
    data[:, at:] = waves[:, : n - at]
    data += _noise(random, n, rate, earth.noise_m_s)
    return data * GAIN, {"t_star": float(t_star), "term": float(term)}


def _minimum_phase(amplitude: np.ndarray) -> np.ndarray:
    """A spectrum of that amplitude whose energy comes as early as can be (folded cepstrum)."""
    size = 2 * (amplitude.size - 1)
    cepstrum = np.fft.irfft(np.log(np.maximum(amplitude, 1e-12 * amplitude.max())), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    return np.exp(np.fft.rfft(cepstrum))


def _noise(random: np.random.Generator, n: int, rate: float, level: float) -> np.ndarray:
    f = np.fft.rfftfreq(n, 1.0 / rate)
    color = 1.0 / np.sqrt(1.0 + (0.3 / np.maximum(f, 0.02)) ** 2) * (1.0 + 1.0 / (f + 0.3))
    white = np.fft.rfft(random.standard_normal((3, n)))
    colored = np.fft.irfft(white * color, n)
    return np.asarray(level * colored / colored.std())
