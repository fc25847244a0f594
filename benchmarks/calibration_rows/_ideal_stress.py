"""The answer of who knows how faults were simulated, all but the stress, in plain NumPy.

Least instability, friction and size of errors are known; axes and shape ratio are sampled by random
walks from the truth, with the probability of each mechanism integrated over the fault before its
error. Nothing of quakeloom is used.
"""

from __future__ import annotations

import numpy as np

from calibration_rows._faults import small_rotations

_FAULTS = 96
"""Faults before the error, of every nodal plane."""

_DIRECTIONS = 4000
"""Directions of normals, of which those above the least instability are counted."""

_STEPS, _WALKS = 4000, 2


def tractions(normal, stress):
    """Return normal stress and shear traction (compression positive) on planes."""
    traction = normal @ stress
    sigma = np.sum(traction * normal, axis=-1)
    return sigma, traction - normal * sigma[..., None]


def instability(sigma, shear, friction):
    """Return the instability of planes in the reduced stress 1, R', -1."""
    most = friction + np.sqrt(1.0 + friction**2)
    return (np.linalg.norm(shear, axis=-1) - friction * (sigma - 1.0)) / most


class Ideal:
    """Posterior of one stress whose simulation is known.

    Parameters
    ----------
    normal, slip : ndarray, shape (mechanisms, 3)
        Of the plane named; north, east, down, normals up.
    least, friction, rms_deg : float
        As :func:`calibration_rows._faults.draw_faults` has them.
    """

    def __init__(self, normal, slip, least, friction, rms_deg, seed):
        self.random = np.random.default_rng([8, seed])
        self.least, self.friction = least, friction
        self.width = np.radians(rms_deg) / np.sqrt(3.0)
        normals = np.concatenate([normal, slip])
        slips = np.concatenate([slip, normal])
        flip = (normals[:, 2] > 0)[:, None]
        normals, slips = np.where(flip, -normals, normals), np.where(flip, -slips, slips)
        third = np.cross(normals, slips)
        # the error turned the fault about slip and null axis; its turn about the normal is summed
        draws = self.random.standard_normal((_FAULTS, 2)) * self.width
        a, b = draws[:, 0, None], draws[:, 1, None]
        self.fault = normals[:, None] + a * slips[:, None] + b * third[:, None]
        self.fault /= np.linalg.norm(self.fault, axis=-1, keepdims=True)
        along = slips[:, None] - self.fault * np.sum(
            slips[:, None] * self.fault, axis=-1, keepdims=True
        )
        self.along = along / np.linalg.norm(along, axis=-1, keepdims=True)
        even = self.random.standard_normal((_DIRECTIONS, 3))
        self.even = even / np.linalg.norm(even, axis=1)[:, None]

    def log_likelihood(self, axes, ratio):
        """Return the logarithm of the likelihood of axes and a shape ratio."""
        values = np.array([1.0, 2.0 * ratio - 1.0, -1.0])
        stress = np.einsum("k,ki,kj->ij", values, axes, axes)
        sigma, shear = tractions(self.even @ axes.T, np.diag(values))
        share = np.mean(instability(sigma, shear, self.friction) > self.least)
        sigma, shear = tractions(self.fault, stress)
        moves = instability(sigma, shear, self.friction) > self.least
        slip = -shear / np.maximum(np.linalg.norm(shear, axis=-1, keepdims=True), 1e-12)
        cosine = np.clip(np.sum(slip * self.along, axis=-1), -1.0, 1.0)
        chance = np.exp(-0.5 * (np.arccos(cosine) / self.width) ** 2) * moves
        each = chance.mean(axis=1).reshape(2, -1).sum(axis=0)
        return np.sum(np.log(np.maximum(each, 1e-300))) - each.size * np.log(max(share, 1e-12))

    def sample(self, axes, ratio):
        """Return draws of SHmax, shape ratio and A_phi, by walks from a stress."""
        out = []
        for _ in range(_WALKS):
            now, r = axes, ratio
            value, size = self.log_likelihood(now, r), 6.0
            for step in range(_STEPS):
                turned = now @ small_rotations(self.random, 1, size)[0].T
                other = r + 0.01 * size * self.random.standard_normal()
                found = self.log_likelihood(turned, other) if 0.1 < other < 0.9 else -np.inf
                taken = np.log(self.random.random()) < found - value
                if taken:
                    now, r, value = turned, other, found
                if step < _STEPS // 4:
                    size = np.clip(size * np.exp(0.1 * (taken - 0.3)), 0.3, 40.0)
                else:
                    out.append(describe(now, r))
        return np.array(out)


def describe(axes, ratio):
    """Return azimuth of SHmax, shape ratio and A_phi of axes (S1, S2, S3 in rows)."""
    stress = np.einsum("k,ki,kj->ij", (1.0, 2.0 * ratio - 1.0, -1.0), axes, axes)
    azimuth = 0.5 * np.degrees(np.arctan2(2.0 * stress[0, 1], stress[0, 0] - stress[1, 1]))
    steepest = int(np.argmax(np.abs(axes[:, 2])))
    sign = -1.0 if steepest == 1 else 1.0
    return azimuth, ratio, steepest + 0.5 + sign * (ratio - 0.5)


def ideal_widths(drawn):
    """Return widths of the 95 % ranges of SHmax (degrees), shape ratio and A_phi of draws."""
    angle = np.radians(2.0 * drawn[:, 0])
    middle = 0.5 * np.degrees(np.arctan2(np.sin(angle).mean(), np.cos(angle).mean()))
    off = (drawn[:, 0] - middle + 90.0) % 180.0 - 90.0
    spans = [np.percentile(v, [2.5, 97.5]) for v in (off, drawn[:, 1], drawn[:, 2])]
    return [float(b - a) for a, b in spans]
