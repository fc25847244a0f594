"""Ensembles whose travel times are linear in space, for which posteriors are known exactly."""

from __future__ import annotations

import numpy as np

from quakeloom.location import EventPicks, LocationOptions, grid_times, make_ensemble

HALF_KM = 60.0


def linear_ensemble(slope, delay, weights=None):
    """Times ``slope @ (depth, north, east) + 30 + delay``, exact under linear interpolation.

    ``slope`` has shape (picks, 3), ``delay`` (picks, members).
    """
    z = np.array([0.0, 2 * HALF_KM])
    h = np.array([-HALF_KM, HALF_KM])
    corners = np.stack(np.meshgrid(z, h, h, indexing="ij"), -1)
    time = np.einsum("zned,pd->pzne", corners, slope) + 30.0
    time = time[..., None] + delay[:, None, None, None, :]
    names = [f"S{i}" for i in range(slope.shape[0])]
    members = [f"m{k}" for k in range(delay.shape[1])]
    return make_ensemble(grid_times(members, names, time[None], z, h, h), weights)


def linear_picks(ensemble, time, sigma):
    """Picks of P at all stations of a linear ensemble."""
    names = ensemble.times.stations
    group, level = ensemble.times.receivers(["P"] * len(names), np.zeros(len(names)), names)
    return EventPicks(np.zeros((len(names), 3)), group, level, time, np.full(len(names), sigma**2))


def wide_options(**changes):
    """Options whose prior volume is far larger than any posterior here."""
    values = {"minimum_depth_km": 0.0, "maximum_depth_km": 2 * HALF_KM, "radius_km": HALF_KM}
    return LocationOptions(**(values | changes))


def projector(covariance):
    """Precision of the data once the origin time is integrated out."""
    inverse = np.linalg.inv(covariance)
    ones = np.ones(covariance.shape[0])
    return inverse - np.outer(inverse @ ones, ones @ inverse) / (ones @ inverse @ ones)


def ring_slopes(count, random):
    """Slownesses of rays that leave in all directions, at 6 km/s."""
    azimuth = np.linspace(0, 2 * np.pi, count, endpoint=False) + random.uniform(0, 0.3, count)
    dip = random.uniform(0.2, 1.3, count)
    north, east = np.cos(azimuth) * np.cos(dip), np.sin(azimuth) * np.cos(dip)
    return np.stack([np.sin(dip), -north, -east], axis=-1) / 6.0
