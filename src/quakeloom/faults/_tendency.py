"""Slip tendency of faults with everything that is not known about stress and friction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError, fault_vectors
from quakeloom.faults._tractions import predicted_rake, slip_tendency

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FaultTendency:
    """Slip tendency of fault segments; arrays of shape (segments,) unless said.

    Attributes
    ----------
    tendency : ndarray
        Expectation over stress, friction and the geometry of the fault, 0 to 1.
    tendency_std : ndarray
    tendency_range : ndarray, shape (segments, 2)
        95 % range.
    tendency_by_friction : ndarray, shape (segments, 2)
        Least and largest expectation over the frictions: the interval that friction alone
        leaves open.
    predicted_rake_deg : ndarray
        Rake of the slip that the best stress would drive, (-180, 180].
    predicted_rake_std_deg : ndarray
    rake_misfit_deg : ndarray
        Angle from the predicted to the known rake, 0 to 180; NaN where none is known.
    rake_misfit_std_deg : ndarray
    """

    tendency: Floats
    tendency_std: Floats
    tendency_range: Floats
    tendency_by_friction: Floats
    predicted_rake_deg: Floats
    predicted_rake_std_deg: Floats
    rake_misfit_deg: Floats
    rake_misfit_std_deg: Floats


def estimate_tendency(
    strike_deg: ArrayLike,
    dip_deg: ArrayLike,
    tensors: ArrayLike,
    draws: ArrayLike,
    rake_deg: ArrayLike | None = None,
    dip_std_deg: ArrayLike = 0.0,
    frictions: ArrayLike = (0.4, 0.5, 0.6, 0.7, 0.85),
    seed: int = 0,
) -> FaultTendency:
    """Estimate the slip tendency of fault segments with its uncertainty.

    Parameters
    ----------
    strike_deg, dip_deg : array_like, shape (segments,)
    tensors : array_like, shape (segments, 3, 3)
        Best stress at each segment, tension positive; north, east, down; any length. NaN
        where none is known.
    draws : array_like, shape (segments, draws, 3, 3)
        Posterior draws of the stress at each segment.
    rake_deg : array_like, shape (segments,), optional
        Geological rake, NaN where not known.
    dip_std_deg : array_like, shape (segments,)
        Standard error of the dip.
    frictions : array_like
        Coefficients that are equally likely.
    seed : int
        Of the dips.

    Returns
    -------
    FaultTendency
    """
    strike, dip = (np.asarray(a, dtype=float) for a in (strike_deg, dip_deg))
    best = np.asarray(tensors, dtype=float)
    many = np.asarray(draws, dtype=float)
    mu = np.atleast_1d(np.asarray(frictions, dtype=float))
    if np.any(mu <= 0) or not mu.size:
        raise InputError(
            f"Friction coefficients {mu.tolist()} are not all positive, so no slip tendency was "
            "computed. Give positive coefficients, such as 0.4 to 0.85."
        )
    count = many.shape[1]
    noise = np.random.default_rng(seed).standard_normal((count,))
    std: Floats = np.broadcast_to(np.asarray(dip_std_deg, dtype=float), dip.shape)
    dips = np.clip(dip[:, None] + std[:, None] * noise[None, :], 0.5, 90.0)
    strikes = np.broadcast_to(strike[:, None], dips.shape)
    normals, _ = fault_vectors(strikes, dips, np.zeros(dips.shape))
    known: NDArray[np.bool_] = (
        np.isfinite(many).all(axis=(1, 2, 3)) & np.isfinite(dip) & np.isfinite(strike)
    )
    safe = np.where(known[:, None, None, None], many, np.diag([-1.0, 0.0, 1.0]))
    values, vectors = np.linalg.eigh(safe)
    axes = np.swapaxes(vectors, -1, -2)
    spread = values[..., 2] - values[..., 0]
    phi = (values[..., 2] - values[..., 1]) / np.where(spread > 0, spread, 1.0)
    all_values = np.stack([slip_tendency(normals, axes, phi, m) for m in mu], axis=-1)
    all_values[~known] = np.nan
    by_friction = all_values.mean(axis=1)
    flat = all_values.reshape(dip.size, -1)
    rakes = predicted_rake(strikes, dips, many)
    center = predicted_rake(strike, dip, best)
    off = _wrap(rakes - center[:, None])
    misfit = np.full(dip.shape, np.nan)
    misfit_std = np.full(dip.shape, np.nan)
    if rake_deg is not None:
        rake = np.asarray(rake_deg, dtype=float)
        misfit = np.abs(_wrap(center - rake))
        each = np.abs(_wrap(rakes - rake[:, None]))
        misfit_std = np.std(each, axis=1)
    return FaultTendency(
        flat.mean(axis=1),
        flat.std(axis=1),
        np.quantile(flat, [0.025, 0.975], axis=1).T,
        np.stack([by_friction.min(axis=1), by_friction.max(axis=1)], axis=1),
        center,
        np.sqrt(np.mean(off**2, axis=1)),
        misfit,
        misfit_std,
    )


def _wrap(angle: Floats) -> Floats:
    return (angle + 180.0) % 360.0 - 180.0
