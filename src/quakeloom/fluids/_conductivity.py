"""Conductivity of brine, melt and rock, and mixing laws of solid and fluid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError

Floats = NDArray[np.float64]

GAS_CONSTANT = 8.314462618
"""J/(mol K), CODATA 2018."""

_HALVINGS = 200
"""Halvings of the self-consistent conductivity; more than doubles can tell apart."""


def mix_upper(porosity: ArrayLike, solid: ArrayLike, fluid: ArrayLike) -> Floats:
    """Return the upper bound of Hashin & Shtrikman (1962): fluid around all grains, in S/m."""
    phi, s, f = (np.asarray(v, dtype=np.float64) for v in (porosity, solid, fluid))
    with np.errstate(divide="ignore"):
        return np.asarray(f + (1.0 - phi) / (1.0 / (s - f) + phi / (3.0 * f)))


def mix_lower(porosity: ArrayLike, solid: ArrayLike, fluid: ArrayLike) -> Floats:
    """Return the lower bound: fluid in pockets apart, in S/m."""
    phi, s, f = (np.asarray(v, dtype=np.float64) for v in (porosity, solid, fluid))
    with np.errstate(divide="ignore"):
        return np.asarray(s + phi / (1.0 / (f - s) + (1.0 - phi) / (3.0 * s)))


def mix_tubes(porosity: ArrayLike, solid: ArrayLike, fluid: ArrayLike) -> Floats:
    """Return that of tubes of all directions that hang together: a third of the fluid conducts."""
    phi, s, f = (np.asarray(v, dtype=np.float64) for v in (porosity, solid, fluid))
    return np.asarray(phi * f / 3.0 + (1.0 - phi) * s)


def mix_archie(
    porosity: ArrayLike, solid: ArrayLike, fluid: ArrayLike, exponent: float = 1.5
) -> Floats:
    """Return Archie's law (1942) beside a solid that conducts: ``f phi^m + s (1 - phi)``."""
    phi, s, f = (np.asarray(v, dtype=np.float64) for v in (porosity, solid, fluid))
    return np.asarray(f * phi**exponent + s * (1.0 - phi))


def mix_spheroids(
    porosity: ArrayLike, solid: ArrayLike, fluid: ArrayLike, aspect_ratio: ArrayLike
) -> Floats:
    """Return the self-consistent conductivity of spherical grains and spheroids of fluid, S/m.

    ``(1 - phi)(s_s - s) R_s + phi (s_f - s) R_f = 0`` with
    ``R = 1/3 sum 1 / (1 + L_i (s_p/s - 1))`` (Berryman 1995) by halving between the two
    conductivities.
    """
    phi, s, f, a = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (porosity, solid, fluid, aspect_ratio))
    )
    along = depolarization(a)
    low, high = np.log(np.minimum(s, f)), np.log(np.maximum(s, f))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        value = np.exp(middle)
        ratio = f / value - 1.0
        grains = 3.0 / (2.0 + s / value)
        pores = (2.0 / (1.0 + 0.5 * (1.0 - along) * ratio) + 1.0 / (1.0 + along * ratio)) / 3.0
        rest = (1.0 - phi) * (s - value) * grains + phi * (f - value) * pores
        above = rest > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
        if np.all(high - low < 1e-14):
            break
    return np.asarray(np.exp(0.5 * (low + high)))


