"""HASH's definition in plain NumPy, and blocks of made-up observations.

Slow, with straightforward loops, and independent of the room under test: vectors of the
grid are the only thing taken from it.
"""

from __future__ import annotations

import numpy as np

from quakeloom.core import fault_vectors, p_radiation, ray_vectors, string_keys
from quakeloom.mechanism import (
    MechanismOptions,
    ObservationBlock,
    StatedAngles,
    draw_angle_errors,
)

NODAL = 1e-9


def make_block(events, trials=1, azimuth_error=0.0, takeoff_error=0.0, seed=5):
    """Block from a list of events, each a dict of lists (azimuth, takeoff, polarity, ...)."""
    sizes = [len(e["azimuth"]) for e in events]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    count = int(offsets[-1])

    def column(name, default, dtype):
        parts = [
            np.asarray(e.get(name, [default] * n), dtype)
            for e, n in zip(events, sizes, strict=True)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype)

    names = [
        code
        for e, n in zip(events, sizes, strict=True)
        for code in e.get("station", [f"S{k:03d}" for k in range(n)])
    ]
    event_keys = string_keys([e.get("name", f"event{k}") for k, e in enumerate(events)], seed)
    station_keys = string_keys(names, seed)
    angles = StatedAngles(
        column("azimuth", 0, float), column("takeoff", 0, float), azimuth_error, takeoff_error
    )
    azimuth, takeoff = draw_angle_errors(event_keys, offsets, station_keys, angles, trials)
    assert len(station_keys) == count
    return ObservationBlock(
        event_keys, offsets, azimuth, takeoff,
        column("polarity", 0, np.int8), column("impulsive", True, bool),
        column("probability", np.nan, np.float32), column("ratio", np.nan, np.float32),
        station_keys,
    )  # fmt: skip


def everywhere(**changes):
    """Options that refuse no event for gaps."""
    return MechanismOptions(
        **{"maximum_azimuthal_gap_deg": 360, "maximum_takeoff_gap_deg": 90} | changes
    )


def random_event(random, count, mechanism=None, wrong=0.0, sharp=1.0, name="event"):
    """Polarities of a double couple at random rays, some of them wrong."""
    if mechanism is None:
        mechanism = (random.uniform(0, 360), random.uniform(5, 85), random.uniform(-180, 180))
    azimuth = random.uniform(0, 360, count)
    takeoff = np.degrees(np.arccos(random.uniform(-1, 1, count)))
    normal, slip = fault_vectors(*mechanism)
    # The block stores single precision.
    rays = ray_vectors(azimuth.astype(np.float32), takeoff.astype(np.float32))
    polarity = np.where(p_radiation(normal, slip, rays) > 0, 1, -1)
    polarity = np.where(random.random(count) < wrong, -polarity, polarity)
    return {
        "name": name,
        "azimuth": azimuth,
        "takeoff": takeoff,
        "polarity": polarity,
        "impulsive": random.random(count) < sharp,
        "mechanism": mechanism,
    }


def nint(value):
    """Nearest integer, halves up (all values here are positive)."""
    return int(np.floor(value + 0.5))


def predicted_up(grid, azimuth, takeoff):
    """Predicted sign per mechanism and ray; a ray on a nodal plane counts as down."""
    rays = ray_vectors(azimuth, takeoff)
    an, along = grid.normals @ rays.T, grid.slips @ rays.T
    return (np.abs(an) > NODAL) & (np.abs(along) > NODAL) & (an * along > 0)


def accepted_polarities(grid, azimuth, takeoff, polarity, impulsive, rate=0.1, split=True):
    """Accepted mechanisms of one trial by polarities alone."""
    wrong = predicted_up(grid, azimuth, takeoff) != (np.asarray(polarity) > 0)
    all_misses = wrong.sum(axis=1)
    sharp_misses = wrong[:, np.asarray(impulsive)].sum(axis=1)
    count = len(polarity)
    total, extra = max(nint(count * rate), 2), max(nint(count * rate * 0.5), 2)
    if not split:
        return all_misses <= max(total, all_misses.min() + extra)
    least_sharp = sharp_misses.min()
    least_all = all_misses[sharp_misses == least_sharp].min()
    limit_sharp = max(total, least_sharp + extra)
    limit_all = max(total if least_sharp == 0 else count, least_all + extra)
    return (sharp_misses <= limit_sharp) & (all_misses <= limit_all)


