"""Moments, corners and stress drops of events: the fit, and again with the errors that it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quakeloom.spectra._event_fit import CornerGrid, FitOptions, Readings, scan_corners
from quakeloom.spectra._levels import ReadingLevels, fit_levels, misfit_scales
from quakeloom.spectra._quiet_readings import QuietReadings, heed_quiet

Floats = NDArray[np.float64]

_LEAST_GROWTH = 1.05
"""Errors that are too small by less stay (chosen here)."""


@dataclass(frozen=True)
class FittedEvents:
    """Events fitted with errors that their misfits bear out.

    Attributes
    ----------
    grid : CornerGrid
    best_hz : ndarray, shape (events,)
        The most probable corner, NaN without spectra.
    scale : ndarray, shape (events,)
        By how much the errors of spectra grew.
    levels : ReadingLevels
        At the most probable corners.
    """

    grid: CornerGrid
    best_hz: Floats
    scale: Floats
    levels: ReadingLevels


def fit_events(
    readings: Readings, options: FitOptions, quiet: QuietReadings | None = None
) -> FittedEvents:
    """Fit events; where spectra are missed by more than their errors these grow, and once more.

    Parameters
    ----------
    readings : Readings
    options : FitOptions
    quiet : QuietReadings, optional
        Readings that did not rise above their noise.
    """
    grid = scan_corners(readings, options)
    best, factor = _best(grid)
    levels = fit_levels(readings, best, factor, options.attenuation_scatter)
    scale = misfit_scales(readings, levels)
    scale[scale < _LEAST_GROWTH] = 1.0
    if np.any(scale > 1.0):
        event = np.repeat(np.arange(readings.events), np.diff(readings.offsets))
        grown = replace(readings, error=readings.error * scale[event, None])
        grid = scan_corners(grown, options)
        best, factor = _best(grid)
        levels = fit_levels(grown, best, factor, options.attenuation_scatter)
    if quiet is not None:
        grid = heed_quiet(grid, quiet, options.shapes)
    some = np.diff(readings.offsets) > 0
    return FittedEvents(grid, np.where(some, best, np.nan), scale, levels)


def _best(grid: CornerGrid) -> tuple[Floats, Floats]:
    """Return the most probable corner of events, and the factor of attenuation there."""
    n, shapes = grid.log_weight.shape[:2]
    top = grid.log_weight.max(axis=1) if shapes == 1 else np.logaddexp.reduce(grid.log_weight, 1)
    at = top.argmax(axis=1)
    shape = grid.log_weight[np.arange(n), :, at].argmax(axis=1)
    factor = grid.factor[np.arange(n), shape, at]
    return grid.corner_hz[at], np.where(factor > 0.0, factor, 1.0)
