"""Elements and oxides: atomic weights, and how much of an element is in an oxide.

Weights are the abridged standard atomic weights of IUPAC's commission on isotopic abundances and
atomic weights (Prohaska et al., 2022, Pure Appl. Chem. 94, 573-600).
"""

from __future__ import annotations

import re

ATOMIC_WEIGHTS: dict[str, float] = {
    "H": 1.008, "He": 4.0026, "Li": 6.94, "Be": 9.0122, "B": 10.81, "C": 12.011, "N": 14.007,
    "O": 15.999, "F": 18.998, "Ne": 20.180, "Na": 22.990, "Mg": 24.305, "Al": 26.982,
    "Si": 28.085, "P": 30.974, "S": 32.06, "Cl": 35.45, "Ar": 39.95, "K": 39.098, "Ca": 40.078,
    "Sc": 44.956, "Ti": 47.867, "V": 50.942, "Cr": 51.996, "Mn": 54.938, "Fe": 55.845,
    "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "Ga": 69.723, "Ge": 72.630,
    "As": 74.922, "Se": 78.971, "Br": 79.904, "Kr": 83.798, "Rb": 85.468, "Sr": 87.62,
    "Y": 88.906, "Zr": 91.224, "Nb": 92.906, "Mo": 95.95, "Ru": 101.07, "Rh": 102.91,
    "Pd": 106.42, "Ag": 107.87, "Cd": 112.41, "In": 114.82, "Sn": 118.71, "Sb": 121.76,
    "Te": 127.60, "I": 126.90, "Xe": 131.29, "Cs": 132.91, "Ba": 137.33, "La": 138.91,
    "Ce": 140.12, "Pr": 140.91, "Nd": 144.24, "Sm": 150.36, "Eu": 151.96, "Gd": 157.25,
    "Tb": 158.93, "Dy": 162.50, "Ho": 164.93, "Er": 167.26, "Tm": 168.93, "Yb": 173.05,
    "Lu": 174.97, "Hf": 178.49, "Ta": 180.95, "W": 183.84, "Re": 186.21, "Os": 190.23,
    "Ir": 192.22, "Pt": 195.08, "Au": 196.97, "Hg": 200.59, "Tl": 204.38, "Pb": 207.2,
    "Bi": 208.98, "Th": 232.04, "Pa": 231.04, "U": 238.03,
}  # fmt: skip
"""Standard atomic weights of the elements of rocks, in daltons (see the module)."""

OXIDES: dict[str, tuple[str, int, int]] = {
    "SiO2": ("Si", 1, 2), "TiO2": ("Ti", 1, 2), "Al2O3": ("Al", 2, 3), "Cr2O3": ("Cr", 2, 3),
    "Fe2O3": ("Fe", 2, 3), "FeO": ("Fe", 1, 1), "MnO": ("Mn", 1, 1), "MgO": ("Mg", 1, 1),
    "NiO": ("Ni", 1, 1), "CoO": ("Co", 1, 1), "CaO": ("Ca", 1, 1), "Na2O": ("Na", 2, 1),
    "K2O": ("K", 2, 1), "P2O5": ("P", 2, 5), "H2O": ("H", 2, 1), "CO2": ("C", 1, 2),
    "SO3": ("S", 1, 3), "SrO": ("Sr", 1, 1), "BaO": ("Ba", 1, 1), "ZrO2": ("Zr", 1, 2),
    "V2O5": ("V", 2, 5), "V2O3": ("V", 2, 3), "Rb2O": ("Rb", 2, 1), "Li2O": ("Li", 2, 1),
    "ZnO": ("Zn", 1, 1), "CuO": ("Cu", 1, 1), "PbO": ("Pb", 1, 1), "La2O3": ("La", 2, 3),
    "Ce2O3": ("Ce", 2, 3), "Nd2O3": ("Nd", 2, 3), "Sm2O3": ("Sm", 2, 3), "Y2O3": ("Y", 2, 3),
    "ThO2": ("Th", 1, 2), "UO2": ("U", 1, 2), "HfO2": ("Hf", 1, 2), "Nb2O5": ("Nb", 2, 5),
    "Ta2O5": ("Ta", 2, 5), "B2O3": ("B", 2, 3), "Cs2O": ("Cs", 2, 1), "Ga2O3": ("Ga", 2, 3),
}  # fmt: skip
"""Oxides of analyses: the element, and how many atoms of it and of oxygen they have."""

PARTS_PER_MILLION: dict[str, float] = {
    "wt%": 1e4, "ppm": 1.0, "ppb": 1e-3, "ppt": 1e-6,
}  # fmt: skip
"""How many ug/g one of a unit is."""

_ISOTOPES = re.compile(r"^(?:(\d{1,3})([A-Z][a-z]?)|([A-Z][a-z]?)(\d{1,3}))$")
"""An isotope, with its number before or behind the symbol."""


def oxide_share(oxide: str) -> float:
    """Return the mass of the element in one mass of its oxide, such as 0.4674 for SiO2.

    Raises
    ------
    KeyError
        If the oxide is not one of :data:`OXIDES`.
    """
    element, atoms, oxygens = OXIDES[oxide]
    own = atoms * ATOMIC_WEIGHTS[element]
    return own / (own + oxygens * ATOMIC_WEIGHTS["O"])


def element_of(name: str) -> str:
    """Return the element of an oxide or an element, empty for anything else."""
    if name in OXIDES:
        return OXIDES[name][0]
    return name if name in ATOMIC_WEIGHTS else ""


def element_ppm(name: str, value: float, unit: str) -> float:
    """Convert an oxide or element in a unit to its element in ug/g.

    Parameters
    ----------
    name : str
        One of :data:`OXIDES` or :data:`ATOMIC_WEIGHTS`.
    value : float
    unit : str
        One of :data:`PARTS_PER_MILLION`.

    Raises
    ------
    KeyError
        If name or unit is unknown.
    """
    share = oxide_share(name) if name in OXIDES else 1.0
    if name not in OXIDES and name not in ATOMIC_WEIGHTS:
        raise KeyError(name)
    return value * PARTS_PER_MILLION[unit] * share


def isotope_name(text: str) -> str:
    """Return an isotope as ``Sr87``, or an empty text where it is none."""
    match = _ISOTOPES.match(text.strip())
    if match is None:
        return ""
    symbol, number = (match[2], match[1]) if match[2] else (match[3], match[4])
    return f"{symbol}{int(number)}" if symbol in ATOMIC_WEIGHTS else ""
