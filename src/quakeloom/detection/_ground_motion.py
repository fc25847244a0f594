"""Counts to velocity of the ground, and to the displacement on a Wood-Anderson seismometer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

_ORDER = 4
"""Order of the high-pass: its amplitude is that of a Butterworth filter, without a phase."""

_PASS, _STOP = 0.6, 0.8
"""Shares of the lower Nyquist frequency between which the band ends by a cosine: recorders cut
there, and dividing by what they leave would blow up noise (chosen here)."""

_TAPER_S = 1.0
"""Seconds at both ends over which a piece is faded in and out (chosen here)."""


@dataclass(frozen=True)
class WoodAnderson:
    """A Wood-Anderson torsion seismometer.

    Attributes
    ----------
    gain : float
        Static magnification: 2080 as measured, 2800 as its makers gave it.
    damping : float
        Share of the critical one: 0.7, or 0.8.
    period_s : float

    References
    ----------
    Uhrhammer, R. A. & Collins, E. R. (1990), Bull. Seismol. Soc. Am. 80, 702-716. Anderson, J. A.
    & Wood, H. O. (1925), Bull. Seismol. Soc. Am. 15, 1-72.
    """

    gain: float = 2080.0
    damping: float = 0.7
    period_s: float = 0.8

    def of_velocity(self, frequency_hz: Floats) -> Complex:
        """Return its response to velocity of the ground, mm per m/s, for ``exp(+i omega t)``.

        ``1000 gain s / (s^2 + 2 h w s + w^2)`` with ``s = i omega``, damping h and natural
        frequency w: what it shows is the ground's displacement times its gain above 1.25 Hz.
        """
        s = 2j * np.pi * np.asarray(frequency_hz, dtype=np.float64)
        natural = 2.0 * np.pi / self.period_s
        return np.asarray(
            1000.0 * self.gain * s / (s * s + 2.0 * self.damping * natural * s + natural**2)
        )


@dataclass(frozen=True)
class VelocityResponse:
    """What a channel records of the velocity of the ground.

    Attributes
    ----------
    frequency_hz : ndarray, shape (n,)
        Rising.
    value : ndarray of complex, shape (n,)
        Counts per m/s, for ``exp(+i omega t)``.
    rate_hz : float
        Sampling rate of the channel.
    """

    frequency_hz: Floats
    value: Complex
    rate_hz: float

    def at(self, frequency_hz: Floats) -> Complex:
        """Return the response at frequencies: amplitude and phase interpolated over log f."""
        x = np.log(np.maximum(frequency_hz, 1e-6))
        known = np.log(self.frequency_hz)
        size = np.interp(x, known, np.log(np.maximum(np.abs(self.value), 1e-300)))
        phase = np.interp(x, known, np.unwrap(np.angle(self.value)))
        return np.asarray(np.exp(size + 1j * phase))


def ground_motion(
    counts: NDArray[np.float32],
    rate_hz: float,
    response: VelocityResponse,
    corner_hz: float,
    instrument: WoodAnderson,
) -> tuple[Floats, Floats]:
    """Return the velocity of the ground, and what a Wood-Anderson seismometer shows of it.

    The mean is taken off, the ends are faded over a second, and in the domain of frequencies the
    piece is divided by the response, high-passed (fourth order, no phase), and cut from 0.6 to 0.8
    of the lower Nyquist frequency. Not for first motions: filters without a phase run ahead.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        One channel with some seconds to spare at both ends.
    rate_hz : float
        Its samples a second, which may be less than those of the channel.
    response : VelocityResponse
    corner_hz : float
    instrument : WoodAnderson

    Returns
    -------
    velocity : ndarray, shape (n,)
        m/s.
    shown : ndarray, shape (n,)
        mm.
    """
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    data = np.asarray(counts, dtype=np.float64)
    data = data - data.mean()
    fade = min(round(_TAPER_S * rate_hz), data.size // 4)
    if fade:
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
        data[:fade] *= ramp
        data[-fade:] *= ramp[::-1]
    # twice as long, so that the end of a filter does not come back at its beginning
    length = next_fast_len(2 * data.size, real=True)
    frequency = rfftfreq(length, 1.0 / rate_hz)
    band = np.zeros(frequency.size)
    inside = frequency > 0.05 * corner_hz
    f = frequency[inside]
    high = 1.0 / np.sqrt(1.0 + (corner_hz / f) ** (2 * _ORDER))
    nyquist = 0.5 * min(rate_hz, response.rate_hz)
    share = np.clip((f / nyquist - _PASS) / (_STOP - _PASS), 0.0, 1.0)
    band[inside] = high * (0.5 + 0.5 * np.cos(np.pi * share))
    spectrum = np.zeros(frequency.size, np.complex128)
    used = band > 0.0
    spectrum[used] = rfft(data, length)[used] * band[used] / response.at(frequency[used])
    velocity = irfft(spectrum, length)[: data.size]
    shown = irfft(spectrum * instrument.of_velocity(frequency), length)[: data.size]
    return np.asarray(velocity), np.asarray(shown)


def peak(data: Floats, first: int, last: int) -> float:
    """Return the largest absolute value of samples ``first ... last - 1``, NaN of none."""
    part = data[max(first, 0) : max(last, 0)]
    return float(np.abs(part).max()) if part.size else float("nan")
