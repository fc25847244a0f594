"""Spectra of earthquakes: displacement spectra of P and S, moments, corners and stress drops.

Floor 4. :func:`measure_spectra` turns windows of counts into displacement spectra above the noise,
with their band; :func:`scan_corners` and :func:`summarize` make moment, corner and stress drop of
the spectra of an event, with all that is not known. A corner beyond the band is a bound.
"""

from quakeloom.spectra._estimate import FittedEvents, fit_events
from quakeloom.spectra._event_fit import (
    CornerGrid,
    FitOptions,
    Readings,
    corner_nodes,
    scan_corners,
)
from quakeloom.spectra._levels import ReadingLevels, fit_levels, misfit_scales
from quakeloom.spectra._measuring import MeasuredSpectra, MeasuringChoices, measure_spectra
from quakeloom.spectra._models import (
    RADIATION,
    RUPTURES,
    SHAPES,
    Medium,
    log_moment_factor,
    log_moment_of,
    log_shape,
    log_stress_factor,
    moment_magnitude,
    source_radius_m,
)
from quakeloom.spectra._multitaper import Bins, bin_correlation, frequency_bins, half_bandwidth
from quakeloom.spectra._quiet_readings import QuietReadings, heed_quiet
from quakeloom.spectra._summaries import SourceEstimates, summarize

__all__ = [
    "RADIATION",
    "RUPTURES",
    "SHAPES",
    "Bins",
    "CornerGrid",
    "FitOptions",
    "FittedEvents",
    "MeasuredSpectra",
    "MeasuringChoices",
    "Medium",
    "QuietReadings",
    "ReadingLevels",
    "Readings",
    "SourceEstimates",
    "bin_correlation",
    "corner_nodes",
    "fit_events",
    "fit_levels",
    "frequency_bins",
    "half_bandwidth",
    "heed_quiet",
    "log_moment_factor",
    "log_moment_of",
    "log_shape",
    "log_stress_factor",
    "measure_spectra",
    "misfit_scales",
    "moment_magnitude",
    "scan_corners",
    "source_radius_m",
    "summarize",
]
