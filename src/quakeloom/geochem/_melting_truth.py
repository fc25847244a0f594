"""Synthetic basalts of a known source and known degrees of melting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.geochem._melting import DEPLETED_MANTLE, OXIDES

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeltingRecipe:
    """How synthetic basalts are made.

    Attributes
    ----------
    samples, elements : int
    melting : str
        ``batch`` or ``fractional``.
    fractions : (float, float)
        Least and largest degree of melting.
    noise : float
        Relative standard deviation of analyses.
    scatter : float
        Of logarithms, beyond that.
    source_scatter : float
        How far the source is from the depleted mantle, of logarithms.
    missing_share : float
    """

    samples: int = 12
    elements: int = 16
    melting: str = "fractional"
    fractions: tuple[float, float] = (0.03, 0.18)
    noise: float = 0.05
    scatter: float = 0.03
    source_scatter: float = 0.3
    missing_share: float = 0.05


@dataclass(frozen=True)
class MeltingTruth:
    """Synthetic basalts.

    Attributes
    ----------
    names : list of str
        Oxides and elements, the most incompatible and the least among them.
    units : list of str
        wt% of oxides, ppm of elements.
    values : ndarray, (sample, element)
        NaN where missing.
    fraction : ndarray, (sample,)
    source : ndarray, (element,)
    """

    names: list[str]
    units: list[str]
    values: Floats
    fraction: Floats
    source: Floats


def simulate_melting(recipe: MeltingRecipe, stream: np.random.Generator) -> MeltingTruth:
    """Melt a source by small steps, which are put together where melting is fractional.

    Nothing of the formulas of the estimator is used: of every step what the melt takes is taken
    from the solid.

    Parameters
    ----------
    recipe : MeltingRecipe
    stream : numpy.random.Generator
    """
    every = list(DEPLETED_MANTLE)
    pick = np.unique(np.linspace(0, len(every) - 1, recipe.elements).round().astype(int))
    names = [every[k] for k in pick]
    mantle = np.array([DEPLETED_MANTLE[n] for n in names])
    source = mantle[:, 0] * np.exp(recipe.source_scatter * stream.standard_normal(len(names)))
    fraction = stream.uniform(*recipe.fractions, recipe.samples)
    values = np.array([_melt(source, mantle, f, recipe.melting) for f in fraction])
    values *= np.exp(recipe.noise * stream.standard_normal(values.shape))
    values *= np.exp(recipe.scatter * stream.standard_normal(values.shape))
    lost = stream.random(values.shape) < recipe.missing_share
    # the first and the last element are never missing: every basalt has two
    lost[:, [0, -1]] = False
    values[lost] = np.nan
    units = ["wt%" if n in OXIDES else "ppm" for n in names]
    return MeltingTruth(names, units, values, fraction, source)


def _melt(source: Floats, mantle: Floats, fraction: float, melting: str) -> Floats:
    """Return the concentrations of the melt of a degree, by mass balance."""
    bulk, own = mantle[:, 1], mantle[:, 2]
    if melting == "batch":
        # C0 = C (F + (1 - F) D'), the rest having D' = (D - P F) / (1 - F)
        rest = (bulk - own * fraction) / (1.0 - fraction)
        return np.asarray(source / (fraction + (1.0 - fraction) * rest))
    steps = 4000
    left, taken, part = source.copy(), np.zeros_like(source), fraction / steps
    for k in range(steps):
        melted = (k + 0.5) * part
        solid = np.maximum((bulk - own * melted) / (1.0 - melted), 1e-12)
        melt = left / (1.0 - melted) / solid
        amount = np.minimum(part * melt, left)
        left, taken = left - amount, taken + amount
    return np.asarray(taken / fraction)
