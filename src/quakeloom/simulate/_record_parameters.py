"""What a seismogram is made of: the parameters of a record, and wide random draws of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.simulate._counted_random import pair_key, uniform_rows  # noqa: F401
from quakeloom.simulate._noise_models import noise_level

Floats = NDArray[np.float64]

RECORD_FIELDS = (
    # source
    "corner_p", "corner_s", "corner_ratio", "pulse_weight1", "pulse_delay1", "pulse_weight2",
    "pulse_delay2", "event_gain",
    # path
    "t_star_p", "t_star_s", "head_gain", "head_tail", "reflection_gain", "surface_vp",
    "surface_vs", "conversion_delay", "conversion_gain", "precursor_gain", "coda_p", "coda_s",
    "coda_late", "rise_p", "rise_s", "decay_p", "decay_s", "coda_power", "coda_density",
    "vertical_p", "vertical_s", "late_corner",
    # noise
    "noise_slope", "noise_corner", "noise_flat", "noise_north", "noise_east", "culture_gain",
    "culture_hz", "culture_width", "swing", "swing_hz", "swing_phase", "burst_gain",
    "burst_count", "burst_length", "burst_hz", "microseism", "microseism_hz", "hum", "hum_hz",
    "snr_wanted",
    # sensor
    "sampling_rate", "sensor", "sensor_hz", "sensor_damping", "site_gain", "site_hz",
    "site_width", "high_pass_hz", "low_pass_hz", "bandwidth", "gain", "gain_north", "gain_east",
    # flaws and the window
    "recorder_noise", "clip", "steps", "spikes", "gap_start", "gap_length", "offset", "drift",
    "swapped", "dead", "reversed", "second_gain", "second_shift", "second_stretch", "second_sign",
    "window_start",
)  # fmt: skip
"""Names of the parameters of a record; times in s, frequencies in Hz, velocities in km/s."""

RECORD_TYPE = np.dtype([(name, np.float64) for name in RECORD_FIELDS])


class Draws:
    """Keyed uniform numbers handed out one column after another."""

    def __init__(self, keys: NDArray[np.uint64], width: int = 160) -> None:
        self._u = uniform_rows(keys, 0, width)
        self._next = 0

    def uniform(self, low: Any = 0.0, high: Any = 1.0) -> Floats:
        """Numbers between two bounds."""
        u = self._u[:, self._next]
        self._next += 1
        return low + (high - low) * u

    def log(self, low: Any, high: Any) -> Floats:
        """Numbers whose logarithms are uniform."""
        return np.exp(self.uniform(np.log(low), np.log(high)))

    def chance(self, share: float) -> NDArray[np.bool_]:
        """True with a probability."""
        return self.uniform() < share

    def some(self, share: float, low: float, high: float, otherwise: float = 0.0) -> Floats:
        """Log-uniform numbers with a probability, else a constant."""
        return np.where(self.chance(share), self.log(low, high), otherwise)


def draw_record_parameters(
    keys: NDArray[np.uint64],
    moment: Floats,
    p_time: Floats,
    s_time: Floats,
    sampling_rate_hz: float,
    flaws: float = 1.0,
) -> NDArray[np.void]:
    """Draw the parameters of records, far wider than any one network shows.

    Corner frequencies follow Brune's model with stress drops of 0.1 to 100 MPa, turned by
    directivity; Q, coda, site, sensor, noise and flaws are drawn independently.

    Parameters
    ----------
    keys : ndarray of uint64, shape (records,)
    moment : ndarray
        Seismic moment, N m.
    p_time, s_time : ndarray
        Travel times, s.
    sampling_rate_hz : float
    flaws : float
        Factor on the probabilities of broken records.

    Returns
    -------
    structured ndarray of :data:`RECORD_FIELDS`
    """
    d = Draws(keys)
    n = keys.size
    p = np.zeros(n, RECORD_TYPE)
    rate = sampling_rate_hz
    p["sampling_rate"] = rate
    lag = s_time - p_time
    # Brune: fc = 0.37 vs (16/7 stress/M0)^(1/3), kept between 0.7 Hz and 1.5 Nyquist.
    stress = d.log(1e5, 1e8)
    corner = 0.37 * 3300.0 * (16.0 / 7.0 * stress / moment) ** (1.0 / 3.0)
    corner = np.clip(corner * d.log(0.5, 2.0), 0.7, 0.75 * rate)
    p["corner_p"] = np.clip(corner * d.uniform(1.0, 1.7), 0.7, 0.9 * rate)
    p["corner_s"] = corner * d.uniform(0.7, 1.1)
    p["corner_ratio"] = d.uniform(1.0, 4.0)
    width = 1.0 / corner
    p["pulse_weight1"] = d.some(0.45, 0.2, 2.5)
    p["pulse_delay1"] = width * d.log(0.15, 3.0)
    p["pulse_weight2"] = d.some(0.25, 0.2, 2.5)
    p["pulse_delay2"] = width * d.log(0.3, 5.0)
    p["event_gain"] = 1.0

    q = d.log(40.0, 900.0)
    kappa = d.log(0.002, 0.05)
    p["t_star_p"] = p_time / q + kappa
    p["t_star_s"] = s_time / (q * d.uniform(0.4, 1.2)) + kappa * d.log(0.7, 2.0)
    p["head_gain"] = d.log(0.1, 2.5)
    p["head_tail"] = d.log(0.01, 0.15)
    p["reflection_gain"] = d.log(0.1, 1.0) * np.where(d.chance(0.25), -1.0, 1.0)
    p["surface_vp"] = d.log(1.0, 6.0)
    p["surface_vs"] = p["surface_vp"] / d.uniform(1.6, 3.2)
    p["conversion_delay"] = d.log(0.03, 1.6)
    p["conversion_gain"] = d.log(0.02, 0.8) * np.where(d.chance(0.5), -1.0, 1.0)
    p["precursor_gain"] = d.some(0.7, 0.01, 0.5) * np.where(d.chance(0.5), -1.0, 1.0)
    p["coda_p"] = d.log(0.02, 1.6)
    p["coda_s"] = d.log(0.05, 1.5)
    p["coda_late"] = d.some(0.6, 0.01, 0.4)
    p["rise_p"] = d.log(0.01, 0.5) * (1.0 + 0.1 * lag)
    p["rise_s"] = d.log(0.02, 0.6) * (1.0 + 0.1 * lag)
    p["decay_p"] = d.log(0.3, 1.5) * (0.5 + lag)
    p["decay_s"] = d.log(0.4, 3.0) * (0.8 + lag)
    p["coda_power"] = d.uniform(0.3, 2.0)
    p["coda_density"] = d.log(0.03, 1.0)
    p["vertical_p"] = d.log(0.7, 2.5)
    p["vertical_s"] = d.log(0.35, 1.2)
    p["late_corner"] = d.log(0.7, 8.0)

    share = d.uniform(0.0, 1.0)
    slope_share = np.clip(share + d.uniform(-0.25, 0.25), 0.0, 1.0)
    at_one, at_ten = noise_level(1.0, slope_share), noise_level(10.0, share)
    p["noise_corner"] = d.log(0.2, 4.0)
    slope = np.maximum(at_one - at_ten, 0.02 * at_one) * (1.0 + p["noise_corner"] ** 2)
    p["noise_slope"] = np.sqrt(slope)
    p["noise_flat"] = np.sqrt(np.maximum(at_ten - slope / 100.0, 0.1 * at_ten))
    p["noise_north"] = d.log(0.5, 3.0)
    p["noise_east"] = p["noise_north"] * d.log(0.6, 1.6)
    p["culture_gain"] = d.some(0.6, 1.0, 12.0)
    p["culture_hz"] = d.log(1.2, 0.4 * rate)
    p["culture_width"] = d.log(0.03, 0.7)
    p["swing"] = d.some(0.3, 0.1, 0.9)
    p["swing_hz"] = d.log(0.05, 1.5)
    p["swing_phase"] = d.uniform()
    p["burst_gain"] = d.some(0.25, 1.0, 12.0)
    p["burst_count"] = np.floor(d.uniform(1.0, 4.0))
    p["burst_length"] = d.log(0.03, 0.8)
    p["burst_hz"] = d.log(2.0, 0.4 * rate)
    p["microseism_hz"] = d.log(0.12, 0.35)
    level = noise_level(p["microseism_hz"], d.uniform(0.1, 0.9))
    p["microseism"] = np.sqrt(level * p["microseism_hz"] * 0.5)
    ground = np.sqrt(at_ten * 10.0)
    p["hum"] = ground * d.some(0.12, 0.2, 4.0)
    p["hum_hz"] = d.log(3.0, 0.45 * rate)

    kind = d.uniform()
    p["sensor"] = np.where(kind < 0.45, 0.0, np.where(kind < 0.78, 1.0, 2.0))
    p["sensor_hz"] = np.where(p["sensor"] == 0.0, d.log(0.8, 5.0), d.log(0.008, 0.05))
    p["sensor_damping"] = d.uniform(0.5, 0.8)
    p["site_gain"] = d.some(0.5, 0.5, 5.0)
    p["site_hz"] = d.log(1.0, 0.3 * rate)
    p["site_width"] = d.log(0.05, 0.5)
    p["high_pass_hz"] = d.some(0.3, 0.3, 3.0)
    p["low_pass_hz"] = d.some(0.35, 0.1 * rate, 0.42 * rate)
    p["bandwidth"] = d.uniform(0.45, 0.98)
    p["gain"] = d.log(1e4, 1e9)
    p["gain_north"] = d.log(0.5, 2.0)
    p["gain_east"] = p["gain_north"] * d.log(0.7, 1.4)

    p["recorder_noise"] = d.some(0.3, 1e-4, 1e-2)
    p["clip"] = np.where(d.chance(0.08 * flaws), d.uniform(0.1, 0.9), 1.0)
    p["steps"] = d.some(0.12 * flaws, 8.0, 400.0)
    p["spikes"] = np.where(d.chance(0.03 * flaws), np.floor(d.uniform(1.0, 4.0)), 0.0)
    p["gap_start"] = d.uniform()
    p["gap_length"] = d.some(0.02 * flaws, 0.1, 8.0)
    p["offset"] = np.where(d.chance(0.3), d.uniform(-1.0, 1.0), 0.0)
    p["drift"] = np.where(d.chance(0.3), d.uniform(-1.0, 1.0), 0.0)
    which = d.uniform()
    p["swapped"] = np.where(which < 0.01 * flaws, 1.0, np.where(which > 1 - 0.01 * flaws, 2.0, 0.0))
    p["second_sign"] = np.where(d.chance(0.5), 1.0, -1.0)
    p["second_stretch"] = d.log(0.6, 1.6)
    return p
