"""Fault planes, by counting and by probabilities, against first motions by plain NumPy."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from calibration_rows._row import Row, share_and_error
from quakeloom.core import string_keys
from quakeloom.mechanism import (
    MechanismOptions,
    ObservationBlock,
    StatedAngles,
    draw_angle_errors,
    find_mechanisms,
    mechanism_grid,
)

Floats = NDArray[np.float64]

ANGLE_ERROR_DEG = 6.0
LETTERS = "ABC"


def frames(random: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Draw normals and slips, evenly over all rotations."""
    q = random.standard_normal((count, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    normal = np.column_stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    slip = np.column_stack([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])
    return normal, slip


def tensor(normal: Floats, slip: Floats) -> Floats:
    """Moment tensors from normals and slips."""
    return normal[..., :, None] * slip[..., None, :] + slip[..., :, None] * normal[..., None, :]


def plane_vectors(strike: Floats, dip: Floats, rake: Floats) -> tuple[Floats, Floats]:
    """Normals and slips, axes north, east, down (Aki & Richards 2002, eq. 4.88 and 4.89)."""
    s, d, r = np.radians([strike, dip, rake])
    normal = np.stack([-np.sin(d) * np.sin(s), np.sin(d) * np.cos(s), -np.cos(d)], axis=-1)
    slip = np.stack(
        [np.cos(r) * np.cos(s) + np.cos(d) * np.sin(r) * np.sin(s),
         np.cos(r) * np.sin(s) - np.cos(d) * np.sin(r) * np.cos(s), -np.sin(r) * np.sin(d)],
        axis=-1,
    )  # fmt: skip
    return normal, slip


def rotation(first: Floats, second: Floats) -> Floats:
    """Least rotation between double couples by their tensors' axes (Kagan 1991)."""
    _, a = np.linalg.eigh(first)
    _, b = np.linalg.eigh(second)
    # axes have no sign: the trace of the rotation is the largest of the four proper choices
    dot = np.einsum("nij,nik->njk", a, b)
    diagonal = np.abs(np.einsum("njj->nj", dot))
    proper = np.sign(np.linalg.det(a) * np.linalg.det(b)) * np.prod(
        np.sign(np.einsum("njj->nj", dot)), axis=1
    )
    trace = diagonal.sum(axis=1) - np.where(proper < 0, 2.0 * diagonal.min(axis=1), 0.0)
    return np.degrees(np.arccos(np.clip((trace - 1.0) / 2.0, -1.0, 1.0)))


def simulate(events: int, size: int, seed: int) -> tuple[ObservationBlock, Floats]:
    """Events whose readings are wrong as often as they say, with true rays off the stated ones."""
    random = np.random.default_rng(seed)
    true = tensor(*frames(random, events))
    return simulate_readings(true, size, random, seed), true


def simulate_readings(
    true: Floats, size: int, random: np.random.Generator, seed: int
) -> ObservationBlock:
    """First motions of known mechanisms, as :func:`simulate` has them."""
    events = len(true)
    total = events * size
    event = np.repeat(np.arange(events), size)
    azimuth = random.uniform(0, 360, total)
    takeoff = np.degrees(np.arccos(random.uniform(-0.9, 0.7, total)))
    a = np.radians(azimuth + random.normal(0, ANGLE_ERROR_DEG, total))
    t = np.radians(takeoff + random.normal(0, ANGLE_ERROR_DEG, total))
    ray = np.column_stack([np.sin(t) * np.cos(a), np.sin(t) * np.sin(a), np.cos(t)])
    up = np.einsum("ni,nij,nj->n", ray, true[event], ray) > 0
    sure = random.uniform(0.6, 0.99, total)
    said_up = np.where(random.random(total) < sure, up, ~up)
    offsets = np.arange(events + 1, dtype=np.int64) * size
    keys = string_keys([f"p{k}" for k in range(events)], seed)
    stations = string_keys([f"s{k}" for k in range(total)], seed)
    stated = StatedAngles(azimuth, takeoff, ANGLE_ERROR_DEG, ANGLE_ERROR_DEG)
    drawn = draw_angle_errors(keys, offsets, stations, stated, 50)
    return ObservationBlock(
        keys, offsets, *drawn, np.where(said_up, 1, -1).astype(np.int8), np.ones(total, bool),
        np.where(said_up, sure, 1 - sure).astype(np.float32), np.full(total, np.nan, np.float32),
        stations,
    )  # fmt: skip


def measure_fault_planes(quick: bool) -> list[Row]:
    """Stated probabilities and uncertainties of mechanisms; letters with what they promise."""
    events = 60 if quick else 2400
    block, true = simulate(events, 25, 3)
    # the mean of what pickers say is the rate of errors that counting is told
    rate = float(1.0 - np.maximum(block.probability_up, 1 - block.probability_up).mean())
    rows: list[Row] = []
    for words, weigh in (("probabilities", None), ("counting", False)):
        begin = time.process_time()
        options = MechanismOptions(use_probabilities=weigh, polarity_error_rate=rate, trials=50)
        found = find_mechanisms(block, mechanism_grid(5.0), options)
        spent = time.process_time() - begin
        planes = (found.strike_deg, found.dip_deg, found.rake_deg)
        solved = np.isfinite(found.strike_deg)
        away = np.full(events, np.nan)
        away[solved] = rotation(tensor(*plane_vectors(*(p[solved] for p in planes))), true[solved])
        said = found.mechanism_probability[solved]
        inside = (away[solved] <= 45.0).astype(float)
        share, error = share_and_error(inside)
        edges = np.quantile(said, np.linspace(0, 1, 7))
        which = np.clip(np.searchsorted(edges, said, side="right") - 1, 0, 5)
        curve = [
            (float(said[which == b].mean()), float(inside[which == b].mean()))
            for b in range(6)
            if np.any(which == b)
        ]
        rows.append(
            Row(
                f"mechanism within 45 degrees, by {words}", float(said.mean()), share, error,
                int(solved.sum()), spent, reliability=curve,
            )
        )  # fmt: skip
        stated = 0.5 * (found.fault_plane_uncertainty_deg + found.auxiliary_plane_uncertainty_deg)
        for letter in LETTERS:
            own = solved & (found.quality == letter)
            if own.sum() < 20:
                continue
            scatter = 1.2533 * away[own].std() / np.sqrt(own.sum())  # of a median
            rows.append(
                Row(
                    f"quality {letter}, by {words} (error)", float(np.median(stated[own])),
                    float(np.median(away[own])), float(scatter), int(own.sum()), spent,
                    float(np.median(stated[own])), None, "deg", None, (),
                    "stated uncertainty of a plane, median rotation from the truth",
                )
            )  # fmt: skip
    return rows
