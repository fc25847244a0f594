"""Forward models of velocity: porosity, pore shape, solid and fluid to Vp and Vs, one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import InputError
from quakeloom.fluids._spheroids import (
    differential_grid,
    self_consistent_grid,
    spheroid_factors,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Material:
    """An isotropic elastic material.

    Attributes
    ----------
    bulk_gpa, shear_gpa : float
        Moduli; a fluid has no shear modulus.
    density_kg_m3 : float
    """

    bulk_gpa: float
    shear_gpa: float
    density_kg_m3: float

    @property
    def velocities(self) -> tuple[float, float]:
        """P and S velocity in km/s."""
        vp, vs = velocities(self.bulk_gpa, self.shear_gpa, self.density_kg_m3)
        return float(vp), float(vs)


class ElasticModel(Protocol):
    """Effective moduli of a rock with fluid in its pores, on a grid of porosity and shape.

    A forward model is a function of this kind, named in :data:`ELASTIC_MODELS`; what it cannot
    describe is NaN.
    """

    def __call__(
        self, solid: Material, fluid: Material, porosities: Floats, ratios: Floats
    ) -> tuple[Floats, Floats]:
        """Return bulk and shear moduli in GPa, (porosities, ratios)."""


def velocities(bulk_gpa: ArrayLike, shear_gpa: ArrayLike, density: ArrayLike) -> tuple[
    Floats, Floats
]:  # fmt: skip
    """Return P and S velocity in km/s from moduli in GPa and density in kg/m3."""
    k, g, rho = (np.asarray(v) for v in (bulk_gpa, shear_gpa, density))
    # 1e3: GPa over kg/m3 is (1e3 m/s)^2 times 1e3
    return np.sqrt(1e3 * (k + 4.0 * g / 3.0) / rho), np.sqrt(1e3 * g / rho)


def self_consistent(
    solid: Material, fluid: Material, porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return self-consistent moduli: isolated pores, symmetric in solid and fluid."""
    return self_consistent_grid(
        (solid.bulk_gpa, solid.shear_gpa), (fluid.bulk_gpa, fluid.shear_gpa), porosities, ratios
    )


