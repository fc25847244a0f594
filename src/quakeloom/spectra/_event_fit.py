"""Moment, corner and stress drop of events from their spectra, with all that is not known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quakeloom.spectra._event_kernel import SUMS, scan_events
from quakeloom.spectra._models import SHAPES, log_shape
from quakeloom.spectra._multitaper import frequency_bins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CORNER_STEP = 0.07
"""Steps of ln corner: a third of what the best readings tell it to (chosen here)."""

_LOWEST_CORNER_HZ, _HIGHEST_CORNER_HZ = 0.02, 250.0
"""Ends of the grid of corners: 0.2 of the lowest bin, and 5 times the highest."""

BELOW_BAND, ABOVE_BAND = 0.2, 5.0
"""Corners from so many times the lower end of the band to so many times the upper one are equally
likely over ln fc before the spectra are seen."""

_FACTORS, _SCATTERS = 11, 7
"""Nodes of the factor of attenuation and of the scatter of levels."""

_BLOCK = 512
"""Events whose grids are held at a time: some 8 MB."""


@dataclass(frozen=True)
class Readings:
    """Spectra of readings in the order of their events.

    Attributes
    ----------
    offsets : ndarray, shape (events + 1,)
        Readings of event i are ``offsets[i] ... offsets[i + 1] - 1``.
    log_moment : ndarray, shape (readings, bins)
        ln of the displacement spectrum as moment, N m.
    error : ndarray, shape (readings, bins)
        Standard error, multitaper and misfit together.
    correlation : ndarray, shape (readings, bins)
        With the bin before.
    bounds : ndarray, shape (readings, 2)
        First bin of the band, and the one after the last.
    attenuation_s : ndarray, shape (readings,)
        Expected t*.
    term, term_variance : ndarray, shape (readings,)
        Expected term of the level (site) and its variance.
    """

    offsets: Ints
    log_moment: Floats
    error: Floats
    correlation: Floats
    bounds: Ints
    attenuation_s: Floats
    term: Floats
    term_variance: Floats

    @property
    def events(self) -> int:
        return self.offsets.size - 1


@dataclass(frozen=True)
class FitOptions:
    """What is believed before spectra are seen.

    Attributes
    ----------
    attenuation_factor : float
        Standard deviation of ln of a factor of t* that all readings of an event share.
    attenuation_scatter : float
        Standard deviation of t* of single readings, as a share.
    level_scatter : float
        Median of the standard deviation of ln levels of readings: radiation, focusing.
    level_spread : float
        Standard deviation of ln of it: it is estimated for every event.
    shapes : tuple of str
        Names of :data:`SHAPES` that are mixed by their evidence.
    """

    attenuation_factor: float = 0.5
    attenuation_scatter: float = 0.3
    level_scatter: float = 0.4
    level_spread: float = 0.5
    shapes: tuple[str, ...] = ("brune", "boatwright")


@dataclass(frozen=True)
class CornerGrid:
    """What is known of events at every corner and shape.

    Attributes
    ----------
    corner_hz : ndarray, shape (corners,)
    log_weight : ndarray, shape (events, shapes, corners)
        Minus infinity where the prior is zero.
    mean, variance : ndarray, shape (events, shapes, corners)
        Of ln moment.
    factor, scatter : ndarray, shape (events, shapes, corners)
        Mean factor of attenuation, mean scatter of levels.
    bands : ndarray, shape (events, 2)
        Lowest and highest frequency of any reading, Hz; NaN where an event has none.
    """

    corner_hz: Floats
    log_weight: Floats = field(repr=False)
    mean: Floats = field(repr=False)
    variance: Floats = field(repr=False)
    factor: Floats = field(repr=False)
    scatter: Floats = field(repr=False)
    bands: Floats = field(repr=False)


def corner_nodes() -> Floats:
    """Return the grid of corners, Hz."""
    span = np.log(_HIGHEST_CORNER_HZ / _LOWEST_CORNER_HZ)
    count = int(np.ceil(span / CORNER_STEP)) + 1
    return np.asarray(_LOWEST_CORNER_HZ * np.exp(CORNER_STEP * np.arange(count)))


def _tables(options: FitOptions) -> tuple[Floats, Floats]:
    f = frequency_bins().center_hz
    names = [name for name, _, _ in SHAPES]
    corner = corner_nodes()[:, None]
    shapes = [log_shape(f[None, :], corner, names.index(n)) for n in options.shapes]
    return np.ascontiguousarray(np.stack(shapes)), np.asarray(-np.pi * f)


def _nodes(options: FitOptions) -> tuple[Floats, Floats]:
    """Return factors and scatters with ln of their weights; each grid reaches 2.5 deviations."""
    found = []
    for middle, spread, count in (
        (1.0, options.attenuation_factor, _FACTORS),
        (options.level_scatter, options.level_spread, _SCATTERS),
    ):
        z = np.linspace(-2.5, 2.5, count)
        weight = -0.5 * z**2
        weight -= np.log(np.exp(weight).sum())
        found.append(np.column_stack([middle * np.exp(spread * z), weight]))
    return found[0], found[1]


def event_bands(readings: Readings) -> Floats:
    """Return the lowest and the highest frequency of any reading of events, Hz."""
    f = frequency_bins().center_hz
    bands = np.full((readings.events, 2), np.nan)
    has = np.flatnonzero(np.diff(readings.offsets) > 0)
    if has.size:
        starts = readings.offsets[has]
        bands[has, 0] = f[np.minimum.reduceat(readings.bounds[:, 0], starts)]
        bands[has, 1] = f[np.maximum.reduceat(readings.bounds[:, 1], starts) - 1]
    return bands


def scan_corners(readings: Readings, options: FitOptions) -> CornerGrid:
    """Return what is known of events at every corner: the exact posterior on a grid.

    At a corner, a shape, a factor of attenuation that all readings share and a scatter of levels
    the moment, the levels and the t* of readings are normal, and integrated without a grid.
    Corners are equally likely over ln fc from 0.2 times the lower end of the band to 5 times
    the upper one.

    Parameters
    ----------
    readings : Readings
    options : FitOptions
    """
    corner = corner_nodes()
    tables, nodes = _tables(options), _nodes(options)
    bands = event_bands(readings)
    allowed = np.zeros((readings.events, 2), np.int64)
    known = np.isfinite(bands[:, 0])
    allowed[known, 0] = np.searchsorted(corner, BELOW_BAND * bands[known, 0])
    allowed[known, 1] = np.searchsorted(corner, ABOVE_BAND * bands[known, 1])
    size = readings.events, len(options.shapes), corner.size
    found = np.zeros((*size, SUMS))
    priors = np.column_stack([
        readings.term, readings.term_variance, readings.attenuation_s,
        np.full(readings.term.size, options.attenuation_scatter),
    ])  # fmt: skip
    spectra = (readings.log_moment, readings.error, readings.correlation)
    for first in range(0, readings.events, _BLOCK):
        last = min(first + _BLOCK, readings.events)
        a, b = readings.offsets[first], readings.offsets[last]
        scan_events(
            (spectra[0][a:b], spectra[1][a:b], spectra[2][a:b]), readings.bounds[a:b],
            priors[a:b], readings.offsets[first : last + 1] - a, tables, nodes,
            allowed[first:last], found[first:last],
        )  # fmt: skip
    found[~known, :, :, 0] = -np.inf
    weight, mean, variance, factor, scatter = np.moveaxis(found, -1, 0)
    return CornerGrid(corner, weight, mean, variance, factor, scatter, bands)
