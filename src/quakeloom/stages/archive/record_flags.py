"""The column ``flags`` of windows: what is wrong with each component."""

from __future__ import annotations


def has_flag(flags: str, component: str, name: str) -> bool:
    """Say whether a component has a flag.

    Parameters
    ----------
    flags : str
        Such as ``E:dead Z:clipped,gap``.
    component : str
        A letter.
    name : str
        One of :data:`quakeloom.signal.FLAGS`.

    Examples
    --------
    >>> has_flag("E:dead Z:clipped,gap", "Z", "clipped")
    True
    >>> has_flag("E:clipped Z:gap", "Z", "clipped")
    False
    """
    words = dict(word.partition(":")[::2] for word in flags.split())
    return name in words.get(component, "").split(",")
