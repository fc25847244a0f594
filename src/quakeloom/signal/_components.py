"""What the name of a channel says of its component and of the instrument it belongs to."""

from __future__ import annotations

import re

_NAMES = {"U": "Z", "1": "N", "2": "E", "3": "Z", "X": "E", "Y": "N"}
"""Component by the last letter of a channel, where it is not Z, N or E itself."""

_ASSUMED = set("123XY")
"""Last letters that promise no direction: SEED leaves it to the metadata."""

_NIED = re.compile(r"(U-?D|N-?S|E-?W)(\d?)")
"""Channels of K-NET (``UD``) and KiK-net (``UD1`` in the borehole, ``UD2`` on the surface)."""

_NIED_COMPONENTS = {"U": "Z", "N": "N", "E": "E"}
"""Component by the first letter of a channel of K-NET and KiK-net."""

_NIED_CHANNELS = {"Z": "UD", "N": "NS", "E": "EW"}
"""Channel of K-NET and KiK-net by component."""


def component_of(channel: str) -> str:
    """Return Z, N or E for a channel; any other last letter as it is."""
    nied = _NIED.fullmatch(channel.upper())
    if nied:
        return _NIED_COMPONENTS[nied[1][0]]
    last = channel[-1:].upper()
    return _NAMES.get(last, last)


def band_of(channel: str) -> str:
    """Return what a channel has in common with the others of its instrument.

    The letters before the component; of KiK-net the number of the sensor.
    """
    nied = _NIED.fullmatch(channel.upper())
    return nied[2] if nied else channel[:-1]


def channel_like(channel: str, component: str) -> str:
    """Return the channel of the same instrument with another component, as far as names say."""
    nied = _NIED.fullmatch(channel.upper())
    if nied:
        return _NIED_CHANNELS[component] + nied[2]
    return channel[:-1] + component


def is_named(channel: str) -> bool:
    """Say whether the name of a channel promises its direction: Z, N, E, or a name of NIED."""
    return channel[-1:].upper() in ("Z", "N", "E") or bool(_NIED.fullmatch(channel.upper()))


def is_assumed(channel: str) -> bool:
    """Say whether the name of a channel promises no direction, such as ``HH1``."""
    return channel[-1:].upper() in _ASSUMED and not _NIED.fullmatch(channel.upper())
