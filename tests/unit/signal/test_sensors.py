"""Two sensors under one name are told apart by what they record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.signal import Piece, make_records, separate_sensors

START = 1_577_880_000_000_000_000


def velocity(component: int, n: int = 4000) -> np.ndarray:
    r = np.random.default_rng(component)
    smooth = np.convolve(r.normal(size=n + 20), np.hanning(21), "valid")
    return 100.0 * smooth


def acceleration(component: int) -> np.ndarray:
    r = np.random.default_rng(10 + component)
    return np.diff(velocity(component), append=0.0) * 30.0 + r.normal(0.0, 20.0, 4000)


def pieces(values, **more) -> list[Piece]:
    return [
        Piece(f"CN{c}", START, 100.0, values(k), **{**more, "source": more["source"].format(c)})
        for k, c in enumerate("ZNE")
    ]


APART = {
    "name of the sensor": ({"sensor": "EPISENSOR"}, {"sensor": "L22"}, "{}.sac", "{}.sac"),
    "unit": ({"sensor": "acceleration"}, {"sensor": "velocity"}, "{}.sac", "{}.sac"),
    "name of the file": ({}, {}, "ABC.acc.{}.sac", "ABC.vel.{}.sac"),
    "folder": ({}, {}, "a/CN{}.sac", "b/CN{}.sac"),
    "one file each": ({}, {}, "a.mseed", "b.mseed"),
    "nothing": ({}, {}, "a.mseed", "a.mseed"),
}


@pytest.mark.parametrize("by", list(APART))
@pytest.mark.parametrize("accelerometer_first", [True, False])
def test_the_seismometer_is_picked_on_and_the_other_is_told(by, accelerometer_first):
    one, other, file, other_file = APART[by]
    strong = pieces(acceleration, source=file, **one)
    weak = pieces(velocity, source=other_file, **other)
    both = [*strong, *weak] if accelerometer_first else [*weak, *strong]
    records, problems = make_records(both, "ZNE", 100.0)
    (record,) = records
    for k in range(3):
        wanted = velocity(k) - velocity(k).mean()
        np.testing.assert_allclose(record.data[k], wanted, rtol=1e-5, atol=1e-3)
    assert any("two sensors with the same codes" in p for p in problems)
    assert "several with the same codes" in record.choice


def test_what_only_the_second_sensor_recorded_is_kept():
    strong = pieces(acceleration, source="{}.acc", sensor="acceleration")
    weak = [p.part(0, 1500) for p in pieces(velocity, source="{}.vel", sensor="velocity")]
    late = [replace(p, start=p.start + 60 * 10**9) for p in strong]
    records, _ = make_records([*strong, *weak, *late], "ZNE", 100.0)
    assert [r.start for r in records] == [START, START + 60 * 10**9]


@pytest.mark.parametrize(
    "again",
    [
        lambda x: x,
        lambda x: x.astype(np.float32),
        lambda x: 2.5e-9 * x,
        lambda x: x - x.mean(),
        lambda x: x + np.random.default_rng(5).normal(0.0, 1e-3, x.size),
    ],
    ids=["copy", "single precision", "other units", "mean taken off", "rounded"],
)
def test_one_recording_in_two_files_is_one_sensor(again):
    first = pieces(velocity, source="a/{}")
    second = [replace(p, samples=again(p.samples), source=f"b/{p.channel}") for p in first]
    assert len(separate_sensors([*first, *second])) == 1


def test_components_of_two_sensors_are_never_mixed():
    # the vertical of one sensor is missing: its horizontals alone must not go with the other's
    strong = pieces(acceleration, source="{}.acc", sensor="acceleration")
    weak = pieces(velocity, source="{}.vel", sensor="velocity")[1:]
    (record,), _ = make_records([*strong, *weak], "ZNE", 100.0)
    for k in range(3):
        wanted = acceleration(k) - acceleration(k).mean()
        np.testing.assert_allclose(record.data[k], wanted, rtol=1e-5, atol=1e-3)
