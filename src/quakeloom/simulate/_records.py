"""Three-component seismograms with known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import LayeredModel
from quakeloom.simulate._record_kernels import render_records
from quakeloom.simulate._record_parameters import RECORD_TYPE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LayerStack:
    """Flat layers of several models, padded to one length.

    Attributes
    ----------
    top_km, p_velocity_km_s, s_velocity_km_s : ndarray, shape (models, layers)
    """

    top_km: Floats
    p_velocity_km_s: Floats
    s_velocity_km_s: Floats


@dataclass(frozen=True)
class SimulatedRecords:
    """Seismograms and their truth.

    Attributes
    ----------
    waveforms : ndarray of float32, shape (records, 3, samples)
        Components vertical (up), north, east, in counts.
    p_sample, s_sample : ndarray, shape (records, 2)
        Arrivals in samples of the record, of the event and of a second one; NaN where none.
    radiation : ndarray, shape (records,)
        P radiation toward the first arrival, -1 to 1, positive up.
    takeoff_deg : ndarray
        Take-off angle of the first P, 0 down.
    snr : ndarray
        Peak of the first second of P over the root mean square of the noise, both of
        differences over 0.06 s of the vertical.
    parameters : structured ndarray
        See ``RECORD_FIELDS``.
    """

    waveforms: NDArray[np.float32]
    p_sample: Floats
    s_sample: Floats
    radiation: Floats
    takeoff_deg: Floats
    snr: Floats
    parameters: NDArray[np.void]


def stack_layers(models: list[LayeredModel], layer_km: float = 3.0, greatest_km: float = 45.0) -> LayerStack:
    """Turn models with gradients into flat layers of constant velocity.

    Parameters
    ----------
    models : list of LayeredModel
        Where S velocities are missing they are P over 1.73.
    layer_km : float
        Greatest thickness of a layer inside a gradient.
    greatest_km : float
        Depth of the half-space below.
    """
    made = []
    for model in models:
        vp = model.p_velocity_km_s
        vs = vp / 1.73 if model.s_velocity_km_s is None else model.s_velocity_km_s
        tops, p, s = [], [], []
        z = model.depth_km - model.depth_km[0]
        for k in range(z.size - 1):
            thick = z[k + 1] - z[k]
            if thick <= 0.0 or z[k] >= greatest_km:
                continue
            same = vp[k] == vp[k + 1]
            pieces = 1 if same else max(1, int(np.ceil(thick / layer_km)))
            for j in range(pieces):
                middle = (j + 0.5) / pieces
                tops.append(z[k] + thick * j / pieces)
                p.append(vp[k] + middle * (vp[k + 1] - vp[k]))
                s.append(vs[k] + middle * (vs[k + 1] - vs[k]))
        tops.append(min(z[-1], greatest_km))
        last = int(np.searchsorted(z, greatest_km, "right") - 1)
        p.append(vp[last])
        s.append(vs[last])
        made.append((tops, p, s))
    layers = max(len(m[0]) for m in made)
    filled = [
        [m[c] + [m[c][-1] + (1e4 if c == 0 else 0.0)] * (layers - len(m[c])) for m in made]
        for c in range(3)
    ]
    return LayerStack(*(np.array(f, dtype=float) for f in filled))


def make_records(
    keys: NDArray[np.uint64],
    layers: LayerStack,
    model: ArrayLike,
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    azimuth_deg: ArrayLike,
    normal: Floats,
    slip: Floats,
    moment_n_m: ArrayLike,
    parameters: NDArray[np.void],
    samples: int,
) -> SimulatedRecords:
    """Make seismograms, each from its own key and parameters alone.

    Rays give arrivals (:func:`~quakeloom.simulate._layered_paths.trace_rays`); each puts a
    band-limited impulse with the radiation of its take-off direction into the record; the
    scattered waves are noise under an envelope. Source (two poles), attenuation (two poles),
    site and sensor are causal recursive filters, so that nothing but the anti-alias kernel
    comes before an onset.

    Parameters
    ----------
    keys : ndarray of uint64, shape (records,)
    layers : LayerStack
    model : array_like of int
        Row of ``layers`` of each record.
    depth_km, distance_km, azimuth_deg : array_like
        Source depth, epicentral distance, azimuth from the source to the station.
    normal, slip : ndarray, shape (records, 3)
        Unit vectors of the mechanism; north, east, down.
    moment_n_m : array_like
    parameters : structured ndarray
        Of :data:`RECORD_FIELDS`.
    samples : int

    Returns
    -------
    SimulatedRecords
    """
    n = keys.size
    out = np.empty((n, 3, samples), np.float32)
    times = np.empty((n, 4))
    radiation, takeoff, snr = np.empty(n), np.empty(n), np.empty(n)
    floats = [
        np.ascontiguousarray(np.broadcast_to(np.asarray(a, dtype=float), (n,)))
        for a in (depth_km, distance_km, azimuth_deg, moment_n_m)
    ]
    render_records(
        keys,
        np.ascontiguousarray(parameters, dtype=RECORD_TYPE),
        np.ascontiguousarray(np.broadcast_to(np.asarray(model, dtype=np.int64), (n,))),
        layers.top_km,
        layers.p_velocity_km_s,
        layers.s_velocity_km_s,
        *floats[:3],
        np.ascontiguousarray(normal),
        np.ascontiguousarray(slip),
        floats[3],
        samples,
        out,
        times,
        radiation,
        takeoff,
        snr,
    )
    rate = parameters["sampling_rate"][:, None]
    return SimulatedRecords(
        out, times[:, [0, 2]] * rate, times[:, [1, 3]] * rate, radiation, takeoff, snr, parameters
    )
