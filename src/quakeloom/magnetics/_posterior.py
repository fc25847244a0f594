"""Magnetization with standard deviations, strength and noise marginalized by evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STRENGTHS = np.geomspace(1e-3, 1e2, 81)
"""Standard deviations of magnetization tried, A/m: far below and above any rock (basalt: 1 to 10);
chosen here."""

_FACTORS = np.geomspace(0.2, 5.0, 61)
"""Factors on the stated standard deviations of the data; chosen here."""


@dataclass(frozen=True)
class MagnetizationPosterior:
    """Magnetization and its uncertainty where it is Gaussian beforehand.

    Attributes
    ----------
    mean, deviation : ndarray, (prism,)
        A/m.
    strength : float
        Mean standard deviation of magnetization beforehand, A/m.
    noise_factor : float
        Mean factor on the stated noise.
    log_evidence : float
        With strength and factor summed over, uniform in their logarithms.
    """

    mean: Floats
    deviation: Floats
    strength: float
    noise_factor: float
    log_evidence: float


def magnetization_posterior(
    matrix: Floats, anomaly: Floats, noise: Floats
) -> MagnetizationPosterior:
    """Return mean and standard deviation of the magnetization of each prism.

    Magnetizations are independent and Gaussian beforehand; their strength and a factor on the
    noise are summed over a grid, weighed by evidence. A few strong bodies in rock without
    magnetization are not such a Gaussian: inside them 95 % ranges held 60 %, measured over 60
    synthetic sets, where they hold 94 % in rock that is magnetized at random.

    Parameters
    ----------
    matrix : ndarray, (station, prism)
        nT per A/m.
    anomaly, noise : ndarray, (station,)
        Data and their stated standard deviations, nT.
    """
    left, singular, right = np.linalg.svd(matrix / noise[:, None], full_matrices=False)
    data = anomaly / noise
    projected = left.T @ data
    rest = max(float(data @ data - projected @ projected), 0.0)
    silent = len(data) - len(singular)
    prior = _STRENGTHS[:, None, None] ** 2
    error = _FACTORS[None, :, None] ** 2
    total = prior * singular**2 + error
    log_weight = -0.5 * (
        np.sum(np.log(total) + projected**2 / total, axis=-1)
        + silent * np.log(error[..., 0])
        + rest / error[..., 0]
    )
    top = float(log_weight.max())
    weight = np.exp(log_weight - top)
    mass = float(weight.sum())
    weight /= mass
    gain = prior * singular / total
    mean_gain = np.einsum("sf,sfk->k", weight, gain)
    spread = np.einsum("sf,sfi,sfj->ij", weight, gain, gain, optimize=True)
    spread -= np.outer(mean_gain, mean_gain)
    modes = right.T * projected
    lost = np.einsum("sf,sfk->k", weight, prior * (prior * singular**2 / total))
    strength_squared = float(np.sum(weight * prior[..., 0]))
    variance = strength_squared - (right.T**2) @ lost
    variance += np.einsum("pi,ij,pj->p", modes, spread, modes, optimize=True)
    constant = -0.5 * len(data) * np.log(2 * np.pi) - float(np.sum(np.log(noise)))
    return MagnetizationPosterior(
        mean=right.T @ (mean_gain * projected),
        deviation=np.sqrt(np.maximum(variance, 0.0)),
        strength=float(np.sum(weight * _STRENGTHS[:, None])),
        noise_factor=float(np.sum(weight * _FACTORS[None, :])),
        log_evidence=constant + top + float(np.log(mass / weight.size)),
    )
