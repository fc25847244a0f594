"""What each reading says at the corner of its event: its level, its t*, how well it is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.spectra._event_fit import Readings
from quakeloom.spectra._event_kernel import sum_shape, whiten_reading
from quakeloom.spectra._models import log_shape
from quakeloom.spectra._multitaper import frequency_bins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ReadingLevels:
    """What readings say at the corner of their event.

    Attributes
    ----------
    log_moment : ndarray, shape (readings,)
        ln of the moment (N m) that this spectrum alone gives, its term taken off.
    t_star_s : ndarray, shape (readings,)
    misfit : ndarray, shape (readings,)
        Root mean square of ln amplitude less that of the model, in the band.
    chi_square : ndarray, shape (readings,)
        Sum of squares of misfits over their errors, correlation taken into account.
    """

    log_moment: Floats
    t_star_s: Floats
    misfit: Floats
    chi_square: Floats


def fit_levels(
    readings: Readings, corner_hz: Floats, factor: Floats, scatter: float
) -> ReadingLevels:
    """Return level and t* of every reading at given corners, of Brune's shape.

    Parameters
    ----------
    readings : Readings
    corner_hz, factor : ndarray, shape (events,)
        Corner, and factor of t* that all readings share.
    scatter : float
        Standard deviation of t* of single readings, as a share.
    """
    event = np.repeat(np.arange(readings.events), np.diff(readings.offsets))
    f = frequency_bins().center_hz
    shapes = log_shape(f[None, :], corner_hz[:, None])
    expected = readings.attenuation_s * factor[event]
    out = np.zeros((event.size, 4))
    _fit_readings(
        (readings.log_moment, readings.error, readings.correlation), readings.bounds, shapes,
        event, np.column_stack([expected, scatter * expected + 1e-4]), -np.pi * f, out,
    )  # fmt: skip
    return ReadingLevels(out[:, 0] - readings.term, *out.T[1:])


@compiled(nogil=True, error_model="numpy")
def _fit_readings(
    spectra: tuple[Floats, Floats, Floats], bounds: Ints, shapes: Floats, event: Ints,
    attenuation: Floats, slope: Floats, out: Floats,
) -> None:  # fmt: skip
    """Fill level, t* and misfit of readings: two unknowns, the second with a normal prior."""
    n, bins = spectra[0].shape
    columns = np.zeros((3, bins))
    sums = np.zeros(3)
    for j in range(n):
        y, sd, rho = spectra[0][j], spectra[1][j], spectra[2][j]
        columns[2] = slope
        whiten_reading(y, sd, rho, bounds[j], columns)
        shape = shapes[event[j]]
        sum_shape(columns, sd, rho, bounds[j], shape, sums)
        a, b, d = 0.0, 0.0, 0.0
        for k in range(bounds[j, 0], bounds[j, 1]):
            a += columns[1, k] ** 2
            b += columns[1, k] * columns[2, k]
            d += columns[2, k] ** 2
        prior = 1.0 / attenuation[j, 1] ** 2
        e = sums[1] + prior * attenuation[j, 0]
        d += prior
        level = (sums[0] * d - b * e) / (a * d - b * b)
        t = (e - b * level) / d
        square = 0.0
        for k in range(bounds[j, 0], bounds[j, 1]):
            square += (y[k] - shape[k] - level - slope[k] * t) ** 2
        out[j, 0], out[j, 1] = level, t
        out[j, 2] = np.sqrt(square / max(bounds[j, 1] - bounds[j, 0], 1))
        # of the whitened residual, by the normal equations without the prior
        inner = d - prior
        out[j, 3] = sums[2] - 2.0 * (level * sums[0] + t * sums[1])
        out[j, 3] += level * level * a + 2.0 * level * t * b + t * t * inner


def misfit_scales(readings: Readings, levels: ReadingLevels) -> Floats:
    """Return by how much the errors of the spectra of events are too small, 1 at least.

    The root of chi-square over its degrees of freedom: bins of all readings less level and t* of
    each, and the corner.

    Parameters
    ----------
    readings : Readings
    levels : ReadingLevels
        At the best corners.

    Returns
    -------
    ndarray, shape (events,)
    """
    event = np.repeat(np.arange(readings.events), np.diff(readings.offsets))
    free = readings.bounds[:, 1] - readings.bounds[:, 0] - 2
    n = readings.events
    freedom = np.bincount(event, free, n) - 1.0
    square = np.bincount(event, levels.chi_square, n)
    return np.asarray(np.sqrt(np.maximum(square / np.maximum(freedom, 1.0), 1.0)))