def log_ratios(grid, azimuth, takeoff, factor=1.7**3):
    """Predicted log10 S/P per mechanism and ray from the angles of the fault frame."""
    rays = ray_vectors(azimuth, takeoff)
    across = np.cross(grid.normals, grid.slips)
    theta = np.arccos(np.clip(grid.normals @ rays.T, -1, 1))
    phi = np.arctan2(across @ rays.T, grid.slips @ rays.T)
    p = np.abs(np.sin(2 * theta) * np.cos(phi))
    s = np.hypot(np.cos(2 * theta) * np.cos(phi), np.cos(theta) * np.sin(phi))
    with np.errstate(divide="ignore"):
        return np.clip(np.log10(factor * s / p), -2, 4)


def accepted_with_ratios(grid, azimuth, takeoff, polarity, ratio, rate=0.1, error=0.3):
    """Accepted mechanisms of one trial by polarities and S/P."""
    signed = np.asarray(polarity) != 0
    wrong = predicted_up(grid, azimuth, takeoff)[:, signed] != (np.asarray(polarity)[signed] > 0)
    misses = wrong.sum(axis=1)
    count = int(signed.sum())
    total, extra = max(nint(count * rate), 2), max(nint(count * rate * 0.5), 2)
    good = misses <= max(total, misses.min() + extra)
    known = np.isfinite(ratio)
    apart = np.abs(log_ratios(grid, azimuth[known], takeoff[known]) - ratio[known]).sum(axis=1)
    pairs = int(known.sum())
    total_apart, extra_apart = max(pairs * error, 2.0), max(pairs * error * 0.5, 2.0)
    accepted = good & (apart <= max(total_apart, apart.min() + extra_apart))
    if not accepted.any():
        accepted = good & (apart <= max(total_apart, apart[good].min() + extra_apart))
    return accepted


def match(normal, slip, to_normal, to_slip):
    """Smallest rotation in degrees among the four matchings, with the matched vectors."""
    best = None
    for n, s in ((normal, slip), (-normal, -slip), (slip, normal), (-slip, -normal)):
        trace = n @ to_normal + s @ to_slip + np.cross(n, s) @ np.cross(to_normal, to_slip)
        angle = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))
        if best is None or angle < best[0]:
            best = (angle, n, s)
    return best


def hash_mean(normals, slips, members):
    """Mean mechanism of a list, as HASH defines it."""
    if len(members) == 1:
        return normals[members[0]], slips[members[0]]
    first = members[0]
    n, s = normals[first].copy(), slips[first].copy()
    for i in members[1:]:
        _, u, v = match(normals[i], slips[i], normals[first], slips[first])
        n, s = n + u, s + v
    n, s = n / np.linalg.norm(n), s / np.linalg.norm(s)
    matched = [match(normals[i], slips[i], n, s) for i in members]
    spread_n = np.sqrt(np.mean([np.arccos(np.clip(u @ n, -1, 1)) ** 2 for _, u, _ in matched]))
    spread_s = np.sqrt(np.mean([np.arccos(np.clip(v @ s, -1, 1)) ** 2 for _, _, v in matched]))
    if spread_n + spread_s < 1e-4:
        return n, s
    part = spread_n / (spread_n + spread_s)
    for _ in range(100):
        misfit = 90 - np.degrees(np.arccos(n @ s))
        if abs(misfit) <= 0.01:
            break
        old = n
        n = n - s * np.sin(np.radians(misfit * part))
        s = s - old * np.sin(np.radians(misfit * (1 - part)))
        n, s = n / np.linalg.norm(n), s / np.linalg.norm(s)
    return n, s


def hash_solutions(normals, slips, angle=45.0, least=0.25):
    """All solutions as (normal, slip, probability, two uncertainties)."""
    members, solutions = list(range(len(normals))), []
    for number in range(5):
        if not members:
            break
        removed: list[int] = []
        while True:
            n, s = hash_mean(normals, slips, members)
            largest, worst = 0, 0
            for k, i in enumerate(members):
                rotation = match(normals[i], slips[i], n, s)[0]
                # MAXROT is not declared in HASH's MECH_PROB: Fortran takes it for an INTEGER,
                # and assigning to it cuts the fraction off.
                if rotation > largest:
                    largest, worst = int(rotation), k
            if largest <= angle:
                break
            removed.insert(0, members.pop(worst))
        probability = len(members) / len(normals)
        if number and probability < least:
            break
        matched = [match(u, v, n, s) for u, v in zip(normals, slips, strict=True)]
        first = [np.arccos(np.clip(u @ n, -1, 1)) ** 2 for _, u, _ in matched]
        second = [np.arccos(np.clip(v @ s, -1, 1)) ** 2 for _, _, v in matched]
        solutions.append(
            (n, s, probability, *(np.degrees(np.sqrt(np.mean(a))) for a in (first, second)))
        )
        members = removed
    return solutions
