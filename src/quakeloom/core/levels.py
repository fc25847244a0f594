"""Depths in words: what lies above sea level has an elevation."""

from __future__ import annotations


def depth_words(depth_km: float) -> str:
    """Return a depth in words, such as ``8 km depth``; above the datum it is an elevation.

    Parameters
    ----------
    depth_km : float
        Positive down from sea level, or from the datum of a line.

    Examples
    --------
    >>> depth_words(8.0)
    '8 km depth'
    >>> depth_words(-0.6)
    '0.6 km elevation'
    """
    return f"{-depth_km:g} km elevation" if depth_km < 0.0 else f"{depth_km:g} km depth"