def differential(
    solid: Material, fluid: Material, porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return moduli of the differential scheme: isolated pores, the solid connected always."""
    return differential_grid(
        (solid.bulk_gpa, solid.shear_gpa), (fluid.bulk_gpa, fluid.shear_gpa), porosities, ratios
    )


def gassmann(
    solid: Material, fluid: Material, porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return moduli at low frequency: dry pores by the differential scheme, then Gassmann."""
    dry_k, dry_g = differential_grid(
        (solid.bulk_gpa, solid.shear_gpa), (0.0, 0.0), porosities, ratios
    )
    return fill_pores(dry_k, solid.bulk_gpa, fluid.bulk_gpa, porosities[:, None]), dry_g


def equilibrium(
    solid: Material, fluid: Material, porosities: Floats, ratios: Floats
) -> tuple[Floats, Floats]:
    """Return moduli of Takei's (2002) skeleton of first order in porosity, filled by Gassmann.

    ``K_b = k (1 - P phi)`` and ``N = mu (1 - Q phi)`` with P and Q of dry spheroids in the solid.
    Textural equilibrium of melt (dihedral angles of 20 to 40 degrees) is an aspect ratio of 0.10 to
    0.15. NaN where the skeleton would have no strength.
    """
    p, q = spheroid_factors(solid.bulk_gpa, solid.shear_gpa, 0.0, 0.0, ratios)
    left_k = 1.0 - p[None, :] * porosities[:, None]
    left_g = 1.0 - q[None, :] * porosities[:, None]
    holds = (left_k > 0) & (left_g > 0)
    dry_k = np.where(holds, solid.bulk_gpa * left_k, np.nan)
    dry_g = np.where(holds, solid.shear_gpa * left_g, np.nan)
    return fill_pores(dry_k, solid.bulk_gpa, fluid.bulk_gpa, porosities[:, None]), dry_g


def fill_pores(
    dry_gpa: ArrayLike, grain_gpa: float, fluid_gpa: float, porosity: ArrayLike
) -> Floats:
    """Return the bulk modulus of a skeleton filled with fluid (Gassmann 1951).

    ``K = K_b + k (1 - K_b/k)^2 / (1 - phi - K_b/k + phi k/k_f)``; a fluid without stiffness leaves
    the skeleton as it is.
    """
    dry, phi = np.asarray(dry_gpa, dtype=np.float64), np.asarray(porosity, dtype=np.float64)
    if fluid_gpa == 0.0:
        return np.broadcast_to(dry, np.broadcast_shapes(dry.shape, phi.shape)).copy()
    share = dry / grain_gpa
    below = 1.0 - phi - share + phi * grain_gpa / fluid_gpa
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = dry + grain_gpa * (1.0 - share) ** 2 / below
    # without pores there is nothing to fill: 0/0
    return np.asarray(np.where(np.abs(1.0 - share) < 1e-14, dry, filled))


ELASTIC_MODELS: dict[str, ElasticModel] = {
    "self_consistent": self_consistent,
    "differential": differential,
    "gassmann": gassmann,
    "equilibrium": equilibrium,
}
"""Forward models of velocity by name."""


def find_elastic_model(name: str) -> ElasticModel:
    """Return a forward model by name.

    Raises
    ------
    InputError
        If there is none; the message lists them.
    """
    if name not in ELASTIC_MODELS:
        raise InputError(
            f"There is no model of moduli '{name}'; there are {', '.join(ELASTIC_MODELS)}. Nothing "
            "was computed."
        )
    return ELASTIC_MODELS[name]


def rock_velocities(
    model: str, solid: Material, fluid: Material, porosities: ArrayLike, ratios: ArrayLike
) -> tuple[Floats, Floats]:
    """Return P and S velocity over porosities (growing) and aspect ratios, in km/s.

    Parameters
    ----------
    model : str
        Of :data:`ELASTIC_MODELS`.
    solid, fluid : Material
    porosities : array_like, (n,)
        From 0 up to, and without, 1.
    ratios : array_like, (m,)

    Returns
    -------
    vp, vs : ndarray, (n, m)
        NaN where the model describes no rock.
    """
    phi, alpha = np.asarray(porosities, dtype=float), np.asarray(ratios, dtype=float)
    if phi.size and (np.any(np.diff(phi) <= 0) or phi[0] < 0 or phi[-1] >= 1):
        raise InputError("Porosities must grow, from 0 on and below 1. Nothing was computed.")
    if alpha.size and (alpha.min() <= 0 or alpha.max() > 1):
        raise InputError("Aspect ratios must lie above 0 and up to 1. Nothing was computed.")
    bulk, shear = find_elastic_model(model)(solid, fluid, phi, alpha)
    density = (1.0 - phi) * solid.density_kg_m3 + phi * fluid.density_kg_m3
    return velocities(bulk, shear, density[:, None])


def hashin_shtrikman(
    solid: Material, fluid: Material, porosity: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the bounds of the moduli: lower and upper bulk, lower and upper shear, in GPa."""
    phi = np.asarray(porosity, dtype=np.float64)
    k1, g1, k2 = solid.bulk_gpa, solid.shear_gpa, fluid.bulk_gpa
    upper_k = k1 + phi / (1.0 / (k2 - k1) + (1.0 - phi) / (k1 + 4.0 * g1 / 3.0))
    zeta = g1 / 6.0 * (9.0 * k1 + 8.0 * g1) / (k1 + 2.0 * g1)
    upper_g = 1.0 / ((1.0 - phi) / (g1 + zeta) + phi / zeta) - zeta
    with np.errstate(divide="ignore"):
        lower_k = 1.0 / ((1.0 - phi) / k1 + phi / k2) if k2 > 0 else np.where(phi > 0, 0.0, k1)
    return np.asarray(lower_k), upper_k, np.where(phi > 0, 0.0, g1), upper_g
