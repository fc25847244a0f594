"""From the directions of sensors to up, north and east.

A channel is named after its direction, but what counts is its azimuth and dip in the
metadata: verticals stand upside down, horizontals turn in their boreholes, and numbers name
no direction at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from quakeloom.signal._components import component_of, is_assumed, is_named

Floats = NDArray[np.float64]

_NAMED_DEG = 5.0
"""SEED's tolerance: a channel named N, E or Z is within 5 degrees of that direction."""

_DIVIDE_DEG = 45.0
"""A steeper dip makes a channel a vertical."""

_LEAST_VOLUME = 0.5
"""Determinant of unit vectors below which a rotation would blow up what is no signal."""

_ALIKE = 0.9
"""Cosine between two channels of one sensor above which they cannot both be right."""

_AXES = {"E": (1.0, 0.0, 0.0), "N": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}
"""Directions that the components stand for: east, north, up."""

_GALPERIN = {"V", "W"}
"""Letters that go with U where three tilted axes are named U, V, W: then U is no vertical."""


@dataclass(frozen=True)
class Direction:
    """Ground motion that makes the samples of a channel grow.

    Attributes
    ----------
    azimuth_deg : float
        Clockwise from north; NaN if not known.
    dip_deg : float
        Down from the horizontal, -90 is up; NaN if not known.
    """

    azimuth_deg: float = math.nan
    dip_deg: float = math.nan

    @property
    def is_known(self) -> bool:
        """Whether the direction is complete; a vertical needs no azimuth."""
        if math.isnan(self.dip_deg):
            return False
        return not math.isnan(self.azimuth_deg) or abs(self.dip_deg) > 90.0 - _NAMED_DEG

    @property
    def is_steep(self) -> bool:
        """Whether it is nearer to the vertical than to the horizontal."""
        return abs(self.dip_deg) > _DIVIDE_DEG

    def axis(self) -> Floats:
        """Return the unit vector (east, north, up)."""
        azimuth = 0.0 if math.isnan(self.azimuth_deg) else math.radians(self.azimuth_deg)
        dip = math.radians(self.dip_deg)
        flat = math.cos(dip)
        return np.array([math.sin(azimuth) * flat, math.cos(azimuth) * flat, -math.sin(dip)])


@dataclass
class Arrangement:
    """Which channel is which component, and how components follow from channels.

    Attributes
    ----------
    channels : dict
        Component to channel.
    matrix : ndarray, shape (3, 3), or None
        Gives east, north, up from the channels in the places of E, N, Z; None where they
        are taken as they are.
    how : str
        A registered orientation. ``by_name``: as the names say. ``assumed``: names promise no
        direction, and nothing says it. ``reversed``: the vertical points down, and was
        turned. ``rotated``: horizontals, or all three, were turned by their directions.
        ``unrotated``: they should be, but a direction or a component is missing.
    problems : list of str
    """

    channels: dict[str, str] = field(default_factory=dict)
    matrix: Floats | None = None
    how: str = "by_name"
    problems: list[str] = field(default_factory=list)


def arrange_channels(directions: Mapping[str, Direction]) -> Arrangement:
    """Arrange the channels of one instrument.

    A direction that contradicts a name of Z, N or E by more than 45 degrees of dip is not
    believed: metadata of zeros are common. Directions within 5 degrees of the component, or
    of its opposite, are taken for it, so that nothing is mixed without need.

    Parameters
    ----------
    directions : mapping of str to Direction
        By channel.

    Returns
    -------
    Arrangement
        Channels that are no component are in its problems.
    """
    found = Arrangement()
    known = _believe(directions, found)
    places = _place_known(known, found)
    unknown = sorted(set(directions) - set(known))
    if {component_of(c) for c in unknown} & _GALPERIN:
        unknown = _leave_tilted(unknown, found)
    found.channels = _place_by_name(unknown, places, found)
    assumed = sorted(c for c in found.channels.values() if c in unknown and is_assumed(c))
    if assumed:
        found.how = "assumed"
        if found.channels.get("Z") in assumed:
            found.problems.append(
                f"no metadata say where {', '.join(assumed)} point; {found.channels['Z']} is taken "
                "for the vertical"
            )
    elif any(component_of(c) != k for k, c in places.items()):
        found.how = "rotated"
    _turn(found, known)
    return found


