"""Sums over shifted rows: convolutions of every kind, window beside window."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.networks import (
    SPAN,
    Lane,
    Stretch,
    apply_taps,
    convolution_taps,
    strided_taps,
    take_phases,
    transposed_taps,
    zero_gaps,
)


def _windows(lane: Lane, data: np.ndarray) -> np.ndarray:
    """Lay windows of shape (n, channels, samples) side by side."""
    rows = lane.make_rows(data.shape[1])
    for n, window in enumerate(data):
        at = lane.gap + n * lane.period
        rows[:, at : at + lane.samples] = window
    return rows


def _take(lane: Lane, rows: np.ndarray, n: int) -> np.ndarray:
    at = lane.gap + n * lane.period
    return rows[:, at : at + lane.samples]


def _convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A convolution of one window with zeros around it, by its definition."""
    half = weight.shape[2] // 2
    wide = np.pad(x.astype(float), ((0, 0), (half, half)))
    view = np.lib.stride_tricks.sliding_window_view(wide, weight.shape[2], axis=1)
    return np.einsum("ock,ctk->ot", weight.astype(float), view) + bias[:, None]


@pytest.fixture
def r() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize(("out", "channels", "kernel"), [(8, 3, 7), (3, 8, 1), (5, 2, 11)])
def test_a_convolution_is_what_its_definition_says(r, out, channels, kernel):
    lane = Lane(131, kernel // 2, 4)
    data = r.normal(size=(4, channels, 131)).astype(np.float32)
    weight, bias = r.normal(size=(out, channels, kernel)), r.normal(size=out)
    taps = convolution_taps(weight, bias, lane.width, kernel // 2)
    made = lane.make_rows(taps.bias.size)
    source = Stretch(_windows(lane, data), lane.gap)
    apply_taps(taps, source, Stretch(made, lane.gap), lane.columns, floor=False)
    for n in range(4):
        expected = _convolve(data[n], weight, bias)
        assert np.allclose(_take(lane, made, n)[:out], expected, atol=2e-5)


def test_what_is_negative_is_cut_off(r):
    lane = Lane(40, 3, 2)
    data = r.normal(size=(2, 4, 40)).astype(np.float32)
    weight, bias = r.normal(size=(4, 4, 7)), np.zeros(4)
    taps = convolution_taps(weight, bias, lane.width, 3)
    both = []
    for floor in (False, True):
        made = lane.make_rows(4)
        source = Stretch(_windows(lane, data), 3)
        apply_taps(taps, source, Stretch(made, 3), lane.columns, floor=floor)
        both.append(_take(lane, made, 1))
    assert np.array_equal(np.maximum(both[0], 0.0), both[1])
    assert (both[0] < 0).any()


def test_a_window_gives_the_same_bits_whatever_lies_beside_it(r):
    lane = Lane(75, 3, 6)
    data = r.normal(size=(6, 8, 75)).astype(np.float32)
    weight, bias = r.normal(size=(8, 8, 7)), r.normal(size=8)
    taps = convolution_taps(weight, bias, lane.width, 3)
    made = lane.make_rows(8)
    apply_taps(taps, Stretch(_windows(lane, data), 3), Stretch(made, 3), lane.columns)
    for n in range(6):
        alone = np.zeros_like(data)
        alone[5 - n] = data[n]
        other = lane.make_rows(8)
        apply_taps(taps, Stretch(_windows(lane, alone), 3), Stretch(other, 3), lane.columns)
        assert np.array_equal(_take(lane, made, n), _take(lane, other, 5 - n))


@pytest.mark.parametrize("samples", [47, 188, 750])
def test_a_stride_takes_every_fourth_value(r, samples):
    before, shorter = 2, -(-samples // 4)
    lane, less = Lane(samples, 3, 3), Lane(shorter, 3, 3)
    data = r.normal(size=(3, 4, samples)).astype(np.float32)
    weight, bias = r.normal(size=(8, 4, 7)), r.normal(size=8)
    phases, made = less.make_rows(16), less.make_rows(8)
    take_phases(_windows(lane, data), samples, 3, phases, shorter, 3)
    taps = strided_taps(weight, bias, less.width, before, 4)
    apply_taps(taps, Stretch(phases, 3), Stretch(made, 3), less.columns, floor=False)
    for n in range(3):
        wide = np.pad(data[n], ((0, 0), (1, 1)))
        every = _convolve(wide, weight, bias)[:, 2 : 2 + 4 * shorter : 4]
        assert np.allclose(_take(less, made, n)[:, : every.shape[1]], every, atol=2e-5)


def test_a_transposed_convolution_spreads_every_sample(r):
    samples = 19
    lane, longer = Lane(samples, 3, 2), Lane(4 * samples + 3, 3, 2)
    data = r.normal(size=(2, 4, samples)).astype(np.float32)
    weight, bias = r.normal(size=(4, 5, 7)), r.normal(size=5)
    taps = transposed_taps(weight, bias, lane.width)
    made = longer.make_rows(5)
    source = Stretch(_windows(lane, data), 3, 0, lane.period)
    target = Stretch(made, 3, 0, longer.period)
    apply_taps(taps, source, target, samples + 1, windows=2, floor=False)
    for n in range(2):
        expected = np.repeat(bias[:, None], 4 * samples + 3, axis=1)
        for t in range(samples):
            expected[:, 4 * t : 4 * t + 7] += np.einsum("c,cok->ok", data[n, :, t], weight)
        assert np.allclose(_take(longer, made, n), expected, atol=2e-5)


def test_gaps_are_zero_again():
    lane = Lane(10, 3, 4)
    rows = lane.make_rows(2)
    rows[:] = 1.0
    zero_gaps(rows, (0, 1), 10, 3, 4)
    assert _take(lane, rows, 2)[0].all()
    assert rows[0, : 3 + 4 * 13].sum() == 40
    assert rows[1].all()


def test_a_layer_that_reaches_beyond_its_arrays_is_refused():
    lane = Lane(100, 3, 1)
    taps = convolution_taps(np.ones((4, 2, 7)), np.zeros(4), lane.width, 3)
    x = lane.make_rows(2)
    narrow = Stretch(np.zeros((4, 100), np.float32), 3)
    with pytest.raises(ValueError, match="beyond"):
        apply_taps(taps, Stretch(x, 3), narrow, 100 + SPAN)
    with pytest.raises(ValueError, match="single precision"):
        apply_taps(taps, Stretch(x.astype(float), 3), Stretch(lane.make_rows(4), 3), 100)
