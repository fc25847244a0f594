"""Refraction lines with known sections: velocities in plain NumPy, times by another solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LENGTH_KM, DEEP_KM = 60.0, 15.0
"""Extent of the section of a line."""

STEP_KM = 0.375
"""Node spacing of the section whose times are computed."""

ERROR_S = 0.03
"""Standard error of the picks."""

REGION_KM = np.array([0.0, 5.0, 10.0, 20.0])
REGION_KM_S = np.array([5.3, 5.95, 6.21, 6.47])
REGION_STD = np.array([0.12, 0.12, 0.06, 0.045])
"""Mean velocity of continental crust over depth and the scatter of its logarithm from region to
region, after Christensen & Mooney (1995)."""


@dataclass(frozen=True)
class Line:
    """A refraction line.

    Attributes
    ----------
    kind : str
    picks : dict of str to ndarray
        Columns that quakeloom reads.
    depth_km, distance_km : ndarray
    velocity : ndarray, (depth, distance), km/s
        The truth.
    layer, basin : ndarray of bool, (depth, distance)
        Nodes of the low-velocity layer, and of the basin; none in lines of other kinds.
    """

    kind: str
    picks: dict[str, np.ndarray]
    depth_km: np.ndarray
    distance_km: np.ndarray
    velocity: np.ndarray
    layer: np.ndarray
    basin: np.ndarray


def smooth_noise(rng, shape, lengths):
    """Return unit noise smoothed by a Gaussian of widths in nodes, by FFT on a padded grid."""
    big = [n + int(6 * w) for n, w in zip(shape, lengths, strict=True)]
    spectrum = np.fft.fft2(rng.standard_normal(big))
    for axis, w in enumerate(lengths):
        k = np.fft.fftfreq(big[axis]) * 2 * np.pi
        damp = np.exp(-0.5 * (k * w) ** 2)
        spectrum *= damp[:, None] if axis == 0 else damp[None, :]
    field = np.fft.ifft2(spectrum).real
    return (field / field.std())[: shape[0], : shape[1]]


def draw_section(rng, kind):
    """Return depths, distances, a velocity section of one kind of crust, its layer and its basin.

    A profile of a region; structure along the line of a width and lengths of its own; and in turn
    nothing more, a low-velocity layer, a basin with a steep edge, or both.
    """
    z = np.arange(0.0, DEEP_KM + 1e-9, STEP_KM)
    x = np.arange(0.0, LENGTH_KM + 1e-9, STEP_KM)
    # the profile of the region: knots that differ from the mean together and on their own
    knots = np.array([0.0, 1.5, 4.0, 8.0, 14.0, 22.0])
    scatter = np.interp(knots, REGION_KM, REGION_STD)
    common = rng.standard_normal()
    own = rng.standard_normal(knots.size)
    logs = np.log(np.interp(knots, REGION_KM, REGION_KM_S))
    logs = logs + scatter * (np.sqrt(0.5) * common + np.sqrt(0.5) * own)
    # velocity grows with depth in a region but for what is added below
    logs = np.maximum.accumulate(logs) + 0.002 * knots
    profile = np.interp(z, knots, logs)
    width = np.exp(rng.uniform(np.log(0.005), np.log(0.06)))
    lengths = (
        rng.uniform(1.0, 3.0) / STEP_KM,
        np.exp(rng.uniform(np.log(3.0), np.log(15.0))) / STEP_KM,
    )
    fading = np.clip(1.0 - z / 25.0, 0.4, 1.0)
    field = profile[:, None] + width * fading[:, None] * smooth_noise(
        rng, (z.size, x.size), lengths
    )
    layer, basin = np.zeros(field.shape, bool), np.zeros(field.shape, bool)
    if kind in ("layer", "both"):
        top, thick = rng.uniform(2.0, 6.0), rng.uniform(1.0, 3.0)
        left, wide = rng.uniform(0.0, 30.0), rng.uniform(20.0, 60.0)
        layer = ((z > top) & (z < top + thick))[:, None] & ((x > left) & (x < left + wide))
        field = field + np.where(layer, np.log1p(-rng.uniform(0.03, 0.12)), 0.0)
    if kind in ("basin", "both"):
        edge, deep = rng.uniform(15.0, 45.0), rng.uniform(1.0, 3.0)
        side = x < edge if rng.random() < 0.5 else x > edge
        basin = (z < deep)[:, None] & side[None, :]
        field = field + np.where(basin, np.log1p(-rng.uniform(0.05, 0.2)), 0.0)
    return z, x, np.clip(np.exp(field), 2.5, 9.0), layer, basin


def solve_times(velocity, step, source, z, x):
    """Return first-arrival times of a source (depth, distance) on the nodes, by fteikpy."""
    import fteikpy

    cells = 0.25 * (velocity[1:, 1:] + velocity[:-1, 1:] + velocity[1:, :-1] + velocity[:-1, :-1])
    solver = fteikpy.Eikonal2D(cells, gridsize=(step, step), origin=(z[0], x[0]))
    return solver.solve(np.asarray(source), nsweep=3)


def draw_line(seed, number, kinds=("smooth", "layer", "basin", "both"), shots=6, receivers=24):
    """Return a line with its picks and its truth."""
    rng = np.random.default_rng([seed, number])
    kind = kinds[number % len(kinds)]
    z, x, velocity, layer, basin = draw_section(rng, kind)
    # times on a grid twice as fine, linear between the nodes of the truth
    fine_z, fine_x = (
        np.arange(0, z[-1] + 1e-9, STEP_KM / 2),
        np.arange(0, x[-1] + 1e-9, STEP_KM / 2),
    )
    rows = np.array([np.interp(fine_x, x, r) for r in velocity])
    fine = np.array([np.interp(fine_z, z, c) for c in rows.T]).T
    at = np.linspace(1.0, LENGTH_KM - 1.0, receivers)
    shot_at = np.linspace(0.5, LENGTH_KM - 0.5, shots)
    columns = {n: [] for n in ("shot_distance_km", "receiver_distance_km", "travel_time_s")}
    for s in shot_at:
        times = solve_times(fine, STEP_KM / 2, (0.0, s), fine_z, fine_x)
        far = at[np.abs(at - s) > 1.5]
        picked = times(np.column_stack([np.zeros(far.size), far]))
        columns["shot_distance_km"].append(np.full(far.size, s))
        columns["receiver_distance_km"].append(far)
        columns["travel_time_s"].append(picked + ERROR_S * rng.standard_normal(far.size))
    picks = {n: np.concatenate(v) for n, v in columns.items()}
    picks["time_error_s"] = np.full(picks["travel_time_s"].size, ERROR_S)
    return Line(kind, picks, z, x, velocity, layer, basin)
