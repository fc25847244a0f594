"""Slips of a digit in the picks of a line are put aside; what the ground does is not."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.formats import read_line_picks

SHOTS = np.arange(0.0, 60.1, 5.0)
RECEIVERS = np.arange(0.5, 60.0, 1.0)


def line_picks(step_s: float = 0.0, noise_s: float = 0.01, seed: int = 1):
    """Two layers and noise: shot, receiver, time; a step delays all receivers beyond 30 km."""
    random = np.random.default_rng(seed)
    shot, receiver = (a.ravel() for a in np.meshgrid(SHOTS, RECEIVERS, indexing="ij"))
    offset = np.abs(shot - receiver)
    time = np.minimum(offset / 4.5, 1.2 + offset / 6.5) + step_s * (receiver > 30.0)
    time += noise_s * random.standard_normal(time.size)
    return shot, receiver, np.maximum(time, offset / 8.0)


def as_csv(shot, receiver, time) -> str:
    rows = (f"{a:.2f},{b:.2f},{c:.4f}" for a, b, c in zip(shot, receiver, time, strict=True))
    return "shot_distance_km,receiver_distance_km,travel_time_s\n" + "\n".join(rows) + "\n"


def as_sgt(shot, receiver, time) -> str:
    """In meters, as pyGIMLi has them."""
    places = np.unique(np.round(np.concatenate([shot, receiver]), 6))
    numbers = {p: i + 1 for i, p in enumerate(places)}
    rows = [
        f"{numbers[round(a, 6)]} {numbers[round(b, 6)]} {c:.4f}"
        for a, b, c in zip(shot, receiver, time, strict=True)
    ]
    head = [f"{len(places)} # shot/geophone points", "#x y"]
    points = [f"{1000 * p:.3f} 0" for p in places]
    return "\n".join([*head, *points, f"{len(rows)} # measurements", "#s g t", *rows]) + "\n"


WRITERS = {"a.csv": as_csv, "a.sgt": as_sgt}


@pytest.mark.parametrize("step_s", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("noise_s", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("name", WRITERS)
def test_structure_and_noise_are_no_slips(tmp_path, name, noise_s, step_s):
    """A crossover, a fault that delays half of the line by a second: all picks are kept."""
    path = tmp_path / name
    path.write_text(WRITERS[name](*line_picks(step_s, noise_s)))
    found = read_line_picks(path)
    assert found.rejects.num_rows == 0
    assert found.picks.num_rows == SHOTS.size * RECEIVERS.size


@pytest.mark.parametrize("factor", [0.5, 1.5, 3.0])
@pytest.mark.parametrize("name", WRITERS)
def test_a_time_that_its_neighbors_contradict_is_put_aside(tmp_path, name, factor):
    """Slow ones too, which no range of velocities finds; the neighbors stay."""
    shot, receiver, time = line_picks()
    row = int(np.flatnonzero((shot == 10.0) & (receiver == 40.5))[0])
    time[row] *= factor
    path = tmp_path / name
    path.write_text(WRITERS[name](shot, receiver, time))
    found = read_line_picks(path)
    (reason,) = found.rejects.column("reason").to_pylist()
    assert "does not go with its neighbors" in reason
    assert found.picks.num_rows == time.size - 1
    assert not np.isclose(found.picks.column("travel_time_s").to_numpy(), round(time[row], 4)).any()


@pytest.mark.parametrize("which", ["shot", "receiver"])
def test_a_position_that_neighbors_contradict_is_put_aside(tmp_path, which):
    """The pick stands in a row of its own then, and is told by the row of the other end."""
    shot, receiver, time = line_picks()
    row = int(np.flatnonzero((shot == 20.0) & (receiver == 50.5))[0])
    shot[row], receiver[row] = (37.0, 50.5) if which == "shot" else (20.0, 33.0)
    path = tmp_path / "a.csv"
    path.write_text(as_csv(shot, receiver, time))
    found = read_line_picks(path)
    (reason,) = found.rejects.to_pylist()
    assert reason["source_line"] == row + 2


def test_changed_digits_are_found_and_nothing_else(tmp_path):
    """One of the first two digits of a time, in turn for 150 picks."""
    shot, receiver, time = line_picks()
    random = np.random.default_rng(3)
    caught = large = 0
    for row in random.choice(np.flatnonzero(np.abs(shot - receiver) > 5.0), 150, replace=False):
        digits = f"{time[row]:.4f}"
        place = random.choice([i for i, c in enumerate(digits) if c.isdigit()][:2])
        other = str((int(digits[place]) + int(random.integers(1, 10))) % 10)
        slipped = time.copy()
        slipped[row] = float(digits[:place] + other + digits[place + 1 :])
        path = tmp_path / "a.csv"
        path.write_text(as_csv(shot, receiver, slipped))
        lines = read_line_picks(path).rejects.column("source_line").to_pylist()
        assert lines in ([], [row + 2])
        # smaller ones are within what structure and noise may do
        if abs(slipped[row] - time[row]) > 0.2 * time[row] + 20 * 0.01:
            large += 1
            caught += len(lines)
    assert large > 50
    assert caught >= 0.9 * large
