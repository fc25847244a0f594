"""Concentrations in melts of the mantle: batch and aggregated fractional melting.

Shaw (1970), Geochim. Cosmochim. Acta 34, 237-243: bulk partition coefficients D at the beginning,
and P of the phases as they melt.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MeltModel = Literal["batch", "fractional"]


class Mantle(NamedTuple):
    """An oxide or element in the mantle.

    Attributes
    ----------
    source : float
        Concentration, wt% of oxides and ppm of elements.
    bulk, melting : float
        Partition coefficients between solid and melt: of the whole, and of what melts.
    """

    source: float
    bulk: float
    melting: float


_DEPLETED = {
    "Rb": (0.05, 1e-5), "Ba": (0.563, 1.2e-4), "Th": (0.0079, 0.001), "U": (0.0032, 0.0011),
    "Nb": (0.1485, 0.0034), "Ta": (0.0096, 0.0034), "La": (0.192, 0.01), "Ce": (0.55, 0.022),
    "Pb": (0.018, 0.014), "Pr": (0.107, 0.027), "Sr": (7.664, 0.025), "Nd": (0.581, 0.031),
    "Zr": (5.082, 0.033), "Hf": (0.157, 0.035), "Sm": (0.239, 0.045), "Eu": (0.096, 0.05),
    "TiO2": (0.1195, 0.058), "Gd": (0.358, 0.056), "Tb": (0.07, 0.068), "Dy": (0.505, 0.079),
    "Ho": (0.115, 0.084), "Y": (3.328, 0.088), "Er": (0.348, 0.097), "Yb": (0.365, 0.115),
    "Lu": (0.058, 0.12),
}  # fmt: skip
"""Concentrations and bulk partition coefficients of the depleted mantle, see below."""

OXIDES = ("TiO2",)
"""Those of :data:`DEPLETED_MANTLE` that are oxides, in wt%; the others are elements, in ppm."""

DEPLETED_MANTLE = {name: Mantle(c, d, d) for name, (c, d) in _DEPLETED.items()}
"""The depleted mantle of Workman & Hart (2005), Earth Planet. Sci. Lett. 231, 53-72: concentrations
and bulk partition coefficients, written down from memory and to be held against the paper before
they are relied on; modal melting (P = D) is chosen here."""


def log_enrichment(
    fraction: Floats, bulk: Floats, melting: Floats, model: MeltModel
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the logarithm of melt over source, and whether a phase was used up.

    Where all of an element is in the melt already (``P F >= D``, fractional) its concentration is
    ``C0 / F``.

    Parameters
    ----------
    fraction : ndarray, (...)
        Degree of melting F.
    bulk, melting : ndarray, (element,)
    model : str
        ``batch``: ``1 / (D + F (1 - P))``; ``fractional``, all melts together:
        ``(1 - (1 - P F / D)^(1 / P)) / F``.

    Returns
    -------
    value : ndarray, (..., element)
    exhausted : ndarray of bool, (..., element)
    """
    f = np.asarray(fraction, float)[..., None]
    if model == "batch":
        whole = bulk + f * (1.0 - melting)
        return np.asarray(-np.log(whole)), np.zeros(whole.shape, bool)
    left = 1.0 - melting * f / bulk
    exhausted = left <= 0.0
    rest = np.exp(np.log(np.where(exhausted, 1.0, left)) / melting)
    value = np.log1p(-np.where(exhausted, 0.0, rest)) - np.log(f)
    return np.asarray(value), np.asarray(exhausted)
