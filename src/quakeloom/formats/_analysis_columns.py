"""What the columns of a table of rock analyses mean: oxides, elements, isotope ratios, errors.

Names are those of people and of the databases GEOROC, PetDB and EarthChem: ``SiO2``,
``SIO2(WT%)``, ``La_ppm``, ``FeO*``, ``87Sr/86Sr``, ``ND143_ND144``, ``Zr_sd``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quakeloom.core import ATOMIC_WEIGHTS, OXIDES, isotope_name

_UNITS = {
    "wt%": "wt%", "wtpct": "wt%", "wt": "wt%", "%": "wt%", "pct": "wt%", "percent": "wt%",
    "wtpercent": "wt%", "m%": "wt%", "mass%": "wt%", "weight%": "wt%", "weightpercent": "wt%",
    "ppm": "ppm", "ug/g": "ppm", "µg/g": "ppm", "μg/g": "ppm", "mg/kg": "ppm", "ugg": "ppm",
    "g/t": "ppm", "ppb": "ppb", "ng/g": "ppb", "ug/kg": "ppb", "µg/kg": "ppb", "ppt": "ppt",
    "pg/g": "ppt",
}  # fmt: skip
"""Units of columns as people write them, and as they are called here."""

_ERRORS = {
    "sd": 1.0, "1sd": 1.0, "std": 1.0, "stdev": 1.0, "se": 1.0, "err": 1.0, "error": 1.0,
    "unc": 1.0, "uncertainty": 1.0, "1s": 1.0, "1sigma": 1.0, "sigma": 1.0, "±": 1.0,
    "2s": 0.5, "2sd": 0.5, "2se": 0.5, "2sigma": 0.5,
}  # fmt: skip
"""Words of columns of errors, and what makes one standard deviation of them."""

_LIMITS = ("dl", "lod", "mdl", "lld", "detectionlimit", "detlim")
"""Words of columns of detection limits."""

_TOTAL_IRON = {
    "feot": "FeO", "feo*": "FeO", "feo(t)": "FeO", "feotot": "FeO", "feototal": "FeO",
    "fe2o3t": "Fe2O3", "fe2o3*": "Fe2O3", "fe2o3(t)": "Fe2O3", "fe2o3tot": "Fe2O3",
    "fe2o3total": "Fe2O3",
}  # fmt: skip
"""Names of all iron as one oxide."""

_VOLATILE = ("loi", "h2o", "h2o+", "h2o-", "h2op", "h2om", "co2", "volatiles")
"""Columns that count towards a total and are no part of a composition, in lower case."""

_SUMS = ("total", "sum", "totals")
"""Columns of totals in lower case."""

_LOWER = {n.lower(): n for n in (*ATOMIC_WEIGHTS, *OXIDES)}
"""Symbols by their lower case. `CO` is cobalt: databases write everything in capitals."""

_WORDS = ("in", "as", "be", "he", "at", "no")
"""Words in lower case that are no elements; nor is a lone letter, such as `k`, `n` and `p`."""

_UNIT_IN_BRACKETS = re.compile(r"^(.*?)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
"""A name with something in brackets behind it."""


@dataclass(frozen=True)
class AnalysisColumn:
    """What a column is.

    Attributes
    ----------
    name : str
        ``SiO2``, ``La``, ``Sr87/Sr86``; the header as it is for a label.
    kind : str
        ``oxide``, ``element``, ``isotopes``, ``volatile``, ``total`` or ``label``.
    unit : str
        ``wt%``, ``ppm``, ``ppb``, ``ppt``, or ``1`` for a ratio; empty for a label.
    role : str
        ``value``, ``error`` (standard deviations) or ``limit`` (detection limits).
    factor : float
        What makes the role of a cell: 0.5 for errors of two standard deviations.
    all_iron : bool
        Whether it is all iron of the sample, of any valence.
    """

    name: str
    kind: str
    unit: str = ""
    role: str = "value"
    factor: float = 1.0
    all_iron: bool = False


def understand_column(header: str) -> AnalysisColumn:
    """Say what the header of a column means.

    Without a unit, oxides are in wt% and elements in ppm, as is usual.

    Parameters
    ----------
    header : str
    """
    text = header.strip().strip('"')
    role, factor, unit = "value", 1.0, ""
    body = text
    for _ in range(3):
        known = _plain_name(body)
        if known is not None:
            name, kind, usual = known
            return AnalysisColumn(name, kind, unit or usual, role, factor, _is_all_iron(body))
        body, word = _split_last(body)
        word = word.lower().replace(" ", "").replace(".", "")
        if word in _UNITS:
            unit = _UNITS[word]
        elif word in _ERRORS:
            role, factor = "error", _ERRORS[word]
        elif word in _LIMITS:
            role = "limit"
        else:
            break
    return AnalysisColumn(text, "label")


def _plain_name(text: str) -> tuple[str, str, str] | None:
    """Return name, kind and usual unit of a header without unit and role, None if unknown."""
    low = text.strip().lower()
    if low in _TOTAL_IRON:
        return _TOTAL_IRON[low], "oxide", "wt%"
    if low in _VOLATILE:
        return low.upper(), "volatile", "wt%"
    if low in _SUMS:
        return "total", "total", "wt%"
    if (ratio := _isotope_ratio(text)) is not None:
        return ratio, "isotopes", "1"
    name = text.strip() if text.strip() in _LOWER.values() else _LOWER.get(low, "")
    if not name:
        return None
    if text.strip() != name and (len(name) == 1 or text.strip() in _WORDS):
        return None
    return (name, "oxide", "wt%") if name in OXIDES else (name, "element", "ppm")


def _is_all_iron(text: str) -> bool:
    return text.strip().lower() in (*_TOTAL_IRON, "fe")


def _isotope_ratio(text: str) -> str | None:
    """Return ``Sr87/Sr86`` for any spelling of a ratio of isotopes."""
    parts = re.split(r"[/_]", text.strip())
    if len(parts) != 2:
        return None
    names = [isotope_name(p if any(c.islower() for c in p) else _title(p)) for p in parts]
    return "/".join(names) if all(names) else None


def _title(text: str) -> str:
    """Write the symbol of an isotope in capitals as chemists do: ``SR87`` is ``Sr87``."""
    return re.sub(r"[A-Z]+", lambda m: m[0].capitalize(), text)


def _split_last(text: str) -> tuple[str, str]:
    """Split a header into what it names and its last word: a unit, or ``sd``."""
    match = _UNIT_IN_BRACKETS.match(text)
    if match is not None:
        return match[1], match[2]
    for divider in ("_", " ", "-"):
        if divider in text.strip():
            head, _, last = text.strip().rpartition(divider)
            if divider == "_" and last.lower() in ("pct", "percent") and head.lower()[-2:] == "wt":
                return head[:-3], "wt%"
            return head, last
    if text.endswith("±"):
        return text[:-1], "±"
    return text, ""
