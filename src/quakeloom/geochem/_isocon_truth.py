"""Synthetic altered rocks with known gains, losses and mass ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CRUST: dict[str, tuple[float, str]] = {
    "SiO2": (57.0, "wt%"), "TiO2": (0.9, "wt%"), "Al2O3": (16.0, "wt%"), "FeO": (8.0, "wt%"),
    "MnO": (0.15, "wt%"), "MgO": (4.5, "wt%"), "CaO": (7.0, "wt%"), "Na2O": (3.2, "wt%"),
    "K2O": (1.6, "wt%"), "P2O5": (0.2, "wt%"), "Zr": (130.0, "ppm"), "Nb": (8.0, "ppm"),
    "Hf": (3.5, "ppm"), "Th": (4.5, "ppm"), "Y": (24.0, "ppm"), "Rb": (50.0, "ppm"),
    "Sr": (350.0, "ppm"), "Ba": (400.0, "ppm"), "Cr": (120.0, "ppm"), "Ni": (55.0, "ppm"),
    "V": (190.0, "ppm"), "Zn": (75.0, "ppm"), "Cu": (35.0, "ppm"), "La": (18.0, "ppm"),
    "Yb": (2.2, "ppm"), "U": (1.2, "ppm"), "Cs": (1.5, "ppm"), "As": (1.5, "ppm"),
}  # fmt: skip
"""Concentrations of an andesite, rounded, for synthetic rocks; chosen here."""


@dataclass(frozen=True)
class IsoconTruth:
    """Synthetic rocks and what was done to them.

    Attributes
    ----------
    names, units : list of str
        Of the elements and oxides.
    protolith : (values, limits, errors), (sample, element)
    altered : (values, limits, errors), (sample, element)
    mass_ratio : ndarray, (sample,)
    log_gains : ndarray, (element, sample)
        Logarithm of mass of an element over that in the protolith; 0 where immobile.
    immobile : ndarray of bool, (element,)
    """

    names: list[str]
    units: list[str]
    protolith: tuple[Floats, Floats, Floats]
    altered: tuple[Floats, Floats, Floats]
    mass_ratio: Floats
    log_gains: Floats
    immobile: NDArray[np.bool_]


@dataclass(frozen=True)
class IsoconRecipe:
    """How synthetic altered rocks are made.

    Attributes
    ----------
    samples, protoliths, elements : int
    immobile_share : float
    noise, scatter : float
        Relative standard deviations of analyses, and of samples of the protolith.
    missing_share : float
        Of the analyses of altered rock.
    limited_share : float
        Of the elements whose detection limit is near their concentrations.
    """

    samples: int = 6
    protoliths: int = 5
    elements: int = 24
    immobile_share: float = 0.4
    noise: float = 0.03
    scatter: float = 0.06
    missing_share: float = 0.03
    limited_share: float = 0.15


def simulate_isocon(recipe: IsoconRecipe, stream: np.random.Generator) -> IsoconTruth:
    """Make protoliths and altered rocks of known gains, losses and mass ratios.

    Parameters
    ----------
    recipe : IsoconRecipe
    stream : numpy.random.Generator
    """
    n, e = recipe.samples, min(recipe.elements, len(CRUST))
    names = list(CRUST)[:e]
    crust = np.log([CRUST[k][0] for k in names])
    true = crust + 0.2 * stream.standard_normal(e)
    immobile = np.zeros(e, bool)
    immobile[stream.permutation(e)[: max(2, round(recipe.immobile_share * e))]] = True
    common = stream.standard_normal(e) * 0.5
    gains = common[:, None] + 0.25 * stream.standard_normal((e, n))
    gains[immobile] = 0.0
    log_a = stream.normal(0.0, 0.25, n)
    rock = true[:, None] + gains - log_a
    fresh = true + recipe.scatter * stream.standard_normal((recipe.protoliths, e))
    fresh += recipe.noise * stream.standard_normal(fresh.shape)
    values = np.exp(rock + recipe.noise * stream.standard_normal(rock.shape)).T
    limits = np.full_like(values, np.nan)
    # a detection limit is the instrument's: it knows nothing of the rocks but the element's level
    limited = stream.random(e) < recipe.limited_share
    level = np.exp(crust - 0.2) * stream.uniform(0.2, 0.8, e)
    limits[:, limited] = np.where(values < level, level, np.nan)[:, limited]
    values = np.where(np.isfinite(limits), np.nan, values)
    lost = stream.random(values.shape) < recipe.missing_share
    values[lost] = limits[lost] = np.nan
    base = np.exp(fresh)
    none = np.full_like(base, np.nan), np.full_like(base, np.nan)
    return IsoconTruth(
        names,
        [CRUST[k][1] for k in names],
        (base, *none),
        (values, limits, np.full_like(values, np.nan)),
        np.exp(log_a),
        gains,
        immobile,
    )
