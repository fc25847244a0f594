"""Magnitudes from amplitudes, and what a catalog of magnitudes says.

Floor 4. :func:`local_magnitude` has published formulas by name, with unit and range;
:func:`network_magnitudes` estimates magnitudes of a network together with station terms and
attenuation, with errors, and :func:`measure_magnitudes` begins with amplitudes as they were read
and says of every one whether it was used; :func:`b_value` and :func:`b_positive` are slopes of the
frequency-magnitude law, and :func:`maximum_curvature`, :func:`goodness_of_fit` and
:func:`b_stability` magnitudes of completeness, with their scatter by :func:`completeness_draws`.
"""

from quakeloom.magnitude._completeness import (
    METHODS,
    BValue,
    b_positive,
    b_stability,
    b_value,
    completeness_draws,
    estimate_completeness,
    goodness_of_fit,
    maximum_curvature,
)
from quakeloom.magnitude._formulas import (
    FORMULAS,
    GAIN_CLASSIC,
    GAIN_UHRHAMMER,
    MagnitudeFormula,
    find_formula,
    local_magnitude,
)
from quakeloom.magnitude._measuring import (
    Amplitudes,
    MeasuredMagnitudes,
    MeasuringOptions,
    measure_magnitudes,
)
from quakeloom.magnitude._network import NetworkMagnitudes, network_magnitudes

__all__ = [
    "FORMULAS",
    "GAIN_CLASSIC",
    "GAIN_UHRHAMMER",
    "METHODS",
    "Amplitudes",
    "BValue",
    "MagnitudeFormula",
    "MeasuredMagnitudes",
    "MeasuringOptions",
    "NetworkMagnitudes",
    "b_positive",
    "b_stability",
    "b_value",
    "completeness_draws",
    "estimate_completeness",
    "find_formula",
    "goodness_of_fit",
    "local_magnitude",
    "maximum_curvature",
    "measure_magnitudes",
    "network_magnitudes",
]
