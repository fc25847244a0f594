"""Aqueous fluid and melt at pressure and temperature: density, stiffness, conductivity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.fluids._conductivity import brine_conductivity, melt_conductivity
from quakeloom.fluids._moduli import Material

Floats = NDArray[np.float64]

_SALT_DENSITY = 0.006
"""Relative rise of the density of water per weight percent of NaCl: 3 % for 5 %, as is usual at
depth (from memory). The speed of sound is taken as that of pure water, so that stiffness rises as
much."""

_WATER_MASS = 18.015
"""Molar mass of water, g/mol."""


@dataclass(frozen=True)
class WaterTable:
    """Density and adiabatic bulk modulus of pure water over temperature and pressure.

    Attributes
    ----------
    temperature_k, pressure_mpa : ndarray
    density_kg_m3, bulk_modulus_gpa : ndarray, (temperature, pressure)
    """

    temperature_k: Floats
    pressure_mpa: Floats
    density_kg_m3: Floats
    bulk_modulus_gpa: Floats

    @classmethod
    def from_rows(cls, columns: Mapping[str, ArrayLike]) -> WaterTable:
        """Make the table of the rows of ``resources/fluids/water.csv``."""
        t, p, rho, k = (
            np.asarray(columns[n], dtype=float)
            for n in ("temperature_k", "pressure_mpa", "density_kg_m3", "bulk_modulus_gpa")
        )
        axes = np.unique(t), np.unique(p)
        shape = (axes[0].size, axes[1].size)
        order = np.lexsort((p, t))
        return cls(*axes, rho[order].reshape(shape), k[order].reshape(shape))

    def at(self, temperature_k: float, pressure_gpa: float) -> tuple[float, float]:
        """Return density in kg/m3 and bulk modulus in GPa, by cubic splines in ln P.

        Raises
        ------
        InputError
            Outside of the table.
        """
        from scipy.interpolate import RectBivariateSpline

        t, p = temperature_k, 1000.0 * pressure_gpa
        inside = self.temperature_k[0] <= t <= self.temperature_k[-1]
        if not inside or not self.pressure_mpa[0] <= p <= self.pressure_mpa[-1]:
            raise InputError(
                f"Water is not tabulated at {t:g} K and {p:g} MPa ({self.temperature_k[0]:g} to "
                f"{self.temperature_k[-1]:g} K, {self.pressure_mpa[0]:g} to "
                f"{self.pressure_mpa[-1]:g} MPa)."
            )
        found = [
            RectBivariateSpline(self.temperature_k, np.log(self.pressure_mpa), np.log(v))(
                t, np.log(p)
            )[0, 0]
            for v in (self.density_kg_m3, self.bulk_modulus_gpa)
        ]
        return float(np.exp(found[0])), float(np.exp(found[1]))


@dataclass(frozen=True)
class PoreFluid:
    """A fluid in the pores of a rock.

    Attributes
    ----------
    name : str
        ``aqueous`` or ``melt``.
    material : Material
    conductivity_s_m : float
        NaN where no formula holds; velocities can be used all the same.
    note : str
        Whose formulas; why there is no conductivity.
    """

    name: str
    material: Material
    conductivity_s_m: float
    note: str


def aqueous_fluid(
    table: WaterTable, temperature_k: float, pressure_gpa: float, salinity_percent: float
) -> PoreFluid:
    """Return NaCl brine at depth.

    Raises
    ------
    InputError
        Where water is not known; without conductivity alone the note says so.
    """
    density, bulk = table.at(temperature_k, pressure_gpa)
    rise = 1.0 + _SALT_DENSITY * salinity_percent
    try:
        sigma = brine_conductivity(temperature_k, salinity_percent, density)
        note = "IAPWS-95; Sinmyo & Keppler 2017"
    except InputError as error:
        sigma, note = float("nan"), str(error)
    return PoreFluid("aqueous", Material(bulk * rise, 0.0, density * rise), sigma, note)


MELTS: dict[str, dict[str, float]] = {
    "rhyolite": {"SiO2": 74.0, "TiO2": 0.2, "Al2O3": 14.2, "FeO": 1.8, "MgO": 0.4, "CaO": 1.6,
                 "Na2O": 4.1, "K2O": 3.7},
    "andesite": {"SiO2": 60.0, "TiO2": 0.8, "Al2O3": 17.2, "FeO": 6.2, "MgO": 3.2, "CaO": 6.5,
                 "Na2O": 3.9, "K2O": 2.2},
    "basalt": {"SiO2": 50.5, "TiO2": 1.3, "Al2O3": 16.2, "FeO": 9.4, "MgO": 8.0, "CaO": 11.3,
               "Na2O": 2.6, "K2O": 0.7},
}  # fmt: skip
"""Weight percent of oxides without water: typical rocks, chosen here."""

_OXIDES: dict[str, tuple[float, float, float, float, float]] = {
    # mass (g/mol), V (cm3/mol), at T (K), dV/dT (cm3/mol/K), dV/dP (cm3/mol/bar)
    "SiO2": (60.084, 26.86, 1773.0, 0.0, -1.89e-4),
    "TiO2": (79.866, 28.32, 1773.0, 7.24e-3, -2.31e-4),
    "Al2O3": (101.961, 37.42, 1773.0, 2.62e-3, -2.26e-4),
    "FeO": (71.844, 12.68, 1723.0, 3.69e-3, -0.45e-4),
    "MgO": (40.304, 12.02, 1773.0, 3.27e-3, 0.27e-4),
    "CaO": (56.077, 16.90, 1773.0, 3.74e-3, 0.34e-4),
    "Na2O": (61.979, 29.65, 1773.0, 7.68e-3, -2.40e-4),
    "K2O": (94.196, 47.28, 1773.0, 12.08e-3, -6.75e-4),
    "H2O": (_WATER_MASS, 22.9, 1273.0, 9.5e-3, -3.2e-4),
}
"""Partial molar volumes of oxides in silicate melt at 1 bar: Lange & Carmichael (1987), Kress &
Carmichael (1991), Lange (1997), Ochs & Lange (1999), put together by Iacovino & Till (2019)."""


def silicate_melt(
    composition: str, temperature_k: float, pressure_gpa: float, water_percent: float
) -> PoreFluid:
    """Return hydrous silicate melt: density and isothermal bulk modulus of molar volumes.

    ``V = sum X_i [V_i + dV/dT (T - T_i) + dV/dP P]`` and ``K = -V / (dV/dP)``. The adiabatic
    modulus of melt is a few percent larger.

    Raises
    ------
    InputError
        Below 873 K or above 2000 K, above 3 GPa, with more than 10 % of water, or for a composition
        that is not in :data:`MELTS`.
    """
    if composition not in MELTS:
        raise InputError(f"There is no melt '{composition}'; there are {', '.join(MELTS)}.")
    t, p, w = temperature_k, pressure_gpa, water_percent
    if not 873.0 <= t <= 2000.0 or not 0.0 <= p <= 3.0 or not 0.0 <= w <= 10.0:
        raise InputError(
            f"Melt is not known at {t:g} K, {p:g} GPa and {w:g} % water (873 to 2000 K, up to "
            "3 GPa and 10 %)."
        )
    dry = MELTS[composition]
    weight = {o: v * (100.0 - w) / sum(dry.values()) for o, v in dry.items()} | {"H2O": w}
    moles = {o: v / _OXIDES[o][0] for o, v in weight.items()}
    bar = 1e4 * p
    volume = slope = 0.0
    for oxide, amount in moles.items():
        _, molar, at, by_t, by_p = _OXIDES[oxide]
        volume += amount * (molar + by_t * (t - at) + by_p * bar)
        slope += amount * by_p
    density = 1000.0 * 100.0 / volume
    bulk = -volume / slope * 1e-4
    try:
        sigma, whose = melt_conductivity(t, p, w, dry["SiO2"])
    except InputError as error:
        sigma, whose = float("nan"), str(error)
    return PoreFluid("melt", Material(bulk, 0.0, density), sigma, f"Lange & Carmichael; {whose}")
