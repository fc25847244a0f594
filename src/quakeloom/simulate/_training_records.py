"""Seismograms to train and test networks on: as various as the Earth, and labelled."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import string_keys
from quakeloom.simulate._catalog import simulate_events
from quakeloom.simulate._counted_random import pair_key
from quakeloom.simulate._options import small_region
from quakeloom.simulate._record_parameters import Draws, draw_record_parameters
from quakeloom.simulate._records import LayerStack, SimulatedRecords, make_records

Floats = NDArray[np.float64]

RECORDS_PER_EVENT = 4
_MODELS = 192
_BLOCK = 512  # events that share a stress regime
_REGIMES = ((0.5, 110.0), (1.5, 80.0), (2.5, 120.0))


@lru_cache(maxsize=4)
def random_layers(seed: int, region: str) -> LayerStack:
    """Draw models of the crust: a slow surface, two to five layers, a mantle.

    Parameters
    ----------
    seed : int
    region : str
        Regions of other names have other models.
    """
    keys = string_keys([f"model {region} {k}" for k in range(_MODELS)], seed)
    d = Draws(keys)
    layers = 7
    top = np.zeros((_MODELS, layers))
    vp = np.zeros((_MODELS, layers))
    moho = d.uniform(18.0, 42.0)
    top[:, 1] = d.log(0.15, 5.0)
    vp[:, 0] = d.log(1.8, 5.6)
    vp[:, 1] = np.maximum(vp[:, 0] + 0.2, d.uniform(4.2, 6.0))
    for k in range(2, layers - 1):
        rest = moho - top[:, k - 1]
        top[:, k] = top[:, k - 1] + rest * d.uniform(0.15, 0.45)
        vp[:, k] = vp[:, k - 1] + (7.1 - vp[:, k - 1]) * d.uniform(-0.03, 0.5)
    top[:, -1] = moho
    vp[:, -1] = d.uniform(7.6, 8.2)
    vs = vp / d.uniform(1.65, 1.85)[:, None]
    vs[:, 0] = vp[:, 0] / d.uniform(1.7, 2.6)
    return LayerStack(top, vp, vs)


def draw_training_records(
    first: int,
    count: int,
    seed: int,
    kind: Literal["picker", "polarity"],
    strength: Literal["strong", "small"] = "small",
    region: str = "training",
    samples: int = 3000,
    sampling_rate_hz: float = 100.0,
    lead_s: tuple[float, float] | None = None,
) -> SimulatedRecords:
    """Simulate labelled records by number.

    Record ``k`` is the same in whatever chunk it is made; four records share an event.
    Mechanisms are Wallace-Bott slip in three stress regimes, magnitudes Gutenberg-Richter.

    Parameters
    ----------
    first, count : int
        Numbers of the records.
    seed : int
    kind : {"picker", "polarity"}
        Pickers see every distance, noise alone and second events; polarity readers see the
        surroundings of P.
    strength : {"strong", "small"}
        Strong: magnitude 2.5 and up, clear onsets; small: magnitude -0.5 to 3, from below
        the noise up.
    region : str
        Another name gives other models, events and noise (a held-out test).
    samples : int
    sampling_rate_hz : float
    lead_s : tuple, optional
        Range of the time from the start of the record to P, s.

    Returns
    -------
    SimulatedRecords
    """
    number = np.arange(first, first + count)
    event = number // RECORDS_PER_EVENT
    low, high = (2.5, 5.5) if strength == "strong" else (-0.5, 3.0)
    normal, slip = np.empty((count, 3)), np.empty((count, 3))
    depth, magnitude = np.empty(count), np.empty(count)
    for block in np.unique(event // _BLOCK):
        shape, azimuth = _REGIMES[int(block) % len(_REGIMES)]
        options = small_region(
            shape_a_phi=shape, shmax_azimuth_deg=azimuth, smallest_magnitude=low,
            greatest_magnitude=high, rake_scatter_deg=20.0, instability_width=0.2,
            greatest_depth_km=28.0 if region == "training" else 20.0,
        )  # fmt: skip
        rows = np.flatnonzero(event // _BLOCK == block)
        start = int(event[rows[0]])
        made = simulate_events(
            options, seed + _salt(region), start, int(event[rows[-1]]) - start + 1
        )
        at = event[rows] - start
        normal[rows], slip[rows] = made.normal[at], made.slip[at]
        depth[rows], magnitude[rows] = made.true_depth_km[at], made.events["magnitude"][at]
    event_keys = string_keys([f"{region} {strength} {e}" for e in np.unique(event)], seed)
    event_keys = event_keys[event - event[0]]
    keys = np.array(
        [pair_key(k, np.uint64(j)) for k, j in zip(event_keys, number, strict=True)], np.uint64
    )
    d = Draws(keys ^ np.uint64(0x5851F42D4C957F2D))
    layers = random_layers(seed, region)
    model = np.minimum((d.uniform() * _MODELS).astype(np.int64), _MODELS - 1)
    distance = np.where(d.chance(0.75), d.log(1.0, 120.0), d.log(20.0, 330.0))
    if kind == "polarity":
        distance = d.log(2.0, 160.0)
    azimuth = d.uniform(0.0, 360.0)
    moment = 10.0 ** (1.5 * magnitude + 9.1)
    slant = np.hypot(depth, distance)
    p = draw_record_parameters(
        keys, moment, slant / 6.2, slant / 3.58, sampling_rate_hz,
        1.0 if kind == "picker" else 0.5,
    )  # fmt: skip
    quiet = d.chance(0.1 if strength == "small" else 0.02)
    p["snr_wanted"] = np.where(
        quiet, d.log(300.0, 5000.0), d.log(*((8.0, 300.0) if strength == "strong" else (0.9, 60.0)))
    )
    if kind == "picker":
        p["event_gain"] = np.where(d.chance(0.06), 0.0, 1.0)
        second = d.chance(0.1)
        p["second_gain"] = np.where(second, d.log(0.1, 4.0), 0.0)
        dead = d.chance(0.12)
        p["dead"] = np.where(
            dead, np.where(d.chance(0.7), 6.0, np.floor(d.uniform(1.0, 7.0))), 0.0
        )
        p["snr_wanted"] *= np.where(d.chance(0.4), 3.0, 1.0)
    else:
        p["second_gain"] = np.where(d.chance(0.02), d.log(0.03, 0.3), 0.0)
    p["second_shift"] = d.uniform(-0.6, 0.9) * samples / sampling_rate_hz
    # The first arrival is known after tracing; direct P in the mean crust places the window.
    return _place(keys, layers, model, depth, distance, azimuth, normal, slip, moment, p, samples,
                  d, lead_s)  # fmt: skip


def _place(keys, layers, model, depth, distance, azimuth, normal, slip, moment, p, samples, d,
           lead_s):  # fmt: skip
    """Start each record a drawn time before its first P, then make it."""
    from quakeloom.simulate._record_kernels import first_arrivals

    first = first_arrivals(
        model, layers.top_km, layers.p_velocity_km_s, depth, distance
    )
    length = samples / p["sampling_rate"]
    if lead_s is None:
        wide = d.chance(0.12)
        lead = np.where(wide, d.uniform(-0.9, 1.0), d.uniform(0.02, 0.8)) * length
    else:
        lead = d.uniform(*lead_s)
    p["window_start"] = first - lead
    return make_records(
        keys, layers, model, depth, distance, azimuth, normal, slip, moment, p, samples
    )


def _salt(region: str) -> int:
    """A number of a region's name."""
    return sum(ord(c) * (k + 1) for k, c in enumerate(region)) % 100_003