def depolarization(aspect_ratio: ArrayLike) -> Floats:
    """Return the depolarization factor along the short axis of an oblate spheroid; 1/3: sphere."""
    a = np.minimum(np.asarray(aspect_ratio, dtype=np.float64), 1.0)
    e = np.sqrt(np.maximum(1.0 / (a * a) - 1.0, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (1.0 + e * e) / e**3 * (e - np.arctan(e))
    # the first terms of the series where the closed form cancels
    return np.asarray(np.where(e < 1e-2, 1.0 / 3.0 + 2.0 / 15.0 * e * e, found))


MIXING: dict[str, Callable[..., Floats]] = {
    "spheroids": mix_spheroids,
    "upper": mix_upper,
    "lower": mix_lower,
    "tubes": mix_tubes,
    "archie": mix_archie,
}
"""Mixing laws by name; ``spheroids`` alone has a shape of its own."""


def brine_conductivity(
    temperature_k: float, salinity_percent: float, water_density_kg_m3: float
) -> float:
    """Return the conductivity of NaCl brine in S/m (Sinmyo & Keppler 2017).

    ``log10 s = -1.7060 - 93.78/T + 0.8075 log10 c + 3.0781 log10 rho + log10 L0`` with
    ``L0 = 1573 - 1212 rho + 537062/T - 208122721/T^2``, rho of pure water in g/cm3, c in weight
    percent. Measured at 373 to 873 K, 1 GPa and below; used up to 1300 K with the density of water.

    Raises
    ------
    InputError
        Outside 373 to 1300 K, 0.05 to 25 % NaCl, or where L0 is not positive.
    """
    t, c, rho = temperature_k, salinity_percent, water_density_kg_m3 / 1000.0
    limiting = 1573.0 - 1212.0 * rho + 537062.0 / t - 208122721.0 / t**2
    if not 373.0 <= t <= 1300.0 or not 0.05 <= c <= 25.0 or limiting <= 0:
        raise InputError(
            f"The conductivity of brine is not known at {t:g} K, {c:g} % NaCl and {rho:g} g/cm3 "
            "(373 to 1300 K, 0.05 to 25 %)."
        )
    log = -1.7060 - 93.78 / t + 0.8075 * np.log10(c) + 3.0781 * np.log10(rho)
    return float(10.0**log * limiting)


def melt_conductivity(
    temperature_k: float, pressure_gpa: float, water_percent: float, silica_percent: float
) -> tuple[float, str]:
    """Return the conductivity of hydrous silicate melt in S/m, and whose formula it is.

    Silica up to 53 %: Ni et al. (2011),
    ``log10 s = 2.172 - (860.82 - 204.46 sqrt w)/(T - 1146.8)``, which has a pole at 1146.8 K and is
    refused below 1273 K. Above: Guo et al. (2016) for rhyolite,
    ``2.983 - 0.0732 w - (3528 - 233.8 w + (763 - 7.5 w^2) P)/T``, 868 to 1580 K.

    Raises
    ------
    InputError
        Outside of what a formula was measured for.
    """
    t, p, w = temperature_k, pressure_gpa, water_percent
    if silica_percent <= 53.0:
        if not 1273.0 <= t <= 1950.0 or not 0.0 <= w <= 6.5 or p > 3.0:
            raise InputError(
                f"The conductivity of basaltic melt is not known at {t:g} K, {p:g} GPa and {w:g} % "
                "water (1273 to 1950 K, up to 6.5 %): the formula has a pole at 1146.8 K."
            )
        return float(10.0 ** (2.172 - (860.82 - 204.46 * np.sqrt(w)) / (t - 1146.8))), "Ni 2011"
    if not 868.0 <= t <= 1580.0 or not 0.1 <= w <= 8.0 or p > 1.5:
        raise InputError(
            f"The conductivity of felsic melt is not known at {t:g} K, {p:g} GPa and {w:g} % water "
            "(868 to 1580 K, 0.1 to 8 %, up to 1.5 GPa)."
        )
    log = 2.983 - 0.0732 * w - (3528.0 - 233.8 * w + (763.0 - 7.5 * w * w) * p) / t
    return float(10.0**log), "Guo 2016"


def solid_conductivity(temperature_k: float, log10_sigma0: float, energy_kj_mol: float) -> float:
    """Return the conductivity of dry rock by Arrhenius' law, in S/m."""
    exponent = -1000.0 * energy_kj_mol / (GAS_CONSTANT * temperature_k)
    return float(10.0**log10_sigma0 * np.exp(exponent))
