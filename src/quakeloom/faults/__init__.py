"""Faults: found in clouds of hypocenters, and loaded by a stress field.

Floor 4. Arrays in, arrays out. Axes north, east, down; every docstring says the sign of
stress.
"""

from quakeloom.faults._background import Background, density_elsewhere, even_density
from quakeloom.faults._draws import PlaneDraws, match_planes, strike_dip, unwrapped_angles
from quakeloom.faults._find import FaultOptions, FoundFaults, find_faults
from quakeloom.faults._hypocenters import (
    LEAST_EVENTS,
    Hypocenters,
    MechanismSets,
    collect_mechanisms,
    make_hypocenters,
)
from quakeloom.faults._known import KnownFaults, KnownMatches, compare_known
from quakeloom.faults._members import Members, active_planes, list_members
from quakeloom.faults._mixture import Mixture, PlaneModel, mix
from quakeloom.faults._null import destroy_planes
from quakeloom.faults._rectangles import (
    CENTER,
    COLUMNS,
    COUNT,
    LENGTH,
    NORMAL,
    RAKE,
    SCALE,
    WIDTH,
    axes_of,
)
from quakeloom.faults._search import search_planes
from quakeloom.faults._tendency import FaultTendency, estimate_tendency
from quakeloom.faults._tractions import (
    critical_ratio,
    normalized_tendency,
    predicted_rake,
    resolve_tractions,
    slip_tendency,
)

__all__ = [
    "CENTER",
    "COLUMNS",
    "COUNT",
    "LEAST_EVENTS",
    "LENGTH",
    "NORMAL",
    "RAKE",
    "SCALE",
    "WIDTH",
    "Background",
    "FaultOptions",
    "FaultTendency",
    "FoundFaults",
    "Hypocenters",
    "KnownFaults",
    "KnownMatches",
    "MechanismSets",
    "Members",
    "Mixture",
    "PlaneDraws",
    "PlaneModel",
    "active_planes",
    "axes_of",
    "collect_mechanisms",
    "compare_known",
    "critical_ratio",
    "density_elsewhere",
    "destroy_planes",
    "estimate_tendency",
    "even_density",
    "find_faults",
    "list_members",
    "make_hypocenters",
    "match_planes",
    "mix",
    "normalized_tendency",
    "predicted_rake",
    "resolve_tractions",
    "search_planes",
    "slip_tendency",
    "strike_dip",
    "unwrapped_angles",
]
