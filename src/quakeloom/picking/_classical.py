"""A classical picker: short-term over long-term average, refined by AIC.

P is sought on the vertical, S on the horizontals after P. It needs no weights, and is the
yardstick that a network must beat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.picking._pick_errors import CLASSICAL

_LOG_FLOOR = 1e-30
"""Keeps quotients and logarithms of energy finite in a dead record, squared amplitude; chosen here,
far below any noise."""


@dataclass(frozen=True)
class ClassicalOptions:
    """Settings of the classical picker.

    The defaults were tuned by a coarse scan on the 77 traces of Northern California of the
    development data, so scores of this picker on them flatter it.

    Attributes
    ----------
    p_short_s, p_long_s, p_ratio : float
        Windows of the averages and the ratio that triggers P.
    s_short_s, s_long_s, s_ratio : float
        The same for S on the horizontals.
    high_pass_hz : float
        Corner of a causal high-pass (one pole applied twice).
    refine_before_s, refine_after_s : float
        Window around the trigger in which AIC finds P.
    s_search_s : float
        S is sought this long after P.
    """

    p_short_s: float = 0.5
    p_long_s: float = 6.0
    p_ratio: float = 10.0
    s_short_s: float = 0.6
    s_long_s: float = 2.0
    s_ratio: float = 1.2
    high_pass_hz: float = 2.0
    refine_before_s: float = 1.5
    refine_after_s: float = 0.4
    s_search_s: float = 15.0


class ClassicalPicker:
    """STA/LTA with AIC refinement as a picker: its probability traces have Gaussian peaks.

    A peak stands at the AIC minimum, is as wide as the AIC is flat, and as high as
    1 - trigger ratio / ratio reached (0 at the trigger, near 1 for clear onsets), plus 0.3 so
    that whatever triggers passes the usual threshold.

    Parameters
    ----------
    options : ClassicalOptions
    sampling_rate_hz : float
    samples : int
        Length of the windows.

    References
    ----------
    Allen, R. V. (1978), Bull. Seismol. Soc. Am. 68, 1521-1532. Maeda, N. (1985), Zisin 38,
    365-379 (AIC without an autoregressive model).
    """

    def __init__(
        self,
        options: ClassicalOptions | None = None,
        sampling_rate_hz: float = 100.0,
        samples: int = 3000,
    ) -> None:
        self.name = "classical"
        self.errors = CLASSICAL
        self.ignores_sign = True
        self.components = "ENZ"
        self.sampling_rate_hz = sampling_rate_hz
        self.samples = samples
        self.options = options or ClassicalOptions()

    def probabilities(self, windows: NDArray[np.float32], blind: int = 0) -> NDArray[np.float32]:
        """Return traces of probability of P and S; see :class:`Picker`."""
        o, rate = self.options, self.sampling_rate_hz
        found = np.zeros((len(windows), 2, windows.shape[2]), np.float32)
        for i, window in enumerate(windows):
            filtered = _high_pass(window.astype(np.float64), o.high_pass_hz / rate)
            for phase, at, sigma, score in _pick_window(filtered, o, rate):
                _add_peak(found[i, phase], at, sigma, score)
        return found


def _pick_window(
    data: NDArray[np.float64], o: ClassicalOptions, rate: float
) -> list[tuple[int, int, float, float]]:
    """Pick one window: (phase, sample, width in samples, score) of every P and S."""
    east, north, vertical = data
    if not vertical.any():
        vertical = np.hypot(east, north)
    ratio = sta_lta(vertical**2, int(o.p_short_s * rate), int(o.p_long_s * rate))
    horizontal = east**2 + north**2 if east.any() or north.any() else vertical**2
    picks = []
    triggers = _triggers(ratio, o.p_ratio, int(3.0 * rate))
    for trigger, reached in triggers:
        before, after = int(o.refine_before_s * rate), int(o.refine_after_s * rate)
        first = max(trigger - before, 0)
        p, width = aic_onset(vertical[first : trigger + after])
        p += first
        picks.append((0, p, width, reached / o.p_ratio))
        s = _find_s(horizontal, p, o, rate)
        if s is not None:
            picks.append((1, *s))
    return picks


def _find_s(
    energy: NDArray[np.float64], p: int, o: ClassicalOptions, rate: float
) -> tuple[int, float, float] | None:
    """Find S as the largest relative growth of horizontal energy after P."""
    gap = int(0.4 * rate)
    stop = min(p + int(o.s_search_s * rate), energy.size)
    short, long = int(o.s_short_s * rate), int(o.s_long_s * rate)
    if stop - p < gap + 2 * short:
        return None
    total = np.concatenate([[0.0], np.cumsum(energy)])
    at = np.arange(p + gap, stop - short)
    if at.size < 3:
        return None
    ahead = (total[at + short] - total[at]) / short
    start = np.maximum(at - long, p)
    behind = (total[at] - total[start]) / np.maximum(at - start, 1) + _LOG_FLOOR
    # the largest energies count, not a late small arrival in the coda
    peak = np.maximum.accumulate(ahead)
    if not peak[-1] > 0.0:
        return None
    growth = ahead / behind * np.sqrt(ahead / peak[-1])
    best = int(np.argmax(growth))
    if growth[best] < o.s_ratio:
        return None
    trigger = int(at[best])
    first = max(trigger - short, p + gap // 2)
    onset, width = aic_onset(np.sqrt(energy[first : trigger + short]))
    return first + onset, width, float(growth[best] / o.s_ratio)


def _add_peak(trace: NDArray[np.float32], at: int, sigma: float, score: float) -> None:
    height = 0.3 + 0.7 * (1.0 - 1.0 / max(score, 1.0))
    reach = int(4 * sigma) + 2
    first, last = max(at - reach, 0), min(at + reach + 1, trace.size)
    x = np.arange(first, last) - at
    trace[first:last] = np.maximum(trace[first:last], height * np.exp(-0.5 * (x / sigma) ** 2))


def _triggers(ratio: NDArray[np.float64], level: float, dead: int) -> list[tuple[int, float]]:
    """Samples at which the ratio passes the level, at most one per ``dead`` samples."""
    found: list[tuple[int, float]] = []
    crossings = np.flatnonzero((ratio[1:] >= level) & (ratio[:-1] < level)) + 1
    for c in crossings:
        if not found or c - found[-1][0] >= dead:
            found.append((int(c), float(ratio[c : c + dead].max())))
    return found


@compiled(error_model="numpy")
def sta_lta(energy: NDArray[np.float64], short: int, long: int) -> NDArray[np.float64]:
    """Return the short-term over the long-term average that ends where the short one starts.

    Both look backwards only. Zero until both are filled.
    """
    total = np.zeros(energy.size + 1)
    for i in range(energy.size):
        total[i + 1] = total[i] + energy[i]
    ratio = np.zeros(energy.size)
    # A quarter of the long average is enough to begin with: a window often holds little noise.
    filled = max(long // 4, short) + short
    for i in range(filled, energy.size):
        first = max(i + 1 - short - long, 0)
        count = i + 1 - short - first
        noise = (total[i + 1 - short] - total[first]) / count
        if noise > 0.0:
            ratio[i] = (total[i + 1] - total[i + 1 - short]) / short / noise
    return ratio


@compiled(error_model="numpy")
def aic_onset(data: NDArray[np.float64]) -> tuple[int, float]:
    """Return the sample at which AIC splits a record into noise and signal, and its width.

    AIC(k) = k log var(x[:k]) + (n - k) log var(x[k:]). The width is the standard deviation
    of the weights exp(-(AIC - min AIC) / 2) around the minimum, at least one sample.
    """
    n = data.size
    if n < 8:
        return n // 2, 1.0 * max(n, 2)
    total, square = np.zeros(n + 1), np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + data[i]
        square[i + 1] = square[i] + data[i] * data[i]
    # A mean of squares less a squared mean loses digits where the mean is large; here it is at
    # most about as large as the scatter, since records are high-passed.
    aic = np.full(n, np.inf)
    for k in range(3, n - 3):
        left = square[k] / k - (total[k] / k) ** 2
        m = n - k
        right = (square[n] - square[k]) / m - ((total[n] - total[k]) / m) ** 2
        aic[k] = k * math.log(max(left, _LOG_FLOOR)) + m * math.log(max(right, _LOG_FLOOR))
    best = int(np.argmin(aic))
    mean, weight, spread = 0.0, 0.0, 0.0
    for k in range(3, n - 3):
        w = math.exp(-0.5 * (aic[k] - aic[best]))
        weight += w
        mean += w * k
    mean /= weight
    for k in range(3, n - 3):
        spread += math.exp(-0.5 * (aic[k] - aic[best])) * (k - mean) ** 2
    return best, max(math.sqrt(spread / weight), 1.0)


def _high_pass(data: NDArray[np.float64], corner: float) -> NDArray[np.float64]:
    """High-pass causally: demean, then one pole applied twice; ``corner`` per sample."""
    from scipy.signal import lfilter

    demeaned = data - data.mean(axis=1, keepdims=True)
    k = math.exp(-2.0 * math.pi * corner)
    b, a = np.array([0.5 * (1 + k), -0.5 * (1 + k)]), np.array([1.0, -k])
    return np.asarray(lfilter(b, a, lfilter(b, a, demeaned, axis=1), axis=1))
