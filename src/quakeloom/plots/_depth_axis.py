"""Axes of depth: what lies above sea level is said as such."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter

_ABOVE_SHARE = 0.5
"""An axis this much of which lies above the datum shows elevations."""


def label_depths(axis: Axis, unit: str = "km") -> None:
    """Label an axis of depths, positive down, by the range that it shows.

    An axis that lies above sea level for the most part is one of elevations, positive up. One
    that crosses sea level says which side is negative.

    Parameters
    ----------
    axis : matplotlib Axis
        With its limits as they will be.
    unit : str
        ``km`` or ``m``.
    """
    low, high = sorted(axis.get_view_interval())
    name = f"Depth ({unit})"
    if low < 0.0 and -low >= _ABOVE_SHARE * (high - low):
        name = f"Elevation ({unit})"
        axis.set_major_formatter(FuncFormatter(lambda depth, _: f"{-depth + 0.0:g}"))
    elif low < 0.0:
        name = f"Depth ({unit}, negative above sea level)"
    axis.set_label_text(name)
