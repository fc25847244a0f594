"""Structure from earthquakes: velocities in three dimensions from the arrivals of a catalog.

Floor 4. Arrays in, arrays out. A :class:`StructurePrior` is a Gaussian field of velocity in modes;
:func:`fit_sources` finds the sources in a model, :func:`sum_events` adds up what the arrivals say
of structure with the sources projected out, exactly and in any order, :func:`find_posterior` weighs
it against the prior by ABIC, and :class:`StructurePosterior` gives mean, spread and members.
"""

from quakeloom.structure._arrivals import (
    EVENT_STATES,
    Arrivals,
    EventChecks,
    check_events,
    station_gap,
)
from quakeloom.structure._grid import StructureGrid, StructurePrior, make_structure_prior
from quakeloom.structure._posterior import Hyperparameters, StructurePosterior, find_posterior
from quakeloom.structure._rounds import (
    FirstRound,
    RoundOfEvents,
    first_round,
    later_round,
    starting_point,
)
from quakeloom.structure._sources import FittedSources, ModelTimes, SourcePrior, fit_sources
from quakeloom.structure._sums import StructurePoint, derivatives_by_node, sum_events
from quakeloom.structure._weights import PickWeights, first_weights, infer_weights

__all__ = [
    "EVENT_STATES",
    "Arrivals",
    "EventChecks",
    "FirstRound",
    "FittedSources",
    "Hyperparameters",
    "ModelTimes",
    "PickWeights",
    "RoundOfEvents",
    "SourcePrior",
    "StructureGrid",
    "StructurePoint",
    "StructurePosterior",
    "StructurePrior",
    "check_events",
    "derivatives_by_node",
    "find_posterior",
    "first_round",
    "first_weights",
    "fit_sources",
    "infer_weights",
    "later_round",
    "make_structure_prior",
    "starting_point",
    "station_gap",
    "sum_events",
]
