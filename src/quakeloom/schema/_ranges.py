"""Plausible ranges of what files hold, and the number to write where another unit was meant."""

from __future__ import annotations

import math

from quakeloom.schema._registry import Variable
from quakeloom.schema._variables import VARIABLES

MODEL_VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable(
            "p_velocity_km_s",
            "float64",
            "km/s",
            "P velocity of a velocity model: loose soil has 0.1 km/s, the lowermost mantle 13.7.",
            minimum=0.05,
            maximum=15,
        ),
        Variable(
            "s_velocity_km_s",
            "float64",
            "km/s",
            "S velocity of a velocity model; 0 in water.",
            minimum=0,
            maximum=8.5,
        ),
        Variable(
            "node_depth_km",
            "float64",
            "km",
            "Depth of a node of a velocity model, from the highest ground to the center.",
            minimum=-9,
            maximum=6371,
        ),
    )
}
"""Ranges of velocity models, which are no tables; the extremes are those of PREM and AK135."""

OTHER_UNITS: dict[str, tuple[tuple[str, float], ...]] = {
    "depth_km": (("negative downward", -1.0), ("in m", 1e-3)),
    "elevation_m": (("in ft", 0.3048),),
    "horizontal_error_km": (("in m", 1e-3),),
    "vertical_error_km": (("in m", 1e-3),),
    "distance_km": (("in m", 1e-3),),
    "uncertainty_s": (("in ms", 1e-3),),
    "probability": (("in percent", 0.01),),
    "probability_up": (("in percent", 0.01),),
    "p_velocity_km_s": (("in m/s", 1e-3), ("in ft/s", 0.3048e-3)),
    "s_velocity_km_s": (("in m/s", 1e-3), ("in ft/s", 0.3048e-3)),
    "node_depth_km": (("in m", 1e-3),),
}
"""By variable: how its values are also written, and the factor to the registered unit."""


def range_problem(name: str, value: float) -> str:
    """Say why a value is outside of its plausible range, with the number to write.

    Parameters
    ----------
    name : str
        A registered variable, or one of :data:`MODEL_VARIABLES`.
    value : float
        In the unit of the variable; NaN is in every range, infinity in none.

    Returns
    -------
    str
        Such as ``depth_km 8100 is outside [-9, 800] km; if it is in m, write 8.1``; empty
        if nothing is wrong.
    """
    v = MODEL_VARIABLES.get(name) or VARIABLES[name]
    if _inside(v, value):
        return ""
    problem = f"{name} {value:g} is outside {_range(v)} {v.unit}"
    for meaning, factor in OTHER_UNITS.get(name, ()):
        if _inside(v, value * factor):
            return f"{problem}; if it is {meaning}, write {value * factor:g}"
    if name == "latitude" and abs(value) <= 360.0:
        return f"{problem}; longitude and latitude may be swapped"
    return problem


def _range(v: Variable) -> str:
    """Bounds for a message; of what has none registered, those of its type."""
    low, high = v.limits
    if v.dtype.startswith("float") and None in (v.minimum, v.maximum):
        return f"[{v.minimum}, {v.maximum}]"
    least = f"{low:.0f}" if v.minimum is None else v.minimum
    return f"[{least}, {f'{high:.0f}' if v.maximum is None else v.maximum}]"


def _inside(v: Variable, value: float) -> bool:
    low, high = v.limits
    return not (value < low or value > high or math.isinf(value))
