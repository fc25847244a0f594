"""Mechanisms simulated from known stress tensors, for the tests of this folder."""

import numpy as np

from quakeloom.core import plane_angles


def simulate_planes(tensors, rng, noise_deg=0.0, swap=True):
    """One mechanism per tensor: any plane, slip along the shear traction with scatter.

    Half of them are given by their auxiliary plane, as in a catalog.
    """
    count = len(tensors)
    normal = rng.normal(size=(count, 3))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    normal[normal[:, 2] > 0] *= -1
    traction = np.einsum("nij,nj->ni", tensors, normal)
    shear = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    slip = shear / np.linalg.norm(shear, axis=1)[:, None]
    if noise_deg:
        turn = rng.vonmises(0.0, 1.0 / np.radians(noise_deg) ** 2, count)[:, None]
        slip = np.cos(turn) * slip + np.sin(turn) * np.cross(normal, slip)
    one, two = plane_angles(normal, slip), plane_angles(slip, normal)
    other = swap & (rng.random(count) < 0.5)
    return [np.where(other, b, a) for a, b in zip(one, two, strict=True)]


def tensor_from(azimuth_deg, ratio, regime="SS"):
    """Tension-positive tensor with horizontal S1 at an azimuth (or vertical for NF)."""
    azimuth = np.radians(azimuth_deg)
    along = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    across = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    down = np.array([0.0, 0.0, 1.0])
    axes = {
        "NF": (down, along, across),
        "SS": (along, down, across),
        "TF": (along, across, down),
    }[regime]
    values = np.array([-1.0, 1.0 - 2.0 * ratio, 1.0])
    values -= values.mean()
    return sum(v * np.outer(a, a) for v, a in zip(values, axes, strict=True))
