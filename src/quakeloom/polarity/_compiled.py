"""The forward pass of a polarity network on one core, without torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.networks import Lane, Stretch, Taps, apply_taps, convolution_taps
from quakeloom.polarity._windows import SAMPLES, normalize_windows

_WINDOWS = 48
"""Windows read together, each upright and upside down."""

_CHANNELS = 2
"""Channels of a window; see :func:`quakeloom.polarity.normalize_windows`."""


class CompiledNetwork:
    """Log odds of windows, window beside window, each upright and upside down.

    Every window gets the same bits whatever is read with it. Turning a window upside down
    exchanges its two halves, and the difference that is the answer changes its sign exactly.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        ``conv0.weight`` ... ``out.weight`` as
        :func:`quakeloom.polarity.PolarityNetwork` has them.
    """

    def __init__(self, parameters: Mapping[str, NDArray[np.float32]]) -> None:
        self._layers: list[tuple[Lane, Taps, NDArray[np.float32], NDArray[np.float32]]] = []
        samples, channels, i = SAMPLES, _CHANNELS, 0
        while f"conv{i}.weight" in parameters:
            weight = parameters[f"conv{i}.weight"]
            half = weight.shape[2] // 2
            lane = Lane(samples, half, 2 * _WINDOWS)
            taps = convolution_taps(weight, parameters[f"conv{i}.bias"], lane.width, half)
            rows = lane.make_rows(channels)
            self._layers.append((lane, taps, rows, lane.make_rows(taps.bias.size)))
            samples, channels, i = samples // 2, weight.shape[0], i + 1
        # the windows are the columns of the last two layers
        columns = Lane(2 * _WINDOWS, 0, 1)
        self._flat = columns.make_rows(channels * samples)
        hidden = parameters["hidden.weight"]
        self._dense = convolution_taps(
            hidden[:, :, None], parameters["hidden.bias"], columns.width, 0
        )
        self._hidden = columns.make_rows(self._dense.bias.size)
        self._out = np.ascontiguousarray(parameters["out.weight"][0], np.float32)

    @property
    def operations(self) -> int:
        """Multiply-adds of reading a window, upright and upside down."""
        total = sum(taps.operations * lane.samples for lane, taps, _, _ in self._layers)
        return 2 * (total + self._dense.operations + self._out.size)

    def log_odds(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``g(x) - g(-x)`` for windows of shape (n, 150)."""
        odds = np.empty(len(windows), np.float32)
        for first in range(0, len(windows), _WINDOWS):
            batch = normalize_windows(windows[first : first + _WINDOWS])
            lane, _, rows, _ = self._layers[0]
            _fill(batch, rows, lane.gap, _WINDOWS)
            for i, (lane, taps, rows, out) in enumerate(self._layers):
                apply_taps(taps, Stretch(rows, lane.gap), Stretch(out, lane.gap), lane.columns)
                if i + 1 < len(self._layers):
                    deeper, _, target, _ = self._layers[i + 1]
                    _halve(out, lane.samples, lane.gap, target, deeper.gap, 2 * _WINDOWS)
                else:
                    _halve_to_columns(out, lane.samples, lane.gap, self._flat, 2 * _WINDOWS)
            hidden = Stretch(self._hidden, 0)
            apply_taps(self._dense, Stretch(self._flat, 0), hidden, 2 * _WINDOWS)
            _subtract(self._hidden, self._out, _WINDOWS, odds[first : first + _WINDOWS])
        return odds


@compiled(nogil=True, error_model="numpy")
def _fill(batch: NDArray[np.float32], out: NDArray[np.float32], gap: int, windows: int) -> None:
    """Lay windows side by side, and behind them all of them upside down."""
    count, channels, samples = batch.shape
    for n in range(windows):
        upright = gap + n * (samples + gap)
        turned = upright + windows * (samples + gap)
        for c in range(channels):
            for t in range(samples):
                # What a batch does not fill is wiped: it held windows of the batch before.
                value = batch[n, c, t] if n < count else np.float32(0.0)
                out[c, upright + t] = value
                out[c, turned + t] = -value


@compiled(nogil=True, error_model="numpy")
def _halve(
    x: NDArray[np.float32],
    samples: int,
    gap: int,
    out: NDArray[np.float32],
    out_gap: int,
    windows: int,
) -> None:
    """Keep the larger of every two samples of windows."""
    half = samples // 2
    for c in range(out.shape[0]):
        for n in range(windows):
            a = gap + n * (samples + gap)
            b = out_gap + n * (half + out_gap)
            source, target = x[c, a : a + samples], out[c, b : b + half]
            for t in range(half):
                target[t] = max(source[2 * t], source[2 * t + 1])


@compiled(nogil=True, error_model="numpy")
def _halve_to_columns(
    x: NDArray[np.float32], samples: int, gap: int, out: NDArray[np.float32], windows: int
) -> None:
    """Do the same, and make every window a column."""
    half = samples // 2
    for c in range(out.shape[0] // half):
        for t in range(half):
            row = out[c * half + t]
            for n in range(windows):
                at = gap + n * (samples + gap) + 2 * t
                row[n] = max(x[c, at], x[c, at + 1])


@compiled(nogil=True, error_model="numpy")
def _subtract(
    hidden: NDArray[np.float32], weight: NDArray[np.float32], windows: int, out: NDArray[np.float32]
) -> None:
    """Weigh the differences of upright and turned windows."""
    # Differences first: where a window is turned they change their sign, and with them every
    # partial sum, so that the result is odd to the last bit.
    for n in range(out.size):
        out[n] = 0.0
    for h in range(weight.size):
        for n in range(out.size):
            out[n] += weight[h] * (hidden[h, n] - hidden[h, windows + n])
