"""PhaseNet's U-Net on the CPU, window beside window, without torch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.networks import (
    SPAN,
    Lane,
    Stretch,
    Taps,
    apply_taps,
    convolution_taps,
    strided_taps,
    take_phases,
    transposed_taps,
    zero_gaps,
)

DEPTH = 5
"""Levels of PhaseNet (Zhu & Beroza 2019)."""

STRIDE = 4
"""Samples of a level per sample of the next deeper one."""

KERNEL = 7
"""Samples that a convolution looks at."""

_FIRST_WIDTH = 8
"""Channels of the first level (Zhu & Beroza 2019, figure 4)."""

_COMPONENTS, _PHASES = 3, 3
"""Channels that go in, and those that come out: noise, P and S."""

_GAP = 3
"""Zeros between windows: half a kernel, so that no convolution sees the neighbor."""
_WINDOWS = 16
"""Windows side by side: few enough to stay near the core, enough to fill the deep levels."""

Layers = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Weight and bias of layers by name; see :func:`fold_layers`."""


def same_padding(samples: int, kernel: int = KERNEL, stride: int = STRIDE) -> tuple[int, int]:
    """Return the padding of a strided convolution as trained (TensorFlow's SAME)."""
    total = max((math.ceil(samples / stride) - 1) * stride + kernel - samples, 0)
    return total // 2, total - total // 2


def fold_layers(state: Mapping[str, Any], epsilon: float) -> Layers:
    """Fold every batch normalization of a state dict into the convolution before it.

    Returns
    -------
    dict
        Weight and bias, in double precision: ``inc``, ``same0`` ... ``same4``, ``down0`` ...
        ``down3``, ``up0`` ... ``up3`` (channels first), ``merge0`` ... ``merge3``, ``out``.

    Raises
    ------
    ValueError
        If an array is missing, is not of PhaseNet's shape, or holds what is no number.
    """
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            layers = _fold(state, epsilon)
    except KeyError as error:
        raise ValueError(f"array {error} is missing") from None
    except TypeError as error:
        raise ValueError(f"an array holds no numbers: {str(error)[:80]}") from None
    for name, wanted in _layer_shapes().items():
        weight, bias = layers[name]
        if weight.shape != wanted or bias.shape != (wanted[name.startswith("up")],):
            raise ValueError(f"layer {name} is {weight.shape} and not {wanted}")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ValueError(f"layer {name} holds what is no finite number")
    return layers


def _layer_shapes() -> dict[str, tuple[int, int, int]]:
    """Shapes of the weights of all layers: channels double from level to level."""
    width = [_FIRST_WIDTH << i for i in range(DEPTH)]
    shapes = {"inc": (width[0], _COMPONENTS, KERNEL), "out": (_PHASES, width[0], 1)}
    for i in range(DEPTH):
        shapes[f"same{i}"] = (width[i], width[max(i - 1, 0)], KERNEL)
    for i in range(DEPTH - 1):
        upper, lower = width[DEPTH - 2 - i], width[DEPTH - 1 - i]
        shapes[f"down{i}"] = (width[i], width[i], KERNEL)
        shapes[f"up{i}"] = (lower, upper, KERNEL)
        shapes[f"merge{i}"] = (upper, lower, KERNEL)
    return shapes


