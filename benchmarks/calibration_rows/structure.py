"""Hypocenters where velocity changes sideways, located in flat layers as set by default."""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from calibration_rows._row import Row
from calibration_rows.locations import (
    OLD,
    REFERENCE,
    Catalog,
    held,
    locate,
    make_catalog,
    share_rows,
)

Floats = NDArray[np.float64]

HALF_KM, DEEP_KM, STEP_KM = 48.0, 36.0, 1.0
"""Half width, depth and spacing of the blocks whose times are computed."""

VP_VS_SPREAD = 0.01
"""Standard deviation of the structure that only S has, of the logarithm of velocity."""


@dataclass(frozen=True)
class Structure:
    """A kind of Earth: spread of the logarithm of velocity, and step across a fault.

    ``wider``: the ``lateral_spread`` of somebody who expects such a fault; 0: only the default.
    """

    words: str
    spread: float
    step: float = 0.0
    near: float = 25.0
    events: int = 30
    wider: float = 0.0


CASES = (
    Structure("anomalies of 2 %", 0.02),
    Structure("anomalies of 4 %", 0.04),
    Structure("fault with a contrast of 10 %", 0.02, 0.1, wider=0.1),
    Structure("fault with a contrast of 10 %, one cluster", 0.02, 0.1, near=2.0, wider=0.1),
)

EARTHS = 24

OLDER = (
    "**Rows older than the method.** Only the default row of one cluster has terms that share the "
    "errors of paths\n(12 Earths; the same held 54 ± 9 % before). All other rows were measured "
    "before that, and before the stretch for few members."
)
"""Said on the page above the rows, until they are measured again."""


def smooth(field: Floats, lengths: tuple[float, ...]) -> Floats:
    """Return a field smoothed along its axes by Gaussians of widths in nodes, by FFT."""
    spectrum = np.fft.fftn(field)
    for axis, w in enumerate(lengths):
        k = np.fft.fftfreq(field.shape[axis]) * 2.0 * np.pi
        shape = [1] * field.ndim
        shape[axis] = -1
        spectrum = spectrum * np.exp(-0.5 * (k * w) ** 2).reshape(shape)
    found = np.fft.ifftn(spectrum).real
    return found / found.std()


def draw_earth(random: np.random.Generator, kind: Structure) -> dict[str, Floats]:
    """Return velocities of P and S (depth, east, north) in km/s.

    The layers of the reference smoothed over 2 km, faster or slower as a whole by 5 %, with
    anomalies 6 to 15 km wide, and a vertical fault through the middle, one side of which is slower,
    less so with depth.
    """
    z = np.arange(0.0, DEEP_KM + 1e-9, STEP_KM)
    x = np.arange(-HALF_KM, HALF_KM + 1e-9, STEP_KM)
    fine = np.arange(-10.0, DEEP_KM + 10.0, 0.25)
    layer = np.searchsorted(REFERENCE.top_km, np.maximum(fine, 0.0), side="right") - 1
    kernel = np.exp(-0.5 * (np.arange(-6.0, 6.1, 0.25) / 2.0) ** 2)
    level = np.convolve(REFERENCE.velocity_km_s[layer], kernel / kernel.sum(), mode="same")
    mean = np.log(np.interp(z, fine, level)) + 0.05 * random.standard_normal()
    shape = z.size, x.size, x.size
    wide = random.uniform(6.0, 15.0) / STEP_KM

    def anomalies() -> Floats:
        return smooth(random.standard_normal(shape), (0.5 * wide, wide, wide))

    field = mean[:, None, None] + kind.spread * anomalies()
    strike, off = random.uniform(0.0, np.pi), random.uniform(-8.0, 8.0)
    side = x[:, None] * np.cos(strike) + x[None, :] * np.sin(strike) > off
    field = field - kind.step * side * np.clip(1.0 - z / 40.0, 0.2, 1.0)[:, None, None]
    slow = np.log(1.73) + 0.02 * random.standard_normal() + VP_VS_SPREAD * anomalies()
    return {"P": np.exp(field), "S": np.exp(field - slow)}


def solve_times(velocity: Floats, station: NDArray[np.int64], places: Floats) -> Floats:
    """Return times (s) from a station on a node of the surface to places (z, east, north)."""
    import eikonalfm

    step = (STEP_KM,) * 3
    source = (0, int(station[0]), int(station[1]))
    factor = eikonalfm.factored_fast_marching(velocity, source, step, 2)
    axes = tuple(np.arange(n) * STEP_KM for n in velocity.shape)
    at = places + np.array([0.0, HALF_KM, HALF_KM])
    away = np.linalg.norm(at - np.array(source) * STEP_KM, axis=1)
    return RegularGridInterpolator(axes, factor)(at) * away


def simulate(earth: int, kind: Structure, stations: int = 16) -> Catalog:
    """Simulate events in one Earth of a kind; half of the stations have S."""
    random = np.random.default_rng([78, earth])
    velocity = draw_earth(random, kind)
    node = random.integers(3, int(2 * HALF_KM / STEP_KM) - 2, (stations, 2))
    site = node * STEP_KM - HALF_KM
    place = random.uniform(-kind.near, kind.near, (kind.events, 2))
    depth = random.uniform(3.0, 18.0, kind.events)
    at = np.column_stack([depth, place])
    times = {phase: np.array([solve_times(velocity[phase], n, at) for n in node]) for phase in "PS"}
    return make_catalog(
        earth, (depth, place, site), {}, lambda phase, e: times[phase][:, e], random
    )


def measure_sideways(quick: bool) -> list[Row]:
    """Measure hypocenters in ensembles of flat layers, with terms of stations and before."""
    logging.disable(logging.WARNING)
    settings: dict[str, Any] = {"members": 100}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for kind in CASES[:1] if quick else CASES:
            variants: list[dict[str, Any]] = [{}, OLD]
            if kind.wider:
                variants.append({"lateral_spread": kind.wider})
            shares: list[list[Any]] = [[] for _ in variants]
            begin = time.process_time()
            for earth in range(2 if quick else EARTHS):
                catalog = simulate(earth, kind)
                for each, variant in zip(shares, variants, strict=True):
                    found = locate(catalog, Path(name), **{**settings, **variant})
                    each.append(held(catalog, found.hypocenters))
            seconds = (time.process_time() - begin) / len(variants)
            before = [np.array([o[k] for o in shares[1]]) for k in (0, 2)]
            rows += share_rows(kind.words, shares[0], before, seconds)
            if kind.wider:
                words = f"{kind.words}, `lateral_spread: {kind.wider:g}`"
                rows += share_rows(words, shares[2], None, seconds)
    return rows
