"""Simulated multibeam surveys with blunders that are known, and scores of what finds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from quakeloom.core import random_stream
from quakeloom.seafloor._terrain import simulate_terrain

Floats = NDArray[np.float64]

_SWATH_DEG = 60.0
"""Angle of the outermost beam from straight down."""

_NOISE = 0.0015
"""Standard deviation of a right sounding below the ship over the depth; grows to 3 times at the
edge. Typical of a modern sonar after correction."""

KINDS = ("right", "spike", "burst", "bottom_of_fish")
"""What a sounding is: right; a single spike; one of a burst of pings; one of a school of fish, all
at one depth above the ground."""


@dataclass(frozen=True)
class SimulatedSurvey:
    """Soundings in the order of pings and beams.

    Attributes
    ----------
    east_m, north_m, depth_m : ndarray, (n,)
    true_depth_m : ndarray
        Of the ground at the place.
    ping, beam : ndarray of int32
    kind : ndarray of int8
        Index into :data:`KINDS`; above 0 is wrong.
    """

    east_m: Floats
    north_m: Floats
    depth_m: Floats
    true_depth_m: Floats
    ping: NDArray[np.int32]
    beam: NDArray[np.int32]
    kind: NDArray[np.int8]


def simulate_survey(
    pings: int, beams: int, seed: int, name: str, wrong_share: float = 0.03
) -> SimulatedSurvey:
    """Simulate lines of a multibeam sonar over simulated ground.

    Half of the wrong soundings are single spikes, a third are bursts (all beams of some pings in a
    sector), the others schools of fish.

    Parameters
    ----------
    pings, beams : int
    seed : int
    name : str
    wrong_share : float
        Share of wrong soundings, about.
    """
    rng = random_stream(seed, "survey", name)
    spacing = 10.0
    ground = simulate_terrain((256, 256), spacing, seed, f"survey-{name}")
    side = 256 * spacing
    mean = float(ground.depth_m.mean())
    # A survey of water as deep as a fifth of the area is wide: lines lie beside each other.
    z = ground.depth_m - mean + 0.2 * side
    width = 2 * 0.2 * side * np.tan(np.deg2rad(_SWATH_DEG))
    lines = max(1, int(np.ceil(side / (0.8 * width))))
    per_line = -(-pings // lines)
    ping = np.repeat(np.arange(pings, dtype=np.int32), beams)
    beam = np.tile(np.arange(beams, dtype=np.int32), pings)
    line = ping // per_line
    angle = np.tan(np.deg2rad(np.linspace(-_SWATH_DEG, _SWATH_DEG, beams)))[beam]
    east = (line + 0.5) * side / lines + 0.2 * side * angle
    north = (ping % per_line + 0.5) * side / per_line + rng.normal(0, 0.3, ping.size)
    east, north = (np.clip(v, 0.0, side - 1e-6) for v in (east, north))
    at = np.stack([north, east]) / spacing - 0.5
    true = map_coordinates(z, at, order=1, mode="nearest")
    spread = _NOISE * true * (1 + 2 * (angle / np.tan(np.deg2rad(_SWATH_DEG))) ** 2)
    depth = true + spread * rng.standard_normal(true.size)
    kind = np.zeros(true.size, np.int8)
    _add_blunders(depth, true, kind, (pings, beams), wrong_share, rng)
    return SimulatedSurvey(east, north, depth, true, ping, beam, kind)


def _add_blunders(
    depth: Floats, true: Floats, kind: NDArray[np.int8], shape: tuple[int, int], share: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Write blunders into depths and their kinds."""
    pings, beams = shape
    n = depth.size
    single = rng.choice(n, int(0.5 * share * n), replace=False)
    size = true[single] * np.exp(rng.uniform(np.log(0.01), np.log(0.3), single.size))
    depth[single] = true[single] + size * rng.choice([-1, 1], single.size, p=[0.7, 0.3])
    kind[single] = 1
    d, t, k = (a.reshape(pings, beams) for a in (depth, true, kind))
    left = int(share * n / 3)
    while left > 0:
        p, b = int(rng.integers(pings)), int(rng.integers(beams))
        long, wide = int(rng.integers(1, 5)), int(rng.integers(4, max(5, beams // 6)))
        box = np.s_[p : p + long, b : b + wide]
        d[box] = t[box] * (1 - rng.uniform(0.02, 0.3, d[box].shape))
        k[box] = 2
        left -= max(d[box].size, 1)
    left = int(share * n / 6)
    while left > 0:
        p, b = int(rng.integers(pings)), int(rng.integers(beams))
        long, wide = int(rng.integers(2, 8)), int(rng.integers(2, 8))
        box = np.s_[p : p + long, b : b + wide]
        level = t[box].mean() * (1 - rng.uniform(0.05, 0.4))
        d[box] = level * (1 + 0.01 * rng.standard_normal(d[box].shape))
        k[box] = 3
        left -= max(d[box].size, 1)


def score_flags(wrong: ArrayLike, flagged: ArrayLike) -> dict[str, float]:
    """Return precision, recall and F1 of flags.

    Parameters
    ----------
    wrong, flagged : array_like of bool, (n,)
    """
    true, found = np.asarray(wrong, bool), np.asarray(flagged, bool)
    hit = int((true & found).sum())
    precision = hit / max(int(found.sum()), 1)
    recall = hit / max(int(true.sum()), 1)
    f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}