def _fold(state: Mapping[str, Any], epsilon: float) -> Layers:
    values = {k: np.asarray(v, dtype=np.float64) for k, v in state.items()}

    def fold(
        conv: str, norm: str, transposed: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weight = values[f"{conv}.weight"]
        bias = values.get(f"{conv}.bias", np.zeros(1))
        gain = values[f"{norm}.weight"] / np.sqrt(values[f"{norm}.running_var"] + epsilon)
        shape = (1, -1, 1) if transposed else (-1, 1, 1)
        shift = values[f"{norm}.bias"] + (bias - values[f"{norm}.running_mean"]) * gain
        return weight * gain.reshape(shape), shift

    layers = {"inc": fold("inc", "in_bn")}
    for i in range(DEPTH):
        layers[f"same{i}"] = fold(f"down_branch.{i}.0", f"down_branch.{i}.1")
        if i < DEPTH - 1:
            layers[f"down{i}"] = fold(f"down_branch.{i}.2", f"down_branch.{i}.3")
            layers[f"up{i}"] = fold(f"up_branch.{i}.0", f"up_branch.{i}.1", transposed=True)
            layers[f"merge{i}"] = fold(f"up_branch.{i}.2", f"up_branch.{i}.3")
    layers["out"] = values["out.weight"], values["out.bias"]
    return layers


class CompiledUNet:
    """The forward pass of PhaseNet with batch normalization folded in.

    Parameters
    ----------
    layers : mapping
        As :func:`fold_layers` gives them.
    samples : int
        Length of the windows.
    padding : sequence of (before, after)
        Of the four strided convolutions.
    """

    def __init__(self, layers: Layers, samples: int, padding: Sequence[tuple[int, int]]) -> None:
        lengths = [samples]
        for before, after in padding:
            lengths.append((lengths[-1] + before + after - KERNEL) // STRIDE + 1)
        self._lanes = lanes = [Lane(n, _GAP, _WINDOWS) for n in lengths]
        widths = [lane.width for lane in lanes]
        half = KERNEL // 2
        self._checked: set[tuple[str, int, int]] = set()
        self._taps: dict[str, Taps] = {"inc": convolution_taps(*layers["inc"], widths[0], half)}
        for i in range(DEPTH):
            self._taps[f"same{i}"] = convolution_taps(*layers[f"same{i}"], widths[i], half)
        for i, (before, _) in enumerate(padding):
            up = DEPTH - 2 - i
            self._taps[f"down{i}"] = strided_taps(
                *layers[f"down{i}"], widths[i + 1], before, STRIDE
            )
            self._taps[f"up{up}"] = transposed_taps(*layers[f"up{up}"], widths[i + 1])
            self._taps[f"merge{up}"] = convolution_taps(*layers[f"merge{up}"], widths[i], half)
        self._taps["out"] = convolution_taps(*layers["out"], widths[0], 0)
        roots = [layers[f"same{i}"][0].shape[0] for i in range(DEPTH)]
        inputs = layers["inc"][0].shape[1]
        self._input = lanes[0].make_rows(inputs)
        # of every level: what comes in, what is kept for the way up and joined to what returns
        self._in = [lane.make_rows(layers[f"same{i}"][0].shape[1]) for i, lane in enumerate(lanes)]
        self._both = [lane.make_rows(2 * n) for lane, n in zip(lanes[:-1], roots, strict=False)]
        self._back = [lane.make_rows(n) for lane, n in zip(lanes, roots, strict=True)]
        self._phases = [
            lane.make_rows(STRIDE * n) for lane, n in zip(lanes[1:], roots, strict=False)
        ]
        self._out = lanes[0].make_rows(STRIDE)

    @property
    def operations(self) -> int:
        """Multiply-adds for a window, as the network is defined."""
        total = 0
        for name, taps in self._taps.items():
            level = 0 if name in ("inc", "out") else int(name[-1])
            if name.startswith("down"):
                level += 1
            elif name.startswith("up"):
                level = DEPTH - 1 - level
            elif name.startswith("merge"):
                level = DEPTH - 2 - level
            total += taps.operations * self._lanes[level].samples
        return total

    def probabilities(
        self, windows: NDArray[np.float32], norm: str, classes: Sequence[int], blind: int = 0
    ) -> NDArray[np.float32]:
        """Return the probabilities of classes.

        Parameters
        ----------
        windows : ndarray of float32, shape (n, channels, samples)
            Raw.
        norm : str
            How windows are normalized; see :data:`NORMS`.
        classes : sequence of int
            Which to return, in this order.
        blind : int
            Samples at each end that are not needed, and come out as zero. What they alone
            want is not computed; the others come out the same, bit for bit.

        Returns
        -------
        ndarray of float32, shape (n, classes, samples)
        """
        samples = self._lanes[0].samples
        found = np.empty((len(windows), len(classes), samples), np.float32)
        wanted = np.array(classes, dtype=np.int64)
        mode = NORMS.index(norm)
        needed = self._needed(blind)
        for first in range(0, len(windows), _WINDOWS):
            batch = np.ascontiguousarray(windows[first : first + _WINDOWS], np.float32)
            _fill(batch, self._input, _GAP, mode)
            self._run(needed)
            _softmax(self._out, _GAP, samples, blind, wanted, found[first : first + _WINDOWS])
        return found

    def _needed(self, blind: int) -> list[tuple[int, int]]:
        """Return, of every level, the samples of what returns that the result depends on."""
        lanes = self._lanes
        spans = [(blind, lanes[0].samples - blind)]
        for own, deeper in itertools.pairwise(lanes):
            first, last = spans[-1]
            first, last = max(first - _GAP, 0), min(last + _GAP, own.samples)
            cut = _cut(own, deeper)
            # sample i comes of sample (i + cut) // 4 of the deeper level and of the one before
            first, last = (first + cut) // STRIDE - 1, (last - 1 + cut) // STRIDE + 1
            spans.append((max(first, 0), min(last, deeper.samples)))
        return spans

    def _run(self, needed: list[tuple[int, int]]) -> None:
        lanes, taps = self._lanes, self._taps
        deepest = DEPTH - 1
        self._layer("inc", 0, self._input, self._in[0])
        for level in range(deepest):
            self._layer(f"same{level}", level, self._in[level], self._both[level])
            take_phases(
                self._both[level], lanes[level].samples, _GAP, self._phases[level],
                lanes[level + 1].samples, _WINDOWS,
            )  # fmt: skip
            self._layer(f"down{level}", level + 1, self._phases[level], self._in[level + 1])
        self._layer(f"same{deepest}", deepest, self._in[deepest], self._back[deepest])
        for i in range(deepest):
            level = deepest - 1 - i
            own, deeper = lanes[level], lanes[level + 1]
            both = self._both[level]
            rows = both.shape[0] // 2
            cut = _cut(own, deeper)
            # of the deeper level: from the first sample that is needed to one past the last
            first = (max(needed[level][0] - _GAP, 0) + cut) // STRIDE
            last = (min(needed[level][1] + _GAP, own.samples) - 1 + cut) // STRIDE + 1
            source = Stretch(self._back[level + 1], _GAP + first, 0, deeper.period)
            target = Stretch(both, _GAP + STRIDE * first - cut, rows, own.period)
            apply_taps(
                taps[f"up{i}"], source, target, last - first, windows=_WINDOWS,
                check=self._is_new(f"up{i}", first, last),
            )  # fmt: skip
            zero_gaps(both, (rows, 2 * rows), own.samples, _GAP, _WINDOWS)
            self._layer(f"merge{i}", level, both, self._back[level], needed[level])
        self._layer("out", 0, self._back[0], self._out, needed[0], floor=False)

    def _is_new(self, name: str, first: int, last: int) -> bool:
        """Say whether a layer reaches for samples for the first time; its arrays stay the same."""
        key = name, first, last
        if key in self._checked:
            return False
        self._checked.add(key)
        return True

    def _layer(
        self,
        name: str,
        level: int,
        x: NDArray[np.float32],
        out: NDArray[np.float32],
        needed: tuple[int, int] | None = None,
        floor: bool = True,
    ) -> None:
        """Apply a convolution to all windows and restore the zeros between them."""
        lane = self._lanes[level]
        layer = self._taps[name]
        first, last = needed or (0, lane.samples)
        new = self._is_new(name, first, last)
        columns = SPAN * -(-(last - first) // SPAN)
        if columns * _WINDOWS < lane.columns:
            source = Stretch(x, _GAP + first, 0, lane.period)
            target = Stretch(out, _GAP + first, 0, lane.period)
            apply_taps(layer, source, target, columns, windows=_WINDOWS, floor=floor, check=new)
        else:
            apply_taps(
                layer, Stretch(x, _GAP), Stretch(out, _GAP), lane.columns, floor=floor, check=new
            )
        if name != "out":
            zero_gaps(out, (0, layer.bias.size), lane.samples, _GAP, _WINDOWS)


def _cut(own: Lane, deeper: Lane) -> int:
    """Samples cut off at the start of what a transposed convolution gives.

    The first of the whole, and half of what is then too long.
    """
    return 1 + (STRIDE * deeper.samples - own.samples) // 2


NORMS = ("std", "peak", "living")
"""Normalization: by the standard deviation, by the peak, or by the standard deviation times
3/n where n of 3 components are alive, as PhaseNet's authors do."""


@compiled(nogil=True, error_model="numpy")
def _fill(windows: NDArray[np.float32], out: NDArray[np.float32], gap: int, mode: int) -> None:
    """Demean and normalize windows and lay them side by side."""
    count, channels, samples = windows.shape
    period = samples + gap
    for n in range(out.shape[1] // period):
        start = gap + n * period
        if start + samples > out.shape[1]:
            break
        if n >= count:
            # Of the batch before: wiped, or its numbers would be computed with, and may be NaN.
            for c in range(channels):
                out[c, start : start + samples] = 0.0
            continue
        living = 0
        for c in range(channels):
            x, y = windows[n, c], out[c, start : start + samples]
            mean, peak = _mean_and_peak(x)
            square, high = _spread(x, mean)
            deviation = math.sqrt(square)
            alive = deviation > 1e-9 * peak
            living += alive
            size = deviation if mode != 1 else high
            factor = 1.0 / size if alive else 0.0
            for t in range(samples):
                y[t] = (x[t] - mean) * factor
        if mode == 2 and 0 < living < 3:
            for c in range(channels):
                y = out[c, start : start + samples]
                for t in range(samples):
                    y[t] *= 3.0 / living


@compiled(nogil=True, error_model="numpy")
def _mean_and_peak(x: NDArray[np.float32]) -> tuple[float, float]:
    # four sums at once, since each waits for itself
    a = b = c = d = 0.0
    peak = np.float32(0.0)
    n = x.size
    for t in range(0, n - 3, 4):
        a += x[t]
        b += x[t + 1]
        c += x[t + 2]
        d += x[t + 3]
    for t in range(n - n % 4, n):
        a += x[t]
    for t in range(n):
        peak = max(peak, abs(x[t]))
    return (a + b + c + d) / n, float(peak)


@compiled(nogil=True, error_model="numpy")
def _spread(x: NDArray[np.float32], mean: float) -> tuple[float, float]:
    """Return the mean square about the mean, and the largest difference from it."""
    a = b = c = d = 0.0
    high = 0.0
    n = x.size
    for t in range(0, n - 3, 4):
        p, q, r, s = x[t] - mean, x[t + 1] - mean, x[t + 2] - mean, x[t + 3] - mean
        a += p * p
        b += q * q
        c += r * r
        d += s * s
    for t in range(n - n % 4, n):
        a += (x[t] - mean) ** 2
    for t in range(n):
        high = max(high, abs(x[t] - mean))
    return (a + b + c + d) / n, high


@compiled(nogil=True, error_model="numpy")
def _softmax(
    data: NDArray[np.float32],
    gap: int,
    samples: int,
    blind: int,
    classes: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """Turn three rows of log odds into probabilities, for every window of ``out``."""
    samples -= 2 * blind
    power = np.empty(samples, np.int32)
    scale = power.view(np.float32)
    exps = np.empty((3, samples), np.float32)
    total = np.empty(samples, np.float32)
    # Row by row and not sample by sample: loops over contiguous samples run eight at a time.
    for n in range(out.shape[0]):
        start = gap + n * (samples + 2 * blind + gap) + blind
        end = start + samples
        z0, z1, z2 = data[0, start:end], data[1, start:end], data[2, start:end]
        for t in range(samples):
            top = max(z0[t], max(z1[t], z2[t]))
            exps[0, t] = z0[t] - top
            exps[1, t] = z1[t] - top
            exps[2, t] = z2[t] - top
        for k in range(3):
            row = exps[k]
            _exponentials(row, samples, power, scale)
        for t in range(samples):
            total[t] = np.float32(1.0) / (exps[0, t] + exps[1, t] + exps[2, t])
        for k in range(classes.size):
            row, values = exps[classes[k]], out[n, k, blind : blind + samples]
            for t in range(samples):
                values[t] = row[t] * total[t]
            out[n, k, :blind] = 0.0
            out[n, k, blind + samples :] = 0.0


@compiled(nogil=True, error_model="numpy")
def _exponentials(
    x: NDArray[np.float32], samples: int, power: NDArray[np.int32], scale: NDArray[np.float32]
) -> None:
    """Replace negative numbers by their exponentials, to 2 units of the last place.

    exp(x) = 2**n exp(r) with n whole and abs(r) <= log(2) / 2, exp(r) by its series; ``power``
    and ``scale`` are one array seen as whole numbers and as floats. The loops have no calls
    and no branches, so that they run eight numbers at a time.
    """
    for t in range(samples):
        # -87: below, the result would be no normal number of 32 bits.
        v = max(x[t], np.float32(-87.0))
        n = np.floor(v * np.float32(1.44269504) + np.float32(0.5))
        # log(2) in two parts, the first with few digits, so that n times it is exact.
        r = v - n * np.float32(0.693359375)
        r = r + n * np.float32(2.12194440e-4)
        # The exponent of a float of 32 bits begins at bit 23 and is kept plus 127.
        power[t] = (np.int32(n) + np.int32(127)) << np.int32(23)
        p = np.float32(1.9875691500e-4)
        p = p * r + np.float32(1.3981999507e-3)
        p = p * r + np.float32(8.3334519073e-3)
        p = p * r + np.float32(4.1665795894e-2)
        p = p * r + np.float32(1.6666665459e-1)
        p = p * r + np.float32(5.0000001201e-1)
        x[t] = p * r * r + r + np.float32(1.0)
    # In a loop of its own: the writes to ``power`` must be done before they are read as floats.
    for t in range(samples):
        x[t] *= scale[t]
