"""What was never recorded is told from what was, whatever it is filled with."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.signal import Piece, find_fill, make_records

START = 1_577_880_000_000_000_000


def noise(n: int = 9000, scale: float = 20.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, scale, n)


def filled(kind: str, dtype: type) -> np.ndarray:
    """Noise with samples 3000 to 3499 filled."""
    data = np.round(noise()) if dtype is np.int32 else noise().astype(dtype)
    if kind == "line":
        data[3000:3500] = np.linspace(data[2999], data[3500] + 300.0, 502)[1:-1]
    else:
        data[3000:3500] = {"zeros": 0.0, "a constant": 77.0, "the last value": data[2999]}[kind]
    return (np.round(data) if dtype is np.int32 else data).astype(dtype)


@pytest.mark.parametrize("kind", ["zeros", "a constant", "the last value", "line"])
@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_fill_is_found_where_it_is(kind, dtype):
    (found,) = find_fill(filled(kind, dtype), 100.0)
    # the samples on both sides may lie on the line as well
    assert abs(found.start - 3000) <= 1
    assert abs(found.stop - 3500) <= 1
    assert (found.value is None) == (kind == "line")


@pytest.mark.parametrize(
    "data",
    [
        np.round(noise(scale=0.2)),
        np.round(noise(scale=0.1)),
        np.cumsum(np.cumsum(noise(scale=1e-3))),
        np.clip(3e3 * np.sin(np.arange(9000) / 60.0), -500, 500),
        np.zeros(9000),
        np.full(9000, 7.0),
        noise(40),
    ],
    ids=["coarse", "coarser", "smooth", "clipped", "dead", "constant", "short"],
)
def test_what_was_recorded_is_no_fill_however_dull(data):
    assert find_fill(data, 100.0) == []
    assert find_fill(np.round(data).astype(np.int32), 100.0) == []


def test_a_coarse_digitizer_keeps_its_noise_before_an_event():
    data = np.round(noise(scale=0.2)).astype(np.int32)
    data[5000:] += np.round(noise(4000, 300.0, seed=1)).astype(np.int32)
    assert find_fill(data, 100.0) == []


@pytest.mark.parametrize("kind", ["zeros", "line"])
def test_a_record_ends_where_the_fill_of_its_vertical_begins(kind):
    pieces = [Piece("HHZ", START, 100.0, filled(kind, np.int32))]
    records, problems = make_records(pieces, "Z", 100.0)
    assert len(records) == 2
    assert abs(records[0].data.shape[1] - 3000) <= 1
    assert "are taken for a gap" in problems[0]


def test_fill_of_a_horizontal_is_remembered_as_a_gap():
    good = np.round(noise(seed=3)).astype(np.int32)
    pieces = [
        Piece("HHZ", START, 100.0, good),
        Piece("HHN", START, 100.0, filled("zeros", np.int32)),
    ]
    (record,), _ = make_records(pieces, "ZNE", 100.0)
    ((first, last),) = record.gaps
    assert (abs(first - 3000) <= 1, abs(last - 3500) <= 1) == (True, True)


def test_a_rate_that_is_nearly_the_wanted_one_does_not_drift():
    # 100.005 Hz: 4 s in a day, half a second in three hours
    n = 3 * 3600 * 100
    data = np.zeros(n)
    data[n - 500 :] = 100.0
    data += noise(n, 0.5)
    (record,), _ = make_records([Piece("HHZ", START, 100.005, data)], "Z", 100.0)
    onset = np.flatnonzero(record.data[0] > record.data[0].max() - 50.0)[0]
    true = (n - 500) / 100.005
    assert abs(onset / 100.0 - true) < 0.05
