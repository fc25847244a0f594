"""What every number of an atlas means, in English and Japanese, and the colors that show it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from cmcrameri import cm
from matplotlib.colors import to_hex

from quakeloom.atlas._package_files import package_file
from quakeloom.schema import VARIABLES

_STOPS = 48
"""Colors of a palette; between them the page interpolates."""

_PALETTES = {
    "a_phi": ("roma", 0.06, 0.94),
    "uncertainty": ("lajolla_r", 0.05, 0.85),
    "depth": ("batlow", 0.0, 0.92),
    "time": ("batlowK", 0.1, 0.95),
    "ratio": ("bamako", 0.05, 0.95),
    "tendency": ("lajolla_r", 0.05, 0.85),
}
"""Scientific color maps of Crameri (2018) that the map uses, with the part that is taken: they are
even to the eye, and safe for eyes that tell few colors apart."""


def palettes() -> dict[str, list[str]]:
    """Return colors of every palette, from low to high values.

    References
    ----------
    Crameri, F. (2018). Zenodo, doi:10.5281/zenodo.1243862 (the color maps and their licence, MIT).
    """
    return {
        name: [to_hex(getattr(cm, source)(x)) for x in np.linspace(first, last, _STOPS)]
        for name, (source, first, last) in _PALETTES.items()
    }


def meanings(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return unit and meaning of variables from the registry, with the Japanese where there is one.

    Parameters
    ----------
    names : iterable of str
        Names of variables; those that are not registered are left out.
    """
    japanese = json.loads(package_file("japanese.json"))
    found = {}
    for name in names:
        if name in VARIABLES:
            v = VARIABLES[name]
            found[name] = {"unit": v.unit, "en": v.meaning, "ja": japanese.get(name, "")}
    return found
