"""Magnitudes of one amplitude by published formulas, each with its name, unit and range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

GAIN_UHRHAMMER, GAIN_CLASSIC = 2080.0, 2800.0
"""Static magnification of the Wood-Anderson seismometer: as measured (Uhrhammer & Collins 1990,
damping 0.7), and as Anderson & Wood (1925) give it (damping 0.8). Magnitudes differ by 0.129."""

REFERENCE_KM = 100.0
"""Distance from which attenuation counts, where ML of 1 mm is 3 (Richter 1935)."""


@dataclass(frozen=True)
class MagnitudeFormula:
    """A formula of magnitude, ``(log10 A + n log10(r / 100) + k (r - 100) + c) / slope``.

    Attributes
    ----------
    name : str
        What results are called.
    amplitude : str
        What is measured, with its unit.
    distance : {"hypocentral", "epicentral"}
    range_km : (float, float)
        Distances that it is meant for.
    maximum_depth_km : float
    slope, spreading, absorption, constant : float
        ``slope``, ``n``, ``k`` (1/km) and ``c``.
    saturates_at : float
        From this magnitude on the scale saturates, so that larger events have it too: chosen
        here, about where corner frequencies come below the seismometer's.
    reference : str
    """

    name: str
    amplitude: str
    distance: str
    range_km: tuple[float, float]
    maximum_depth_km: float
    slope: float
    spreading: float
    absorption: float
    constant: float
    saturates_at: float
    reference: str

    def evaluate(self, amplitude: Floats, distance_km: Floats) -> Floats:
        """Return magnitudes of amplitudes above 0, whatever the range."""
        decay = self.spreading * np.log10(distance_km / REFERENCE_KM)
        decay = decay + self.absorption * (distance_km - REFERENCE_KM)
        return np.asarray((np.log10(amplitude) + decay + self.constant) / self.slope)


FORMULAS = {
    f.name: f
    for f in (
        MagnitudeFormula(
            "ML_hutton_boore", "Wood-Anderson displacement, zero to peak, mm", "hypocentral",
            (5.0, 700.0), 30.0, 1.0, 1.110, 0.00189, 3.0, 6.5,
            "Hutton & Boore (1987), BSSA 77, 2074-2094",
        ),
        MagnitudeFormula(
            "M_tsuboi", "largest vector of the horizontal displacements, micrometers",
            "epicentral", (10.0, 2000.0), 60.0, 1.0, 1.73, 0.0, 1.73 * 2.0 - 0.83, 8.0,
            "Tsuboi (1954), Zisin 7, 185-193",
        ),
        MagnitudeFormula(
            "Mv_watanabe", "largest vertical velocity, cm/s", "hypocentral", (1.0, 200.0), 60.0,
            0.85, 1.73, 0.0, 1.73 * 2.0 + 2.50, 5.0, "Watanabe (1971), Zisin 24, 189-200",
        ),
    )
}  # fmt: skip
"""Formulas by name; ranges of distance and depth are those that the authors had data for, as far as
they are known (M of Hutton & Boore: southern California, 10 to 700 km, extended to 5 km here)."""


def find_formula(name: str) -> MagnitudeFormula:
    """Return a formula by its name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in FORMULAS:
        raise InputError(
            f"'{name}' is no formula of magnitude. Nothing was computed; write one of "
            f"{', '.join(FORMULAS)}."
        )
    return FORMULAS[name]


def local_magnitude(
    name: str, amplitude: ArrayLike, distance_km: ArrayLike, depth_km: ArrayLike = 0.0
) -> Floats:
    """Return magnitudes of single amplitudes.

    Parameters
    ----------
    name : str
        Of :data:`FORMULAS`.
    amplitude : array_like
        In the unit of the formula.
    distance_km : array_like
        Hypocentral or epicentral, as the formula has it.
    depth_km : array_like

    Returns
    -------
    ndarray
        NaN where the amplitude is not above 0, or distance or depth are beyond the formula.
    """
    formula = find_formula(name)
    a, r, z = np.broadcast_arrays(
        *(np.asarray(v, dtype=float) for v in (amplitude, distance_km, depth_km))
    )
    low, high = formula.range_km
    good = (a > 0.0) & (r >= low) & (r <= high) & (z <= formula.maximum_depth_km)
    value = formula.evaluate(np.where(good, a, 1.0), np.where(good, r, 100.0))
    return np.where(good, value, np.nan)