def _believe(directions: Mapping[str, Direction], found: Arrangement) -> dict[str, Direction]:
    """Return the directions that are known and do not contradict the names."""
    known = {}
    for channel, direction in sorted(directions.items()):
        if not direction.is_known:
            continue
        if is_named(channel) and (component_of(channel) == "Z") != direction.is_steep:
            found.problems.append(
                f"{channel}: its dip of {direction.dip_deg:g} degrees contradicts its name; the "
                "name is used"
            )
        else:
            known[channel] = direction
    steep = [c for c, d in known.items() if d.is_steep]
    doubted = len(steep) > 1 and not any(map(is_named, steep)) and not _are_a_triple(known)
    alike = steep if doubted else _alike(known)
    if alike:
        found.problems.append(
            f"{', '.join(alike)} point too nearly the same way in the metadata; the names are used"
        )
        return {c: d for c, d in known.items() if c not in alike}
    return known


def _are_a_triple(known: dict[str, Direction]) -> bool:
    """Say whether three axes, however steep, point three ways, so that all motion follows."""
    if len(known) != len(_AXES):
        return False
    axes = np.array([d.axis() for d in known.values()])
    return abs(float(np.linalg.det(axes))) >= _LEAST_VOLUME


def _alike(known: dict[str, Direction]) -> list[str]:
    """Return two channels or more whose directions cannot all be true."""
    for one, other in combinations(known, 2):
        if abs(float(known[one].axis() @ known[other].axis())) > _ALIKE:
            return [one, other]
    return []


def _place_known(known: dict[str, Direction], found: Arrangement) -> dict[str, str]:
    """Return channels by component as their directions have them, best as a whole."""
    axes = {c: np.abs(d.axis()) for c, d in known.items()}
    size = min(len(known), len(_AXES))
    best, places = -1.0, {}
    for channels in combinations(sorted(known), size):
        for names in permutations(_AXES, size):
            pairs = list(zip(names, channels, strict=True))
            # of equal ones that which the names promise
            score = sum(
                axes[c][list(_AXES).index(n)] + (1e-6 if component_of(c) == n else 0.0)
                for n, c in pairs
            )
            if score > best:
                best, places = score, dict(pairs)
    left = sorted(set(known) - set(places.values()))
    if left:
        found.problems.append(f"{', '.join(left)}: more than three channels; not used")
    return places


def _place_by_name(
    channels: list[str], places: dict[str, str], found: Arrangement
) -> dict[str, str]:
    """Add channels to the places that their names promise; letters come before numbers."""
    places = dict(places)
    for channel in sorted(channels, key=lambda c: (is_assumed(c), c)):
        name = component_of(channel)
        if name not in _AXES:
            found.problems.append(f"channel {channel} is none of the components ZNE")
        elif name in places:
            found.problems.append(
                f"{channel} and {places[name]} are both {name}; {channel} is not used"
            )
        else:
            places[name] = channel
    return places


def _leave_tilted(channels: list[str], found: Arrangement) -> list[str]:
    """Leave out three tilted axes whose directions are not known."""
    tilted = [c for c in channels if c[-1:].upper() in _GALPERIN | {"U"}]
    found.problems.append(
        f"{', '.join(tilted)} are tilted axes of unknown directions; not used: give a StationXML "
        "with their azimuths and dips"
    )
    return [c for c in channels if c not in tilted]


def _turn(found: Arrangement, known: dict[str, Direction]) -> None:
    """Find the matrix that makes east, north and up of the channels."""
    names = list(_AXES)
    axes = np.eye(3)
    for k, name in enumerate(names):
        channel = found.channels.get(name, "")
        if channel in known:
            axes[k] = known[channel].axis()
    off = np.degrees(np.arccos(np.clip(np.abs(np.diag(axes)), 0.0, 1.0)))
    for k in np.flatnonzero(off <= _NAMED_DEG).tolist():
        axes[k] = np.sign(axes[k, k]) * np.eye(3)[k]
    if np.array_equal(axes, np.eye(3)):
        return
    down = axes[2, 2] < 0.0
    skew = [names[k] for k in np.flatnonzero(off > _NAMED_DEG)]
    mixed = {n for k, n in enumerate(names) if np.count_nonzero(axes[:, k]) > 1} | set(skew)
    whole = all(found.channels.get(n) in known for n in mixed)
    if whole and abs(float(np.linalg.det(axes))) >= _LEAST_VOLUME:
        found.matrix = np.asarray(np.linalg.inv(axes), dtype=np.float64)
        found.how = "reversed" if down else "rotated"
        return
    for name in skew:
        channel = found.channels[name]
        found.problems.append(
            f"{channel} is {off[names.index(name)]:.0f} degrees off {name} and cannot be turned "
            "without the directions of all that belong to it"
        )
    signs = np.where(off <= _NAMED_DEG, np.sign(np.diag(axes)), 1.0)
    if np.any(signs < 0.0):
        found.matrix = np.diag(signs)
    found.how = "reversed" if signs[2] < 0.0 else "unrotated"
