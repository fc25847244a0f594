"""The posterior of an event over corner, shape, attenuation and scatter; moments are exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUMS = 5
"""Numbers kept for a corner: ln weight, mean and variance of ln moment, means of the factor of
attenuation and of the scatter of readings."""


@compiled(nogil=True, error_model="numpy")
def whiten_reading(y: Floats, sd: Floats, rho: Floats, bounds: Ints, columns: Floats) -> None:
    """Fill whitened columns of a reading: its spectrum, ones, and ``-pi f`` as it comes in.

    Errors are a Markov chain over bins: ``z_k = (u_k - rho_k u_{k-1}) / sqrt(1 - rho_k^2)`` with
    ``u = x / sd`` are independent.

    Parameters
    ----------
    y, sd, rho : ndarray, shape (bins,)
    bounds : ndarray, shape (2,)
        First bin, and the one after the last.
    columns : ndarray, shape (3, bins)
        In: row 2 has ``-pi f``. Out: rows are whitened.
    """
    before = np.zeros(3)
    for k in range(bounds[0], bounds[1]):
        now0, now1, now2 = y[k] / sd[k], 1.0 / sd[k], columns[2, k] / sd[k]
        r = rho[k] if k > bounds[0] else 0.0
        scale = 1.0 / np.sqrt(1.0 - r * r)
        columns[0, k] = (now0 - r * before[0]) * scale
        columns[1, k] = (now1 - r * before[1]) * scale
        columns[2, k] = (now2 - r * before[2]) * scale
        before[0], before[1], before[2] = now0, now1, now2


@compiled(nogil=True, error_model="numpy")
def sum_shape(
    columns: Floats, sd: Floats, rho: Floats, bounds: Ints, shape: Floats, sums: Floats
) -> None:
    """Fill sums of products of the whitened residual ``y - shape``: with ones, ``-pi f``, itself.

    Parameters
    ----------
    columns : ndarray, shape (3, bins)
        As :func:`whiten_reading` leaves them.
    sd, rho, bounds
        As there.
    shape : ndarray, shape (bins,)
        ln of the model's shape.
    sums : ndarray, shape (3,)
        Out.
    """
    a, b, c, before = 0.0, 0.0, 0.0, 0.0
    for k in range(bounds[0], bounds[1]):
        now = shape[k] / sd[k]
        r = rho[k] if k > bounds[0] else 0.0
        z = columns[0, k] - (now - r * before) / np.sqrt(1.0 - r * r)
        before = now
        a += columns[1, k] * z
        b += columns[2, k] * z
        c += z * z
    sums[0], sums[1], sums[2] = a, b, c


@compiled(nogil=True, error_model="numpy")
def reduce_attenuation(sums: Floats, own: Floats, t: float, spread: float, out: Floats) -> None:
    """Integrate over the attenuation of a reading, normal around ``t``; what is left is a level.

    Parameters
    ----------
    sums : ndarray, shape (3,)
        Of :func:`sum_shape`.
    own : ndarray, shape (3,)
        Products of the columns: ones with ones, ones with ``-pi f``, ``-pi f`` with itself.
    t, spread : float
        Mean and standard deviation of t*, s.
    out : ndarray, shape (3,)
        Level, its precision, and ln of what the integral leaves.
    """
    b0 = sums[0] - own[1] * t
    b1 = sums[1] - own[2] * t
    c = sums[2] - 2.0 * sums[1] * t + own[2] * t * t
    d = own[2] + 1.0 / (spread * spread)
    precision = own[0] - own[1] * own[1] / d
    level = (b0 - own[1] * b1 / d) / precision
    rest = c - b1 * b1 / d - precision * level * level
    out[0], out[1] = level, precision
    out[2] = -0.5 * rest - 0.5 * np.log(d * spread * spread) - 0.5 * np.log(precision)


@compiled(nogil=True, error_model="numpy")
def scan_corner(
    sums: Floats, own: Floats, priors: Floats, factors: Floats, scatters: Floats, out: Floats
) -> None:
    """Fill what is known of an event at one corner and shape.

    Parameters
    ----------
    sums, own : ndarray, shape (readings, 3)
    priors : ndarray, shape (readings, 4)
        Mean of the level's term and its variance; mean of t* and the share by which it scatters.
    factors, scatters : ndarray, shape (n, 2)
        Factors of t* that all readings share, scatters of levels, with ln of their priors.
    out : ndarray, shape (SUMS,)
        ln weight; mean and variance of ln moment; mean factor and scatter.
    """
    n = sums.shape[0]
    level = np.empty((n, 3))
    top = -np.inf
    total, first, second, factor, scatter = 0.0, 0.0, 0.0, 0.0, 0.0
    for q in range(factors.shape[0]):
        base = factors[q, 1]
        for j in range(n):
            t = factors[q, 0] * priors[j, 2]
            reduce_attenuation(sums[j], own[j], t, priors[j, 3] * t + 1e-4, level[j])
            base += level[j, 2]
        for s in range(scatters.shape[0]):
            w0, w1, w2, rest = 0.0, 0.0, 0.0, base + scatters[s, 1]
            product = 1.0
            for j in range(n):
                variance = 1.0 / level[j, 1] + priors[j, 1] + scatters[s, 0] ** 2
                away = level[j, 0] - priors[j, 0] - (level[0, 0] - priors[0, 0])
                w0 += 1.0 / variance
                w1 += away / variance
                w2 += away * away / variance
                product *= variance
                if product < 1e-200 or product > 1e200:
                    rest -= 0.5 * np.log(product)
                    product = 1.0
            mean = w1 / w0
            weight = rest - 0.5 * np.log(product * w0) - 0.5 * (w2 - mean * w1)
            mean += level[0, 0] - priors[0, 0]
            if weight > top:
                shrink = np.exp(top - weight)
                total *= shrink
                first *= shrink
                second *= shrink
                factor *= shrink
                scatter *= shrink
                top = weight
            share = np.exp(weight - top)
            total += share
            first += share * mean
            second += share * (mean * mean + 1.0 / w0)
            factor += share * factors[q, 0]
            scatter += share * scatters[s, 0]
    mean = first / total
    out[0] = top + np.log(total)
    out[1], out[2] = mean, max(second / total - mean * mean, 0.0)
    out[3], out[4] = factor / total, scatter / total


@compiled(nogil=True, error_model="numpy")
def scan_event(
    spectra: tuple[Floats, Floats, Floats], bounds: Ints, priors: Floats,
    shapes: Floats, attenuation: Floats, nodes: tuple[Floats, Floats], wanted: Ints, out: Floats,
) -> None:  # fmt: skip
    """Fill what is known of an event at all corners and shapes.

    Parameters
    ----------
    spectra : tuple of ndarray, shape (readings, bins)
        ln moment spectrum, its standard error, correlation with the bin before.
    bounds : ndarray, shape (readings, 2)
    priors : ndarray, shape (readings, 4)
    shapes : ndarray, shape (shapes, corners, bins)
    attenuation : ndarray, shape (bins,)
        ``-pi f``.
    nodes : tuple of ndarray, shape (n, 2)
        Factors and scatters, as :func:`scan_corner` takes them.
    wanted : ndarray, shape (2,)
        Corners ``a ... b - 1`` that the prior allows.
    out : ndarray, shape (shapes, corners, SUMS)
    """
    n, bins = spectra[0].shape
    columns = np.zeros((n, 3, bins))
    own = np.zeros((n, 3))
    sums = np.zeros((n, 3))
    for j in range(n):
        columns[j, 2] = attenuation
        whiten_reading(spectra[0][j], spectra[1][j], spectra[2][j], bounds[j], columns[j])
        for k in range(bounds[j, 0], bounds[j, 1]):
            own[j, 0] += columns[j, 1, k] ** 2
            own[j, 1] += columns[j, 1, k] * columns[j, 2, k]
            own[j, 2] += columns[j, 2, k] ** 2
    out[:, :, :] = 0.0
    out[:, :, 0] = -np.inf
    for m in range(shapes.shape[0]):
        for c in range(wanted[0], wanted[1]):
            for j in range(n):
                sum_shape(
                    columns[j], spectra[1][j], spectra[2][j], bounds[j], shapes[m, c], sums[j]
                )
            scan_corner(sums, own, priors, nodes[0], nodes[1], out[m, c])


@compiled(nogil=True, error_model="numpy")
def scan_events(
    spectra: tuple[Floats, Floats, Floats], bounds: Ints, priors: Floats, offsets: Ints,
    tables: tuple[Floats, Floats], nodes: tuple[Floats, Floats], wanted: Ints, out: Floats,
) -> None:  # fmt: skip
    """Fill what is known of many events.

    Parameters
    ----------
    spectra, bounds, priors
        As in :func:`scan_event`, of all readings in the order of events.
    offsets : ndarray, shape (events + 1,)
        Readings of event i are ``offsets[i] ... offsets[i + 1] - 1``.
    tables : tuple of ndarray
        Shapes and ``-pi f``.
    nodes : tuple of ndarray
    wanted : ndarray, shape (events, 2)
    out : ndarray, shape (events, shapes, corners, SUMS)
    """
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            scan_event(
                (spectra[0][a:b], spectra[1][a:b], spectra[2][a:b]), bounds[a:b], priors[a:b],
                tables[0], tables[1], nodes, wanted[i], out[i],
            )  # fmt: skip
